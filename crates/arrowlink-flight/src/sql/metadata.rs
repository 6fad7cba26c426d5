//! The commands that ask what there is: each has columns that never change, and few rows.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_flight::sql::metadata::SqlInfoDataBuilder;
use arrow_flight::sql::{
    Command, CommandGetCatalogs, CommandGetDbSchemas, CommandGetTableTypes, CommandGetTables,
};
use arrow_schema::SchemaRef;
use arrowlink_core::{BatchStream, Result};
use arrowlink_transport::FlightCall;

use crate::info;

use super::{Sql, abilities, catalog, keys, types};

/// Returns the columns of the answer to `command`; `None` where it does not ask what there is.
pub(super) fn columns(command: &Command) -> Option<SchemaRef> {
    Some(match command {
        Command::CommandGetCatalogs(_) => CommandGetCatalogs {}.into_builder().schema(),
        Command::CommandGetDbSchemas(_) => CommandGetDbSchemas::default().into_builder().schema(),
        Command::CommandGetTables(CommandGetTables { include_schema, .. }) => {
            CommandGetTables { include_schema: *include_schema, ..Default::default() }.into_builder().schema()
        }
        Command::CommandGetTableTypes(_) => CommandGetTableTypes {}.into_builder().schema(),
        Command::CommandGetPrimaryKeys(_) => keys::primary_keys(),
        Command::CommandGetExportedKeys(_)
        | Command::CommandGetImportedKeys(_)
        | Command::CommandGetCrossReference(_) => keys::foreign_keys(),
        Command::CommandGetSqlInfo(_) => Arc::new(SqlInfoDataBuilder::schema().clone()),
        Command::CommandGetXdbcTypeInfo(_) => types::columns(),
        _ => return None,
    })
}

/// Answers `command`; `None` where it does not ask what there is.
pub(super) async fn answer(sql: &Sql, call: &FlightCall, command: Command) -> Result<Option<BatchStream>> {
    let Some(columns) = columns(&command) else { return Ok(None) };
    let rows = rows(sql, call, command).await?;
    let rows = rows.unwrap_or_else(|| RecordBatch::new_empty(Arc::clone(&columns)));
    Ok(Some(BatchStream::from_batches(columns, vec![rows])))
}

/// Makes the rows of the answer; `None` where there are none, whatever is asked.
async fn rows(sql: &Sql, call: &FlightCall, command: Command) -> Result<Option<RecordBatch>> {
    let (service, ctx) = (sql.service.as_ref(), call.ctx.clone());
    match command {
        Command::CommandGetCatalogs(_) => catalog::catalogs(service, ctx).await,
        Command::CommandGetDbSchemas(command) => catalog::schemas(service, ctx, command).await,
        Command::CommandGetTables(command) => {
            catalog::tables(service, ctx, &sql.system, command, |schema| info::shown(call, schema)).await
        }
        Command::CommandGetTableTypes(_) => catalog::table_types(),
        Command::CommandGetSqlInfo(command) => {
            abilities::rows(service, ctx, sql.options.read_only, command).await
        }
        Command::CommandGetXdbcTypeInfo(command) => types::rows(&command),
        _ => return Ok(None),
    }
    .map(Some)
}
