//! One read that goes on by itself where it broke off.
//!
//! What was delivered is known by the last position that came with it, and by the rows since: the next attempt asks for
//! what comes after these, in the same snapshot. So no row is lost, and none comes twice. Without a position and a snapshot
//! there is no telling whether the rows are still the same, and the error is the caller's.

use std::sync::Arc;

use arrow_schema::SchemaRef;
use arrowlink_core::{
    BatchStream, CallContext, Chunk, Effect, Error, ErrorKind, Position, ReadOptions, Result, Snapshot,
    Target,
};
use arrowlink_transport::{Ticket, TransferOptions};
use futures::{StreamExt as _, stream};

use crate::RetryOptions;
use crate::lanes::connected;
use crate::retry::Repetitions;
use crate::slot::Slot;

/// What is read, and how far it came.
pub(crate) struct Reading {
    source: Source,
    repetitions: Repetitions,
    progress: Progress,
    /// What is being read, until it breaks off.
    chunks: Option<BatchStream>,
}

/// What is read, from where.
pub(crate) struct Source {
    pub(crate) slot: Arc<Slot>,
    pub(crate) transfer: TransferOptions,
    pub(crate) retry: RetryOptions,
    pub(crate) ctx: CallContext,
    pub(crate) target: Target,
    pub(crate) options: ReadOptions,
}

#[derive(Default)]
struct Progress {
    snapshot: Option<Snapshot>,
    /// The last position that came with a chunk.
    position: Option<Position>,
    /// The rows that came after it.
    since: u64,
    rows: u64,
}

impl Source {
    /// Reads up to the schema. What fails before is repeated.
    pub(crate) async fn read(self) -> Result<BatchStream> {
        let mut reading = Reading {
            repetitions: Repetitions::new(self.retry),
            source: self,
            progress: Progress::default(),
            chunks: None,
        };
        let batches = reading.open().await?;
        let (schema, snapshot) = (Arc::clone(batches.schema()), batches.snapshot().cloned());
        reading.progress.snapshot.clone_from(&snapshot);
        reading.chunks = Some(batches);
        let read = BatchStream::new(Arc::clone(&schema), reading.into_chunks(schema));
        Ok(match snapshot {
            Some(snapshot) => read.with_snapshot(snapshot),
            None => read,
        })
    }

    async fn read_once(&self, ticket: &Ticket) -> Result<BatchStream, Failed> {
        let connection = connected(&self.slot, &self.ctx).await.map_err(Failed::Before)?;
        connection.do_get_ticket(&self.ctx, ticket, &self.transfer).await.map_err(Failed::During)
    }

    /// Whether reading the target again changes nothing, as far as its server says.
    async fn is_repeatable(&self) -> bool {
        if matches!(self.target, Target::Name(_)) {
            return true;
        }
        let description = async {
            let connection = connected(&self.slot, &self.ctx).await?;
            connection.get_flight_info(&self.ctx, &self.target, &self.transfer).await
        };
        description.await.is_ok_and(|description| description.effect == Effect::None)
    }
}

/// Where an attempt failed.
enum Failed {
    /// Nothing was sent.
    Before(Error),
    /// The server may have begun.
    During(Error),
}

impl Reading {
    /// Asks for what was not delivered yet until the server answers, or it is given up.
    async fn open(&mut self) -> Result<BatchStream> {
        let ticket = self.ticket();
        loop {
            let (error, is_repeated) = match self.source.read_once(&ticket).await {
                Ok(batches) => return Ok(batches),
                Err(Failed::Before(error)) => {
                    let is_repeated = self.repetitions.wait_after(&self.source.ctx, &error).await;
                    (error, is_repeated)
                }
                Err(Failed::During(error)) => {
                    let is_repeated = self.may_go_on(&error).await;
                    (error, is_repeated)
                }
            };
            if !is_repeated {
                return Err(error);
            }
        }
    }

    /// Waits before the rest is asked for; `false` where it cannot be.
    async fn may_go_on(&mut self, error: &Error) -> bool {
        self.progress.can_go_on(&self.source.target)
            && self.repetitions.wait_after(&self.source.ctx, error).await
            && self.source.is_repeatable().await
    }

    fn ticket(&self) -> Ticket {
        let options = self.progress.left_of(&self.source.options);
        Ticket::new(self.source.target.clone(), options).with_positions(true)
    }

    /// Returns the next chunk, from as many attempts as it takes.
    async fn next(&mut self, schema: &SchemaRef) -> Result<Option<Chunk>> {
        loop {
            if let Some(chunks) = &mut self.chunks {
                match chunks.next().await {
                    None => return Ok(None),
                    Some(Ok(chunk)) => return Ok(Some(self.delivered(chunk))),
                    Some(Err(error)) => {
                        self.chunks = None;
                        if !self.may_go_on(&error).await {
                            return Err(error);
                        }
                    }
                }
            }
            if self.progress.is_complete(&self.source.options) {
                return Ok(None);
            }
            let batches = self.open().await?;
            if batches.schema() != schema {
                return Err(Error::new(ErrorKind::SnapshotChanged, OTHER_COLUMNS));
            }
            self.chunks = Some(batches);
        }
    }

    fn delivered(&mut self, chunk: Chunk) -> Chunk {
        self.repetitions.reset();
        self.progress.note(&chunk);
        chunk
    }

    fn into_chunks(self, schema: SchemaRef) -> impl futures::Stream<Item = Result<Chunk>> + Send + 'static {
        stream::try_unfold((self, schema), |(mut reading, schema)| async move {
            let chunk = reading.next(&schema).await?;
            Ok(chunk.map(|chunk| (chunk, (reading, schema))))
        })
    }
}

impl Progress {
    fn note(&mut self, chunk: &Chunk) {
        let rows = chunk.batch.num_rows() as u64;
        self.rows += rows;
        self.since += rows;
        if let Some(position) = &chunk.position {
            self.position = Some(position.clone());
            self.since = 0;
        }
    }

    /// Whether what is left can be told from what was delivered. The result of a query is another one each time.
    fn can_go_on(&self, target: &Target) -> bool {
        self.rows == 0
            || (matches!(target, Target::Name(_)) && (self.position.is_some() || self.snapshot.is_some()))
    }

    fn is_complete(&self, options: &ReadOptions) -> bool {
        options.limit.is_some_and(|limit| self.rows >= limit)
    }

    fn left_of(&self, options: &ReadOptions) -> ReadOptions {
        let mut left = options.clone();
        left.snapshot = left.snapshot.or_else(|| self.snapshot.clone());
        left.limit = left.limit.map(|limit| limit.saturating_sub(self.rows));
        match &self.position {
            Some(position) => {
                left.resume = Some(position.clone());
                left.skip = self.since;
            }
            None => left.skip += self.rows,
        }
        left
    }
}

const OTHER_COLUMNS: &str =
    "the columns changed while they were read, and the read broke off: read again from the start";
