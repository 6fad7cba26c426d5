//! A server with users: a name and a password, or the token that they are changed for, say who calls.
//!
//! `cargo run -p arrowlink-server --example guarded` says where it listens. It knows `ali` by the password `sesame`, and
//! tells each caller who he is: `select caller from whoami`, by any client of Flight SQL, or over HTTP
//! `curl --cacert certs/ca.crt --user ali:sesame 'https://localhost:PORT/v1/sql?q=select+caller+from+whoami'`. Ctrl-C ends it.
#![allow(clippy::print_stdout, reason = "whoever started it wants to know where it listens")]

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use arrowlink_core::{
    Authenticator, BatchStream, CallContext, Caller, Credentials, Dataset, Description, Error, ErrorKind,
    Identity, NounKind, ReadOptions, Result,
};
use arrowlink_server::{Config, Schemes, Server, Sources, start_logging};
use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};

/// Who may call. In earnest this asks a directory, which keeps no passwords but what they hash to.
#[derive(Debug)]
struct Users {
    passwords: HashMap<&'static str, &'static str>,
    /// Made anew whenever the server starts: who has an old one shakes hands again.
    tokens: HashMap<String, &'static str>,
}

impl Users {
    fn new(passwords: HashMap<&'static str, &'static str>) -> Result<Self> {
        let tokens = passwords.keys().map(|name| Ok((secret()?, *name))).collect::<Result<_>>()?;
        Ok(Self { passwords, tokens })
    }

    /// Returns whose name and password these are.
    fn of_password(&self, user: &str, password: &str) -> Option<&'static str> {
        let (name, known) = self.passwords.get_key_value(user)?;
        (*known == password).then_some(*name)
    }
}

impl Authenticator for Users {
    fn identify(&self, caller: Caller) -> BoxFuture<'_, Result<Identity>> {
        // Who comes with a certificate could be known by `caller.certificates` as well.
        let name = match &caller.credentials {
            Credentials::Basic { user, password } => self.of_password(user, password),
            Credentials::Bearer(token) => self.tokens.get(token).copied(),
            _ => None,
        };
        ready(name.map(|name| Identity::Named(name.into())).ok_or_else(unknown)).boxed()
    }

    fn token(&self, caller: Caller) -> BoxFuture<'_, Result<String>> {
        let name = match &caller.credentials {
            Credentials::Basic { user, password } => self.of_password(user, password),
            _ => None,
        };
        let token = self.tokens.iter().find(|(_, of)| Some(**of) == name).map(|(token, _)| token.clone());
        ready(token.ok_or_else(unknown)).boxed()
    }
}

fn unknown() -> Error {
    Error::new(ErrorKind::Unauthenticated, "the name, the password or the token is wrong")
}

/// Makes what nobody can guess.
fn secret() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::new(ErrorKind::Internal, "the system has no random numbers").with_source(error)
    })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A table of one row, which is another one for everybody who asks.
#[derive(Debug)]
struct WhoAmI;

impl WhoAmI {
    fn row(ctx: &CallContext) -> Result<RecordBatch> {
        let name = match ctx.identity() {
            Identity::Named(name) => Some(name.as_ref()),
            _ => None,
        };
        let schema = Schema::new(vec![Field::new("caller", DataType::Utf8, true)]);
        let column = StringArray::from(vec![name]);
        RecordBatch::try_new(Arc::new(schema), vec![Arc::new(column)]).map_err(|error| {
            Error::new(ErrorKind::Internal, "a name does not fit its column").with_source(error)
        })
    }
}

impl Dataset for WhoAmI {
    fn describe(&self, ctx: CallContext) -> BoxFuture<'_, Result<Description>> {
        ready(Self::row(&ctx).map(|row| Description::new(NounKind::Dataset, row.schema()))).boxed()
    }

    fn read(&self, ctx: CallContext, options: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        let rows =
            Self::row(&ctx).and_then(|row| options.apply(BatchStream::from_batches(row.schema(), vec![row])));
        ready(rows).boxed()
    }
}

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let schemes = Schemes::default().with("whoami", |_| async { Ok(WhoAmI) });
    let sources = Sources::default().with_file("arrowlink.toml", CONFIGURATION).with_schemes(&schemes);
    let config = Config::from_sources(sources)?;
    start_logging(&config)?;

    let users = Users::new(HashMap::from([("ali", "sesame")]))?;
    let server = Server::build_with(config, &schemes).await?.with_authenticator(Arc::new(users));
    let listeners = server.bind().await?;
    for listener in &listeners {
        println!("listening {}", listener.local_addr());
    }
    server.serve(listeners, async { drop(tokio::signal::ctrl_c().await) }).await?;
    Ok(())
}

/// What would stand in `arrowlink.toml`.
const CONFIGURATION: &str = "
    [server]
    listen = ['127.0.0.1:0']

    [[dataset]]
    name = 'whoami'
    uri = 'whoami://'
";
