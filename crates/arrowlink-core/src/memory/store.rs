//! Uploads in memory: datasets that clients create by writing, under one limit for all of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow_schema::SchemaRef;
use futures::future::{BoxFuture, FutureExt as _, ready};
use futures::{StreamExt as _, stream};

use super::MemoryDataset;
use super::budget::Budget;
use super::upload::Upload;
use crate::catalog::named;
use crate::size::schema_bytes;
use crate::{
    BatchStream, CallContext, CallOptions, DataService, Dataset as _, Description, Entry, EntryStream, Error,
    ErrorKind, ListOptions, Name, ReadOptions, Receipt, RemoveOptions, Result, Target, WriteMode,
    WriteOptions, schema_mismatch,
};

/// Datasets in memory that are created by writing to them.
///
/// A name that is not there yet is created with the schema of the first write that ends; of two that end together
/// one wins, and the other is held to its schema. What is kept, and what uploads on their way hold already,
/// counts against one limit, past which a write fails with [`LimitExceeded`](ErrorKind::LimitExceeded). A write that
/// fails or is dropped leaves nothing and gives back what it held. Repeated idempotency keys are recognised: each
/// dataset remembers its last 1,024 of them.
///
/// A replacement makes a dataset of its own, so that there must be room for it beside the one it replaces, which readers
/// keep until they end. It knows the key it was made with and none of those before it; snapshots and positions of
/// before are `SnapshotChanged`. An append that ends before it is replaced with the rest; one that ends after it comes
/// after its rows, or is `SchemaMismatch`.
///
/// What counts is the memory that batches keep alive, each allocation once for each write, and a little for each
/// name and key, so that no kind of write is free. A batch that keeps much more alive than its rows need is copied
/// first. Nothing waits for anybody: writers meet only for the moment in which one of them commits.
///
/// ```
/// use arrow_array::record_batch;
/// use arrowlink_core::{DataServiceExt as _, MemoryStore, Name};
///
/// # futures::executor::block_on(async {
/// let store = MemoryStore::new(1 << 20);
/// let name: Name = "readings".parse()?;
/// let batch = record_batch!(("id", Int64, [1, 2])).unwrap();
///
/// let receipt = store.append(&name, batch.schema(), vec![batch.clone()]).await?;
/// assert_eq!((receipt.rows, receipt.durability.to_string()), (2, "in memory".to_owned()));
/// assert_eq!(store.read_all(&name).await?.1, [batch]);
/// # Ok::<(), arrowlink_core::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct MemoryStore {
    budget: Arc<Budget>,
    datasets: Mutex<BTreeMap<Name, MemoryDataset>>,
}

impl MemoryStore {
    /// Makes an empty store that keeps at most `max_bytes` of memory.
    pub fn new(max_bytes: u64) -> Self {
        Self::with_setting(max_bytes, "max_bytes")
    }

    /// Makes an empty store whose limit is raised by `setting`, which `LimitExceeded` names.
    pub fn with_setting(max_bytes: u64, setting: impl Into<String>) -> Self {
        Self { budget: Budget::new(max_bytes, setting.into()), datasets: Mutex::default() }
    }

    /// Returns how many bytes are kept, or held by writes on their way and by reads of what was removed.
    pub fn used_bytes(&self) -> u64 {
        self.budget.used_bytes()
    }

    /// Returns how many bytes may be kept.
    pub fn max_bytes(&self) -> u64 {
        self.budget.max_bytes()
    }

    /// Removes the dataset `name`. Reads that are running end as they would have; their memory is free after that.
    ///
    /// # Errors
    ///
    /// `NotFound` where there is none.
    ///
    /// ```
    /// use arrow_array::record_batch;
    /// use arrowlink_core::{DataServiceExt as _, ErrorKind, MemoryStore, Name};
    ///
    /// # futures::executor::block_on(async {
    /// let store = MemoryStore::new(1 << 20);
    /// let (name, batch) = (Name::new("readings")?, record_batch!(("id", Int64, [1, 2])).unwrap());
    /// store.append(&name, batch.schema(), vec![batch]).await?;
    /// assert!(store.used_bytes() > 0);
    ///
    /// store.remove(&name)?;
    /// assert_eq!(store.used_bytes(), 0);
    /// assert_eq!(store.remove(&name).unwrap_err().kind(), ErrorKind::NotFound);
    /// # Ok::<(), arrowlink_core::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn remove(&self, name: &Name) -> Result<()> {
        let mut datasets = self.datasets();
        let removed = datasets.remove(name);
        if removed.is_none() {
            return Err(Error::not_found("dataset", name, datasets.keys()));
        }
        // Freeing much memory takes a while, in which nobody should wait for the lock.
        drop(datasets);
        drop(removed);
        Ok(())
    }

    fn datasets(&self) -> MutexGuard<'_, BTreeMap<Name, MemoryDataset>> {
        // Every change of the map is one insertion or one removal.
        self.datasets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a clone of the dataset, which stays readable when the name is removed.
    fn dataset(&self, target: Target) -> Result<MemoryDataset> {
        let name = named(target)?;
        let datasets = self.datasets();
        datasets.get(&name).cloned().ok_or_else(|| Error::not_found("dataset", &name, datasets.keys()))
    }

    /// Decides twice, before and after the input, because the lock is not held while the input is waited for.
    async fn write_all(&self, name: Name, batches: BatchStream, options: WriteOptions) -> Result<Receipt> {
        let schema = match self.begin(&name, batches.schema(), &options)? {
            Begun::Upload(schema) => schema,
            Begun::Known(receipt) => return Ok(receipt),
        };
        let batches = batches.conformed(&schema)?;
        let upload = Upload::new(schema, Arc::clone(&self.budget)).collect(batches).await?;
        self.commit(name, upload, options)
    }

    /// Refuses at once what could not be committed as things are now, and says which schema batches are given.
    fn begin(&self, name: &Name, schema: &SchemaRef, options: &WriteOptions) -> Result<Begun> {
        let datasets = self.datasets();
        let Some(dataset) = datasets.get(name) else {
            return match options.mode {
                WriteMode::Append => Err(Error::not_found("dataset", name, datasets.keys())),
                WriteMode::AppendOrCreate | WriteMode::Create | WriteMode::Replace => {
                    Ok(Begun::Upload(SchemaRef::clone(schema)))
                }
            };
        };
        if let Some(receipt) = dataset.receipt(options.idempotency_key.as_deref()) {
            return Ok(Begun::Known(receipt));
        }
        match options.mode {
            WriteMode::Create => return Err(already_exists(name)),
            WriteMode::Replace => return Ok(Begun::Upload(SchemaRef::clone(schema))),
            WriteMode::AppendOrCreate | WriteMode::Append => {}
        }
        Ok(Begun::Upload(SchemaRef::clone(dataset.schema())))
    }

    /// Decides again, now under the lock that makes it so.
    fn commit(&self, name: Name, upload: Upload, options: WriteOptions) -> Result<Receipt> {
        let WriteOptions { mode, idempotency_key: key } = options;
        let mut datasets = self.datasets();
        let Some(dataset) = datasets.get(&name) else {
            if mode == WriteMode::Append {
                return Err(Error::not_found("dataset", &name, datasets.keys()));
            }
            let (dataset, receipt) = self.created(upload, key)?;
            datasets.insert(name, dataset);
            return Ok(receipt);
        };
        if let Some(receipt) = dataset.receipt(key.as_deref()) {
            return Ok(receipt);
        }
        match mode {
            WriteMode::Create => Err(already_exists(&name)),
            WriteMode::Replace => {
                let (dataset, receipt) = self.created(upload, key)?;
                let replaced = datasets.insert(name, dataset);
                // As in `remove`: nobody should wait until much memory is free.
                drop(datasets);
                drop(replaced);
                Ok(receipt)
            }
            WriteMode::AppendOrCreate | WriteMode::Append => {
                match schema_mismatch(dataset.schema(), upload.schema()) {
                    Some(mismatch) => Err(mismatch),
                    None => dataset.append(upload, key),
                }
            }
        }
    }

    /// Makes a dataset of an upload.
    fn created(&self, mut upload: Upload, key: Option<String>) -> Result<(MemoryDataset, Receipt)> {
        upload.reserve(NAME_BYTES + schema_bytes(upload.schema()) as u64)?;
        let dataset = MemoryDataset::empty(SchemaRef::clone(upload.schema()), Arc::clone(&self.budget));
        let receipt = dataset.append(upload, key)?;
        Ok((dataset, receipt))
    }
}

impl DataService for MemoryStore {
    fn list(&self, ctx: CallContext, options: ListOptions) -> BoxFuture<'_, Result<EntryStream>> {
        async move {
            let datasets: Vec<_> = self
                .datasets()
                .iter()
                .filter(|(name, _)| name.as_str().starts_with(&options.prefix))
                .map(|(name, dataset)| (name.clone(), dataset.clone()))
                .collect();
            let entries = stream::iter(datasets).then(move |(name, dataset)| {
                let ctx = ctx.clone();
                async move { Ok(Entry::new(name, dataset.describe(ctx).await)) }
            });
            Ok(entries.boxed())
        }
        .boxed()
    }

    fn describe(&self, ctx: CallContext, target: Target) -> BoxFuture<'_, Result<Description>> {
        async move { self.dataset(target)?.describe(ctx).await }.boxed()
    }

    fn read(
        &self,
        ctx: CallContext,
        target: Target,
        options: ReadOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        async move { self.dataset(target)?.read(ctx, options).await }.boxed()
    }

    fn write(
        &self,
        _ctx: CallContext,
        name: Name,
        batches: BatchStream,
        options: WriteOptions,
    ) -> BoxFuture<'_, Result<Receipt>> {
        self.write_all(name, batches, options).boxed()
    }

    fn remove(&self, _ctx: CallContext, name: Name, _options: RemoveOptions) -> BoxFuture<'_, Result<()>> {
        ready(Self::remove(self, &name)).boxed()
    }

    fn call(
        &self,
        _ctx: CallContext,
        name: Name,
        _batches: BatchStream,
        _options: CallOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        let text = format!("`{name}` cannot be called: a store has datasets only");
        ready(Err(Error::new(ErrorKind::Unsupported, text))).boxed()
    }
}

/// What a write begins with.
enum Begun {
    /// Its batches are given this schema.
    Upload(SchemaRef),
    /// It was done before, under the same key.
    Known(Receipt),
}

fn already_exists(name: &Name) -> Error {
    Error::new(ErrorKind::AlreadyExists, format!("dataset `{name}` is there already: append to it"))
}

/// What a dataset takes in memory beside its schema and its batches; without it empty ones would be free.
const NAME_BYTES: u64 = 1024;
