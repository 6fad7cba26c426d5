//! The shapes of tables that are moved: what a batch of each looks like and how many of them there are.

use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::{
    FixedSizeListBuilder, Float32Builder, Float64Builder, ListBuilder, StringBuilder, StructBuilder,
};
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Fields};

use crate::Failure;
use crate::table::Table;

/// One shape of table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Workload {
    /// Eight columns of float64, batches of 4 MiB: the main one.
    Floats,
    /// 200 columns of float64, 8,192 rows a batch: buffers of 64 KiB.
    Wide,
    /// Short and long strings and two dictionaries.
    Strings,
    /// Embeddings of 768 float32 as fixed-size lists, and lists of varying length.
    Vectors,
    /// A struct of lists of structs.
    Nested,
    /// Eight columns of float64 in batches of 32 rows.
    Tiny,
}

impl Workload {
    /// Those that are compared beside the main one.
    pub(crate) const OTHERS: [Self; 5] = [Self::Wide, Self::Strings, Self::Vectors, Self::Nested, Self::Tiny];

    /// Describes it in the words of a row.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Floats => "8 float64 columns",
            Self::Wide => "200 float64 columns, 8,192 rows a batch",
            Self::Strings => "strings and dictionaries",
            Self::Vectors => "vectors of 768 float32, and lists",
            Self::Nested => "structs of lists of structs",
            Self::Tiny => "8 float64 columns, 32 rows a batch",
        }
    }

    /// Returns the table, an eighth of it where it is to be `quick`; its file is made where it is not there.
    pub(crate) fn table(self, folder: &Path, quick: bool) -> Result<Table, Failure> {
        let (name, batch, count) = match self {
            Self::Floats => ("floats", floats(8, 65_536)?, 122),
            Self::Wide => ("wide", floats(200, 8_192)?, 10),
            Self::Strings => ("strings", strings(65_536)?, 24),
            Self::Vectors => ("vectors", vectors(1_024)?, 40),
            Self::Nested => ("nested", nested(16_384)?, 64),
            Self::Tiny => ("tiny", floats(8, 32)?, 16_000),
        };
        let count = if quick { u64::div_ceil(count, 8) } else { count };
        Table::of(&batch, count, folder, name)
    }
}

/// Returns a table of eight float64 columns of about `bytes` bytes in batches of `rows` rows.
pub(crate) fn floats_in_batches_of(rows: usize, bytes: u64, folder: &Path) -> Result<Table, Failure> {
    let count = (bytes / (rows as u64 * 64)).max(1);
    Table::of(&floats(8, rows)?, count, folder, "floats")
}

/// Makes columns of numbers that all differ.
fn floats(columns: usize, rows: usize) -> Result<RecordBatch, Failure> {
    let column = |idx: usize| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values((0..rows).map(|row| (row * columns + idx) as f64)))
    };
    Ok(RecordBatch::try_from_iter((0..columns).map(|idx| (format!("column{idx}"), column(idx))))?)
}

fn strings(rows: usize) -> Result<RecordBatch, Failure> {
    let short = StringArray::from_iter_values((0..rows).map(|row| format!("row {row}")));
    let long = StringArray::from_iter_values(
        (0..rows).map(|row| format!("https://example.org/articles/{row:08}/comments?page={}", row % 7)),
    );
    let city: DictionaryArray<Int32Type> = (0..rows).map(|row| CITIES[row % CITIES.len()]).collect();
    let tags: Vec<String> = (0..rows).map(|row| format!("tag-{}", row % 1_000)).collect();
    let tag: DictionaryArray<Int32Type> = tags.iter().map(String::as_str).collect();
    Ok(RecordBatch::try_from_iter([
        ("short", Arc::new(short) as ArrayRef),
        ("long", Arc::new(long)),
        ("city", Arc::new(city)),
        ("tag", Arc::new(tag)),
    ])?)
}

fn vectors(rows: usize) -> Result<RecordBatch, Failure> {
    let mut embeddings = FixedSizeListBuilder::new(Float32Builder::new(), DIMENSIONS);
    let mut lists = ListBuilder::new(Float32Builder::new());
    for row in 0..rows {
        (0..DIMENSIONS).for_each(|at| embeddings.values().append_value(at as f32 / DIMENSIONS as f32));
        embeddings.append(true);
        (0..row % 64).for_each(|at| lists.values().append_value(at as f32));
        lists.append(true);
    }
    let ids = Int64Array::from_iter_values(0..rows as i64);
    Ok(RecordBatch::try_from_iter([
        ("id", Arc::new(ids) as ArrayRef),
        ("embedding", Arc::new(embeddings.finish())),
        ("scores", Arc::new(lists.finish())),
    ])?)
}

/// `order: struct<id: int64, items: list<struct<price: float64, name: string>>>`, four items each.
fn nested(rows: usize) -> Result<RecordBatch, Failure> {
    let item = Fields::from(vec![
        Field::new("price", DataType::Float64, true),
        Field::new("name", DataType::Utf8, true),
    ]);
    let mut items = ListBuilder::new(StructBuilder::from_fields(item, rows * 4));
    for row in 0..rows {
        for name in &CITIES[..4] {
            let fields = items.values();
            fields.field_builder::<Float64Builder>(0).ok_or("no prices")?.append_value(row as f64);
            fields.field_builder::<StringBuilder>(1).ok_or("no names")?.append_value(name);
            fields.append(true);
        }
        items.append(true);
    }
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows as i64));
    let order = RecordBatch::try_from_iter([("id", ids), ("items", Arc::new(items.finish()) as ArrayRef)])?;
    Ok(RecordBatch::try_from_iter([("order", Arc::new(arrow_array::StructArray::from(order)) as ArrayRef)])?)
}

/// Of an embedding.
const DIMENSIONS: i32 = 768;
const CITIES: [&str; 5] = ["Amsterdam", "Bratislava", "Cairo", "Dar es Salaam", "Edinburgh"];
