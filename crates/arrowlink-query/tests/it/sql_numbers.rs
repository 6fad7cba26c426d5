//! What numbers and times in a statement are: decimals, doubles, instants.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::Float64Type;
use arrow_array::{
    Array as _, ArrayRef, Date32Array, Decimal128Array, Float64Array, RecordBatch, TimestampMicrosecondArray,
    TimestampNanosecondArray, TimestampSecondArray, record_batch,
};
use arrow_schema::{DataType, TimeUnit};
use arrowlink_core::{Catalog, Query};
use arrowlink_query::SqlOptions;

use crate::sql::{memory, name, query, service, service_with};

/// Prices as decimals of two digits after the point, and as doubles of which one is no number.
fn prices() -> arrowlink_query::SqlService {
    let cents = Decimal128Array::from(vec![19_133_849, 813]).with_precision_and_scale(15, 2).unwrap();
    let doubles = Float64Array::from(vec![191_338.49, f64::NAN]);
    let columns: [(_, ArrayRef); 2] = [("price", Arc::new(cents)), ("double", Arc::new(doubles))];
    let catalog =
        Catalog::new().with_dataset(name("prices"), memory(RecordBatch::try_from_iter(columns).unwrap()));
    service_with(SqlOptions::default(), catalog)
}

#[tokio::test]
async fn a_number_beside_a_decimal_is_the_decimal_that_is_written() {
    let service = prices();
    for condition in [
        "price = 191338.49",
        "191338.49 = price",
        "price in (1.5, 191338.49)",
        "price between 191338.49 and 191338.49",
        "price >= 191338.49",
        "price = 191338.50 - 0.01",
        "-price = -191338.49",
        "price * 1.5 = 287007.735",
        "price is not distinct from 191338.49",
        "exists (select 1 from prices p where p.price = 191338.49 and prices.price > 10)",
    ] {
        let text = format!("select price from prices where {condition}");
        assert_eq!(query(&service, Query::new(&text)).await.unwrap().num_rows(), 1, "{condition}");
    }
    let text = "select price * 1.5, price + 0.001 as more, avg(price - 0.5) over () from prices";
    let batch = query(&service, Query::new(text)).await.unwrap();
    let schema = batch.schema();
    assert!(
        schema.fields().iter().all(|field| matches!(field.data_type(), DataType::Decimal128(..))),
        "{schema}"
    );
    assert_eq!(schema.field(1).name(), "more");
}

#[tokio::test]
async fn a_number_beside_a_double_is_a_double() {
    let service = prices();
    for condition in [
        "double = 191338.49",
        "double < 1e300",
        "double in (191338.49, 2)",
        "price < 1e300 and double < 2e5",
        "price = double",
    ] {
        let text = format!("select price from prices where {condition}");
        assert_eq!(query(&service, Query::new(&text)).await.unwrap().num_rows(), 1, "{condition}");
    }
    let batch =
        query(&service, Query::new("select 1.5, double * 1.5, coalesce(double, 0.5) from prices")).await;
    let schema = batch.unwrap().schema();
    assert!(schema.fields().iter().all(|field| field.data_type() == &DataType::Float64), "{schema}");
}

#[tokio::test]
async fn quotients_are_doubles_and_keep_their_digits() {
    let service = prices();
    for (division, expected) in [
        ("1.0 / price", 1.0 / 8.13),
        ("price / 1e9", 8.13 / 1e9),
        ("price / 1e-35", 8.13 / 1e-35),
        ("price / (0.5 + 0.5)", 8.13),
        ("sum(price) over () / 1000000.0", 191_346.62 / 1e6),
        ("price % 2.0", 8.13 % 2.0),
        ("price * 1.0 / 1000000000", 8.13 / 1e9),
        ("(select sum(p.price) * 1.0 from prices p where p.price < 10) / 1000000000", 8.13 / 1e9),
        ("12.34::decimal(10, 2) / 1e6", 12.34 / 1e6),
        ("price / 3::decimal(10, 2)", 8.13 / 3.0),
        ("1 / price", 1.0 / 8.13),
    ] {
        let text = format!("select {division} from prices order by price limit 1");
        let batch = query(&service, Query::new(&text)).await.unwrap();
        assert_eq!(batch.column(0).as_primitive::<Float64Type>().value(0), expected, "{division}");
    }
    let numbers = record_batch!(("$1", Float64, [2.0])).unwrap();
    let text = Query::new("select price / $1 from prices where price < 10").with_parameters(numbers);
    let batch = query(&service, text).await.unwrap();
    assert_eq!(batch.column(0).as_primitive::<Float64Type>().value(0), 8.13 / 2.0);
}

#[tokio::test]
async fn a_column_that_is_computed_with_written_numbers_is_a_decimal_wherever_it_is_named() {
    let service = prices();
    for text in [
        "with s as (select price * 1.0 as y from prices) select y * 1.5 from s where y = 191338.49",
        "select y * 1.5 from (select price + 0.0 as y from prices) q where y in (191338.49)",
        "select max(price * 1.0) * 1.5 from prices group by double having max(price * 1.0) = 191338.49",
        "select a.y * 1.5 from (select price * 1.0 as y from prices) a join prices b on a.y = b.price + 0.0 \
         where a.y between 191338.49 and 191338.49",
        "with s as (select price * 1.0 as y from prices) select y * 1.5 from s where exists \
         (select 1 from prices p where p.price = s.y and p.price = 191338.49)",
        "select y * 1.5 from (select price * 1.0 as y from prices union all select 0.5 * price from prices) q \
         where y = 191338.49",
        "with recursive r as (select price * 1.0 as y from prices union all select y * 0.1 from r where y > 1e5) \
         select y * 1.5 from r where y = 191338.49",
    ] {
        let batch = query(&service, Query::new(text)).await.unwrap();
        assert_eq!(batch.num_rows(), 1, "{text}");
        assert!(
            matches!(batch.column(0).data_type(), DataType::Decimal128(..)),
            "{text}: {}",
            batch.schema()
        );
    }
}

#[tokio::test]
async fn decimals_among_doubles_are_doubles_wherever_the_two_meet() {
    let service = prices();
    for (text, rows) in [
        ("select 1 from prices where price between 0 and double", 2),
        ("select 1 from prices where price * 0.1 in (double, 0.813)", 1),
        ("select 1 from prices where double between price and 1e300", 1),
        ("select 1 from prices where double in (price, 2.5)", 1),
        ("select 1 from prices where case double when price then true else false end", 1),
        ("select 1 from prices where double in (select price * 1.0 from prices)", 1),
        ("select 1 from prices where price in (select double from prices)", 1),
        ("select 1 from prices where price * 1.0 = any (select double from prices)", 1),
        ("select 1 from prices join (select double as price from prices) d using (price)", 1),
        ("select 1 from prices a join prices b on a.price = b.double", 1),
        ("select price * 1.0 from prices intersect select double from prices", 1),
        ("select 1 from prices where price * 1e-30 < 1e-25 and price < 1e300 and price > 1e-30", 1),
        ("select 1 from prices where price * 0.123456789012345 < 1e30", 2),
        ("select 1 from prices where 0.30::decimal(15, 2) = 3 * 0.1", 2),
        ("select 1 from prices where price = 100 * 1913.3849", 1),
    ] {
        assert_eq!(query(&service, Query::new(text)).await.unwrap().num_rows(), rows, "{text}");
    }
}

#[tokio::test]
async fn a_value_that_is_a_decimal_or_a_double_is_a_double() {
    let service = prices();
    for expression in [
        "coalesce(price * 1.1, double)",
        "coalesce(double * 1e300, price * 1.1)",
        "case when price > 10 then price * 1.1 else double * 1e290 end",
        "greatest(price * 1.1, 1e-30)",
        "nullif(price * 1.1, 1e300)",
        "[price * 1.1, double][1]",
        "price * 0.123456789012345 * 0.123456789012345 * 0.123456789012345",
        "price + 1e-37",
        "price * 1e300",
        "price * 0.12345678901234567",
        "price * 0.123456789 * 0.5::decimal(38, 30)",
    ] {
        let batch = query(&service, Query::new(format!("select {expression} from prices"))).await.unwrap();
        assert_eq!(batch.column(0).data_type(), &DataType::Float64, "{expression}");
    }
    for text in [
        "select price * 1.1 as y from prices union all select double * 1e290 from prices",
        "select double * 1e290 as y from prices union select price * 1.1 from prices",
        "with u as (select price * 1.1 as y from prices union all select double * 1e290 from prices) \
         select y * 1.5 as y from u where y > 1.5 or y is null",
    ] {
        let batch = query(&service, Query::new(text)).await.unwrap();
        assert_eq!(batch.column(0).data_type(), &DataType::Float64, "{text}");
        assert!(batch.num_rows() > 2, "{text}");
    }
    for text in [
        "with s as (select coalesce(price * 1.0, double) as y from prices) \
         select 1 from s where exists (select 1 from prices p where p.price = s.y)",
        "with recursive r as (select coalesce(price * 1.0, double) as y from prices where price > 10 \
         union all select y * 0.1 from r where y > 1e5) select y from r",
    ] {
        assert_eq!(query(&service, Query::new(text)).await.unwrap().num_rows(), 2, "{text}");
    }
}

#[tokio::test]
async fn a_value_that_is_a_decimal_or_a_written_number_is_a_decimal() {
    let service = prices();
    for expression in [
        "coalesce(price, 0.5)",
        "case when price > 10 then price else 0.5 end",
        "greatest(price, 10.5)",
        "sum(price) over () * 1.5",
        "3 * 0.1 + price",
    ] {
        let batch = query(&service, Query::new(format!("select {expression} from prices"))).await.unwrap();
        assert!(matches!(batch.column(0).data_type(), DataType::Decimal128(..)), "{expression}");
    }
}

#[tokio::test]
async fn a_number_of_more_digits_than_a_double_has_finds_its_row() {
    let service = prices();
    let text = "select 12345678901234567.89::decimal(38, 2) = 12345678901234567.89, \
                '12345678901234567.89'::decimal(38, 2) = 12345678901234567.89, \
                '12345678901234567.88'::decimal(38, 2) < 12345678901234599.89";
    let batch = query(&service, Query::new(text)).await.unwrap();
    assert!(batch.columns().iter().all(|column| column.as_boolean().value(0)), "{batch:?}");
}

#[tokio::test]
async fn now_and_literals_with_a_zone_are_instants_whatever_the_zone_of_a_column() {
    let service = service();
    for (text, expected) in [
        ("select now() = arrow_cast(now(), 'Timestamp(Nanosecond, Some(\"+05:00\"))')", true),
        (
            "select arrow_cast(timestamptz '2024-03-31 00:30:00+00', 'Timestamp(Second, Some(\"+02:00\"))') \
             = timestamptz '2024-03-31 02:30:00+02'",
            true,
        ),
        ("select now() > now() + interval '30 minutes'", false),
    ] {
        let batch = query(&service, Query::new(text)).await.unwrap();
        assert_eq!(batch.column(0).as_boolean().value(0), expected, "{text}");
    }
}

/// Returns the rows of `text` as its columns of text.
async fn texts(service: &arrowlink_query::SqlService, text: &str) -> Vec<String> {
    let batch = query(service, Query::new(text)).await.expect(text);
    let columns: Vec<_> =
        batch.columns().iter().map(|column| arrow_cast::cast(column, &DataType::Utf8).unwrap()).collect();
    let cell = |row: usize, column: &ArrayRef| {
        column
            .as_string_opt::<i32>()
            .filter(|texts| texts.is_valid(row))
            .map_or("NULL", |texts| texts.value(row))
            .to_owned()
    };
    (0..batch.num_rows())
        .map(|row| columns.iter().map(|column| cell(row, column)).collect::<Vec<_>>().join(" "))
        .collect()
}

#[tokio::test]
async fn the_extremes_of_groups_do_not_depend_on_the_order_of_rows() {
    let service = prices();
    for data_type in ["double", "real", "arrow_cast"] {
        let y = match data_type {
            "arrow_cast" => "arrow_cast(y, 'Float16')".to_owned(),
            name => format!("y::{name}"),
        };
        for rows in ["('1'), ('nan'), ('2')", "('nan'), ('1'), (null), ('2')", "('2'), ('1'), ('nan')"] {
            let from = format!("(select y::double as y from (values {rows}) v(y)) v");
            let ungrouped =
                texts(&service, &format!("select min({y})::double, max({y})::double from {from}")).await;
            assert_eq!(ungrouped, ["1.0 NaN"], "{data_type} {rows}");
            for text in [
                format!("select min({y})::double, max({y})::double from {from} group by 1 + 1"),
                format!(
                    "select min({y}) filter (where y is not null)::double, max({y})::double from {from} group by 1 + 1"
                ),
            ] {
                assert_eq!(texts(&service, &text).await, ungrouped, "{text}");
            }
        }
    }
}

#[tokio::test]
async fn the_extremes_of_groups_are_values_of_them() {
    let service = prices();
    let from = "from (values (1, '-inf'), (2, 'inf'), (3, null), (4, 'nan'), (5, '-0.0')) v(x, y)";
    let text = format!("select x, min(y::double), max(y::double) {from} group by x order by x");
    let expected = ["1 -inf -inf", "2 inf inf", "3 NULL NULL", "4 NaN NaN", "5 -0.0 -0.0"];
    assert_eq!(texts(&service, &text).await, expected);
    let text =
        format!("select x, max(y::double) as most {from} group by x order by most desc nulls last limit 2");
    assert_eq!(texts(&service, &text).await, ["4 NaN", "2 inf"]);
}

#[tokio::test]
async fn a_sum_of_decimals_that_has_too_many_digits_is_an_error() {
    let service = prices();
    let most = "99999999999999999999999999999999999999";
    let from = format!("from (values (1, '{most}'), (1, '{most}'), (2, '1')) v(x, y)");
    for sum in [
        "select sum(y::decimal(38, 0))",
        "select x, sum(y::decimal(38, 0))",
        "select sum(y::decimal(38, 0)) over ()",
        "select sum(y::decimal(38, 0)) over (order by x rows 1 preceding)",
        "select sum(distinct y::decimal(38, 0)), sum(distinct x::decimal(38, 0))",
        "select sum(y::decimal(38, 20) - 1)",
    ] {
        let grouped = if sum.contains("select x") { "group by x" } else { "" };
        let error = query(&service, Query::new(format!("{sum} {from} {grouped}"))).await.unwrap_err();
        assert_eq!(error.kind(), arrowlink_core::ErrorKind::InvalidArgument, "{sum}: {error}");
    }
}

#[tokio::test]
async fn a_sum_of_decimals_that_has_its_digits_is_computed() {
    let service = prices();
    let from = "from (values (1, '1.25'), (1, '1.25'), (2, null), (3, '-7')) v(x, y)";
    let sums =
        "sum(y::decimal(38, 2)), sum(distinct y::decimal(38, 2)), sum(arrow_cast(y, 'Decimal256(76, 2)'))";
    assert_eq!(texts(&service, &format!("select {sums} {from}")).await, ["-4.50 -5.75 -4.50"]);
    let text = format!("select x, {sums} {from} group by x order by x");
    assert_eq!(texts(&service, &text).await, ["1 2.50 1.25 2.50", "2 NULL NULL NULL", "3 -7.00 -7.00 -7.00"]);
    let window = "sum(y::decimal(38, 2)) over (order by x, y rows 1 preceding) as s";
    let text = format!("select {window} {from} order by x, y");
    assert_eq!(texts(&service, &text).await, ["1.25", "2.50", "1.25", "-7.00"]);
}

#[tokio::test]
async fn both_zeros_are_one_where_zero_is_added() {
    let service = prices();
    let from = "from (select y::double as y from (values ('-0.0'), ('0.0')) v(y)) v";
    for one in [
        "select max(n) from (select count(*) over (partition by y + 0.0) as n {from})",
        "select max(n) from (select rank() over (order by y + 0.0) + 1 as n {from})",
        "select 1 + cardinality(array_agg(distinct y + 0.0)) {from}",
        "select 1 + count(distinct y + 0.0) * count(distinct 1 - 1 + y + 0.0) {from}",
    ] {
        let text = one.replace("{from}", from);
        assert_eq!(texts(&service, &text).await, ["2"], "{text}");
    }
}

/// Times of which nanoseconds reach only the second.
fn times() -> arrowlink_query::SqlService {
    let (far, near) = (253_402_214_400, 1_577_836_800);
    let seconds = TimestampSecondArray::from(vec![far, near]);
    let micros = TimestampMicrosecondArray::from(vec![far * 1_000_000, near * 1_000_000]);
    let columns: [(_, ArrayRef); 5] = [
        ("s", Arc::new(seconds)),
        ("zoned", Arc::new(micros.clone().with_timezone("Europe/Berlin"))),
        ("us", Arc::new(micros)),
        ("ns", Arc::new(TimestampNanosecondArray::from(vec![near * 1_000_000_000; 2]))),
        ("d", Arc::new(Date32Array::from(vec![2_932_896, 18_262]))),
    ];
    let catalog =
        Catalog::new().with_dataset(name("old"), memory(RecordBatch::try_from_iter(columns).unwrap()));
    service_with(SqlOptions::default(), catalog)
}

#[tokio::test]
async fn times_that_nanoseconds_do_not_reach_are_compared() {
    let service = times();
    for (condition, expected) in [
        ("us = '9999-12-31'", "1"),
        ("'9999-12-31' <= us", "1"),
        ("us = timestamp '9999-12-31 00:00:00'", "1"),
        ("us = cast('9999-12-31' as timestamp)", "1"),
        ("us < timestamp '9999-12-31'", "1"),
        ("us > '0001-01-01'", "2"),
        ("us <> '9999-12-31'", "1"),
        ("us between '1000-01-01' and timestamp '9999-12-30'", "1"),
        ("us in ('2020-01-01', '9999-12-31')", "2"),
        ("us not in (timestamp '2020-01-01', timestamp '9999-12-31')", "0"),
        ("us is distinct from '9999-12-31'", "1"),
        ("s = '9999-12-31'", "1"),
        ("s < timestamp '9999-12-31'", "1"),
        ("zoned = '9999-12-31T01:00:00'", "1"),
        ("zoned < timestamptz '9999-12-31'", "1"),
        ("ns < '9999-12-31'", "2"),
        ("ns < timestamp '9999-12-31' and ns > timestamp '1000-01-01'", "2"),
        ("ns < date '9999-12-31'", "2"),
        ("us = d", "2"),
        ("d >= us and s <= d", "2"),
        ("us = date '9999-12-31'", "1"),
        ("us = date '2020-01-01'", "1"),
        ("us = '2020-01-01' and ns = '2020-01-01' and us = timestamp '2020-01-01'", "1"),
        ("coalesce(us, timestamp '9999-12-31') = us", "2"),
        ("exists (select 1 from old o where o.us = old.us and o.us = '9999-12-31')", "1"),
    ] {
        let text = format!("select count(*) from old where {condition}");
        assert_eq!(texts(&service, &text).await, [expected], "{text}");
    }
}

#[tokio::test]
async fn a_time_that_nanoseconds_do_not_reach_is_one_of_microseconds() {
    let service = times();
    for (text, unit) in [
        ("select timestamp '9999-12-31 12:30:00' as t", TimeUnit::Microsecond),
        (
            "select max(t) from (select timestamp '9999-12-31 12:30:00' as t union all select us from old) q",
            TimeUnit::Microsecond,
        ),
        (
            "with w as (select cast('9999-12-31 12:30:00' as timestamp) as t) select t from w where t > '2000-01-01'",
            TimeUnit::Microsecond,
        ),
        (
            "select case when us > '9000-01-01' then timestamp '9999-12-31 12:30:00' else us end from old where us > '9000-01-01'",
            TimeUnit::Microsecond,
        ),
        ("select timestamp '2020-01-01' as t", TimeUnit::Nanosecond),
    ] {
        let batch = query(&service, Query::new(text)).await.expect(text);
        assert_eq!(batch.column(0).data_type(), &DataType::Timestamp(unit, None), "{text}");
        let shown = texts(&service, text).await;
        assert!(unit == TimeUnit::Nanosecond || shown == ["9999-12-31T12:30:00"], "{text}: {shown:?}");
    }
    assert_eq!(texts(&service, "select max(d::timestamp(6)) from old").await, ["9999-12-31T00:00:00"]);
}
