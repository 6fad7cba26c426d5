//! The repository: where things are in it, and which files belong to it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, Result};
use crate::process;

/// The repository that xtask was built in.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    root: PathBuf,
}

impl Project {
    /// Finds the repository: the folder above this crate.
    pub(crate) fn find() -> Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest.parent().ok_or_else(|| Error::new("xtask is not inside the repository"))?;
        Ok(Self { root: root.to_owned() })
    }

    /// Returns the path of `relative`, which is written from the root and with slashes.
    pub(crate) fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// Returns the path of `relative` in the folder that cargo builds into.
    pub(crate) fn target(&self, relative: &str) -> PathBuf {
        let folder = env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
        self.root.join(folder).join(relative)
    }

    /// Returns a folder for what `task` writes and nobody keeps, emptied.
    pub(crate) fn scratch(&self, task: &str) -> Result<PathBuf> {
        let path = self.target("xtask").join(task);
        if path.exists() {
            fs::remove_dir_all(&path).map_err(|error| Error::file("empty", &path, error))?;
        }
        fs::create_dir_all(&path).map_err(|error| Error::file("create", &path, error))?;
        Ok(path)
    }

    /// Returns where cargo puts `program`: the name of a binary, or `examples/` and that of an example.
    pub(crate) fn built(&self, profile: Profile, program: &str) -> PathBuf {
        self.target(profile.folder()).join(program)
    }

    /// Prepares `cargo` with `arguments`, separated by spaces, in the root.
    pub(crate) fn cargo(&self, arguments: &str) -> Command {
        let mut command = self.command("cargo");
        command.args(arguments.split_whitespace());
        command
    }

    /// Prepares `program` in the root.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = process::command(program.as_ref());
        command.current_dir(&self.root);
        command
    }

    /// Lists the files that git knows or would add, from the root, with slashes.
    pub(crate) fn files(&self) -> Result<Vec<String>> {
        let mut command = self.command("git");
        command.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        let names = process::output(&mut command)?;
        let mut files: Vec<String> = names.split_terminator('\0').map(str::to_owned).collect();
        files.retain(|file| self.path(file).is_file());
        files.sort_unstable();
        files.dedup();
        Ok(files)
    }
}

/// How programs are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Fast to build.
    Debug,
    /// Fast to run.
    Release,
}

impl Profile {
    const fn folder(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Release => "release",
        }
    }

    /// Returns the flag that cargo knows it by; the empty one is no argument at all.
    pub(crate) const fn flag(self) -> &'static str {
        match self {
            Self::Debug => "",
            Self::Release => "--release",
        }
    }
}
