//! Memory: what is claimed is not allocated, what is limited is not exceeded. Counted by an allocator of its own.
#![allow(
    clippy::expect_used,
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, and say what they leave out"
)]
#![expect(unsafe_code, reason = "an allocator that counts has to be one")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use arrow_array::{RecordBatch, record_batch};
use arrow_buffer::Buffer;
use arrow_schema::DataType;
use arrowlink_ipc::{
    Compression, Decoded, EncodeOptions, ErrorKind, Limits, MessageDecoder, MessageEncoder, StreamDecoder,
    read_stream, write_stream,
};
use arrowlink_testkit::Maker;

/// Counts what the current thread holds, the most it held, and how often it allocated.
struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    // A thread that ends has no counters any more.
    let _ = HELD.try_with(|held| {
        held.set(held.get() + bytes);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(held.get())));
        let _ = CALLS.try_with(|calls| calls.set(calls.get() + usize::from(bytes > 0)));
    });
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        // SAFETY: as required of the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        // SAFETY: as required of the caller.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn claims_allocate_nothing() {
    let bytes = plain();
    for end in [8, 200, 1000, bytes.len() / 2] {
        let mut piece = Buffer::from(&bytes[..end]);
        let peak = peak(|| {
            let mut decoder = StreamDecoder::new(Limits::default());
            assert!(decoder.decode(&mut piece).unwrap().is_none());
        });
        assert!(peak < 3 * end + (80 << 10), "{peak} bytes for {end}");
    }
}

#[test]
fn messages_in_pieces_take_little_more_than_themselves() {
    let bytes = plain();
    let peak = peak(|| {
        let mut decoder = StreamDecoder::new(Limits::default());
        for piece in bytes.chunks(1000) {
            let mut piece = Buffer::from(piece);
            drop(decoder.decode(&mut piece).unwrap());
        }
    });
    assert!(peak < bytes.len() * 4 / 3, "{peak} bytes for {}", bytes.len());
}

#[test]
fn whole_messages_take_nothing_but_bookkeeping() {
    let bytes = Buffer::from(plain().as_slice());
    let peak = peak(|| {
        let mut input = bytes.clone();
        let mut decoder = StreamDecoder::new(Limits::default());
        assert!(decoder.decode(&mut input).unwrap().is_some());
    });
    assert!(peak < 8 << 10, "{peak} bytes for {}", bytes.len());
}

#[test]
fn messages_by_themselves_take_nothing_but_bookkeeping() {
    let batch =
        record_batch!(("v", Int64, vec![7; 1_000_000]), ("t", Utf8, vec!["text"; 1_000_000])).unwrap();
    let mut encoder = MessageEncoder::new(&batch.schema(), &EncodeOptions::default()).unwrap();
    let mut decoder = MessageDecoder::new(Limits::default());
    decoder.decode(encoder.schema().header(), &Buffer::default()).unwrap();
    drop(encoder.encode(&batch.slice(0, 1)).unwrap());

    let mut messages = Vec::new();
    let encoding = peak(|| messages = encoder.encode(&batch).unwrap());
    let bytes: Vec<u8> = messages[0].body().iter().flat_map(|segment| segment.to_vec()).collect();
    let body = Buffer::from(bytes.as_slice());
    let decoding = peak(|| {
        let decoded = decoder.decode(messages[0].header(), &body).unwrap();
        assert_eq!(decoded, Decoded::Batch(batch.clone()));
    });
    assert!(encoding < 8 << 10 && decoding < 8 << 10, "{encoding} and {decoding} bytes for {}", body.len());
}

#[test]
fn small_messages_take_few_allocations() {
    let types = [const { DataType::Float64 }; 8];
    for rows in [1, 32] {
        let batch = Maker::new(1).batch(&types, rows);
        let mut encoder = MessageEncoder::new(&batch.schema(), &EncodeOptions::default()).unwrap();
        let mut decoder = MessageDecoder::new(Limits::default());
        decoder.decode(encoder.schema().header(), &Buffer::default()).unwrap();
        drop(encoder.encode(&batch).unwrap());

        let mut messages = Vec::new();
        let encoding = calls(|| messages = encoder.encode(&batch).unwrap());
        let bytes: Vec<u8> = messages[0].body().iter().flat_map(|segment| segment.to_vec()).collect();
        let body = Buffer::from(bytes.as_slice());
        let decoding = calls(|| drop(decoder.decode(messages[0].header(), &body).unwrap()));
        assert!(encoding < 12 * types.len(), "{encoding} to encode {rows} rows");
        assert!(decoding < 5 * types.len(), "{decoding} to decode {rows} rows");
    }
}

#[test]
fn bombs_are_not_unpacked() {
    for compression in [Compression::Lz4, Compression::Zstd] {
        let bytes = write(&[large()], Some(compression));
        let limits = Limits::default().with_max_decompressed_bytes(1 << 20);
        let peak = peak(|| {
            let error = read_stream(bytes.clone().into(), &limits).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::LimitExceeded);
        });
        assert!(peak < CODEC + bytes.len(), "{peak} bytes with {compression:?}");
    }
}

#[test]
fn bombs_that_declare_little_are_not_unpacked() {
    for compression in [Compression::Lz4, Compression::Zstd] {
        let mut bytes = write(&[large()], Some(compression));
        let declared = 8_000_000_i64.to_le_bytes();
        let at = bytes.windows(8).position(|window| window == declared).unwrap();
        bytes[at..at + 8].copy_from_slice(&8_i64.to_le_bytes());
        let peak = peak(|| {
            let error = read_stream(bytes.clone().into(), &Limits::default()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
        });
        assert!(peak < CODEC + bytes.len(), "{peak} bytes with {compression:?}");
    }
}

#[test]
fn changed_bytes_never_allocate_more_than_the_limits() {
    let limits = Limits::default()
        .with_max_message_bytes(64 << 10)
        .with_max_metadata_bytes(16 << 10)
        .with_max_decompressed_bytes(64 << 10);
    let batch = record_batch!(("a", Int64, vec![7; 200]), ("b", Utf8, vec!["text"; 200])).unwrap();
    for compression in [None, Some(Compression::Lz4), Some(Compression::Zstd)] {
        let bytes = write(std::slice::from_ref(&batch), compression);
        for at in 0..bytes.len().min(3000) {
            for change in [0xff, 0x80] {
                let mut changed = bytes.clone();
                changed[at] ^= change;
                let peak = peak(|| drop(read_stream(changed.into(), &limits)));
                assert!(peak < CODEC + (192 << 10), "{peak} bytes for byte {at} changed by {change}");
            }
        }
    }
}

#[test]
fn fuzz_streams_never_allocate_more_than_the_limits() {
    let Some(folder) = arrowlink_testkit::test_data("fuzz") else { return };
    let limits = Limits::default()
        .with_max_message_bytes(1 << 20)
        .with_max_metadata_bytes(64 << 10)
        .with_max_decompressed_bytes(1 << 20);
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let peak = peak(|| drop(read_stream(bytes.clone().into(), &limits)));
        assert!(peak < CODEC + (2 << 20) + 20 * bytes.len(), "{peak} bytes for {}", bytes.len());
    }
}

/// Returns how much more than before `work` the thread held at a time.
fn peak(work: impl FnOnce()) -> usize {
    let before = HELD.get();
    PEAK.set(before);
    work();
    usize::try_from(PEAK.get() - before).unwrap()
}

/// Returns how often `work` allocated.
fn calls(work: impl FnOnce()) -> usize {
    let before = CALLS.get();
    work();
    CALLS.get() - before
}

fn large() -> RecordBatch {
    record_batch!(("v", Int64, vec![7; 1_000_000])).unwrap()
}

fn plain() -> Vec<u8> {
    write(&[large()], None)
}

fn write(batches: &[RecordBatch], compression: Option<Compression>) -> Vec<u8> {
    let options = EncodeOptions::default().with_compression(compression);
    let segments = write_stream(&batches[0].schema(), batches, &options).unwrap();
    segments.iter().flat_map(|segment| segment.to_vec()).collect()
}

/// What a codec takes whatever it reads.
const CODEC: usize = 13 << 20;
