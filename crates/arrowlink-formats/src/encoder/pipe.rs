//! Where the writers of formats write to: memory that is taken away between two batches.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

/// What has been written and not taken. Clones are the same pipe: a writer has one end, the encoder the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Pipe(Arc<Mutex<Vec<u8>>>);

impl Pipe {
    /// Takes all that has been written since the last time, without a copy.
    pub(super) fn take(&self) -> Option<Bytes> {
        let bytes = std::mem::take(&mut *self.bytes());
        (!bytes.is_empty()).then(|| bytes.into())
    }

    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
