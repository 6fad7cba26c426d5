//! Where the files of a dataset are: files, folders, and all that match patterns, here or in an object store.
//!
//! What kind of place it is, is decided once; what is in it, at every listing. A path that exists is never taken for a
//! pattern, whatever characters it has.

mod disk;
mod listing;
mod remote;
mod sought;
mod uri;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrowlink_core::{Error, ErrorKind, Result};
use futures::future::try_join_all;
use object_store::ObjectStore;

use disk::Disk;
use remote::Remote;

pub(crate) use sought::Sought;

use crate::FileFormat;
use crate::snapshot::{FileStamp, Listing};
use crate::storage::Storage;

/// A place that can be listed again and again; the files in it may come and go.
#[derive(Clone, Debug)]
pub(crate) struct Location {
    /// One for each path or URI.
    places: Vec<Place>,
    storage: Storage,
    /// The folder that relative paths start from.
    base_dir: PathBuf,
}

#[derive(Clone, Debug)]
enum Place {
    Disk(Disk),
    Remote(Remote),
}

/// What a listing is of: a folder leaves out what is no table, the others say what they mean.
pub(crate) enum Listed {
    /// One file, or the files that match a pattern.
    Named(Vec<FileStamp>),
    /// All files of a folder.
    Folder(Vec<FileStamp>),
}

impl Location {
    /// Finds what `uris` (paths, patterns, or URIs) stand for on this machine, relative paths from `base_dir`.
    ///
    /// Fails with `NotFound` where nothing is there, `Unsupported` where nothing here reads such a URI.
    fn on_disk(uris: &[String], base_dir: &Path) -> Result<Self> {
        let places = uris.iter().map(|uri| Disk::find(uri, base_dir).map(Place::Disk));
        let places = places.collect::<Result<_>>()?;
        Ok(Self { places, storage: Storage::Disk, base_dir: base_dir.to_owned() })
    }

    /// Takes what was found in `store`.
    fn in_store(places: Vec<Remote>, store: &Arc<dyn ObjectStore>) -> Self {
        let places = places.into_iter().map(Place::Remote).collect();
        Self { places, storage: Storage::Remote(Arc::clone(store)), base_dir: PathBuf::new() }
    }

    fn places(&self) -> &[Place] {
        &self.places
    }

    /// Returns what its files are opened with.
    pub(crate) const fn storage(&self) -> &Storage {
        &self.storage
    }

    /// Lists the files, sorted by name. Hidden ones (`.x`) and those set aside (`_x`) are left out, and those in a
    /// folder that are in no format that could be served, unless a format is `given`: a note beside the tables, or a
    /// file that is still being written under another name.
    ///
    /// Names are told from the folder; where there are several places, as whole paths.
    pub(crate) async fn list(&self, given: Option<FileFormat>) -> Result<Listing> {
        let listed = try_join_all(self.places.iter().map(|place| self.listed(place))).await?;
        let mut files = Vec::new();
        for listed in listed {
            files.extend(match listed {
                Listed::Named(files) => files,
                Listed::Folder(mut files) => {
                    let served = |file: &FileStamp| !FileFormat::is_foreign(&file.path);
                    if given.is_none() && files.iter().any(served) {
                        files.retain(served);
                    }
                    files
                }
            });
        }
        if self.places.len() > 1 {
            files.iter_mut().for_each(|file| file.name = self.whole_name(file));
        }
        Ok(Listing::new(files))
    }

    /// Whether nothing is at `place`.
    async fn is_empty(&self, place: &Place) -> Result<bool> {
        let (Listed::Named(files) | Listed::Folder(files)) = self.listed(place).await?;
        Ok(files.is_empty())
    }

    async fn listed(&self, place: &Place) -> Result<Listed> {
        match (place, &self.storage) {
            (Place::Remote(remote), Storage::Remote(store)) => remote.list(store.as_ref()).await,
            (Place::Disk(disk), _) => disk.list(),
            (Place::Remote(_), Storage::Disk) => Ok(Listed::Named(Vec::new())),
        }
    }

    fn whole_name(&self, file: &FileStamp) -> String {
        match &file.object {
            Some(object) => object.to_string(),
            None => file.path.strip_prefix(&self.base_dir).unwrap_or(&file.path).to_string_lossy().into(),
        }
    }
}

impl Place {
    const fn is_pattern(&self) -> bool {
        match self {
            Self::Disk(disk) => disk.is_pattern(),
            Self::Remote(remote) => remote.is_pattern(),
        }
    }
}

/// Returns the one format of `files`, or says which two differ.
///
/// Files are told by their extensions. Two formats in one table are refused, because one of them is most likely there
/// by mistake.
pub(crate) fn format_of(files: &[FileStamp], given: Option<FileFormat>) -> Result<FileFormat> {
    if let Some(format) = given {
        return Ok(format);
    }
    let mut first: Option<(FileFormat, &FileStamp)> = None;
    for file in files {
        let format = FileFormat::of_path(&file.path)?;
        let (expected, earlier) = *first.get_or_insert((format, file));
        if format != expected {
            let message = format!(
                "`{}` is {expected} and `{}` is {format}: serve one format, with a pattern such as `*.{}`",
                earlier.name,
                file.name,
                earlier.path.extension().unwrap_or_default().to_string_lossy()
            );
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
    }
    first.map(|(format, _)| format).ok_or_else(|| Error::new(ErrorKind::NotFound, "there are no files in it"))
}
