//! How many bytes the uploads of a store take together, and the limit on them.
//!
//! Bytes are taken before they are written and given back unless the upload is committed, so that many uploads at
//! once cannot pass the limit together.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrowlink_core::{Error, ErrorKind};

/// Counts bytes against a limit. Cloning shares the count.
#[derive(Clone, Debug)]
pub(crate) struct Quota {
    used: Arc<AtomicU64>,
    max_bytes: u64,
}

impl Quota {
    /// Starts with `used` bytes of `max_bytes` taken; more may be taken already where the limit was lowered.
    pub(crate) fn new(used: u64, max_bytes: u64) -> Self {
        Self { used: Arc::new(AtomicU64::new(used)), max_bytes }
    }

    /// Starts an account of an upload that gives back what it took unless it is kept.
    pub(crate) fn reservation(&self) -> Reservation {
        Reservation { quota: self.clone(), bytes: 0 }
    }

    /// Gives back the bytes of an upload that was removed.
    pub(crate) fn release(&self, bytes: u64) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Takes all of `bytes` or nothing.
    fn take(&self, bytes: u64) -> io::Result<()> {
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(bytes).filter(|sum| *sum <= self.max_bytes)
            })
            .map(|_| ())
            .map_err(|used| self.exceeded(used.saturating_add(bytes)))
    }

    /// The error goes through [`io::Error`], because it comes out of a `write`; [`disk`](crate::failure::disk) takes
    /// it out again.
    fn exceeded(&self, needed: u64) -> io::Error {
        let message = format!(
            "the data directory may hold {} bytes and would hold at least {needed}: remove datasets or raise \
             `max_data_dir` in `[limits]`",
            self.max_bytes
        );
        io::Error::new(io::ErrorKind::QuotaExceeded, Error::new(ErrorKind::LimitExceeded, message))
    }
}

/// The bytes of one upload while it is being written.
#[derive(Debug)]
pub(crate) struct Reservation {
    quota: Quota,
    bytes: u64,
}

impl Reservation {
    /// Takes `bytes` more, or refuses with an error that carries a `LimitExceeded`.
    pub(crate) fn grow(&mut self, bytes: u64) -> io::Result<()> {
        self.quota.take(bytes)?;
        self.bytes += bytes;
        Ok(())
    }

    /// Keeps what was taken, as the upload was committed.
    pub(crate) fn keep(mut self) {
        self.bytes = 0;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.quota.release(self.bytes);
    }
}
