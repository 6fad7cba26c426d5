//! Parquet files: types, row groups, pruning of what is not read, and damage.

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, RecordBatch, StringArray, StringViewArray};
use arrow_schema::{DataType, Schema};
use arrowlink_core::{CallContext, Dataset as _, ErrorKind, ReadOptions};

use crate::files::parquet;
use crate::support::{Folder, check, chunks, ids, rows};

#[tokio::test]
async fn reads_all_row_groups_in_order() {
    let folder = Folder::new();
    folder.write("a.parquet", parquet(&rows(0, 25_000), 10_000));
    let (schema, batches) = folder.read("a.parquet").await.unwrap();
    assert_eq!(schema, rows(0, 1).schema());
    assert_eq!(ids(&batches), (0..25_000).collect::<Vec<_>>());
    assert!(batches.iter().all(|batch| batch.num_rows() <= 8192));
}

#[tokio::test]
async fn describes_from_the_footer() {
    let folder = Folder::new();
    let bytes = parquet(&rows(0, 300), 100);
    folder.write("a.parquet", &bytes);
    let description = folder.open("a.parquet").await.unwrap().describe(CallContext::new()).await.unwrap();
    assert_eq!(description.rows, Some(300));
    assert_eq!(description.bytes, Some(bytes.len() as u64));
    assert_eq!(description.source, "a.parquet");
    assert!(description.snapshot.is_some());
    assert!(!description.writable);
}

#[tokio::test]
async fn keeps_text_dictionaries_views_and_metadata_as_they_are() {
    let folder = Folder::new();
    let text: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "a"]));
    let dictionary: ArrayRef =
        Arc::new(vec!["x", "x", "y"].into_iter().collect::<DictionaryArray<Int32Type>>());
    let view: ArrayRef = Arc::new(StringViewArray::from(vec!["short", "longer than twelve bytes", ""]));
    let batch =
        RecordBatch::try_from_iter([("text", text), ("dictionary", dictionary), ("view", view)]).unwrap();
    let schema =
        Schema::clone(&batch.schema()).with_metadata([("made by".to_owned(), "a test".to_owned())].into());
    let batch = batch.with_schema(Arc::new(schema)).unwrap();
    folder.write("a.parquet", parquet(&batch, 10));
    let (schema, batches) = folder.read("a.parquet").await.unwrap();
    assert_eq!(schema, batch.schema());
    assert_eq!(batches, [batch]);
    assert_eq!(schema.field(0).data_type(), &DataType::Utf8);
}

#[tokio::test]
async fn passes_over_row_groups_that_are_skipped() {
    let folder = Folder::new();
    let mut bytes = parquet(&rows(0, 30_000), 10_000);
    // Row group 0 is destroyed: who reads it fails.
    bytes[4..40_000].fill(0);
    folder.write("a.parquet", bytes);
    let dataset = folder.open("a.parquet").await.unwrap();
    let options = ReadOptions::default().with_skip(10_001).with_limit(3);
    let read = chunks(&dataset, options).await.unwrap();
    assert_eq!(ids(&[read[0].batch.clone()]), [10_001, 10_002, 10_003]);
    assert!(chunks(&dataset, ReadOptions::default()).await.is_err());
}

#[tokio::test]
async fn a_truncated_file_is_corrupt() {
    let folder = Folder::new();
    let bytes = parquet(&rows(0, 1000), 100);
    folder.write("a.parquet", &bytes[..bytes.len() / 2]);
    check(&folder.error("a.parquet").await, ErrorKind::Corrupt, &["`a.parquet`", "not valid Parquet"]);
}

#[tokio::test]
async fn garbage_in_the_footer_is_corrupt() {
    let folder = Folder::new();
    let mut bytes = parquet(&rows(0, 1000), 100);
    let end = bytes.len();
    bytes[end - 200..end - 8].fill(0xab);
    folder.write("a.parquet", bytes);
    check(&folder.error("a.parquet").await, ErrorKind::Corrupt, &["`a.parquet`"]);
}

#[tokio::test]
async fn garbage_in_a_page_is_corrupt_and_is_described_nonetheless() {
    let folder = Folder::new();
    let mut bytes = parquet(&rows(0, 1000), 1000);
    bytes[4..600].fill(0xff);
    folder.write("a.parquet", bytes);
    let dataset = folder.open("a.parquet").await.unwrap();
    assert_eq!(dataset.describe(CallContext::new()).await.unwrap().rows, Some(1000));
    check(&chunks(&dataset, ReadOptions::default()).await.unwrap_err(), ErrorKind::Corrupt, &["`a.parquet`"]);
}

#[tokio::test]
async fn an_empty_file_is_corrupt() {
    let folder = Folder::new();
    folder.write("a.parquet", "");
    check(&folder.error("a.parquet").await, ErrorKind::Corrupt, &["`a.parquet`"]);
}

#[tokio::test]
async fn every_mutated_byte_is_an_error_or_rows_and_never_more() {
    let folder = Folder::new();
    let good = parquet(&rows(0, 50), 25);
    for index in 0..good.len() {
        let mut bytes = good.clone();
        bytes[index] ^= 0xff;
        folder.write("a.parquet", bytes);
        if let Err(error) = folder.read("a.parquet").await {
            let kinds = [ErrorKind::Corrupt, ErrorKind::Unsupported];
            assert!(kinds.contains(&error.kind()), "byte {index}: {}", error.chain());
            assert!(error.message().contains("a.parquet"), "byte {index}: {}", error.chain());
        }
    }
    // The threads are as good as they were.
    folder.write("a.parquet", good);
    let (_, batches) = folder.read("a.parquet").await.unwrap();
    assert_eq!(ids(&batches).len(), 50);
}

#[tokio::test]
async fn a_damaged_page_names_rows_and_column() {
    let folder = Folder::new();
    let mut bytes = parquet(&rows(0, 3000), 1000);
    let text = b"name 1501";
    let place = bytes.windows(text.len()).position(|window| window == text).unwrap();
    // The length of the text before it.
    bytes[place - 4..place].fill(0xff);
    folder.write("a.parquet", bytes);
    let error = folder.error("a.parquet").await;
    check(
        &error,
        ErrorKind::Corrupt,
        &["`a.parquet`: rows 1001 to 2000, column `name`: is not valid Parquet"],
    );
}
