//! What a person reads when the server has started: where it is, what it serves, what to do next.
//!
//! The last lines can be pasted as they stand: they name the port and the CA file where those are not what clients
//! assume. In JSON logs there is no banner but one line with the addresses and names.

use std::fmt::Write as _;
use std::net::IpAddr;

use arrowlink_core::{CallContext, DataService, Entry, ListOptions, NounKind};
use arrowlink_transport::{DEFAULT_PORT, ListenAddr, Listener};
use bytesize::ByteSize;
use futures::TryStreamExt as _;

use crate::memory::quarter_of_memory;
use crate::{Config, Server};

/// Describes `server` on `listeners`; `coloured` for terminals.
pub(crate) async fn banner(server: &Server, listeners: &[Listener], coloured: bool) -> String {
    let style = Style { coloured };
    let entries = entries(server.service().as_ref()).await;
    let config = server.config();
    let mut text = format!("{} {}\n", style.bold("ArrowLink"), env!("CARGO_PKG_VERSION"));
    for listener in listeners {
        line(&mut text, "address", &address(server, listener.local_addr()));
    }
    if let Some(certificates) = server.certificates() {
        if let Some(ca) = &certificates.ca {
            line(&mut text, "CA certificate", &ca.display().to_string());
        }
        if !certificates.names.is_empty() {
            line(&mut text, "valid for", &certificates.names.join(", "));
        }
    }
    let datasets: Vec<&Entry> = entries.iter().filter(|entry| !is_function(entry)).collect();
    for entry in datasets.iter().take(MOST_SHOWN) {
        line(&mut text, "serves", &served(entry, config, &style));
    }
    if let Some(more) = datasets.len().checked_sub(MOST_SHOWN).filter(|more| *more > 0) {
        line(&mut text, "", &format!("and {more} more"));
    }
    line(&mut text, "uploads", &uploads(config));
    for (label, command) in commands(server, listeners) {
        line(&mut text, label, &style.green(&command));
    }
    text
}

/// Returns the names that are served, sorted.
pub(crate) async fn names(service: &dyn DataService) -> Vec<String> {
    entries(service).await.into_iter().map(|entry| entry.name.to_string()).collect()
}

/// Describes where uploads go.
pub(crate) fn uploads(config: &Config) -> String {
    if config.read_only {
        return "refused, the server is read-only".to_owned();
    }
    let limits = &config.limits;
    match &config.data_dir {
        None => {
            let max_bytes = limits.max_memory_uploads.unwrap_or_else(quarter_of_memory);
            format!("kept in memory, up to {}, gone when the server ends", ByteSize(max_bytes))
        }
        Some(dir) => match limits.max_data_dir {
            Some(max_bytes) => format!("kept in {}, up to {}", dir.display(), ByteSize(max_bytes)),
            None => format!("kept in {}", dir.display()),
        },
    }
}

/// Lists everything; a listing that fails is an empty one, the server works all the same.
async fn entries(service: &dyn DataService) -> Vec<Entry> {
    match service.list(CallContext::new(), ListOptions::default()).await {
        Ok(entries) => entries.try_collect().await.unwrap_or_default(),
        Err(_) => Vec::new(),
    }
}

/// Functions are called, not read: the next steps are about what can be read.
fn is_function(entry: &Entry) -> bool {
    entry.description.as_ref().is_ok_and(|description| description.kind == NounKind::Function)
}

/// Describes one dataset in a line: its name, its rows where they are known, where it comes from or what is wrong.
fn served(entry: &Entry, config: &Config, style: &Style) -> String {
    let mut text = style.bold(entry.name.as_str());
    match &entry.description {
        Ok(description) => {
            if let Some(rows) = description.rows {
                let _ = write!(text, "  {rows} {}", if rows == 1 { "row" } else { "rows" });
            }
            let _ = write!(text, "  {}", description.source);
        }
        Err(error) => {
            let _ = write!(text, "  {}", style.red(&error.chain()));
        }
    }
    if entry.name == config.default {
        text.push_str("  (read where no name is given)");
    }
    text
}

/// Writes an address as clients take it.
fn address(server: &Server, addr: &ListenAddr) -> String {
    match addr {
        ListenAddr::Tcp(addr) if server.certificates().is_some() => format!("https://{addr}"),
        ListenAddr::Tcp(addr) => format!("http://{addr} in plaintext"),
        other => other.to_string(),
    }
}

/// What can be typed next, where it would work as it stands.
fn commands(server: &Server, listeners: &[Listener]) -> Vec<(&'static str, String)> {
    let Some(certificates) = server.certificates() else { return Vec::new() };
    let Some(ca) = &certificates.ca else { return Vec::new() };
    let addr = listeners.iter().find_map(|listener| match listener.local_addr() {
        ListenAddr::Tcp(addr) => Some(*addr),
        _ => None,
    });
    let Some(addr) = addr else { return Vec::new() };
    let (host, port) = (host(addr.ip(), &certificates.names), addr.port());
    let name = &server.config().default;
    let (ca, mut python, mut cli) =
        (ca.display(), "python3 python/main.py".to_owned(), format!("arrowlink head {name}"));
    if (host.as_str(), port) != (DEFAULT_HOST, DEFAULT_PORT) {
        let _ = write!(python, " --address {host}:{port}");
        let _ = write!(cli, " --server https://{host}:{port}");
    }
    if ca.to_string() != DEFAULT_CA {
        let _ = write!(python, " --ca {ca}");
        let _ = write!(cli, " --ca {ca}");
    }
    vec![("try", python), ("or", cli)]
}

/// Returns what to call a server at `ip` whose certificate has `names`: `localhost` where that is right, else its
/// address, else the first name.
fn host(ip: IpAddr, names: &[String]) -> String {
    let has = |name: &str| names.iter().any(|known| known == name);
    if (ip.is_loopback() || ip.is_unspecified()) && (has(DEFAULT_HOST) || names.is_empty()) {
        return DEFAULT_HOST.to_owned();
    }
    let address = if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() };
    match names.first() {
        Some(name) if !has(&ip.to_string()) => name.clone(),
        _ => address,
    }
}

fn line(text: &mut String, label: &str, value: &str) {
    let _ = writeln!(text, "  {label:<16}{value}");
}

/// Colours for terminals, and nothing for everything else.
struct Style {
    coloured: bool,
}

impl Style {
    fn bold(&self, text: &str) -> String {
        self.with("1", text)
    }

    fn green(&self, text: &str) -> String {
        self.with("32", text)
    }

    fn red(&self, text: &str) -> String {
        self.with("31", text)
    }

    fn with(&self, code: &str, text: &str) -> String {
        if self.coloured { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// How many datasets are shown one by one: a data folder may have thousands.
const MOST_SHOWN: usize = 20;
/// What clients assume where nothing is said.
const DEFAULT_HOST: &str = "localhost";
const DEFAULT_CA: &str = "certs/ca.crt";
