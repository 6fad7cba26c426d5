//! Names of tables in SQL, and the datasets that they stand for.
//!
//! A dataset `sales.orders` is the table `orders` of the schema `sales`; one without a dot is in the schema `public`,
//! one with two dots names its catalog too. The catalog of all others is `arrowlink`.

use arrowlink_core::{Error, ErrorKind, Name, Result};
use datafusion::common::TableReference;
use datafusion::sql::planner::object_name_to_table_reference;
use datafusion::sql::sqlparser::ast::ObjectName;

use super::failure::from_datafusion;

/// Returns the dataset that `table` stands for; names without a schema are looked for in `schema`, where it is given.
pub(crate) fn name_of(table: &ObjectName, schema: Option<&str>) -> Result<Name> {
    let reference = object_name_to_table_reference(table.clone(), true).map_err(from_datafusion)?;
    candidates(&reference, schema)?.into_iter().next().ok_or_else(|| no_table(&reference))
}

/// Returns the names that `table` may stand for, the most likely first.
///
/// There is more than one for a name without a schema where a `schema` is given, and for the schema `public`, which a
/// dataset may have in its name.
pub(crate) fn candidates(table: &TableReference, schema: Option<&str>) -> Result<Vec<Name>> {
    let spellings = match table {
        TableReference::Bare { table } => match schema {
            Some(schema) if schema != PUBLIC => vec![format!("{schema}.{table}"), table.to_string()],
            _ => vec![table.to_string()],
        },
        TableReference::Partial { schema, table } if schema.as_ref() == PUBLIC => {
            vec![table.to_string(), format!("{schema}.{table}")]
        }
        TableReference::Partial { schema, table } => vec![format!("{schema}.{table}")],
        TableReference::Full { catalog, schema, table } if catalog.as_ref() == CATALOG => {
            return candidates(&TableReference::partial(schema.as_ref(), table.as_ref()), None);
        }
        TableReference::Full { catalog, schema, table } => vec![format!("{catalog}.{schema}.{table}")],
    };
    let names: Vec<Name> = spellings.iter().filter_map(|spelling| Name::new(spelling).ok()).collect();
    if names.is_empty() { Err(no_table(table)) } else { Ok(names) }
}

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
fn no_table(table: &TableReference) -> Error {
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
