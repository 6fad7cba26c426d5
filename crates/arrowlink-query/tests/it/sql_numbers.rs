//! What numbers and times in a statement are: decimals, doubles, instants.

use arrow_array::cast::AsArray as _;
use arrow_array::{Array as _, Decimal128Array, RecordBatch};
use arrow_schema::DataType;
use arrowlink_core::{Catalog, Query};
use arrowlink_query::SqlOptions;

use crate::sql::{memory, name, query, service, service_with};

#[tokio::test]
async fn a_number_with_a_point_is_the_decimal_that_is_written() {
    let cents = Decimal128Array::from(vec![19_133_849, 813]).with_precision_and_scale(15, 2).unwrap();
    let batch = RecordBatch::try_from_iter([("price", std::sync::Arc::new(cents) as _)]).unwrap();
    let catalog = Catalog::new().with_dataset(name("prices"), memory(batch));
    let service = service_with(SqlOptions::default(), catalog);
    for condition in
        ["price = 191338.49", "price in (1.5, 191338.49)", "price >= 191338.49", "price * 1.5 = 287007.735"]
    {
        let text = format!("select price from prices where {condition}");
        assert_eq!(query(&service, Query::new(&text)).await.unwrap().num_rows(), 1, "{condition}");
    }
}

#[tokio::test]
async fn a_number_with_an_exponent_or_too_many_digits_is_a_double() {
    let text = "select 1.5, 1e300, -2.5E-3, 0.123456789012345678901234567890123456789, 1e3 + 1, '1e3'";
    let batch = query(&service(), Query::new(text)).await.unwrap();
    let types: Vec<_> = batch.columns().iter().map(|column| column.data_type().clone()).collect();
    let double = DataType::Float64;
    let expected =
        [DataType::Decimal128(2, 1), double.clone(), double.clone(), double.clone(), double, DataType::Utf8];
    assert_eq!(types, expected);
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
