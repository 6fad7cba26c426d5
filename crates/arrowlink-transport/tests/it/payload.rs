//! Payloads: cut within a limit, complete by themselves, decoded with errors that name the payload.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::Int32Type;
use arrow_array::{
    Array as _, DictionaryArray, RecordBatch, RecordBatchOptions, StringArray, StringViewArray, record_batch,
};
use arrow_cast::pretty::pretty_format_batches;
use arrow_schema::{DataType, Field, Schema};
use arrowlink_core::{BatchStream, Chunk, Error, ErrorKind};
use arrowlink_ipc::{EncodeOptions, Limits, read_stream, write_stream};
use arrowlink_transport::payload::{Origin, Payload, decode, encode};
use bytes::Bytes;
use expect_test::expect;
use futures::executor::block_on;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};

use crate::support::{stream_of, three_rows};
use crate::types;

/// The prefix of gRPC, the key and the length of protobuf, and the payload.
fn message_bytes(payload: &Payload) -> usize {
    let length_bytes = (payload.bytes.len().max(1).ilog2() / 7 + 1) as usize;
    5 + 1 + length_bytes + payload.bytes.len()
}

fn encoded(batches: BatchStream, max_bytes: usize) -> Result<Vec<Payload>, Error> {
    block_on(encode(batches, max_bytes).try_collect())
}

/// Encodes and decodes each payload by itself, and returns all batches.
fn opened(payloads: &[Payload]) -> Vec<RecordBatch> {
    payloads
        .iter()
        .flat_map(|payload| read_stream(payload.bytes.to_bytes(), &Limits::default()).unwrap().1)
        .collect()
}

fn shown(batches: &[RecordBatch]) -> String {
    pretty_format_batches(batches).unwrap().to_string()
}

/// Returns the size of a payload of the schema alone.
fn schema_bytes(batch: &RecordBatch) -> usize {
    encoded(stream_of(&batch.slice(0, 0)), usize::MAX).unwrap()[0].bytes.len()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn payloads_are_the_rows_in_order_each_within_the_limit(rows in 1_usize..200, room in 1200_usize..20_000) {
        for batch in types::batches(rows) {
            let max_bytes = schema_bytes(&batch) + room * batch.num_columns();
            let payloads = encoded(stream_of(&batch), max_bytes).unwrap();
            for payload in &payloads {
                prop_assert!(message_bytes(payload) <= max_bytes);
            }
            prop_assert_eq!(payloads.iter().map(|payload| payload.rows).sum::<u64>(), rows as u64);
            prop_assert_eq!(shown(&opened(&payloads)), shown(&[batch]));
        }
    }

    #[test]
    fn slices_lose_and_gain_nothing(start in 0_usize..50, rows in 1_usize..50) {
        for batch in types::batches(100) {
            let slice = batch.slice(start, rows);
            let payloads = encoded(stream_of(&slice), 1 << 20).unwrap();
            prop_assert_eq!(payloads.len(), 1);
            prop_assert_eq!(shown(&opened(&payloads)), shown(&[slice]));
        }
    }
}

#[test]
fn older_clients_know_every_type_that_is_sent() {
    for batch in types::batches(10) {
        let payloads = encoded(stream_of(&batch), 1 << 20).unwrap();
        let (schema, _) = read_stream(payloads[0].bytes.to_bytes(), &Limits::default()).unwrap();
        let text = format!("{schema:?}");
        for newer in ["View", "RunEndEncoded"] {
            assert!(!text.contains(newer), "{text}");
        }
    }
}

#[test]
fn a_batch_that_fits_stays_whole() {
    for batch in types::batches(100) {
        let whole = encoded(stream_of(&batch), usize::MAX).unwrap();
        assert_eq!(whole.len(), 1);
        let exactly = message_bytes(&whole[0]);
        assert_eq!(encoded(stream_of(&batch), exactly).unwrap().len(), 1);
    }
}

#[test]
fn a_batch_that_is_cut_is_cut_evenly() {
    let batch = numbers(100_000);
    let max_bytes = 64 << 10;
    let payloads = encoded(stream_of(&batch), max_bytes).unwrap();
    let full = max_bytes - schema_bytes(&batch) - 512;
    assert_eq!(payloads.len(), (100_000 * size_of::<i64>()).div_ceil(full), "one more than has to be");
    assert!(payloads.iter().all(|payload| message_bytes(payload) <= max_bytes));
    let rows = || payloads.iter().map(|payload| payload.rows);
    let (fewest, most) = (rows().min().unwrap(), rows().max().unwrap());
    assert!(fewest * 10 > most * 9, "pieces of {fewest} to {most} rows");
    assert_eq!(shown(&opened(&payloads)), shown(&[batch]));
}

#[test]
fn a_batch_that_hardly_fails_to_fit_is_cut_into_halves() {
    let batch = numbers(10_000);
    let whole = encoded(stream_of(&batch), usize::MAX).unwrap();
    let payloads = encoded(stream_of(&batch), message_bytes(&whole[0]) - 1).unwrap();
    assert_eq!(payloads.iter().map(|payload| payload.rows).collect::<Vec<_>>(), [5056, 4944]);
}

#[test]
fn pieces_have_multiples_of_64_rows_where_so_many_fit() {
    for batch in types::batches(1000) {
        let columns = batch.num_columns();
        for room in [500, 2_000, 20_000] {
            let Ok(payloads) = encoded(stream_of(&batch), schema_bytes(&batch) + room * columns) else {
                continue;
            };
            let (_, cut) = payloads.split_last().unwrap();
            for payload in cut {
                assert!(payload.rows < 64 || payload.rows % 64 == 0, "{} rows", payload.rows);
            }
            assert_eq!(shown(&opened(&payloads)), shown(std::slice::from_ref(&batch)));
        }
    }
}

#[test]
fn rows_that_are_large_are_cut_anywhere() {
    let texts = StringArray::from_iter_values((0..25).map(|_| "t".repeat(1000)));
    let batch = RecordBatch::try_from_iter([("text", Arc::new(texts) as arrow_array::ArrayRef)]).unwrap();
    let payloads = encoded(stream_of(&batch), 12_000).unwrap();
    assert_eq!(payloads.iter().map(|payload| payload.rows).collect::<Vec<_>>(), [9, 8, 8]);
}

fn numbers(rows: i64) -> RecordBatch {
    let numbers = arrow_array::Int64Array::from_iter_values(0..rows);
    RecordBatch::try_from_iter([("id", Arc::new(numbers) as arrow_array::ArrayRef)]).unwrap()
}

#[test]
fn one_row_of_a_large_batch_takes_the_bytes_of_one_row() {
    let views =
        StringViewArray::from_iter_values((0..100_000).map(|row| format!("a rather long text {row}")));
    let words: DictionaryArray<Int32Type> = (0..100_000)
        .map(|row| format!("a rather long text {row}"))
        .collect::<Vec<_>>()
        .iter()
        .map(|word| Some(word.as_str()))
        .collect();
    let batch = RecordBatch::try_from_iter([
        ("view", Arc::new(views) as arrow_array::ArrayRef),
        ("word", Arc::new(words)),
    ])
    .unwrap();
    let payloads = encoded(stream_of(&batch.slice(50_000, 1)), 4 << 20).unwrap();
    assert!(payloads[0].bytes.len() < 2048, "{} bytes", payloads[0].bytes.len());
    let opened = opened(&payloads);
    let dictionary = opened[0].column(1).as_dictionary::<Int32Type>();
    assert_eq!(dictionary.values().len(), 1);
}

#[test]
fn a_dataset_without_rows_is_one_payload_with_its_schema() {
    let batch = three_rows();
    for empty in [
        BatchStream::from_batches(batch.schema(), Vec::new()),
        BatchStream::from_batches(batch.schema(), vec![batch.slice(0, 0), batch.slice(1, 0)]),
    ] {
        let payloads = encoded(empty, 4 << 20).unwrap();
        assert_eq!((payloads.len(), payloads[0].rows), (1, 0));
        let (schema, batches) = read_stream(payloads[0].bytes.to_bytes(), &Limits::default()).unwrap();
        assert_eq!((schema, batches.len()), (batch.schema(), 0));
    }
}

#[test]
fn batches_without_rows_between_others_are_left_out() {
    let batch = three_rows();
    let batches = vec![batch.slice(0, 0), batch.clone(), batch.slice(0, 0), batch.clone()];
    let payloads = encoded(BatchStream::from_batches(batch.schema(), batches), 4 << 20).unwrap();
    assert_eq!(opened(&payloads), [batch.clone(), batch]);
}

#[test]
fn rows_without_columns_are_counted() {
    let options = RecordBatchOptions::new().with_row_count(Some(1000));
    let batch = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &options).unwrap();
    let payloads = encoded(stream_of(&batch), 4 << 20).unwrap();
    assert_eq!((payloads[0].rows, payloads[0].cells), (1000, 0));
    assert_eq!(opened(&payloads)[0].num_rows(), 1000);
}

#[test]
fn names_the_row_that_is_too_large_in_the_whole_dataset() {
    let small = record_batch!(("text", Utf8, ["a", "b", "c"])).unwrap();
    let large = StringArray::from(vec!["d".to_owned(), "e".repeat(10_000), "f".to_owned()]);
    let schema = Arc::new(Schema::new(vec![Field::new("text", DataType::Utf8, true)]));
    let large = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(large)]).unwrap();
    let small = RecordBatch::try_new(Arc::clone(&schema), small.columns().to_vec()).unwrap();
    let mut payloads = Box::pin(encode(BatchStream::from_batches(schema, vec![small, large]), 4096));
    let mut rows = 0;
    let error = block_on(async {
        loop {
            match payloads.next().await.unwrap() {
                Ok(payload) => rows += payload.rows,
                Err(error) => break error,
            }
        }
    });
    assert_eq!((rows, error.kind()), (4, ErrorKind::LimitExceeded));
    expect!["row 5 takes 10440 bytes by itself, more than the 4096 bytes of a message: announce a larger limit in the request metadata key `arrowlink-max-message-bytes`"]
        .assert_eq(error.message());
}

#[test]
fn says_that_a_schema_does_not_fit() {
    let error = encoded(stream_of(&three_rows().slice(0, 0)), 100).unwrap_err();
    expect!["the schema takes 200 bytes by itself, more than the 100 bytes of a message: announce a larger limit in the request metadata key `arrowlink-max-message-bytes`"]
        .assert_eq(error.message());
}

#[test]
fn ends_with_the_error_of_its_batches() {
    let batch = three_rows();
    let chunks = vec![Ok(Chunk::new(batch.clone())), Err(Error::new(ErrorKind::Corrupt, "row 4 is damaged"))];
    let payloads: Vec<_> =
        block_on(encode(BatchStream::new(batch.schema(), stream::iter(chunks)), 4 << 20).collect());
    assert_eq!(payloads.len(), 2);
    assert_eq!(payloads[1].as_ref().unwrap_err().message(), "row 4 is damaged");
}

fn written(batch: &RecordBatch) -> Bytes {
    let segments = write_stream(&batch.schema(), [batch], &EncodeOptions::default()).unwrap();
    segments.iter().flat_map(|segment| segment.to_vec()).collect::<Vec<_>>().into()
}

/// Decodes payloads and returns the batches, or the first error.
fn check_decode(payloads: Vec<Bytes>, origin: Origin) -> Result<Vec<RecordBatch>, String> {
    let payloads = stream::iter(payloads.into_iter().map(Ok));
    let batches =
        block_on(async { decode(payloads, Limits::default(), origin).await?.collect_batches().await });
    batches.map_err(|error| format!("{:?}: {}", error.kind(), error.chain()))
}

#[test]
fn decodes_what_it_encoded() {
    for batch in types::batches(100) {
        let room = schema_bytes(&batch) + 3000 * batch.num_columns();
        let payloads = encoded(stream_of(&batch), room).unwrap();
        let bytes = payloads.iter().map(|payload| payload.bytes.to_bytes()).collect();
        assert_eq!(shown(&check_decode(bytes, Origin::Client).unwrap()), shown(&[batch]));
    }
}

#[test]
fn names_the_payload_that_is_not_arrow() {
    let good = written(&three_rows());
    let error =
        check_decode(vec![good.clone(), Bytes::from_static(b"{\"id\": 1}")], Origin::Client).unwrap_err();
    expect![
        "InvalidArgument: payload 2 is not a complete Arrow IPC stream: message 1: this is no Arrow stream"
    ]
    .assert_eq(&error);
    let error = check_decode(vec![good.slice(..good.len() - 20)], Origin::Client).unwrap_err();
    expect!["InvalidArgument: payload 1 is not a complete Arrow IPC stream: message 2: the input ends here, at least 12 more bytes are needed"].assert_eq(&error);
    let error = check_decode(vec![Bytes::new()], Origin::Server).unwrap_err();
    expect!["Corrupt: payload 1 is not a complete Arrow IPC stream: message 1: the input ends here, at least 4 more bytes are needed"].assert_eq(&error);
}

#[test]
fn names_the_payload_that_has_another_schema_and_the_fields() {
    let other = record_batch!(("id", Utf8, ["1"]), ("name", Utf8, ["a"])).unwrap();
    let error = check_decode(vec![written(&three_rows()), written(&other)], Origin::Client).unwrap_err();
    expect![
        "SchemaMismatch: payload 2 has another schema than the first: column `id`: expected Int64, got Utf8"
    ]
    .assert_eq(&error);
}

#[test]
fn takes_payloads_whose_schemas_differ_in_metadata_alone() {
    let batch = three_rows();
    let schema =
        Schema::clone(&batch.schema()).with_metadata([("made".to_owned(), "later".to_owned())].into());
    let other = batch.clone().with_schema(Arc::new(schema)).unwrap();
    let decoded = check_decode(vec![written(&batch), written(&other)], Origin::Client).unwrap();
    assert_eq!(decoded, [batch.clone(), batch]);
}

#[test]
fn asks_for_at_least_one_payload() {
    expect!["InvalidArgument: the upload has no payload: send at least one Arrow IPC stream, which may be without rows"]
        .assert_eq(&check_decode(Vec::new(), Origin::Client).unwrap_err());
    expect!["Corrupt: the server sent no payload, not even one without rows"]
        .assert_eq(&check_decode(Vec::new(), Origin::Server).unwrap_err());
}

#[test]
fn keeps_to_the_limits_of_the_codec() {
    let payloads = stream::iter([Ok(written(&three_rows()))]);
    let limits = Limits::default().with_max_message_bytes(64);
    let error = block_on(decode(payloads, limits, Origin::Client)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    expect!["payload 1 exceeds a limit: message 1: 184 exceeds `max_message_bytes`, which is 64"]
        .assert_eq(&error.chain());
}
