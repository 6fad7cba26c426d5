//! Lists, fixed-size lists, structs and maps: cells that have cells.
//!
//! An item that does not fit leaves the items before it behind; the offsets, or the number of rows, are moved last,
//! so that `truncate` finds what belongs to whole rows. A null list has no items; a null fixed-size list and a null
//! struct have placeholders below them, because Arrow wants their children to be as long as they are.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::{ArrayRef, FixedSizeListArray, GenericListArray, MapArray, OffsetSizeTrait, StructArray};
use arrow_buffer::{ArrowNativeType as _, NullBuffer, OffsetBuffer};
use arrow_schema::{ArrowError, DataType, FieldRef, Fields};

use super::cells::{Cells, Mismatch, Values};
use crate::Value;
use crate::near::quoted;

/// Returns the values of a list, fixed-size list, struct or map; `None` for every other type.
pub(super) fn values_of(data_type: &DataType) -> Option<Box<dyn Values>> {
    Some(match data_type {
        DataType::List(item) => Box::new(Lists::<i32>::new(item)),
        DataType::LargeList(item) => Box::new(Lists::<i64>::new(item)),
        DataType::FixedSizeList(item, size) => {
            let items = Items { field: Arc::clone(item), cells: Cells::new(item) };
            Box::new(FixedLists { items, size: usize::try_from(*size).ok()?, rows: 0 })
        }
        DataType::Struct(fields) => Box::new(Structs::new(fields)),
        DataType::Map(entries, ordered) => {
            let DataType::Struct(fields) = entries.data_type() else { return None };
            let [_, _] = fields.as_ref() else { return None };
            let (field, entries) = (Arc::clone(entries), Structs::new(fields));
            Box::new(Maps { field, ordered: *ordered, offsets: vec![0], entries })
        }
        _ => return None,
    })
}

/// The cells below a list of either kind, all lists of a column one after the other.
struct Items {
    field: FieldRef,
    cells: Cells,
}

impl Items {
    /// Adds the items of one list; `expected` says what the list should have been where `value` is none.
    fn append(&mut self, value: &Value<'_>, expected: &dyn Fn() -> Mismatch) -> Result<(), Mismatch> {
        match value {
            Value::List(values) => {
                values.iter().enumerate().try_for_each(|(idx, value)| self.append_item(idx, value))
            }
            Value::Vector(values) => self.cells.append_floats(values),
            _ => Err(expected()),
        }
    }

    /// Adds one item; an error gets its place in the list.
    fn append_item(&mut self, idx: usize, value: &Value<'_>) -> Result<(), Mismatch> {
        self.cells.append(value).map_err(|mismatch| mismatch.within(format_args!("[{idx}]")))
    }
}

/// Lists of any length. A list that is null has the offset of the one before it.
struct Lists<O> {
    items: Items,
    /// Where each list ends, beginning with a 0.
    offsets: Vec<O>,
}

impl<O: OffsetSizeTrait> Lists<O> {
    fn new(item: &FieldRef) -> Self {
        Self {
            items: Items { field: Arc::clone(item), cells: Cells::new(item) },
            offsets: vec![O::default()],
        }
    }
}

impl<O: OffsetSizeTrait> Values for Lists<O> {
    fn append(&mut self, value: &Value<'_>) -> Result<(), Mismatch> {
        let item = self.items.field.data_type().clone();
        self.items.append(value, &|| Mismatch::new(format_args!("a list of {item}"), value))?;
        let end = O::from_usize(self.items.cells.len())
            .ok_or_else(|| Mismatch::new("less than 2^31 items in the lists of one batch", value))?;
        self.offsets.push(end);
        Ok(())
    }

    fn append_placeholder(&mut self) {
        self.offsets.push(self.offsets.last().copied().unwrap_or_default());
    }

    fn truncate(&mut self, rows: usize) {
        self.offsets.truncate(rows + 1);
        self.items.cells.truncate(self.offsets.last().map_or(0, |end| end.as_usize()));
    }

    fn finish(&mut self, nulls: Option<NullBuffer>) -> Result<ArrayRef, ArrowError> {
        let offsets = std::mem::replace(&mut self.offsets, vec![O::default()]);
        let items = self.items.cells.finish()?;
        let offsets = OffsetBuffer::new(offsets.into());
        Ok(Arc::new(GenericListArray::try_new(Arc::clone(&self.items.field), offsets, items, nulls)?))
    }

    fn bytes(&self) -> usize {
        size_of_val(self.offsets.as_slice()) + self.items.cells.bytes()
    }
}

/// Lists of `size` items each; below a list that is null there are as many placeholders.
struct FixedLists {
    items: Items,
    size: usize,
    rows: usize,
}

impl Values for FixedLists {
    fn append(&mut self, value: &Value<'_>) -> Result<(), Mismatch> {
        let (item, size) = (self.items.field.data_type().clone(), self.size);
        let expected = || Mismatch::new(format_args!("a list of {size} {item}"), value);
        let length = match value {
            Value::List(values) => values.len(),
            Value::Vector(values) => values.len(),
            _ => return Err(expected()),
        };
        if length != self.size {
            return Err(expected());
        }
        self.items.append(value, &expected)?;
        self.rows += 1;
        Ok(())
    }

    fn append_placeholder(&mut self) {
        (0..self.size).for_each(|_| self.items.cells.append_placeholder());
        self.rows += 1;
    }

    fn truncate(&mut self, rows: usize) {
        self.rows = self.rows.min(rows);
        self.items.cells.truncate(self.rows * self.size);
    }

    fn finish(&mut self, nulls: Option<NullBuffer>) -> Result<ArrayRef, ArrowError> {
        let (items, rows) = (self.items.cells.finish()?, std::mem::take(&mut self.rows));
        // The size came as `i32`.
        let (field, size) = (Arc::clone(&self.items.field), self.size as i32);
        Ok(Arc::new(FixedSizeListArray::try_new_with_length(field, size, items, nulls, rows)?))
    }

    fn bytes(&self) -> usize {
        self.items.cells.bytes()
    }
}

/// Structs: one column of cells for each field, all with `rows` rows once a struct is complete.
struct Structs {
    fields: Fields,
    cells: Vec<Cells>,
    rows: usize,
}

impl Structs {
    fn new(fields: &Fields) -> Self {
        let cells = fields.iter().map(|field| Cells::new(field)).collect();
        Self { fields: fields.clone(), cells, rows: 0 }
    }

    /// Adds one struct of these cells, one for each field.
    fn append_cells<'v>(&mut self, values: impl Iterator<Item = &'v Value<'v>>) -> Result<(), Mismatch> {
        for ((field, cells), value) in self.fields.iter().zip(&mut self.cells).zip(values) {
            cells.append(value).map_err(|mismatch| mismatch.within(format_args!(".{}", field.name())))?;
        }
        self.rows += 1;
        Ok(())
    }

    /// Takes the structs out; maps have no nulls to give them.
    fn finish_structs(&mut self, nulls: Option<NullBuffer>) -> Result<StructArray, ArrowError> {
        let columns = self.cells.iter_mut().map(Cells::finish).collect::<Result<_, _>>()?;
        let rows = std::mem::take(&mut self.rows);
        StructArray::try_new_with_length(self.fields.clone(), columns, nulls, rows)
    }

    /// Says which field of `values` is not known, or that one is there twice.
    fn unexpected(&self, values: &[(Cow<'_, str>, Value<'_>)]) -> Mismatch {
        let names = quoted(self.fields.iter().map(|field| field.name().as_str()), ", ");
        let unknown = values.iter().find(|(name, _)| self.fields.find(name).is_none());
        match unknown {
            Some((name, value)) => {
                Mismatch::new(format_args!("one of {names}"), value).within(format_args!(".{name}"))
            }
            None => Mismatch::new(format_args!("each of {names} once"), &Value::Struct(values.to_vec())),
        }
    }
}

impl Values for Structs {
    fn append(&mut self, value: &Value<'_>) -> Result<(), Mismatch> {
        let Value::Struct(values) = value else {
            return Err(Mismatch::new(DataType::Struct(self.fields.clone()), value));
        };
        let mut found = 0;
        let fields = self.fields.clone();
        let cells = fields.iter().enumerate().map(|(idx, field)| {
            let named = |(name, _): &&(Cow<'_, str>, Value<'_>)| name == field.name();
            let place = values.get(idx).filter(named).or_else(|| values.iter().find(named));
            found += usize::from(place.is_some());
            place.map_or(&Value::Null, |(_, value)| value)
        });
        self.append_cells(cells)?;
        if found == values.len() { Ok(()) } else { Err(self.unexpected(values)) }
    }

    fn append_placeholder(&mut self) {
        self.cells.iter_mut().for_each(Cells::append_placeholder);
        self.rows += 1;
    }

    fn truncate(&mut self, rows: usize) {
        self.cells.iter_mut().for_each(|cells| cells.truncate(rows));
        self.rows = self.rows.min(rows);
    }

    fn finish(&mut self, nulls: Option<NullBuffer>) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.finish_structs(nulls)?))
    }

    fn bytes(&self) -> usize {
        self.cells.iter().map(Cells::bytes).sum()
    }
}

/// Maps: lists of structs with a key and a value. Neither the order of keys nor that each is there once is checked:
/// the format leaves both to the application.
struct Maps {
    field: FieldRef,
    ordered: bool,
    /// Where each map ends, beginning with a 0.
    offsets: Vec<i32>,
    /// Key and value.
    entries: Structs,
}

impl Values for Maps {
    fn append(&mut self, value: &Value<'_>) -> Result<(), Mismatch> {
        let expected = || Mismatch::new("a map: a struct, or a list of pairs", value);
        match value {
            Value::Struct(entries) => {
                for (key, value) in entries {
                    let key = Value::Text(Cow::Borrowed(key));
                    self.entries.append_cells([&key, value].into_iter())?;
                }
            }
            Value::List(pairs) => {
                for pair in pairs {
                    let Value::List(pair) = pair else { return Err(expected()) };
                    let [_, _] = pair.as_slice() else { return Err(expected()) };
                    self.entries.append_cells(pair.iter())?;
                }
            }
            _ => return Err(expected()),
        }
        let too_many = |_| Mismatch::new("less than 2^31 entries in the maps of one batch", value);
        self.offsets.push(i32::try_from(self.entries.rows).map_err(too_many)?);
        Ok(())
    }

    fn append_placeholder(&mut self) {
        self.offsets.push(self.offsets.last().copied().unwrap_or_default());
    }

    fn truncate(&mut self, rows: usize) {
        self.offsets.truncate(rows + 1);
        self.entries.truncate(self.offsets.last().map_or(0, |end| end.as_usize()));
    }

    fn finish(&mut self, nulls: Option<NullBuffer>) -> Result<ArrayRef, ArrowError> {
        let offsets = OffsetBuffer::new(std::mem::replace(&mut self.offsets, vec![0]).into());
        let entries = self.entries.finish_structs(None)?;
        Ok(Arc::new(MapArray::try_new(Arc::clone(&self.field), offsets, entries, nulls, self.ordered)?))
    }

    fn bytes(&self) -> usize {
        size_of_val(self.offsets.as_slice()) + self.entries.bytes()
    }
}
