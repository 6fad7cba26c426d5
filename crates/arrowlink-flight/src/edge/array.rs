//! Arrays to their plain types. Containers keep their offsets and nulls, and only what lies in them is made anew.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{ByteViewType, Int16Type, Int32Type, Int64Type, RunEndIndexType};
use arrow_array::{
    Array, ArrayRef, FixedSizeListArray, GenericByteViewArray, GenericListArray, MapArray, OffsetSizeTrait,
    RunArray, StructArray, UInt64Array, UnionArray,
};
use arrow_schema::{ArrowError, DataType, FieldRef};

use super::Failure;
use super::types::is_plain;

type Result<T, E = Failure> = std::result::Result<T, E>;

/// Returns `array` as `to`, which is the plain type of its own.
pub(super) fn plain(array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    if is_plain(array.data_type()) {
        return Ok(Arc::clone(array));
    }
    match (array.data_type(), to) {
        (DataType::Utf8View, _) => short(array.as_string_view()).and_then(|()| cast(array, to)),
        (DataType::BinaryView, _) => short(array.as_binary_view()).and_then(|()| cast(array, to)),
        (DataType::List(_), DataType::List(field)) => list(array.as_list::<i32>(), field),
        (DataType::LargeList(_), DataType::LargeList(field)) => list(array.as_list::<i64>(), field),
        (DataType::ListView(field), DataType::List(to)) => {
            list(cast(array, &DataType::List(Arc::clone(field)))?.as_list::<i32>(), to)
        }
        (DataType::LargeListView(field), DataType::LargeList(to)) => {
            list(cast(array, &DataType::LargeList(Arc::clone(field)))?.as_list::<i64>(), to)
        }
        (DataType::FixedSizeList(..), DataType::FixedSizeList(field, size)) => {
            let list = array.as_fixed_size_list();
            let values = plain(list.values(), field.data_type())?;
            let nulls = list.nulls().cloned();
            let list =
                FixedSizeListArray::try_new_with_length(Arc::clone(field), *size, values, nulls, list.len());
            Ok(Arc::new(list?))
        }
        (DataType::Map(..), DataType::Map(field, sorted)) => map(array.as_map(), field, *sorted),
        (DataType::Struct(_), DataType::Struct(_)) => Ok(Arc::new(structure(array.as_struct(), to)?)),
        (DataType::Union(..), DataType::Union(..)) => union(array, to),
        (DataType::Dictionary(..), DataType::Dictionary(_, values)) => {
            let dictionary = array.as_any_dictionary();
            Ok(dictionary.with_values(plain(dictionary.values(), values)?))
        }
        (DataType::RunEndEncoded(run_ends, _), _) => match run_ends.data_type() {
            DataType::Int16 => runs::<Int16Type>(array, to),
            DataType::Int32 => runs::<Int32Type>(array, to),
            _ => runs::<Int64Type>(array, to),
        },
        _ => cast(array, to),
    }
}

fn cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    Ok(arrow_cast::cast(array, to)?)
}

/// Makes sure that the values have offsets of 32 bits.
fn short<T: ByteViewType + ?Sized>(array: &GenericByteViewArray<T>) -> Result<()> {
    let bytes: u64 = array.lengths().map(u64::from).sum();
    if bytes > i32::MAX as u64 { Err(Failure::TooLong) } else { Ok(()) }
}

fn list<O: OffsetSizeTrait>(list: &GenericListArray<O>, field: &FieldRef) -> Result<ArrayRef> {
    let (first, last) = (list.value_offsets().first(), list.value_offsets().last());
    let (first, last) = first.zip(last).map_or((0, 0), |(first, last)| (first.as_usize(), last.as_usize()));
    // Only what the rows refer to: the values of a slice may be those of a much larger list.
    let values = plain(&list.values().slice(first, last - first), field.data_type())?;
    let offsets = arrow_buffer::OffsetBuffer::from_lengths(list.offsets().lengths());
    Ok(Arc::new(GenericListArray::<O>::try_new(Arc::clone(field), offsets, values, list.nulls().cloned())?))
}

fn map(map: &MapArray, field: &FieldRef, sorted: bool) -> Result<ArrayRef> {
    let entries = structure(map.entries(), field.data_type())?;
    let (offsets, nulls) = (map.offsets().clone(), map.nulls().cloned());
    Ok(Arc::new(MapArray::try_new(Arc::clone(field), offsets, entries, nulls, sorted)?))
}

fn structure(array: &StructArray, to: &DataType) -> Result<StructArray> {
    let DataType::Struct(fields) = to else { return Err(other(to)) };
    let columns = array.columns().iter().zip(fields).map(|(column, field)| plain(column, field.data_type()));
    let columns = columns.collect::<Result<Vec<_>>>()?;
    Ok(StructArray::try_new_with_length(fields.clone(), columns, array.nulls().cloned(), array.len())?)
}

fn union(array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    let DataType::Union(fields, _) = to else { return Err(other(to)) };
    let union = array.as_union();
    let children = fields.iter().map(|(id, field)| plain(union.child(id), field.data_type()));
    let children = children.collect::<Result<Vec<_>>>()?;
    let (ids, offsets) = (union.type_ids().clone(), union.offsets().cloned());
    Ok(Arc::new(UnionArray::try_new(fields.clone(), ids, offsets, children)?))
}

/// Repeats the value of each run for each of its rows.
fn runs<R: RunEndIndexType>(array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    let Some(runs) = array.as_any().downcast_ref::<RunArray<R>>() else { return Err(other(to)) };
    if runs.len() > MOST_RUN_ROWS {
        return Err(Failure::TooLong);
    }
    let values = plain(runs.values(), to)?;
    let rows = (0..runs.len()).map(|row| runs.get_physical_index(row) as u64);
    let rows = UInt64Array::from_iter_values(rows);
    if matches!(to, DataType::Utf8 | DataType::Binary) {
        repeated_short(&values, &rows)?;
    }
    Ok(arrow_select::take::take(&values, &rows, None)?)
}

/// Makes sure that the values do not take many times what the runs did: a few bytes can say a lot of them.
fn repeated_short(values: &ArrayRef, rows: &UInt64Array) -> Result<()> {
    let offsets = match values.data_type() {
        DataType::Utf8 => values.as_string::<i32>().offsets(),
        _ => values.as_binary::<i32>().offsets(),
    };
    let lengths: Vec<u64> = offsets.lengths().map(|length| length as u64).collect();
    let bytes: u64 = rows.values().iter().filter_map(|row| lengths.get(usize::try_from(*row).ok()?)).sum();
    if bytes > MOST_REPEATED_BYTES && rows.len() > 1 { Err(Failure::TooLong) } else { Ok(()) }
}

fn other(to: &DataType) -> Failure {
    Failure::Arrow(ArrowError::CastError(format!("`{to}` is not the plain type")))
}

/// What runs become at most before their batch is cut in two.
const MOST_RUN_ROWS: usize = 1 << 24;
const MOST_REPEATED_BYTES: u64 = 64 << 20;
