//! What a format does not have is said before a byte is written.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, UnionFields, UnionMode};
use arrowlink_formats::{EncodeOptions, Encoder, Format, fits};

fn check(data_type: DataType, unfit: &[Format]) {
    let schema = Arc::new(Schema::new(vec![Field::new("column", data_type, true)]));
    for format in Format::ALL {
        let fitting = fits(format, &schema);
        assert_eq!(fitting.is_err(), unfit.contains(&format), "{format}");
        let Err(error) = fitting else { continue };
        let of_encoder = Encoder::new(format, &schema, &EncodeOptions::default()).unwrap_err();
        assert_eq!(of_encoder.to_string(), error.to_string());
    }
}

#[test]
fn plain_columns_go_into_every_format() {
    check(DataType::Utf8, &[]);
    check(DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8)), &[]);
}

#[test]
fn lists_do_not_go_into_csv() {
    let item = Arc::new(Field::new_list_field(DataType::Int64, true));
    check(DataType::List(item), &[Format::Csv]);
}

#[test]
fn unions_go_into_arrow_alone_wherever_they_are() {
    let fields = UnionFields::try_new([0], [Field::new("number", DataType::Int64, true)]).unwrap();
    let union = Field::new_list_field(DataType::Union(fields, UnionMode::Sparse), true);
    let text = [Format::Parquet, Format::Csv, Format::Ndjson, Format::Json];
    check(DataType::List(Arc::new(union)), &text);
}
