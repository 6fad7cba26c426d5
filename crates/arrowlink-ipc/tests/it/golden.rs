//! The golden files that every Arrow implementation reads: the stream, the file and the JSON of each say the same.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    ArrowPrimitiveType, Decimal128Type, Decimal256Type, DurationMicrosecondType, IntervalDayTimeType,
    IntervalMonthDayNanoType,
};
use arrow_array::{Array as _, ArrayRef, RecordBatch, make_array};
use arrow_cast::display::FormatOptions;
use arrow_cast::pretty::pretty_format_batches_with_options;
use arrow_ipc::reader::FileReader;
use arrow_schema::{DataType, IntervalUnit, SchemaRef};
use arrowlink_ipc::{EncodeOptions, Limits, read_stream};
use flate2::read::GzDecoder;
use serde_json::Value;

use crate::corpus::files;
use crate::support::{COMPRESSIONS, read_in_pieces, stream};

#[test]
fn streams_equal_their_files() {
    for path in files("golden", ".stream") {
        let (schema, batches) = read(&path);
        let file = FileReader::try_new(File::open(path.with_extension("arrow_file")).unwrap(), None).unwrap();
        let same_schema = schema == file.schema();
        let expected: Vec<_> = file.map(Result::unwrap).collect();
        // Only in the file do the entries of this map have names of their own.
        let names_differ = path.ends_with("generated_map_non_canonical.stream");
        assert_eq!(same_schema, !names_differ, "{}", path.display());
        assert_eq!(print(&batches), print(&expected), "{}", path.display());
        assert_eq!(batches == expected, same_schema, "{}", path.display());
    }
}

#[test]
fn streams_equal_their_json() {
    for path in files("golden", ".stream") {
        let (schema, batches) = read(&path);
        let json: Value = serde_json::from_reader(BufReader::new(GzDecoder::new(
            File::open(path.with_extension("json.gz")).unwrap(),
        )))
        .unwrap();
        let fields = json["schema"]["fields"].as_array().unwrap();
        assert_eq!(fields.len(), schema.fields().len());
        for (field, expected) in schema.fields().iter().zip(fields) {
            assert_eq!(field.name(), expected["name"].as_str().unwrap());
            assert_eq!(field.is_nullable(), expected["nullable"].as_bool().unwrap());
        }
        let expected = json["batches"].as_array().unwrap();
        assert_eq!(batches.len(), expected.len(), "{}", path.display());
        for (batch, expected) in batches.iter().zip(expected) {
            assert_eq!(batch.num_rows() as u64, expected["count"].as_u64().unwrap());
            for (column, expected) in batch.columns().iter().zip(expected["columns"].as_array().unwrap()) {
                check_column(column, expected, &format!("{}: {}", path.display(), expected["name"]));
            }
        }
    }
}

#[test]
fn golden_batches_are_written_and_read_again() {
    for path in files("golden", ".stream") {
        let (_, batches) = read(&path);
        if batches.is_empty() {
            continue;
        }
        for compression in COMPRESSIONS {
            let bytes = stream(&batches, &EncodeOptions::default().with_compression(compression));
            assert_eq!(
                read_in_pieces(&bytes, 777, &Limits::default()).unwrap(),
                batches,
                "{}",
                path.display()
            );
        }
    }
}

fn read(path: &Path) -> (SchemaRef, Vec<RecordBatch>) {
    read_stream(std::fs::read(path).unwrap().into(), &Limits::default()).unwrap_or_else(|error| {
        panic!("{}: {error}: {:?}", path.display(), std::error::Error::source(&error))
    })
}

/// Prints rows without the names within their columns.
fn print(batches: &[RecordBatch]) -> String {
    let options = FormatOptions::default().with_display_error(true);
    pretty_format_batches_with_options(batches, &options).unwrap().to_string()
}

fn check_column(array: &ArrayRef, expected: &Value, name: &str) {
    assert_eq!(array.len() as u64, expected["count"].as_u64().unwrap(), "{name}");
    if let Some(validity) = expected["VALIDITY"].as_array() {
        let expected: Vec<_> = validity.iter().map(|valid| valid.as_u64() == Some(1)).collect();
        assert_eq!((0..array.len()).map(|row| array.is_valid(row)).collect::<Vec<_>>(), expected, "{name}");
    }
    if let Some(values) = expected["DATA"].as_array() {
        for (row, value) in values.iter().enumerate().filter(|(row, _)| array.is_valid(*row)) {
            check_value(array, row, value, &format!("{name}, row {row}"));
        }
    }
    check_integers(array, expected, "OFFSET", name);
    check_integers(array, expected, "TYPE_ID", name);
    let data = array.to_data();
    let children = expected["children"].as_array().map_or(&[] as &[Value], Vec::as_slice);
    if !matches!(array.data_type(), DataType::Dictionary(..)) {
        assert_eq!(data.child_data().len(), children.len(), "{name}");
    }
    for (child, expected) in data.child_data().iter().zip(children) {
        check_column(&make_array(child.clone()), expected, &format!("{name}.{}", expected["name"]));
    }
}

/// Compares offsets or type ids.
fn check_integers(array: &ArrayRef, expected: &Value, key: &str, name: &str) {
    let Some(expected) = expected[key].as_array() else { return };
    let actual: Vec<i64> = match (array.data_type(), key) {
        (DataType::Utf8, _) => array.as_string::<i32>().offsets().iter().map(|o| i64::from(*o)).collect(),
        (DataType::LargeUtf8, _) => array.as_string::<i64>().offsets().to_vec(),
        (DataType::Binary, _) => array.as_binary::<i32>().offsets().iter().map(|o| i64::from(*o)).collect(),
        (DataType::LargeBinary, _) => array.as_binary::<i64>().offsets().to_vec(),
        (DataType::List(_), _) => array.as_list::<i32>().offsets().iter().map(|o| i64::from(*o)).collect(),
        (DataType::LargeList(_), _) => array.as_list::<i64>().offsets().to_vec(),
        (DataType::Map(..), _) => array.as_map().offsets().iter().map(|o| i64::from(*o)).collect(),
        (DataType::Union(..), "TYPE_ID") => {
            array.as_union().type_ids().iter().map(|id| i64::from(*id)).collect()
        }
        (DataType::Union(..), _) => {
            array.as_union().offsets().unwrap().iter().map(|o| i64::from(*o)).collect()
        }
        (other, _) => panic!("{name}: {key} of `{other}`"),
    };
    let expected: Vec<i64> = expected.iter().map(|value| text(value).parse().unwrap()).collect();
    if !(array.is_empty() && actual.len() <= 1) {
        assert_eq!(actual, expected, "{name}: {key}");
    }
}

fn check_value(array: &ArrayRef, row: usize, expected: &Value, name: &str) {
    match array.data_type() {
        DataType::Boolean => {
            let expected = expected.as_bool().unwrap_or_else(|| expected.as_u64() == Some(1));
            assert_eq!(array.as_boolean().value(row), expected, "{name}");
        }
        DataType::Utf8 => {
            assert_eq!(array.as_string::<i32>().value(row), expected.as_str().unwrap(), "{name}")
        }
        DataType::LargeUtf8 => {
            assert_eq!(array.as_string::<i64>().value(row), expected.as_str().unwrap(), "{name}")
        }
        DataType::Binary => assert_eq!(hex(array.as_binary::<i32>().value(row)), text(expected), "{name}"),
        DataType::LargeBinary => {
            assert_eq!(hex(array.as_binary::<i64>().value(row)), text(expected), "{name}")
        }
        DataType::FixedSizeBinary(_) => {
            assert_eq!(hex(array.as_fixed_size_binary().value(row)), text(expected), "{name}");
        }
        DataType::Float32 | DataType::Float64 => {
            let wide = arrow_cast::cast(array, &DataType::Float64).unwrap();
            let actual = wide.as_primitive::<arrow_array::types::Float64Type>().value(row);
            let expected: f64 = text(expected).parse().unwrap();
            assert!(
                (actual - expected).abs() <= 1e-3_f64.max(expected.abs() * 1e-6),
                "{name}: {actual}, {expected}"
            );
        }
        DataType::Decimal128(..) => {
            assert_eq!(native::<Decimal128Type>(array, row).to_string(), text(expected), "{name}")
        }
        DataType::Decimal256(..) => {
            assert_eq!(native::<Decimal256Type>(array, row).to_string(), text(expected), "{name}")
        }
        DataType::Interval(IntervalUnit::DayTime) => {
            let actual = native::<IntervalDayTimeType>(array, row);
            let expected = (expected["days"].as_i64(), expected["milliseconds"].as_i64());
            assert_eq!((Some(actual.days.into()), Some(actual.milliseconds.into())), expected, "{name}");
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            let actual = native::<IntervalMonthDayNanoType>(array, row);
            let expected = [&expected["months"], &expected["days"], &expected["nanoseconds"]].map(text);
            let actual = [actual.months.to_string(), actual.days.to_string(), actual.nanoseconds.to_string()];
            assert_eq!(actual, expected, "{name}");
        }
        DataType::Dictionary(..) => {
            let key = array.as_any_dictionary().normalized_keys()[row];
            assert_eq!(key.to_string(), text(expected), "{name}");
        }
        _ => assert_eq!(integer(array, row), text(expected), "{name}"),
    }
}

/// Returns what is stored for a row of numbers, dates, times or durations.
fn integer(array: &ArrayRef, row: usize) -> String {
    use arrow_array::types::{Int8Type, Int16Type, Int32Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type};
    match array.data_type() {
        DataType::Int8 => native::<Int8Type>(array, row).to_string(),
        DataType::Int16 => native::<Int16Type>(array, row).to_string(),
        DataType::UInt8 => native::<UInt8Type>(array, row).to_string(),
        DataType::UInt16 => native::<UInt16Type>(array, row).to_string(),
        DataType::UInt32 => native::<UInt32Type>(array, row).to_string(),
        DataType::UInt64 => native::<UInt64Type>(array, row).to_string(),
        other if other.primitive_width() == Some(4) => native::<Int32Type>(array, row).to_string(),
        _ => native::<DurationMicrosecondType>(array, row).to_string(),
    }
}

/// Reads a row of an array as what `T` stores, whatever its type.
fn native<T: ArrowPrimitiveType>(array: &ArrayRef, row: usize) -> T::Native {
    array.to_data().buffer::<T::Native>(0)[row]
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}
