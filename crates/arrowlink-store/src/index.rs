//! What the store knows of its files without opening them.
//!
//! Everything that a listing, a description or a receipt needs is here. A read takes a clone of its [`Table`] and no
//! lock after that; what is committed later goes into another copy of the lists.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use arrow_schema::SchemaRef;
use arrowlink_core::{Description, Durability, Error, ErrorKind, Name, NounKind, Receipt, Result};
use uuid::Uuid;

use crate::parts::parts;
use crate::pieces::Piece;
use crate::position::{Place, snapshot};
use crate::stored_file::Label;

/// The datasets of a store by name.
#[derive(Debug, Default)]
pub(crate) struct Index {
    datasets: RwLock<BTreeMap<Name, State>>,
}

impl Index {
    /// Starts with what was found on the disk.
    pub(crate) fn new(datasets: BTreeMap<Name, State>) -> Self {
        Self { datasets: RwLock::new(datasets) }
    }

    /// Locks the index for reading; never held while the disk is waited for.
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, BTreeMap<Name, State>> {
        self.datasets.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks the index for a change; never held while the disk is waited for.
    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<Name, State>> {
        self.datasets.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the table of `name`, cheaply cloned; an error where there is none or it is damaged.
    pub(crate) fn table(&self, name: &Name) -> Result<Table> {
        let datasets = self.read();
        match datasets.get(name) {
            Some(state) => state.table().cloned(),
            None => Err(Error::not_found("dataset", name, datasets.keys())),
        }
    }

    /// Adds an upload to `name`, which it creates where it is new; returns the identity of the dataset.
    pub(crate) fn add(
        &self,
        name: &Name,
        schema: SchemaRef,
        upload: Upload,
        key: Option<String>,
    ) -> Result<Uuid> {
        let mut datasets = self.write();
        let state =
            datasets.entry(name.clone()).or_insert_with(|| State::Good(Table::new(upload.identity, schema)));
        match state {
            State::Good(table) => {
                table.push(upload, key);
                Ok(table.identity)
            }
            State::Damaged { text, .. } => Err(Error::new(ErrorKind::Corrupt, text.clone())),
        }
    }

    /// Puts the dataset of one upload in the place of what `name` was, damaged or not; returns its identity.
    pub(crate) fn replace(
        &self,
        name: &Name,
        schema: SchemaRef,
        upload: Upload,
        key: Option<String>,
    ) -> Uuid {
        let identity = upload.identity;
        let mut table = Table::new(identity, schema);
        table.push(upload, key);
        self.write().insert(name.clone(), State::Good(table));
        identity
    }
}

/// A dataset, or what is wrong with it.
#[derive(Debug)]
pub(crate) enum State {
    /// All of its files have whole footers.
    Good(Table),
    /// One of its files is damaged.
    Damaged {
        /// What is wrong; it names the file.
        text: String,
        /// The number of the last file.
        last: u64,
    },
}

impl State {
    /// Returns the table, or what is wrong with it.
    pub(crate) fn table(&self) -> Result<&Table> {
        match self {
            Self::Good(table) => Ok(table),
            Self::Damaged { text, .. } => Err(Error::new(ErrorKind::Corrupt, text.clone())),
        }
    }

    /// Returns the number of the last upload.
    pub(crate) fn last(&self) -> u64 {
        match self {
            Self::Good(table) => table.last(),
            Self::Damaged { last, .. } => *last,
        }
    }
}

/// The uploads of one dataset. Cloning is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// That of the first upload.
    pub(crate) identity: Uuid,
    /// That of the first upload.
    pub(crate) schema: SchemaRef,
    /// By number, ascending; never empty.
    pub(crate) uploads: Arc<Vec<Upload>>,
    /// The number of the upload that was made under each idempotency key.
    keys: Arc<HashMap<String, u64>>,
}

impl Table {
    /// Makes the table of a first upload.
    pub(crate) fn new(identity: Uuid, schema: SchemaRef) -> Self {
        Self { identity, schema, uploads: Arc::default(), keys: Arc::default() }
    }

    /// Adds an upload whose number is larger than all before.
    pub(crate) fn push(&mut self, upload: Upload, key: Option<String>) {
        if let Some(key) = key {
            Arc::make_mut(&mut self.keys).insert(key, upload.sequence);
        }
        Arc::make_mut(&mut self.uploads).push(upload);
    }

    /// Returns the number of the first upload; 0 before it is there.
    pub(crate) fn first(&self) -> u64 {
        self.uploads.first().map_or(0, |upload| upload.sequence)
    }

    /// Returns the number of the last upload; 0 before the first.
    pub(crate) fn last(&self) -> u64 {
        self.uploads.last().map_or(0, |upload| upload.sequence)
    }

    /// Returns the receipt of the upload that was made with `key`.
    ///
    /// `None` where there is no key, or no upload that was made with it.
    pub(crate) fn repeated(&self, key: Option<&str>) -> Option<Receipt> {
        let sequence = self.keys.get(key?)?;
        let idx = self.uploads.binary_search_by_key(sequence, |upload| upload.sequence).ok()?;
        self.uploads.get(idx).map(|upload| upload.receipt(self.identity))
    }

    /// Returns how many bytes the files take together.
    pub(crate) fn bytes(&self) -> u64 {
        self.uploads.iter().map(|upload| upload.bytes).sum()
    }

    /// Describes the dataset whose files lie in `folder`.
    ///
    /// Rows and bytes are those of the footers and files; nothing is opened.
    pub(crate) fn describe(&self, folder: &Path) -> Description {
        Description::new(NounKind::Dataset, SchemaRef::clone(&self.schema))
            .with_rows(Some(self.uploads.iter().map(|upload| upload.rows).sum()))
            .with_bytes(Some(self.bytes()))
            .with_source(folder.display().to_string())
            .with_snapshot(snapshot(self.identity, self.last()))
            .with_parts(parts(&self.uploads).into_iter().map(|(_, part)| part).collect())
            .with_writable(true)
    }
}

/// One stored file, as its footer describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Upload {
    /// Its number, which is the name of its file; from 1 on, with gaps where files were taken away.
    pub(crate) sequence: u64,
    /// Tells it from an upload of the same number to a dataset of the same name, before or after a removal.
    pub(crate) identity: Uuid,
    /// How many rows it has.
    pub(crate) rows: u64,
    /// How many batches it has, none of them empty.
    pub(crate) batches: u64,
    /// The size of its file.
    pub(crate) bytes: u64,
    /// Where it can be cut, where there is more than one piece.
    pieces: Option<Arc<[Piece]>>,
}

impl Upload {
    /// Makes the upload of a file of `bytes` bytes.
    pub(crate) fn new(sequence: u64, label: &Label, bytes: u64) -> Self {
        let pieces = (label.pieces.len() > 1).then(|| label.pieces.as_slice().into());
        let Label { identity, rows, batches, .. } = *label;
        Self { sequence, identity, rows, batches, bytes, pieces }
    }

    /// Returns its pieces; none where it has no batches.
    pub(crate) fn pieces(&self) -> Vec<Piece> {
        match &self.pieces {
            Some(pieces) => pieces.to_vec(),
            None if self.batches == 0 => Vec::new(),
            None => vec![Piece { batches: self.batches, rows: self.rows, bytes: self.bytes }],
        }
    }

    /// Says what was stored; a read from the receipt's position returns what comes later.
    pub(crate) fn receipt(&self, identity: Uuid) -> Receipt {
        let place = Place { identity, last: u64::MAX, sequence: self.sequence, batch: self.batches };
        let mut receipt = Receipt::new(self.rows, self.batches, self.bytes, Durability::Durable);
        receipt.position = Some(place.encode());
        receipt
    }
}
