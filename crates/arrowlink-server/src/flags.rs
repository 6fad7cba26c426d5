//! The flags of the command line, laid over file and environment.
//!
//! They are for a quick start; whatever has no flag has a key in the file. Their values are texts here and understood
//! together with the rest of the configuration, so that the same words say what is wrong wherever it was written.

use std::path::PathBuf;

use clap::Parser;

use crate::config::{Node, Origin, Table, Value, lay_over};

/// The flags of `arrowlink-server`. Their texts are understood where the rest of the configuration is.
///
/// ```
/// use arrowlink_server::{Config, Flags, Sources};
/// use clap::Parser as _;
///
/// let flags = Flags::try_parse_from(["arrowlink-server", "--listen", "[::1]:50051", "--read-only"])?;
/// let config = Config::from_sources(Sources::default().with_flags(flags))?;
/// assert_eq!(config.listen[0].to_string(), "[::1]:50051");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, Parser)]
#[command(name = "arrowlink-server", version, about = ABOUT, long_about = None, after_help = AFTER_HELP)]
#[non_exhaustive]
pub struct Flags {
    /// Where to listen: `127.0.0.1:50051`, `[::]:50051` or `unix:///path`; may be repeated [default: 127.0.0.1:50051]
    #[arg(long, value_name = "ADDR")]
    pub listen: Vec<String>,
    /// Serves a file, a folder, a glob or `demo://?rows=N` under a name; may be repeated
    #[arg(long, value_name = "NAME=URI", value_parser = parse_dataset)]
    pub dataset: Vec<(String, String)>,
    /// Loads that dataset once and keeps it in memory; may be repeated
    #[arg(long, value_name = "NAME")]
    pub pin: Vec<String>,
    /// What is read where a client gives no name [default: a table of one row]
    #[arg(long, value_name = "NAME")]
    pub default: Option<String>,
    /// Keeps uploads in this folder [default: in memory]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Refuses every write
    #[arg(long)]
    pub read_only: bool,
    /// The folder of ca.crt, server.crt and server.key, made for development where absent [default: certs]
    #[arg(long, value_name = "DIR")]
    pub tls_dir: Option<PathBuf>,
    /// Speaks plaintext on TCP; on loopback only
    #[arg(long)]
    pub insecure: bool,
    /// How log lines on standard error look [default: text]
    #[arg(long, value_name = "text|json")]
    pub log_format: Option<String>,
    /// Reads this configuration [default: arrowlink.toml, where there is one]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Says what would be served, and ends
    #[arg(long)]
    pub check_config: bool,
}

impl Flags {
    /// Lays what was given over `table`, each under the key that it stands for.
    pub(crate) fn lay_over(&self, table: &mut Table) {
        let mut lay = |flag, keys: &[&str], value: Option<Value>| {
            if let Some(value) = value {
                lay_over(table, keys, value, &Origin::Flag(flag));
            }
        };
        let listen =
            self.listen.iter().map(|addr| node("--listen", Value::Text(addr.clone()))).collect::<Vec<_>>();
        lay("--listen", &["server", "listen"], (!listen.is_empty()).then_some(Value::Array(listen)));
        lay("--default", &["server", "default"], self.default.clone().map(Value::Text));
        lay("--data-dir", &["server", "data_dir"], path(self.data_dir.as_ref()));
        lay("--read-only", &["server", "read_only"], self.read_only.then_some(Value::Boolean(true)));
        lay("--tls-dir", &["server", "tls", "dir"], path(self.tls_dir.as_ref()));
        lay("--insecure", &["server", "insecure"], self.insecure.then_some(Value::Boolean(true)));
        lay("--log-format", &["server", "log_format"], self.log_format.clone().map(Value::Text));
        self.lay_datasets_over(table);
    }

    /// Adds the datasets of the flags; one of the same name in the file makes place.
    fn lay_datasets_over(&self, table: &mut Table) {
        if self.dataset.is_empty() {
            return;
        }
        let datasets =
            table.entry("dataset".to_owned()).or_insert_with(|| node("--dataset", Value::Array(Vec::new())));
        let Value::Array(items) = &mut datasets.value else { return };
        items.retain(|item| {
            let name = item.value.as_table().and_then(|table| table.get("name")?.value.as_text());
            !self.dataset.iter().any(|(flag, _)| Some(flag.as_str()) == name)
        });
        for (name, uri) in &self.dataset {
            let name = ("name".to_owned(), node("--dataset", Value::Text(name.clone())));
            let uri = ("uri".to_owned(), node("--dataset", Value::Text(uri.clone())));
            items.push(node("--dataset", Value::Table(Table::from([name, uri]))));
        }
    }
}

/// Splits `NAME=URI` at the first `=`, so that the URI may have more of them.
fn parse_dataset(text: &str) -> Result<(String, String), String> {
    let (name, uri) =
        text.split_once('=').ok_or("expected NAME=URI, for example trips=data/trips.parquet")?;
    Ok((name.to_owned(), uri.to_owned()))
}

const fn node(flag: &'static str, value: Value) -> Node {
    Node { value, origin: Origin::Flag(flag) }
}

fn path(path: Option<&PathBuf>) -> Option<Value> {
    path.map(|path| Value::Text(path.to_string_lossy().into_owned()))
}

const ABOUT: &str = "Serves Arrow tables over gRPC with TLS";
const AFTER_HELP: &str = "\
Examples:
  arrowlink-server                                       one row, over TLS, certificates made on the way
  arrowlink-server --dataset trips=data/trips.parquet --default trips
  arrowlink-server --dataset 'logs=logs/*.csv' --pin logs --data-dir /var/lib/arrowlink
  arrowlink-server --dataset demo='demo://?rows=1000000' --listen 127.0.0.1:0
  arrowlink-server --config arrowlink.toml --check-config

Every key of the file can be given by the environment: ARROWLINK__LIMITS__MAX_CONNECTIONS=64.

Signals:
  SIGTERM, Ctrl-C   no new calls; running ones may finish within `limits.grace`; a second Ctrl-C ends at once
  SIGHUP            reads the certificates again

Exit codes:
  0   ended as asked, every call had finished
  1   failed while running
  2   the command line could not be understood
  3   ended as asked, but calls were cut
  69  an address could not be listened on
  78  the configuration, a certificate or a dataset cannot be served";
