//! Which names are read by DataFusion itself and not through the service.

use std::collections::HashMap;
use std::sync::Arc;

use arrowlink_core::Name;

use super::file_statistics::Files;
use crate::FileDataset;

/// The datasets that SQL reads in a way of their own: files, with filters and projections pushed down to them.
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
    files: HashMap<Name, Arc<Files>>,
}

impl SqlTables {
    /// Reads `name` from the files of `dataset`, which must be what the service has under that name.
    #[must_use]
    pub fn with_files(mut self, name: Name, dataset: Arc<FileDataset>) -> Self {
        self.files.insert(name, Arc::new(Files::new(dataset)));
        self
    }

    /// Returns the files of `name`, where it has files.
    pub(crate) fn files(&self, name: &Name) -> Option<&Arc<Files>> {
        self.files.get(name)
    }
}
