//! Arrow IPC files and streams: their own types and batches, compression, and damage of every kind.

use std::sync::Arc;

use arrow_array::types::Int8Type;
use arrow_array::{ArrayRef, DictionaryArray, Int64Array, RecordBatch, StringViewArray};
use arrow_ipc::CompressionType;
use arrowlink_core::{CallContext, Dataset as _, ErrorKind};

use crate::files::{arrow_file, arrow_stream};
use crate::support::{Folder, check, ids, rows};

#[tokio::test]
async fn reads_files_and_streams_compressed_or_not() {
    let batches = [rows(0, 100), rows(100, 100)];
    for compression in [None, Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD)] {
        for bytes in [arrow_file(&batches, compression), arrow_stream(&batches, compression)] {
            let folder = Folder::new();
            folder.write("a.arrow", bytes);
            let (schema, read) = folder.read("a.arrow").await.unwrap();
            assert_eq!(schema, batches[0].schema());
            assert_eq!(read, batches);
        }
    }
}

#[tokio::test]
async fn keeps_dictionaries_and_views() {
    let dictionary: ArrayRef =
        Arc::new(vec!["x", "y", "x"].into_iter().collect::<DictionaryArray<Int8Type>>());
    let view: ArrayRef =
        Arc::new(StringViewArray::from(vec![Some("a"), None, Some("longer than twelve bytes")]));
    let batches = [RecordBatch::try_from_iter([("dictionary", dictionary), ("view", view)]).unwrap()];
    for bytes in [arrow_file(&batches, None), arrow_stream(&batches, None)] {
        let folder = Folder::new();
        folder.write("a.feather", bytes);
        let (_, read) = folder.read("a.feather").await.unwrap();
        assert_eq!(read, batches);
    }
}

#[tokio::test]
async fn counts_rows_without_reading_them() {
    let batches = [rows(0, 1000), rows(1000, 500)];
    for bytes in [arrow_file(&batches, None), arrow_stream(&batches, None)] {
        let folder = Folder::new();
        folder.write("a.arrows", bytes);
        let description = folder.open("a.arrows").await.unwrap().describe(CallContext::new()).await.unwrap();
        assert_eq!(description.rows, Some(1500));
    }
}

#[tokio::test]
async fn stored_batches_stay_whole_up_to_a_bound() {
    let folder = Folder::new();
    folder.write("a.arrow", arrow_file(&[rows(0, 20_000), rows(20_000, 100_000)], None));
    let (_, read) = folder.read("a.arrow").await.unwrap();
    let lengths: Vec<usize> = read.iter().map(RecordBatch::num_rows).collect();
    assert_eq!(lengths, [20_000, 65_536, 34_464]);
    assert_eq!(ids(&read), (0..120_000).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_file_that_is_cut_off_is_corrupt() {
    let bytes = arrow_file(&[rows(0, 1000)], None);
    for length in [0, 3, 7, 100, bytes.len() / 2, bytes.len() - 1] {
        let folder = Folder::new();
        folder.write("a.arrow", &bytes[..length]);
        check(&folder.error("a.arrow").await, ErrorKind::Corrupt, &["`a.arrow`"]);
    }
}

#[tokio::test]
async fn a_stream_that_is_cut_off_is_corrupt() {
    let bytes = arrow_stream(&[rows(0, 1000)], None);
    for length in [1, 5, 100, bytes.len() / 2] {
        let folder = Folder::new();
        folder.write("a.arrows", &bytes[..length]);
        check(&folder.error("a.arrows").await, ErrorKind::Corrupt, &["`a.arrows`"]);
    }
}

#[tokio::test]
async fn another_format_under_the_name_is_corrupt() {
    let folder = Folder::new();
    folder.write("a.arrow", "id,name\n1,a\n").write("b.feather", b"FEA1 and more than that of it FEA1");
    check(&folder.error("a.arrow").await, ErrorKind::Corrupt, &["`a.arrow`"]);
    check(&folder.error("b.feather").await, ErrorKind::Corrupt, &["`b.feather`", "Feather version 1"]);
}

#[tokio::test]
async fn every_mutated_byte_is_an_error_or_rows_and_never_more() {
    let folder = Folder::new();
    let batches = [rows(0, 9)];
    for (name, good) in [
        ("a.arrow", arrow_file(&batches, Some(CompressionType::LZ4_FRAME))),
        ("a.arrow", arrow_file(&batches, None)),
        ("a.arrows", arrow_stream(&batches, Some(CompressionType::ZSTD))),
        ("a.arrows", arrow_stream(&batches, None)),
    ] {
        for index in 0..good.len() {
            for mask in [0x01, 0xff] {
                let mut bytes = good.clone();
                bytes[index] ^= mask;
                folder.write(name, bytes);
                if let Err(error) = folder.read(name).await {
                    let kinds = [ErrorKind::Corrupt, ErrorKind::Unsupported];
                    assert!(kinds.contains(&error.kind()), "byte {index}: {}", error.chain());
                    assert!(error.message().contains(name), "byte {index}: {}", error.chain());
                }
            }
        }
        folder.write(name, &good);
        assert_eq!(folder.read(name).await.unwrap().1, batches);
    }
}

#[tokio::test]
async fn a_schema_cannot_be_given() {
    let folder = Folder::new();
    folder.write("a.arrow", arrow_file(&[rows(0, 1)], None));
    let error = folder.error_with("a.arrow", folder.options().with_schema(rows(0, 1).schema())).await;
    check(
        &error,
        ErrorKind::InvalidArgument,
        &["`schema` is for CSV and JSON: Arrow IPC files have their own"],
    );
}

#[tokio::test]
async fn rows_that_break_their_own_schema_are_corrupt() {
    // The second schema says that no id is null, which the rows of the file do not keep.
    let nullable = RecordBatch::try_from_iter_with_nullable([("id", null_ids(), true)]).unwrap();
    let mut bytes = arrow_stream(&[nullable], None);
    let strict = RecordBatch::try_from_iter_with_nullable([("id", whole_ids(), false)]).unwrap();
    let schema = arrow_stream(&[strict], None);
    let length = |bytes: &[u8]| 8 + u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize;
    let (from, to) = (length(&schema), length(&bytes));
    bytes.splice(..to, schema[..from].iter().copied());
    let folder = Folder::new();
    folder.write("a.arrows", bytes);
    check(&folder.error("a.arrows").await, ErrorKind::Corrupt, &["`a.arrows`", "'id'"]);
}

fn null_ids() -> ArrayRef {
    Arc::new(Int64Array::from(vec![Some(1), None]))
}

fn whole_ids() -> ArrayRef {
    Arc::new(Int64Array::from(vec![1, 2]))
}
