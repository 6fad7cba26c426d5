//! What `--check-config` prints: everything that would be served, with its defaults.
//!
//! Certificates of an operator are read, datasets are opened and described; nothing is made, loaded, bound or served.

use std::fmt::Write as _;
use std::time::Duration;

use arrowlink_core::CallContext;
use bytesize::ByteSize;

use crate::banner::uploads;
use crate::certificates::{Plan, plan, read};
use crate::datasets::Openers;
use crate::{Config, DatasetConfig, Schemes, ServerError, datasets};

/// Opens the datasets of `config`, binds and writes nothing, and describes what a server would do with it.
pub(crate) async fn check(config: &Config, schemes: &Schemes) -> Result<String, ServerError> {
    let mut text = String::new();
    for addr in &config.listen {
        line(&mut text, "listen", addr);
    }
    line(&mut text, "tls", tls(config)?);
    line(&mut text, "default", &config.default);
    line(&mut text, "uploads", uploads(config));
    line(&mut text, "http", http(config));
    let openers = Openers::new(config, schemes);
    for dataset in &config.datasets {
        for described in described(dataset, &openers).await? {
            line(&mut text, "dataset", described);
        }
    }
    limits(&mut text, config);
    Ok(text)
}

/// Describes what one section serves, with what is wrong where it cannot be read.
async fn described(config: &DatasetConfig, openers: &Openers) -> Result<Vec<String>, ServerError> {
    let mut lines = Vec::new();
    for (name, dataset) in datasets::open_section(config, openers).await? {
        let mut text = format!("{name}  {}", config.source);
        if config.pin {
            text.push_str(", pinned in memory");
        }
        if let Err(error) = dataset.describe(CallContext::new()).await {
            let _ = write!(text, ", which cannot be read: {}", error.chain());
        }
        lines.push(text);
    }
    Ok(lines)
}

/// Says which certificate would be shown, after having read it where it is an operator's.
fn tls(config: &Config) -> Result<String, ServerError> {
    let mut text = match plan(config)? {
        None => return Ok("none, plaintext".to_owned()),
        Some(Plan::Development(dir)) => format!("certificates of development in {}", dir.display()),
        Some(Plan::Own(files)) => {
            read(&files, config)?;
            format!("{} with {}", files.cert.display(), files.key.display())
        }
    };
    if let Some(ca) = &config.tls.client_ca {
        let _ = write!(text, ", clients signed by {}", ca.display());
    }
    Ok(text)
}

/// Says whether plain HTTP is answered, and to whose pages.
fn http(config: &Config) -> String {
    match (config.http.enabled, config.http.cors_origins.as_slice()) {
        (false, _) => "off".to_owned(),
        (true, []) => "on, to no page of another origin".to_owned(),
        (true, origins) => format!("on, also to pages of {}", origins.join(", ")),
    }
}

/// Writes every limit and HTTP/2's sizes, those that were not configured too: what is not said is often what is looked for.
fn limits(text: &mut String, config: &Config) {
    let limits = &config.limits;
    let duration = |duration: Duration| humantime::format_duration(duration).to_string();
    line(text, "max_message_bytes", ByteSize(limits.max_message_bytes));
    line(text, "max_connections", limits.max_connections);
    line(text, "max_concurrent_streams", limits.max_concurrent_streams);
    line(text, "max_reads", limits.max_reads);
    line(text, "max_file_scans", limits.max_file_scans);
    line(text, "max_writes", limits.max_writes);
    line(text, "max_calls", limits.max_calls);
    line(text, "max_wait", duration(limits.max_wait));
    line(text, "max_idle_blocks", ByteSize(limits.max_idle_blocks));
    line(text, "idle_timeout", duration(limits.idle_timeout));
    line(text, "stall_timeout", duration(limits.stall_timeout));
    line(text, "exchange_timeout", duration(limits.exchange_timeout));
    line(text, "handshake_timeout", duration(limits.handshake_timeout));
    line(text, "call_timeout", limits.call_timeout.map_or_else(|| "none".to_owned(), duration));
    line(text, "grace", duration(limits.grace));
    queries(text, config);
    let http2 = &config.http2;
    line(text, "stream_window_bytes", ByteSize(http2.stream_window_bytes().into()));
    line(text, "connection_window_bytes", ByteSize(http2.connection_window_bytes().into()));
    line(text, "max_frame_bytes", ByteSize(http2.max_frame_bytes().into()));
    line(text, "max_send_buffer_bytes", ByteSize(http2.max_send_buffer_bytes().into()));
    line(text, "nodelay", http2.nodelay());
}

/// Writes the bounds of queries.
fn queries(text: &mut String, config: &Config) {
    let query = &config.query;
    let duration = |duration: Duration| humantime::format_duration(duration).to_string();
    let memory = query.memory.map(|bytes| ByteSize(bytes).to_string());
    line(text, "query.memory", memory.as_deref().unwrap_or("a quarter of the memory"));
    let folder = query.spill_dir.as_ref().map(|folder| folder.display().to_string());
    line(text, "query.spill_dir", folder.as_deref().unwrap_or("the system's folder for temporary files"));
    line(text, "query.max_spill", ByteSize(query.max_spill));
    line(text, "query.timeout", query.timeout.map_or_else(|| "none".to_owned(), duration));
    line(text, "query.max_queries", query.max_queries);
    line(text, "query.max_wait", duration(query.max_wait));
}

fn line(text: &mut String, label: &str, value: impl std::fmt::Display) {
    let _ = writeln!(text, "{label:<24}{value}");
}
