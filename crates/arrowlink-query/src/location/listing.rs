//! The files of a folder and those that match a pattern.
//!
//! Both leave out what is hidden (`.x`) or set aside (`_x`), as programs that write files bit by bit expect it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};

use arrowlink_core::{Error, ErrorKind, Result};

use crate::failure::io;
use crate::snapshot::FileStamp;

/// Notes the file at `path` under its name within `root`.
pub(super) fn stamp(path: &Path, root: &Path) -> Result<FileStamp> {
    let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
    match fs::metadata(path) {
        Ok(metadata) => Ok(FileStamp::new(path.to_owned(), name, &metadata)),
        Err(error) => Err(io(&name, error)),
    }
}

/// Adds the files in `folder`, which lies `depth` folders deep in `root`, and those in the folders in it.
///
/// Links are followed, and the depth is bounded because one may lead back.
///
/// Fails with the first folder that cannot be read, and with `InvalidArgument` past 32 folders.
pub(super) fn walk(root: &Path, folder: &Path, depth: usize, files: &mut Vec<FileStamp>) -> Result<()> {
    let shown = || folder.to_string_lossy();
    if depth > MAX_DEPTH {
        let message =
            format!("`{}` lies more than {MAX_DEPTH} folders deep: is a link leading back?", shown());
        return Err(Error::new(ErrorKind::InvalidArgument, message));
    }
    for entry in fs::read_dir(folder).map_err(|error| io(&shown(), error))? {
        let entry = entry.map_err(|error| io(&shown(), error))?;
        let path = entry.path();
        if is_set_aside(&entry.file_name()) {
            continue;
        }
        // A file that goes away while the folder is listed is not in it.
        let Ok(metadata) = fs::metadata(&path) else { continue };
        if metadata.is_dir() {
            refuse_partition(&path)?;
            walk(root, &path, depth + 1, files)?;
        } else if metadata.is_file() {
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            files.push(FileStamp::new(path, name, &metadata));
        }
    }
    Ok(())
}

/// Refuses `key=value` folders: their column would be missing from the rows without a word.
///
/// Only folders that are walked into are refused; a pattern that names them is the operator's word that the files
/// suffice.
pub(super) fn refuse_partition(folder: &Path) -> Result<()> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    if !name.contains('=') {
        return Ok(());
    }
    let message = format!(
        "`{}` is a partition, and the column in its name is not read: serve the files without it, with a pattern \
         such as `**/*.parquet`",
        folder.display()
    );
    Err(Error::new(ErrorKind::InvalidArgument, message))
}

/// Returns the files that `pattern` matches, all of which lie in `root`.
///
/// Folders that match are passed over. A file or folder that is hidden or set aside below the root is left out, even
/// where the pattern names it.
pub(super) fn matches(pattern: &Path, root: &Path) -> Result<Vec<FileStamp>> {
    let text = pattern.to_string_lossy();
    let paths = glob::glob(&text).map_err(|error| {
        Error::new(ErrorKind::InvalidArgument, format!("`{text}` is not a pattern")).with_source(error)
    })?;
    let mut files = Vec::new();
    for path in paths {
        let path = path.map_err(|error| {
            let at = error.path().to_string_lossy().into_owned();
            io(&at, error.into())
        })?;
        let within = path.strip_prefix(root).unwrap_or(&path);
        if path.is_file() && !within.iter().any(is_set_aside) {
            files.push(stamp(&path, root)?);
        }
    }
    Ok(files)
}

/// Returns the folders of `pattern` before the first that is not a plain name.
///
/// Names in messages and snapshots are told from here.
pub(super) fn fixed_part(pattern: &Path) -> PathBuf {
    pattern
        .components()
        .take_while(|part| !matches!(part, Component::Normal(name) if name.to_string_lossy().contains(PATTERN_CHARACTERS)))
        .collect()
}

/// Says whether a file or folder of this name is passed over.
pub(super) fn is_set_aside(name: &OsStr) -> bool {
    let first = name.as_encoded_bytes().first();
    matches!(first, Some(b'.' | b'_'))
}

/// Returns `folder` as a pattern that matches it alone.
///
/// The base folder is no part of the pattern, whatever characters it has.
pub(super) fn escaped(folder: &Path) -> PathBuf {
    PathBuf::from(glob::Pattern::escape(&folder.to_string_lossy()))
}

/// What a path has that is a pattern.
pub(super) const PATTERN_CHARACTERS: [char; 3] = ['*', '?', '['];
/// How deep a folder may lie in the dataset's folder.
const MAX_DEPTH: usize = 32;
