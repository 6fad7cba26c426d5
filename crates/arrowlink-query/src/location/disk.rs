//! Files of this machine: one of them, a folder, or all that match a pattern.

use std::fs;
use std::path::{Path, PathBuf};

use arrowlink_core::{Error, ErrorKind, Result};

use super::Listed;
use super::listing::{PATTERN_CHARACTERS, escaped, fixed_part, matches, stamp, walk};
use super::uri::{FILE_SCHEME, local_path};
use crate::failure::io;

/// Found out once, when the location is opened: a folder that goes away later is an error and not a pattern.
#[derive(Clone, Debug)]
pub(super) enum Disk {
    /// One file, whatever its name.
    File(PathBuf),
    /// A folder with the folders in it.
    Folder(PathBuf),
    /// What matches `pattern`; names are told from `root`, the last folder that is not part of the pattern.
    Pattern { pattern: PathBuf, root: PathBuf },
}

impl Disk {
    /// Finds what `uri` stands for, relative paths from `base_dir`.
    pub(super) fn find(uri: &str, base_dir: &Path) -> Result<Self> {
        let path = local_path(uri)?;
        let full = base_dir.join(&path);
        match fs::metadata(&full) {
            Ok(metadata) if metadata.is_dir() => Ok(Self::Folder(full)),
            Ok(metadata) if metadata.is_file() => Ok(Self::File(full)),
            Ok(_) => {
                let message = format!("`{uri}` is neither a file nor a folder");
                Err(Error::new(ErrorKind::InvalidArgument, message))
            }
            Err(_) if uri.contains(PATTERN_CHARACTERS) && !uri.starts_with(FILE_SCHEME) => {
                let root = base_dir.join(fixed_part(&path));
                Ok(Self::Pattern { pattern: escaped(base_dir).join(&path), root })
            }
            Err(error) => Err(absent(uri, &full, error)),
        }
    }

    /// Lists the files that are there.
    pub(super) fn list(&self) -> Result<Listed> {
        match self {
            Self::File(path) => Ok(Listed::Named(vec![stamp(path, path.parent().unwrap_or(path))?])),
            Self::Folder(folder) => {
                let mut files = Vec::new();
                walk(folder, folder, 0, &mut files)?;
                Ok(Listed::Folder(files))
            }
            Self::Pattern { pattern, root } => matches(pattern, root).map(Listed::Named),
        }
    }

    pub(super) const fn is_pattern(&self) -> bool {
        matches!(self, Self::Pattern { .. })
    }
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
