//! The dataset itself: lists its files at every request, and answers for what it finds.

use std::sync::Arc;

use arrowlink_core::{
    BatchStream, CallContext, Dataset, Description, Error, ErrorKind, NounKind, Part, ReadOptions, Receipt,
    Result, WriteOptions,
};
use datafusion::execution::runtime_env::RuntimeEnv;
use futures::future::{BoxFuture, FutureExt as _, ready};

use crate::failure::internal;
use crate::pieces::Piece;
use crate::place::Place;
use crate::running::running;
use crate::scan::Scan;
use crate::snapshot::Digest;
use crate::tables::{Table, Tables};
use crate::{FileOptions, QueryRuntime};

/// A table that lies in files: one file, a folder of them, or all that match a pattern.
///
/// The files are listed at every request: a file that was added, repaired or replaced is what the next read sees. A
/// read returns the files in the order of their names and each file's rows in its own order. Its parts are files, and
/// runs of row groups of a Parquet file. A dataset that is broken stays; [`describe`](Dataset::describe) and [`read`](Dataset::read) say what is wrong and in which file.
///
/// Memory is what the decoding of one batch takes, and of Parquet one row group: files are never loaded whole. A
/// batch of an Arrow IPC file is read in one piece, however large it was written.
///
/// Futures are to be polled within a Tokio runtime that has its timer enabled; the files are read on the threads of
/// the [`QueryRuntime`].
///
/// ```
/// use arrowlink_core::{CallContext, Dataset as _, ErrorKind, ReadOptions};
/// use arrowlink_query::{FileDataset, FileOptions, QueryOptions, QueryRuntime};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let folder = tempfile::tempdir()?;
/// std::fs::write(folder.path().join("b.csv"), "id,name\n3,c\n")?;
/// std::fs::write(folder.path().join("a.csv"), "id,name\n1,a\n2,b\n")?;
///
/// let runtime = QueryRuntime::new(QueryOptions::default())?;
/// let options = FileOptions::default().with_base_dir(folder.path());
/// let dataset = FileDataset::open(&runtime, "*.csv", options).await?;
/// let rows = dataset.read(CallContext::new(), ReadOptions::default().with_skip(1)).await?;
/// assert_eq!(rows.collect_batches().await?.iter().map(|batch| batch.num_rows()).collect::<Vec<_>>(), [1, 1]);
///
/// // What is wrong with a file is found when it is looked into, and may be repaired.
/// std::fs::write(folder.path().join("b.csv"), "id,name\n3\n")?;
/// let error = dataset.describe(CallContext::new()).await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Corrupt);
/// assert_eq!(error.message(), "`b.csv`: row 1: 2 columns expected, got 1");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct FileDataset {
    runtime: QueryRuntime,
    options: Arc<FileOptions>,
    tables: Arc<Tables>,
}

impl FileDataset {
    /// Opens what `uri` stands for: a path, a pattern such as `trips/*.parquet`, or a `file://` URI.
    ///
    /// Folders are taken with the folders in them; names that begin with `.` or `_` are left out.
    ///
    /// ```
    /// use arrowlink_core::ErrorKind;
    /// use arrowlink_query::{FileDataset, FileOptions, QueryOptions, QueryRuntime};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let runtime = QueryRuntime::new(QueryOptions::default())?;
    /// let error = FileDataset::open(&runtime, "no/such/*.parquet", FileOptions::default()).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::NotFound);
    /// assert_eq!(error.message(), "no file matches `no/such/*.parquet`");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `NotFound` where there is no such file or folder or nothing matches, `InvalidArgument` where the files do not
    /// have one known format or an option does not fit it, `Unsupported` where they are not on this machine. A file
    /// whose content is wrong is no error here.
    pub async fn open(runtime: &QueryRuntime, uri: &str, options: FileOptions) -> Result<Self> {
        Self::open_all(runtime, [uri], options).await
    }

    /// Opens what `uris` stand for, as one table: each is a path, a pattern, or a URI, as in [`open`](Self::open).
    ///
    /// All of them are on this machine, or in one store. The files are read in the order of their names, which are whole
    /// paths here; one that several of them stand for is read once.
    ///
    /// ```
    /// use arrowlink_core::{CallContext, Dataset as _, ReadOptions};
    /// use arrowlink_query::{FileDataset, FileOptions, QueryOptions, QueryRuntime};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let options = FileOptions::default().with_base_dir(folder.path());
    /// std::fs::write(folder.path().join("a.csv"), "id\n1\n")?;
    /// std::fs::write(folder.path().join("b.csv"), "id\n2\n3\n")?;
    ///
    /// let runtime = QueryRuntime::new(QueryOptions::default())?;
    /// let dataset = FileDataset::open_all(&runtime, ["b.csv", "a.csv"], options).await?;
    /// let rows = dataset.read(CallContext::new(), ReadOptions::default()).await?.collect_batches().await?;
    /// assert_eq!(rows.iter().map(|batch| batch.num_rows()).collect::<Vec<_>>(), [1, 2]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); `InvalidArgument` where there is no URI, or where they are in several stores.
    pub async fn open_all(
        runtime: &QueryRuntime,
        uris: impl IntoIterator<Item = impl Into<String>>,
        options: FileOptions,
    ) -> Result<Self> {
        let (uris, options) = (uris.into_iter().map(Into::into).collect(), Arc::new(options));
        let of_tables = Arc::clone(&options);
        let tables =
            runtime.run(&CallContext::new(), async move { Tables::open(uris, of_tables).await }).await?;
        Ok(Self { runtime: runtime.clone(), options, tables: Arc::new(tables) })
    }

    /// Returns what there is now, for a reader of its own.
    pub(crate) async fn current(&self, ctx: &CallContext) -> Result<Table> {
        self.table(ctx, None).await
    }

    /// Returns what reads of files share.
    pub(crate) fn environment(&self) -> &RuntimeEnv {
        self.runtime.environment()
    }

    /// Finds out on the query runtime what there is, now or in the snapshot of an earlier read.
    async fn table(&self, ctx: &CallContext, at: Option<Digest>) -> Result<Table> {
        let tables = Arc::clone(&self.tables);
        self.runtime.run(ctx, async move { tables.table(at).await }).await
    }

    /// Says what `table` is, which [`current`](Self::current) returned.
    pub(crate) fn description(&self, table: &Table) -> Description {
        Description::new(NounKind::Dataset, Arc::clone(&table.schema))
            .with_rows(table.rows())
            .with_bytes(Some(table.listing.bytes()))
            .with_source(self.tables.shown())
            .with_parts(parts(table))
            .with_snapshot(table.listing.snapshot())
    }

    /// Starts a read: what there is, and what is wanted of it.
    async fn start(&self, ctx: CallContext, options: ReadOptions) -> Result<BatchStream> {
        refuse_following(&options)?;
        let resume = options.resume.as_ref().map(Place::decode).transpose()?;
        let table = self.table(&ctx, state(&options, resume)?).await?;
        self.read_table(&ctx, table, options, resume).await
    }

    /// Starts a read of `table`: which columns and part, and when it is its turn.
    ///
    /// Everything is checked before it waits for its turn: what cannot be answered is refused at once. A file that is
    /// no longer what it is in `table` ends the read.
    pub(crate) async fn read_table(
        &self,
        ctx: &CallContext,
        table: Table,
        mut options: ReadOptions,
        resume: Option<Place>,
    ) -> Result<BatchStream> {
        let projection = options.column_indices(&table.schema)?;
        let schema =
            match &projection {
                None => Arc::clone(&table.schema),
                Some(columns) => Arc::new(table.schema.project(columns).map_err(|error| {
                    internal("the columns that were found are not there").with_source(error)
                })?),
            };
        let snapshot = table.listing.snapshot();
        let piece = piece(&table, &mut options)?;
        let start = first_place(&table, &piece, resume)?;
        let turn = self.runtime.turn(ctx).await?;
        let scan = Scan {
            table,
            options: Arc::clone(&self.options),
            environment: Arc::clone(self.runtime.environment()),
            projection,
            schema: Arc::clone(&schema),
            start,
            piece,
            skip: options.skip,
            left: options.limit.unwrap_or(u64::MAX),
        };
        let chunks = running(&self.runtime, |sender| async move {
            scan.run(sender).await;
            drop(turn);
        })?;
        Ok(BatchStream::new(schema, chunks).with_snapshot(snapshot))
    }
}

impl Dataset for FileDataset {
    fn describe(&self, ctx: CallContext) -> BoxFuture<'_, Result<Description>> {
        async move {
            let table = self.table(&ctx, None).await?;
            Ok(self.description(&table))
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
            "the dataset is served from `{}` and cannot be written to: write to a name that is not served from files",
            self.tables.shown()
        );
        ready(Err(Error::new(ErrorKind::ReadOnly, message))).boxed()
    }
}

/// Files are no stream: there is nothing to wait for at their end.
fn refuse_following(options: &ReadOptions) -> Result<()> {
    ReadOptions::default().with_follow(options.follow).refuse_beyond_rows()
}

/// Returns the state that is asked for, by name or by a position in it; `None` for the one of now.
fn state(options: &ReadOptions, resume: Option<Place>) -> Result<Option<Digest>> {
    let named = options.snapshot.as_ref().map(Digest::parse).transpose()?;
    match (named, resume.map(|place| place.digest)) {
        (Some(named), Some(of_place)) if named != of_place => Err(Error::new(
            ErrorKind::InvalidArgument,
            "the position to resume at is of another snapshot than the one that is asked for",
        )),
        (named, of_place) => Ok(named.or(of_place)),
    }
}

/// Returns the parts as others see them; a dataset of one piece is not divided.
fn parts(table: &Table) -> Vec<Part> {
    let pieces = table.pieces();
    if pieces.len() < 2 { Vec::new() } else { pieces.into_iter().map(|piece| piece.part).collect() }
}

/// Takes the part that is asked for out of the options; what is not divided is its own first part.
fn piece(table: &Table, options: &mut ReadOptions) -> Result<Piece> {
    let pieces = table.pieces();
    if pieces.is_empty() && options.part == Some(0) {
        options.part = None;
    }
    Ok(options.take_part(&pieces)?.cloned().unwrap_or_else(Piece::whole))
}

/// Returns where the read of `piece` begins, or goes on.
fn first_place(table: &Table, piece: &Piece, resume: Option<Place>) -> Result<Place> {
    match resume {
        None => Ok(Place { digest: table.listing.digest(), file: piece.files.start, row: piece.rows.start }),
        Some(place) if piece.has(place) => Ok(place),
        Some(_) => {
            let text = "the position to resume at is not in the part that is read: read it without `part`";
            Err(Error::new(ErrorKind::InvalidArgument, text))
        }
    }
}
