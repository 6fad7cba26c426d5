//! A store in a folder of its own, and what the tests ask of it.

use std::fs;
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray as _;
use arrow_array::types::Int64Type;
use arrow_array::{Int64Array, RecordBatch, record_batch};
use arrowlink_core::{
    BatchStream, CallContext, DataService as _, DataServiceExt as _, Name, ReadOptions, Receipt, Result,
    Target, WriteOptions,
};
use arrowlink_store::{Store, StoreOptions};
use tempfile::TempDir;

/// A store and the folder that it is in, which goes with it.
pub(crate) struct Fixture {
    pub(crate) store: Store,
    folder: TempDir,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::with_options(StoreOptions::default())
    }

    pub(crate) fn with_options(options: StoreOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { store: Store::open(folder.path(), options).unwrap(), folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the file of the upload `sequence` to the dataset `events`.
    pub(crate) fn file(&self, sequence: u64) -> PathBuf {
        self.path().join(format!("events/{sequence:020}.arrow"))
    }

    /// Closes the store, lets `between` do something to the folder, and opens it again.
    pub(crate) fn reopen(self, between: impl FnOnce(&Path)) -> Self {
        self.reopen_with(StoreOptions::default(), between)
    }

    pub(crate) fn reopen_with(self, options: StoreOptions, between: impl FnOnce(&Path)) -> Self {
        let Self { store, folder } = self;
        drop(store);
        between(folder.path());
        Self { store: Store::open(folder.path(), options).unwrap(), folder }
    }

    /// Uploads `ids` to `events`.
    pub(crate) async fn put(&self, ids: &[i64]) -> Result<Receipt> {
        let batch = ids_batch(ids);
        self.store.append(&events(), batch.schema(), vec![batch]).await
    }

    /// Uploads `batches` to `events`.
    pub(crate) async fn put_with(&self, batches: Vec<RecordBatch>, options: WriteOptions) -> Result<Receipt> {
        let batches = BatchStream::from_batches(batches.first().unwrap().schema(), batches);
        self.store.write(CallContext::new(), events(), batches, options).await
    }

    /// Reads the ids of `events`.
    pub(crate) async fn ids(&self) -> Result<Vec<i64>> {
        self.ids_with(ReadOptions::default()).await
    }

    pub(crate) async fn ids_with(&self, options: ReadOptions) -> Result<Vec<i64>> {
        let stream = self.store.read(CallContext::new(), Target::Name(events()), options).await?;
        Ok(ids_of(&stream.collect_batches().await?))
    }

    /// Returns the names of everything under the folder, sorted, without the lock.
    pub(crate) fn tree(&self) -> Vec<String> {
        let mut names = Vec::new();
        collect(self.path(), self.path(), &mut names);
        names.sort();
        names
    }
}

pub(crate) fn events() -> Name {
    Name::new("events").unwrap()
}

pub(crate) fn ids_batch(ids: &[i64]) -> RecordBatch {
    let batch = record_batch!(("id", Int64, [0])).unwrap();
    RecordBatch::try_new(batch.schema(), vec![std::sync::Arc::new(Int64Array::from(ids.to_vec()))]).unwrap()
}

pub(crate) fn ids_of(batches: &[RecordBatch]) -> Vec<i64> {
    batches.iter().flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().to_vec()).collect()
}

fn collect(root: &Path, folder: &Path, names: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().display().to_string();
        if path.is_dir() {
            collect(root, &path, names);
        }
        if name != ".lock" && name != ".aside" {
            names.push(name);
        }
    }
}
