//! Values of parameters that are not of the type of their place: compared as literals are, stored as literals are, and
//! never changed in silence.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Int8Type, Int32Type, Int64Type};
use arrow_array::{
    ArrayRef, Date32Array, Decimal128Array, DictionaryArray, Float32Array, Float64Array, Int32Array,
    Int64Array, ListArray, RecordBatch, RunArray, StringArray, Time32SecondArray, Time64MicrosecondArray,
    TimestampMicrosecondArray, record_batch,
};
use arrow_schema::DataType;
use arrowlink_core::{
    CallContext, DataService as _, DataServiceExt as _, ErrorKind, Query, ReadOptions, Result, Snapshot,
    Target,
};
use arrowlink_query::SqlService;

use crate::sql::{count, name, query, service};
use crate::support::check;

/// A service with the table `t` of one row: 1.25, 2020-01-01, 01:02:03, 5, 0.5 and [1].
async fn typed() -> SqlService {
    let columns: [(&str, ArrayRef, bool); 6] = [
        ("price", decimal(125, 7, 2), true),
        ("day", Arc::new(Date32Array::from(vec![DAY])), true),
        ("clock", Arc::new(Time32SecondArray::from(vec![3723])), true),
        ("small", Arc::new(Int32Array::from(vec![5])), true),
        ("half", Arc::new(Float32Array::from(vec![0.5])), true),
        ("list", Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>([Some([Some(1)])])), true),
    ];
    let (service, row) = (service(), RecordBatch::try_from_iter_with_nullable(columns).unwrap());
    service.append(&name("t"), row.schema(), vec![row]).await.unwrap();
    service
}

fn decimal(value: i128, precision: u8, scale: i8) -> ArrayRef {
    Arc::new(Decimal128Array::from(vec![value]).with_precision_and_scale(precision, scale).unwrap())
}

fn float(value: f64) -> ArrayRef {
    Arc::new(Float64Array::from(vec![value]))
}

fn text(value: &str) -> ArrayRef {
    Arc::new(StringArray::from(vec![value]))
}

fn integer(value: i64) -> ArrayRef {
    Arc::new(Int64Array::from(vec![value]))
}

fn list(value: i64) -> ArrayRef {
    Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>([Some([Some(value)])]))
}

fn run(value: i64) -> ArrayRef {
    Arc::new(RunArray::<Int32Type>::try_new(&Int32Array::from(vec![1]), &integer(value)).unwrap())
}

fn category(value: &str) -> ArrayRef {
    Arc::new(DictionaryArray::<Int8Type>::from_iter([value]))
}

/// 13 o'clock on the day of the table.
fn afternoon() -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from(vec![(i64::from(DAY) * 24 + 13) * 3_600_000_000]))
}

/// 01:02:03 and some microseconds.
fn clock(microseconds: i64) -> ArrayRef {
    Arc::new(Time64MicrosecondArray::from(vec![3_723_000_000 + microseconds]))
}

fn with(statement: &str, value: &ArrayRef) -> Query {
    Query::new(statement).with_parameters(RecordBatch::try_from_iter([("$1", Arc::clone(value))]).unwrap())
}

/// Checks how many rows of the table `condition` is true of.
async fn check_found(service: &SqlService, condition: &str, value: ArrayRef, expected: i64) {
    let rows = query(service, with(&format!("select count(*) from t where {condition}"), &value)).await;
    assert_eq!(
        rows.unwrap().column(0).as_primitive::<Int64Type>().value(0),
        expected,
        "{condition} {value:?}"
    );
}

/// Inserts one value and returns what is stored, as text.
async fn stored(service: &SqlService, column: &str, value: ArrayRef) -> Result<String> {
    let insert = format!("insert into t (half, {column}) values (100, $1)");
    query(service, with(&insert, &value)).await?;
    let inserted = format!("select cast(max({column}) as text) from t where half = 100");
    Ok(query(service, Query::new(inserted)).await?.column(0).as_string::<i32>().value(0).to_owned())
}

#[tokio::test]
async fn values_are_compared_as_they_are() {
    let service = typed().await;
    for (condition, value, expected) in [
        ("price = $1", decimal(1250, 4, 3), 1),
        ("price = $1", decimal(1254, 4, 3), 0),
        ("price < $1", decimal(1254, 4, 3), 1),
        ("price < $1", float(1.254), 1),
        ("price < $1", integer(123_456_789), 1),
        ("day = $1", afternoon(), 0),
        ("day < $1", afternoon(), 1),
        ("clock = $1", clock(0), 1),
        ("small = $1", float(5.0), 1),
        ("small = $1", float(5.5), 0),
        ("small < $1", float(5.5), 1),
        ("small < $1", integer(1 << 40), 1),
        ("half < $1", float(0.500_000_000_1), 1),
        ("list = $1", list(1), 1),
        ("small = $1", run(5), 1),
        ("small = $1", run(6), 0),
        ("day = $1", category("2020-01-01"), 1),
        ("list = $1", list(1 << 40), 0),
    ] {
        check_found(&service, condition, value, expected).await;
    }
}

#[tokio::test]
async fn texts_are_read_with_all_that_they_say() {
    let service = typed().await;
    for (condition, value, expected) in [
        ("price = $1", "1.250", 1),
        ("price = $1", "1.254", 0),
        ("price < $1", "1.254", 1),
        ("day = $1", "2020-01-01", 1),
        ("day = $1", "2020-01-01T13:00:00", 0),
        ("day < $1", "2020-01-01T13:00:00", 1),
        ("clock = $1", "01:02:03", 1),
        ("small = $1", "5", 1),
    ] {
        check_found(&service, condition, text(value), expected).await;
    }
}

#[tokio::test]
async fn values_that_the_engine_does_not_compare_are_refused() {
    let service = typed().await;
    for (condition, value, message) in [
        ("clock = $1", clock(999), "`$1`: `01:02:03.000999` is not of type Time32(s)"),
        ("clock < $1", text("01:02:03.5"), "`$1`: `01:02:03.500` is not of type Time32(s)"),
        ("small < $1", text("5.5"), "`$1`: `5.5` is not of type Int32"),
        ("day < $1", text("soon"), "`$1`: `soon` is not of type Date32"),
    ] {
        let refused = query(&service, with(&format!("select * from t where {condition}"), &value)).await;
        check(&refused.unwrap_err(), ErrorKind::InvalidArgument, &[message]);
    }
}

#[tokio::test]
async fn a_stored_value_is_rounded_as_a_literal_is() {
    let service = typed().await;
    count(&service, "insert into t (half, price) values (100, 1.259)").await.unwrap();
    for value in [decimal(1259, 4, 3), float(1.259), text("1.259")] {
        assert_eq!(stored(&service, "price", value).await.unwrap(), "1.26");
    }
    assert_eq!(stored(&service, "small", float(7.0)).await.unwrap(), "7");
    assert_eq!(stored(&service, "clock", clock(999)).await.unwrap(), "01:02:03");
    count(&service, "insert into t (half) values (0.1)").await.unwrap();
    query(&service, with("insert into t (half) values ($1)", &float(0.1))).await.unwrap();
    let both = Query::new("select count(*) from t where half = cast(0.1 as float)");
    let found = query(&service, both).await.unwrap();
    assert_eq!(found.column(0).as_primitive::<Int64Type>().value(0), 2);
}

#[tokio::test]
async fn a_value_that_its_column_cannot_have_is_not_stored() {
    let service = typed().await;
    for (column, value, message) in [
        ("price", float(1e9), "`$1`: `1000000000.0` is not of type Decimal128(7, 2)"),
        ("price", text("much"), "`$1`: `much` is not of type Decimal128(7, 2)"),
        ("day", afternoon(), "`$1`: `2020-01-01T13:00:00` is not of type Date32"),
        ("small", float(5.5), "`$1`: `5.5` is not of type Int32"),
        ("small", integer(1 << 40), "`$1`: `1099511627776` is not of type Int32"),
    ] {
        let refused = stored(&service, column, value).await.unwrap_err();
        check(&refused, ErrorKind::InvalidArgument, &[message]);
    }
    let rows = query(&service, Query::new("select * from t")).await.unwrap();
    assert_eq!(rows.num_rows(), 1);
}

#[tokio::test]
async fn one_value_is_stored_in_columns_of_several_types() {
    let service = typed().await;
    let insert = with("insert into t (small, price, half, list) values ($1, $1, $1, null)", &integer(7));
    query(&service, insert).await.unwrap();
    check_found(&service, "small = $1 and price = $1 and half = $1", integer(7), 1).await;
}

#[tokio::test]
async fn without_rows_of_values_there_are_no_rows() {
    let service = typed().await;
    let none = record_batch!(("$1", Int64, [1])).unwrap().slice(0, 0);
    for text in ["select small + $1 as sum, $1 as given from t", "select $1 as given order by 1 limit 5"] {
        let query_ = Query::new(text).with_parameters(none.clone());
        let described = service.describe(CallContext::new(), query_.clone().into()).await.unwrap();
        let rows = query(&service, query_).await.unwrap();
        assert_eq!((rows.num_rows(), rows.schema()), (0, described.schema), "{text}");
    }
}

#[tokio::test]
async fn a_change_for_no_rows_changes_nothing() {
    let service = typed().await;
    let snapshot = async || -> Option<Snapshot> {
        let target = Target::Name(name("t"));
        service.describe(CallContext::new(), target).await.unwrap().snapshot
    };
    let before = snapshot().await;
    let none = record_batch!(("$1", Int64, [1])).unwrap().slice(0, 0);
    let insert = Query::new("insert into t (small) values ($1)").with_parameters(none);
    let read = service.read(CallContext::new(), insert.into(), ReadOptions::default()).await.unwrap();
    let counted = read.collect_batches().await.unwrap();
    assert_eq!(counted[0].columns(), record_batch!(("count", UInt64, [0])).unwrap().columns());
    assert!(before.is_some());
    assert_eq!(snapshot().await, before);
}

/// 2020-01-01.
const DAY: i32 = 18_262;

#[tokio::test]
async fn numbers_of_rows_may_be_texts() {
    let service = service();
    let ids = "select id from trips order by id";
    for (clause, value, expected) in [
        ("limit $1", text("2"), vec![1, 2]),
        ("limit $1", integer(1), vec![1]),
        ("limit 1 offset $1", text("3"), vec![4]),
        ("limit $1", float(2.0), vec![1, 2]),
    ] {
        let rows = query(&service, with(&format!("{ids} {clause}"), &value)).await.unwrap();
        assert_eq!(rows.column(0).as_primitive::<Int64Type>().values(), &expected, "{clause} {value:?}");
    }
    for (clause, value, why) in [
        ("limit $1", text("two"), "`$1`: `two` is not of type Int64"),
        ("limit 1 offset $1", text(""), "`$1`: `` is not of type Int64"),
        ("limit $1", float(2.5), "LIMIT takes an integer, and not a value of type Float64"),
    ] {
        let error = query(&service, with(&format!("{ids} {clause}"), &value)).await.unwrap_err();
        check(&error, ErrorKind::InvalidArgument, &[why]);
    }
    let limited = Target::from(Query::new("select id from trips limit $1"));
    let described = service.describe(CallContext::new(), limited).await.unwrap();
    assert_eq!(described.parameters.unwrap().field(0).data_type(), &DataType::Int64);
}

#[tokio::test]
async fn parameters_that_are_joined_are_texts() {
    let service = service();
    for (statement, values, expected) in [
        ("select ? || ?", 2, "01"),
        ("select ? || ? || ?", 3, "012"),
        ("select upper(? || (? || ?))", 3, "012"),
        ("select city from trips where city = 'Rome' or city = ? || ? limit 1", 2, "Rome"),
    ] {
        let described = service.describe(CallContext::new(), Query::new(statement).into()).await.unwrap();
        let parameters = described.parameters.unwrap();
        assert_eq!(parameters.fields().len(), values);
        assert!(parameters.fields().iter().all(|field| field.data_type() == &DataType::Utf8), "{statement}");
        let row = (0..values).map(|value| (format!("${value}"), text(&value.to_string())));
        let asked = Query::new(statement).with_parameters(RecordBatch::try_from_iter(row).unwrap());
        let rows = query(&service, asked).await.unwrap();
        assert_eq!(rows.column(0).as_string::<i32>().value(0), expected, "{statement}");
    }
}

#[tokio::test]
async fn values_are_counted() {
    let service = service();
    for (statement, values, why) in [
        ("select $1", 0, "the statement has 1 parameter, and no value came with it: give it one for each"),
        ("select $2", 1, "the statement has 2 parameters, and 1 value came with it: give it one for each"),
        ("select $1", 2, "the statement has 1 parameter, and 2 values came with it: give it one for each"),
        ("select 1", 1, "the statement has no parameters, and values came with it: leave them out"),
    ] {
        let row = (0..values).map(|value| (format!("${value}"), integer(value)));
        let asked = match RecordBatch::try_from_iter(row) {
            Ok(row) if values > 0 => Query::new(statement).with_parameters(row),
            _ => Query::new(statement),
        };
        check(&query(&service, asked).await.unwrap_err(), ErrorKind::InvalidArgument, &[why]);
    }
}
