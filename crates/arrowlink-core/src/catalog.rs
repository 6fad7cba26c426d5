//! Many datasets and functions under their names, answering as one service.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use futures::future::{BoxFuture, ready};
use futures::{FutureExt as _, StreamExt as _, stream};

use crate::{
    BatchStream, CallContext, CallOptions, DataService, Description, Echo, Entry, EntryStream, Error,
    ErrorKind, Function, ListOptions, Name, ReadOptions, Receipt, RemoveOptions, Result, Target,
    WriteOptions,
};

/// A table that a [`Catalog`] serves under a name: the verbs of [`DataService`] without the name.
///
/// A source that can do no more than produce its rows leaves the options to [`ReadOptions::apply`]:
///
/// ```
/// use arrow_array::record_batch;
/// use arrowlink_core::{
///     BatchStream, CallContext, Dataset, Description, NounKind, ReadOptions, Result,
/// };
/// use futures::future::{BoxFuture, FutureExt as _, ready};
///
/// #[derive(Debug)]
/// struct Squares;
///
/// impl Squares {
///     fn rows() -> BatchStream {
///         let batch = record_batch!(("square", Int64, [0, 1, 4, 9])).unwrap();
///         BatchStream::from_batches(batch.schema(), vec![batch])
///     }
/// }
///
/// impl Dataset for Squares {
///     fn describe(&self, _: CallContext) -> BoxFuture<'_, Result<Description>> {
///         let schema = Self::rows().schema().clone();
///         ready(Ok(Description::new(NounKind::Dataset, schema).with_rows(Some(4)))).boxed()
///     }
///
///     fn read(&self, _: CallContext, options: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
///         ready(options.apply(Self::rows())).boxed()
///     }
/// }
///
/// # futures::executor::block_on(async {
/// let options = ReadOptions::default().with_skip(2);
/// let rows = Squares.read(CallContext::new(), options).await?.collect_batches().await?;
/// assert_eq!(rows, [record_batch!(("square", Int64, [4, 9])).unwrap()]);
/// # Ok::<(), arrowlink_core::Error>(())
/// # }).unwrap();
/// ```
pub trait Dataset: fmt::Debug + Send + Sync {
    /// Says what the dataset is; an error is what is wrong with it, and is listed.
    fn describe(&self, ctx: CallContext) -> BoxFuture<'_, Result<Description>>;

    /// Reads the dataset; see [`DataService::read`].
    fn read(&self, ctx: CallContext, options: ReadOptions) -> BoxFuture<'_, Result<BatchStream>>;

    /// Appends to the dataset; see [`DataService::write`]. One that does not say how refuses with
    /// [`ErrorKind::ReadOnly`].
    fn write(
        &self,
        _ctx: CallContext,
        _batches: BatchStream,
        _options: WriteOptions,
    ) -> BoxFuture<'_, Result<Receipt>> {
        let text = "this dataset cannot be written to: write to a name that is not served yet";
        ready(Err(Error::new(ErrorKind::ReadOnly, text))).boxed()
    }
}

/// Datasets and functions under fixed names, and a service for the names that clients create.
///
/// A name that is not registered goes to the service given by [`with_uploads`](Self::with_uploads); without one,
/// writing to it is refused. `echo` is built in. A name that is nowhere is `NotFound` with the nearest names of
/// both; a function that is read, or a dataset that is called, is `InvalidArgument` and says what it is. A dataset
/// whose description fails is listed with its error and keeps the others from nothing. SQL is `Unsupported`.
///
/// ```
/// use std::sync::Arc;
/// use arrowlink_core::{Catalog, DataServiceExt, ErrorKind, Name, default_dataset};
///
/// # futures::executor::block_on(async {
/// let trips: Name = "trips".parse()?;
/// let catalog = Catalog::new().with_dataset(trips.clone(), Arc::new(default_dataset()));
/// assert_eq!(catalog.read_all(&trips).await?.1[0].num_rows(), 1);
///
/// let error = catalog.read_all(&"trisp".parse()?).await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::NotFound);
/// assert_eq!(error.message(), "no dataset `trisp`, did you mean `trips`?");
/// # Ok::<(), arrowlink_core::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct Catalog {
    datasets: BTreeMap<Name, Arc<dyn Dataset>>,
    functions: BTreeMap<Name, Arc<dyn Function>>,
    uploads: Option<Arc<dyn DataService>>,
}

impl Catalog {
    /// Makes a catalog with nothing but the function `echo`.
    #[expect(clippy::expect_used, reason = "`echo` is a name")]
    #[expect(clippy::missing_panics_doc, reason = "`echo` is a name")]
    pub fn new() -> Self {
        let echo = Name::new("echo").expect("`echo` is a name");
        let functions = BTreeMap::from([(echo, Arc::new(Echo) as Arc<dyn Function>)]);
        Self { datasets: BTreeMap::new(), functions, uploads: None }
    }

    /// Serves `dataset` as `name`, instead of what was served under it before.
    #[must_use]
    pub fn with_dataset(mut self, name: Name, dataset: Arc<dyn Dataset>) -> Self {
        self.datasets.insert(name, dataset);
        self
    }

    /// Serves `function` as `name`, instead of what was served under it before.
    #[must_use]
    pub fn with_function(mut self, name: Name, function: Arc<dyn Function>) -> Self {
        self.functions.insert(name, function);
        self
    }

    /// Sends every name that is not registered here to `uploads`, which creates what clients write.
    ///
    /// It may be any service: a store in memory or on disk, a client of another server, another catalog. What is
    /// registered here hides what it has under the same name.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use arrow_array::record_batch;
    /// use arrowlink_core::{Catalog, DataServiceExt as _, ErrorKind, MemoryStore, Name};
    ///
    /// # futures::executor::block_on(async {
    /// let (name, batch) = (Name::new("readings")?, record_batch!(("id", Int64, [1])).unwrap());
    /// let refused = Catalog::new().append(&name, batch.schema(), vec![batch.clone()]).await.unwrap_err();
    /// assert_eq!(refused.kind(), ErrorKind::NotFound);
    ///
    /// let catalog = Catalog::new().with_uploads(Arc::new(MemoryStore::new(1 << 20)));
    /// catalog.append(&name, batch.schema(), vec![batch]).await?;
    /// assert_eq!(catalog.read_all(&name).await?.1.len(), 1);
    /// # Ok::<(), arrowlink_core::Error>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn with_uploads(mut self, uploads: Arc<dyn DataService>) -> Self {
        self.uploads = Some(uploads);
        self
    }

    /// Finds a function. An upload of that name is asked for only to say that it is read and not called.
    async fn function(&self, ctx: &CallContext, name: &Name) -> Result<&Arc<dyn Function>> {
        if let Some(function) = self.functions.get(name) {
            return Ok(function);
        }
        let uploaded = match &self.uploads {
            Some(uploads) => uploads.describe(ctx.clone(), Target::from(name)).await.is_ok(),
            None => false,
        };
        if uploaded || self.datasets.contains_key(name) {
            let text = format!("`{name}` is a dataset, not a function: read it");
            return Err(Error::new(ErrorKind::InvalidArgument, text));
        }
        Err(Error::not_found("function", name, self.functions.keys()))
    }

    /// Returns the service for names that are not registered, or says that there is nothing of that name.
    fn elsewhere(&self, name: &Name) -> Result<&Arc<dyn DataService>> {
        if self.functions.contains_key(name) {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("`{name}` is a function, not a dataset: call it"),
            ));
        }
        self.uploads.as_ref().ok_or_else(|| Error::not_found("dataset", name, self.datasets.keys()))
    }

    /// Offers the names of this catalog and of the uploads in the place of an upload's `NotFound`.
    async fn with_near_names(&self, ctx: CallContext, name: &Name, error: Error) -> Error {
        let (ErrorKind::NotFound, Some(uploads)) = (error.kind(), &self.uploads) else { return error };
        let mut names: Vec<Name> = self.datasets.keys().cloned().collect();
        if let Ok(mut entries) = uploads.list(ctx, ListOptions::default()).await {
            while let Some(Ok(entry)) = entries.next().await {
                names.push(entry.name);
            }
        }
        Error::not_found("dataset", name, names.iter())
    }

    fn is_registered(&self, name: &Name) -> bool {
        self.datasets.contains_key(name) || self.functions.contains_key(name)
    }

    /// Describes what is registered and has the prefix; a description that fails becomes part of its entry.
    ///
    /// Several datasets are described side by side: one that waits for another machine does not hold up the others.
    async fn registered(&self, ctx: CallContext, prefix: &str) -> Vec<Entry> {
        let described = self.described(&ctx, prefix);
        let mut entries: Vec<Entry> = stream::iter(described).buffered(DESCRIBED_AT_ONCE).collect().await;
        for (name, function) in self.functions.iter().filter(|(name, _)| name.as_str().starts_with(prefix)) {
            entries.push(Entry::new(name.clone(), function.describe(ctx.clone()).await));
        }
        entries
    }

    /// Begins to describe the datasets that have the prefix.
    fn described(&self, ctx: &CallContext, prefix: &str) -> Vec<BoxFuture<'_, Entry>> {
        let datasets = self.datasets.iter().filter(|(name, _)| name.as_str().starts_with(prefix));
        let mut described = Vec::new();
        for (name, dataset) in datasets {
            let entry = dataset.describe(ctx.clone()).map(|described| Entry::new(name.clone(), described));
            described.push(entry.boxed());
        }
        described
    }
}

impl Default for Catalog {
    fn default() -> Self {
        Self::new()
    }
}

impl DataService for Catalog {
    fn list(&self, ctx: CallContext, options: ListOptions) -> BoxFuture<'_, Result<EntryStream>> {
        async move {
            let mut entries: Vec<Result<Entry>> =
                self.registered(ctx.clone(), &options.prefix).await.into_iter().map(Ok).collect();
            if let Some(uploads) = &self.uploads {
                // What is registered hides an upload of that name, here as in every other verb.
                let hidden =
                    |entry: &Result<Entry>| entry_name(entry).is_some_and(|name| self.is_registered(name));
                let uploads: Vec<_> = uploads.list(ctx, options).await?.collect().await;
                entries.extend(uploads.into_iter().filter(|entry| !hidden(entry)));
            }
            entries.sort_by(|a, b| entry_name(a).cmp(&entry_name(b)));
            Ok(stream::iter(entries).boxed())
        }
        .boxed()
    }

    fn describe(&self, ctx: CallContext, target: Target) -> BoxFuture<'_, Result<Description>> {
        async move {
            let name = named(target)?;
            if let Some(dataset) = self.datasets.get(&name) {
                return dataset.describe(ctx).await;
            }
            if let Some(function) = self.functions.get(&name) {
                return function.describe(ctx).await;
            }
            match self.elsewhere(&name)?.describe(ctx.clone(), Target::Name(name.clone())).await {
                Err(error) => Err(self.with_near_names(ctx, &name, error).await),
                found => found,
            }
        }
        .boxed()
    }

    fn read(
        &self,
        ctx: CallContext,
        target: Target,
        options: ReadOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        async move {
            let name = named(target)?;
            if let Some(dataset) = self.datasets.get(&name) {
                return dataset.read(ctx, options).await;
            }
            match self.elsewhere(&name)?.read(ctx.clone(), Target::Name(name.clone()), options).await {
                Err(error) => Err(self.with_near_names(ctx, &name, error).await),
                found => found,
            }
        }
        .boxed()
    }

    fn write(
        &self,
        ctx: CallContext,
        name: Name,
        batches: BatchStream,
        options: WriteOptions,
    ) -> BoxFuture<'_, Result<Receipt>> {
        async move {
            if let Some(dataset) = self.datasets.get(&name) {
                return dataset.write(ctx, batches, options).await;
            }
            match self.elsewhere(&name)?.write(ctx.clone(), name.clone(), batches, options).await {
                Err(error) => Err(self.with_near_names(ctx, &name, error).await),
                written => written,
            }
        }
        .boxed()
    }

    fn remove(&self, ctx: CallContext, name: Name, options: RemoveOptions) -> BoxFuture<'_, Result<()>> {
        async move {
            if self.datasets.contains_key(&name) {
                let text = format!("`{name}` was not made by a write: take it out of the configuration");
                return Err(Error::new(ErrorKind::ReadOnly, text));
            }
            if self.functions.contains_key(&name) {
                let text = format!("`{name}` is a function, not a dataset: it cannot be removed");
                return Err(Error::new(ErrorKind::InvalidArgument, text));
            }
            match self.elsewhere(&name)?.remove(ctx.clone(), name.clone(), options).await {
                Err(error) => Err(self.with_near_names(ctx, &name, error).await),
                removed => removed,
            }
        }
        .boxed()
    }

    fn call(
        &self,
        ctx: CallContext,
        name: Name,
        batches: BatchStream,
        options: CallOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        async move { self.function(&ctx, &name).await?.call(ctx, batches, options).await }.boxed()
    }
}

/// How many datasets are described side by side in a listing.
const DESCRIBED_AT_ONCE: usize = 16;

fn entry_name(entry: &Result<Entry>) -> Option<&Name> {
    entry.as_ref().ok().map(|entry| &entry.name)
}

pub(crate) fn named(target: Target) -> Result<Name> {
    match target {
        Target::Name(name) => Ok(name),
        Target::Sql(_) => Err(Error::new(ErrorKind::Unsupported, "this service answers names, not SQL")),
        Target::Substrait(_) => {
            Err(Error::new(ErrorKind::Unsupported, "this service answers names, not plans"))
        }
    }
}
