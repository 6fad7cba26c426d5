//! Slices that arrow-ipc writes wrongly, made whole before it sees them.
//!
//! Its encoder slices what lies in lists, and then writes the type ids, offsets and children of a union from their
//! beginning (rows come out with other rows' values); an empty slice of runs it writes with one run that ends at zero,
//! which no strict reader takes. Arrays without unions and runs pass as they are.
//!
//! Nothing here changes a value: [`settle`] returns an array that is equal to its input and lies differently in
//! memory.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Int16Type, Int32Type, Int64Type, RunEndIndexType};
use arrow_array::{Array, ArrayRef, OffsetSizeTrait, PrimitiveArray, RunArray, make_array};
use arrow_buffer::{Buffer, OffsetBuffer};
use arrow_data::{ArrayData, ArrayDataBuilder};
use arrow_schema::{ArrowError, DataType};

/// Returns whether arrays of this type must be settled before they are written.
pub(crate) fn is_unsettled(data_type: &DataType) -> bool {
    match data_type {
        DataType::Union(..) | DataType::RunEndEncoded(..) => true,
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => is_unsettled(item.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| is_unsettled(field.data_type())),
        DataType::Dictionary(_, values) => is_unsettled(values),
        _ => false,
    }
}

/// Returns whether dictionaries in `data_type` have values that must be settled; of those no part can be sent.
pub(crate) fn has_unsettled_dictionary(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_unsettled(values),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _)
        | DataType::RunEndEncoded(_, item)
        | DataType::Map(item, _) => has_unsettled_dictionary(item.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| has_unsettled_dictionary(field.data_type())),
        DataType::Union(fields, _) => {
            fields.iter().any(|(_, field)| has_unsettled_dictionary(field.data_type()))
        }
        _ => false,
    }
}

/// Returns an equal array in which no union or run begins anywhere but at the beginning of its buffers.
pub(crate) fn settle(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    if !is_unsettled(array.data_type()) {
        return Ok(Arc::clone(array));
    }
    match array.data_type() {
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            lists(list, list.offsets(), list.values())
        }
        DataType::LargeList(_) => {
            let list = array.as_list::<i64>();
            lists(list, list.offsets(), list.values())
        }
        DataType::Map(..) => {
            let map = array.as_map();
            let entries: ArrayRef = Arc::new(map.entries().clone());
            lists(map, map.offsets(), &entries)
        }
        DataType::RunEndEncoded(ends, _) => match ends.data_type() {
            DataType::Int16 => runs::<Int16Type>(array.as_run()),
            DataType::Int32 => runs::<Int32Type>(array.as_run()),
            _ => runs::<Int64Type>(array.as_run()),
        },
        _ => {
            let data = array.to_data();
            let children: Vec<_> = data.child_data().iter().map(|child| make_array(child.clone())).collect();
            with_children(data.into_builder(), &children)
        }
    }
}

/// Leaves out the values before the first list and after the last.
fn lists<O: OffsetSizeTrait>(
    lists: &dyn Array,
    offsets: &OffsetBuffer<O>,
    values: &ArrayRef,
) -> Result<ArrayRef, ArrowError> {
    let (first, last) = match (offsets.first(), offsets.last()) {
        (Some(first), Some(last)) => (*first, *last),
        _ => (O::zero(), O::zero()),
    };
    let values = values.slice(first.as_usize(), (last - first).as_usize());
    let offsets: Vec<O> = offsets.iter().map(|offset| *offset - first).collect();
    with_children(lists.to_data().into_builder().buffers(vec![Buffer::from_vec(offsets)]), &[values])
}

/// Leaves out the runs before the first value and after the last.
fn runs<R: RunEndIndexType>(array: &RunArray<R>) -> Result<ArrayRef, ArrowError> {
    let (ends, values) = if array.is_empty() {
        (Vec::new(), array.values().slice(0, 0))
    } else {
        (array.run_ends().sliced_values().collect(), array.values_slice())
    };
    let ends: ArrayRef = Arc::new(PrimitiveArray::<R>::from_iter_values(ends));
    with_children(ArrayData::builder(array.data_type().clone()).len(array.len()), &[ends, values])
}

/// Builds the array with `children` settled in their turn, validated as every array that is built.
fn with_children(builder: ArrayDataBuilder, children: &[ArrayRef]) -> Result<ArrayRef, ArrowError> {
    let children =
        children.iter().map(|child| Ok(settle(child)?.to_data())).collect::<Result<_, ArrowError>>()?;
    Ok(make_array(builder.child_data(children).build()?))
}
