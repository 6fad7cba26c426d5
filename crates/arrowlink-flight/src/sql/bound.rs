//! The values that were last bound to prepared statements, for clients that execute the handle they began with.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use arrow_array::RecordBatch;
use arrowlink_core::memory_bytes;
use uuid::Uuid;

/// Values by statement. The oldest go when there are too many, or when they take too much memory; the last stay.
#[derive(Debug, Default)]
pub(super) struct Bound(Mutex<VecDeque<(Uuid, RecordBatch)>>);

impl Bound {
    /// Keeps `values` instead of what was bound to the statement before.
    pub(super) fn keep(&self, statement: Uuid, values: RecordBatch) {
        let mut kept = self.lock();
        kept.retain(|(id, _)| *id != statement);
        kept.push_back((statement, values));
        let mut bytes: u64 = kept.iter().map(|(_, values)| memory_bytes(values)).sum();
        while kept.len() > MOST_STATEMENTS || (kept.len() > 1 && bytes > MOST_BYTES) {
            let Some((_, oldest)) = kept.pop_front() else { break };
            bytes -= memory_bytes(&oldest);
        }
    }

    /// Returns what was bound to the statement, if that is still here.
    pub(super) fn of(&self, statement: Uuid) -> Option<RecordBatch> {
        self.lock().iter().find(|(id, _)| *id == statement).map(|(_, values)| values.clone())
    }

    /// Forgets what was bound to the statement.
    pub(super) fn forget(&self, statement: Uuid) {
        self.lock().retain(|(id, _)| *id != statement);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Uuid, RecordBatch)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const MOST_STATEMENTS: usize = 1024;
const MOST_BYTES: u64 = 16 << 20;
