//! Strangers who claim more than they send: the program's memory is bounded by what arrived.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::Program;

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The beginning of an upload whose message has 256 MiB, and ten bytes of it.
fn claim(stream: u32) -> Vec<u8> {
    // `:method: POST` and `:scheme: http` by their numbers, the others by their words.
    let mut head = vec![0x83, 0x86];
    for (name, value) in [
        (":path", "/dataexchange.ArrowDataService/SendArrowData"),
        (":authority", "localhost"),
        ("content-type", "application/grpc"),
    ] {
        head.push(0);
        for text in [name, value] {
            head.push(text.len().try_into().unwrap());
            head.extend(text.as_bytes());
        }
    }
    let message: u32 = (256 << 20) - 5;
    // The payload's key and its length, which is five bytes less.
    let payload = [0x0a, 0xf6, 0xff, 0xff, 0x7f];
    let data = [&[0][..], &message.to_be_bytes(), &payload, &[0; 10]].concat();
    [frame(HEADERS, END_HEADERS, stream, &head), frame(DATA, 0, stream, &data)].concat()
}

#[tokio::test]
async fn claims_of_many_calls_take_little_memory() {
    let program = Program::start(&["--insecure"]);
    let before = program.memory_bytes();
    let mut stream = TcpStream::connect(("127.0.0.1", program.port)).await.unwrap();
    let mut sent = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frame(SETTINGS, 0, 0, &[])].concat();
    sent.extend((1..500).step_by(2).flat_map(claim));
    sent.extend(frame(PING, 0, 0, b"all sent"));
    stream.write_all(&sent).await.unwrap();
    // The answer to the ping comes when all before it was read.
    let mut answers = Vec::new();
    while !answers.windows(8).any(|part| part == b"all sent") {
        assert!(stream.read_buf(&mut answers).await.unwrap() > 0, "closed after {answers:?}");
    }
    drop(stream);
    // None of them had been refused.
    program.line(&["SendArrowData", "status=\"CANCELLED\""]).await;
    assert!(!program.stderr().contains("INVALID_ARGUMENT"), "{}", program.stderr());
    let held = program.peak_memory_bytes().saturating_sub(before);
    assert!(held < 64 << 20, "{held} bytes");
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const END_HEADERS: u8 = 4;
