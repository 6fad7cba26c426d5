//! What the server can do, by the codes of `SqlInfo`: every code has an answer, since drivers do not expect gaps.
//!
//! The types of the answers are those that the JDBC driver reads: lengths are 64 bits, where 0 is no limit.

use arrow_array::RecordBatch;
use arrow_flight::sql::metadata::SqlInfoDataBuilder;
use arrow_flight::sql::{CommandGetSqlInfo, SqlInfo, SqlSupportedTransaction};
use arrowlink_core::{CallContext, DataService, ErrorKind, Name, Query, Result, Target};
use bytes::Bytes;

use super::{dialect, encoding};

/// Answers `command`: the codes that it names, or all of them. Codes that do not exist are left out.
pub(super) async fn rows(
    service: &dyn DataService,
    ctx: CallContext,
    read_only: bool,
    command: CommandGetSqlInfo,
) -> Result<RecordBatch> {
    let statement = Target::from(Query::new("select 1"));
    let sql = is_known(service, ctx.clone(), statement).await;
    let substrait = is_known(service, ctx, Target::Substrait(Bytes::new())).await;
    let mut info = SqlInfoDataBuilder::new();
    server(&mut info, sql, substrait);
    changes(&mut info, read_only);
    dialect::describe(&mut info);
    limits(&mut info);
    transactions(&mut info);
    results(&mut info);
    let failed = |error| encoding::failed(error, "the server's abilities");
    let info = info.build().map_err(failed)?;
    command.into_builder(&info).build().map_err(failed)
}

/// Whether `service` knows what to do with such a target, be it that it refuses this one.
async fn is_known(service: &dyn DataService, ctx: CallContext, target: Target) -> bool {
    match service.describe(ctx, target).await {
        Ok(_) => true,
        Err(error) => error.kind() != ErrorKind::Unsupported,
    }
}

fn server(info: &mut SqlInfoDataBuilder, sql: bool, substrait: bool) {
    info.append(SqlInfo::FlightSqlServerName, "ArrowLink");
    info.append(SqlInfo::FlightSqlServerVersion, env!("CARGO_PKG_VERSION"));
    info.append(SqlInfo::FlightSqlServerArrowVersion, ARROW_FORMAT);
    info.append(SqlInfo::FlightSqlServerSql, sql);
    info.append(SqlInfo::FlightSqlServerSubstrait, substrait);
    info.append(SqlInfo::FlightSqlServerTransaction, SqlSupportedTransaction::None as i32);
    info.append(SqlInfo::FlightSqlServerCancel, true);
    info.append(SqlInfo::FlightSqlServerIngestTransactionsSupported, false);
    // Handles hold all there is to know, and so never time out.
    info.append(SqlInfo::FlightSqlServerStatementTimeout, 0);
    info.append(SqlInfo::FlightSqlServerTransactionTimeout, 0);
}

/// Whether anything can be uploaded: a server may keep uploads though it serves files that nobody changes.
fn changes(info: &mut SqlInfoDataBuilder, read_only: bool) {
    info.append(SqlInfo::FlightSqlServerReadOnly, read_only);
    info.append(SqlInfo::FlightSqlServerBulkIngestion, !read_only);
}

fn limits(info: &mut SqlInfoDataBuilder) {
    for code in UNLIMITED {
        info.append(code, 0_i64);
    }
    let longest_name = i64::try_from(Name::MAX_BYTES).unwrap_or(i64::MAX);
    for code in
        [SqlInfo::SqlDbSchemaNameLength, SqlInfo::SqlMaxCatalogNameLength, SqlInfo::SqlMaxTableNameLength]
    {
        info.append(code, longest_name);
    }
    info.append(SqlInfo::SqlMaxStatementLength, LONGEST_STATEMENT);
    info.append(SqlInfo::SqlMaxTablesInSelect, MOST_TABLES);
    info.append(SqlInfo::SqlMaxRowSizeIncludesBlobs, true);
}

fn transactions(info: &mut SqlInfoDataBuilder) {
    info.append(SqlInfo::SqlTransactionsSupported, false);
    info.append(SqlInfo::SqlSavepointsSupported, false);
    info.append(SqlInfo::SqlDefaultTransactionIsolation, 0_i64);
    // The lowest bit is that of no transactions.
    info.append(SqlInfo::SqlSupportedTransactionsIsolationLevels, 1);
    info.append(SqlInfo::SqlDataDefinitionCausesTransactionCommit, false);
    info.append(SqlInfo::SqlDataDefinitionsInTransactionsIgnored, false);
}

/// Results are read once, from the first row to the last.
fn results(info: &mut SqlInfoDataBuilder) {
    const FORWARD_ONLY: i32 = 1 << 1;
    const READ_ONLY: i32 = 1 << 1;
    info.append(SqlInfo::SqlSupportedResultSetTypes, FORWARD_ONLY);
    info.append(SqlInfo::SqlSupportedConcurrenciesForResultSetUnspecified, READ_ONLY);
    info.append(SqlInfo::SqlSupportedConcurrenciesForResultSetForwardOnly, READ_ONLY);
    info.append(SqlInfo::SqlSupportedConcurrenciesForResultSetScrollSensitive, 0);
    info.append(SqlInfo::SqlSupportedConcurrenciesForResultSetScrollInsensitive, 0);
    info.append(SqlInfo::SqlSupportedPositionedCommands, 0);
    info.append(SqlInfo::SqlSelectForUpdateSupported, false);
    info.append(SqlInfo::SqlLocatorsUpdateCopy, false);
    // One statement with many rows of parameters.
    info.append(SqlInfo::SqlBatchUpdatesSupported, true);
}

/// What has no limit, or none of its own, or one that is not known here, or is not there at all.
const UNLIMITED: [SqlInfo; 15] = [
    SqlInfo::SqlMaxBinaryLiteralLength,
    SqlInfo::SqlMaxCharLiteralLength,
    SqlInfo::SqlMaxColumnNameLength,
    SqlInfo::SqlMaxColumnsInGroupBy,
    SqlInfo::SqlMaxColumnsInIndex,
    SqlInfo::SqlMaxColumnsInOrderBy,
    SqlInfo::SqlMaxColumnsInSelect,
    SqlInfo::SqlMaxColumnsInTable,
    SqlInfo::SqlMaxConnections,
    SqlInfo::SqlMaxCursorNameLength,
    SqlInfo::SqlMaxIndexLength,
    SqlInfo::SqlMaxProcedureNameLength,
    SqlInfo::SqlMaxRowSize,
    SqlInfo::SqlMaxStatements,
    SqlInfo::SqlMaxUsernameLength,
];

/// What arrowlink-query takes of a statement, in bytes and in tables.
const LONGEST_STATEMENT: i64 = 1 << 20;
const MOST_TABLES: i64 = 256;
/// The version of the columnar format that the wire speaks.
const ARROW_FORMAT: &str = "1.5";
