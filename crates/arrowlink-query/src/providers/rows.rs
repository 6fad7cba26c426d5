//! Who returns the rows of a table that is read as everybody reads it.
//!
//! Both of them return what was described when the statement was planned, or `SnapshotChanged`.

use std::fmt;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use arrowlink_core::{
    BatchStream, CallContext, DataService, Error, ErrorKind, Name, ReadOptions, Result, Target,
};
use futures::future::{BoxFuture, FutureExt as _};

use crate::FileDataset;
use crate::failure::changed;
use crate::tables::Table;

/// The rows of one table.
pub(crate) trait Rows: fmt::Debug + Send + Sync {
    /// Starts a read of them.
    fn read(&self, ctx: CallContext, options: ReadOptions) -> BoxFuture<'_, Result<BatchStream>>;
}

/// Those of a dataset of the service.
#[derive(Debug)]
pub(crate) struct RowsOfService {
    pub(crate) service: Arc<dyn DataService>,
    pub(crate) name: Name,
    /// The columns that were described.
    pub(crate) schema: SchemaRef,
}

impl RowsOfService {
    /// Explains that a read was refused: its columns may be gone since they were described.
    async fn refused(&self, ctx: CallContext, error: Error) -> Error {
        match self.service.describe(ctx, Target::from(&self.name)).await {
            Ok(now) if now.schema != self.schema => changed(self.name.as_str()).with_source(error),
            Ok(_) | Err(_) => error,
        }
    }
}

impl Rows for RowsOfService {
    fn read(&self, ctx: CallContext, options: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        async move {
            match self.service.read(ctx.clone(), Target::from(&self.name), options).await {
                Err(error) if error.kind() == ErrorKind::InvalidArgument => {
                    Err(self.refused(ctx, error).await)
                }
                read => read,
            }
        }
        .boxed()
    }
}

/// Those of files, which are not listed again.
#[derive(Debug)]
pub(crate) struct RowsOfFiles {
    pub(crate) dataset: Arc<FileDataset>,
    /// The files that were described.
    pub(crate) table: Table,
}

impl Rows for RowsOfFiles {
    fn read(&self, ctx: CallContext, options: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        async move { self.dataset.read_table(&ctx, self.table.clone(), options, None).await }.boxed()
    }
}
