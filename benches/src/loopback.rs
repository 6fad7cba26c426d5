//! GetArrowData of a table in memory over loopback, beside the raw socket.

use std::env;
use std::path::Path;
use std::process::Command;

use arrowlink_client::{Client, ClientOptions, Plaintext};
use arrowlink_core::{CallContext, DataService as _, Name, ReadOptions, Target};
use futures::TryStreamExt as _;
use tokio::runtime::{Builder, Runtime};

use crate::Failure;
use crate::process::Peer;
use crate::report::{Report, Row, rates, times};

/// Measures the raw socket, then GetArrowData in plaintext and over TLS, each as GB/s.
pub(crate) fn measure(server: &Path, repetitions: usize, report: &mut Report) -> Result<(), Failure> {
    report.heading("reading a table in memory over loopback, GB/s; ratio against the raw socket of this run");
    let bytes = ROWS * BYTES_PER_ROW;
    let mut raw = rates(&raw(repetitions, bytes)?, bytes);
    let peer = report.row(Row::new("raw socket, writes of 1 MiB", "GB/s", &mut raw));
    for (what, security) in [
        ("GetArrowData, Rust to Rust, plaintext", Security::Plaintext),
        ("GetArrowData, Rust to Rust, TLS", Security::Tls),
    ] {
        let mut values = get_arrow_data(server, repetitions, security)?;
        report.row(Row::new(what, "GB/s", &mut values).against(peer));
    }
    Ok(())
}

fn raw(repetitions: usize, bytes: u64) -> Result<Vec<std::time::Duration>, Failure> {
    let server = Peer::start(Command::new(env::current_exe()?).arg("raw-server").arg(bytes.to_string()))?;
    let port = server.port()?;
    times(repetitions, || raw_read(port, bytes))
}

fn raw_read(port: u16, bytes: u64) -> Result<(), Failure> {
    match crate::raw::read(port)? {
        read if read / (1 << 20) == bytes / (1 << 20) => Ok(()),
        read => Err(format!("the raw socket gave {read} of {bytes} bytes").into()),
    }
}

#[derive(Clone, Copy)]
enum Security {
    Plaintext,
    Tls,
}

fn get_arrow_data(server: &Path, repetitions: usize, security: Security) -> Result<Vec<f64>, Failure> {
    let folder = tempfile::tempdir()?;
    let mut command = Command::new(server);
    command.current_dir(folder.path()).args(["--listen", "127.0.0.1:0", "--pin", "table"]);
    command.args(["--dataset", &format!("table=demo://?rows={ROWS}")]);
    let mut options = ClientOptions::default();
    let scheme = match security {
        Security::Plaintext => {
            command.arg("--insecure");
            options = options.with_plaintext(Plaintext::Loopback);
            "http"
        }
        Security::Tls => {
            options = options.with_ca_file(folder.path().join("certs/ca.crt"));
            "https"
        }
    };
    let peer = Peer::start(&mut command)?;
    let uri = format!("{scheme}://localhost:{}", peer.port()?);
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let client = runtime.block_on(Client::connect(&uri, options))?;
    let mut bytes = 0;
    let times = times(repetitions, || {
        bytes = read_all(&runtime, &client)?;
        Ok(())
    })?;
    Ok(rates(&times, bytes))
}

/// Reads the whole table batch by batch and returns the bytes of its buffers.
fn read_all(runtime: &Runtime, client: &Client) -> Result<u64, Failure> {
    runtime.block_on(async {
        let target = Target::from(Name::new("table")?);
        let mut stream = client.read(CallContext::new(), target, ReadOptions::default()).await?;
        let (mut rows, mut bytes) = (0, 0);
        while let Some(chunk) = stream.try_next().await? {
            rows += chunk.batch.num_rows() as u64;
            for column in chunk.batch.columns() {
                bytes += column.to_data().get_slice_memory_size()? as u64;
            }
        }
        if rows == ROWS { Ok(bytes) } else { Err(format!("{rows} of {ROWS} rows came").into()) }
    })
}

/// About 512 MB of the demo table.
const ROWS: u64 = 16_000_000;
/// What a row of the demo table takes, about.
const BYTES_PER_ROW: u64 = 32;
