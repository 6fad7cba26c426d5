//! Which names are read by DataFusion itself and not through the service.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrowlink_core::{CallContext, Name, Result};
use datafusion::catalog::TableProvider;
use futures::future::BoxFuture;

use super::file_statistics::Files;
use crate::FileDataset;

/// The datasets that SQL reads in a way of their own: with filters and projections pushed down to them.
///
/// Every other name is read through the service that [`SqlService`](crate::SqlService) stands before, so that leaving
/// one out costs time and nothing else.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use arrowlink_core::Name;
/// use arrowlink_query::{FileDataset, SqlTables};
///
/// # fn with(trips: Arc<FileDataset>) -> Result<SqlTables, arrowlink_core::Error> {
/// Ok(SqlTables::default().with_files(Name::new("trips")?, trips))
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct SqlTables {
    tables: HashMap<Name, Arc<dyn SqlTable>>,
}

impl SqlTables {
    /// Reads `name` from the files of `dataset`, which must be what the service has under that name.
    #[must_use]
    pub fn with_files(self, name: Name, dataset: Arc<FileDataset>) -> Self {
        self.with_table(name, Arc::new(Files::new(dataset)))
    }

    /// Reads `name` from `table`, whose rows must be those that the service has under that name.
    #[must_use]
    pub fn with_table(mut self, name: Name, table: Arc<dyn SqlTable>) -> Self {
        self.tables.insert(name, table);
        self
    }

    /// Returns how `name` is read, where it is in a way of its own.
    pub(crate) fn table(&self, name: &Name) -> Option<&Arc<dyn SqlTable>> {
        self.tables.get(name)
    }
}

/// A dataset that SQL reads in a way of its own.
pub trait SqlTable: fmt::Debug + Send + Sync {
    /// Returns the dataset as it is now, as the table `name` of one statement.
    ///
    /// It is asked once for each call that a statement which names the table is sent by, on the threads of the query
    /// runtime. Tables of one type and one schema, its metadata included, must take the same filters: statements are not
    /// planned anew for them. Errors of
    /// arrowlink-core travel through DataFusion in
    /// [`DataFusionError::External`](datafusion::common::DataFusionError::External) and come out as they went in.
    fn table<'a>(
        &'a self,
        ctx: &'a CallContext,
        name: &'a Name,
    ) -> BoxFuture<'a, Result<Arc<dyn TableProvider>>>;
}
