//! Log lines on standard error, as text or JSON, and panics among them.

use std::io::{self, IsTerminal as _};
use std::panic;

use tracing_subscriber::EnvFilter;

use crate::{Config, ConfigError, LogFormat};

/// Writes log lines to standard error from now on, in the format and with the filter of `config`.
///
/// For programs; a service that embeds a [`Server`](crate::Server) and has a subscriber already keeps it: then this
/// changes nothing. Panics become log lines too, with the request id where they happened in a call.
///
/// # Errors
///
/// [`ConfigError`] where `log_filter` cannot be understood.
///
/// ```
/// use arrowlink_server::{Config, Sources, start_logging};
///
/// let sources = Sources::default().with_file("arrowlink.toml", "[server]\nlog_filter = 'arrowlink=loud'\n");
/// let error = start_logging(&Config::from_sources(sources)?).unwrap_err();
/// assert!(error.to_string().starts_with("`server.log_filter`: expected a filter such as"));
/// # Ok::<(), arrowlink_server::ConfigError>(())
/// ```
pub fn start_logging(config: &Config) -> Result<(), ConfigError> {
    let filter = EnvFilter::builder().parse(&config.log_filter).map_err(|error| {
        ConfigError::from_text(format!(
            "`server.log_filter`: expected a filter such as `info,arrowlink_server=debug`, found `{}`: {error}",
            config.log_filter
        ))
    })?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = match config.log_format {
        LogFormat::Text => lines.with_ansi(coloured()).with_target(false).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).try_init(),
    };
    if started.is_ok() {
        panic::set_hook(Box::new(log_panic));
    }
    Ok(())
}

/// Whether standard error is a terminal whose user did not ask for plain text.
pub(crate) fn coloured() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Logs a panic as one line, where the default hook would write several of another format.
fn log_panic(info: &panic::PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let message = info.payload_as_str().unwrap_or("no message");
    tracing::error!(place, error = message, "panicked");
}
