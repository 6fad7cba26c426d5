//! Streams in pieces, and streams that end too early.

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrowlink_ipc::{EncodeOptions, ErrorKind, Limits, StreamDecoder, read_stream};
use arrowlink_testkit::{Maker, types};

use crate::support::{COMPRESSIONS, read_in_pieces, stream};

#[test]
fn reads_byte_by_byte() {
    for compression in COMPRESSIONS {
        let batches = [Maker::new(1).batch(&types(), 5), Maker::new(2).batch(&types(), 3)];
        let bytes = stream(&batches, &EncodeOptions::default().with_compression(compression));
        assert_eq!(read_in_pieces(&bytes, 1, &Limits::default()).unwrap(), batches);
    }
}

#[test]
fn says_how_many_bytes_it_needs() {
    let batches = [Maker::new(1).batch(&types(), 50)];
    let bytes = stream(&batches, &EncodeOptions::default());
    let mut decoder = StreamDecoder::new(Limits::default());
    let (mut read, mut at, mut asked) = (Vec::new(), 0, 0);
    while decoder.needed() > 0 {
        let mut piece = Buffer::from(&bytes[at..at + decoder.needed()]);
        (at, asked) = (at + piece.len(), asked + 1);
        read.extend(decoder.decode(&mut piece).unwrap());
        assert!(piece.is_empty());
    }
    assert!(decoder.is_finished());
    assert_eq!((at, read.as_slice()), (bytes.len(), batches.as_slice()));
    assert!(asked < 150, "{asked} steps for fewer than 30 messages");
}

#[test]
fn every_cut_of_a_whole_stream_is_truncated() {
    let bytes = two_batches().1;
    for end in 0..bytes.len() {
        let error = read_stream(bytes[..end].to_vec().into(), &Limits::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Truncated, "{error} at {end}");
    }
}

#[test]
fn streams_that_arrive_may_end_between_messages() {
    let (batches, bytes) = two_batches();
    let mut whole = Vec::new();
    for end in 0..bytes.len() {
        match read_in_pieces(&bytes[..end], usize::MAX, &Limits::default()) {
            Ok(read) => {
                assert_eq!(read, batches[..read.len()]);
                whole.push(read.len());
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::Truncated, "{error} at {end}"),
        }
    }
    assert_eq!(whole, [0, 1, 2], "only between messages may a stream end without its marker");
}

fn two_batches() -> ([RecordBatch; 2], Vec<u8>) {
    let batches = [Maker::new(1).batch(&types()[..6], 3), Maker::new(2).batch(&types()[..6], 2)];
    let bytes = stream(&batches, &EncodeOptions::default());
    (batches, bytes)
}

#[test]
fn cut_streams_ask_for_the_rest() {
    let bytes = stream(&[Maker::new(1).batch(&types()[..6], 3)], &EncodeOptions::default());
    let mut decoder = StreamDecoder::new(Limits::default());
    decoder.decode(&mut Buffer::from(&bytes[..100])).unwrap();
    let error = decoder.finish().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    expect_test::expect![[r#"message 1: the input ends here, at least 284 more bytes are needed"#]]
        .assert_eq(&error.to_string());
}

#[test]
fn no_input_is_no_stream() {
    let error = read_stream(Vec::new().into(), &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
}

#[test]
fn bytes_after_the_end_are_an_error() {
    let mut bytes = stream(&[Maker::new(1).batch(&types()[..2], 3)], &EncodeOptions::default());
    bytes.push(0);
    let error = read_stream(bytes.into(), &Limits::default()).unwrap_err();
    expect_test::expect!["message 3: 1 bytes follow the end of the stream"].assert_eq(&error.to_string());
}

#[test]
fn nothing_is_read_after_an_error() {
    let bytes = stream(&[Maker::new(1).batch(&types()[..2], 3)], &EncodeOptions::default());
    let mut decoder = StreamDecoder::new(Limits::default().with_max_metadata_bytes(100));
    assert_eq!(decoder.decode(&mut bytes.clone().into()).unwrap_err().kind(), ErrorKind::LimitExceeded);
    assert_eq!(decoder.decode(&mut bytes.into()).unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(decoder.needed(), 0);
    assert_eq!(decoder.finish().unwrap_err().kind(), ErrorKind::Invalid);
}

#[test]
fn contiguous_aligned_messages_are_not_copied() {
    let batch = Maker::new(1).batch(&types(), 64);
    let bytes = Buffer::from(stream(&[batch], &EncodeOptions::default()).as_slice());
    let (begin, end) = (bytes.as_ptr() as usize, bytes.as_ptr() as usize + bytes.len());
    let mut decoder = StreamDecoder::new(Limits::default().with_max_decompressed_bytes(0));
    let batch = decoder.decode(&mut bytes.clone()).unwrap().unwrap();
    for column in batch.columns() {
        for buffer in column.to_data().buffers() {
            let at = buffer.as_ptr() as usize;
            assert!(buffer.is_empty() || (begin..end).contains(&at), "{}", column.data_type());
        }
    }
}

#[test]
fn misaligned_messages_are_copied_and_paid_for() {
    let batch = Maker::new(1).batch(&types(), 64);
    let bytes = stream(std::slice::from_ref(&batch), &EncodeOptions::default());
    let shifted = Buffer::from([&[0], bytes.as_slice()].concat().as_slice()).slice(1);
    let mut decoder = StreamDecoder::new(Limits::default());
    assert_eq!(decoder.decode(&mut shifted.clone()).unwrap().unwrap(), batch);
    let mut decoder = StreamDecoder::new(Limits::default().with_max_decompressed_bytes(100));
    assert_eq!(decoder.decode(&mut shifted.clone()).unwrap_err().kind(), ErrorKind::LimitExceeded);
}
