//! What the encoder writes is read by the readers of the formats, and leaves before the end.

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{Array as _, ArrayRef, DictionaryArray, RecordBatch, record_batch};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrowlink_formats::{EncodeOptions, Encoder, Error, Format};
use bytes::Bytes;
use expect_test::{Expect, expect};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

fn batch(from: i64) -> RecordBatch {
    record_batch!(
        ("id", Int64, [Some(from), Some(from + 1), None]),
        ("name", Utf8, [Some("ada"), None, Some("a \"quoted\", one")])
    )
    .unwrap()
}

fn encoded(format: Format, batches: &[RecordBatch]) -> Vec<u8> {
    let mut encoder = Encoder::new(format, batches[0].schema_ref(), &EncodeOptions::default()).unwrap();
    let mut bytes: Vec<u8> =
        batches.iter().flat_map(|batch| encoder.write(batch).unwrap().concat()).collect();
    bytes.extend(encoder.finish().unwrap().concat());
    bytes
}

fn check_text(format: Format, batches: &[RecordBatch], expected: Expect) {
    expected.assert_eq(&String::from_utf8(encoded(format, batches)).unwrap());
}

#[test]
fn writes_arrow_streams_that_arrow_reads() {
    let bytes = encoded(Format::ArrowStream, &[batch(1), batch(7)]);
    let read: Vec<_> = StreamReader::try_new(&bytes[..], None).unwrap().map(Result::unwrap).collect();
    assert_eq!(read, [batch(1), batch(7)]);
}

#[test]
fn writes_arrow_files_that_arrow_reads() {
    let bytes = encoded(Format::ArrowFile, &[batch(1), batch(7)]);
    let read: Vec<_> =
        FileReader::try_new(std::io::Cursor::new(bytes), None).unwrap().map(Result::unwrap).collect();
    assert_eq!(read, [batch(1), batch(7)]);
}

#[test]
fn writes_parquet_that_parquet_reads() {
    let bytes = Bytes::from(encoded(Format::Parquet, &[batch(1), batch(7)]));
    let read = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap();
    let rows: usize = read.map(|batch| batch.unwrap().num_rows()).sum();
    assert_eq!(rows, 6);
}

#[test]
fn writes_csv_with_one_line_of_names() {
    check_text(
        Format::Csv,
        &[batch(1), batch(7)],
        expect![[r#"
            id,name
            1,ada
            2,
            ,"a ""quoted"", one"
            7,ada
            8,
            ,"a ""quoted"", one"
        "#]],
    );
}

#[test]
fn writes_nulls_of_csv_as_it_is_told() {
    let batch = record_batch!(("id", Int64, [Some(1), None]), ("name", Utf8, [Some(""), None])).unwrap();
    for (options, expected) in [
        (EncodeOptions::default(), "id,name\n1,\n,\n"),
        (EncodeOptions::default().with_csv_null("NULL"), "id,name\n1,\nNULL,NULL\n"),
    ] {
        let mut encoder = Encoder::new(Format::Csv, batch.schema_ref(), &options).unwrap();
        assert_eq!(encoder.write(&batch).unwrap().concat(), expected.as_bytes());
    }
}

#[test]
fn writes_an_object_per_line() {
    check_text(
        Format::Ndjson,
        &[batch(1)],
        expect![[r#"
            {"id":1,"name":"ada"}
            {"id":2,"name":null}
            {"id":null,"name":"a \"quoted\", one"}
        "#]],
    );
}

#[test]
fn writes_one_array_of_many_batches() {
    check_text(
        Format::Json,
        &[batch(1).slice(0, 1), batch(7).slice(0, 1)],
        expect![[r#"
            [
            {"id":1,"name":"ada"},
            {"id":7,"name":"ada"}
            ]
        "#]],
    );
}

#[test]
fn writes_tables_without_rows() {
    let empty = batch(1).slice(0, 0);
    check_text(Format::Csv, std::slice::from_ref(&empty), expect!["id,name\n"]);
    check_text(Format::Ndjson, std::slice::from_ref(&empty), expect![""]);
    check_text(Format::Json, std::slice::from_ref(&empty), expect!["[\n]\n"]);
    for format in [Format::ArrowStream, Format::ArrowFile, Format::Parquet] {
        let encoder = Encoder::new(format, empty.schema_ref(), &EncodeOptions::default()).unwrap();
        assert!(!encoder.finish().unwrap().is_empty(), "{format}");
    }
}

#[test]
fn gives_what_is_ready_before_the_end() {
    let batch = record_batch!(("id", Int64, (0..100_000).collect::<Vec<i64>>())).unwrap();
    for format in Format::ALL {
        let options = EncodeOptions::default().with_row_group_bytes(1 << 10);
        let mut encoder = Encoder::new(format, batch.schema_ref(), &options).unwrap();
        let ready = encoder.write(&batch).unwrap().concat();
        assert!(ready.len() > 50_000, "{format}: {}", ready.len());
    }
}

#[test]
fn streams_the_columns_own_memory() {
    let batch = record_batch!(("id", Int64, (0..100_000).collect::<Vec<i64>>())).unwrap();
    let column = batch.column(0).to_data().buffers()[0].as_ptr();
    let options = EncodeOptions::default();
    let mut encoder = Encoder::new(Format::ArrowStream, batch.schema_ref(), &options).unwrap();
    assert!(encoder.write(&batch).unwrap().iter().any(|buffer| buffer.as_ptr() == column));
}

#[test]
fn writes_dictionaries_that_change() {
    let batch = |values: Vec<&str>| {
        let column: ArrayRef = Arc::new(values.into_iter().collect::<DictionaryArray<Int32Type>>());
        RecordBatch::try_from_iter([("kind", column)]).unwrap()
    };
    let batches = [batch(vec!["a", "b"]), batch(vec!["c", "a"])];
    let bytes = encoded(Format::ArrowFile, &batches);
    let read = FileReader::try_new(std::io::Cursor::new(bytes), None).unwrap();
    assert_eq!(read.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 4);
    check_text(Format::Csv, &batches, expect!["kind\na\nb\nc\na\n"]);
}

#[test]
fn refuses_rows_of_another_schema() {
    let other = record_batch!(("other", Utf8, ["a"])).unwrap();
    for format in Format::ALL {
        let mut encoder = Encoder::new(format, batch(1).schema_ref(), &EncodeOptions::default()).unwrap();
        let refused = encoder.write(&other).unwrap_err();
        assert!(matches!(refused, Error::Encode { format: of, .. } if of == format), "{refused:?}");
    }
}
