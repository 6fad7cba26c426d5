//! An end that speaks HTTP/2 frame by frame, to do and see what no library does.

use std::io;
use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

pub(crate) const DATA: u8 = 0;
pub(crate) const GO_AWAY: u8 = 7;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const WINDOW_UPDATE: u8 = 8;
const ACK: u8 = 1;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
pub(crate) const PADDED: u8 = 8;
/// The first call of a client.
pub(crate) const STREAM: u32 = 1;

/// One HTTP/2 connection.
pub(crate) struct RawClient<T>(T);

/// A frame as it came.
#[derive(Debug)]
pub(crate) struct RawFrame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) payload: Bytes,
}

impl RawFrame {
    pub(crate) fn ends_the_call(&self) -> bool {
        matches!(self.kind, DATA | HEADERS) && self.flags & END_STREAM != 0
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> RawClient<T> {
    /// Begins a connection whose windows never run out.
    pub(crate) async fn start(mut stream: T) -> Self {
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        let mut client = Self(stream);
        let mut window = BytesMut::new();
        window.put_u16(4);
        window.put_u32(1 << 30);
        client.send(SETTINGS, 0, 0, &window).await.unwrap();
        client.send(WINDOW_UPDATE, 0, 0, &(1_u32 << 30).to_be_bytes()).await.unwrap();
        client
    }

    /// Takes the place of the server: reads with what words a client begins.
    pub(crate) async fn accept(mut stream: T) -> Self {
        let mut preface = [0; 24];
        stream.read_exact(&mut preface).await.unwrap();
        assert_eq!(&preface, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        Self(stream)
    }

    /// Begins a gRPC call of `path`.
    pub(crate) async fn call(&mut self, path: &str) {
        self.call_on(STREAM, path).await;
    }

    /// Begins a gRPC call of `path` on a stream of an odd number.
    pub(crate) async fn call_on(&mut self, stream: u32, path: &str) {
        let mut block = BytesMut::new();
        let fields = [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", path),
            (":authority", "localhost"),
            ("content-type", "application/grpc"),
            ("te", "trailers"),
        ];
        for (name, value) in fields {
            block.put_u8(0);
            for text in [name, value] {
                block.put_u8(text.len().try_into().unwrap());
                block.put_slice(text.as_bytes());
            }
        }
        self.send(HEADERS, END_HEADERS, stream, &block).await.unwrap();
    }

    pub(crate) async fn data(&mut self, data: &[u8]) {
        self.send(DATA, 0, STREAM, data).await.unwrap();
    }

    pub(crate) async fn finish(&mut self) {
        self.send(DATA, END_STREAM, STREAM, &[]).await.unwrap();
    }

    /// Breaks the call off with an error code; 0 is `NO_ERROR`.
    pub(crate) async fn reset(&mut self, code: u32) {
        self.send(RST_STREAM, 0, STREAM, &code.to_be_bytes()).await.unwrap();
    }

    /// Says that one byte more may come, which changes nothing.
    pub(crate) async fn update_window(&mut self) -> io::Result<()> {
        self.send(WINDOW_UPDATE, 0, 0, &1_u32.to_be_bytes()).await
    }

    /// Reads on to the end of the only call, and returns how it came.
    pub(crate) async fn ended(&mut self) -> Ended {
        while let Some(frame) = self.polite_frame().await.unwrap() {
            match frame.kind {
                HEADERS if frame.flags & END_STREAM != 0 => {
                    return Ended::Status(grpc_status(&frame.payload));
                }
                RST_STREAM => return Ended::Reset(frame.payload[3]),
                GO_AWAY => return Ended::GoneAway(frame.payload[7]),
                _ => {}
            }
        }
        Ended::Closed
    }

    /// Returns the next frame; `None` where the server closed the connection. Does not answer anything.
    pub(crate) async fn frame(&mut self) -> io::Result<Option<RawFrame>> {
        timeout(LONGEST_WAIT, self.read()).await.unwrap()
    }

    /// Answers pings, returns all other frames.
    pub(crate) async fn polite_frame(&mut self) -> io::Result<Option<RawFrame>> {
        loop {
            match self.frame().await? {
                Some(RawFrame { kind: PING, flags: 0, payload }) => self.send(PING, ACK, 0, &payload).await?,
                other => return Ok(other),
            }
        }
    }

    async fn read(&mut self) -> io::Result<Option<RawFrame>> {
        let mut head = [0; 9];
        if self.0.read(&mut head[..1]).await? == 0 {
            return Ok(None);
        }
        self.0.read_exact(&mut head[1..]).await?;
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        self.0.read_exact(&mut payload).await?;
        Ok(Some(RawFrame { kind: head[3], flags: head[4], payload: payload.into() }))
    }

    pub(crate) async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> io::Result<()> {
        let mut frame = BytesMut::new();
        frame.put_uint(payload.len() as u64, 3);
        frame.put_u8(kind);
        frame.put_u8(flags);
        frame.put_u32(stream);
        frame.put_slice(payload);
        self.0.write_all(&frame).await?;
        self.0.flush().await
    }
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// By a status of gRPC.
    Status(u8),
    /// By the stream's end, with an error code of HTTP/2.
    Reset(u8),
    /// By the connection's end, with an error code of HTTP/2.
    GoneAway(u8),
    /// By the connection's end, without a word.
    Closed,
}

/// Finds `grpc-status` in the header block of a connection's first answer, where HPACK has it as a literal.
fn grpc_status(block: &[u8]) -> u8 {
    let at = block.windows(GRPC_STATUS.len()).position(|name| name == GRPC_STATUS).unwrap();
    let value = &block[at + GRPC_STATUS.len()..];
    match (value[0], value[1] >> 3, value[1] >> 2) {
        // One digit of Huffman's code, of five bits up to 2 and of six from 3.
        (0x81, digit @ 0..=2, _) => digit,
        (0x81, _, digit) => digit - 22,
        // The 1 of two digits, then the first bits of the other.
        (0x82, 1, _) => {
            let rest = u16::from_be_bytes([value[1], value[2]]) << 5;
            10 + if rest >> 11 <= 2 { rest >> 11 } else { (rest >> 10) - 22 } as u8
        }
        other => panic!("no status: {other:?}"),
    }
}

/// `grpc-status` in Huffman's code of HPACK, after its length.
const GRPC_STATUS: &[u8] = &[0x88, 0x9a, 0xca, 0xc8, 0xb2, 0x12, 0x34, 0xda, 0x8f];
const LONGEST_WAIT: Duration = Duration::from_secs(60);
