//! Batches that are on their way into memory and not yet part of any dataset.
//!
//! An upload belongs to the future of its write. It takes its bytes from the budget as they arrive, so that many
//! uploads at once cannot pass the limit together, and is appended in one step when the input has ended.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use futures::TryStreamExt as _;

use super::budget::{Budget, Reservation};
use crate::schemas::retold;
use crate::size::{Allocations, batch_bytes, without_waste};
use crate::{BatchStream, Receipt, Result};

/// The batches of one write. Dropped before it is appended, it leaves nothing behind.
#[derive(Debug)]
pub(super) struct Upload {
    schema: SchemaRef,
    batches: Vec<Weighed>,
    allocations: Allocations,
    reservation: Reservation,
}

impl Upload {
    /// Begins without batches; all of them must have `schema`, and take their bytes from `budget`.
    pub(super) fn new(schema: SchemaRef, budget: Arc<Budget>) -> Self {
        Self {
            schema,
            batches: Vec::new(),
            allocations: Allocations::default(),
            reservation: Reservation::new(budget),
        }
    }

    pub(super) const fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Takes all of `batches`; the first error ends it.
    pub(super) async fn collect(mut self, mut batches: BatchStream) -> Result<Self> {
        while let Some(chunk) = batches.try_next().await? {
            self.push(chunk.into_batch())?;
        }
        Ok(self)
    }

    /// Adds a batch if it has the schema and there is room for it.
    pub(super) fn push(&mut self, batch: RecordBatch) -> Result<()> {
        let batch = retold(batch, &self.schema)?;
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let batch = without_waste(batch)?;
        self.reservation.grow(self.allocations.add(&batch))?;
        let bytes = batch_bytes(&batch) as u64;
        self.batches.push(Weighed { batch, bytes });
        Ok(())
    }

    /// Makes room for something beside the batches.
    pub(super) fn reserve(&mut self, bytes: u64) -> Result<()> {
        self.reservation.grow(bytes)
    }

    /// Gives all batches the schema of the dataset that they are for.
    pub(super) fn conformed(mut self, schema: &SchemaRef) -> Result<Self> {
        let conformed = |weighed: Weighed| Ok(Weighed { batch: retold(weighed.batch, schema)?, ..weighed });
        self.batches = self.batches.into_iter().map(conformed).collect::<Result<_>>()?;
        self.schema = SchemaRef::clone(schema);
        Ok(self)
    }

    /// Returns the batches and the bytes that are taken for them.
    pub(super) fn into_parts(self) -> (Vec<Weighed>, Reservation) {
        (self.batches, self.reservation)
    }
}

/// A batch and how many bytes its rows take in a message: the part that a batch is in depends on nothing else.
#[derive(Debug)]
pub(super) struct Weighed {
    pub(super) batch: RecordBatch,
    pub(super) bytes: u64,
}

/// The receipts of writes that had an idempotency key; the oldest are forgotten first.
#[derive(Debug, Default)]
pub(super) struct Keys {
    receipts: HashMap<String, Receipt>,
    oldest_first: VecDeque<String>,
}

impl Keys {
    /// Returns the receipt of the write that had `key`, while it is remembered.
    pub(super) fn receipt(&self, key: &str) -> Option<Receipt> {
        self.receipts.get(key).cloned()
    }

    /// Returns the bytes of memory that one key takes.
    pub(super) const fn bytes_of(key: &str) -> u64 {
        2 * key.len() as u64 + KEY_BYTES
    }

    /// Keeps `receipt` and returns the bytes of the key that was forgotten for it.
    pub(super) fn remember(&mut self, key: String, receipt: Receipt) -> u64 {
        let oldest = if self.oldest_first.len() < MAX_KEYS { None } else { self.oldest_first.pop_front() };
        if let Some(oldest) = &oldest {
            self.receipts.remove(oldest);
        }
        self.oldest_first.push_back(key.clone());
        self.receipts.insert(key, receipt);
        oldest.map_or(0, |oldest| Self::bytes_of(&oldest))
    }
}

/// How many idempotency keys a dataset remembers.
const MAX_KEYS: usize = 1024;
/// What a key takes beside its text: the receipt and two entries.
const KEY_BYTES: u64 = 256;
