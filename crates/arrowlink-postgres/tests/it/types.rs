//! Every type: what it becomes, with nulls, edges, and what has no place in Arrow.

use std::sync::Arc;

use arrow_array::types::{Int32Type, IntervalMonthDayNano};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Decimal256Array,
    FixedSizeBinaryArray, Float32Array, Float64Array, Int16Array, Int32Array, Int64Array,
    IntervalMonthDayNanoArray, ListArray, StringArray, Time64MicrosecondArray, TimestampMicrosecondArray,
    UInt32Array,
};
use arrow_buffer::i256;
use arrow_schema::DataType;
use arrowlink_core::{CallContext, Dataset as _, ErrorKind};
use arrowlink_testkit::{Postgres, check_error};

use crate::support::{dataset, read, read_one};

/// Checks what a column `v` of the type `sql_type` with `values` becomes, in which a `NULL` is added at the end.
async fn check(database: &str, sql_type: &str, values: &str, expected: &dyn Array) {
    let Some(server) = Postgres::shared() else { return };
    let statements = format!(
        "CREATE TABLE t (n int PRIMARY KEY, v {sql_type}); INSERT INTO t SELECT row_number() OVER (), v FROM (VALUES \
         {values}) AS t(v); INSERT INTO t VALUES (1000, NULL)"
    );
    let client = server.connect(database).await;
    client.batch_execute("DROP TABLE IF EXISTS t").await.unwrap();
    client.batch_execute(&statements).await.unwrap();
    let batch = read_one(&dataset(server, &format!("{database}/t"))).await;
    let column = batch.column(1);
    assert_eq!(column.data_type(), expected.data_type(), "{sql_type}");
    assert_eq!(&column.slice(0, expected.len()), &expected.slice(0, expected.len()), "{sql_type}");
    assert!(column.is_null(expected.len()), "{sql_type}");
    assert!(!batch.schema().field(0).is_nullable());
    assert!(batch.schema().field(1).is_nullable());
}

fn texts(values: &[&str]) -> StringArray {
    StringArray::from(values.to_vec())
}

#[tokio::test]
async fn numbers_and_truth_become_what_they_are() {
    let Some(server) = Postgres::shared() else { return };
    server.create("numbers", "").await;
    let of = async |sql_type, values, expected: ArrayRef| check("numbers", sql_type, values, &expected).await;
    of("bool", "(true), (false)", Arc::new(BooleanArray::from(vec![true, false]))).await;
    of("int2", "(-32768), (32767)", Arc::new(Int16Array::from(vec![i16::MIN, i16::MAX]))).await;
    of("int4", "(-2147483648), (2147483647)", Arc::new(Int32Array::from(vec![i32::MIN, i32::MAX]))).await;
    let longs = vec![i64::MIN, i64::MAX];
    of("int8", "(-9223372036854775808), (9223372036854775807)", Arc::new(Int64Array::from(longs))).await;
    of("oid", "(0::oid), (4294967295::oid)", Arc::new(UInt32Array::from(vec![0, u32::MAX]))).await;
    let floats = Float32Array::from(vec![1.5, f32::INFINITY, f32::NEG_INFINITY, f32::MIN_POSITIVE]);
    of("float4", "(1.5::float4), ('Infinity'), ('-Infinity'), ('1.1754944e-38')", Arc::new(floats)).await;
    let floats = Float64Array::from(vec![-0.0, f64::NAN, f64::MAX]);
    of("float8", "('-0'::float8), ('NaN'), ('1.7976931348623157e308')", Arc::new(floats)).await;
}

#[tokio::test]
async fn numerics_become_decimals_of_their_digits() {
    let Some(server) = Postgres::shared() else { return };
    server.create("numerics", "").await;
    let of =
        async |sql_type, values, expected: ArrayRef| check("numerics", sql_type, values, &expected).await;
    let small = |values: Vec<i128>, precision, scale| -> ArrayRef {
        Arc::new(Decimal128Array::from(values).with_precision_and_scale(precision, scale).unwrap())
    };
    let values = "(0), (1.25), (-1.25), (10000), (99999999.99), (0.01), (20000.5)";
    let cents = vec![0, 125, -125, 1_000_000, 9_999_999_999, 1, 2_000_050];
    of("numeric(10,2)", values, small(cents, 10, 2)).await;
    of("numeric(38,0)", "(99999999999999999999999999999999999999)", small(vec![10_i128.pow(38) - 1], 38, 0))
        .await;
    of("numeric(38,38)", "(0.00000000000000000000000000000000000001)", small(vec![1], 38, 38)).await;
    of("numeric(9,5)", "(0.00001), (1000.10000)", small(vec![1, 100_010_000], 9, 5)).await;
    // More digits behind the point than in all, and fewer than none.
    of("numeric(3,5)", "(0.00123)", small(vec![123], 5, 5)).await;
    of("numeric(3,-2)", "(12345)", small(vec![12300], 5, 0)).await;
    let large =
        Decimal256Array::from(vec![i256::from_i128(-15), i256::from_i128(10).checked_pow(70).unwrap()]);
    let large = large.with_precision_and_scale(76, 1).unwrap();
    let values = format!("(-1.5), (1{})", "0".repeat(69));
    of("numeric(76,1)", &values, Arc::new(large)).await;
    let free = texts(&["1.50", "-0.00000000000000000000000000000000000000000000000001", "NaN"]);
    let values = "(1.50), (-0.00000000000000000000000000000000000000000000000001), ('NaN'::numeric)";
    of("numeric", values, Arc::new(free)).await;
    of("numeric(100,2)", "(1.5)", Arc::new(texts(&["1.50"]))).await;
}

#[tokio::test]
async fn texts_and_bytes_become_what_they_are() {
    let Some(server) = Postgres::shared() else { return };
    server.create("texts", "CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE DOMAIN word AS text").await;
    let of = async |sql_type, values, expected: ArrayRef| check("texts", sql_type, values, &expected).await;
    of("text", "(''), ('a\u{1f980}'), ('it''s')", Arc::new(texts(&["", "a\u{1f980}", "it's"]))).await;
    of("varchar(3)", "('abc')", Arc::new(texts(&["abc"]))).await;
    of("char(3)", "('a')", Arc::new(texts(&["a  "]))).await;
    of("name", "('n'::name)", Arc::new(texts(&["n"]))).await;
    of("mood", "('sad'::mood), ('happy')", Arc::new(texts(&["sad", "happy"]))).await;
    of("word", "('w')", Arc::new(texts(&["w"]))).await;
    of("json", r#"('{"a" : 1}'::json)"#, Arc::new(texts(&[r#"{"a" : 1}"#]))).await;
    of("jsonb", r#"('{"a" : 1}'::jsonb)"#, Arc::new(texts(&[r#"{"a": 1}"#]))).await;
    of("bytea", r"(''::bytea), ('\x00ff')", Arc::new(BinaryArray::from(vec![&b""[..], &[0, 255]]))).await;
    let uuid = FixedSizeBinaryArray::try_from_iter([[0x11_u8; 16]].into_iter()).unwrap();
    of("uuid", "('11111111-1111-1111-1111-111111111111'::uuid)", Arc::new(uuid)).await;
}

#[tokio::test]
async fn times_become_microseconds() {
    let Some(server) = Postgres::shared() else { return };
    server.create("times", "").await;
    let of = async |sql_type, values, expected: ArrayRef| check("times", sql_type, values, &expected).await;
    let days = Date32Array::from(vec![0, 10_957, -719_163]);
    of("date", "('1970-01-01'::date), ('2000-01-01'), ('0001-12-31 BC')", Arc::new(days)).await;
    let times = Time64MicrosecondArray::from(vec![0, 86_399_999_999]);
    of("time", "('00:00'::time), ('23:59:59.999999')", Arc::new(times)).await;
    let stamps = vec![-1, 1_709_210_096_123_456];
    let values = "('1969-12-31 23:59:59.999999'::timestamp), ('2024-02-29 12:34:56.123456')";
    of("timestamp", values, Arc::new(TimestampMicrosecondArray::from(stamps.clone()))).await;
    let values = "('1970-01-01 00:59:59.999999+01'::timestamptz), ('2024-02-29 12:34:56.123456+00')";
    let stamps = TimestampMicrosecondArray::from(stamps).with_timezone("UTC");
    of("timestamptz", values, Arc::new(stamps)).await;
    let spans = IntervalMonthDayNanoArray::from(vec![
        IntervalMonthDayNano::new(14, 3, -5_000),
        IntervalMonthDayNano::new(0, 0, 0),
    ]);
    let values = "('1 year 2 mons 3 days -0.000005 s'::interval), ('0')";
    of("interval", values, Arc::new(spans)).await;
}

#[tokio::test]
async fn arrays_become_lists() {
    let Some(server) = Postgres::shared() else { return };
    server.create("arrays", "CREATE TYPE mood AS ENUM ('sad', 'happy')").await;
    let of = async |sql_type, values, expected: ArrayRef| check("arrays", sql_type, values, &expected).await;
    let lists = vec![Some(vec![Some(1), None, Some(3)]), Some(vec![])];
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>(lists);
    of("int4[]", "('{1,NULL,3}'::int4[]), ('{}')", Arc::new(lists)).await;
    // Where a list begins to count is left behind.
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(7), Some(8)])]);
    of("int4[]", "('[5:6]={7,8}'::int4[])", Arc::new(lists)).await;
    for (sql_type, value, expected) in [
        ("text[]", "('{a,\"b c\"}'::text[])", ["a", "b c"]),
        ("mood[]", "('{sad,happy}'::mood[])", ["sad", "happy"]),
        ("inet[]", "('{10.0.0.1/8,::1}'::inet[])", ["10.0.0.1/8", "::1/128"]),
        ("numeric[]", "('{1.5,NaN}'::numeric[])", ["1.5", "NaN"]),
    ] {
        let mut lists = arrow_array::builder::ListBuilder::new(arrow_array::builder::StringBuilder::new());
        lists.append_value(expected.map(Some));
        of(sql_type, value, Arc::new(lists.finish())).await;
    }
}

#[tokio::test]
async fn what_arrow_has_no_type_for_is_text_and_says_what_it_was() {
    let Some(server) = Postgres::shared() else { return };
    server.create("others", "CREATE TYPE pair AS (a int, b text)").await;
    for (sql_type, value, expected) in [
        ("inet", "('10.0.0.1/8'::inet)", "10.0.0.1/8"),
        ("int4range", "('[1,5)'::int4range)", "[1,5)"),
        ("pair", "(ROW(1, 'x')::pair)", "(1,x)"),
        ("time with time zone", "('12:00+02'::timetz)", "12:00:00+02"),
        ("bit(3)", "(B'101')", "101"),
        ("xml", "('<a/>'::xml)", "<a/>"),
        ("point", "('(1,2)'::point)", "(1,2)"),
    ] {
        check("others", sql_type, value, &texts(&[expected])).await;
        let described = dataset(server, "others/t").describe(CallContext::new()).await.unwrap();
        assert_eq!(described.schema.field(1).metadata()["postgresql.type"], sql_type);
    }
}

#[tokio::test]
async fn fields_say_their_type_and_extension() {
    let Some(server) = Postgres::shared() else { return };
    let table = "CREATE DOMAIN price AS numeric(10,2) NOT NULL; \
                 CREATE TABLE t (u uuid NOT NULL, j jsonb, p price, s varchar(20), us uuid[])";
    server.create("fields", table).await;
    let schema = dataset(server, "fields/t").describe(CallContext::new()).await.unwrap().schema;
    let metadata = |idx: usize, key: &str| schema.field(idx).metadata().get(key).map(String::as_str);
    assert_eq!(metadata(0, "ARROW:extension:name"), Some("arrow.uuid"));
    assert_eq!(metadata(1, "ARROW:extension:name"), Some("arrow.json"));
    assert_eq!(metadata(2, "postgresql.type"), Some("price"));
    assert_eq!(metadata(3, "postgresql.type"), Some("character varying(20)"));
    assert_eq!(metadata(4, "postgresql.type"), Some("uuid[]"));
    assert_eq!(schema.field(2).data_type(), &DataType::Decimal128(10, 2));
    let DataType::List(item) = schema.field(4).data_type() else { panic!("a list") };
    assert_eq!(item.metadata()["ARROW:extension:name"], "arrow.uuid");
    assert_eq!((schema.field(0).is_nullable(), schema.field(1).is_nullable()), (false, true));
}

#[tokio::test]
async fn values_without_a_place_in_arrow_are_errors_that_name_column_and_row() {
    let Some(server) = Postgres::shared() else { return };
    server.create("unfit", "").await;
    for (sql_type, good, bad, shown) in [
        ("date", "2024-01-01", "infinity", "`infinity`"),
        ("timestamp", "2024-01-01", "-infinity", "`-infinity`"),
        ("timestamptz", "2024-01-01", "infinity", "`infinity`"),
        ("numeric(5,1)", "1.5", "NaN", "`NaN`"),
        ("time", "12:00", "24:00", "`24:00:00`"),
        ("int4[]", "{1}", "{{1,2},{3,4}}", "an array of 2 dimensions"),
    ] {
        let client = server.connect("unfit").await;
        let table = format!(
            "DROP TABLE IF EXISTS t; CREATE TABLE t (n int, v {sql_type}); \
                             INSERT INTO t VALUES (1, '{good}'), (2, '{bad}')"
        );
        client.batch_execute(&table).await.unwrap();
        let read = read(&dataset(server, "unfit/t")).await;
        check_error(read, ErrorKind::Unsupported, &["column `v`, row 2", shown, "the key `query`"]);
    }
}

#[tokio::test]
async fn nulls_of_a_child_in_a_column_that_its_parent_requires_are_damage() {
    let Some(server) = Postgres::shared() else { return };
    let tables = "CREATE TABLE t (v int NOT NULL); CREATE TABLE child () INHERITS (t); \
                  ALTER TABLE child ALTER v DROP NOT NULL; INSERT INTO child VALUES (NULL)";
    server.create("children", tables).await;
    let read = read(&dataset(server, "children/t")).await;
    check_error(read, ErrorKind::Corrupt, &["column `v` is `NOT NULL`, and row 1 is null"]);
}
