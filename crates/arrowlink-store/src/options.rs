//! How a store is opened.

/// Limits of a [`Store`](crate::Store).
///
/// # Defaults
///
/// No limit but the disk.
///
/// ```
/// use arrowlink_store::StoreOptions;
///
/// assert_eq!(StoreOptions::default().max_bytes, u64::MAX);
/// assert_eq!(StoreOptions::default().with_max_bytes(1 << 30).max_bytes, 1 << 30);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreOptions {
    /// The most bytes that all uploads together may take, those still arriving included. Default: no limit.
    pub max_bytes: u64,
}

impl StoreOptions {
    /// Sets [`max_bytes`](Self::max_bytes).
    #[must_use]
    pub const fn with_max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self { max_bytes: u64::MAX }
    }
}
