//! Descriptions pass through Flight's `FlightInfo` without loss, whoever wrote it.

use arrow_flight::{FlightDescriptor, FlightInfo};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use arrowlink_core::{Description, Effect, Error, ErrorKind, NounKind, Part, Snapshot};
use arrowlink_testkit::check_error;
use arrowlink_transport::{broken_metadata, described, description_metadata, entry};

fn schema(column: &str) -> SchemaRef {
    Schema::new(vec![Field::new(column, DataType::Utf8View, true)]).into()
}

/// Writes `description` as a server does.
fn info(description: &Description) -> FlightInfo {
    let number = |number: Option<u64>| number.map_or(-1, |number| i64::try_from(number).unwrap());
    FlightInfo::new()
        .try_with_schema(&description.schema)
        .unwrap()
        .with_total_records(number(description.rows))
        .with_total_bytes(number(description.bytes))
        .with_app_metadata(description_metadata(description).unwrap())
}

#[test]
fn description_comes_back_as_it_was() {
    let plain = Description::new(NounKind::Function, schema("a"));
    let full = Description::new(NounKind::Dataset, schema("a"))
        .with_rows(Some(7))
        .with_bytes(Some(1 << 40))
        .with_source("s3://bucket/\"trips\"/ä")
        .with_snapshot(Snapshot::new(vec![0, 1, 254, 255]))
        .with_parts(vec![Part::new(Some(3), None), Part::new(None, Some(4)), Part::default()])
        .with_writable(true)
        .with_parameters(schema("$1"))
        .with_effect(Effect::Change);
    for description in [plain, full, Description::new(NounKind::Stream, schema("b"))] {
        assert_eq!(described(&info(&description)).unwrap(), description);
    }
}

#[test]
fn what_another_server_says_is_a_dataset() {
    let foreign = FlightInfo::new().try_with_schema(&schema("a")).unwrap().with_app_metadata("{\"kind\"");
    let path = foreign.clone().with_descriptor(FlightDescriptor::new_path(vec!["a".to_owned()]));
    let plain = Description::new(NounKind::Dataset, schema("a"));
    assert_eq!(described(&path).unwrap(), plain);
    // Nobody said that a statement may be executed twice.
    let command = foreign.with_descriptor(FlightDescriptor::new_cmd("select 1"));
    assert_eq!(described(&command).unwrap(), plain.with_effect(Effect::Change));
}

#[test]
fn broken_entry_has_the_error_of_its_server() {
    let broken = broken_metadata(&Error::new(ErrorKind::Corrupt, "cannot read `a.csv`").with_source("row 3"));
    let descriptor = FlightDescriptor::new_path(vec!["sales".to_owned(), "orders".to_owned()]);
    let entry = entry(&FlightInfo::new().with_descriptor(descriptor).with_app_metadata(broken)).unwrap();
    assert_eq!(entry.name.as_str(), "sales.orders");
    check_error(entry.description, ErrorKind::Corrupt, &["cannot read `a.csv`: row 3"]);
}

#[test]
fn what_is_not_in_flights_form_is_corrupt() {
    check_error(entry(&FlightInfo::new()), ErrorKind::Corrupt, &["without a name"]);
    let mut damaged = FlightInfo::new();
    damaged.schema = b"no schema".as_slice().into();
    check_error(described(&damaged), ErrorKind::Corrupt, &["`FlightInfo` that cannot be read"]);
    for metadata in [r#"{"snapshot":"0"}"#, r#"{"snapshot":"xy"}"#, r#"{"parameters":"00"}"#] {
        let damaged = FlightInfo::new().try_with_schema(&schema("a")).unwrap().with_app_metadata(metadata);
        check_error(described(&damaged), ErrorKind::Corrupt, &["cannot be read"]);
    }
}
