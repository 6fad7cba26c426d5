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
///
/// A write that does not fit is refused with `LimitExceeded` and leaves nothing:
///
/// ```
/// use arrow_array::record_batch;
/// use arrowlink_core::{DataServiceExt as _, ErrorKind, Name};
/// use arrowlink_store::{Store, StoreOptions};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> arrowlink_core::Result<()> {
/// let folder = tempfile::tempdir().unwrap();
/// let store = Store::open(folder.path(), StoreOptions::default().with_max_bytes(1000))?;
/// let (name, batch) = (Name::new("events")?, record_batch!(("id", Int64, vec![7; 1000])).unwrap());
/// let error = store.append(&name, batch.schema(), vec![batch]).await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::LimitExceeded);
/// assert_eq!(store.read_all(&name).await.unwrap_err().kind(), ErrorKind::NotFound);
/// # Ok(())
/// # }
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
