//! How many bytes rows take: in a message, and in memory.
//!
//! The two differ. A slice of ten rows is small in a message and keeps the whole buffer it was cut from in memory;
//! ten columns that were received in one message share its one allocation.

mod views;

use std::collections::HashSet;

use arrow_array::cast::AsArray as _;
use arrow_array::types::ByteViewType;
use arrow_array::{
    Array, ArrayRef, GenericByteViewArray, GenericListArray, OffsetSizeTrait, RecordBatch,
    RecordBatchOptions, make_array,
};
use arrow_data::ArrayData;
use arrow_data::transform::MutableArrayData;
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};

use crate::Result;
use crate::apply::internal;

pub(crate) use views::has_views;

/// Returns at least as many bytes as the rows of `batch` take in one message, without the schema.
///
/// This is what the rows have, whatever memory they keep: ten columns that were received in one message share its block, and a
/// slice keeps all that it was cut from.
///
/// ```
/// use arrow_array::record_batch;
/// use arrowlink_core::batch_bytes;
///
/// let large = record_batch!(("id", Int64, vec![7; 100_000])).unwrap();
/// assert!(batch_bytes(&large) >= 800_000);
/// assert!(batch_bytes(&large.slice(500, 10)) < 1000);
/// ```
pub fn batch_bytes(batch: &RecordBatch) -> usize {
    batch.columns().iter().map(|column| array_bytes(column)).sum()
}

/// Returns at least as many bytes as `schema` takes in one message.
pub(crate) fn schema_bytes(schema: &Schema) -> usize {
    let metadata: usize =
        schema.metadata().iter().map(|(key, value)| key.len() + value.len() + NODE_BYTES).sum();
    NODE_BYTES + metadata + fields_bytes(schema.fields())
}

/// Counts the allocations behind batches, each of them once.
///
/// An allocation is known by its address, which another one may get once it is freed: whoever counts with this keeps
/// the batches for as long.
#[derive(Debug, Default)]
pub(crate) struct Allocations {
    seen: HashSet<usize>,
}

impl Allocations {
    /// Returns how many bytes stay in memory for `batch` that did not before.
    pub(crate) fn add(&mut self, batch: &RecordBatch) -> u64 {
        let mut bytes = BATCH_BYTES;
        for column in batch.columns() {
            bytes += ARRAY_BYTES + self.add_data(&column.to_data());
        }
        bytes
    }

    /// An allocation is told by the address it begins at; slices of one buffer have it in common.
    fn add_data(&mut self, data: &ArrayData) -> u64 {
        let nulls = data.nulls().map(|nulls| nulls.buffer());
        let own = data.buffers().iter().chain(nulls).map(|buffer| {
            let new = self.seen.insert(buffer.data_ptr().as_ptr() as usize);
            if new { buffer.capacity() as u64 } else { 0 }
        });
        let own: u64 = own.sum();
        own + data.child_data().iter().map(|child| ARRAY_BYTES + self.add_data(child)).sum::<u64>()
    }
}

/// Returns how many bytes `batch` keeps in memory, each allocation once.
///
/// Columns that were received together are slices of one allocation; a row that was cut from a large batch keeps all of it.
///
/// ```
/// use arrow_array::record_batch;
/// use arrowlink_core::{compact, memory_bytes};
///
/// let large = record_batch!(("id", Int64, vec![7; 100_000])).unwrap();
/// let row = large.slice(500, 1);
/// assert!(memory_bytes(&row) >= 800_000);
/// assert!(memory_bytes(&compact(&row)?) < 1000);
/// # Ok::<(), arrowlink_core::Error>(())
/// ```
pub fn memory_bytes(batch: &RecordBatch) -> u64 {
    Allocations::default().add(batch)
}

/// Copies `batch` where it keeps far more in memory than its rows need; returns it as it is where it does not.
pub(crate) fn without_waste(batch: RecordBatch) -> Result<RecordBatch> {
    let held = Allocations::default().add(&batch);
    let needed = 2 * batch_bytes(&batch) as u64 + WASTE_BYTES;
    if held <= needed { Ok(batch) } else { compact(&batch) }
}

/// Copies the rows of `batch` into buffers of their own, which begin at the first row.
///
/// A slice, or one column of a message that was received, keeps all of the memory alive that it was cut from. Who
/// keeps little of much compacts it. Dictionaries stay whole and are shared.
///
/// ```
/// use arrow_array::{Array, record_batch};
/// use arrowlink_core::compact;
///
/// let large = record_batch!(("id", Int64, vec![7; 100_000])).unwrap();
/// let small = compact(&large.slice(500, 10))?;
/// assert_eq!(small, large.slice(500, 10));
/// assert!(small.column(0).get_buffer_memory_size() < 1000);
/// # Ok::<(), arrowlink_core::Error>(())
/// ```
///
/// # Errors
///
/// `Internal` where an offset overflows, which rows that are in a batch already do not.
pub fn compact(batch: &RecordBatch) -> Result<RecordBatch> {
    let columns = batch.columns().iter().map(copied).collect::<Result<_>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(SchemaRef::clone(batch.schema_ref()), columns, &options)
        .map_err(internal)
}

/// Copies one column. Offsets and bitmaps of the copy begin at zero, so that a message can be made of it without
/// another copy.
fn copied(column: &ArrayRef) -> Result<ArrayRef> {
    let data = column.to_data();
    let mut copy = MutableArrayData::new(vec![&data], false, column.len());
    copy.try_extend(0, 0, column.len()).map_err(internal)?;
    views::collected(make_array(copy.freeze()))
}

/// Returns at least what `array` takes in a message: its values, its bitmap and what describes them.
pub(crate) fn array_bytes(array: &dyn Array) -> usize {
    let rows = array.len();
    let nulls = if array.null_count() > 0 { rows.div_ceil(8) } else { 0 };
    NODE_BYTES + nulls + values_bytes(array, rows)
}

/// Returns what the buffers of values and all children take, without the node of the array itself.
fn values_bytes(array: &dyn Array, rows: usize) -> usize {
    match array.data_type() {
        DataType::Null => 0,
        DataType::Boolean => rows.div_ceil(8),
        DataType::Utf8 => variable_bytes(array.as_string::<i32>().value_offsets()),
        DataType::LargeUtf8 => variable_bytes(array.as_string::<i64>().value_offsets()),
        DataType::Binary => variable_bytes(array.as_binary::<i32>().value_offsets()),
        DataType::LargeBinary => variable_bytes(array.as_binary::<i64>().value_offsets()),
        DataType::Utf8View => view_bytes(array.as_string_view()),
        DataType::BinaryView => view_bytes(array.as_binary_view()),
        DataType::FixedSizeBinary(width) => rows * usize::try_from(*width).unwrap_or(0),
        DataType::List(_) => list_bytes(array.as_list::<i32>()),
        DataType::LargeList(_) => list_bytes(array.as_list::<i64>()),
        DataType::ListView(_) => 2 * 4 * rows + array_bytes(array.as_list_view::<i32>().values()),
        DataType::LargeListView(_) => 2 * 8 * rows + array_bytes(array.as_list_view::<i64>().values()),
        DataType::FixedSizeList(_, _) => array_bytes(array.as_fixed_size_list().values()),
        DataType::Struct(_) => array.as_struct().columns().iter().map(|column| array_bytes(column)).sum(),
        DataType::Map(_, _) => {
            let map = array.as_map();
            let (first, count) = span(map.value_offsets());
            4 * (rows + 1) + array_bytes(&map.entries().slice(first, count))
        }
        DataType::Dictionary(_, _) => dictionary_bytes(array, rows),
        // Unions and runs: the whole of their children, sliced or not.
        _ => primitive_bytes(array, rows).unwrap_or_else(|| whole_bytes(&array.to_data())),
    }
}

fn primitive_bytes(array: &dyn Array, rows: usize) -> Option<usize> {
    array.data_type().primitive_width().map(|width| rows * width)
}

/// Counts the offsets and the bytes between the first and the last of them.
fn variable_bytes<O: OffsetSizeTrait>(offsets: &[O]) -> usize {
    size_of_val(offsets) + span(offsets).1
}

fn list_bytes<O: OffsetSizeTrait>(list: &GenericListArray<O>) -> usize {
    let (first, count) = span(list.value_offsets());
    size_of_val(list.value_offsets()) + array_bytes(&list.values().slice(first, count))
}

/// Counts the views and the bytes they point to, as often as they are pointed to.
fn view_bytes<T: ByteViewType>(views: &GenericByteViewArray<T>) -> usize {
    let buffers = views.data_buffers().len() * 2 * PADDING_BYTES;
    views.len() * VIEW_BYTES + views.total_buffer_bytes_used() + buffers
}

/// Returns where the values of a slice begin and how many there are.
fn span<O: OffsetSizeTrait>(offsets: &[O]) -> (usize, usize) {
    let first = offsets.first().map_or(0, |offset| offset.as_usize());
    (first, offsets.last().map_or(0, |offset| offset.as_usize()) - first)
}

/// A message has the whole dictionary or, where that is less, one value for each row.
fn dictionary_bytes(array: &dyn Array, rows: usize) -> usize {
    let dictionary = array.as_any_dictionary();
    let values = dictionary.values();
    let mut bytes = array_bytes(values);
    if values.len() > rows {
        let one_by_one = dictionary.normalized_keys().into_iter().map(|key| value_bytes(values, key));
        bytes = bytes.min(NODE_BYTES + one_by_one.sum::<usize>());
    }
    bytes + primitive_bytes(dictionary.keys(), rows).unwrap_or(0)
}

/// Returns what one value of a dictionary takes by itself.
pub(crate) fn value_bytes(values: &dyn Array, row: usize) -> usize {
    // The key of a null may be anything.
    if row < values.len() { array_bytes(&values.slice(row, 1)) - NODE_BYTES } else { 0 }
}

/// Counts all buffers as they are: more than a slice needs, never less.
fn whole_bytes(data: &ArrayData) -> usize {
    let own: usize = data.buffers().iter().map(|buffer| buffer.len() + PADDING_BYTES).sum();
    own + data.child_data().iter().map(whole_bytes).sum::<usize>() + NODE_BYTES
}

fn fields_bytes(fields: &Fields) -> usize {
    fields.iter().map(|field| field_bytes(field)).sum()
}

fn field_bytes(field: &Field) -> usize {
    let metadata: usize =
        field.metadata().iter().map(|(key, value)| key.len() + value.len() + NODE_BYTES).sum();
    let nested: usize = match field.data_type() {
        DataType::Struct(fields) => fields_bytes(fields),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => field_bytes(item),
        DataType::RunEndEncoded(ends, values) => field_bytes(ends) + field_bytes(values),
        DataType::Union(fields, _) => fields.iter().map(|(_, field)| field_bytes(field)).sum(),
        _ => 0,
    };
    NODE_BYTES + field.name().len() + metadata + nested
}

/// A buffer in a message begins at a multiple of this.
const PADDING_BYTES: usize = 64;
/// What an array or a field takes in a message beside its values: padding of three buffers and their description.
const NODE_BYTES: usize = 4 * PADDING_BYTES;
/// One view of a string; a string that is within it takes no more as offset and bytes.
const VIEW_BYTES: usize = 16;
/// What an array takes in memory beside its buffers.
const ARRAY_BYTES: u64 = 128;
/// What a batch takes in memory beside its arrays.
const BATCH_BYTES: u64 = 64;
/// How much a batch may keep in memory for nothing before it is copied.
const WASTE_BYTES: u64 = 64 * 1024;
