//! All tables of a database.

use arrowlink_core::{CallContext, Error, ErrorKind, Result};

use crate::address::{Address, TableName};
use crate::failure::failed;
use crate::pool::{Lease, Pool};
use crate::relation::Relation;
use crate::{PostgresDataset, PostgresOptions};

/// A database whose tables share their connections.
///
/// ```no_run
/// use arrowlink_core::CallContext;
/// use arrowlink_postgres::{PostgresDatabase, PostgresOptions};
///
/// # async fn example() -> arrowlink_core::Result<()> {
/// let options = PostgresOptions::default().with_credentials("shop.credentials");
/// let shop = PostgresDatabase::new("postgres://reader@db.example/shop", options)?;
/// for table in shop.tables(&CallContext::new()).await? {
///     println!("{}", table.table_name());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct PostgresDatabase {
    pool: Pool,
}

impl PostgresDatabase {
    /// Stands for the database that `uri` names. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// As [`PostgresDataset::new`]; `InvalidArgument` also where `uri` names a table, or the options have a query.
    ///
    /// ```
    /// use arrowlink_postgres::{PostgresDatabase, PostgresOptions};
    ///
    /// let options = PostgresOptions::default().with_insecure(true);
    /// assert!(PostgresDatabase::new("postgres://me@localhost/shop", options.clone()).is_ok());
    /// assert!(PostgresDatabase::new("postgres://me@localhost/shop/orders", options).is_err());
    /// ```
    pub fn new(uri: &str, options: PostgresOptions) -> Result<Self> {
        let address = Address::parse(uri)?;
        if address.table.is_some() || options.query.is_some() {
            let text = format!("`{uri}` is not all of a database: it names a table, or there is a `query`");
            return Err(Error::new(ErrorKind::InvalidArgument, text));
        }
        Ok(Self { pool: Pool::new(&address, options)? })
    }

    /// Returns whether `uri` names a table, and is to be given to [`PostgresDataset::new`].
    ///
    /// ```
    /// use arrowlink_postgres::PostgresDatabase;
    ///
    /// assert!(PostgresDatabase::has_table("postgres://me@localhost/shop/orders"));
    /// assert!(!PostgresDatabase::has_table("postgres://me@localhost/shop"));
    /// ```
    pub fn has_table(uri: &str) -> bool {
        Address::parse(uri).is_ok_and(|address| address.table.is_some())
    }

    /// Lists the tables and views that may be read, by schema and name, without those of the system.
    ///
    /// # Errors
    ///
    /// `Unavailable` where the database cannot be reached, `PermissionDenied` where it does not let the server in,
    /// `NotFound` where there is no such database.
    pub async fn tables(&self, ctx: &CallContext) -> Result<Vec<PostgresDataset>> {
        let mut lease = self.pool.begin(ctx).await?;
        let tables = tables(&mut lease).await.map_err(|error| failed(self.pool.shown(), error))?;
        lease.end().await?;
        let of = |table| PostgresDataset::of(self.pool.clone(), Relation::Table(table));
        Ok(tables.into_iter().map(of).collect())
    }

    /// Returns the list of the tables as a dataset of its own, with the columns `schema` and `table`.
    pub fn listing(&self) -> PostgresDataset {
        PostgresDataset::of(self.pool.clone(), Relation::Query(TABLES.to_owned()))
    }
}

/// Lists the tables and views that may be read.
pub(crate) async fn tables(lease: &mut Lease) -> Result<Vec<TableName>, tokio_postgres::Error> {
    let rows = lease.drive(|client| client.query_typed(TABLES, &[])).await?;
    rows.iter().map(|row| Ok(TableName { schema: row.try_get(0)?, table: row.try_get(1)? })).collect()
}

/// Partitions are read through the table that they are of.
const TABLES: &str = "\
    SELECT n.nspname::text AS schema, c.relname::text AS table \
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition \
      AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' \
      AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') \
    ORDER BY 1, 2";
