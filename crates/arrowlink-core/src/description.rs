//! What a service says about what it holds, and about what it took in.

use std::fmt;

use arrow_schema::SchemaRef;

use crate::{Name, Position, Result, Snapshot};

/// One line of a listing: a name, and what is behind it or why that cannot be said.
#[derive(Debug)]
#[non_exhaustive]
pub struct Entry {
    /// Under which name it is served.
    pub name: Name,
    /// What is served, or what is wrong with it: a corrupt file is listed with its error.
    pub description: Result<Description>,
}

impl Entry {
    /// Makes an entry.
    pub const fn new(name: Name, description: Result<Description>) -> Self {
        Self { name, description }
    }
}

/// What is behind a name.
///
/// ```
/// use arrow_array::record_batch;
/// use arrowlink_core::{Description, NounKind};
///
/// let schema = record_batch!(("id", Int64, [1])).unwrap().schema();
/// let description = Description::new(NounKind::Dataset, schema).with_rows(Some(1)).with_source("memory");
/// assert_eq!(description.rows, Some(1));
/// assert_eq!(description.bytes, None);
/// assert!(!description.writable);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Description {
    /// Which of the three nouns it is.
    pub kind: NounKind,
    /// The schema of its rows; of a function, of what it returns.
    pub schema: SchemaRef,
    /// How many rows it has, where that is known without reading it.
    pub rows: Option<u64>,
    /// How many bytes it takes where it is kept, where that is known.
    pub bytes: Option<u64>,
    /// Where it comes from, in words for a person: a path, `memory`, `demo`. Empty where nothing can be said.
    pub source: String,
    /// Which state this description is of, where the source knows states.
    pub snapshot: Option<Snapshot>,
    /// The parts that can be read on their own, side by side, in the order of the rows; together they are the whole.
    /// Empty where it is not divided. The same snapshot has the same parts.
    pub parts: Vec<Part>,
    /// Whether it takes writes.
    pub writable: bool,
    /// Of a SQL statement, the types of its parameters in the order of their numbers; `None` for everything else.
    pub parameters: Option<SchemaRef>,
    /// What reading it does.
    pub effect: Effect,
}

impl Description {
    /// Describes a noun of which nothing but its schema is known: no sizes, no source, not writable.
    pub const fn new(kind: NounKind, schema: SchemaRef) -> Self {
        Self {
            kind,
            schema,
            rows: None,
            bytes: None,
            source: String::new(),
            snapshot: None,
            parts: Vec::new(),
            writable: false,
            parameters: None,
            effect: Effect::None,
        }
    }

    /// Sets [`rows`](Self::rows).
    #[must_use]
    pub const fn with_rows(mut self, rows: Option<u64>) -> Self {
        self.rows = rows;
        self
    }

    /// Sets [`bytes`](Self::bytes).
    #[must_use]
    pub const fn with_bytes(mut self, bytes: Option<u64>) -> Self {
        self.bytes = bytes;
        self
    }

    /// Sets [`source`](Self::source).
    #[must_use]
    pub fn with_source(mut self, source: impl Into<String>) -> Self {
        self.source = source.into();
        self
    }

    /// Sets [`snapshot`](Self::snapshot).
    #[must_use]
    pub fn with_snapshot(mut self, snapshot: Snapshot) -> Self {
        self.snapshot = Some(snapshot);
        self
    }

    /// Sets [`parts`](Self::parts).
    #[must_use]
    pub fn with_parts(mut self, parts: Vec<Part>) -> Self {
        self.parts = parts;
        self
    }

    /// Sets [`writable`](Self::writable).
    #[must_use]
    pub const fn with_writable(mut self, writable: bool) -> Self {
        self.writable = writable;
        self
    }

    /// Sets [`parameters`](Self::parameters).
    #[must_use]
    pub fn with_parameters(mut self, parameters: SchemaRef) -> Self {
        self.parameters = Some(parameters);
        self
    }

    /// Sets [`effect`](Self::effect).
    #[must_use]
    pub const fn with_effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }
}

/// A run of rows of a dataset that can be read on its own: some of its files, row groups or batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part {
    /// How many rows it has, where that is known without reading it.
    pub rows: Option<u64>,
    /// How many bytes it takes where it is kept, where that is known.
    pub bytes: Option<u64>,
}

impl Part {
    /// Makes a part of that many rows and bytes.
    pub const fn new(rows: Option<u64>, bytes: Option<u64>) -> Self {
        Self { rows, bytes }
    }
}

/// What reading a target does beside returning rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Effect {
    /// Nothing: it may be read again.
    #[default]
    None,
    /// A change, such as that of `INSERT` or `DROP TABLE`: each read makes it anew, and returns one row whose column
    /// `count` says how many rows it touched.
    Change,
}

/// The three nouns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NounKind {
    /// A table that can be read again and again.
    Dataset,
    /// An append-only sequence of batches with offsets.
    Stream,
    /// Batches in, batches out.
    Function,
}

impl fmt::Display for NounKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dataset => "dataset",
            Self::Stream => "stream",
            Self::Function => "function",
        })
    }
}

/// What a write took in, said only when it is so.
///
/// ```
/// use arrowlink_core::{Durability, Receipt};
///
/// let receipt = Receipt::new(2, 1, 16, Durability::Memory);
/// assert_eq!(format!("{} rows, {}", receipt.rows, receipt.durability), "2 rows, in memory");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// Rows of this write.
    pub rows: u64,
    /// Batches of this write that had rows.
    pub batches: u64,
    /// Bytes of this write as they are kept.
    pub bytes: u64,
    /// What a crash leaves of it.
    pub durability: Durability,
    /// Where a read that wants only what comes later goes on, where the dataset knows positions.
    pub position: Option<Position>,
}

impl Receipt {
    /// Makes a receipt without a position.
    pub const fn new(rows: u64, batches: u64, bytes: u64, durability: Durability) -> Self {
        Self { rows, batches, bytes, durability, position: None }
    }
}

/// What a crash leaves of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Durability {
    /// Nothing: it is kept in memory.
    Memory,
    /// All of it: bytes and directory entry were flushed to the disk.
    Durable,
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "in memory",
            Self::Durable => "durable",
        })
    }
}
