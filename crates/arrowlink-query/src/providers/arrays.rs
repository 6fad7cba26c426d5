//! Arrays as SQL sees them. What needs no change is passed on, memory and all.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::{
    Array as _, ArrayRef, BooleanArray, FixedSizeListArray, GenericListArray, MapArray, OffsetSizeTrait,
    StructArray,
};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_cast::{CastOptions, cast, cast_with_options};
use arrow_schema::{ArrowError, DataType, FieldRef, Fields};
use arrow_select::dictionary::garbage_collect_any_dictionary;
use arrow_select::nullif::nullif;

type Result<T, E = ArrowError> = std::result::Result<T, E>;

/// Returns `array` as `to`, which is the type that SQL sees for its own.
pub(super) fn seen(array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    match to {
        DataType::Struct(fields) => structure(array.as_struct(), fields).map(|array| Arc::new(array) as _),
        DataType::List(field) => list(array.as_list::<i32>(), field),
        DataType::LargeList(field) => list(array.as_list::<i64>(), field),
        DataType::FixedSizeList(field, size) => {
            let list = array.as_fixed_size_list();
            let (values, nulls) = (seen(list.values(), field.data_type())?, list.nulls().cloned());
            let field = Arc::clone(field);
            let list = FixedSizeListArray::try_new_with_length(field, *size, values, nulls, list.len())?;
            Ok(Arc::new(list))
        }
        DataType::Map(entries, sorted) => map(array.as_map(), entries, *sorted),
        DataType::Dictionary(keys, values) => dictionary(array, keys, values),
        DataType::Decimal128(..) => cast(array, to),
        _ => Ok(Arc::clone(array)),
    }
}

/// Returns `array`, which has the type that SQL sees, as `to`.
pub(super) fn own(array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    let own =
        |array: &ArrayRef| cast_with_options(array, to, &CastOptions { safe: false, ..Default::default() });
    let Some(dictionary) = array.as_any_dictionary_opt() else { return own(array) };
    // Small keys do not count what no row uses, nor what is there several times.
    let used = garbage_collect_any_dictionary(dictionary)?;
    own(&used).or_else(|_| own(&cast(&used, dictionary.values().data_type())?))
}

/// Makes the fields null where the struct is.
fn structure(array: &StructArray, fields: &Fields) -> Result<StructArray> {
    let lost = array.nulls().filter(|nulls| nulls.null_count() > 0);
    let lost = lost.map(|nulls| BooleanArray::new(!nulls.inner(), None));
    let columns = array.columns().iter().zip(fields).map(|(column, field)| match &lost {
        // A union has no nulls of its own.
        Some(lost) if !matches!(column.data_type(), DataType::Union(..)) => {
            seen(&nullif(column, lost)?, field.data_type())
        }
        _ => seen(column, field.data_type()),
    });
    let columns = columns.collect::<Result<Vec<_>>>()?;
    StructArray::try_new_with_length(fields.clone(), columns, array.nulls().cloned(), array.len())
}

fn dictionary(array: &ArrayRef, keys: &DataType, values: &DataType) -> Result<ArrayRef> {
    let own_values = Box::new(array.as_any_dictionary().values().data_type().clone());
    let array = cast(array, &DataType::Dictionary(Box::new(keys.clone()), own_values))?;
    let dictionary = array.as_any_dictionary();
    Ok(dictionary.with_values(seen(dictionary.values(), values)?))
}

fn list<O: OffsetSizeTrait>(list: &GenericListArray<O>, field: &FieldRef) -> Result<ArrayRef> {
    let (offsets, values) = trimmed(list.offsets(), list.values());
    let (values, nulls) = (seen(&values, field.data_type())?, list.nulls().cloned());
    Ok(Arc::new(GenericListArray::<O>::try_new(Arc::clone(field), offsets, values, nulls)?))
}

fn map(map: &MapArray, field: &FieldRef, sorted: bool) -> Result<ArrayRef> {
    let DataType::Struct(fields) = field.data_type() else {
        return Err(ArrowError::SchemaError("the entries of a map are no struct".to_owned()));
    };
    let entries: ArrayRef = Arc::new(map.entries().clone());
    let (offsets, entries) = trimmed(map.offsets(), &entries);
    let entries = structure(entries.as_struct(), fields)?;
    let nulls = map.nulls().cloned();
    Ok(Arc::new(MapArray::try_new(Arc::clone(field), offsets, entries, nulls, sorted)?))
}

/// Returns the values that the offsets refer to, and offsets that begin at zero: a slice does not pay for the whole.
fn trimmed<O: OffsetSizeTrait>(offsets: &OffsetBuffer<O>, values: &ArrayRef) -> (OffsetBuffer<O>, ArrayRef) {
    let first = offsets.first().copied().unwrap_or_default();
    let last = offsets.last().copied().unwrap_or_default();
    if first.as_usize() == 0 && last.as_usize() == values.len() {
        return (offsets.clone(), Arc::clone(values));
    }
    let values = values.slice(first.as_usize(), (last - first).as_usize());
    let moved: ScalarBuffer<O> = offsets.iter().map(|offset| *offset - first).collect();
    (OffsetBuffer::new(moved), values)
}
