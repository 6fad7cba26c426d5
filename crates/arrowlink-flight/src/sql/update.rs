//! Uploads: statements that change something, values for prepared statements, and rows for tables.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray as _;
use arrow_array::types::UInt64Type;
use arrow_flight::PutResult;
use arrow_flight::sql::{Command, DoPutPreparedStatementResult, DoPutUpdateResult};
use arrow_select::concat::concat_batches;
use arrowlink_core::{
    BatchStream, Chunk, Effect, Error, ErrorKind, ReadOptions, Result, Target, compact, memory_bytes,
};
use arrowlink_transport::FlightCall;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use prost::Message;

use super::prepared::Prepared;
use super::{Sql, ingest, parameters};
use crate::session::Session;

impl Sql {
    /// Takes an upload, and answers with one message when all of it is done.
    pub(super) async fn put(
        &self,
        call: &FlightCall,
        command: Command,
        batches: BatchStream,
    ) -> Result<BoxStream<'static, Result<PutResult>>> {
        match command {
            Command::CommandStatementIngest(command) => {
                let session = Session::of(call)?;
                if batches.schema().fields().is_empty() {
                    return Err(invalid(
                        "the ingest has no columns: send its schema, even where there are no rows",
                    ));
                }
                let ctx = call.ctx.clone();
                let rows = ingest::ingest(self.service.as_ref(), ctx, &session, &command, batches).await?;
                Ok(updated(Some(rows)))
            }
            Command::CommandPreparedStatementQuery(command) => {
                self.bind(call, &command.prepared_statement_handle, values(batches).await?).await
            }
            command => {
                let target = self.change(call, command).await?;
                self.update(call, target, values(batches).await?).await.map(updated)
            }
        }
    }

    /// Binds `values` to a prepared statement, and answers with the handle that has them.
    async fn bind(
        &self,
        call: &FlightCall,
        handle: &Bytes,
        values: Option<RecordBatch>,
    ) -> Result<BoxStream<'static, Result<PutResult>>> {
        let mut prepared = Prepared::from_handle(handle)?;
        let values = values.ok_or_else(|| invalid("there are no values to bind: send one row of them"))?;
        if let Some(query) = prepared.query_mut() {
            query.parameters = None;
        }
        let description = self.describe(call, &prepared.target).await?;
        if description.effect == Effect::None && values.num_rows() > 1 {
            let rows = values.num_rows();
            return Err(invalid(format!(
                "{rows} rows were bound to a query, which takes one: execute it for each"
            )));
        }
        let values = parameters::fit(&description, &values)?;
        let (id, kept) = (prepared.id, values.clone());
        if let Some(query) = prepared.query_mut() {
            query.parameters = Some(values);
        }
        let handle = prepared.handle()?;
        self.bound.keep(id, kept);
        Ok(answered(&DoPutPreparedStatementResult { prepared_statement_handle: Some(handle) }))
    }

    /// Executes `target` and returns how many rows it touched; `None` of what only returns rows, which are passed over.
    async fn update(
        &self,
        call: &FlightCall,
        mut target: Target,
        values: Option<RecordBatch>,
    ) -> Result<Option<u64>> {
        let described = without_values(&target);
        let description = self.describe(call, &described).await?;
        if let Some(values) = &values {
            let values = parameters::fit(&description, values)?;
            if let Target::Sql(query) = &mut target {
                query.parameters = Some(values);
            }
        }
        parameters::require_bound(&description, &target)?;
        let mut chunks = self.service.read(call.ctx.clone(), target, ReadOptions::default()).await?;
        let mut touched = 0;
        while let Some(chunk) = chunks.try_next().await? {
            touched += count(&chunk.batch);
        }
        Ok((description.effect == Effect::Change).then_some(touched))
    }
}

/// The statement by itself.
fn without_values(target: &Target) -> Target {
    let mut target = target.clone();
    if let Target::Sql(query) = &mut target {
        query.parameters = None;
    }
    target
}

/// What the result of a change says.
fn count(batch: &RecordBatch) -> u64 {
    let counts = batch.columns().first().and_then(|column| column.as_primitive_opt::<UInt64Type>());
    counts.map_or(0, |counts| counts.iter().flatten().sum())
}

/// Reads all values of an upload; `None` where it has no columns, by which clients say that they bind nothing.
async fn values(mut batches: BatchStream) -> Result<Option<RecordBatch>> {
    let schema = Arc::clone(batches.schema());
    let (mut all, mut bytes, mut rows) = (Vec::new(), 0, 0);
    while let Some(Chunk { batch, .. }) = batches.try_next().await? {
        // A row may have come with far more than it has.
        let batch = compact(&batch)?;
        bytes += memory_bytes(&batch);
        rows += batch.num_rows();
        if bytes > MOST_VALUE_BYTES || rows > MOST_ROWS {
            let text = format!(
                "the parameters are more than {MOST_ROWS} rows or {MOST_VALUE_BYTES} bytes: ingest rows instead"
            );
            return Err(Error::new(ErrorKind::LimitExceeded, text));
        }
        all.push(batch);
    }
    let values = concat_batches(&schema, &all)
        .map_err(|error| invalid("the values cannot be put together").with_source(error))?;
    Ok((values.num_columns() > 0).then_some(values))
}

fn updated(rows: Option<u64>) -> BoxStream<'static, Result<PutResult>> {
    let record_count = rows.map_or(-1, |rows| i64::try_from(rows).unwrap_or(i64::MAX));
    answered(&DoPutUpdateResult { record_count })
}

fn answered(message: &impl Message) -> BoxStream<'static, Result<PutResult>> {
    stream::iter([Ok(PutResult { app_metadata: message.encode_to_vec().into() })]).boxed()
}

fn invalid(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, text)
}

/// The most memory that the values of one statement's parameters take.
const MOST_VALUE_BYTES: u64 = 64 << 20;
/// The most rows of them: a run says a value two billion times in a few bytes.
const MOST_ROWS: usize = 1 << 20;
