//! The project's own Python: `.venv/`, made once from the requirement files and again when they change.
//!
//! What `cargo xtask bench` measures SQL with has an environment of its own in the build folder.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::{Error, Result};
use crate::project::Project;
use crate::{console, process};

/// An environment that has everything installed that its requirement files name.
#[derive(Debug)]
pub(crate) struct Python {
    project: Project,
    program: PathBuf,
}

impl Python {
    /// Returns the environment, made anew where it is missing, broken or of other requirements.
    pub(crate) fn ready(project: &Project) -> Result<Self> {
        Self::made(project, &project.path(FOLDER), &REQUIREMENTS, |python| {
            python.install(&REQUIREMENTS).map(|()| Installed::Whole)
        })
    }

    /// Returns the environment that SQL is measured with, as [`ready`](Self::ready) does; what cannot be installed is
    /// left out and tried again the next time.
    pub(crate) fn for_sql_bench(project: &Project) -> Result<Self> {
        Self::made(project, &project.target(SQL_BENCH_FOLDER), &SQL_BENCH_REQUIREMENTS, |python| match python
            .install(&SQL_BENCH_REQUIREMENTS)
        {
            Ok(()) => Ok(Installed::Whole),
            Err(_) => python.install_each(&wanted(project, &SQL_BENCH_REQUIREMENTS)?),
        })
    }

    fn made(
        project: &Project,
        folder: &Path,
        requirements: &[&str],
        install: impl FnOnce(&Self) -> Result<Installed>,
    ) -> Result<Self> {
        let python = Self { project: project.clone(), program: folder.join("bin/python") };
        let wanted = wanted(project, requirements)?;
        let marker = folder.join("requirements-installed");
        if fs::read_to_string(&marker).is_ok_and(|installed| installed == wanted) && python.works() {
            return Ok(python);
        }
        // Made anew rather than added to: what is no longer required would stay.
        console::headline(&format!(
            "python: making `{}/`, for these requirements once; about a minute",
            folder.file_name().unwrap_or_default().display()
        ));
        python.make(folder)?;
        if install(&python)? == Installed::Whole {
            fs::write(&marker, wanted).map_err(|error| Error::file("write", &marker, error))?;
        }
        Ok(python)
    }

    /// Prepares the environment's interpreter with `arguments`, separated by spaces, in the root.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = self.project.command(&self.program);
        command.args(arguments.split_whitespace());
        command
    }

    /// Returns the environment's interpreter.
    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// Returns the folder of the programs that packages bring along.
    pub(crate) fn programs(&self) -> PathBuf {
        self.program.parent().map(Path::to_owned).unwrap_or_default()
    }

    /// Sends the signal of that name to a process. Rust's standard library can only kill.
    pub(crate) fn signal(&self, name: &str, process: u32) -> Result<()> {
        let code = format!("import os, signal; os.kill({process}, signal.{name})");
        process::output(self.command("-c").arg(code)).map(drop)
    }

    fn works(&self) -> bool {
        quiet(self.command("-m pip --version"))
    }

    fn make(&self, folder: &Path) -> Result<()> {
        if folder.exists() {
            remove(folder)?;
        }
        let interpreter = interpreter()?;
        process::run(self.project.command(&interpreter).args(["-m", "venv"]).arg(folder))
    }

    fn install(&self, requirements: &[&str]) -> Result<()> {
        let mut install = self.command(INSTALL);
        for file in requirements {
            install.arg("--requirement").arg(file);
        }
        process::run(&mut install)
    }

    /// Installs each line of `requirements` that can be, and says which cannot.
    fn install_each(&self, requirements: &str) -> Result<Installed> {
        let mut installed = Installed::Whole;
        let lines = requirements.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
        for requirement in lines.filter(|line| !line.is_empty()) {
            if let Err(error) = process::run(self.command(INSTALL).arg(requirement)) {
                console::warn(&format!("left out: {requirement}: {error}"));
                installed = Installed::Partly;
            }
        }
        Ok(installed)
    }
}

/// How much of the requirements an environment has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Installed {
    /// Everything.
    Whole,
    /// Not everything.
    Partly,
}

/// Returns the text of the requirement files: the environment fits as long as it stays the same.
fn wanted(project: &Project, requirements: &[&str]) -> Result<String> {
    let read = |file: &&str| {
        let path = project.path(file);
        fs::read_to_string(&path).map_err(|error| Error::file("read", &path, error))
    };
    requirements.iter().map(read).collect()
}

/// Removes an old environment, and nothing that is not one.
fn remove(folder: &Path) -> Result<()> {
    if !folder.join("pyvenv.cfg").is_file() {
        let advice = "it is not a Python environment; move it away and try again";
        return Err(Error::file("renew", folder, advice));
    }
    fs::remove_dir_all(folder).map_err(|error| Error::file("remove", folder, error))
}

/// Returns the first Python that is new enough: `$PYTHON`, `python3`, then those with a version in their name.
fn interpreter() -> Result<PathBuf> {
    let given = env::var_os("PYTHON").map(PathBuf::from);
    let candidates = given.into_iter().chain(INTERPRETERS.iter().map(PathBuf::from));
    let new_enough = |program: &PathBuf| {
        let mut command = process::command(program);
        command.args(["-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"]);
        quiet(command)
    };
    candidates.into_iter().find(new_enough).ok_or_else(|| Error::new(NO_PYTHON))
}

fn quiet(mut command: Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

const FOLDER: &str = ".venv";
const REQUIREMENTS: [&str; 2] = ["python/requirements.txt", "python/requirements-dev.txt"];
/// In the build folder.
const SQL_BENCH_FOLDER: &str = "bench-python";
const SQL_BENCH_REQUIREMENTS: [&str; 1] = ["python/requirements-bench.txt"];
const INSTALL: &str = "-m pip install --quiet --disable-pip-version-check --no-input";
const INTERPRETERS: [&str; 6] = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python"];
const NO_PYTHON: &str = "no Python 3.11 or newer with `venv` was found: install one (on Debian and Ubuntu the package \
                         `python3-venv` too), or name it in the environment variable `PYTHON`";
