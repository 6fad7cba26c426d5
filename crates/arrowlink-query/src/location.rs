//! Where the files of a dataset are: one file, a folder, or all that match a pattern, here or in an object store.
//!
//! What kind of place it is, is decided once; what is in it, at every listing. A path that exists is never taken for a
//! pattern, whatever characters it has.

mod disk;
mod listing;
mod remote;
mod sought;
mod uri;

use std::path::Path;
use std::sync::Arc;

use arrowlink_core::{Error, ErrorKind, Result};
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
    place: Place,
    storage: Storage,
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
    /// Finds what `uri` (a path, a pattern, or a URI) stands for on this machine, relative paths from `base_dir`.
    ///
    /// Fails with `NotFound` where nothing is there, `Unsupported` where nothing here reads such a URI.
    fn on_disk(uri: &str, base_dir: &Path) -> Result<Self> {
        Ok(Self { place: Place::Disk(Disk::find(uri, base_dir)?), storage: Storage::Disk })
    }

    /// Takes what was found in `store`.
    fn in_store(remote: Remote, store: &Arc<dyn ObjectStore>) -> Self {
        Self { place: Place::Remote(remote), storage: Storage::Remote(Arc::clone(store)) }
    }

    /// Returns what its files are opened with.
    pub(crate) const fn storage(&self) -> &Storage {
        &self.storage
    }

    /// Lists the files, sorted by name. Hidden ones (`.x`) and those set aside (`_x`) are left out, and those in a
    /// folder that are in no format that could be served, unless a format is `given`: a note beside the tables, or a
    /// file that is still being written under another name.
    pub(crate) async fn list(&self, given: Option<FileFormat>) -> Result<Listing> {
        let listed = match (&self.place, &self.storage) {
            (Place::Remote(remote), Storage::Remote(store)) => remote.list(store.as_ref()).await?,
            (Place::Disk(disk), _) => disk.list()?,
            (Place::Remote(_), Storage::Disk) => Listed::Named(Vec::new()),
        };
        Ok(Listing::new(match listed {
            Listed::Named(files) => files,
            Listed::Folder(mut files) => {
                let served = |file: &FileStamp| !FileFormat::is_foreign(&file.path);
                if given.is_none() && files.iter().any(served) {
                    files.retain(served);
                }
                files
            }
        }))
    }

    const fn is_pattern(&self) -> bool {
        match &self.place {
            Place::Disk(disk) => disk.is_pattern(),
            Place::Remote(remote) => remote.is_pattern(),
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
