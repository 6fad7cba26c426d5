//! Where the files of a dataset are: one file, a folder, or all that match a pattern.
//!
//! What kind of place it is, is decided once; what is in it, at every listing. A path that exists is never taken for a
//! pattern, whatever characters it has.

mod listing;
mod uri;

use std::fs;
use std::path::{Path, PathBuf};

use arrowlink_core::{Error, ErrorKind, Result};

use listing::{PATTERN_CHARACTERS, escaped, fixed_part, matches, stamp, walk};
use uri::{FILE_SCHEME, local_path};

use crate::FileFormat;
use crate::failure::io;
use crate::snapshot::{FileStamp, Listing};

/// A place that can be listed again and again; the files in it may come and go.
#[derive(Clone, Debug)]
pub(crate) struct Location {
    /// How it was given, for messages and descriptions.
    shown: String,
    kind: Kind,
}

/// Found out once, when the location is opened: a folder that goes away later is an error and not a pattern.
#[derive(Clone, Debug)]
enum Kind {
    /// One file, whatever its name.
    File(PathBuf),
    /// A folder with the folders in it.
    Folder(PathBuf),
    /// What matches `pattern`; names are told from `root`, the last folder that is not part of the pattern.
    Pattern { pattern: PathBuf, root: PathBuf },
}

impl Location {
    /// Finds what `uri` (a path, a pattern, or a `file://` URI) stands for, relative paths from `base_dir`.
    ///
    /// Fails with `NotFound` where nothing is there, `Unsupported` where it is not on this machine.
    pub(crate) fn find(uri: &str, base_dir: &Path) -> Result<Self> {
        let path = local_path(uri)?;
        let full = base_dir.join(&path);
        let kind = match fs::metadata(&full) {
            Ok(metadata) if metadata.is_dir() => Kind::Folder(full),
            Ok(metadata) if metadata.is_file() => Kind::File(full),
            Ok(_) => {
                let message = format!("`{uri}` is neither a file nor a folder");
                return Err(Error::new(ErrorKind::InvalidArgument, message));
            }
            Err(_) if uri.contains(PATTERN_CHARACTERS) && !uri.starts_with(FILE_SCHEME) => Kind::Pattern {
                pattern: escaped(base_dir).join(&path),
                root: base_dir.join(fixed_part(&path)),
            },
            Err(error) => return Err(absent(uri, &full, error)),
        };
        let location = Self { shown: uri.to_owned(), kind };
        if matches!(location.kind, Kind::Pattern { .. }) && location.list(None)?.files.is_empty() {
            return Err(Error::new(ErrorKind::NotFound, format!("no file matches `{uri}`")));
        }
        Ok(location)
    }

    /// Returns the location as it was given.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// Lists the files, sorted by name. Hidden ones (`.x`) and those set aside (`_x`) are left out, and those in a
    /// folder that are in no format that could be served, unless a format is `given`: a note beside the tables, or a
    /// file that is still being written under another name.
    pub(crate) fn list(&self, given: Option<FileFormat>) -> Result<Listing> {
        let files = match &self.kind {
            Kind::File(path) => vec![stamp(path, path.parent().unwrap_or(path))?],
            Kind::Folder(folder) => {
                let mut files = Vec::new();
                walk(folder, folder, 0, &mut files)?;
                let served = |file: &FileStamp| !FileFormat::is_foreign(&file.path);
                if given.is_none() && files.iter().any(served) {
                    files.retain(served);
                }
                files
            }
            Kind::Pattern { pattern, root } => matches(pattern, root)?,
        };
        Ok(Listing::new(files))
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

/// Says that nothing is there, and where it was looked for if the path was relative.
fn absent(uri: &str, full: &Path, error: std::io::Error) -> Error {
    if error.kind() != std::io::ErrorKind::NotFound {
        return io(&full.to_string_lossy(), error);
    }
    let meant = if full.is_absolute() && Path::new(uri) != full {
        format!(" (looked for `{}`)", full.display())
    } else {
        String::new()
    };
    Error::new(ErrorKind::NotFound, format!("there is no file or folder `{uri}`{meant}"))
}
