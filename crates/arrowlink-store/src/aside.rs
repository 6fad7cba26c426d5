//! Files and folders under a name that is never taken for data, until they are renamed or deleted.
//!
//! All of them lie on the disk of the data, because a file can be renamed in one step only within one.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

/// The path of a file aside; the file is deleted when this is dropped without [`rename`](Self::rename).
#[derive(Debug)]
pub(crate) struct Aside {
    path: PathBuf,
    renamed: bool,
}

impl Aside {
    /// Makes a new, empty file in `folder`.
    pub(crate) fn create(folder: &Path) -> io::Result<(Self, File)> {
        let path = new_path(folder);
        let file = File::options().write(true).create_new(true).open(&path)?;
        Ok((Self { path, renamed: false }, file))
    }

    /// Returns where the file is now.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Moves the file to `place`, in one step; nothing is flushed by this.
    pub(crate) fn rename(mut self, place: &Path) -> io::Result<()> {
        fs::rename(&self.path, place)?;
        self.renamed = true;
        Ok(())
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if !self.renamed
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "cannot delete an unfinished upload");
        }
    }
}

/// Makes the folder `folder` where it is not, and deletes everything a killed process left in it.
pub(crate) fn clear(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Returns a path in `folder` that nothing has.
pub(crate) fn new_path(folder: &Path) -> PathBuf {
    folder.join(Uuid::now_v7().simple().to_string())
}

/// Flushes the entries of `folder` to the disk.
///
/// A file that was created or renamed is there after a crash only when its folder was flushed too.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
