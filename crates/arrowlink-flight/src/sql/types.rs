//! The types that the engine has, one row for each, in the words of ODBC and JDBC.

use arrow_array::RecordBatch;
use arrow_flight::sql::metadata::{XdbcTypeInfo, XdbcTypeInfoDataBuilder};
use arrow_flight::sql::{CommandGetXdbcTypeInfo, Nullable, Searchable, XdbcDataType, XdbcDatetimeSubcode};
use arrow_schema::SchemaRef;
use arrowlink_core::Result;

use super::encoding;

/// The columns of the answer.
pub(super) fn columns() -> SchemaRef {
    XdbcTypeInfoDataBuilder::new().schema()
}

/// The types that `command` asks for, by number and name.
pub(super) fn rows(command: &CommandGetXdbcTypeInfo) -> Result<RecordBatch> {
    let mut types = XdbcTypeInfoDataBuilder::new();
    numbers().into_iter().chain(texts()).chain(times()).for_each(|info| types.append(info));
    let failed = |error| encoding::failed(error, "the types");
    types.build().map_err(failed)?.record_batch(command.data_type).map_err(failed)
}

fn numbers() -> Vec<XdbcTypeInfo> {
    let mut types = vec![XdbcTypeInfo { column_size: Some(1), ..of("BOOLEAN", XdbcDataType::XdbcBit) }];
    let integers = [
        ("TINYINT", XdbcDataType::XdbcTinyint, 3),
        ("SMALLINT", XdbcDataType::XdbcSmallint, 5),
        ("INTEGER", XdbcDataType::XdbcInteger, 10),
        ("BIGINT", XdbcDataType::XdbcBigint, 19),
    ];
    for (name, data_type, digits) in integers {
        types.push(number(name, data_type, digits, &Sign::Signed));
        // No number of ODBC is wider than that of 64 bits, and unsigned ones take one digit more.
        let unsigned = digits + i32::from(name == "BIGINT");
        types.push(number(&format!("{name} UNSIGNED"), data_type, unsigned, &Sign::Unsigned));
    }
    types.push(XdbcTypeInfo {
        num_prec_radix: Some(2),
        ..number("REAL", XdbcDataType::XdbcReal, 24, &Sign::Signed)
    });
    types.push(XdbcTypeInfo {
        num_prec_radix: Some(2),
        ..number("DOUBLE", XdbcDataType::XdbcDouble, 53, &Sign::Signed)
    });
    types.push(XdbcTypeInfo {
        create_params: Some(vec!["precision".to_owned(), "scale".to_owned()]),
        fixed_prec_scale: true,
        minimum_scale: Some(-76),
        maximum_scale: Some(76),
        ..number("DECIMAL", XdbcDataType::XdbcDecimal, 76, &Sign::Signed)
    });
    types
}

fn texts() -> Vec<XdbcTypeInfo> {
    vec![
        XdbcTypeInfo { case_sensitive: true, ..quoted("VARCHAR", XdbcDataType::XdbcVarchar, i32::MAX, "'") },
        quoted("BYTEA", XdbcDataType::XdbcVarbinary, i32::MAX, "X'"),
    ]
}

fn times() -> Vec<XdbcTypeInfo> {
    let in_datetime = |subcode, info: XdbcTypeInfo| XdbcTypeInfo {
        sql_data_type: XdbcDataType::XdbcDatetime,
        datetime_subcode: Some(subcode),
        ..info
    };
    vec![
        // The subcode of dates is 1 in ODBC and bears the name of years here.
        in_datetime(
            XdbcDatetimeSubcode::XdbcSubcodeYear,
            quoted("DATE", XdbcDataType::XdbcDate, 10, "DATE '"),
        ),
        in_datetime(
            XdbcDatetimeSubcode::XdbcSubcodeTime,
            quoted("TIME", XdbcDataType::XdbcTime, 18, "TIME '"),
        ),
        in_datetime(
            XdbcDatetimeSubcode::XdbcSubcodeTimestamp,
            quoted("TIMESTAMP", XdbcDataType::XdbcTimestamp, 29, "TIMESTAMP '"),
        ),
        in_datetime(
            XdbcDatetimeSubcode::XdbcSubcodeTimestampWithTimezone,
            quoted("TIMESTAMP WITH TIME ZONE", XdbcDataType::XdbcTimestamp, 35, "TIMESTAMPTZ '"),
        ),
        XdbcTypeInfo {
            datetime_subcode: Some(XdbcDatetimeSubcode::XdbcSubcodeUnknown),
            ..quoted("INTERVAL", XdbcDataType::XdbcInterval, i32::MAX, "INTERVAL '")
        },
    ]
}

/// What all types have in common: each may be null, and be searched for in every way.
fn of(name: &str, data_type: XdbcDataType) -> XdbcTypeInfo {
    XdbcTypeInfo {
        type_name: name.to_owned(),
        local_type_name: Some(name.to_owned()),
        data_type,
        sql_data_type: data_type,
        nullable: Nullable::NullabilityNullable,
        searchable: Searchable::Full,
        auto_increment: Some(false),
        ..XdbcTypeInfo::default()
    }
}

#[derive(PartialEq, Eq)]
enum Sign {
    Signed,
    Unsigned,
}

fn number(name: &str, data_type: XdbcDataType, digits: i32, sign: &Sign) -> XdbcTypeInfo {
    XdbcTypeInfo {
        column_size: Some(digits),
        unsigned_attribute: Some(*sign == Sign::Unsigned),
        num_prec_radix: Some(10),
        minimum_scale: Some(0),
        maximum_scale: Some(0),
        ..of(name, data_type)
    }
}

fn quoted(name: &str, data_type: XdbcDataType, size: i32, prefix: &str) -> XdbcTypeInfo {
    XdbcTypeInfo {
        column_size: Some(size),
        literal_prefix: Some(prefix.to_owned()),
        literal_suffix: Some("'".to_owned()),
        ..of(name, data_type)
    }
}
