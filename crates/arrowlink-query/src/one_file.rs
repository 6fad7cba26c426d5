//! One open file as an object store, which is how DataFusion reads.
//!
//! The file is opened once and read through the same handle to the end, so that a file that is replaced meanwhile is
//! read as it was; one that is written to meanwhile is an error. JSON is handed out row by row, checked.
//!
//! DataFusion could open files by itself. It would open one again for every part that it reads, and two parts could
//! then be of two files of the same name.

use std::fmt;
use std::fs::File;
use std::io::{Seek as _, SeekFrom};
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use arrowlink_core::Error;
use async_trait::async_trait;
use bytes::Bytes;
use datafusion::object_store::path::Path;
use datafusion::object_store::{
    self, CopyOptions, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult,
};
use futures::stream::{self, BoxStream};
use futures::{FutureExt as _, StreamExt as _};

use crate::failure::{changed, io};
use crate::json::{RowCheck, Rows};
use crate::snapshot::FileStamp;

/// One file, opened, under whatever path it is asked for.
pub(crate) struct OneFile {
    file: File,
    stamp: FileStamp,
    /// What rows must have, where the file is JSON; its bytes are then not those of the file.
    json: Option<Arc<RowCheck>>,
}

impl OneFile {
    /// Opens the file, or says that it is no longer what `stamp` says.
    ///
    /// With `json` its bytes are JSON rows, checked, one after the other, whatever stands around them in the file.
    pub(crate) fn open(stamp: &FileStamp, json: Option<Arc<RowCheck>>) -> Result<Self, Error> {
        let file = File::open(&stamp.path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => changed(&stamp.name),
            _ => io(&stamp.name, error),
        })?;
        let opened = Self { file, stamp: stamp.clone(), json };
        opened.verify()?;
        Ok(opened)
    }

    /// Fails with `SnapshotChanged` where the file is no longer what it was when the dataset was listed.
    pub(crate) fn verify(&self) -> Result<(), Error> {
        let metadata = self.file.metadata().map_err(|error| io(&self.stamp.name, error))?;
        if self.stamp.is_of(&metadata) { Ok(()) } else { Err(changed(&self.stamp.name)) }
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
            e_tag: None,
            version: None,
        }
    }

    /// Reads the bytes of `range`; what is asked for beyond the end is an error.
    ///
    /// Where the read fails, the file is compared with the snapshot first: one that was cut off meanwhile has changed
    /// and is not damaged.
    fn bytes(&self, range: Range<u64>) -> object_store::Result<Bytes> {
        let fits = range.start <= range.end && range.end <= self.stamp.size;
        let length = usize::try_from(range.end.saturating_sub(range.start)).ok().filter(|_| fits);
        let length = length.ok_or_else(|| std::io::Error::from(std::io::ErrorKind::UnexpectedEof));
        let read = length.and_then(|length| {
            let mut bytes = vec![0; length];
            read_exact_at(&self.file, &mut bytes, range.start)?;
            Ok(bytes)
        });
        match read {
            Ok(bytes) => Ok(Bytes::from(bytes)),
            Err(error) => Err(failed(self.verify().err().unwrap_or_else(|| io(&self.stamp.name, error)))),
        }
    }

    /// Hands out the file from its start: as it is, or as checked rows of JSON.
    ///
    /// The handle is shared with its place, so that it is set to the start; whoever reads ranges does so without it.
    fn whole(&self) -> object_store::Result<GetResultPayload> {
        let opened = self.file.try_clone().and_then(|mut file| file.seek(SeekFrom::Start(0)).map(|_| file));
        let file = opened.map_err(|error| failed(io(&self.stamp.name, error)))?;
        Ok(match &self.json {
            None => GetResultPayload::File(file, self.stamp.path.clone()),
            Some(check) => {
                let rows = Rows::new(file, &self.stamp.name, Arc::clone(check));
                GetResultPayload::Stream(stream::iter(rows).map(|rows| rows.map_err(failed)).boxed())
            }
        })
    }
}

#[async_trait]
impl ObjectStore for OneFile {
    async fn get_opts(&self, _location: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        let size = self.stamp.size;
        let (payload, range) = match &options.range {
            _ if options.head => (GetResultPayload::Stream(stream::empty().boxed()), 0..0),
            None => (self.whole()?, 0..size),
            Some(range) => {
                let range = range.as_range(size).map_err(|error| object_store::Error::Generic {
                    store: STORE,
                    source: Box::new(error),
                })?;
                let bytes = self.bytes(range.clone());
                (GetResultPayload::Stream(stream::once(async { bytes }).boxed()), range)
            }
        };
        Ok(GetResult { payload, meta: self.meta(), range, attributes: object_store::Attributes::default() })
    }

    async fn get_ranges(&self, _location: &Path, ranges: &[Range<u64>]) -> object_store::Result<Vec<Bytes>> {
        ranges.iter().map(|range| self.bytes(range.clone())).collect()
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

/// Fills `bytes` with those at `offset`, without moving the place where others read.
#[cfg(unix)]
pub(crate) fn read_exact_at(file: &File, bytes: &mut [u8], offset: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

/// Fills `bytes` with those at `offset`.
#[cfg(not(unix))]
pub(crate) fn read_exact_at(mut file: &File, bytes: &mut [u8], offset: u64) -> std::io::Result<()> {
    file.seek(SeekFrom::Start(offset))?;
    std::io::Read::read_exact(&mut file, bytes)
}

const STORE: &str = "file";
