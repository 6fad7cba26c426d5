//! Where a table is written: a file that takes its place when it is whole, or a stream that is written as it comes.

use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Stdout, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::failure::{Exit, Failure};

/// The writing end. Dropped before [`finish`](Self::finish), a file leaves nothing and what was there stays.
#[derive(Debug)]
pub(crate) enum Output {
    /// A file beside its place.
    Aside(BufWriter<NamedTempFile>, PathBuf),
    /// Something that is not a file: a device or a named pipe.
    Direct(BufWriter<File>, PathBuf),
    /// Standard output.
    Stdout(BufWriter<Stdout>),
}

impl Output {
    /// Opens `path`; `-` is standard output.
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        if path == Path::new("-") {
            return Ok(Self::Stdout(BufWriter::with_capacity(BUFFER_BYTES, io::stdout())));
        }
        Self::create_file(path).map_err(|error| cannot_write(path, error))
    }

    fn create_file(path: &Path) -> io::Result<Self> {
        // A link stays a link: what it points to is replaced.
        let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if fs::metadata(&place).is_ok_and(|found| !found.is_file()) {
            let device = File::options().write(true).open(&place)?;
            return Ok(Self::Direct(BufWriter::with_capacity(BUFFER_BYTES, device), place));
        }
        let folder =
            place.parent().filter(|parent| *parent != Path::new("")).unwrap_or_else(|| Path::new("."));
        let mut name = place.file_name().unwrap_or_default().to_owned();
        name.push(".");
        let permissions =
            fs::metadata(&place).map_or_else(|_| Permissions::from_mode(0o666), |found| found.permissions());
        let file =
            Builder::new().prefix(&name).suffix(".part").permissions(permissions).tempfile_in(folder)?;
        Ok(Self::Aside(BufWriter::with_capacity(BUFFER_BYTES, file), place))
    }

    /// Returns how the output is called in messages.
    pub(crate) fn label(&self) -> String {
        match self {
            Self::Aside(_, path) | Self::Direct(_, path) => format!("`{}`", path.display()),
            Self::Stdout(_) => "standard output".to_owned(),
        }
    }

    /// Writes what is left and puts a file in its place.
    pub(crate) fn finish(self) -> Result<Written, Failure> {
        let written = match self {
            Self::Stdout(_) => Written::Stdout,
            Self::Aside(..) | Self::Direct(..) => Written::File(self.label()),
        };
        self.end().map(|()| written)
    }

    fn end(self) -> Result<(), Failure> {
        match self {
            Self::Aside(buffered, path) => {
                let file = buffered.into_inner().map_err(|error| cannot_write(&path, error.into_error()))?;
                file.persist(&path).map(drop).map_err(|error| cannot_write(&path, error.error))
            }
            Self::Direct(mut buffered, path) => buffered.flush().map_err(|error| cannot_write(&path, error)),
            Self::Stdout(mut buffered) => {
                buffered.flush().map_err(|error| cannot_write(Path::new("standard output"), error))
            }
        }
    }
}

/// Where something was written.
#[derive(Debug)]
pub(crate) enum Written {
    /// Where a person may be reading.
    Stdout,
    /// In the file that is called so in messages.
    File(String),
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Aside(file, _) => file.write(bytes),
            Self::Direct(file, _) => file.write(bytes),
            Self::Stdout(stdout) => stdout.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Aside(file, _) => file.flush(),
            Self::Direct(file, _) => file.flush(),
            Self::Stdout(stdout) => stdout.flush(),
        }
    }
}

fn cannot_write(path: &Path, error: io::Error) -> Failure {
    let exit =
        if error.kind() == io::ErrorKind::PermissionDenied { Exit::Permission } else { Exit::CannotCreate };
    Failure::new(exit, format!("cannot write `{}`", path.display())).with_source(error)
}

const BUFFER_BYTES: usize = 256 << 10;
