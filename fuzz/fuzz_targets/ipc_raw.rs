//! Bytes into the stream decoder, whole and in pieces whose size the first byte says.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let piece = bytes.first().map_or(1, |byte| usize::from(*byte) + 1);
    let _ = arrowlink_fuzz::read(bytes, piece);
});
