//! Schemas from typed fields.

use arrow_schema::{DataType, Field, TimeUnit};
use arrowlink_core::{ErrorKind, SchemaBuilder, category, list_of, timestamp_in, vector_of};
use expect_test::{Expect, expect};

fn check_refused(builder: SchemaBuilder, expected: Expect) {
    let error = builder.build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    expected.assert_eq(error.message());
}

#[test]
fn keeps_order_nullability_and_metadata() {
    let schema = SchemaBuilder::new()
        .field_metadata("value", "unit", "celsius")
        .required("id", DataType::Int64)
        .optional("value", DataType::Float64)
        .field(Field::new("raw", DataType::Binary, true))
        .metadata("owner", "lab")
        .build()
        .unwrap();
    let shape: Vec<_> =
        schema.fields().iter().map(|field| (field.name().as_str(), field.is_nullable())).collect();
    assert_eq!(shape, [("id", false), ("value", true), ("raw", true)]);
    assert_eq!(schema.field(1).metadata()["unit"], "celsius");
    assert_eq!(schema.metadata()["owner"], "lab");
}

#[test]
fn helpers_give_the_types_they_name() {
    assert!(matches!(vector_of(384), DataType::FixedSizeList(item, 384) if !item.is_nullable()));
    assert!(matches!(list_of(DataType::Utf8), DataType::List(item) if item.is_nullable()));
    assert!(matches!(category(), DataType::Dictionary(_, _)));
    assert_eq!(
        timestamp_in(TimeUnit::Second, "UTC"),
        DataType::Timestamp(TimeUnit::Second, Some("UTC".into()))
    );
}

#[test]
fn names_are_used_once_also_within_structs() {
    let twice = || SchemaBuilder::new().required("x", DataType::Int8).optional("x", DataType::Utf8);
    check_refused(twice(), expect!["column `x` is there twice: each name must be used once"]);
    let nested = DataType::Struct(vec![Field::new("x", DataType::Int8, true); 2].into());
    check_refused(
        SchemaBuilder::new().required("point", list_of(nested)),
        expect!["column `point.x` is there twice: each name must be used once"],
    );
}

#[test]
fn types_that_no_value_could_have_are_refused() {
    let one = |data_type| SchemaBuilder::new().required("x", data_type);
    check_refused(
        one(timestamp_in(TimeUnit::Second, "Europe/Zurick")),
        expect!["column `x`: no time zone `Europe/Zurick`"],
    );
    check_refused(
        one(DataType::Decimal128(40, 2)),
        expect![
            "column `x`: no decimals of 40 digits with a scale of 2: use 1 to 38 digits and a scale within them"
        ],
    );
    check_refused(
        one(DataType::Decimal64(4, 5)),
        expect![
            "column `x`: no decimals of 4 digits with a scale of 5: use 1 to 18 digits and a scale within them"
        ],
    );
    check_refused(one(vector_of(-1)), expect!["column `x`: -1 is not a size"]);
}

#[test]
fn metadata_needs_its_column() {
    check_refused(
        SchemaBuilder::new().field_metadata("valeu", "unit", "K"),
        expect!["metadata `unit` is for `valeu`, which is no column"],
    );
    let with_metadata = SchemaBuilder::new().metadata("owner", "lab").build_struct();
    assert_eq!(with_metadata.unwrap_err().kind(), ErrorKind::InvalidArgument);
}
