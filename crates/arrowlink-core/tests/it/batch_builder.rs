//! Rows and columns into batches, and the errors where they do not fit.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Decimal128Type, Int32Type, Int64Type, TimestampMillisecondType};
use arrow_array::{Array as _, ArrayRef, Int64Array, RecordBatch};
use arrow_cast::pretty::pretty_format_batches;
use arrow_schema::{DataType, Field, Fields, IntervalUnit, SchemaRef, TimeUnit};
use arrowlink_core::{
    BatchBuilder, ErrorKind, IntoRow, SchemaBuilder, Value, category, from_records, list_of, schema_of,
    timestamp_in, to_records, vector_of,
};
use expect_test::{Expect, expect};
use proptest::prelude::{Just, Strategy, any, prop, prop_oneof, proptest};
use serde::{Deserialize, Serialize};

fn column(data_type: DataType) -> SchemaRef {
    SchemaBuilder::new().optional("x", data_type).build().unwrap()
}

fn point() -> DataType {
    let point = SchemaBuilder::new().required("x", DataType::Int64).optional("y", DataType::Utf8);
    point.build_struct().unwrap()
}

fn map_of(value: DataType) -> DataType {
    let fields = vec![Field::new("keys", DataType::Utf8, false), Field::new("values", value, true)];
    DataType::Map(Arc::new(Field::new("entries", DataType::Struct(fields.into()), false)), false)
}

fn one_batch(schema: SchemaRef, rows: Vec<Value<'_>>) -> RecordBatch {
    let mut builder = BatchBuilder::new(schema);
    for value in rows {
        builder.append([value]).unwrap();
    }
    builder.finish().unwrap().remove(0)
}

/// Appends each value, then a null, and shows the column.
fn check_values(data_type: DataType, values: Vec<Value<'_>>, expected: Expect) {
    let rows = values.len() + 1;
    let batch = one_batch(column(data_type.clone()), values.into_iter().chain([Value::Null]).collect());
    assert_eq!(batch.column(0).data_type(), &data_type);
    assert_eq!((batch.num_rows(), batch.column(0).logical_null_count()), (rows, 1));
    expected.assert_eq(&pretty_format_batches(&[batch]).unwrap().to_string());
}

fn check_refused(data_type: DataType, value: Value<'_>, expected: Expect) {
    let schema = SchemaBuilder::new().optional("before", data_type.clone()).required("x", data_type);
    let mut builder = BatchBuilder::new(schema.build().unwrap());
    let error = builder.append([Value::Null, value]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    expected.assert_eq(error.message());
    assert_eq!(builder.rows(), 0);
    assert!(builder.finish().unwrap().is_empty(), "nothing of the row is left");
}

#[test]
fn tuples_arrays_and_vectors_are_rows() {
    let schema = || {
        SchemaBuilder::new()
            .required("id", DataType::Int64)
            .optional("name", DataType::Utf8)
            .optional("ok", DataType::Boolean)
            .build()
            .unwrap()
    };
    let mut builder = BatchBuilder::new(schema());
    builder.append((1, "ada", true)).unwrap();
    builder.append((2_u8, String::from("bob"), None::<bool>)).unwrap();
    builder.append([3.into(), Value::Null, false.into()]).unwrap();
    builder.append(vec![Value::from(4), (&String::from("dora")).into(), Value::Null]).unwrap();
    let slice: &[Value<'_>] = &[Value::Int(5), Value::Null, Value::Null];
    builder.append(slice).unwrap();
    let batch = builder.finish().unwrap().remove(0);
    assert_eq!(batch["id"].as_primitive::<Int64Type>().values(), &[1, 2, 3, 4, 5]);
    let names: Vec<_> = batch["name"].as_string::<i32>().iter().collect();
    assert_eq!(names, [Some("ada"), Some("bob"), None, Some("dora"), None]);
}

#[test]
fn numbers_of_every_width() {
    for data_type in [DataType::Int8, DataType::Int64, DataType::UInt8, DataType::UInt64] {
        let batch = one_batch(column(data_type.clone()), vec![0.into(), 127.into()]);
        assert_eq!(batch.column(0).data_type(), &data_type);
    }
    check_values(
        DataType::Float16,
        vec![1.into(), 0.5.into()],
        expect![[r#"
        +-----+
        | x   |
        +-----+
        | 1   |
        | 0.5 |
        |     |
        +-----+"#]],
    );
    check_values(
        DataType::Float32,
        vec![1.into(), 0.5.into()],
        expect![[r#"
        +-----+
        | x   |
        +-----+
        | 1.0 |
        | 0.5 |
        |     |
        +-----+"#]],
    );
    check_values(
        DataType::UInt64,
        vec![u64::MAX.into()],
        expect![[r#"
        +----------------------+
        | x                    |
        +----------------------+
        | 18446744073709551615 |
        |                      |
        +----------------------+"#]],
    );
    check_refused(DataType::Int8, 128.into(), expect!["row 0, column `x`: expected Int8, got 128"]);
    check_refused(DataType::UInt16, (-1).into(), expect!["row 0, column `x`: expected UInt16, got -1"]);
    check_refused(DataType::Int64, 1.5.into(), expect!["row 0, column `x`: expected Int64, got 1.5"]);
    check_refused(
        DataType::Float64,
        (i64::MAX).into(),
        expect!["row 0, column `x`: expected Float64, got 9223372036854775807"],
    );
    check_refused(DataType::Boolean, 1.into(), expect!["row 0, column `x`: expected Boolean, got 1"]);
    check_refused(
        DataType::Int64,
        ().into(),
        expect!["row 0, column `x`: expected Int64 not null, got null"],
    );
}

#[test]
fn decimals_are_whole_numbers_or_text_and_never_lose_digits() {
    check_values(
        DataType::Decimal128(10, 2),
        vec![3.into(), "12.5".into(), "-0.25".into()],
        expect![[r#"
        +-------+
        | x     |
        +-------+
        | 3.00  |
        | 12.50 |
        | -0.25 |
        |       |
        +-------+"#]],
    );
    check_values(
        DataType::Decimal256(40, 0),
        vec![3.into()],
        expect![[r#"
        +---+
        | x |
        +---+
        | 3 |
        |   |
        +---+"#]],
    );
    check_refused(
        DataType::Decimal128(10, 2),
        "1.234".into(),
        expect![[r#"row 0, column `x`: expected Decimal128(10, 2), got "1.234""#]],
    );
    check_refused(
        DataType::Decimal128(3, 2),
        100.into(),
        expect!["row 0, column `x`: expected Decimal128(3, 2), got 100"],
    );
    check_refused(
        DataType::Decimal128(10, 2),
        0.5.into(),
        expect!["row 0, column `x`: expected Decimal128(10, 2), got 0.5"],
    );
}

#[test]
fn text_and_bytes_of_every_layout() {
    let long = "a text that is longer than a view holds within itself";
    for data_type in [DataType::Utf8, DataType::LargeUtf8, DataType::Utf8View] {
        let batch = one_batch(column(data_type.clone()), vec!["short".into(), long.into(), Value::Null]);
        assert_eq!(batch.column(0).data_type(), &data_type);
        assert_eq!(pretty_format_batches(&[batch]).unwrap().to_string().matches(long).count(), 1);
    }
    for data_type in
        [DataType::Binary, DataType::LargeBinary, DataType::BinaryView, DataType::FixedSizeBinary(3)]
    {
        check_values(
            data_type,
            vec![(b"abc" as &[u8]).into()],
            expect![[r#"
            +--------+
            | x      |
            +--------+
            | 616263 |
            |        |
            +--------+"#]],
        );
    }
    check_refused(
        DataType::Utf8,
        (b"abc" as &[u8]).into(),
        expect!["row 0, column `x`: expected Utf8, got 3 bytes"],
    );
    check_refused(
        DataType::Binary,
        "abc".into(),
        expect![[r#"row 0, column `x`: expected Binary, got "abc""#]],
    );
    check_refused(
        DataType::FixedSizeBinary(2),
        (b"abc" as &[u8]).into(),
        expect!["row 0, column `x`: expected 2 bytes, got 3 bytes"],
    );
}

#[test]
fn dates_times_and_durations() {
    check_values(
        DataType::Date32,
        vec![19_000.into(), "2024-02-29".into()],
        expect![[r#"
        +------------+
        | x          |
        +------------+
        | 2022-01-08 |
        | 2024-02-29 |
        |            |
        +------------+"#]],
    );
    check_values(
        DataType::Time64(TimeUnit::Microsecond),
        vec!["09:30:00.5".into()],
        expect![[r#"
        +--------------+
        | x            |
        +--------------+
        | 09:30:00.500 |
        |              |
        +--------------+"#]],
    );
    check_values(
        DataType::Time32(TimeUnit::Second),
        vec![60.into()],
        expect![[r#"
        +----------+
        | x        |
        +----------+
        | 00:01:00 |
        |          |
        +----------+"#]],
    );
    let duration = Duration::from_millis(1500);
    check_values(
        DataType::Duration(TimeUnit::Millisecond),
        vec![duration.into(), 7.into()],
        expect![[r#"
        +----------+
        | x        |
        +----------+
        | PT1.5S   |
        | PT0.007S |
        |          |
        +----------+"#]],
    );
    check_refused(
        DataType::Date32,
        "2023-02-29".into(),
        expect![[r#"row 0, column `x`: expected Date32, got "2023-02-29""#]],
    );
}

#[test]
fn timestamps_take_text_with_offsets_instants_and_counts() {
    let since_1970 = |millis| SystemTime::UNIX_EPOCH + Duration::from_millis(millis);
    let before_1970 = SystemTime::UNIX_EPOCH - Duration::from_micros(1);
    let batch = one_batch(
        column(timestamp_in(TimeUnit::Millisecond, "Europe/Zurich")),
        vec![
            "2024-07-01T12:00:00+02:00".into(),
            "2024-07-01T12:00:00".into(),
            "2024-07-01T10:00:00Z".into(),
            since_1970(1_719_828_000_000).into(),
            1_719_828_000_000_i64.into(),
            before_1970.into(),
        ],
    );
    let millis = batch.column(0).as_primitive::<TimestampMillisecondType>().values();
    assert_eq!(millis[..5], [1_719_828_000_000; 5]);
    assert_eq!(millis[5], -1, "the millisecond it is in");
    check_values(
        DataType::Timestamp(TimeUnit::Second, None),
        vec!["2024-07-01 12:00:00".into()],
        expect![[r#"
            +---------------------+
            | x                   |
            +---------------------+
            | 2024-07-01T12:00:00 |
            |                     |
            +---------------------+"#]],
    );
    check_refused(
        timestamp_in(TimeUnit::Second, "UTC"),
        "yesterday".into(),
        expect![[r#"row 0, column `x`: expected Timestamp(s, "UTC"), got "yesterday""#]],
    );
    let far = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40);
    check_refused(
        timestamp_in(TimeUnit::Nanosecond, "UTC"),
        far.into(),
        expect![[
            r#"row 0, column `x`: expected Timestamp(ns, "UTC"), got the instant 1099511627776s after 1970"#
        ]],
    );
}

#[test]
fn lists_and_vectors() {
    let lists = || vec![vec![Some(1), None].into(), Value::List(vec![]), [2, 3].into()];
    check_values(
        list_of(DataType::Int32),
        lists(),
        expect![[r#"
        +--------+
        | x      |
        +--------+
        | [1, ]  |
        | []     |
        | [2, 3] |
        |        |
        +--------+"#]],
    );
    let item = Arc::new(Field::new_list_field(DataType::Int32, true));
    for data_type in
        [DataType::LargeList(item.clone()), DataType::ListView(item.clone()), DataType::LargeListView(item)]
    {
        let batch = one_batch(column(data_type.clone()), lists());
        assert_eq!(batch.column(0).data_type(), &data_type);
    }
    let embedding = [0.5_f32, 1.5, 2.5];
    check_values(
        vector_of(3),
        vec![embedding.as_slice().into(), [1, 2, 3].into()],
        expect![[r#"
        +-----------------+
        | x               |
        +-----------------+
        | [0.5, 1.5, 2.5] |
        | [1.0, 2.0, 3.0] |
        |                 |
        +-----------------+"#]],
    );
    check_refused(
        vector_of(3),
        embedding[..2].into(),
        expect!["row 0, column `x`: expected a list of 3 Float32, got a vector of 2"],
    );
    check_refused(
        vector_of(2),
        [Value::Null, 1.into()].into(),
        expect!["row 0, column `x[0]`: expected Float32 not null, got null"],
    );
    check_refused(
        list_of(DataType::Int8),
        [1, 2, 300].into(),
        expect!["row 0, column `x[2]`: expected Int8, got 300"],
    );
    check_refused(
        list_of(list_of(DataType::Int8)),
        [vec![1], vec![2, 300]].into(),
        expect!["row 0, column `x[1][1]`: expected Int8, got 300"],
    );
    check_refused(
        list_of(DataType::Int8),
        7.into(),
        expect!["row 0, column `x`: expected a list of Int8, got 7"],
    );
}

#[test]
fn structs_find_their_fields_by_name() {
    let values = vec![
        Value::from_fields([("x", Value::from(1)), ("y", "a".into())]),
        Value::from_fields([("y", Value::from("b")), ("x", 2.into())]),
        Value::from_fields([("x", 3)]),
    ];
    check_values(
        point(),
        values,
        expect![[r#"
        +--------------+
        | x            |
        +--------------+
        | {x: 1, y: a} |
        | {x: 2, y: b} |
        | {x: 3, y: }  |
        |              |
        +--------------+"#]],
    );
    check_refused(
        point(),
        Value::from_fields([("y", "a")]),
        expect!["row 0, column `x.x`: expected Int64 not null, got null"],
    );
    check_refused(
        point(),
        Value::from_fields([("x", 1), ("z", 2)]),
        expect!["row 0, column `x.z`: expected one of `x`, `y`, got 2"],
    );
    check_refused(
        point(),
        Value::from_fields([("x", 1), ("x", 2)]),
        expect!["row 0, column `x`: expected each of `x`, `y` once, got {x: 1, x: 2}"],
    );
    check_refused(
        point(),
        7.into(),
        expect![[r#"row 0, column `x`: expected Struct("x": non-null Int64, "y": Utf8), got 7"#]],
    );
    check_refused(
        list_of(point()),
        vec![Value::from_fields([("x", "a")])].into(),
        expect![[r#"row 0, column `x[0].x`: expected Int64, got "a""#]],
    );
}

#[test]
fn maps_take_structs_and_pairs() {
    let pairs = Value::List(vec![Value::List(vec!["c".into(), 3.into()])]);
    check_values(
        map_of(DataType::Int64),
        vec![Value::from_fields([("a", 1), ("b", 2)]), pairs],
        expect![[r#"
            +--------------+
            | x            |
            +--------------+
            | {a: 1, b: 2} |
            | {c: 3}       |
            |              |
            +--------------+"#]],
    );
    check_refused(
        map_of(DataType::Int64),
        [1, 2].into(),
        expect!["row 0, column `x`: expected a map: a struct, or a list of pairs, got a list of 2"],
    );
    check_refused(
        map_of(DataType::Int64),
        Value::from_fields([("a", "b")]),
        expect![[r#"row 0, column `x.values`: expected Int64, got "b""#]],
    );
}

#[test]
fn dictionaries_keep_each_value_once() {
    let batch = one_batch(column(category()), vec!["a".into(), "b".into(), Value::Null, "a".into()]);
    let dictionary = batch.column(0).as_dictionary::<Int32Type>();
    assert_eq!(dictionary.values().as_string::<i32>().iter().flatten().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(dictionary.keys().iter().collect::<Vec<_>>(), [Some(0), Some(1), None, Some(0)]);
    let numbers = DataType::Dictionary(Box::new(DataType::UInt8), Box::new(DataType::Int64));
    check_values(
        numbers,
        vec![7.into(), 7.into(), 8.into()],
        expect![[r#"
        +---+
        | x |
        +---+
        | 7 |
        | 7 |
        | 8 |
        |   |
        +---+"#]],
    );
    check_refused(category(), 7.into(), expect!["row 0, column `x`: expected Utf8, got 7"]);
}

#[test]
fn a_dictionary_that_is_full_refuses_the_row() {
    let tiny = DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Int64));
    let mut builder = BatchBuilder::new(column(tiny));
    for value in 0..128 {
        builder.append([value]).unwrap();
    }
    let error = builder.append([128]).unwrap_err();
    assert_eq!(
        error.message(),
        "row 128, column `x`: expected at most 128 different values in one batch, for keys of Int8, got 128"
    );
    builder.append([5]).unwrap();
    assert_eq!(builder.finish().unwrap()[0].num_rows(), 129);
}

#[test]
fn runs_are_made_of_rows() {
    let ends = Arc::new(Field::new("run_ends", DataType::Int32, false));
    let values = Arc::new(Field::new("values", DataType::Int64, true));
    check_values(
        DataType::RunEndEncoded(ends, values),
        vec![7.into(), 7.into(), 8.into()],
        expect![[r#"
        +---+
        | x |
        +---+
        | 7 |
        | 7 |
        | 8 |
        |   |
        +---+"#]],
    );
}

#[test]
fn types_that_no_value_makes_take_whole_arrays() {
    check_values(
        DataType::Null,
        vec![],
        expect![[r#"
        +---+
        | x |
        +---+
        |   |
        +---+"#]],
    );
    check_refused(
        DataType::Interval(IntervalUnit::YearMonth),
        1.into(),
        expect![
            "row 0, column `x`: expected a whole array of Interval(YearMonth), which is not built value by value, got 1"
        ],
    );
}

#[test]
fn a_bad_row_leaves_no_trace_in_any_column() {
    let fields: Fields = [
        ("a", DataType::Utf8),
        ("b", list_of(list_of(DataType::Int8))),
        ("c", point()),
        ("d", vector_of(2)),
        ("e", map_of(DataType::Int8)),
        ("f", category()),
        ("g", DataType::Boolean),
        ("h", DataType::FixedSizeBinary(1)),
        ("i", DataType::Utf8View),
        ("j", DataType::Int64),
    ]
    .into_iter()
    .map(|(name, data_type)| Field::new(name, data_type, true))
    .collect();
    let row = |last: Value<'static>| -> Vec<Value<'static>> {
        let point = Value::from_fields([("x", Value::from(1)), ("y", "z".into())]);
        let map = Value::from_fields([("k", 1)]);
        let bytes: &'static [u8] = b"h";
        vec![
            "a".into(),
            [vec![1, 2]].into(),
            point,
            [0.5, 1.5].into(),
            map,
            "f".into(),
            true.into(),
            bytes.into(),
            "i".into(),
            last,
        ]
    };
    let schema = Arc::new(arrow_schema::Schema::new(fields));
    let mut clean = BatchBuilder::new(schema.clone());
    let mut tried = BatchBuilder::new(schema);
    for id in 0..5 {
        clean.append(row(id.into())).unwrap();
        tried.append(row(id.into())).unwrap();
        assert!(tried.append(row("no number".into())).is_err());
        assert!(tried.append([1, 2]).is_err());
    }
    assert_eq!(tried.finish().unwrap(), clean.finish().unwrap());
}

#[test]
fn a_row_needs_a_value_for_each_column() {
    let mut builder = BatchBuilder::new(column(DataType::Int64));
    let error = builder.append((1, 2)).unwrap_err();
    assert_eq!(error.message(), "row 0: 2 values for 1 columns");
}

#[test]
fn batches_are_ready_at_their_rows() {
    let mut builder = BatchBuilder::new(column(DataType::Int64)).with_max_rows(3);
    for id in 0..7 {
        builder.append([id]).unwrap();
    }
    assert_eq!(builder.next_batch().unwrap().num_rows(), 3);
    assert_eq!(builder.next_batch().unwrap().num_rows(), 3);
    assert!(builder.next_batch().is_none());
    assert_eq!(builder.rows(), 7);
    assert_eq!(builder.finish().unwrap()[0].num_rows(), 1);
}

#[test]
fn batches_are_ready_at_their_bytes() {
    let mut builder = BatchBuilder::new(column(DataType::Utf8)).with_max_bytes(10_000);
    let text = "x".repeat(1000);
    for _ in 0..25 {
        builder.append([text.as_str()]).unwrap();
    }
    let rows: Vec<_> = builder.finish().unwrap().iter().map(RecordBatch::num_rows).collect();
    assert_eq!(rows, [10, 10, 5]);
}

#[test]
fn whole_batches_are_cut_and_put_together_in_order() {
    let ids = |range: std::ops::Range<i64>| {
        let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(range));
        RecordBatch::try_from_iter_with_nullable([("x", ids, true)]).unwrap()
    };
    let mut builder = BatchBuilder::new(column(DataType::Int64)).with_max_rows(4);
    builder.append([0]).unwrap();
    builder.append_batch(ids(1..7)).unwrap();
    builder.append([7]).unwrap();
    builder.append_batch(ids(8..18)).unwrap();
    let batches = builder.finish().unwrap();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [4, 4, 4, 4, 2]);
    let all: Vec<_> =
        batches.iter().flat_map(|batch| batch["x"].as_primitive::<Int64Type>().values().to_vec()).collect();
    assert_eq!(all, (0..18).collect::<Vec<_>>());
    let mut by_bytes = BatchBuilder::new(column(DataType::Int64)).with_max_bytes(8000);
    by_bytes.append_batch(ids(0..10_000)).unwrap();
    assert!(by_bytes.finish().unwrap().iter().all(|batch| batch.num_rows() <= 1000));
}

#[test]
fn a_whole_batch_of_another_schema_is_refused() {
    let mut builder = BatchBuilder::new(column(DataType::Int64));
    let other = RecordBatch::new_empty(column(DataType::Utf8));
    assert_eq!(builder.append_batch(other).unwrap_err().kind(), ErrorKind::SchemaMismatch);
}

fn two_columns() -> BatchBuilder {
    let schema = SchemaBuilder::new().required("id", DataType::Int64).optional("name", DataType::Utf8);
    BatchBuilder::new(schema.build().unwrap())
}

#[test]
fn columns_are_given_in_any_order_and_missing_ones_are_null() {
    let mut builder = two_columns();
    builder.append((0, "zero")).unwrap();
    builder.columns().values("name", ["one", "two"]).unwrap().values("id", [1, 2]).unwrap().append().unwrap();
    builder.columns().array("id", Arc::new(Int64Array::from(vec![3]))).unwrap().append().unwrap();
    let batch = builder.finish().unwrap().remove(0);
    assert_eq!(batch["id"].as_primitive::<Int64Type>().values(), &[0, 1, 2, 3]);
    let names: Vec<_> = batch["name"].as_string::<i32>().iter().collect();
    assert_eq!(names, [Some("zero"), Some("one"), Some("two"), None]);
}

#[test]
fn columns_that_do_not_fit_are_refused_and_change_nothing() {
    let mut builder = two_columns();
    builder.append((0, "zero")).unwrap();
    let array = |values: Vec<Option<i64>>| -> ArrayRef { Arc::new(Int64Array::from(values)) };
    let errors = [
        builder.columns().array("ids", array(vec![])).map(drop),
        builder.columns().array("name", array(vec![Some(1)])).map(drop),
        builder.columns().array("id", array(vec![Some(1), None])).map(drop),
        builder.columns().values("id", ["one"]).map(drop),
        builder.columns().values("id", [1]).unwrap().values("id", [1]).map(drop),
        builder.columns().values("id", [1]).unwrap().values("name", ["a", "b"]).unwrap().append(),
        builder.columns().values("name", ["a"]).unwrap().append(),
    ];
    let said: Vec<_> = errors.into_iter().map(|result| result.unwrap_err().message().to_owned()).collect();
    expect![[r#"
        no column `ids`, did you mean `id`? the columns are `id`, `name`
        column `name`: expected an array of Utf8, got one of Int64
        row 2, column `id`: expected Int64 not null, got null
        row 1, column `id`: expected Int64, got "one"
        column `id` is given twice
        column `name` has 2 rows, the first one has 1
        column `id` is not null and was not given"#]]
    .assert_eq(&said.join("\n"));
    assert_eq!(builder.finish().unwrap()[0].num_rows(), 1);
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Reading {
    sensor: u32,
    place: Option<String>,
    samples: Vec<f64>,
    inner: Inner,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Inner {
    ok: bool,
}

fn reading(sensor: u32) -> Reading {
    let place = sensor.is_multiple_of(2).then(|| format!("room {sensor}"));
    Reading { sensor, place, samples: vec![0.5; sensor as usize], inner: Inner { ok: true } }
}

#[test]
fn records_go_in_and_come_back() {
    let schema = schema_of::<Reading>().unwrap();
    let readings: Vec<_> = (0..10).map(reading).collect();
    let mut builder = BatchBuilder::new(schema.clone()).with_max_rows(4);
    builder.append_records(&readings).unwrap();
    let batches = builder.finish().unwrap();
    assert_eq!(batches.len(), 3);
    let back: Vec<Reading> = batches.iter().flat_map(|batch| to_records(batch).unwrap()).collect();
    assert_eq!(back, readings);
    assert_eq!(to_records::<Reading>(&from_records(schema.clone(), &readings).unwrap()).unwrap(), readings);
    assert_eq!(from_records::<Reading>(schema, &[]).unwrap().num_rows(), 0);
}

#[test]
fn records_take_the_schema_that_was_built_by_hand() {
    #[derive(Serialize)]
    struct Trade<'a> {
        symbol: &'a str,
        price: &'a str,
        at: &'a str,
        vector: [f32; 2],
    }
    let schema = SchemaBuilder::new()
        .required("symbol", category())
        .required("price", DataType::Decimal128(10, 2))
        .required("at", timestamp_in(TimeUnit::Millisecond, "UTC"))
        .required("vector", vector_of(2))
        .metadata("owner", "desk")
        .build()
        .unwrap();
    let trade = Trade { symbol: "ABC", price: "12.50", at: "2024-07-01T12:00:00Z", vector: [0.5, 1.0] };
    let batch = from_records(schema.clone(), &[trade]).unwrap();
    assert_eq!(batch.schema(), schema);
    assert_eq!(batch["price"].as_primitive::<Decimal128Type>().value(0), 1250);
}

#[test]
fn a_bad_record_is_named_and_those_before_it_stay() {
    #[derive(Serialize)]
    struct Wide {
        x: i64,
    }
    let mut builder = BatchBuilder::new(SchemaBuilder::new().required("x", DataType::Int8).build().unwrap());
    builder.append([1]).unwrap();
    let error = builder.append_records(&[Wide { x: 2 }, Wide { x: 300 }, Wide { x: 3 }]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert_eq!(error.message(), "row 2: the record does not fit the schema");
    assert!(!error.chain().contains("backtrace"), "{}", error.chain());
    assert_eq!(builder.rows(), 2);
    assert_eq!(builder.finish().unwrap()[0].num_rows(), 2);
}

#[test]
fn a_type_that_does_not_say_its_schema_is_refused() {
    let error = schema_of::<serde_json::Value>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.message().ends_with("does not say its schema: build it by hand"), "{}", error.message());
}

#[test]
fn values_show_themselves_short() {
    let long = "x".repeat(100);
    for value in [Value::from(long.as_str()), vec![1; 1000].into(), long.as_bytes().into()] {
        assert!(value.to_string().len() < 60, "{value}");
    }
}

type Row = (i64, Option<String>, Option<Vec<Option<i32>>>, Option<bool>);

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let text = prop::option::of(prop_oneof![Just(String::new()), ".{0,20}"]);
    let list = prop::option::of(prop::collection::vec(any::<Option<i32>>(), 0..4));
    prop::collection::vec((any::<i64>(), text, list, any::<Option<bool>>()), 0..40)
}

fn rows_back(batches: &[RecordBatch]) -> Vec<Row> {
    let rows = |batch: &RecordBatch| {
        let lists = batch["list"].as_list::<i32>().clone();
        let list = |row: usize| {
            lists.is_valid(row).then(|| lists.value(row).as_primitive::<Int32Type>().iter().collect())
        };
        let columns = batch["id"].as_primitive::<Int64Type>().values().iter().copied();
        let columns = columns.zip(batch["text"].as_string::<i32>()).zip(batch["flag"].as_boolean());
        let rows = columns.enumerate();
        rows.map(|(row, ((id, text), flag))| (id, text.map(str::to_owned), list(row), flag))
            .collect::<Vec<_>>()
    };
    batches.iter().flat_map(rows).collect()
}

proptest! {
    #[test]
    fn rows_come_back_as_they_went_in(rows in rows(), max_rows in 1_usize..20, max_bytes in 1_usize..2000) {
        let schema = SchemaBuilder::new()
            .required("id", DataType::Int64)
            .optional("text", DataType::Utf8)
            .optional("list", list_of(DataType::Int32))
            .optional("flag", DataType::Boolean)
            .build()
            .unwrap();
        let mut builder = BatchBuilder::new(schema).with_max_rows(max_rows).with_max_bytes(max_bytes);
        for row in &rows {
            builder.append(row.clone()).unwrap();
            assert!(builder.append(("not a number", 1, 2, 3).into_row().as_ref()).is_err());
        }
        let batches = builder.finish().unwrap();
        assert!(batches.iter().all(|batch| (1..=max_rows).contains(&batch.num_rows())));
        assert_eq!(rows_back(&batches), rows);
    }
}
