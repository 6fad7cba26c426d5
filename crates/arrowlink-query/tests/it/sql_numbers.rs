//! What numbers and times in a statement are: decimals, doubles, instants.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::{ArrayRef, Decimal128Array, Float64Array, RecordBatch};
use arrow_schema::DataType;
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
