//! The store: five verbs over a data directory.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow_schema::SchemaRef;
use arrowlink_core::{
    BatchStream, CallContext, CallOptions, DataService, Description, Entry, EntryStream, Error, ErrorKind,
    ListOptions, Name, ReadOptions, Receipt, RemoveOptions, Result, Target, WriteMode, WriteOptions,
};
use futures::future::{BoxFuture, ready};
use futures::{FutureExt as _, StreamExt as _, stream};

use crate::StoreOptions;
use crate::commit::{self, Admitted};
use crate::failure::blocking;
use crate::folder::Folder;
use crate::index::Index;
use crate::quota::Quota;
use crate::read;
use crate::upload::Arriving;

/// Datasets in a folder, as clients wrote them. Cloning shares the store.
///
/// The methods need a tokio runtime and reach the disk through its blocking threads. A running read keeps its
/// snapshot while others write; two writes to one name are each whole, in the order in which they were committed.
///
/// ```
/// use arrow_array::record_batch;
/// use arrowlink_core::{DataServiceExt, Durability, Name};
/// use arrowlink_store::{Store, StoreOptions};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let folder = tempfile::tempdir().unwrap();
/// let store = Store::open(folder.path(), StoreOptions::default())?;
/// let name: Name = "sales.orders".parse()?;
/// let batch = record_batch!(("id", Int64, [1, 2])).unwrap();
///
/// let receipt = store.append(&name, batch.schema(), vec![batch.clone()]).await?;
/// assert_eq!((receipt.rows, receipt.durability), (2, Durability::Durable));
/// assert!(folder.path().join("sales.orders/00000000000000000001.arrow").exists());
///
/// drop(store);
/// let store = Store::open(folder.path(), StoreOptions::default())?;
/// assert_eq!(store.read_all(&name).await?.1, [batch]);
/// # Ok::<(), arrowlink_core::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Store {
    shared: Arc<Shared>,
}

/// What all clones share. Dropping the last one gives the data directory up.
#[derive(Debug)]
struct Shared {
    folder: Folder,
    index: Index,
    quota: Quota,
    /// One of these is held while a name is written to or removed; which one is decided by the name.
    locks: [Mutex<()>; LOCKS],
}

impl Store {
    /// Opens the data directory `dir`, which is made where it is not. This waits for the disk: the footers of all
    /// uploads are read, and what a killed process left unfinished is deleted.
    ///
    /// A dataset with a damaged file does not keep the others from being served; it answers with its error.
    ///
    /// # Errors
    ///
    /// `Unavailable` where another store has the directory open, or where the disk fails; `PermissionDenied` where
    /// this process may not use it.
    ///
    /// ```
    /// use arrowlink_core::ErrorKind;
    /// use arrowlink_store::{Store, StoreOptions};
    ///
    /// let folder = tempfile::tempdir().unwrap();
    /// let first = Store::open(folder.path(), StoreOptions::default())?;
    /// let second = Store::open(folder.path(), StoreOptions::default()).unwrap_err();
    /// assert_eq!(second.kind(), ErrorKind::Unavailable);
    ///
    /// drop(first);
    /// assert!(Store::open(folder.path(), StoreOptions::default()).is_ok());
    /// # Ok::<(), arrowlink_core::Error>(())
    /// ```
    pub fn open(dir: &Path, options: StoreOptions) -> Result<Self> {
        let folder = Folder::open(dir)?;
        let (datasets, bytes) = folder.scan()?;
        let shared = Shared {
            folder,
            index: Index::new(datasets),
            quota: Quota::new(bytes, options.max_bytes),
            locks: [const { Mutex::new(()) }; LOCKS],
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Removes the dataset `name`, damaged or not. Running reads of it end with `SnapshotChanged` at the next file.
    ///
    /// A dataset that is created under the name later is another one: positions in the old one are refused there.
    ///
    /// # Errors
    ///
    /// `NotFound` where there is none; the errors of the disk.
    ///
    /// ```
    /// use arrow_array::record_batch;
    /// use arrowlink_core::{DataServiceExt, ErrorKind, Name};
    /// use arrowlink_store::{Store, StoreOptions};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> arrowlink_core::Result<()> {
    /// let folder = tempfile::tempdir().unwrap();
    /// let store = Store::open(folder.path(), StoreOptions::default())?;
    /// let (name, batch) = (Name::new("events")?, record_batch!(("id", Int64, [1])).unwrap());
    /// store.append(&name, batch.schema(), vec![batch]).await?;
    ///
    /// store.remove(&name).await?;
    /// assert_eq!(store.read_all(&name).await.unwrap_err().kind(), ErrorKind::NotFound);
    /// assert_eq!(store.remove(&name).await.unwrap_err().kind(), ErrorKind::NotFound);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn remove(&self, name: &Name) -> Result<()> {
        let (shared, name) = (Arc::clone(&self.shared), name.clone());
        blocking(move || {
            let _guard = shared.lock(&name);
            let bytes = commit::remove(&shared.folder, &shared.index, &name)?;
            shared.quota.release(bytes);
            Ok(())
        })
        .await
    }

    /// Takes in an upload: refuses what can be refused at once, then writes aside, then commits.
    ///
    /// Dropped at any point, it leaves nothing: what it holds deletes the file aside. A step that runs on a blocking
    /// thread at that moment ends first; a commit that has begun is a commit.
    ///
    /// What can be refused is refused twice: at once, so that nothing is sent for nothing, and at the commit, when
    /// another write may have come first.
    async fn store(&self, name: Name, batches: BatchStream, options: WriteOptions) -> Result<Receipt> {
        check_key(options.idempotency_key.as_deref())?;
        let admitted = commit::admit(&self.shared.index, &name, batches.schema(), &options)?;
        let mut batches = match admitted {
            Admitted::Repeated(receipt) => return Ok(receipt),
            Admitted::As(schema) => batches.conformed(&schema)?,
        };
        let mut arriving = self.begin(Arc::clone(batches.schema()), &options).await?;
        while let Some(chunk) = batches.next().await {
            arriving = blocking(move || {
                // An input that fails takes the file with it, here where that may wait.
                arriving.push(&chunk?.into_batch())?;
                Ok(arriving)
            })
            .await?;
        }
        let shared = Arc::clone(&self.shared);
        blocking(move || {
            let arrived = arriving.finish()?;
            let _guard = shared.lock(&name);
            let receipt = commit::commit(&shared.folder, &shared.index, &name, arrived, &options)?;
            if options.mode == WriteMode::Replace {
                shared.quota.release(commit::sweep(&shared.folder, &shared.index, &name));
            }
            Ok(receipt)
        })
        .await
    }

    /// Makes the file aside.
    async fn begin(&self, schema: SchemaRef, options: &WriteOptions) -> Result<Arriving> {
        let (shared, options) = (Arc::clone(&self.shared), options.clone());
        blocking(move || Arriving::begin(shared.folder.aside(), &shared.quota, schema, &options)).await
    }

    /// Describes `name` from the index, without the disk.
    fn description(&self, name: &Name) -> Result<Description> {
        let table = self.shared.index.table(name)?;
        Ok(table.describe(&self.shared.folder.dataset(name)))
    }
}

impl Shared {
    /// Waits until nobody else changes the dataset `name`. Names share locks: that delays, and cannot deadlock, because
    /// nobody holds two.
    fn lock(&self, name: &Name) -> MutexGuard<'_, ()> {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(name);
        let [first, ..] = &self.locks;
        let lock = self.locks.get(hash as usize % LOCKS).unwrap_or(first);
        lock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DataService for Store {
    fn list(&self, _ctx: CallContext, options: ListOptions) -> BoxFuture<'_, Result<EntryStream>> {
        let names: Vec<Name> = self.shared.index.read().keys().cloned().collect();
        let entries: Vec<Result<Entry>> = names
            .into_iter()
            .filter(|name| name.as_str().starts_with(&options.prefix))
            .map(|name| (self.description(&name), name))
            .map(|(description, name)| Ok(Entry::new(name, description)))
            .collect();
        ready(Ok(stream::iter(entries).boxed())).boxed()
    }

    fn describe(&self, _ctx: CallContext, target: Target) -> BoxFuture<'_, Result<Description>> {
        ready(named(target).and_then(|name| self.description(&name))).boxed()
    }

    fn read(
        &self,
        _ctx: CallContext,
        target: Target,
        options: ReadOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        let answer = named(target).and_then(|name| {
            let table = self.shared.index.table(&name)?;
            read::read(&table, self.shared.folder.dataset(&name), options)
        });
        ready(answer).boxed()
    }

    fn write(
        &self,
        _ctx: CallContext,
        name: Name,
        batches: BatchStream,
        options: WriteOptions,
    ) -> BoxFuture<'_, Result<Receipt>> {
        self.store(name, batches, options).boxed()
    }

    fn remove(&self, _ctx: CallContext, name: Name, _options: RemoveOptions) -> BoxFuture<'_, Result<()>> {
        async move { Self::remove(self, &name).await }.boxed()
    }

    fn call(
        &self,
        _ctx: CallContext,
        name: Name,
        _batches: BatchStream,
        _options: CallOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        let text = format!("`{name}` cannot be called: uploads are datasets, not functions");
        ready(Err(Error::new(ErrorKind::Unsupported, text))).boxed()
    }
}

/// Returns the name; SQL is answered by servers that have a query engine.
fn named(target: Target) -> Result<Name> {
    match target {
        Target::Name(name) => Ok(name),
        _ => Err(Error::new(ErrorKind::Unsupported, "this service answers names, not SQL")),
    }
}

/// The key goes into the file and into memory, so that its length is bounded.
fn check_key(key: Option<&str>) -> Result<()> {
    match key {
        Some(key) if key.is_empty() || key.len() > MAX_KEY_BYTES => Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("an idempotency key has 1 to {MAX_KEY_BYTES} bytes, not {}", key.len()),
        )),
        _ => Ok(()),
    }
}

/// How many names can be committed to at the same time, at most.
const LOCKS: usize = 16;
const MAX_KEY_BYTES: usize = 256;
