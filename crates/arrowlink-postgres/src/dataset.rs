//! A table or query of a database as a dataset.

use std::fmt;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use arrowlink_core::{
    BatchStream, CallContext, Chunk, Dataset, Description, Error, ErrorKind, NounKind, ReadOptions, Receipt,
    Result, WriteOptions, nearest,
};
use futures::future::{BoxFuture, FutureExt as _, ready};
use futures::stream::{self, BoxStream};

use crate::PostgresOptions;
use crate::address::Address;
use crate::database::tables;
use crate::failure::{changed, internal};
use crate::pool::{Lease, Pool};
use crate::read::read;
use crate::relation::{Relation, Wanted};
use crate::table::{Column, Table};

/// A table, a view or a query of a PostgreSQL database, read as it is when it is asked for.
///
/// A read is one statement, so that it sees one state of the database; it streams `COPY ... (FORMAT binary)`, and what
/// nobody takes is not sent. Dropping it stops the statement. Rows come in whatever order the database has them: there are
/// no positions, states and parts. Columns, `skip` and `limit` are left to the database. It cannot be written to.
///
/// Nothing is connected when it is made: a database that is away is an error of the request, and the next one finds it
/// again.
///
/// ```no_run
/// use arrowlink_core::{CallContext, Dataset as _};
/// use arrowlink_postgres::{PostgresDataset, PostgresOptions};
///
/// # async fn example() -> arrowlink_core::Result<()> {
/// let options = PostgresOptions::default().with_credentials("shop.credentials");
/// let orders = PostgresDataset::new("postgres://reader@db.example/shop/sales.orders", options)?;
/// println!("{:?}", orders.describe(CallContext::new()).await?.schema);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PostgresDataset {
    inner: Arc<Inner>,
}

struct Inner {
    pool: Pool,
    relation: Relation,
    /// What it is called in errors.
    place: String,
}

impl PostgresDataset {
    /// Stands for the table that `uri` names, or for the query of the options. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` where the URI is none, has a password or names both no table and no query; where it asks for
    /// plaintext past this machine; and where a file of the options cannot be used; `NotFound` where one is missing.
    ///
    /// ```
    /// use arrowlink_postgres::{PostgresDataset, PostgresOptions};
    ///
    /// let options = PostgresOptions::default().with_insecure(true);
    /// assert!(PostgresDataset::new("postgres://me@localhost/shop/orders", options.clone()).is_ok());
    /// let error = PostgresDataset::new("postgres://me:secret@localhost/shop/orders", options.clone()).unwrap_err();
    /// assert!(error.message().starts_with("a password has no place in a URI"));
    /// let error = PostgresDataset::new("postgres://me@db.example/shop/orders", options).unwrap_err();
    /// assert!(error.message().contains("in plaintext past this machine"));
    /// ```
    pub fn new(uri: &str, options: PostgresOptions) -> Result<Self> {
        let address = Address::parse(uri)?;
        let relation = match (&address.table, &options.query) {
            (Some(table), None) => Relation::Table(table.clone()),
            (None, Some(query)) => Relation::Query(query.clone()),
            (Some(_), Some(_)) => return Err(ambiguous(uri)),
            (None, None) => {
                let text = format!("`{uri}` names no table: add one, or the key `query`");
                return Err(Error::new(ErrorKind::InvalidArgument, text));
            }
        };
        Ok(Self::of(Pool::new(&address, options)?, relation))
    }

    pub(crate) fn of(pool: Pool, relation: Relation) -> Self {
        let place = format!("{relation}` of `{}", pool.shown());
        Self { inner: Arc::new(Inner { pool, relation, place }) }
    }

    /// Returns the table as `table`, or `schema.table` where the schema is not `public`; of a query, `query`.
    ///
    /// ```
    /// use arrowlink_postgres::{PostgresDataset, PostgresOptions};
    ///
    /// let options = PostgresOptions::default().with_insecure(true);
    /// let orders = PostgresDataset::new("postgresql://localhost/shop/sales.orders", options)?;
    /// assert_eq!(orders.table_name(), "sales.orders");
    /// # Ok::<(), arrowlink_core::Error>(())
    /// ```
    pub fn table_name(&self) -> String {
        self.inner.relation.to_string()
    }

    pub(crate) fn relation(&self) -> &Relation {
        &self.inner.relation
    }

    /// Returns what it is called in errors.
    pub(crate) fn place(&self) -> &str {
        &self.inner.place
    }

    /// Asks for the columns, in a transaction that goes on.
    pub(crate) async fn begin(&self, ctx: &CallContext) -> Result<(Lease, Table)> {
        let Inner { pool, relation, place } = self.inner.as_ref();
        let mut lease = pool.begin(ctx).await?;
        match Table::describe(&mut lease, relation, place).await {
            Ok(table) => Ok((lease, table)),
            Err(error) => Err(self.explained(lease, error).await),
        }
    }

    /// Asks for the columns alone.
    pub(crate) async fn table(&self, ctx: &CallContext) -> Result<Table> {
        let (lease, table) = self.begin(ctx).await?;
        lease.end().await?;
        Ok(table)
    }

    /// Reads some columns of what was described as `promised`.
    ///
    /// Fails with `SnapshotChanged` where the columns are others now.
    pub(crate) async fn rows(
        &self,
        ctx: &CallContext,
        promised: &Table,
        columns: &[usize],
        wanted: &Wanted,
    ) -> Result<BoxStream<'static, Result<Chunk>>> {
        let (lease, table) = self.begin(ctx).await?;
        if table.columns != promised.columns {
            return Err(changed(self.place()));
        }
        let columns = columns.iter().filter_map(|column| table.columns.get(*column)).cloned().collect();
        read(lease, self.relation(), columns, wanted, self.place().to_owned()).await
    }

    async fn start(&self, ctx: CallContext, options: ReadOptions) -> Result<BatchStream> {
        let (lease, table) = self.begin(&ctx).await?;
        let (schema, columns, wanted) = match asked(&table, options) {
            Ok(asked) => asked,
            Err(error) => {
                // A mistake of the caller costs no connection.
                drop(lease.end().await);
                return Err(error);
            }
        };
        let rows = read(lease, self.relation(), columns, &wanted, self.place().to_owned()).await?;
        Ok(BatchStream::new(schema, rows))
    }

    /// Offers near names in the place of a table that is not there.
    async fn explained(&self, mut lease: Lease, error: Error) -> Error {
        let (ErrorKind::NotFound, Relation::Table(table)) = (error.kind(), self.relation()) else {
            return error;
        };
        if lease.run("ROLLBACK").await.is_err() {
            return error;
        }
        let Ok(tables) = tables(&mut lease).await else { return error };
        // It ended with the rollback: there is nothing to stop.
        drop(lease.end().await);
        let names: Vec<String> = tables.iter().map(ToString::to_string).collect();
        // A table of that name in another schema is as near as can be.
        let elsewhere = tables.iter().position(|other| other.table == table.table);
        let elsewhere = elsewhere.and_then(|idx| names.get(idx)).map(String::as_str);
        let near = || nearest(&table.to_string(), names.iter().map(String::as_str)).first().copied();
        match elsewhere.or_else(near) {
            None => error,
            Some(near) => Error::new(error.kind(), format!("{}, did you mean `{near}`?", error.message())),
        }
    }
}

impl fmt::Debug for PostgresDataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { pool, relation, .. } = self.inner.as_ref();
        f.debug_struct("PostgresDataset").field("relation", relation).field("pool", pool).finish()
    }
}

impl Dataset for PostgresDataset {
    fn describe(&self, ctx: CallContext) -> BoxFuture<'_, Result<Description>> {
        async move {
            let table = self.table(&ctx).await?;
            let source = format!("{}/{}", self.inner.pool.shown(), self.relation());
            Ok(Description::new(NounKind::Dataset, table.schema).with_source(source))
        }
        .boxed()
    }

    fn read(&self, ctx: CallContext, options: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        self.start(ctx, options).boxed()
    }

    fn write(
        &self,
        _ctx: CallContext,
        _batches: BatchStream,
        _options: WriteOptions,
    ) -> BoxFuture<'_, Result<Receipt>> {
        let text = format!(
            "`{}` is read and never written to: write to it in the database, or to a name that is not served yet",
            self.place()
        );
        ready(Err(Error::new(ErrorKind::ReadOnly, text))).boxed()
    }
}

/// Returns what the options ask for; those that cannot be answered are refused.
fn asked(table: &Table, mut options: ReadOptions) -> Result<(SchemaRef, Vec<Column>, Wanted)> {
    let columns = options.column_indices(&table.schema)?;
    let columns = columns.unwrap_or_else(|| (0..table.columns.len()).collect());
    let wanted =
        Wanted { filter: None, limit: options.limit.take(), skip: std::mem::take(&mut options.skip) };
    options.projection = None;
    drop(options.apply(BatchStream::new(Arc::clone(&table.schema), stream::empty()))?);
    let schema = table.schema.project(&columns);
    let schema = schema.map_err(|error| internal("a column is gone").with_source(error))?;
    let columns = columns.iter().filter_map(|column| table.columns.get(*column)).cloned().collect();
    Ok((Arc::new(schema), columns, wanted))
}

fn ambiguous(uri: &str) -> Error {
    let text = format!("`{uri}` names a table, and there is a `query`: leave one of them out");
    Error::new(ErrorKind::InvalidArgument, text)
}
