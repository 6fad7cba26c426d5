//! A server with a source of its own: `log://FILE` serves the lines of a log file as a table.
//!
//! What a source is stands in `log_file.rs`: one type that implements [`Dataset`](arrowlink_core::Dataset). Here it gets
//! its scheme, so that a configuration can name it beside files, generated tables and everything else. All that a server
//! does is there: TLS, limits, SQL (`select * from app where level = 'ERROR'`), every Flight client.
//!
//! `cargo run -p log-source` writes a log into the working directory and says where it listens; then
//! `arrowlink head app --address localhost:PORT`. Ctrl-C ends it.
#![allow(clippy::print_stdout, reason = "whoever started it wants to know where it listens")]

mod log_file;

use arrowlink_server::{Config, Schemes, Server, Sources, start_logging};

use log_file::LogFile;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    std::fs::write("app.log", "2024-05-01T08:00:00Z INFO started\n2024-05-01T08:00:07Z ERROR no disk\n")?;

    // Each `[[dataset]]` whose URI begins with `log://` is opened by this closure, once, when the server starts.
    let schemes = Schemes::default().with("log", |dataset| async move {
        let uri = dataset.source.to_string();
        LogFile::open(uri.trim_start_matches("log://"))
    });
    let sources = Sources::default().with_file("arrowlink.toml", CONFIGURATION).with_schemes(&schemes);
    let config = Config::from_sources(sources)?;
    start_logging(&config)?;

    let server = Server::build_with(config, &schemes).await?;
    let listeners = server.bind().await?;
    for listener in &listeners {
        println!("listening {}", listener.local_addr());
    }
    server.serve(listeners, async { drop(tokio::signal::ctrl_c().await) }).await?;
    Ok(())
}

/// What would stand in `arrowlink.toml`; `arrowlink_server::run_with` reads that, flags and variables.
const CONFIGURATION: &str = "
    [server]
    listen = ['127.0.0.1:0']

    [[dataset]]
    name = 'app'
    uri = 'log://app.log'
";
