//! The SQL that the engine speaks, as drivers and schema browsers ask about it.

use std::collections::BTreeMap;

use arrow_flight::sql::SqlSupportsConvert as Convert;
use arrow_flight::sql::metadata::SqlInfoDataBuilder;
use arrow_flight::sql::{
    SqlInfo, SqlNullOrdering, SqlOuterJoinsSupportLevel, SqlSupportedCaseSensitivity, SqlSupportedGroupBy,
    SqlSupportedSubqueries, SqlSupportedUnions, SupportedSqlGrammar,
};

/// Says all of it.
pub(super) fn describe(info: &mut SqlInfoDataBuilder) {
    names(info);
    words(info);
    clauses(info);
    for (code, answer) in YES_OR_NO {
        info.append(code, answer);
    }
    info.append(SqlInfo::SqlSupportsConvert, conversions());
}

/// Names that are not quoted become lower case; quoted ones stay as they are.
fn names(info: &mut SqlInfoDataBuilder) {
    info.append(SqlInfo::SqlIdentifierCase, SqlSupportedCaseSensitivity::SqlCaseSensitivityLowercase as i32);
    info.append(SqlInfo::SqlIdentifierQuoteChar, "\"");
    let exact = SqlSupportedCaseSensitivity::SqlCaseSensitivityUnknown as i32;
    info.append(SqlInfo::SqlQuotedIdentifierCase, exact);
    info.append(SqlInfo::SqlExtraNameCharacters, "");
    info.append(SqlInfo::SqlSearchStringEscape, "\\");
    info.append(SqlInfo::SqlSchemaTerm, "schema");
    info.append(SqlInfo::SqlCatalogTerm, "catalog");
    info.append(SqlInfo::SqlCatalogAtStart, true);
    info.append(SqlInfo::SqlProcedureTerm, "");
    info.append(SqlInfo::SqlSchemasSupportedActions, 0);
    info.append(SqlInfo::SqlCatalogsSupportedActions, 0);
}

fn words(info: &mut SqlInfoDataBuilder) {
    info.append(SqlInfo::SqlKeywords, KEYWORDS);
    info.append(SqlInfo::SqlNumericFunctions, NUMERIC_FUNCTIONS);
    info.append(SqlInfo::SqlStringFunctions, STRING_FUNCTIONS);
    info.append(SqlInfo::SqlSystemFunctions, SYSTEM_FUNCTIONS);
    info.append(SqlInfo::SqlDatetimeFunctions, DATETIME_FUNCTIONS);
}

fn clauses(info: &mut SqlInfoDataBuilder) {
    // NULLS LAST where the order ascends, first where it descends.
    info.append(SqlInfo::SqlNullOrdering, SqlNullOrdering::SqlNullsSortedHigh as i32);
    let group_by = [SqlSupportedGroupBy::SqlGroupByUnrelated, SqlSupportedGroupBy::SqlGroupByBeyondSelect];
    info.append(SqlInfo::SqlSupportedGroupBy, bits(group_by.map(|item| item as i32)));
    let grammar = [SupportedSqlGrammar::SqlMinimumGrammar, SupportedSqlGrammar::SqlCoreGrammar];
    info.append(SqlInfo::SqlSupportedGrammar, bits(grammar.map(|item| item as i32)));
    // The lowest bit is the entry level.
    info.append(SqlInfo::SqlAnsi92SupportedLevel, 1);
    info.append(SqlInfo::SqlOuterJoinsSupportLevel, SqlOuterJoinsSupportLevel::SqlFullOuterJoins as i32);
    let subqueries = [
        SqlSupportedSubqueries::SqlSubqueriesInComparisons,
        SqlSupportedSubqueries::SqlSubqueriesInExists,
        SqlSupportedSubqueries::SqlSubqueriesInIns,
    ];
    info.append(SqlInfo::SqlSupportedSubqueries, bits(subqueries.map(|item| item as i32)));
    let unions = [SqlSupportedUnions::SqlUnion, SqlSupportedUnions::SqlUnionAll];
    info.append(SqlInfo::SqlSupportedUnions, bits(unions.map(|item| item as i32)));
}

/// Sets the bit of each item.
fn bits(items: impl IntoIterator<Item = i32>) -> i32 {
    items.into_iter().fold(0, |bits, item| bits | 1 << item)
}

/// What `CAST` turns into what: numbers into each other, texts into everything and back, dates into timestamps and back.
fn conversions() -> BTreeMap<i32, Vec<i32>> {
    let texts = [Convert::SqlConvertChar, Convert::SqlConvertVarchar, Convert::SqlConvertLongvarchar];
    let mut conversions = BTreeMap::new();
    let mut add = |from: &[Convert], to: &[&[Convert]]| {
        let to: Vec<i32> = to.concat().into_iter().map(|item| item as i32).collect();
        conversions.extend(from.iter().map(|from| (*from as i32, to.clone())));
    };
    add(&NUMBERS, &[&NUMBERS, &texts]);
    add(&TIMES, &[&TIMES, &texts]);
    add(&[Convert::SqlConvertTime], &[&[Convert::SqlConvertTime], &texts]);
    add(&BINARIES, &[&BINARIES, &texts]);
    add(&texts, &[&NUMBERS, &TIMES, &[Convert::SqlConvertTime], &BINARIES, &texts]);
    conversions
}

const NUMBERS: [Convert; 9] = [
    Convert::SqlConvertBit,
    Convert::SqlConvertTinyint,
    Convert::SqlConvertSmallint,
    Convert::SqlConvertInteger,
    Convert::SqlConvertBigint,
    Convert::SqlConvertReal,
    Convert::SqlConvertFloat,
    Convert::SqlConvertDecimal,
    Convert::SqlConvertNumeric,
];
const TIMES: [Convert; 2] = [Convert::SqlConvertDate, Convert::SqlConvertTimestamp];
const BINARIES: [Convert; 2] = [Convert::SqlConvertBinary, Convert::SqlConvertVarbinary];

/// Schemas and catalogs come and go with the names in them; tables are created by ingest alone.
const YES_OR_NO: [(SqlInfo, bool); 17] = [
    (SqlInfo::SqlDdlCatalog, false),
    (SqlInfo::SqlDdlSchema, false),
    (SqlInfo::SqlDdlTable, false),
    (SqlInfo::SqlAllTablesAreSelectable, true),
    (SqlInfo::SqlSupportsColumnAliasing, true),
    (SqlInfo::SqlNullPlusNullIsNull, true),
    (SqlInfo::SqlSupportsTableCorrelationNames, true),
    (SqlInfo::SqlSupportsDifferentTableCorrelationNames, false),
    (SqlInfo::SqlSupportsExpressionsInOrderBy, true),
    (SqlInfo::SqlSupportsOrderByUnrelated, true),
    (SqlInfo::SqlSupportsLikeEscapeClause, false),
    (SqlInfo::SqlSupportsNonNullableColumns, true),
    (SqlInfo::SqlSupportsIntegrityEnhancementFacility, false),
    (SqlInfo::SqlStoredProceduresSupported, false),
    (SqlInfo::SqlCorrelatedSubqueriesSupported, true),
    (SqlInfo::SqlNamedParametersSupported, false),
    (SqlInfo::SqlStoredFunctionsUsingCallSyntaxSupported, false),
];

/// Words that are reserved beside those of SQL:2003.
const KEYWORDS: &[&str] = &["ANTI", "ASOF", "ILIKE", "LIMIT", "OFFSET", "QUALIFY", "SEMI", "UNNEST"];

const NUMERIC_FUNCTIONS: &[&str] = &[
    "ABS",
    "ACOS",
    "ACOSH",
    "ASIN",
    "ASINH",
    "ATAN",
    "ATAN2",
    "ATANH",
    "CBRT",
    "CEIL",
    "COS",
    "COSH",
    "COT",
    "DEGREES",
    "EXP",
    "FACTORIAL",
    "FLOOR",
    "GCD",
    "ISNAN",
    "ISZERO",
    "LCM",
    "LN",
    "LOG",
    "LOG10",
    "LOG2",
    "NANVL",
    "PI",
    "POWER",
    "RADIANS",
    "RANDOM",
    "ROUND",
    "SIGNUM",
    "SIN",
    "SINH",
    "SQRT",
    "TAN",
    "TANH",
    "TRUNC",
];

const STRING_FUNCTIONS: &[&str] = &[
    "ASCII",
    "BIT_LENGTH",
    "BTRIM",
    "CHARACTER_LENGTH",
    "CHR",
    "CONCAT",
    "CONCAT_WS",
    "CONTAINS",
    "ENDS_WITH",
    "FIND_IN_SET",
    "INITCAP",
    "LEFT",
    "LEVENSHTEIN",
    "LOWER",
    "LPAD",
    "LTRIM",
    "OCTET_LENGTH",
    "OVERLAY",
    "REGEXP_COUNT",
    "REGEXP_LIKE",
    "REGEXP_MATCH",
    "REGEXP_REPLACE",
    "REPEAT",
    "REPLACE",
    "REVERSE",
    "RIGHT",
    "RPAD",
    "RTRIM",
    "SPLIT_PART",
    "STARTS_WITH",
    "STRPOS",
    "SUBSTR",
    "SUBSTR_INDEX",
    "TO_HEX",
    "TRANSLATE",
    "UPPER",
    "UUID",
];

const SYSTEM_FUNCTIONS: &[&str] = &[
    "ARROW_CAST",
    "ARROW_TYPEOF",
    "COALESCE",
    "CURRENT_CATALOG",
    "CURRENT_DATABASE",
    "CURRENT_SCHEMA",
    "CURRENT_USER",
    "NULLIF",
    "NVL",
    "NVL2",
    "SESSION_USER",
    "VERSION",
];

const DATETIME_FUNCTIONS: &[&str] = &[
    "CURRENT_DATE",
    "CURRENT_TIME",
    "DATE_BIN",
    "DATE_PART",
    "DATE_TRUNC",
    "FROM_UNIXTIME",
    "MAKE_DATE",
    "NOW",
    "TO_CHAR",
    "TO_DATE",
    "TO_LOCAL_TIME",
    "TO_TIMESTAMP",
    "TO_TIMESTAMP_MICROS",
    "TO_TIMESTAMP_MILLIS",
    "TO_TIMESTAMP_NANOS",
    "TO_TIMESTAMP_SECONDS",
    "TO_UNIXTIME",
];
