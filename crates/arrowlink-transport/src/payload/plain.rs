//! Columns as older Arrow libraries know them, and without what a slice does not use.
//!
//! Columns that need neither are passed on as they are, memory and all. Those that do are rebuilt level by level, each
//! level cut to the rows of the slice first, so that the work is in proportion to the payload and not to the batch.
//!
//! A slice of a nested column is rebuilt rather than cast as a whole because the casts of Arrow work on all that the
//! children hold: a payload of ten rows would pay for the million beside them.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::{
    Array as _, ArrayRef, FixedSizeListArray, GenericListArray, MapArray, OffsetSizeTrait, RecordBatch,
    RecordBatchOptions, StructArray, UnionArray,
};
use arrow_buffer::{ArrowNativeType as _, OffsetBuffer, ScalarBuffer};
use arrow_cast::cast;
use arrow_schema::{
    ArrowError, DataType, Field, FieldRef, Fields, Schema, SchemaRef, UnionFields, UnionMode,
};
use arrow_select::dictionary::garbage_collect_any_dictionary;

/// How the batches of one schema are made plain.
#[derive(Debug)]
pub(super) struct Plain {
    schema: SchemaRef,
    /// Which columns there is anything to do for.
    touched: Vec<bool>,
}

impl Plain {
    pub(super) fn new(schema: &Schema) -> Self {
        let fields: Fields = schema.fields().iter().map(plain_field).collect();
        let touched = schema.fields().iter().map(|field| needs_work(field.data_type())).collect();
        Self { schema: Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone())), touched }
    }

    /// Returns the schema that plain batches have.
    pub(super) const fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Casts what has to be cast and leaves out dictionary values that no row uses.
    pub(super) fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let columns = batch.columns().iter().zip(&self.touched);
        let columns =
            columns.map(|(column, touched)| if *touched { plain(column) } else { Ok(Arc::clone(column)) });
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(
            Arc::clone(&self.schema),
            columns.collect::<Result<_, _>>()?,
            &options,
        )
    }
}

fn needs_work(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8View
        | DataType::BinaryView
        | DataType::ListView(_)
        | DataType::LargeListView(_)
        | DataType::RunEndEncoded(_, _)
        | DataType::Dictionary(_, _) => true,
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::FixedSizeList(field, _)
        | DataType::Map(field, _) => needs_work(field.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| needs_work(field.data_type())),
        // The slices of a dense union have the children of the whole.
        DataType::Union(fields, mode) => {
            *mode == UnionMode::Dense || fields.iter().any(|(_, field)| needs_work(field.data_type()))
        }
        _ => false,
    }
}

fn plain_field(field: &FieldRef) -> FieldRef {
    if !needs_work(field.data_type()) {
        return Arc::clone(field);
    }
    let nullable = match field.data_type() {
        DataType::RunEndEncoded(_, values) => field.is_nullable() || values.is_nullable(),
        _ => field.is_nullable(),
    };
    let data_type = plain_type(field.data_type());
    Arc::new(Field::clone(field).with_data_type(data_type).with_nullable(nullable))
}

fn plain_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        DataType::RunEndEncoded(_, values) => plain_type(values.data_type()),
        DataType::Dictionary(keys, values) => {
            DataType::Dictionary(keys.clone(), Box::new(plain_type(values)))
        }
        DataType::List(field) | DataType::ListView(field) => DataType::List(plain_field(field)),
        DataType::LargeList(field) | DataType::LargeListView(field) => {
            DataType::LargeList(plain_field(field))
        }
        DataType::FixedSizeList(field, size) => DataType::FixedSizeList(plain_field(field), *size),
        DataType::Map(field, sorted) => DataType::Map(plain_field(field), *sorted),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(plain_field).collect()),
        DataType::Union(fields, mode) => DataType::Union(plain_union_fields(fields), *mode),
        other => other.clone(),
    }
}

fn plain_union_fields(fields: &UnionFields) -> UnionFields {
    fields.iter().map(|(id, field)| (id, plain_field(field))).collect()
}

fn plain(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let data_type = array.data_type();
    if !needs_work(data_type) {
        return Ok(Arc::clone(array));
    }
    Ok(match data_type {
        DataType::Utf8View => cast(array, &DataType::Utf8)?,
        DataType::BinaryView => cast(array, &DataType::Binary)?,
        DataType::RunEndEncoded(_, values) => plain(&cast(array, values.data_type())?)?,
        DataType::ListView(field) => plain_or_same(cast(array, &DataType::List(Arc::clone(field)))?)?,
        DataType::LargeListView(field) => {
            plain_or_same(cast(array, &DataType::LargeList(Arc::clone(field)))?)?
        }
        DataType::Dictionary(_, _) => {
            let used = garbage_collect_any_dictionary(array.as_any_dictionary())?;
            let dictionary = used.as_any_dictionary();
            dictionary.with_values(plain_or_same(Arc::clone(dictionary.values()))?)
        }
        DataType::List(field) => plain_list::<i32>(array, field)?,
        DataType::LargeList(field) => plain_list::<i64>(array, field)?,
        DataType::FixedSizeList(field, size) => {
            let list = array.as_fixed_size_list();
            let values = plain_or_same(Arc::clone(list.values()))?;
            let nulls = list.nulls().cloned();
            Arc::new(FixedSizeListArray::try_new_with_length(
                plain_field(field),
                *size,
                values,
                nulls,
                list.len(),
            )?)
        }
        DataType::Map(field, sorted) => {
            let map = array.as_map();
            let (offsets, entries) = trimmed(map.offsets(), &(Arc::new(map.entries().clone()) as ArrayRef));
            let entries = plain_or_same(entries)?.as_struct().clone();
            Arc::new(MapArray::try_new(plain_field(field), offsets, entries, map.nulls().cloned(), *sorted)?)
        }
        DataType::Struct(fields) => plain_struct(array.as_struct(), fields)?,
        DataType::Union(fields, _) => plain_union(array.as_union(), fields)?,
        _ => Arc::clone(array),
    })
}

fn plain_or_same(array: ArrayRef) -> Result<ArrayRef, ArrowError> {
    if needs_work(array.data_type()) { plain(&array) } else { Ok(array) }
}

fn plain_list<O: OffsetSizeTrait>(array: &ArrayRef, field: &FieldRef) -> Result<ArrayRef, ArrowError> {
    let list = array.as_list::<O>();
    let (offsets, values) = trimmed(list.offsets(), list.values());
    let values = plain_or_same(values)?;
    Ok(Arc::new(GenericListArray::try_new(plain_field(field), offsets, values, list.nulls().cloned())?))
}

/// Returns the values that the offsets refer to, and offsets that begin at zero.
fn trimmed<O: OffsetSizeTrait>(offsets: &OffsetBuffer<O>, values: &ArrayRef) -> (OffsetBuffer<O>, ArrayRef) {
    let first = offsets.first().copied().unwrap_or_default();
    let last = offsets.last().copied().unwrap_or_default();
    let values = values.slice(first.as_usize(), (last - first).as_usize());
    let moved: ScalarBuffer<O> = offsets.iter().map(|offset| *offset - first).collect();
    (OffsetBuffer::new(moved), values)
}

fn plain_struct(array: &StructArray, fields: &Fields) -> Result<ArrayRef, ArrowError> {
    let columns: Vec<ArrayRef> =
        array.columns().iter().map(|column| plain_or_same(Arc::clone(column))).collect::<Result<_, _>>()?;
    let fields = fields.iter().map(plain_field).collect();
    let nulls = array.nulls().cloned();
    Ok(Arc::new(StructArray::try_new_with_length(fields, columns, nulls, array.len())?))
}

fn plain_union(array: &UnionArray, fields: &UnionFields) -> Result<ArrayRef, ArrowError> {
    let ids = array.type_ids();
    let mut offsets = array.offsets().map(|offsets| offsets.to_vec());
    let mut children = Vec::with_capacity(fields.len());
    for (id, _) in fields.iter() {
        let child = match &mut offsets {
            Some(offsets) => used(array.child(id), id, ids, offsets),
            None => Arc::clone(array.child(id)),
        };
        children.push(plain_or_same(child)?);
    }
    let offsets = offsets.map(ScalarBuffer::from);
    Ok(Arc::new(UnionArray::try_new(plain_union_fields(fields), ids.clone(), offsets, children)?))
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
