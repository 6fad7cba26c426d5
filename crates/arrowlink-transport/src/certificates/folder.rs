//! A folder that one process at a time changes, whose files are there whole or not at all.
//!
//! The lock is the operating system's and goes with the process that holds it: one that is killed leaves no lock, and of
//! a file that it was writing nothing but a hidden one aside, which the next process replaces.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::Error;

/// A locked folder; dropping it releases the lock.
#[derive(Debug)]
pub(super) struct Folder {
    dir: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes `dir` where it is not there and waits, at most ten seconds, until no other process changes it.
    pub(super) fn open(dir: &Path) -> Result<Self, Error> {
        let unwritable = |source| Error::Unwritable { path: dir.to_owned(), source };
        fs::create_dir_all(dir).map_err(unwritable)?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true).mode(0o600);
        let lock = options.open(dir.join(".lock")).map_err(unwritable)?;
        let until = Instant::now() + LONGEST_WAIT;
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Self { dir: dir.to_owned(), _lock: lock }),
                Err(TryLockError::Error(source)) => return Err(unwritable(source)),
                Err(TryLockError::WouldBlock) if Instant::now() > until => {
                    let reason = "another process has been changing it for ten seconds".to_owned();
                    return Err(Error::Unusable { path: dir.to_owned(), reason });
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(BETWEEN_TRIES),
            }
        }
    }

    /// Returns the path of a file in the folder.
    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.dir.join(file)
    }

    /// Writes a file aside with `mode` from its first byte on, flushes it, and puts it in its place.
    pub(super) fn write(&self, file: &str, contents: &[u8], mode: u32) -> Result<(), Error> {
        let path = self.path(file);
        let aside = self.path(&format!(".{file}.new"));
        let written = fs::remove_file(&aside)
            .or_else(|error| if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
            .and_then(|()| OpenOptions::new().create_new(true).write(true).mode(mode).open(&aside))
            .and_then(|mut file| {
                file.write_all(contents)?;
                file.sync_all()
            })
            .and_then(|()| fs::rename(&aside, &path))
            .and_then(|()| File::open(&self.dir)?.sync_all());
        written.map_err(|source| Error::Unwritable { path, source })
    }

    /// Takes a key's permissions away from everybody but its owner.
    pub(super) fn tighten(&self, key: &Path) -> Result<(), Error> {
        let unwritable = |source| Error::Unwritable { path: key.to_owned(), source };
        let mut permissions = fs::metadata(key).map_err(unwritable)?.permissions();
        if permissions.mode() & 0o077 != 0 {
            permissions.set_mode(0o600);
            fs::set_permissions(key, permissions).map_err(unwritable)?;
        }
        Ok(())
    }
}

const LONGEST_WAIT: Duration = Duration::from_secs(10);
const BETWEEN_TRIES: Duration = Duration::from_millis(20);
