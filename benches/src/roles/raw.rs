//! The peer that nothing can be faster than: bytes over a plain socket in writes of 1 MiB.

use std::fmt::Display;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Instant;

use crate::Failure;
use crate::turn::{self, Turn};

/// Serves `bytes` bytes to each connection, one after the other, until the process is ended.
pub(crate) fn serve(bytes: u64, socket: Option<&Path>) -> Result<(), Failure> {
    let Some(path) = socket else {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let connections = listener.incoming().map(|connection| {
            connection.and_then(|connection| connection.set_nodelay(true).map(|()| connection))
        });
        return send_to_all(&listener.local_addr()?, connections, bytes);
    };
    let listener = UnixListener::bind(path)?;
    send_to_all(&path.display(), listener.incoming(), bytes)
}

/// Reads everything that the server at `uri` (`tcp://HOST:PORT` or `unix:///PATH`) sends, once for each turn.
pub(crate) fn take_turns(uri: &str) -> Result<(), Failure> {
    turn::take_turns(|| match uri.split_once("://") {
        Some(("tcp", address)) => read(|| TcpStream::connect(address)),
        Some(("unix", path)) => read(|| UnixStream::connect(path)),
        _ => Err(format!("`{uri}` is no address of a raw socket").into()),
    })
}

fn send_to_all<S: Write>(
    address: &dyn Display,
    connections: impl Iterator<Item = io::Result<S>>,
    bytes: u64,
) -> Result<(), Failure> {
    println!("listening on {address}");
    let block = vec![1_u8; BLOCK];
    for connection in connections {
        match send(connection?, &block, bytes) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

fn send(mut connection: impl Write, block: &[u8], bytes: u64) -> io::Result<()> {
    for _ in 0..bytes / block.len() as u64 {
        connection.write_all(block)?;
    }
    connection.write_all(&block[..(bytes % block.len() as u64) as usize])
}

/// Connects and reads to the end; a row is a byte here.
fn read<S: Read>(connect: impl FnOnce() -> io::Result<S>) -> Result<Turn, Failure> {
    let mut block = vec![0_u8; BLOCK];
    let start = Instant::now();
    let mut connection = connect()?;
    let (mut rows, mut batches) = (0, 0);
    loop {
        match connection.read(&mut block)? {
            0 => {
                let seconds = vec![start.elapsed().as_secs_f64()];
                return Ok(Turn { rows, bytes: rows, batches, seconds, ..Turn::default() });
            }
            read => (rows, batches) = (rows + read as u64, batches + 1),
        }
    }
}

const BLOCK: usize = 1 << 20;
