//! What every topic needs: a folder of files, a dataset over them, and all that it returns.

use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::{Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use arrowlink_core::{CallContext, Chunk, Dataset as _, Error, ErrorKind, ReadOptions, Result};
use arrowlink_query::{FileDataset, FileOptions, QueryOptions, QueryRuntime};
use futures::StreamExt as _;
use tempfile::TempDir;

/// A folder that goes away with the test, and the threads that read it.
pub(crate) struct Folder {
    pub(crate) runtime: QueryRuntime,
    folder: TempDir,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self::with_query_options(QueryOptions::default().with_threads(2))
    }

    pub(crate) fn with_query_options(options: QueryOptions) -> Self {
        Self { runtime: QueryRuntime::new(options).unwrap(), folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes `bytes` to the file `name` and the folders that it is in.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> &Self {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
        self
    }

    pub(crate) fn options(&self) -> FileOptions {
        FileOptions::default().with_base_dir(self.folder.path())
    }

    pub(crate) async fn open(&self, uri: &str) -> Result<FileDataset> {
        self.open_with(uri, self.options()).await
    }

    pub(crate) async fn open_with(&self, uri: &str, options: FileOptions) -> Result<FileDataset> {
        FileDataset::open(&self.runtime, uri, options).await
    }

    /// Opens `uri` and reads all of it.
    pub(crate) async fn read(&self, uri: &str) -> Result<(SchemaRef, Vec<RecordBatch>)> {
        read_all(&self.open(uri).await?, ReadOptions::default()).await
    }

    /// Opens `uri`, reads it, and returns the one error that this gives.
    pub(crate) async fn error(&self, uri: &str) -> Error {
        self.error_with(uri, self.options()).await
    }

    pub(crate) async fn error_with(&self, uri: &str, options: FileOptions) -> Error {
        let dataset = match self.open_with(uri, options).await {
            Ok(dataset) => dataset,
            Err(error) => return error,
        };
        read_all(&dataset, ReadOptions::default()).await.expect_err("the read fails")
    }
}

pub(crate) async fn read_all(
    dataset: &FileDataset,
    options: ReadOptions,
) -> Result<(SchemaRef, Vec<RecordBatch>)> {
    let stream = dataset.read(CallContext::new(), options).await?;
    let schema = Arc::clone(stream.schema());
    Ok((schema, stream.collect_batches().await?))
}

pub(crate) async fn chunks(dataset: &FileDataset, options: ReadOptions) -> Result<Vec<Chunk>> {
    let stream = dataset.read(CallContext::new(), options).await?;
    stream.collect::<Vec<_>>().await.into_iter().collect()
}

/// Asserts what kind of error it is and that its text, causes included, has all of `parts`.
#[track_caller]
pub(crate) fn check(error: &Error, kind: ErrorKind, parts: &[&str]) {
    let text = error.chain();
    assert_eq!(error.kind(), kind, "{text}");
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

pub(crate) fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, false),
        Field::new("name", DataType::Utf8, true),
    ]))
}

/// Rows whose ids are `from`, `from + 1` and so on.
pub(crate) fn rows(from: i64, count: i64) -> RecordBatch {
    let ids = Int64Array::from_iter_values(from..from + count);
    let names: StringArray =
        (from..from + count).map(|id| (id % 7 != 0).then(|| format!("name {id}"))).collect();
    RecordBatch::try_new(schema(), vec![Arc::new(ids), Arc::new(names)]).unwrap()
}

pub(crate) fn ids(batches: &[RecordBatch]) -> Vec<i64> {
    let column = |batch: &RecordBatch| {
        batch.column_by_name("id").unwrap().as_any().downcast_ref::<Int64Array>().unwrap().values().to_vec()
    };
    batches.iter().flat_map(column).collect()
}
