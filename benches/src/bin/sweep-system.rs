//! Throw-away: one measurement of a read with settings from the command line, beside a raw socket of the same run.
//! usage: sweep RAW|SERVER tls|plain REPS key=value...   (keys without prefix: both ends; c.KEY client; s.KEY server)
use std::env;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use arrowlink_client::{CipherPreference, Client, ClientOptions, Http2Options, Plaintext, TlsOptions};
use arrowlink_core::{CallContext, DataService as _, Name, ReadOptions, Target, WriteOptions};
use futures::{StreamExt as _, TryStreamExt as _};

type Failure = Box<dyn std::error::Error + Send + Sync>;

struct Peer(Child, u16);
impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
fn start(command: &mut Command) -> Result<Peer, Failure> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().ok_or("no stdout")?).read_line(&mut line)?;
    let port: String =
        line.trim().rsplit(':').next().unwrap_or("").chars().take_while(char::is_ascii_digit).collect();
    Ok(Peer(child, port.parse().map_err(|_| format!("no port in `{line}`"))?))
}
fn proc_ticks(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let rest: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let get = |idx: usize| rest.get(idx).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    (get(11) + get(12)) / 100.0
}
fn peak_mib(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

const BYTES: u64 = 512 << 20;

fn raw_server() -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("listening on {}", listener.local_addr()?);
    let block = vec![1_u8; 1 << 20];
    for connection in listener.incoming() {
        let mut connection = connection?;
        connection.set_nodelay(true)?;
        for _ in 0..BYTES >> 20 {
            if connection.write_all(&block).is_err() {
                break;
            }
        }
    }
    Ok(())
}
fn raw_read(port: u16) -> Result<f64, Failure> {
    let start = Instant::now();
    let mut connection = TcpStream::connect(("127.0.0.1", port))?;
    let mut block = vec![0_u8; 1 << 20];
    let mut total = 0_u64;
    loop {
        match connection.read(&mut block)? {
            0 => break,
            read => total += read as u64,
        }
    }
    Ok(total as f64 / start.elapsed().as_secs_f64() / 1e9)
}
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.first().is_some_and(|role| role == "raw-server") {
        return raw_server();
    }
    let [server, security, direction, repetitions, settings @ ..] = arguments.as_slice() else {
        return Err("usage".into());
    };
    let repetitions: usize = repetitions.parse()?;
    let rows: u64 = env::var("ROWS").ok().and_then(|text| text.parse().ok()).unwrap_or(16_000_000);
    let folder = tempfile::tempdir()?;
    let mut command = Command::new(server);
    command.current_dir(folder.path()).args(["--listen", "127.0.0.1:0", "--pin", "table"]);
    command.args(["--dataset", &format!("table=demo://?rows={rows}")]);
    command.env("ARROWLINK__LIMITS__MAX_MEMORY_UPLOADS", "64 GiB");
    let mut http2 = Http2Options::for_client();
    let mut tls = TlsOptions::default();
    for setting in settings {
        let (key, value) = setting.split_once('=').ok_or("key=value")?;
        let (sides, key) = match key.split_once('.') {
            Some(("c", key)) => ("c", key),
            Some(("s", key)) => ("s", key),
            _ => ("cs", key),
        };
        if sides.contains('s') {
            let section = if matches!(key, "read_buffer_bytes" | "send_buffer_bytes" | "ciphers") {
                "SERVER__TLS"
            } else {
                "HTTP2"
            };
            command.env(format!("ARROWLINK__{section}__{}", key.to_ascii_uppercase()), value);
        }
        if sides.contains('c') {
            let number = value.parse::<u32>().unwrap_or(0);
            match key {
                "stream_window_bytes" => http2 = http2.with_windows(number, http2.connection_window_bytes()),
                "connection_window_bytes" => {
                    http2 = http2.with_windows(http2.stream_window_bytes().min(number), number)
                }
                "max_frame_bytes" => http2 = http2.with_max_frame_bytes(number),
                "max_send_buffer_bytes" => http2 = http2.with_max_send_buffer_bytes(number),
                "nodelay" => http2 = http2.with_nodelay(value == "true"),
                "read_buffer_bytes" => tls = tls.with_read_buffer_bytes(number),
                "send_buffer_bytes" => tls = tls.with_send_buffer_bytes(number),
                "ciphers" => {
                    tls = tls.with_ciphers(if value == "strong" {
                        CipherPreference::Strong
                    } else {
                        CipherPreference::Fast
                    })
                }
                other => return Err(format!("unknown `{other}`").into()),
            }
        }
    }
    let mut options = ClientOptions::default().with_http2(http2).with_tls(tls);
    let scheme = if security == "plain" {
        command.arg("--insecure");
        options = options.with_plaintext(Plaintext::Loopback);
        "http"
    } else {
        options = options.with_ca_file(folder.path().join("certs/ca.crt"));
        "https"
    };
    let raw = start(Command::new(env::current_exe()?).arg("raw-server"))?;
    let peer = start(&mut command)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let client = runtime.block_on(Client::connect(&format!("{scheme}://localhost:{}", peer.1), options))?;
    let table: Vec<_> = if direction == "write" {
        runtime
            .block_on(async {
                let target = Target::from(Name::new("table")?);
                let stream = client.read(CallContext::new(), target, ReadOptions::default()).await?;
                stream.map_ok(|chunk| chunk.batch).try_collect().await
            })
            .map_err(|error: arrowlink_core::Error| error.to_string())?
    } else {
        Vec::new()
    };
    let mut rates = Vec::new();
    let mut raws = Vec::new();
    let (mut server_cpu, mut client_cpu, mut total) = (0.0, 0.0, 0_u64);
    for repetition in 0..=repetitions {
        let raw_rate = raw_read(raw.1)?;
        let (before_server, before_client) = (proc_ticks(peer.0.id()), proc_ticks(std::process::id()));
        let begin = Instant::now();
        let bytes = runtime.block_on(async {
            if direction == "write" {
                let schema = table.first().ok_or("no rows in the table")?.schema();
                let bytes: u64 = table.iter().map(|batch| batch.get_array_memory_size() as u64).sum();
                let stream = arrowlink_core::BatchStream::new(
                    schema,
                    futures::stream::iter(table.clone()).map(|batch| Ok(arrowlink_core::Chunk::new(batch))),
                );
                client
                    .write(
                        CallContext::new(),
                        Name::new(&format!("up{repetition}"))?,
                        stream,
                        WriteOptions::default(),
                    )
                    .await?;
                return Ok::<u64, Failure>(bytes);
            }
            let target = Target::from(Name::new("table")?);
            let mut stream = client.read(CallContext::new(), target, ReadOptions::default()).await?;
            let (mut seen, mut bytes) = (0, 0);
            while let Some(chunk) = stream.try_next().await? {
                seen += chunk.batch.num_rows() as u64;
                for column in chunk.batch.columns() {
                    bytes += column.to_data().get_slice_memory_size()? as u64;
                }
            }
            if seen == rows { Ok(bytes) } else { Err(format!("{seen} rows").into()) }
        })?;
        let rate = bytes as f64 / begin.elapsed().as_secs_f64() / 1e9;
        if repetition > 0 {
            rates.push(rate);
            raws.push(raw_rate);
            server_cpu += proc_ticks(peer.0.id()) - before_server;
            client_cpu += proc_ticks(std::process::id()) - before_client;
            total += bytes;
        }
    }
    let giga = total as f64 / 1e9;
    let mut ratios: Vec<f64> = rates.iter().zip(&raws).map(|(rate, raw)| rate / raw).collect();
    let (ratio, rate, raw_rate) = (median(&mut ratios), median(&mut rates), median(&mut raws));
    let first = rates.first().copied().unwrap_or(f64::NAN);
    let last = rates.last().copied().unwrap_or(f64::NAN);
    println!(
        "| {security} {direction} | {} | {rate:.2} | {first:.2} - {last:.2} | {raw_rate:.2} | {ratio:.3} | {:.2} | {:.2} | {:.0} | {:.0} |",
        if settings.is_empty() { "defaults".to_owned() } else { settings.join(" ") },
        server_cpu / giga,
        client_cpu / giga,
        peak_mib(peer.0.id()),
        peak_mib(std::process::id()),
    );
    Ok(())
}
