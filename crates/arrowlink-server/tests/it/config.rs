//! What is understood of files, variables and flags, and what is said about the rest.

use std::time::Duration;

use arrowlink_server::{Config, DatasetSource, Flags, LogFormat, Sources};
use arrowlink_transport::{CipherPreference, Http2Options, TlsOptions};
use clap::Parser as _;
use expect_test::{Expect, expect};

/// Checks what is said about a file of `text`.
fn check(text: &str, expected: &Expect) {
    expected.assert_eq(&said(Sources::default().with_file("/etc/arrowlink.toml", text)));
}

fn said(sources: Sources) -> String {
    Config::from_sources(sources).map_or_else(|error| error.to_string(), |config| format!("{config:#?}"))
}

fn understood(text: &str) -> Config {
    Config::from_sources(Sources::default().with_file("/etc/arrowlink.toml", text)).unwrap()
}

fn flags(arguments: &[&str]) -> Flags {
    Flags::try_parse_from([&["arrowlink-server"], arguments].concat()).unwrap()
}

#[test]
fn offers_the_nearest_key_for_an_unknown_one() {
    check(
        "[server]\nlisen = ['127.0.0.1:1']\n\n[limits]\nmax_conections = 3\n",
        &expect![[r#"
        /etc/arrowlink.toml:2: unknown key `server.lisen`, did you mean `server.listen`?
        /etc/arrowlink.toml:5: unknown key `limits.max_conections`, did you mean `limits.max_connections`?"#]],
    );
}

#[test]
fn lists_the_keys_where_none_is_near() {
    check(
        "[server.tls]\nzzz = 1\n",
        &expect![
            "/etc/arrowlink.toml:2: unknown key `server.tls.zzz`, known here: `dir`, `cert`, `key`, `client_ca`, `read_buffer_bytes`, `send_buffer_bytes`, `ciphers`"
        ],
    );
    check(
        "[servr]\nlisten = []\n",
        &expect!["/etc/arrowlink.toml:1: unknown key `servr`, did you mean `server`?"],
    );
}

#[test]
fn names_the_key_and_line_of_a_wrong_value() {
    check(
        "[limits]\nmax_message_bytes = '12 parsecs'\n",
        &expect![[
            r#"/etc/arrowlink.toml:2: `limits.max_message_bytes`: expected a size such as `"256 MiB"`, found `12 parsecs`"#
        ]],
    );
    check(
        "[limits]\nmax_message_bytes = 0\n",
        &expect![[
            r#"/etc/arrowlink.toml:2: `limits.max_message_bytes`: expected a size such as `"256 MiB"`, found `0`"#
        ]],
    );
    check(
        "[limits]\ngrace = 5\n",
        &expect![[
            r#"/etc/arrowlink.toml:2: `limits.grace`: expected a duration such as `"30s"` or `"5min"`, found `5`"#
        ]],
    );
    check(
        "[limits]\nidle_timeout = 'soon'\n",
        &expect![[
            r#"/etc/arrowlink.toml:2: `limits.idle_timeout`: expected a duration such as `"30s"` or `"5min"`, found `soon`"#
        ]],
    );
    check(
        "[limits]\nmax_connections = 'many'\n",
        &expect![
            "/etc/arrowlink.toml:2: `limits.max_connections`: expected a number from 1 to 4294967295, found `many`"
        ],
    );
    check(
        "[limits]\nmax_connections = -1\n",
        &expect![
            "/etc/arrowlink.toml:2: `limits.max_connections`: expected a number from 1 to 4294967295, found `-1`"
        ],
    );
    check(
        "[server]\nlisten = '127.0.0.1:50051'\n",
        &expect![
            "/etc/arrowlink.toml:2: `server.listen`: expected a list in brackets, found `127.0.0.1:50051`"
        ],
    );
    check(
        "[server]\nlisten = ['somewhere']\n",
        &expect![
            "/etc/arrowlink.toml:2: `server.listen`: `somewhere` is not an address to listen on: use an IP address and a port, such as `127.0.0.1:50051` or `[::]:50051`, or a socket file, `unix:///run/arrowlink.sock`"
        ],
    );
    check(
        "[server]\nlisten = []\n",
        &expect!["`server.listen` is empty: give an address such as `127.0.0.1:50051`"],
    );
    check(
        "[server]\nread_only = 'yes'\n",
        &expect!["/etc/arrowlink.toml:2: `server.read_only`: expected `true` or `false`, found `yes`"],
    );
    check(
        "[server]\nlog_format = 'xml'\n",
        &expect!["/etc/arrowlink.toml:2: `server.log_format`: expected `text` or `json`, found `xml`"],
    );
    check(
        "[server]\ndata_dir = 1979-05-27\n",
        &expect!["/etc/arrowlink.toml:2: `server.data_dir`: expected a path, found a datetime"],
    );
    check(
        "server = 3\n",
        &expect!["/etc/arrowlink.toml:1: `server` is a section: expected `[server]`, found `3`"],
    );
    check("dataset = 3\n", &expect!["/etc/arrowlink.toml:1: `dataset` is a list: write `[[dataset]]`"]);
}

#[test]
fn says_all_that_is_wrong_at_once() {
    check(
        "[server]\nread_only = 7\n\n[limits]\ngrase = '5s'\n\n[[dataset]]\nname = 'a b'\n",
        &expect![[r#"
            /etc/arrowlink.toml:2: `server.read_only`: expected `true` or `false`, found `7`
            /etc/arrowlink.toml:5: unknown key `limits.grase`, did you mean `limits.grace`?
            /etc/arrowlink.toml:7: a `[[dataset]]` needs `uri`
            /etc/arrowlink.toml:8: `dataset.name`: `a b` is not a name: use one to 3 parts joined by dots, each a letter or `_` followed by letters, digits, `_` or `-`, at most 128 bytes in all"#]],
    );
}

#[test]
fn names_the_line_that_is_not_toml() {
    check(
        "[server]\nlisten = [\n\n[limits",
        &expect!["/etc/arrowlink.toml:4: not valid TOML: unclosed array, expected `]`"],
    );
    check(
        "[server]\nread_only = true\nread_only = false\n",
        &expect!["/etc/arrowlink.toml:3: not valid TOML: duplicate key"],
    );
}

#[test]
fn refuses_datasets_that_cannot_be_told_apart() {
    check(
        "[[dataset]]\nname = 'trips'\nuri = 'a.csv'\n\n[[dataset]]\nname = 'trips'\nuri = 'b.csv'\n",
        &expect!["/etc/arrowlink.toml:5: a dataset `trips` is there already, from /etc/arrowlink.toml:1"],
    );
    check(
        "[[dataset]]\nname = 'uploads'\nuri = 'a.csv'\n",
        &expect!["/etc/arrowlink.toml:2: `dataset.name`: `uploads` is taken, choose another name"],
    );
    check(
        "[[dataset]]\nname = 'echo'\nuri = 'a.csv'\n",
        &expect!["/etc/arrowlink.toml:2: `dataset.name`: `echo` is taken, choose another name"],
    );
}

#[test]
fn refuses_datasets_that_nothing_reads() {
    check("[[dataset]]\nname = 'trips'\n", &expect!["/etc/arrowlink.toml:1: a `[[dataset]]` needs `uri`"]);
    check(
        "[[dataset]]\nname = 'trips'\nuri = ''\n",
        &expect!["/etc/arrowlink.toml:3: `dataset.uri`: expected a path, found an empty text"],
    );
    check(
        "[[dataset]]\nname = 'trips'\nuri = 'ftp://host/trips'\n",
        &expect![
            "/etc/arrowlink.toml:3: `dataset.uri`: nothing reads `ftp://`: use a path, a glob, a folder, or one of `demo://`, `tpch://`, `postgres://`, `postgresql://`, `file://`, `s3://`, `gs://`, `az://`, `abfs://`, `abfss://`, `https://`, `http://`"
        ],
    );
}

#[test]
fn takes_several_files_as_one_dataset_and_nothing_else() {
    let config = understood("[[dataset]]\nname = 'a'\nuri = ['x.csv', 'y/*.csv']\n");
    let source =
        DatasetSource::Files { uris: vec!["x.csv".into(), "y/*.csv".into()], base_dir: "/etc".into() };
    assert_eq!(config.datasets[0].source, source);
    assert_eq!(source.to_string(), "x.csv, y/*.csv");
    check(
        "[[dataset]]\nname = 'a'\nuri = ['x.csv', 'demo://']\n",
        &expect!["/etc/arrowlink.toml:3: `dataset.uri`: `demo://` is no file: give it a section of its own"],
    );
    check(
        "[[dataset]]\nname = 'a'\nuri = []\n",
        &expect![
            "/etc/arrowlink.toml:3: `dataset.uri`: expected a path, a URI, or a list of them, found an empty list"
        ],
    );
    check(
        "[[dataset]]\nname = 'a'\nuri = 7\n",
        &expect![
            "/etc/arrowlink.toml:3: `dataset.uri`: expected a path, a URI, or a list of them, found `7`"
        ],
    );
}

#[test]
fn refuses_a_default_that_is_not_served() {
    check(
        "[server]\ndefault = 'trisp'\n\n[[dataset]]\nname = 'trips'\nuri = 'a.csv'\n",
        &expect!["`server.default`: no dataset `trisp` is configured, did you mean `trips`?"],
    );
}

#[test]
fn refuses_plaintext_off_loopback() {
    check(
        "[server]\nlisten = ['0.0.0.0:50051']\ninsecure = true\n",
        &expect![
            "`0.0.0.0:50051` can be reached from other machines and `insecure` would send everything in plaintext: leave `insecure` out, or listen on 127.0.0.1"
        ],
    );
    let local =
        understood("[server]\nlisten = ['127.0.0.1:1', '[::1]:2', 'unix:///run/a']\ninsecure = true\n");
    assert_eq!(local.listen.len(), 3);
}

#[test]
fn refuses_half_a_certificate() {
    check(
        "[server.tls]\ncert = 'server.crt'\n",
        &expect!["/etc/arrowlink.toml:2: `server.tls.cert` needs `server.tls.key` beside it"],
    );
    check(
        "[server.tls]\nkey = 'server.key'\n",
        &expect!["/etc/arrowlink.toml:2: `server.tls.key` needs `server.tls.cert` beside it"],
    );
    check(
        "[server]\ninsecure = true\n\n[server.tls]\nkey = 'k'\ncert = 'c'\n",
        &expect!["`insecure` and `server.tls.cert` contradict each other: leave one of them out"],
    );
}

#[test]
fn reads_sizes_and_durations_with_their_units() {
    let limits =
        understood("[limits]\nmax_message_bytes = '1.5 MiB'\nmax_data_dir = '2GB'\ngrace = '1m 30s'\n")
            .limits;
    assert_eq!(limits.max_message_bytes, 1_572_864);
    assert_eq!(limits.max_data_dir, Some(2_000_000_000));
    assert_eq!(limits.grace, Duration::from_secs(90));
    assert_eq!(understood("[limits]\nmax_message_bytes = 4096\n").limits.max_message_bytes, 4096);
}

#[test]
fn resolves_paths_of_the_file_against_its_folder() {
    let config = understood(
        "[server]\ndata_dir = 'data'\n[server.tls]\ncert = 'a.crt'\nkey = '/b.key'\n[[dataset]]\nname = 'a'\nuri = 'x/*.csv'\n",
    );
    assert_eq!(config.data_dir.unwrap().to_str(), Some("/etc/data"));
    let certificate = config.tls.certificate.unwrap();
    assert_eq!(certificate.cert.to_str(), Some("/etc/a.crt"));
    assert_eq!(certificate.key.to_str(), Some("/b.key"));
    let source = DatasetSource::Files { uris: vec!["x/*.csv".into()], base_dir: "/etc".into() };
    assert_eq!(config.datasets[0].source, source);
}

#[test]
fn leaves_paths_of_flags_and_variables_to_the_working_directory() {
    let sources = Sources::default()
        .with_file("/etc/arrowlink.toml", "")
        .with_variable("ARROWLINK__SERVER__DATA_DIR", "data")
        .with_flags(flags(&["--dataset", "a=x.csv"]));
    let config = Config::from_sources(sources).unwrap();
    assert_eq!(config.data_dir.unwrap().to_str(), Some("data"));
    assert_eq!(config.datasets[0].source.to_string(), "x.csv");
}

#[test]
fn lays_variables_over_the_file_and_flags_over_both() {
    let file = "[server]\nlisten = ['127.0.0.1:1']\nlog_format = 'json'\n[limits]\nmax_connections = 1\ngrace = '1s'\n";
    let sources = Sources::default()
        .with_file("arrowlink.toml", file)
        .with_variable("ARROWLINK__SERVER__LISTEN", "127.0.0.1:2, unix:///run/arrowlink")
        .with_variable("ARROWLINK__LIMITS__MAX_CONNECTIONS", "2")
        .with_variable("ARROWLINK__SERVER__READ_ONLY", "true")
        .with_variable("ARROWLINKS", "none of ours");
    let config = Config::from_sources(sources.clone()).unwrap();
    assert_eq!(
        config.listen.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["127.0.0.1:2", "unix:///run/arrowlink"]
    );
    assert_eq!((config.limits.max_connections, config.limits.grace), (2, Duration::from_secs(1)));
    assert!(config.read_only);

    let config =
        Config::from_sources(sources.with_flags(flags(&["--listen", "127.0.0.1:3", "--log-format", "text"])))
            .unwrap();
    assert_eq!(config.listen[0].to_string(), "127.0.0.1:3");
    assert_eq!(config.listen.len(), 1);
    assert_eq!(config.log_format, LogFormat::Text);
    assert_eq!(config.limits.max_connections, 2);
}

#[test]
fn names_the_variable_or_flag_that_is_wrong() {
    let variable = |variable, value| said(Sources::default().with_variable(variable, value));
    expect!["environment variable `ARROWLINK__LIMITS__GRASE`: unknown key `limits.grase`, did you mean `ARROWLINK__LIMITS__GRACE`?"].assert_eq(&variable("ARROWLINK__LIMITS__GRASE", "5s"));
    expect!["environment variable `ARROWLINK__LIMIT__GRACE`: unknown key `limit`, did you mean `ARROWLINK__LIMITS`?"].assert_eq(&variable("ARROWLINK__LIMIT__GRACE", "5s"));
    expect!["environment variable `ARROWLINK__LIMITS__MAX_CONNECTIONS`: `limits.max_connections`: expected a number from 1 to 4294967295, found `some`"].assert_eq(&variable("ARROWLINK__LIMITS__MAX_CONNECTIONS", "some"));
    expect!["environment variable `ARROWLINK__DATASET__NAME`: datasets are not given by the environment: use `--dataset NAME=URI`, or `[[dataset]]` in the file"].assert_eq(&variable("ARROWLINK__DATASET__NAME", "trips"));
    let flag = |arguments: &[&str]| said(Sources::default().with_flags(flags(arguments)));
    expect!["`--listen`: `server.listen`: `50051` is not an address to listen on: use an IP address and a port, such as `127.0.0.1:50051` or `[::]:50051`, or a socket file, `unix:///run/arrowlink.sock`"].assert_eq(&flag(&["--listen", "50051"]));
    expect!["`--dataset`: `dataset.name`: `a b` is not a name: use one to 3 parts joined by dots, each a letter or `_` followed by letters, digits, `_` or `-`, at most 128 bytes in all"].assert_eq(&flag(&["--dataset", "a b=x.csv"]));
    expect!["`--log-format`: `server.log_format`: expected `text` or `json`, found `xml`"]
        .assert_eq(&flag(&["--log-format", "xml"]));
    expect!["`--pin`: no dataset `trisp` is configured, did you mean `trips`?"].assert_eq(&flag(&[
        "--dataset",
        "trips=x.csv",
        "--pin",
        "trisp",
    ]));
    expect!["`--dataset`: a dataset `a` is there already, from `--dataset`"].assert_eq(&flag(&[
        "--dataset",
        "a=x.csv",
        "--dataset",
        "a=y.csv",
    ]));
}

#[test]
fn puts_a_dataset_of_a_flag_in_the_place_of_the_files() {
    let file = "[[dataset]]\nname = 'a'\nuri = 'old.csv'\n[[dataset]]\nname = 'b'\nuri = 'b.csv'\n";
    let sources = Sources::default().with_file("arrowlink.toml", file).with_flags(flags(&[
        "--dataset",
        "a=new.csv",
        "--pin",
        "b",
    ]));
    let config = Config::from_sources(sources).unwrap();
    let served: Vec<_> = config
        .datasets
        .iter()
        .map(|dataset| (dataset.name.as_str(), dataset.source.to_string(), dataset.pin))
        .collect();
    assert_eq!(served, [("b", "b.csv".to_owned(), true), ("a", "new.csv".to_owned(), false)]);
}

#[test]
fn has_the_documented_defaults() {
    expect![[r#"
        Config {
            listen: [
                Tcp(
                    127.0.0.1:50051,
                ),
            ],
            data_dir: None,
            default: "default",
            read_only: false,
            public: [],
            insecure: false,
            tls: TlsConfig {
                dir: "certs",
                certificate: None,
                client_ca: None,
                options: TlsOptions {
                    read_buffer_bytes: 65536,
                    send_buffer_bytes: 262144,
                    ciphers: Fast,
                },
            },
            log_format: Text,
            log_filter: "info",
            limits: Limits {
                max_message_bytes: 268435456,
                max_connections: 1024,
                max_concurrent_streams: 256,
                max_reads: 1024,
                max_file_scans: 16,
                max_wait: 60s,
                max_writes: 64,
                max_calls: 256,
                max_data_dir: None,
                max_memory_uploads: None,
                max_idle_blocks: 67108864,
                idle_timeout: 600s,
                stall_timeout: 60s,
                exchange_timeout: 600s,
                handshake_timeout: 10s,
                authentication_timeout: 10s,
                call_timeout: None,
                grace: 30s,
            },
            query: QueryLimits {
                memory: None,
                spill_dir: None,
                max_spill: 107374182400,
                timeout: Some(
                    300s,
                ),
                max_queries: 64,
                max_wait: 60s,
                threads: None,
            },
            http2: Http2Options {
                stream_window_bytes: 2097152,
                connection_window_bytes: 4194304,
                max_frame_bytes: 262144,
                max_send_buffer_bytes: 524288,
                nodelay: true,
            },
            http: HttpConfig {
                enabled: true,
                cors_origins: [],
            },
            datasets: [],
        }
    "#]]
    .assert_debug_eq(&Config::default());
}

#[test]
fn refuses_messages_that_no_client_could_take() {
    check(
        "[limits]\nmax_message_bytes = '3 GiB'\n",
        &expect!["`limits.max_message_bytes` is more than a gRPC client can take: use at most `\"2 GiB\"`"],
    );
    assert_eq!(understood("[limits]\nmax_message_bytes = '2 GiB'\n").limits.max_message_bytes, 2 << 30);
}

#[test]
fn reads_the_sizes_of_connections_from_file_and_environment() {
    let file = "[http2]\nstream_window_bytes = '1 MiB'\nmax_frame_bytes = 16384\nnodelay = false\n\n\
                [server.tls]\nread_buffer_bytes = '64 KiB'\nciphers = 'strong'\n";
    let sources = Sources::default()
        .with_file("arrowlink.toml", file)
        .with_variable("ARROWLINK__HTTP2__CONNECTION_WINDOW_BYTES", "2 MiB")
        .with_variable("ARROWLINK__HTTP2__MAX_SEND_BUFFER_BYTES", "65536")
        .with_variable("ARROWLINK__SERVER__TLS__SEND_BUFFER_BYTES", "32 KiB");
    let config = Config::from_sources(sources).unwrap();
    let http2 = Http2Options::for_server().with_windows(1 << 20, 2 << 20).with_max_frame_bytes(16_384);
    assert_eq!(config.http2, http2.with_max_send_buffer_bytes(65_536).with_nodelay(false));
    let tls = TlsOptions::default().with_read_buffer_bytes(64 << 10).with_send_buffer_bytes(32 << 10);
    assert_eq!(config.tls.options, tls.with_ciphers(CipherPreference::Strong));
}

#[test]
fn refuses_sizes_of_connections_that_cannot_be() {
    check(
        "[http2]\nmax_frame_bytes = '4 KiB'\nstream_window_bytes = '64 kB'\nmax_send_buffer_bytes = '2 GiB'\n",
        &expect![[r#"
            /etc/arrowlink.toml:3: `http2.stream_window_bytes`: expected a size from 65535 to 2147483647 bytes, found `64000`
            /etc/arrowlink.toml:2: `http2.max_frame_bytes`: expected a size from 16384 to 16777215 bytes, found `4096`
            /etc/arrowlink.toml:4: `http2.max_send_buffer_bytes`: expected a size from 16384 to 1073741824 bytes, found `2147483648`"#]],
    );
    check(
        "[http2]\nconnection_window_bytes = '3 GiB'\nmax_frame_bytes = '16 MiB'\nnodelay = 'on'\n",
        &expect![[r#"
            /etc/arrowlink.toml:2: `http2.connection_window_bytes`: expected a size from 65535 to 2147483647 bytes, found `3221225472`
            /etc/arrowlink.toml:3: `http2.max_frame_bytes`: expected a size from 16384 to 16777215 bytes, found `16777216`
            /etc/arrowlink.toml:4: `http2.nodelay`: expected `true` or `false`, found `on`"#]],
    );
    check(
        "[server.tls]\nread_buffer_bytes = 0\nsend_buffer_bytes = '1 KiB'\nciphers = 'weak'\n",
        &expect![[r#"
            /etc/arrowlink.toml:2: `server.tls.read_buffer_bytes`: expected a size such as `"256 MiB"`, found `0`
            /etc/arrowlink.toml:3: `server.tls.send_buffer_bytes`: expected a size from 16384 to 1073741824 bytes, found `1024`
            /etc/arrowlink.toml:4: `server.tls.ciphers`: expected `fast` or `strong`, found `weak`"#]],
    );
    check(
        "[http2]\nmax_frame_size = '1 MiB'\n",
        &expect![
            "/etc/arrowlink.toml:2: unknown key `http2.max_frame_size`, did you mean `http2.max_frame_bytes`?"
        ],
    );
}

#[test]
fn refuses_a_window_of_a_call_that_is_larger_than_the_connections() {
    check(
        "[http2]\nstream_window_bytes = '64 MiB'\n",
        &expect![
            "/etc/arrowlink.toml:2: `http2.stream_window_bytes` is 67108864, more than the 4194304 of `http2.connection_window_bytes`: make the latter at least as large"
        ],
    );
    check(
        "[http2]\nstream_window_bytes = '2 MiB'\nconnection_window_bytes = '1 MiB'\n",
        &expect![
            "/etc/arrowlink.toml:3: `http2.stream_window_bytes` is 2097152, more than the 1048576 of `http2.connection_window_bytes`: make the latter at least as large"
        ],
    );
    let http2 = understood("[http2]\nstream_window_bytes = '4 MiB'\n").http2;
    assert_eq!(http2.stream_window_bytes(), http2.connection_window_bytes());
}

#[test]
fn reads_who_may_ask_over_plain_http() {
    let file = "[http]\nenabled = false\ncors_origins = ['https://charts.example', '*']\n";
    let config = Config::from_sources(Sources::default().with_file("arrowlink.toml", file)).unwrap();
    assert!(!config.http.enabled);
    assert_eq!(config.http.cors_origins, ["https://charts.example", "*"]);
    assert!(Config::default().http.enabled && Config::default().http.cors_origins.is_empty());
}

#[test]
fn refuses_origins_that_no_browser_sends() {
    check(
        "[http]\ncors_origins = ['charts.example', 'https://charts.example/page']\n",
        &expect![[r#"
            /etc/arrowlink.toml:2: `http.cors_origins`: `charts.example` is not an origin: write `https://charts.example`, without a path, or `*`
            /etc/arrowlink.toml:2: `http.cors_origins`: `https://charts.example/page` is not an origin: write `https://charts.example`, without a path, or `*`"#]],
    );
}
