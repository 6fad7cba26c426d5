//! Arrays to their plain types. Containers keep their nulls, and only what lies in their rows is made anew.
//!
//! A slice of a nested column is rebuilt rather than cast as a whole because the casts of Arrow work on all that the
//! children hold: ten rows would pay for the million beside them.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Int16Type, Int32Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, GenericListArray, GenericListViewArray, MapArray, OffsetSizeTrait, StructArray,
    UnionArray, make_array,
};
use arrow_buffer::{ArrowNativeType as _, Buffer, OffsetBuffer, ScalarBuffer};
use arrow_data::ArrayData;
use arrow_data::transform::MutableArrayData;
use arrow_schema::{ArrowError, DataType, FieldRef, UnionMode};
use arrow_select::dictionary::garbage_collect_any_dictionary;

use super::Failure;
use super::repeated::Repeats;
use super::types::{has_child, is_plain};

type Result<T, E = Failure> = std::result::Result<T, E>;

/// Makes the arrays of one batch plain.
#[derive(Debug)]
pub(crate) struct Maker {
    /// Whether dictionary values and children of unions are left out that no row uses.
    prunes: bool,
    /// What all of them together may repeat.
    repeats: Repeats,
}

impl Maker {
    pub(super) fn new(prunes: bool) -> Self {
        Self { prunes, repeats: Repeats::default() }
    }

    /// Says whether there is anything to do for arrays of `data_type`.
    pub(super) fn touches(&self, data_type: &DataType) -> bool {
        match data_type {
            DataType::Dictionary(..) if self.prunes => true,
            // The slices of a dense union have the children of the whole.
            DataType::Union(_, UnionMode::Dense) if self.prunes => true,
            other => !is_plain(other) || has_child(other, |child| self.touches(child)),
        }
    }

    /// Returns `array` as `to`, which is the plain type of its own.
    pub(super) fn plain(&self, array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
        if !self.touches(array.data_type()) {
            return Ok(Arc::clone(array));
        }
        match (array.data_type(), to) {
            (DataType::Utf8View, _) => {
                self.repeats.views(array.as_string_view()).and_then(|()| cast(array, to))
            }
            (DataType::BinaryView, _) => {
                self.repeats.views(array.as_binary_view()).and_then(|()| cast(array, to))
            }
            (DataType::List(_), DataType::List(field)) => self.list(array.as_list::<i32>(), field),
            (DataType::LargeList(_), DataType::LargeList(field)) => self.list(array.as_list::<i64>(), field),
            (DataType::ListView(_), DataType::List(field)) => {
                self.list_view(array.as_list_view::<i32>(), field)
            }
            (DataType::LargeListView(_), DataType::LargeList(field)) => {
                self.list_view(array.as_list_view::<i64>(), field)
            }
            (DataType::FixedSizeList(..), DataType::FixedSizeList(field, _)) => {
                let list = array.as_fixed_size_list();
                let values = self.plain(list.values(), field.data_type())?;
                Ok(make_array(assembled(to, list, None, [values])?))
            }
            (DataType::Map(..), DataType::Map(field, sorted)) => self.map(array.as_map(), field, *sorted),
            (DataType::Struct(_), DataType::Struct(_)) => {
                Ok(Arc::new(self.structure(array.as_struct(), to)?))
            }
            (DataType::Union(..), DataType::Union(..)) => self.union(array.as_union(), to),
            (DataType::Dictionary(..), DataType::Dictionary(_, values)) => self.dictionary(array, values),
            (DataType::RunEndEncoded(ends, _), _) => {
                let runs = match ends.data_type() {
                    DataType::Int16 => self.repeats.runs::<Int16Type>(array)?,
                    DataType::Int32 => self.repeats.runs::<Int32Type>(array)?,
                    _ => self.repeats.runs::<Int64Type>(array)?,
                };
                let values = self.plain(&runs.values, to)?;
                if values.data_type().is_nested() {
                    return gathered(&values, runs.rows.values().iter().map(|run| (run.as_usize(), 1)));
                }
                Ok(arrow_select::take::take(&values, &runs.rows, None)?)
            }
            _ => cast(array, to),
        }
    }

    fn dictionary(&self, array: &ArrayRef, values: &DataType) -> Result<ArrayRef> {
        let pruned = match self.prunes {
            true => garbage_collect_any_dictionary(array.as_any_dictionary())?,
            false => Arc::clone(array),
        };
        let dictionary = pruned.as_any_dictionary();
        Ok(dictionary.with_values(self.plain(dictionary.values(), values)?))
    }

    fn list<O: OffsetSizeTrait>(&self, list: &GenericListArray<O>, field: &FieldRef) -> Result<ArrayRef> {
        let (offsets, values) = trimmed(list.offsets(), list.values());
        let values = self.plain(&values, field.data_type())?;
        let to = GenericListArray::<O>::DATA_TYPE_CONSTRUCTOR(Arc::clone(field));
        Ok(make_array(assembled(&to, list, Some(offsets.into_inner().into_inner()), [values])?))
    }

    /// Makes the values plain once, however many lists refer to them, and copies them then.
    fn list_view<O: OffsetSizeTrait>(
        &self,
        lists: &GenericListViewArray<O>,
        field: &FieldRef,
    ) -> Result<ArrayRef> {
        let spans = lists.value_offsets().iter().zip(lists.value_sizes());
        let spans = spans.map(|(offset, size)| (offset.as_usize(), size.as_usize()));
        let used = || spans.clone().filter(|(_, size)| *size > 0);
        let first = used().map(|(offset, _)| offset).min().unwrap_or_default();
        let end = used().map(|(offset, size)| offset + size).max().unwrap_or_default();
        let values = self.plain(&lists.values().slice(first, end - first), field.data_type())?;
        let used = || used().map(|(offset, size)| (offset - first, size));
        self.repeats.list_views(&values, used())?;
        let values = gathered(&values, used())?;
        let (mut offsets, mut length) = (vec![O::usize_as(0)], 0);
        for (_, size) in spans {
            length += size;
            offsets.push(O::from_usize(length).ok_or(Failure::TooLong)?);
        }
        let to = GenericListArray::<O>::DATA_TYPE_CONSTRUCTOR(Arc::clone(field));
        Ok(make_array(assembled(&to, lists, Some(Buffer::from_vec(offsets)), [values])?))
    }

    fn map(&self, map: &MapArray, field: &FieldRef, sorted: bool) -> Result<ArrayRef> {
        let entries: ArrayRef = Arc::new(map.entries().clone());
        let (offsets, entries) = trimmed(map.offsets(), &entries);
        let entries = self.structure(entries.as_struct(), field.data_type())?;
        let nulls = map.nulls().cloned();
        Ok(Arc::new(MapArray::try_new(Arc::clone(field), offsets, entries, nulls, sorted)?))
    }

    fn structure(&self, array: &StructArray, to: &DataType) -> Result<StructArray> {
        let DataType::Struct(fields) = to else { return Err(other(to)) };
        let columns = array.columns().iter().zip(fields);
        let columns = columns.map(|(column, field)| self.plain(column, field.data_type()));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        Ok(StructArray::from(assembled(to, array, None, columns)?))
    }

    fn union(&self, array: &UnionArray, to: &DataType) -> Result<ArrayRef> {
        let DataType::Union(fields, _) = to else { return Err(other(to)) };
        let ids = array.type_ids();
        let mut offsets = array.offsets().map(|offsets| offsets.to_vec());
        let mut children = Vec::with_capacity(fields.len());
        for (id, field) in fields.iter() {
            let child = match &mut offsets {
                Some(offsets) => used(array.child(id), id, ids, offsets),
                None => Arc::clone(array.child(id)),
            };
            children.push(self.plain(&child, field.data_type())?);
        }
        let offsets = offsets.map(ScalarBuffer::from);
        Ok(Arc::new(UnionArray::try_new(fields.clone(), ids.clone(), offsets, children)?))
    }
}

/// Puts `children` where those of `array` were. A union or a dictionary among them that is never null may have nulls in it
/// all the same, which the arrays' own constructors do not take.
fn assembled(
    to: &DataType,
    array: &dyn Array,
    offsets: Option<Buffer>,
    children: impl IntoIterator<Item = ArrayRef>,
) -> Result<ArrayData> {
    let builder = ArrayData::builder(to.clone()).len(array.len()).nulls(array.nulls().cloned());
    let children = children.into_iter().map(|child| child.to_data()).collect();
    Ok(builder.buffers(offsets.into_iter().collect()).child_data(children).build()?)
}

/// Copies spans of rows, each a first row and a length. It takes the values as they are, where the kernels of Arrow put
/// arrays together by constructors that some of them do not pass.
fn gathered(values: &ArrayRef, spans: impl Iterator<Item = (usize, usize)>) -> Result<ArrayRef> {
    let data = values.to_data();
    let mut copy = MutableArrayData::new(vec![&data], false, values.len());
    for (first, length) in spans {
        copy.try_extend(0, first, first + length)?;
    }
    Ok(make_array(copy.freeze()))
}

fn cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    Ok(arrow_cast::cast(array, to)?)
}

/// Returns the values that the offsets refer to, and offsets that begin at zero.
fn trimmed<O: OffsetSizeTrait>(offsets: &OffsetBuffer<O>, values: &ArrayRef) -> (OffsetBuffer<O>, ArrayRef) {
    let first = offsets.first().copied().unwrap_or_default();
    let last = offsets.last().copied().unwrap_or_default();
    let values = values.slice(first.as_usize(), (last - first).as_usize());
    let moved: ScalarBuffer<O> = offsets.iter().map(|offset| *offset - first).collect();
    (OffsetBuffer::new(moved), values)
}

/// Returns the part of a dense union's child that rows refer to, and moves their offsets to it.
fn used(child: &ArrayRef, id: i8, ids: &[i8], offsets: &mut [i32]) -> ArrayRef {
    let mine = || ids.iter().zip(offsets.iter()).filter(|(of, _)| **of == id).map(|(_, offset)| *offset);
    let (Some(first), Some(last)) = (mine().min(), mine().max()) else { return child.slice(0, 0) };
    for (_, offset) in ids.iter().zip(offsets.iter_mut()).filter(|(of, _)| **of == id) {
        *offset -= first;
    }
    child.slice(first.as_usize(), (last - first).as_usize() + 1)
}

fn other(to: &DataType) -> Failure {
    Failure::Arrow(ArrowError::CastError(format!("`{to}` is not the plain type")))
}
