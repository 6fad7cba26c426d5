//! The program around the server: reads its configuration, announces itself, listens to signals, ends with a code.

use std::fmt::Display;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use arrowlink_transport::{Drained, Listener};
use tokio::runtime::Runtime;
use tokio::sync::Notify;

use crate::banner::{banner, names};
use crate::check::check;
use crate::logging::{coloured, start_logging};
use crate::server::CertificateReload;
use crate::signals::{Asked, Signals};
use crate::{Config, Flags, LogFormat, Schemes, Server, ServerError, Sources};

/// Runs `arrowlink-server` with `flags` until it is asked to end, and returns its exit code.
///
/// Standard output gets one line, when connections are accepted: `listening 127.0.0.1:50051`, the addresses separated by
/// blanks, with the ports that the system chose where 0 was asked for. Everything else goes to standard error.
///
/// | code | |
/// |---|---|
/// | 0 | ended as asked, every call had finished |
/// | 1 | failed while running |
/// | 2 | the command line could not be understood; the caller who parses [`Flags`] ends with it |
/// | 3 | ended as asked, but calls were cut |
/// | 69 | an address could not be listened on |
/// | 78 | the configuration, a certificate or a dataset cannot be served |
pub fn run(flags: Flags) -> ExitCode {
    run_with(flags, &Schemes::default())
}

/// Runs `arrowlink-server` as [`run`] does, with sources of one's own: `[[dataset]] uri = "myscheme://..."`.
pub fn run_with(flags: Flags, schemes: &Schemes) -> ExitCode {
    match started(flags, schemes) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            say(io::stderr(), format_args!("arrowlink-server: {}", chain(&error)));
            ExitCode::from(error.exit_code())
        }
    }
}

/// Does everything that needs no runtime, then the rest within one.
fn started(flags: Flags, schemes: &Schemes) -> Result<u8, ServerError> {
    let check_only = flags.check_config;
    let config = Config::from_sources(Sources::load(flags)?.with_schemes(schemes))?;
    start_logging(&config)?;
    let runtime = Runtime::new().map_err(ServerError::machine)?;
    let code = runtime.block_on(async {
        if check_only {
            say(io::stdout(), check(&config, schemes).await?.trim_end());
            return Ok(0);
        }
        serve(config, schemes).await
    });
    // Calls that were cut may have left reads of files behind on blocking threads: nobody waits for them.
    runtime.shutdown_background();
    code
}

/// Opens, binds, announces, and serves until the end.
async fn serve(config: Config, schemes: &Schemes) -> Result<u8, ServerError> {
    let mut signals = Signals::listen().map_err(ServerError::machine)?;
    let server = tokio::select! {
        server = Server::build_with(config, schemes) => server?,
        () = signals.end() => {
            tracing::info!("ended before anything was served");
            return Ok(0);
        }
    };
    let listeners = server.bind().await?;
    announce(&server, &listeners).await;
    let reload = server.certificate_reload();
    let end = Arc::new(Notify::new());
    let ended = Arc::clone(&end);
    let serving = Box::pin(server.serve(listeners, async move { ended.notified().await }));
    tokio::select! {
        drained = serving => Ok(exit_code(drained?)),
        () = obey(&mut signals, &reload, &end) => {
            tracing::warn!("ended at once, calls were cut");
            Ok(CUT)
        }
    }
}

/// Does what signals ask for; returns when Ctrl-C came after the server was told to end.
async fn obey(signals: &mut Signals, reload: &CertificateReload, end: &Notify) {
    let mut ending = false;
    loop {
        match signals.next().await {
            Asked::Reload => reload_certificates(reload).await,
            Asked::Interrupt if ending => return,
            Asked::Interrupt | Asked::Terminate => {
                if !ending {
                    tracing::info!("asked to end: no new calls, running ones may finish");
                    end.notify_one();
                }
                ending = true;
            }
        }
    }
}

/// Reads the certificates again, apart from the threads that serve; what comes of it is logged.
async fn reload_certificates(reload: &CertificateReload) {
    let reload = reload.clone();
    match tokio::task::spawn_blocking(move || reload.reload()).await {
        Ok(Ok(())) => tracing::info!("certificates read again"),
        Ok(Err(error)) => {
            tracing::error!(error = chain(&error), "certificates not read, the old ones stay in use")
        }
        Err(panic) => tracing::error!(error = %panic, "certificates not read, the old ones stay in use"),
    }
}

/// Says on standard error what to do next, and on standard output where the server is.
async fn announce(server: &Server, listeners: &[Listener]) {
    let addresses: Vec<String> = listeners.iter().map(|listener| listener.local_addr().to_string()).collect();
    match server.config().log_format {
        LogFormat::Text => say(io::stderr(), banner(server, listeners, coloured()).await.trim_end()),
        LogFormat::Json => {
            let names = names(server.service().as_ref()).await.join(" ");
            tracing::info!(addresses = addresses.join(" "), names, "serving");
        }
    }
    say(io::stdout(), format_args!("listening {}", addresses.join(" ")));
}

/// Logs how the drain ended and returns the code that says so.
fn exit_code(drained: Drained) -> u8 {
    match drained {
        Drained::Complete => {
            tracing::info!("ended, every call had finished");
            0
        }
        cut => {
            tracing::warn!("ended, {cut}");
            CUT
        }
    }
}

/// Writes one line. Nobody can be told that nobody listens any more.
fn say(mut to: impl io::Write, text: impl Display) {
    let _ = writeln!(to, "{text}").and_then(|()| to.flush());
}

/// Returns the text of `error` and of all its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// The exit code where calls were cut.
const CUT: u8 = 3;
