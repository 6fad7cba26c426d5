//! What a call turned out to be about, for the line that the server logs when it ends.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use arrowlink_core::Name;

/// Filled in while a call runs, read when it ends. Clones share what they hold.
///
/// A server puts one into the extensions of each request and keeps a clone; who answers the call fills in what it learns.
///
/// ```
/// use arrowlink_transport::CallRecord;
///
/// let record = CallRecord::default();
/// record.clone().add(3, 6, 120);
/// assert_eq!((record.rows(), record.cells(), record.bytes()), (3, 6, 120));
/// assert_eq!(record.name(), None);
/// ```
#[derive(Clone, Debug, Default)]
pub struct CallRecord(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    name: OnceLock<Name>,
    rows: AtomicU64,
    cells: AtomicU64,
    bytes: AtomicU64,
}

impl CallRecord {
    /// Notes which dataset, stream or function the call is about; the first note stays.
    ///
    /// ```
    /// use arrowlink_core::Name;
    /// use arrowlink_transport::CallRecord;
    ///
    /// let record = CallRecord::default();
    /// record.set_name(&Name::new("trips")?);
    /// record.set_name(&Name::new("other")?);
    /// assert_eq!(record.name().map(Name::as_str), Some("trips"));
    /// # Ok::<(), arrowlink_core::Error>(())
    /// ```
    pub fn set_name(&self, name: &Name) {
        self.0.name.get_or_init(|| name.clone());
    }

    /// Counts rows, cells (rows times columns) and bytes that were sent or received.
    pub fn add(&self, rows: u64, cells: u64, bytes: u64) {
        self.0.rows.fetch_add(rows, Ordering::Relaxed);
        self.0.cells.fetch_add(cells, Ordering::Relaxed);
        self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Returns what the call is about, once that is known.
    pub fn name(&self) -> Option<&Name> {
        self.0.name.get()
    }

    /// Returns how many rows passed so far.
    pub fn rows(&self) -> u64 {
        self.0.rows.load(Ordering::Relaxed)
    }

    /// Returns how many cells passed so far.
    pub fn cells(&self) -> u64 {
        self.0.cells.load(Ordering::Relaxed)
    }

    /// Returns how many bytes of payload passed so far, without the framing of gRPC and HTTP/2.
    pub fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed)
    }
}
