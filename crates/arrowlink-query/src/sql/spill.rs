//! The folder in which queries keep what does not fit into their memory.
//!
//! Each service has one of its own, which goes away with it. A process that is killed leaves its folder behind, and the
//! next one that starts removes it. One that is in use is told by a lock on a file in it: the system lets go of the lock
//! when the process ends, however it ends. A folder without that file is nobody's to remove.

use std::fs::{self, DirBuilder, File};
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

/// A folder that nobody else uses, removed when this is dropped.
#[derive(Debug)]
pub(crate) struct SpillFolder {
    path: PathBuf,
    /// `None` where the file system has no locks; such a folder is not removed by others.
    lock: Option<File>,
}

impl SpillFolder {
    /// Makes a folder in `parent`, and removes those that were left there.
    ///
    /// Fails where no folder can be made in it.
    pub(crate) fn new(parent: &Path) -> Result<Self> {
        fs::create_dir_all(parent)?;
        remove_left(parent);
        let path = made(parent)?;
        let lock = locked(&path).ok();
        Ok(Self { path, lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SpillFolder {
    fn drop(&mut self) {
        self.lock = None;
        // What cannot be removed now is removed by the next one that starts.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Makes a folder that only this user can look into.
fn made(parent: &Path) -> Result<PathBuf> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    for number in 0..MOST_FOLDERS {
        let path = parent.join(format!("{PREFIX}{}-{number}", std::process::id()));
        match builder.create(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => return made.map(|()| path),
        }
    }
    Err(Error::new(ErrorKind::AlreadyExists, "there are too many folders of this kind in it"))
}

/// Locks the folder. The file gets its name once it is locked, so that nobody finds it in between.
fn locked(path: &Path) -> Result<File> {
    let new = path.join("lock.new");
    let file = File::create_new(&new)?;
    file.try_lock()?;
    fs::rename(new, path.join(LOCK))?;
    Ok(file)
}

/// Removes the folders whose processes have ended; one that cannot be removed is left.
fn remove_left(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.filter_map(Result::ok) {
        let is_one = entry.file_name().to_string_lossy().starts_with(PREFIX)
            && entry.file_type().is_ok_and(|kind| kind.is_dir());
        let lock = if is_one { File::open(entry.path().join(LOCK)).ok() } else { None };
        if lock.as_ref().is_some_and(|lock| lock.try_lock().is_ok()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

const PREFIX: &str = "arrowlink-spill-";
const LOCK: &str = "lock";
/// More than one process ever has.
const MOST_FOLDERS: usize = 10_000;
