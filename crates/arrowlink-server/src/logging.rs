//! Log lines on standard error, as text or JSON, and panics among them.

use std::io::{self, IsTerminal as _};
use std::panic;

use tracing_subscriber::EnvFilter;

use crate::{Config, ConfigError, LogFormat};

/// Writes log lines to standard error from now on, in the format and with the filter of `config`.
///
/// For programs; a library that embeds a [`Server`](crate::Server) has a subscriber of its own.
///
/// # Errors
///
/// [`ConfigError`] where `log_filter` cannot be understood.
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

fn log_panic(info: &panic::PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let message = info.payload_as_str().unwrap_or("no message");
    tracing::error!(place, error = message, "panicked");
}
