//! One open file as an object store, which is how DataFusion reads, and how everything here reads too.
//!
//! A file of this machine is opened once and read through the same handle to the end, so that a file that is replaced
//! meanwhile is read as it was; one that is written to meanwhile is an error. A file in a store is asked for piece by
//! piece, and each answer says which state it is of. JSON is handed out row by row, checked.
//!
//! DataFusion could open files by itself. It would open one again for every part that it reads, and two parts could
//! then be of two files of the same name.

use std::fmt;
use std::fs::File;
#[cfg(not(unix))]
use std::io::{Seek as _, SeekFrom};
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, UNIX_EPOCH};

use arrowlink_core::{Error, ErrorKind, Result};
use async_trait::async_trait;
use bytes::Bytes;
use datafusion::object_store::path::Path;
use datafusion::object_store::{
    self, CopyOptions, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt as _, PutMultipartOptions, PutOptions, PutPayload, PutResult,
};
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{FutureExt as _, StreamExt as _};
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

use crate::failure::{changed, from_remote, io};
use crate::json::{RowCheck, rows};
use crate::snapshot::FileStamp;
use crate::storage::Storage;

/// One file, opened, under whatever path it is asked for. Clones share the handle.
#[derive(Clone)]
pub(crate) struct OneFile {
    handle: Handle,
    stamp: Arc<FileStamp>,
    /// What rows must have, where the file is JSON; its bytes are then not those of the file.
    json: Option<Arc<RowCheck>>,
    /// The first error that the reading of bytes ended in: some decoders keep no more of it than its text.
    trouble: Arc<OnceLock<(ErrorKind, String)>>,
}

/// How the bytes are reached.
#[derive(Clone)]
enum Handle {
    Disk(Arc<File>),
    Remote(Arc<dyn ObjectStore>, Path),
}

impl OneFile {
    /// Opens the file, or says that it is no longer what `stamp` says; a store is asked at the first byte only.
    pub(crate) fn open(storage: &Storage, stamp: &FileStamp) -> Result<Self> {
        let handle = match storage {
            Storage::Disk => Handle::Disk(Arc::new(open(stamp)?)),
            Storage::Remote(store) => {
                Handle::Remote(Arc::clone(store), stamp.object.clone().unwrap_or_default())
            }
        };
        Ok(Self { handle, stamp: Arc::new(stamp.clone()), json: None, trouble: Arc::default() })
    }

    /// Makes the bytes of the file JSON rows, checked, one after the other, whatever stands around them in it.
    pub(crate) fn with_rows(mut self, check: Option<Arc<RowCheck>>) -> Self {
        self.json = check;
        self
    }

    /// Fails with `SnapshotChanged` where the file is no longer what it was when the dataset was listed.
    ///
    /// Where a store names states, every answer was compared already.
    pub(crate) async fn verify(&self) -> Result<()> {
        let is_same = match &self.handle {
            Handle::Disk(file) => {
                self.stamp.is_of(&file.metadata().map_err(|error| io(&self.stamp.name, error))?)
            }
            Handle::Remote(..) if self.stamp.e_tag.is_some() => true,
            Handle::Remote(store, path) => match store.head(path).await {
                Ok(meta) => self.stamp.is_of_object(&meta),
                Err(error) => return Err(from_remote(&self.stamp.name, &error)),
            },
        };
        if is_same { Ok(()) } else { Err(changed(&self.stamp.name)) }
    }

    /// Returns what DataFusion has to know about the file.
    ///
    /// The size and time are those of the listing; a cached footer is used again only for a file that has both.
    pub(crate) fn meta(&self) -> ObjectMeta {
        Self::place(&self.stamp)
    }

    /// As [`meta`](Self::meta), of a file that is not opened.
    pub(crate) fn place(stamp: &FileStamp) -> ObjectMeta {
        let modified = UNIX_EPOCH + Duration::from_nanos(stamp.modified.max(0).unsigned_abs());
        ObjectMeta {
            location: Path::from(stamp.path.to_string_lossy().as_ref()),
            last_modified: modified.into(),
            size: stamp.size,
            e_tag: stamp.e_tag.clone(),
            version: None,
        }
    }

    /// Reads the bytes of `range`; what is asked for beyond the end is an error.
    ///
    /// Where the read fails, the file is compared with the snapshot first: one that was cut off meanwhile has changed
    /// and is not damaged.
    pub(crate) async fn bytes(&self, range: Range<u64>) -> Result<Bytes> {
        self.read(range).await.inspect_err(|error| {
            self.trouble.get_or_init(|| (error.kind(), error.message().to_owned()));
        })
    }

    /// Makes `error`, which a decoder returned, what the reading of bytes ended in, if it did.
    pub(crate) fn troubled(&self, error: Error) -> Error {
        match self.trouble.get() {
            Some((kind, message)) if *kind != error.kind() => {
                Error::new(*kind, message.clone()).with_source(error.chain())
            }
            _ => error,
        }
    }

    async fn read(&self, range: Range<u64>) -> Result<Bytes> {
        let fits = range.start <= range.end && range.end <= self.stamp.size;
        let length = usize::try_from(range.end.saturating_sub(range.start)).ok().filter(|_| fits);
        let Some(length) = length else {
            return Err(io(&self.stamp.name, std::io::ErrorKind::UnexpectedEof.into()));
        };
        if length == 0 {
            return Ok(Bytes::new());
        }
        match &self.handle {
            Handle::Disk(file) => {
                let mut bytes = vec![0; length];
                match read_exact_at(file, &mut bytes, range.start) {
                    Ok(()) => Ok(bytes.into()),
                    Err(error) => {
                        self.verify().await?;
                        Err(io(&self.stamp.name, error))
                    }
                }
            }
            Handle::Remote(store, path) => self.remote_bytes(store.as_ref(), path, range).await,
        }
    }

    /// Asks the store for `range`; an answer of another state than that of the snapshot is refused.
    async fn remote_bytes(&self, store: &dyn ObjectStore, path: &Path, range: Range<u64>) -> Result<Bytes> {
        let failed = |error| from_remote(&self.stamp.name, &error);
        let length = range.end - range.start;
        let answer = store.get_opts(path, GetOptions::new().with_range(Some(range))).await;
        let answer = answer.map_err(|error| match error {
            object_store::Error::NotFound { .. } => changed(&self.stamp.name),
            error => failed(error),
        })?;
        if !self.stamp.is_of_object(&answer.meta) {
            return Err(changed(&self.stamp.name));
        }
        let bytes = answer.bytes().await.map_err(failed)?;
        if bytes.len() as u64 == length { Ok(bytes) } else { Err(changed(&self.stamp.name)) }
    }

    /// Hands out the bytes of the file from its start, piece by piece; a reader may be as slow as it likes.
    pub(crate) fn pieces(&self) -> BoxStream<'static, Result<Bytes>> {
        let piece = match self.handle {
            Handle::Disk(_) => DISK_PIECE_BYTES,
            Handle::Remote(..) => REMOTE_PIECE_BYTES,
        };
        stream::try_unfold((self.clone(), 0), move |(file, start)| async move {
            let end = file.stamp.size.min(start + piece);
            if start >= end {
                return Ok(None);
            }
            Ok(Some((file.bytes(start..end).await?, (file, end))))
        })
        .boxed()
    }

    /// Says whether asking for a few bytes takes long.
    pub(crate) const fn is_remote(&self) -> bool {
        matches!(self.handle, Handle::Remote(..))
    }

    /// Hands out the file from its start: as it is, or as checked rows of JSON.
    fn whole(&self) -> GetResultPayload {
        GetResultPayload::Stream(match &self.json {
            None => self.pieces().map(|piece| piece.map_err(failed)).boxed(),
            Some(check) => rows(self.pieces(), &self.stamp.name, Arc::clone(check))
                .map(|rows| rows.map_err(failed))
                .boxed(),
        })
    }
}

#[async_trait]
impl ObjectStore for OneFile {
    async fn get_opts(&self, _location: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        let size = self.stamp.size;
        let (payload, range) = match &options.range {
            _ if options.head => (GetResultPayload::Stream(stream::empty().boxed()), 0..0),
            None => (self.whole(), 0..size),
            Some(range) => {
                let range = range.as_range(size).map_err(|error| object_store::Error::Generic {
                    store: STORE,
                    source: Box::new(error),
                })?;
                let bytes = self.bytes(range.clone()).await.map_err(failed);
                (GetResultPayload::Stream(stream::once(async { bytes }).boxed()), range)
            }
        };
        Ok(GetResult { payload, meta: self.meta(), range, attributes: object_store::Attributes::default() })
    }

    async fn get_ranges(&self, _location: &Path, ranges: &[Range<u64>]) -> object_store::Result<Vec<Bytes>> {
        let gap = if self.is_remote() { REMOTE_GAP_BYTES } else { 0 };
        let fetch = |range| async move { self.bytes(range).await.map_err(failed) };
        object_store::coalesce_ranges(ranges, fetch, gap).await
    }

    fn list(&self, _prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        let meta = self.meta();
        stream::once(async { Ok(meta) }).boxed()
    }

    async fn list_with_delimiter(&self, _prefix: Option<&Path>) -> object_store::Result<ListResult> {
        Ok(ListResult { common_prefixes: Vec::new(), objects: vec![self.meta()] })
    }

    async fn put_opts(
        &self,
        _location: &Path,
        _payload: PutPayload,
        _options: PutOptions,
    ) -> object_store::Result<PutResult> {
        Err(read_only())
    }

    async fn put_multipart_opts(
        &self,
        _location: &Path,
        _options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        Err(read_only())
    }

    fn delete_stream(
        &self,
        _locations: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        async { Err(read_only()) }.into_stream().boxed()
    }

    async fn copy_opts(&self, _from: &Path, _to: &Path, _options: CopyOptions) -> object_store::Result<()> {
        Err(read_only())
    }
}

impl AsyncFileReader for OneFile {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, parquet::errors::Result<Bytes>> {
        async { self.bytes(range).await.map_err(|error| ParquetError::External(Box::new(error))) }.boxed()
    }

    /// Reads the end of the file with the footer, and once more where the footer is longer.
    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, parquet::errors::Result<Arc<ParquetMetaData>>> {
        let size = self.stamp.size;
        let reader = ParquetMetaDataReader::new().with_prefetch_hint(Some(FOOTER_BYTES));
        async move { reader.load_and_finish(self, size).await.map(Arc::new) }.boxed()
    }
}

impl fmt::Debug for OneFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OneFile").field("stamp", &self.stamp).finish_non_exhaustive()
    }
}

impl fmt::Display for OneFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.stamp.name)
    }
}

/// Wraps an error for its way through DataFusion.
///
/// [`failure`](crate::failure) takes it out again, with its kind and words.
fn failed(error: Error) -> object_store::Error {
    object_store::Error::Generic { store: STORE, source: Box::new(error) }
}

/// Answers what stores can do and this one is never asked for.
fn read_only() -> object_store::Error {
    object_store::Error::NotImplemented { operation: "writing".to_owned(), implementer: STORE.to_owned() }
}

/// Opens the file of this machine that `stamp` is about.
fn open(stamp: &FileStamp) -> Result<File> {
    let file = File::open(&stamp.path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => changed(&stamp.name),
        _ => io(&stamp.name, error),
    })?;
    let metadata = file.metadata().map_err(|error| io(&stamp.name, error))?;
    if stamp.is_of(&metadata) { Ok(file) } else { Err(changed(&stamp.name)) }
}

/// Fills `bytes` with those at `offset`, without moving the place where others read.
#[cfg(unix)]
fn read_exact_at(file: &File, bytes: &mut [u8], offset: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

/// Fills `bytes` with those at `offset`.
#[cfg(not(unix))]
fn read_exact_at(mut file: &File, bytes: &mut [u8], offset: u64) -> std::io::Result<()> {
    file.seek(SeekFrom::Start(offset))?;
    std::io::Read::read_exact(&mut file, bytes)
}

const STORE: &str = "file";
/// How much is read of a file at once where it is read from its start.
const DISK_PIECE_BYTES: u64 = 256 << 10;
/// As large as an answer may take a while, and as small as it is held twice.
const REMOTE_PIECE_BYTES: u64 = 4 << 20;
/// Ranges of a file in a store that are this near are asked for as one: an answer takes as long as this many bytes.
const REMOTE_GAP_BYTES: u64 = 1 << 20;
/// How much of the end of a Parquet file is read first; most footers are within it.
const FOOTER_BYTES: usize = 64 << 10;
