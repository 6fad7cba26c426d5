//! Where a dataset stands among the catalogs and schemas of SQL; which one a name stands for is found in `meant`.
//!
//! A dataset `sales.orders` is the table `orders` of the schema `sales`; one without a dot is in the schema `public`,
//! one with two dots names its catalog too. The catalog of all others is `arrowlink`.

use arrowlink_core::{Error, ErrorKind, Name};
use datafusion::common::TableReference;

/// Returns catalog, schema and table of the dataset `name`.
pub(crate) fn table_of(name: &Name) -> (&str, &str, &str) {
    let parts: Vec<&str> = name.parts().collect();
    match parts.as_slice() {
        [catalog, schema, table] => (catalog, schema, table),
        [schema, table] => (CATALOG, schema, table),
        _ => (CATALOG, PUBLIC, name.as_str()),
    }
}

/// Says that what stands in the place of a table cannot be one; most often it is the name of a file.
pub(crate) fn no_table(table: &TableReference) -> Error {
    let shown = table.table();
    let text = if shown.contains(['/', '\\', '.', ':', '*']) {
        format!(
            "`{shown}` is not a table, and files are not read by their names: add a dataset to the configuration"
        )
    } else {
        format!("`{table}` is not the name of a table")
    };
    Error::new(ErrorKind::NotFound, text)
}

/// The catalog of datasets whose names do not say one.
pub(crate) const CATALOG: &str = "arrowlink";
/// The schema of datasets whose names do not say one.
pub(crate) const PUBLIC: &str = "public";
