//! What Flight SQL calls its messages.

/// The names of Flight SQL's commands, and of other messages of its that a client may send in their place.
pub const FLIGHT_SQL_MESSAGES: [&str; 21] = [
    "ActionCancelQueryRequest",
    "ActionClosePreparedStatementRequest",
    "ActionCreatePreparedStatementRequest",
    "CommandGetCatalogs",
    "CommandGetCrossReference",
    "CommandGetDbSchemas",
    "CommandGetExportedKeys",
    "CommandGetImportedKeys",
    "CommandGetPrimaryKeys",
    "CommandGetSqlInfo",
    "CommandGetTableTypes",
    "CommandGetTables",
    "CommandGetXdbcTypeInfo",
    "CommandPreparedStatementQuery",
    "CommandPreparedStatementUpdate",
    "CommandStatementIngest",
    "CommandStatementQuery",
    "CommandStatementSubstraitPlan",
    "CommandStatementUpdate",
    "DoPutUpdateResult",
    "TicketStatementQuery",
];
