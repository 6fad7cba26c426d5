//! How many bytes may be kept in memory, shared by all who keep some.
//!
//! Bytes are taken before they are kept and belong to a [`Reservation`], which gives them back when it is dropped,
//! however that comes about: a write that fails, a future that is dropped, the last read of a removed dataset.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Error, ErrorKind, Result};

/// A number of bytes that reservations are taken from and go back to.
#[derive(Debug)]
pub(super) struct Budget {
    max_bytes: u64,
    used_bytes: AtomicU64,
    /// What raises the limit.
    setting: String,
}

impl Budget {
    /// `setting` is the name of what raises `max_bytes`, for the error.
    pub(super) fn new(max_bytes: u64, setting: String) -> Arc<Self> {
        Arc::new(Self { max_bytes, used_bytes: AtomicU64::new(0), setting })
    }

    pub(super) fn unlimited() -> Arc<Self> {
        Self::new(u64::MAX, String::new())
    }

    pub(super) const fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    pub(super) fn used_bytes(&self) -> u64 {
        self.used_bytes.load(Ordering::Relaxed)
    }

    /// Takes all of `bytes` or nothing, in one step: uploads that arrive at once cannot pass the limit together.
    fn take(&self, bytes: u64) -> Result<()> {
        let within = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= self.max_bytes);
        match self.used_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, within) {
            Ok(_) => Ok(()),
            Err(used) => Err(Error::new(
                ErrorKind::LimitExceeded,
                format!(
                    "what is kept in memory would grow to {} bytes, the limit is {} bytes: raise `{}`",
                    used.saturating_add(bytes),
                    self.max_bytes,
                    self.setting
                ),
            )),
        }
    }
}

/// Bytes that were taken from a budget; they go back when this is dropped.
#[derive(Debug)]
pub(super) struct Reservation {
    budget: Arc<Budget>,
    bytes: u64,
}

impl Reservation {
    /// Begins with no bytes of `budget`.
    pub(super) const fn new(budget: Arc<Budget>) -> Self {
        Self { budget, bytes: 0 }
    }

    pub(super) const fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes `bytes` more, or fails with `LimitExceeded`.
    pub(super) fn grow(&mut self, bytes: u64) -> Result<()> {
        self.budget.take(bytes)?;
        self.bytes += bytes;
        Ok(())
    }

    /// Gives `bytes` back.
    pub(super) fn shrink(&mut self, bytes: u64) {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        self.budget.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Takes over what `other` has of the same budget.
    pub(super) fn absorb(&mut self, mut other: Self) {
        self.bytes += std::mem::take(&mut other.bytes);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.shrink(self.bytes);
    }
}
