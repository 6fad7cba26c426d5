//! The dataset itself: lists its files at every request, and answers for what it finds.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_schema::SchemaRef;
use arrowlink_core::{
    BatchStream, CallContext, Chunk, Dataset, Description, Error, ErrorKind, NounKind, ReadOptions, Receipt,
    Result, WriteOptions,
};
use futures::future::{BoxFuture, FutureExt as _, ready};
use futures::{Stream, stream};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{Receiver, channel};
use tokio_util::task::AbortOnDropHandle;

use crate::combine::combine;
use crate::failure::internal;
use crate::inspect::{Facts, inspect};
use crate::location::{Location, format_of};
use crate::place::Place;
use crate::scan::{Scan, Table};
use crate::snapshot::{FileStamp, Listing};
use crate::{FileFormat, FileOptions, QueryRuntime};

/// A table that lies in files: one file, a folder of them, or all that match a pattern.
///
/// The files are listed at every request: a file that was added, repaired or replaced is what the next read sees. A
/// read returns the files in the order of their names and each file's rows in its own order. A dataset that is broken
/// stays; [`describe`](Dataset::describe) and [`read`](Dataset::read) say what is wrong and in which file.
///
/// Futures are to be polled within a Tokio runtime that has its timer enabled; the files are read on the threads of
/// the [`QueryRuntime`].
#[derive(Debug)]
pub struct FileDataset {
    inner: Arc<Inner>,
}

impl FileDataset {
    /// Opens what `uri` stands for: a path, a pattern such as `trips/*.parquet`, or a `file://` URI.
    ///
    /// Folders are taken with the folders in them; names that begin with `.` or `_` are left out.
    ///
    /// # Errors
    ///
    /// `NotFound` where there is no such file or folder or nothing matches, `InvalidArgument` where the files do not
    /// have one known format or an option does not fit it, `Unsupported` where they are not on this machine. A file
    /// whose content is wrong is no error here.
    pub async fn open(runtime: &QueryRuntime, uri: &str, options: FileOptions) -> Result<Self> {
        let (uri, options) = (uri.to_owned(), Arc::new(options));
        let of_inner = (runtime.clone(), Arc::clone(&options));
        let location = runtime
            .run(&CallContext::new(), async move {
                let location = Location::find(&uri, &options.base_dir)?;
                let listing = location.list()?;
                if !listing.files.is_empty() {
                    let format = format_of(&listing.files, options.format)?;
                    refuse_needless_schema(format, &options)?;
                }
                Ok(location)
            })
            .await?;
        let (runtime, options) = of_inner;
        let memory = Mutex::default();
        Ok(Self { inner: Arc::new(Inner { runtime, location, options, memory }) })
    }

    async fn table(&self, ctx: &CallContext, at: Option<Place>) -> Result<Table> {
        let inner = Arc::clone(&self.inner);
        self.inner.runtime.run(ctx, async move { inner.table(at).await }).await
    }

    async fn start(&self, ctx: CallContext, options: ReadOptions) -> Result<BatchStream> {
        options.refuse_beyond_rows()?;
        let at = options.resume.as_ref().map(Place::decode).transpose()?;
        let table = self.table(&ctx, at).await?;
        let projection = options.column_indices(&table.schema)?;
        let schema =
            match &projection {
                None => Arc::clone(&table.schema),
                Some(columns) => Arc::new(table.schema.project(columns).map_err(|error| {
                    internal("the columns that were found are not there").with_source(error)
                })?),
            };
        let snapshot = table.listing.snapshot();
        let start = at.unwrap_or(Place { digest: table.listing.digest(), file: 0, row: 0 });
        let turn = self.inner.runtime.turn(&ctx).await?;
        let scan = Scan {
            table,
            options: Arc::clone(&self.inner.options),
            environment: Arc::clone(self.inner.runtime.environment()),
            projection,
            schema: Arc::clone(&schema),
            start,
            skip: options.skip,
            left: options.limit.unwrap_or(u64::MAX),
        };
        Ok(BatchStream::new(schema, self.chunks(scan, turn)?).with_snapshot(snapshot))
    }

    /// Runs `scan` on the query runtime; it ends, and its turn with it, when the stream is dropped.
    fn chunks(
        &self,
        scan: Scan,
        turn: OwnedSemaphorePermit,
    ) -> Result<impl Stream<Item = Result<Chunk>> + Send + 'static> {
        let (sender, receiver) = channel(1);
        let task = self.inner.runtime.spawn(async move {
            scan.run(sender).await;
            drop(turn);
        })?;
        Ok(stream::unfold(Some((receiver, task)), next_chunk))
    }
}

impl Dataset for FileDataset {
    fn describe(&self, ctx: CallContext) -> BoxFuture<'_, Result<Description>> {
        async move {
            let table = self.table(&ctx, None).await?;
            Ok(Description::new(NounKind::Dataset, Arc::clone(&table.schema))
                .with_rows(table.rows())
                .with_bytes(Some(table.listing.bytes()))
                .with_source(self.inner.location.shown())
                .with_snapshot(table.listing.snapshot()))
        }
        .boxed()
    }

    fn read(&self, ctx: CallContext, options: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        self.start(ctx, options).boxed()
    }

    fn write(
        &self,
        _ctx: CallContext,
        _batches: BatchStream,
        _options: WriteOptions,
    ) -> BoxFuture<'_, Result<Receipt>> {
        let message = format!(
            "it is served from `{}`, which others write: send to a name that is not served from files, which creates it",
            self.inner.location.shown()
        );
        ready(Err(Error::new(ErrorKind::ReadOnly, message))).boxed()
    }
}

#[derive(Debug)]
struct Inner {
    runtime: QueryRuntime,
    location: Location,
    options: Arc<FileOptions>,
    memory: Mutex<Memory>,
}

/// What is kept between requests; nothing in it has to be.
#[derive(Debug, Default)]
struct Memory {
    facts: HashMap<PathBuf, (FileStamp, Arc<Facts>)>,
    listings: VecDeque<Arc<Listing>>,
}

impl Inner {
    /// Lists the files, or finds the listing that `at` belongs to, and looks into those that are new.
    async fn table(&self, at: Option<Place>) -> Result<Table> {
        let listing = self.listing(at)?;
        if listing.files.is_empty() {
            return self.empty(listing);
        }
        let format = format_of(&listing.files, self.options.format)?;
        refuse_needless_schema(format, &self.options)?;
        let mut facts = Vec::with_capacity(listing.files.len());
        for stamp in &listing.files {
            let known = self.known(stamp);
            facts.push(match known {
                Some(known) => known,
                None => {
                    // Many files are looked into one after the other; others get their turn in between.
                    tokio::task::yield_now().await;
                    Arc::new(inspect(stamp, format, &self.options)?)
                }
            });
        }
        let schema = combine(&listing.files, &facts)?;
        self.remember(&listing, &facts);
        Ok(Table { listing, format, schema, facts })
    }

    fn listing(&self, at: Option<Place>) -> Result<Arc<Listing>> {
        let listing = Arc::new(self.location.list()?);
        let Some(at) = at.filter(|at| at.digest != listing.digest()) else { return Ok(listing) };
        let earlier = self.with_memory(|memory| {
            memory.listings.iter().find(|earlier| earlier.digest() == at.digest).map(Arc::clone)
        });
        let changed = match earlier {
            None => "the files are not those that the read began with".to_owned(),
            Some(earlier) => match earlier.changed() {
                None => return Ok(earlier),
                Some(file) => format!("`{}` is not what it was when the read began", file.name),
            },
        };
        Err(Error::new(ErrorKind::SnapshotChanged, format!("{changed}: read again from the start")))
    }

    /// An empty folder is a table where its columns are known, and none yet where they are not.
    fn empty(&self, listing: Arc<Listing>) -> Result<Table> {
        let schema = self.options.schema.as_ref().map(SchemaRef::clone).ok_or_else(|| {
            let message = format!("there are no files in `{}` yet", self.location.shown());
            Error::new(ErrorKind::NotFound, message)
        })?;
        let format = self.options.format.unwrap_or(FileFormat::Csv);
        Ok(Table { listing, format, schema, facts: Vec::new() })
    }

    fn known(&self, stamp: &FileStamp) -> Option<Arc<Facts>> {
        self.with_memory(|memory| {
            memory
                .facts
                .get(&stamp.path)
                .filter(|(known, _)| known == stamp)
                .map(|(_, facts)| Arc::clone(facts))
        })
    }

    fn remember(&self, listing: &Arc<Listing>, facts: &[Arc<Facts>]) {
        self.with_memory(|memory| {
            memory.facts = listing
                .files
                .iter()
                .zip(facts)
                .map(|(stamp, facts)| (stamp.path.clone(), (stamp.clone(), Arc::clone(facts))))
                .collect();
            if memory.listings.iter().all(|known| known.digest() != listing.digest()) {
                memory.listings.truncate(MOST_LISTINGS - 1);
                memory.listings.push_front(Arc::clone(listing));
            }
        });
    }

    fn with_memory<T>(&self, work: impl FnOnce(&mut Memory) -> T) -> T {
        work(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

type Running = Option<(Receiver<Result<Chunk>>, AbortOnDropHandle<()>)>;

async fn next_chunk(running: Running) -> Option<(Result<Chunk>, Running)> {
    let (mut receiver, task) = running?;
    match receiver.recv().await {
        Some(Ok(chunk)) => Some((Ok(chunk), Some((receiver, task)))),
        Some(Err(error)) => Some((Err(error), None)),
        None => match task.await {
            Ok(()) => None,
            Err(error) => Some((Err(internal("the reading of files failed").with_source(error)), None)),
        },
    }
}

fn refuse_needless_schema(format: FileFormat, options: &FileOptions) -> Result<()> {
    match format {
        FileFormat::Parquet | FileFormat::Arrow if options.schema.is_some() => {
            let message = format!("`schema` is for CSV and JSON: {format} files have their own");
            Err(Error::new(ErrorKind::InvalidArgument, message))
        }
        _ => Ok(()),
    }
}

/// How many earlier listings are kept, so that reads of them can be resumed after files were added.
const MOST_LISTINGS: usize = 16;
