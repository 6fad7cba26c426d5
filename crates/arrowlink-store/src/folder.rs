//! The data directory: its lock, its layout, and what is found in it when it is opened.
//!
//! ```text
//! DATA_DIR/.lock            held while a store has the directory open; its text is the process id
//! DATA_DIR/.aside/          uploads that arrive and datasets that are being removed; emptied at opening
//! DATA_DIR/NAME/%020d.arrow one upload each
//! ```
//!
//! No name of a dataset begins with a dot. Anything else that is found is logged and left alone.
//!
//! What happens to uploads once they are found is the business of the [`index`](crate::index); how one file is read,
//! of [`stored_file`](crate::stored_file).

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use arrowlink_core::{Error, ErrorKind, Name, Result};

use crate::aside::{clear, sync_folder};
use crate::failure::disk;
use crate::index::{State, Table, Upload};
use crate::stored_file::StoredFile;

/// An open data directory. Its lock is given up when this is dropped, however the process ends.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    aside: PathBuf,
    lock: File,
}

impl Drop for Folder {
    /// Gives the lock up at once: a child process that is being started holds a copy of the file for a moment.
    fn drop(&mut self) {
        _ = self.lock.unlock();
    }
}

impl Folder {
    /// Opens `path`, which is made where it is not, and deletes what a killed process left unfinished.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        create(path).map_err(|error| disk("create the data directory", path, error))?;
        let lock = lock(path)?;
        let aside = path.join(ASIDE);
        clear(&aside).map_err(|error| disk("clear", &aside, error))?;
        Ok(Self { path: path.to_owned(), aside, lock })
    }

    /// Returns the data directory.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the folder for what is not data yet or no more, on the same disk as the data.
    pub(crate) fn aside(&self) -> &Path {
        &self.aside
    }

    /// Returns the folder of the dataset `name`, whether it is there or not.
    pub(crate) fn dataset(&self, name: &Name) -> PathBuf {
        self.path.join(name.as_str())
    }

    /// Reads the footers of all uploads; returns the datasets and how many bytes they take.
    ///
    /// A dataset with a damaged file is among them, with its error. The bytes are those of all files, damaged or not,
    /// because all of them take room.
    pub(crate) fn scan(&self) -> Result<(BTreeMap<Name, State>, u64)> {
        let failed = |error| disk("list", &self.path, error);
        let mut datasets = BTreeMap::new();
        let mut bytes = 0;
        for entry in fs::read_dir(&self.path).map_err(failed)? {
            let place = entry.map_err(failed)?.path();
            let Some(name) = dataset_name(&place) else { continue };
            let files = uploads_in(&place).map_err(|error| disk("list", &place, error))?;
            bytes += files.iter().map(|file| file.bytes).sum::<u64>();
            if files.is_empty() {
                // Made for an upload that never came; it stays where something else lies in it.
                _ = fs::remove_dir(&place);
                continue;
            }
            let state = state(&files);
            if let State::Good(table) = &state {
                bytes -= delete_before(&files, table.first());
            }
            datasets.insert(name, state);
        }
        Ok((datasets, bytes))
    }
}

/// A file whose name is that of an upload.
#[derive(Debug)]
pub(crate) struct Found {
    path: PathBuf,
    sequence: u64,
    /// Its size, also where it is damaged.
    pub(crate) bytes: u64,
}

/// Lists the uploads in the folder of a dataset by number.
pub(crate) fn uploads_in(place: &Path) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(place)? {
        let entry = entry?;
        let path = entry.path();
        match sequence(&path) {
            Some(sequence) => found.push(Found { path, sequence, bytes: entry.metadata()?.len() }),
            None => tracing::warn!(path = %path.display(), "not an upload, ignored"),
        }
    }
    found.sort_unstable_by_key(|file| file.sequence);
    Ok(found)
}

/// Deletes those of `files` whose numbers are smaller than `first`, because they were replaced; returns how many bytes
/// became free.
///
/// What cannot be deleted is left to the next opening: it is not served, whether it is there or not.
pub(crate) fn delete_before(files: &[Found], first: u64) -> u64 {
    let mut bytes = 0;
    for file in files.iter().filter(|file| file.sequence < first) {
        match fs::remove_file(&file.path) {
            Ok(()) => bytes += file.bytes,
            Err(error) => {
                tracing::warn!(path = %file.path.display(), %error, "cannot delete an upload that was replaced");
            }
        }
    }
    bytes
}

/// Returns the name of the file of upload `sequence`.
///
/// Twenty digits hold every 64-bit number, so that the order of names is that of numbers for every tool that lists
/// them.
pub(crate) fn file_name(sequence: u64) -> String {
    format!("{sequence:020}.{EXTENSION}")
}

/// Reads the number of an upload from its name.
fn sequence(path: &Path) -> Option<u64> {
    let stem = path.file_stem()?.to_str()?;
    let valid =
        path.extension()? == EXTENSION && stem.len() == 20 && stem.bytes().all(|b| b.is_ascii_digit());
    if valid { stem.parse().ok() } else { None }
}

/// Returns the name of the dataset in the folder `place`; `None`, with a line in the log, where it is something else.
fn dataset_name(place: &Path) -> Option<Name> {
    let text = place.file_name()?.to_string_lossy().into_owned();
    if text.starts_with('.') {
        return None;
    }
    match Name::new(&text) {
        Ok(name) if place.is_dir() => Some(name),
        _ => {
            tracing::warn!(path = %place.display(), "not a dataset, ignored");
            None
        }
    }
}

/// Reads the footers of a dataset's files; the first damaged one decides that it is not served.
fn state(files: &[Found]) -> State {
    match table(files) {
        Ok(table) => State::Good(table),
        Err(error) => {
            let text = error.chain();
            tracing::error!(error = text, "a dataset cannot be served");
            State::Damaged { text, last: files.last().map_or(0, |file| file.sequence) }
        }
    }
}

/// Reads the footers from the last one back to the first, or to one that replaces all before it: that file decides the
/// identity and the schema of the dataset. What was replaced is not looked at and may be damaged.
fn table(files: &[Found]) -> Result<Table> {
    let mut uploads = Vec::new();
    let mut schema = None;
    for found in files.iter().rev() {
        let file = StoredFile::open(&found.path)?;
        let label = file.label().clone();
        if label.replaces || found.sequence == files.first().map_or(0, |first| first.sequence) {
            schema = Some(file.schema()?);
        }
        uploads.push((Upload::new(found.sequence, &label, file.bytes()), label.idempotency_key));
        if schema.is_some() {
            break;
        }
    }
    let (Some(schema), Some((first, _))) = (schema, uploads.last()) else {
        return Err(Error::new(ErrorKind::NotFound, "a dataset has at least one upload"));
    };
    let mut table = Table::new(first.identity, schema);
    uploads.into_iter().rev().for_each(|(upload, key)| table.push(upload, key));
    Ok(table)
}

/// Makes `path` and flushes every folder that a new one was made in: an entry that is not on the disk could take all
/// uploads with it.
fn create(path: &Path) -> io::Result<()> {
    let new: Vec<&Path> = path.ancestors().take_while(|folder| !is_there(folder)).collect();
    fs::create_dir_all(path)?;
    for folder in new {
        let parent = folder.parent().filter(|parent| *parent != Path::new(""));
        sync_folder(parent.unwrap_or_else(|| Path::new(".")))?;
    }
    Ok(())
}

/// The empty path is the working directory.
fn is_there(folder: &Path) -> bool {
    folder == Path::new("") || folder.is_dir()
}

/// Takes the lock of the directory, and writes down who has it.
///
/// The lock is one of the operating system: it ends with the process, so that a kill leaves none behind. Fails with
/// `Unavailable` where another store has it.
fn lock(path: &Path) -> Result<File> {
    let lock_path = path.join(LOCK);
    let failed = |error| disk("lock", &lock_path, error);
    let mut options = File::options();
    let mut file =
        options.read(true).write(true).create(true).truncate(false).open(&lock_path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(in_use(path, &mut file)),
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())).map_err(failed)?;
    Ok(file)
}

/// Names the process that wrote itself into the lock file, where that can be read.
fn in_use(path: &Path, lock: &mut File) -> Error {
    let mut holder = String::new();
    let by = match lock.take(MOST_HOLDER_BYTES).read_to_string(&mut holder) {
        Ok(1..) => format!("process {holder}"),
        _ => "another process".to_owned(),
    };
    Error::new(
        ErrorKind::Unavailable,
        format!(
            "the data directory `{}` is in use by {by}: stop that one or give this one a directory of its own",
            path.display()
        ),
    )
}

const LOCK: &str = ".lock";
const ASIDE: &str = ".aside";
const EXTENSION: &str = "arrow";
/// No process id is longer, and what else is in the file does not belong into a message.
const MOST_HOLDER_BYTES: u64 = 20;
