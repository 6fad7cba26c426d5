//! Where the files of a dataset are: one file, a folder, or all that match a pattern.

use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};

use arrowlink_core::{Error, ErrorKind, Result};

use crate::FileFormat;
use crate::failure::io;
use crate::snapshot::{FileStamp, Listing};

/// A place that can be listed again and again; the files in it may come and go.
#[derive(Clone, Debug)]
pub(crate) struct Location {
    shown: String,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    File(PathBuf),
    Folder(PathBuf),
    Pattern(PathBuf),
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
            Ok(_) => Kind::File(full),
            Err(_) if uri.contains(PATTERN_CHARACTERS) && !uri.starts_with(FILE_SCHEME) => {
                Kind::Pattern(escaped(base_dir).join(&path))
            }
            Err(error) => return Err(absent(uri, &full, error)),
        };
        let location = Self { shown: uri.to_owned(), kind };
        if matches!(location.kind, Kind::Pattern(_)) && location.list()?.files.is_empty() {
            return Err(Error::new(ErrorKind::NotFound, format!("no file matches `{uri}`")));
        }
        Ok(location)
    }

    /// Returns the location as it was given.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// Lists the files, sorted by name. Hidden ones (`.x`) and those set aside (`_x`) are left out.
    pub(crate) fn list(&self) -> Result<Listing> {
        let files = match &self.kind {
            Kind::File(path) => vec![stamp(path, path.parent().unwrap_or(path))?],
            Kind::Folder(folder) => {
                let mut files = Vec::new();
                walk(folder, folder, 0, &mut files)?;
                files
            }
            Kind::Pattern(pattern) => matches(pattern)?,
        };
        Ok(Listing::new(files))
    }
}

/// Returns the one format of `files`, or says which two differ.
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

fn local_path(uri: &str) -> Result<PathBuf> {
    let Some(rest) = uri.strip_prefix(FILE_SCHEME) else {
        if let Some((scheme, _)) = uri.split_once("://") {
            let message = format!("`{uri}`: only files of this machine are served, not `{scheme}://`");
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        return Ok(PathBuf::from(uri));
    };
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    if !path.starts_with('/') {
        let message = format!("`{uri}` names another host: write `file:///path`");
        return Err(Error::new(ErrorKind::InvalidArgument, message));
    }
    percent_decoded(path).map(PathBuf::from).ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidArgument,
            format!("`{uri}` has a `%` that is not followed by two hex digits"),
        )
    })
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next()?.as_bytes());
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend_from_slice(part.get(2..)?.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

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

fn escaped(folder: &Path) -> PathBuf {
    PathBuf::from(glob::Pattern::escape(&folder.to_string_lossy()))
}

fn stamp(path: &Path, root: &Path) -> Result<FileStamp> {
    let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
    match fs::metadata(path) {
        Ok(metadata) => Ok(FileStamp::new(path.to_owned(), name, &metadata)),
        Err(error) => Err(io(&path.to_string_lossy(), error)),
    }
}

fn walk(root: &Path, folder: &Path, depth: usize, files: &mut Vec<FileStamp>) -> Result<()> {
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
fn refuse_partition(folder: &Path) -> Result<()> {
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

fn matches(pattern: &Path) -> Result<Vec<FileStamp>> {
    let text = pattern.to_string_lossy();
    let paths = glob::glob(&text).map_err(|error| {
        Error::new(ErrorKind::InvalidArgument, format!("`{text}` is not a pattern")).with_source(error)
    })?;
    let root = fixed_part(pattern);
    let mut files = Vec::new();
    for path in paths {
        let path = path.map_err(|error| {
            let at = error.path().to_string_lossy().into_owned();
            io(&at, error.into())
        })?;
        if path.is_file() && !is_set_aside(path.file_name().unwrap_or_default()) {
            files.push(stamp(&path, &root)?);
        }
    }
    Ok(files)
}

/// Returns the folders of `pattern` before the first that is not a plain name.
fn fixed_part(pattern: &Path) -> PathBuf {
    pattern
        .components()
        .take_while(|part| !matches!(part, Component::Normal(name) if name.to_string_lossy().contains(PATTERN_CHARACTERS)))
        .collect()
}

fn is_set_aside(name: &OsStr) -> bool {
    let first = name.as_encoded_bytes().first();
    matches!(first, Some(b'.' | b'_'))
}

const FILE_SCHEME: &str = "file://";
const PATTERN_CHARACTERS: [char; 3] = ['*', '?', '['];
/// How deep a folder may lie in the dataset's folder.
const MAX_DEPTH: usize = 32;
