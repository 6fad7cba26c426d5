//! What a write sends, and whether anybody has asked for it.
//!
//! An upload whose rows nobody asked for can be sent again, since nothing can have been kept of it. Later it cannot, with a
//! key or without: what was taken out of a stream is gone, and only its caller can make it again.

use std::sync::{Arc, Mutex, PoisonError};

use arrowlink_core::BatchStream;
use futures::{StreamExt as _, stream};

/// The input of a write, as long as it is whole.
#[derive(Clone)]
pub(crate) struct Input(Arc<Mutex<Option<BatchStream>>>);

impl Input {
    pub(crate) fn new(batches: BatchStream) -> Self {
        Self(Arc::new(Mutex::new(Some(batches))))
    }

    /// Returns the input for one attempt, from whose first poll on it is no longer whole; `None` where it is not.
    pub(crate) fn attempt(&self) -> Option<BatchStream> {
        let schema = Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref()?.schema());
        let input = self.clone();
        let chunks = stream::once(async move { input.take() }).filter_map(std::future::ready).flatten();
        Some(BatchStream::new(schema, chunks))
    }

    /// Whether nothing of it was asked for.
    pub(crate) fn is_whole(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn take(&self) -> Option<BatchStream> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
