//! The peer that nothing can be faster than: bytes over a plain socket in writes of 1 MiB.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use crate::Failure;

/// Serves `bytes` bytes to each connection, one after the other, until the process is ended.
pub(crate) fn serve(bytes: u64) -> Result<(), Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("listening on {}", listener.local_addr()?);
    let block = vec![1_u8; BLOCK];
    for connection in listener.incoming() {
        match send(connection?, &block, bytes) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

fn send(mut connection: TcpStream, block: &[u8], bytes: u64) -> std::io::Result<()> {
    connection.set_nodelay(true)?;
    for _ in 0..bytes / block.len() as u64 {
        connection.write_all(block)?;
    }
    Ok(())
}

/// Reads everything that the server on `port` sends and returns how much it was.
pub(crate) fn read(port: u16) -> Result<u64, Failure> {
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    let mut block = vec![0_u8; BLOCK];
    let mut total = 0;
    loop {
        match connection.read(&mut block)? {
            0 => return Ok(total),
            read => total += read as u64,
        }
    }
}

const BLOCK: usize = 1 << 20;
