//! The files of one table as an object store, which is how DataFusion reads them.
//!
//! Every access opens the file anew and compares it with the listing before and after: a table of ten thousand files
//! keeps no handle open, and one that is replaced while the query runs is an error and not a mixture.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
use datafusion::object_store::path::Path;
use datafusion::object_store::{
    self, CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult,
};
use futures::stream::{self, BoxStream, StreamExt as _};

use crate::one_file::OneFile;
use crate::snapshot::{FileStamp, Listing};
use crate::storage::Storage;

/// The files of a listing, by their paths.
#[derive(Debug)]
pub(crate) struct FileStore {
    storage: Storage,
    files: HashMap<Path, FileStamp>,
}

impl FileStore {
    /// Takes the files of `listing`, which are in `storage`.
    pub(crate) fn new(listing: &Listing, storage: Storage) -> Self {
        let files = listing.files.iter().map(|stamp| (OneFile::place(stamp).location, stamp.clone()));
        Self { storage, files: files.collect() }
    }

    /// Returns what the file at `location` is called within its dataset.
    pub(crate) fn name<'a>(&'a self, location: &'a Path) -> &'a str {
        self.files.get(location).map_or_else(|| location.as_ref(), |stamp| &stamp.name)
    }

    /// Opens the file at `location`.
    fn open(&self, location: &Path) -> object_store::Result<OneFile> {
        let stamp = self.files.get(location).ok_or_else(|| object_store::Error::NotFound {
            path: location.to_string(),
            source: "it is not in the listing".into(),
        })?;
        OneFile::open(&self.storage, stamp).map_err(failed)
    }
}

#[async_trait]
impl ObjectStore for FileStore {
    async fn get_opts(&self, location: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        self.open(location)?.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> object_store::Result<Vec<Bytes>> {
        let file = self.open(location)?;
        let bytes = file.get_ranges(location, ranges).await?;
        file.verify().await.map_err(failed)?;
        Ok(bytes)
    }

    fn list(&self, _prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        stream::once(async { Err(refused()) }).boxed()
    }

    async fn list_with_delimiter(&self, _prefix: Option<&Path>) -> object_store::Result<ListResult> {
        Err(refused())
    }

    async fn put_opts(
        &self,
        _location: &Path,
        _payload: PutPayload,
        _options: PutOptions,
    ) -> object_store::Result<PutResult> {
        Err(refused())
    }

    async fn put_multipart_opts(
        &self,
        _location: &Path,
        _options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        Err(refused())
    }

    fn delete_stream(
        &self,
        _locations: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        stream::once(async { Err(refused()) }).boxed()
    }

    async fn copy_opts(&self, _from: &Path, _to: &Path, _options: CopyOptions) -> object_store::Result<()> {
        Err(refused())
    }
}

impl fmt::Display for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} files", self.files.len())
    }
}

/// Wraps an error for its way through DataFusion.
fn failed(error: arrowlink_core::Error) -> object_store::Error {
    object_store::Error::Generic { store: STORE, source: Box::new(error) }
}

/// Answers what stores can do and this one is never asked for.
fn refused() -> object_store::Error {
    object_store::Error::NotImplemented {
        operation: "anything but reading".to_owned(),
        implementer: STORE.to_owned(),
    }
}

const STORE: &str = "files";
