//! Gives the tree of values its types: the one list of all keys.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use arrowlink_core::Name;
use arrowlink_transport::{Http2Options, ListenAddr};

use super::dataset::DatasetConfig;
use super::problem::{Origin, Problem};
use super::query::read_query;
use super::read_connection::{read_http2, read_tls_options};
use super::read_dataset::read_dataset;
use super::read_http::read_http;
use super::section::Section;
use super::tree::Table;
use super::value::Size;
use super::{Certificate, Config, DEFAULT, HttpConfig, Limits, QueryLimits, TlsConfig};

/// Reads `table`, in which URIs may have one of `schemes`. What is wrong is noted in `problems`, and its default stands in its place.
pub(super) fn read(table: Table, schemes: &[String], problems: &mut Vec<Problem>) -> Config {
    let mut root = Section::new("", table, problems);
    let mut config = read_server(root.section("server"));
    config.limits = read_limits(root.section("limits"));
    config.query = read_query(root.section("query"));
    config.http2 = read_http2(root.section("http2"));
    config.http = read_http(root.section("http"));
    let datasets = root.take_tables("dataset");
    root.finish();
    config.datasets = read_datasets(datasets, schemes, problems);
    config
}

/// Reads `[server]`; the other sections are filled in by the caller.
fn read_server(mut server: Section<'_>) -> Config {
    let config = Config {
        listen: server.take("listen").unwrap_or_else(default_listen),
        data_dir: server.take("data_dir"),
        default: server.take("default").unwrap_or_else(default_name),
        read_only: server.take("read_only").unwrap_or_default(),
        public: read_public(&mut server),
        insecure: server.take("insecure").unwrap_or_default(),
        log_format: server.take("log_format").unwrap_or_default(),
        log_filter: server.take("log_filter").unwrap_or_else(|| "info".to_owned()),
        tls: read_tls(server.section("tls")),
        limits: Limits::default(),
        query: QueryLimits::default(),
        http2: Http2Options::for_server(),
        http: HttpConfig::default(),
        datasets: Vec::new(),
    };
    server.finish();
    config
}

/// Reads where clients elsewhere find the server: what Flight's clients take for the location of an endpoint.
fn read_public(server: &mut Section<'_>) -> Vec<String> {
    let Some((uris, origin)) = server.take_with_origin::<Vec<String>>("public") else { return Vec::new() };
    let is_location = |uri: &String| LOCATIONS.iter().any(|scheme| uri.starts_with(scheme));
    for uri in uris.iter().filter(|uri| !is_location(uri)) {
        let text = format!(
            "`server.public`: expected an address such as `grpc+tls://tables.example.com:443`, found `{uri}`"
        );
        server.note(Problem::at(&origin, text));
    }
    uris
}

/// Reads `[server.tls]`. Half a pair of certificate and key is a mistake, never a reason to use another.
fn read_tls(mut tls: Section<'_>) -> TlsConfig {
    let dir = tls.take("dir").unwrap_or_else(|| TlsConfig::default().dir);
    let cert = tls.take_with_origin::<PathBuf>("cert");
    let key = tls.take_with_origin::<PathBuf>("key");
    let certificate = match (cert, key) {
        (Some((cert, _)), Some((key, _))) => Some(Certificate { cert, key }),
        (Some((_, origin)), None) => {
            tls.note(Problem::at(&origin, "`server.tls.cert` needs `server.tls.key` beside it"));
            None
        }
        (None, Some((_, origin))) => {
            tls.note(Problem::at(&origin, "`server.tls.key` needs `server.tls.cert` beside it"));
            None
        }
        (None, None) => None,
    };
    let client_ca = tls.take("client_ca");
    let options = read_tls_options(&mut tls);
    tls.finish();
    TlsConfig { dir, certificate, client_ca, options }
}

/// Reads `[limits]`.
fn read_limits(mut limits: Section<'_>) -> Limits {
    let defaults = Limits::default();
    let read = Limits {
        max_message_bytes: bytes(&mut limits, "max_message_bytes").unwrap_or(defaults.max_message_bytes),
        max_connections: limits.take("max_connections").unwrap_or(defaults.max_connections),
        max_concurrent_streams: limits
            .take("max_concurrent_streams")
            .unwrap_or(defaults.max_concurrent_streams),
        max_reads: limits.take("max_reads").unwrap_or(defaults.max_reads),
        max_file_scans: limits.take("max_file_scans").unwrap_or(defaults.max_file_scans),
        max_wait: limits.take("max_wait").unwrap_or(defaults.max_wait),
        max_writes: limits.take("max_writes").unwrap_or(defaults.max_writes),
        max_calls: limits.take("max_calls").unwrap_or(defaults.max_calls),
        max_data_dir: bytes(&mut limits, "max_data_dir"),
        max_memory_uploads: bytes(&mut limits, "max_memory_uploads"),
        max_idle_blocks: bytes(&mut limits, "max_idle_blocks").unwrap_or(defaults.max_idle_blocks),
        idle_timeout: limits.take::<Duration>("idle_timeout").unwrap_or(defaults.idle_timeout),
        stall_timeout: limits.take("stall_timeout").unwrap_or(defaults.stall_timeout),
        exchange_timeout: limits.take("exchange_timeout").unwrap_or(defaults.exchange_timeout),
        handshake_timeout: limits.take("handshake_timeout").unwrap_or(defaults.handshake_timeout),
        authentication_timeout: limits
            .take("authentication_timeout")
            .unwrap_or(defaults.authentication_timeout),
        call_timeout: limits.take("call_timeout"),
        grace: limits.take("grace").unwrap_or(defaults.grace),
    };
    limits.finish();
    read
}

fn bytes(limits: &mut Section<'_>, key: &'static str) -> Option<u64> {
    limits.take::<Size>(key).map(|size| size.0)
}

/// Reads every `[[dataset]]`; of two with one name the second is noted.
fn read_datasets(
    tables: Vec<(Table, Origin)>,
    schemes: &[String],
    problems: &mut Vec<Problem>,
) -> Vec<DatasetConfig> {
    let mut seen: BTreeMap<Name, Origin> = BTreeMap::new();
    let mut datasets = Vec::new();
    for (table, origin) in tables {
        let Some(dataset) = read_dataset(table, &origin, schemes, problems) else { continue };
        if let Some(first) = seen.get(&dataset.name) {
            let text = format!("a dataset `{}` is there already, from {first}", dataset.name);
            problems.push(Problem::at(&origin, text));
            continue;
        }
        seen.insert(dataset.name.clone(), origin);
        datasets.push(dataset);
    }
    datasets
}

/// Loopback alone: what others can reach has to be asked for.
fn default_listen() -> Vec<ListenAddr> {
    DEFAULT_LISTEN.parse().into_iter().collect()
}

#[expect(clippy::expect_used, reason = "`default` is a name")]
fn default_name() -> Name {
    Name::new(DEFAULT).expect("`default` is a name")
}

const DEFAULT_LISTEN: &str = "127.0.0.1:50051";

/// What the location of an endpoint begins with.
const LOCATIONS: [&str; 4] = ["grpc+tls://", "grpc+tcp://", "grpc+unix://", "grpc://"];
