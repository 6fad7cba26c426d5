//! The rows themselves, written straight into the buffers of their columns.
//!
//! One 64-bit random number makes a row: its upper 53 bits the value, its lowest three the category, the eight
//! between them whether it is valid. The number is a function of the seed and the number of the row, so that a
//! batch needs nothing from the one before it, and the loop has no state but the counter.

use std::ops::Range;
use std::sync::{Arc, LazyLock};

use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray,
};
use arrow_buffer::{BooleanBuffer, Buffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};

/// Returns the one schema, shared by all batches.
pub(super) fn schema() -> SchemaRef {
    SchemaRef::clone(&SCHEMA)
}

/// Makes the rows with these numbers.
pub(super) fn batch(seed: u64, rows: Range<u64>) -> Result<RecordBatch, ArrowError> {
    // Row numbers are far below 2^63.
    let ids = rows.start as i64..rows.end as i64;
    let mut values = Vec::with_capacity(ids.clone().count());
    let mut categories = Vec::with_capacity(values.capacity());
    let mut valid = vec![0_u8; values.capacity().div_ceil(8)];
    let mut next = seed_state(seed).wrapping_add(rows.start.wrapping_mul(STEP));
    for byte in &mut valid {
        let left = values.capacity() - values.len();
        for bit in 0..left.min(8) {
            let random = mixed(next);
            next = next.wrapping_add(STEP);
            values.push(value(random));
            categories.push(category(random));
            *byte |= u8::from(is_valid(random)) << bit;
        }
    }
    let count = values.len();
    let timestamps = ids.clone().map(|id| EPOCH_MS + id * INTERVAL_MS);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::new(ids.clone().collect::<Vec<_>>().into(), None)),
        Arc::new(
            TimestampMillisecondArray::new(timestamps.collect::<Vec<_>>().into(), None).with_timezone("UTC"),
        ),
        Arc::new(Float64Array::new(values.into(), None)),
        Arc::new(strings(categories)?),
        Arc::new(BooleanArray::new(BooleanBuffer::new(valid.into(), 0, count), None)),
    ];
    RecordBatch::try_new(schema(), columns)
}

/// Makes an array of strings that are all of one length.
fn strings(values: Vec<[u8; CATEGORY_BYTES]>) -> Result<StringArray, ArrowError> {
    let ends = 0..=values.len() as i32;
    let offsets: Vec<i32> = ends.map(|end| end * CATEGORY_BYTES as i32).collect();
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    StringArray::try_new(offsets, Buffer::from_vec(values.into_flattened()), None)
}

/// Even between 0 and 1000, from the upper 53 bits.
fn value(random: u64) -> f64 {
    (random >> 11) as f64 * (1000.0 / (1_u64 << 53) as f64)
}

/// Even among the eight, from the lowest three bits.
fn category(random: u64) -> [u8; CATEGORY_BYTES] {
    CATEGORIES[(random & 7) as usize]
}

/// Nine of ten, from eight bits that the category does not use.
fn is_valid(random: u64) -> bool {
    (random >> 3) as u8 >= 26
}

/// Puts neighbouring seeds far apart, so that their rows have nothing in common.
const fn seed_state(seed: u64) -> u64 {
    mixed(seed.wrapping_add(STEP))
}

/// The output function of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
const fn mixed(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, false),
        Field::new("timestamp", DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())), false),
        Field::new("value", DataType::Float64, false),
        Field::new("category", DataType::Utf8, false),
        Field::new("is_valid", DataType::Boolean, false),
    ]))
});

/// 2024-01-01T00:00:00Z.
const EPOCH_MS: i64 = 1_704_067_200_000;
/// From one row to the next.
const INTERVAL_MS: i64 = 1000;
/// The increment of SplitMix64: 2^64 over the golden ratio.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
/// All of one length, so that the offsets are known without looking.
const CATEGORIES: [[u8; CATEGORY_BYTES]; 8] =
    [*b"alpha", *b"bravo", *b"delta", *b"hotel", *b"india", *b"oscar", *b"romeo", *b"tango"];
const CATEGORY_BYTES: usize = 5;
