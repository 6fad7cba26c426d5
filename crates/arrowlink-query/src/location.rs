//! Where the files of a dataset are: one file, a folder, or all that match a pattern, here or in an object store.
//!
//! What kind of place it is, is decided once; what is in it, at every listing. A path that exists is never taken for a
//! pattern, whatever characters it has.

mod disk;
mod listing;
mod remote;
mod uri;

use arrowlink_core::{Error, ErrorKind, Result};

use disk::Disk;
use remote::Remote;

use crate::snapshot::{FileStamp, Listing};
use crate::storage::Storage;
use crate::{FileFormat, FileOptions};

/// A place that can be listed again and again; the files in it may come and go.
#[derive(Clone, Debug)]
pub(crate) struct Location {
    /// How it was given, for messages and descriptions.
    shown: String,
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
    /// Finds what `uri` (a path, a pattern, or a URI) stands for, relative paths from the base folder.
    ///
    /// Fails with `NotFound` where nothing is there, `Unsupported` where nothing here reads such a URI.
    pub(crate) async fn find(uri: &str, options: &FileOptions) -> Result<Self> {
        let (place, storage) = match Remote::find(uri, &options.store).await? {
            Some((remote, store)) => (Place::Remote(remote), Storage::Remote(store)),
            None => (Place::Disk(Disk::find(uri, &options.base_dir)?), Storage::Disk),
        };
        let location = Self { shown: uri.to_owned(), place, storage };
        if location.is_pattern() && location.list(None).await?.files.is_empty() {
            return Err(Error::new(ErrorKind::NotFound, format!("no file matches `{uri}`")));
        }
        Ok(location)
    }

    /// Returns the location as it was given.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
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
