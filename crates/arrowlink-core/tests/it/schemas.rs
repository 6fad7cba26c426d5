//! Whether two schemas are the same, and how it is said where they are not.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, Schema, TimeUnit};
use arrowlink_core::{ErrorKind, list_of, schema_mismatch, timestamp_in};
use expect_test::{Expect, expect};

fn schema(fields: impl IntoIterator<Item = Field>) -> Schema {
    Schema::new(fields.into_iter().collect::<Vec<_>>())
}

fn id_and_value() -> Schema {
    schema([Field::new("id", DataType::Int64, false), Field::new("value", DataType::Float64, true)])
}

fn check_mismatch(actual: Schema, expected: Expect) {
    let error = schema_mismatch(&id_and_value(), &actual).unwrap();
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
    expected.assert_eq(error.message());
}

fn check_same(one: DataType, other: DataType) {
    let (one, other) = (schema([Field::new("x", one, true)]), schema([Field::new("x", other, true)]));
    assert!(schema_mismatch(&one, &other).is_none(), "{one} and {other} are the same");
}

fn check_different(one: DataType, other: DataType) {
    let (one, other) = (schema([Field::new("x", one, true)]), schema([Field::new("x", other, true)]));
    assert!(schema_mismatch(&one, &other).is_some(), "{one} and {other} differ");
}

fn list(item: &str, data_type: DataType, nullable: bool) -> DataType {
    DataType::List(Arc::new(Field::new(item, data_type, nullable)))
}

fn map(entries: &str, key: &str, value: &str) -> DataType {
    let fields =
        Fields::from(vec![Field::new(key, DataType::Utf8, false), Field::new(value, DataType::Int64, true)]);
    DataType::Map(Arc::new(Field::new(entries, DataType::Struct(fields), false)), false)
}

#[test]
fn names_each_field_that_differs() {
    check_mismatch(
        schema([Field::new("id", DataType::Utf8, true), Field::new("extra", DataType::Int8, false)]),
        expect![
            "the batches have another schema than the dataset: column `id`: expected Int64 not null, got Utf8; column `value` is missing, expected Float64; column `extra` is not in the dataset, got Int8 not null"
        ],
    );
    check_mismatch(
        schema([Field::new("id", DataType::Int64, true), Field::new("value", DataType::Float64, true)]),
        expect![
            "the batches have another schema than the dataset: column `id`: expected Int64 not null, got Int64 that may be null"
        ],
    );
    check_mismatch(
        schema([]),
        expect![
            "the batches have another schema than the dataset: column `id` is missing, expected Int64 not null; column `value` is missing, expected Float64"
        ],
    );
}

#[test]
fn names_the_order_where_only_that_differs() {
    check_mismatch(
        schema([Field::new("value", DataType::Float64, true), Field::new("id", DataType::Int64, false)]),
        expect![
            "the batches have another schema than the dataset: the order is `id`, `value`, got `value`, `id`"
        ],
    );
}

#[test]
fn shows_eight_differences_and_counts_the_rest() {
    let many = (0..20).map(|column| Field::new(format!("column_{column}"), DataType::Int8, true));
    let error = schema_mismatch(&schema(many), &id_and_value()).unwrap();
    assert!(error.message().ends_with("; and 14 more"), "{}", error.message());
}

#[test]
fn metadata_does_not_matter() {
    let metadata = HashMap::from([("unit".to_owned(), "celsius".to_owned())]);
    let field = Field::new("id", DataType::Int64, false);
    let tagged = schema([field.clone().with_metadata(metadata.clone())]).with_metadata(metadata.clone());
    assert!(schema_mismatch(&schema([field.clone()]), &tagged).is_none());
    check_same(
        DataType::Struct(vec![field.clone()].into()),
        DataType::Struct(vec![field.with_metadata(metadata)].into()),
    );
}

#[test]
fn names_of_list_items_and_map_entries_do_not_matter() {
    check_same(list("item", DataType::Utf8, true), list("element", DataType::Utf8, true));
    check_same(map("entries", "key", "value"), map("key_value", "keys", "values"));
}

#[test]
fn nested_types_names_and_nulls_matter() {
    let point = |name| DataType::Struct(vec![Field::new(name, DataType::Int64, true)].into());
    check_different(list_of(DataType::Utf8), list_of(DataType::LargeUtf8));
    check_different(list("item", DataType::Utf8, true), list("item", DataType::Utf8, false));
    check_different(point("x"), point("y"));
    check_different(list_of(point("x")), list_of(point("y")));
    check_different(timestamp_in(TimeUnit::Second, "UTC"), timestamp_in(TimeUnit::Second, "+00:00"));
    check_different(
        DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8)),
        DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
    );
}
