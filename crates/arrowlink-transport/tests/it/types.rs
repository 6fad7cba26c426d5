//! Batches of many types, for the payloads.

use std::sync::Arc;

use arrow_array::builder::{
    FixedSizeListBuilder, Float32Builder, Int32Builder, ListBuilder, ListViewBuilder, MapBuilder,
    StringBuilder, StringDictionaryBuilder, StringViewBuilder,
};
use arrow_array::types::{Int32Type, UInt8Type};
use arrow_array::{
    ArrayRef, BinaryViewArray, BooleanArray, Decimal128Array, FixedSizeBinaryArray, Float64Array, Int64Array,
    LargeStringArray, NullArray, PrimitiveArray, RecordBatch, RunArray, StringArray, StringViewArray,
    StructArray, TimestampMillisecondArray, UnionArray,
};
use arrow_buffer::ScalarBuffer;
use arrow_schema::{DataType, Field, UnionFields};

/// A batch of one column of each kind, every one with `rows` rows and, where it can have them, nulls.
pub(crate) fn batches(rows: usize) -> Vec<RecordBatch> {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("null", Arc::new(NullArray::new(rows))),
        ("boolean", Arc::new(BooleanArray::from_iter((0..rows).map(|row| some(row, row % 3 == 0))))),
        ("int64", Arc::new(Int64Array::from_iter((0..rows).map(|row| some(row, row as i64))))),
        ("float64", Arc::new(Float64Array::from_iter((0..rows).map(|row| some(row, row as f64 / 7.0))))),
        ("decimal", Arc::new(Decimal128Array::from_iter((0..rows).map(|row| some(row, row as i128))))),
        (
            "timestamp",
            Arc::new(
                TimestampMillisecondArray::from_iter((0..rows).map(|row| some(row, row as i64 * 86_400_000)))
                    .with_timezone("Europe/Berlin"),
            ),
        ),
        ("utf8", Arc::new(StringArray::from_iter((0..rows).map(|row| some(row, text(row)))))),
        ("large_utf8", Arc::new(LargeStringArray::from_iter((0..rows).map(|row| some(row, text(row)))))),
        ("utf8_view", Arc::new(StringViewArray::from_iter((0..rows).map(|row| some(row, text(row)))))),
        ("binary_view", Arc::new(BinaryViewArray::from_iter((0..rows).map(|row| some(row, text(row)))))),
        (
            "fixed_binary",
            Arc::new(
                FixedSizeBinaryArray::try_from_sparse_iter_with_size(
                    (0..rows).map(|row| some(row, [(row % 256) as u8; 16])),
                    16,
                )
                .unwrap(),
            ),
        ),
        ("dictionary", dictionary(rows)),
        ("run_end_encoded", run_end_encoded(rows)),
        ("struct", structs(rows)),
        ("list", lists(rows)),
        ("list_view", list_views(rows)),
        ("vector", vectors(rows)),
        ("map", maps(rows)),
        ("sparse_union", union(rows, None)),
        ("dense_union", union(rows, Some((0..rows as i32).collect()))),
    ];
    let mut batches: Vec<RecordBatch> = columns
        .into_iter()
        .map(|column| RecordBatch::try_from_iter_with_nullable([(column.0, column.1, true)]).unwrap())
        .collect();
    let all = batches
        .iter()
        .map(|batch| (batch.schema().field(0).name().clone(), Arc::clone(batch.column(0)), true));
    batches.push(RecordBatch::try_from_iter_with_nullable(all.collect::<Vec<_>>()).unwrap());
    batches
}

fn some<T>(row: usize, value: T) -> Option<T> {
    (row % 5 != 3).then_some(value)
}

fn text(row: usize) -> String {
    format!("row {row} {}", "x".repeat(row * 7 % 40))
}

fn dictionary(rows: usize) -> ArrayRef {
    let mut builder = StringDictionaryBuilder::<Int32Type>::new();
    for row in 0..rows {
        builder.append_option(some(row, text(row / 4)));
    }
    Arc::new(builder.finish())
}

fn run_end_encoded(rows: usize) -> ArrayRef {
    let ends = PrimitiveArray::<Int32Type>::from_iter_values(
        (1..=rows).filter(|end| end % 4 == 0 || *end == rows).map(|end| end as i32),
    );
    let values =
        StringViewArray::from_iter((0..arrow_array::Array::len(&ends)).map(|run| some(run, text(run))));
    Arc::new(RunArray::<Int32Type>::try_new(&ends, &values).unwrap())
}

fn structs(rows: usize) -> ArrayRef {
    let views: ArrayRef = Arc::new(StringViewArray::from_iter((0..rows).map(|row| some(row, text(row)))));
    let words: ArrayRef = dictionary(rows);
    let fields = vec![
        Arc::new(Field::new("view", DataType::Utf8View, true)),
        Arc::new(Field::new("word", words.data_type().clone(), true)),
    ];
    let nulls = Some((0..rows).map(|row| row % 6 != 5).collect::<Vec<_>>().into());
    Arc::new(StructArray::new(fields.into(), vec![views, words], nulls))
}

fn lists(rows: usize) -> ArrayRef {
    let mut builder = ListBuilder::new(StringViewBuilder::new());
    for row in 0..rows {
        for item in 0..row % 4 {
            builder.values().append_option(some(item + row, text(item)));
        }
        builder.append(row % 5 != 2);
    }
    Arc::new(builder.finish())
}

fn list_views(rows: usize) -> ArrayRef {
    let mut builder = ListViewBuilder::new(Int32Builder::new());
    for row in 0..rows {
        for item in 0..row % 4 {
            builder.values().append_value(item as i32);
        }
        builder.append(row % 5 != 2);
    }
    Arc::new(builder.finish())
}

fn vectors(rows: usize) -> ArrayRef {
    let mut builder = FixedSizeListBuilder::new(Float32Builder::new(), 3);
    for row in 0..rows {
        builder.values().append_slice(&[row as f32, 0.5, -1.0]);
        builder.append(row % 5 != 2);
    }
    Arc::new(builder.finish())
}

fn maps(rows: usize) -> ArrayRef {
    let words = StringDictionaryBuilder::<UInt8Type>::new();
    let mut builder = MapBuilder::new(None, StringBuilder::new(), words);
    for row in 0..rows {
        for item in 0..row % 3 {
            builder.keys().append_value(format!("key {item}"));
            builder.values().append_value(format!("value {}", item % 2));
        }
        builder.append(row % 5 != 2).unwrap();
    }
    Arc::new(builder.finish())
}

fn union(rows: usize, offsets: Option<ScalarBuffer<i32>>) -> ArrayRef {
    let fields = UnionFields::try_new(
        [0, 1],
        [Field::new("number", DataType::Int64, true), Field::new("text", DataType::Utf8View, true)],
    )
    .unwrap();
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter((0..rows).map(|row| some(row, row as i64))));
    let texts: ArrayRef = Arc::new(StringViewArray::from_iter((0..rows).map(|row| some(row, text(row)))));
    let ids: ScalarBuffer<i8> = (0..rows).map(|row| (row % 2) as i8).collect();
    Arc::new(UnionArray::try_new(fields, ids, offsets, vec![numbers, texts]).unwrap())
}
