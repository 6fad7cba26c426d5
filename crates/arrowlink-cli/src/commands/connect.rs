//! A client for the server that the command line names.

use arrowlink_client::{Authorization, Client, ClientOptions, Plaintext};
use arrowlink_core::{CallContext, Error, ErrorKind};
use tokio::time::Instant;

use crate::args::ServerArgs;
use crate::failure::{Exit, Failure};

/// Connects, and begins the time that the whole command may take.
pub(super) async fn connect(args: &ServerArgs) -> Result<(Client, CallContext), Failure> {
    let ctx = CallContext::new();
    let ctx = match args.timeout.and_then(|timeout| Instant::now().checked_add(timeout)) {
        Some(deadline) => ctx.with_deadline(Some(deadline)),
        None => ctx,
    };
    let mut options = ClientOptions::default();
    if args.server.starts_with("https:") {
        options = options.with_ca_file(&args.ca);
    }
    if let Some(token) = &args.token {
        let authorization = Authorization::bearer(token.reveal());
        options = options.with_authorization(authorization.map_err(|error| refused(args, error))?);
    }
    if args.insecure {
        options = options.with_plaintext(Plaintext::Loopback);
    }
    if let Some(timeout) = args.timeout {
        options = options.with_connect_timeout(timeout.min(ClientOptions::default().connect_timeout));
    }
    match Client::connect(&args.server, options).await {
        Ok(client) => Ok((client, ctx)),
        Err(error) => Err(refused(args, error)),
    }
}

/// Before a connection is there, what is not found or not valid is the configuration.
fn refused(args: &ServerArgs, error: Error) -> Failure {
    match error.kind() {
        ErrorKind::NotFound => Failure::from(error).with_exit(Exit::Config).with_hint(format!(
            "`{}` is made where the server runs: copy it here and say where it is with --ca or ARROWLINK_CA_CERT",
            args.ca.display()
        )),
        ErrorKind::InvalidArgument if args.server.starts_with("http:") && !args.insecure => {
            Failure::from(error)
                .with_exit(Exit::Config)
                .with_hint("--insecure allows it to a server on this machine that runs with `--insecure` too")
        }
        ErrorKind::InvalidArgument | ErrorKind::Unauthenticated => Failure::from(error)
            .with_exit(Exit::Config)
            .with_hint("--server and --ca say which server is meant and what it is trusted by"),
        _ => error.into(),
    }
}
