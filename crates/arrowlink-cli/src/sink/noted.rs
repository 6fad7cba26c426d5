//! Remembers what the operating system said of an output, where a writer of a format passes on its words alone.

use std::io::{self, Write};
use std::sync::{Arc, OnceLock};

use super::Cause;
use crate::output::Output;

/// An output whose first error is noted.
#[derive(Debug)]
pub(super) struct Noted {
    output: Output,
    note: Note,
}

/// The first error of an output, once there is one.
#[derive(Clone, Debug, Default)]
pub(super) struct Note(Arc<OnceLock<io::Error>>);

impl Noted {
    /// Watches `output`.
    pub(super) fn new(output: Output) -> (Self, Note) {
        let note = Note::default();
        (Self { output, note: note.clone() }, note)
    }

    /// Gives the output back.
    pub(super) fn into_inner(self) -> Output {
        self.output
    }

    fn noted<T>(&self, done: io::Result<T>) -> io::Result<T> {
        done.inspect_err(|error| _ = self.note.0.set(copied(error)))
    }
}

impl Note {
    /// Returns why a writer failed with `error`: what was noted, where something was.
    pub(super) fn cause(&self, error: impl Into<Cause>) -> Cause {
        self.0.get().map_or_else(|| error.into(), |noted| copied(noted).into())
    }
}

impl Write for Noted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let done = self.output.write(bytes);
        self.noted(done)
    }

    fn flush(&mut self) -> io::Result<()> {
        let done = self.output.flush();
        self.noted(done)
    }
}

fn copied(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}
