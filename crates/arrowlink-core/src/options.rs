//! The options of the verbs; every default is the plainest behaviour.

use std::sync::Arc;

use crate::{Position, Snapshot};

/// How entries are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListOptions {
    /// Only names that start with this text. Default: all.
    pub prefix: String,
}

impl ListOptions {
    /// Sets [`prefix`](Self::prefix).
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }
}

/// Which part of a dataset or stream is read, and how.
///
/// ```
/// use arrowlink_core::ReadOptions;
///
/// let options = ReadOptions::default().with_projection(["id", "value"]).with_skip(10).with_limit(5);
/// assert_eq!(options.limit, Some(5));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadOptions {
    /// The top-level columns to return, in this order. Default: all, in the schema's order.
    pub projection: Option<Arc<[String]>>,
    /// The most rows to return. Default: all.
    pub limit: Option<u64>,
    /// How many rows to leave out at the start, or after the position of [`resume`](Self::resume). Default: none.
    pub skip: u64,
    /// Which of the [`parts`](crate::Description::parts) of the dataset, counted from 0. Default: the whole.
    pub part: Option<u32>,
    /// The state that is read, as a description or an earlier read named it; `SnapshotChanged` where it is no longer
    /// there. Default: the state now.
    pub snapshot: Option<Snapshot>,
    /// Where an earlier read of the same target stopped. Default: the start.
    pub resume: Option<Position>,
    /// Whether a read of a stream waits for rows that are still to come. Default: it ends at the last row.
    pub follow: bool,
    /// Over how many connections a client reads the parts of a dataset side by side, at most; 0 is as 1. Without effect
    /// where nothing lies between the caller and the rows. Default: 0.
    pub connections: u32,
    /// Whether rows may come in another order than the dataset's, which spares a client that reads over several connections
    /// from waiting for the slowest. Default: they may not.
    pub order: RowOrder,
}

impl ReadOptions {
    /// Sets [`projection`](Self::projection).
    #[must_use]
    pub fn with_projection<T: Into<String>>(mut self, columns: impl IntoIterator<Item = T>) -> Self {
        self.projection = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// Sets [`limit`](Self::limit).
    #[must_use]
    pub const fn with_limit(mut self, rows: u64) -> Self {
        self.limit = Some(rows);
        self
    }

    /// Sets [`skip`](Self::skip).
    #[must_use]
    pub const fn with_skip(mut self, rows: u64) -> Self {
        self.skip = rows;
        self
    }

    /// Sets [`part`](Self::part).
    #[must_use]
    pub const fn with_part(mut self, part: u32) -> Self {
        self.part = Some(part);
        self
    }

    /// Sets [`snapshot`](Self::snapshot).
    #[must_use]
    pub fn with_snapshot(mut self, snapshot: Snapshot) -> Self {
        self.snapshot = Some(snapshot);
        self
    }

    /// Sets [`resume`](Self::resume).
    #[must_use]
    pub fn with_resume(mut self, position: Position) -> Self {
        self.resume = Some(position);
        self
    }

    /// Sets [`follow`](Self::follow).
    #[must_use]
    pub const fn with_follow(mut self, follow: bool) -> Self {
        self.follow = follow;
        self
    }

    /// Sets [`connections`](Self::connections).
    #[must_use]
    pub const fn with_connections(mut self, connections: u32) -> Self {
        self.connections = connections;
        self
    }

    /// Sets [`order`](Self::order).
    ///
    /// ```
    /// use arrowlink_core::{ReadOptions, RowOrder};
    ///
    /// let fast = ReadOptions::default().with_connections(4).with_order(RowOrder::Any);
    /// assert_eq!((fast.connections, ReadOptions::default().order), (4, RowOrder::Kept));
    /// ```
    #[must_use]
    pub const fn with_order(mut self, order: RowOrder) -> Self {
        self.order = order;
        self
    }
}

/// In which order a read returns the rows of a dataset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RowOrder {
    /// In that of the dataset, which is the same every time.
    #[default]
    Kept,
    /// In any: as they come. Rows of one part stay in their order.
    Any,
}

/// How batches are written.
///
/// ```
/// use arrowlink_core::{WriteMode, WriteOptions};
///
/// assert_eq!(WriteOptions::default().mode, WriteMode::AppendOrCreate);
/// let options = WriteOptions::default().with_mode(WriteMode::Create).with_idempotency_key("load-42");
/// assert_eq!(options.idempotency_key.as_deref(), Some("load-42"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteOptions {
    /// What happens where the dataset exists, and where it does not. Default: [`WriteMode::AppendOrCreate`].
    pub mode: WriteMode,
    /// A key under which a repeated write is recognised and kept once. Default: none, every write counts.
    pub idempotency_key: Option<String>,
}

impl WriteOptions {
    /// Sets [`mode`](Self::mode).
    #[must_use]
    pub const fn with_mode(mut self, mode: WriteMode) -> Self {
        self.mode = mode;
        self
    }

    /// Sets [`idempotency_key`](Self::idempotency_key).
    #[must_use]
    pub fn with_idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }
}

/// What a write does where the dataset exists, and where it does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteMode {
    /// Appends, and creates the dataset with the schema of the batches where there is none.
    #[default]
    AppendOrCreate,
    /// Appends; `NotFound` where there is no dataset.
    Append,
    /// Creates; `AlreadyExists` where there is a dataset.
    Create,
    /// Creates, and takes the place of the dataset that is there, whatever its schema: before it is seen whole, what was
    /// there is.
    Replace,
}

/// How a dataset is removed. There is nothing to choose yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemoveOptions {}

/// How a function is called. There is nothing to choose yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallOptions {}
