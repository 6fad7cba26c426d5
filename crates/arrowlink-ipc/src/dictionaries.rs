//! The dictionaries of a stream as they are now: replaced, extended, and bounded all together.

use std::collections::HashMap;

use arrow_array::{Array as _, ArrayRef, new_empty_array};
use arrow_data::ArrayData;
use arrow_schema::DataType;
use arrow_select::concat::concat;

use crate::{Error, Limits};

/// Holds the values of every dictionary that was received.
#[derive(Debug)]
pub(crate) struct DictionaryMemo {
    entries: HashMap<i64, Entry>,
    max_bytes: usize,
    max_length: usize,
}

/// A dictionary: what was received since it was last whole, put together when a batch needs it.
#[derive(Debug)]
struct Entry {
    parts: Vec<ArrayRef>,
    bytes: usize,
}

impl DictionaryMemo {
    pub(crate) fn new(limits: &Limits) -> Self {
        let max_length = limits.max_rows.min(LONGEST);
        Self { entries: HashMap::new(), max_bytes: limits.max_dictionary_bytes, max_length }
    }

    /// Sets dictionary `id`; batches that were read before keep what they have.
    pub(crate) fn replace(&mut self, id: i64, values: ArrayRef, bytes: usize) -> Result<(), Error> {
        let replaced = self.entries.get(&id).map_or(0, |entry| entry.bytes);
        self.check_room(bytes, replaced)?;
        self.entries.insert(id, Entry { parts: vec![values], bytes });
        Ok(())
    }

    /// Adds `values` to the end of dictionary `id`.
    pub(crate) fn extend(&mut self, id: i64, values: ArrayRef, bytes: usize) -> Result<(), Error> {
        self.check_room(bytes, 0)?;
        let Some(entry) = self.entries.get_mut(&id) else {
            return Err(Error::invalid(format!("dictionary {id} is extended before it was sent")));
        };
        entry.parts.push(values);
        entry.bytes = entry.bytes.saturating_add(bytes);
        Ok(())
    }

    /// Returns the values of dictionary `id`, or none of `values` where it was not received: a column of nulls
    /// needs none.
    pub(crate) fn values(&mut self, id: i64, values: &DataType) -> Result<ArrayData, Error> {
        let Some(entry) = self.entries.get_mut(&id) else {
            return Ok(new_empty_array(values).into_data());
        };
        if let [_, _, ..] = entry.parts.as_slice() {
            let whole = join(&entry.parts, self.max_length)?;
            entry.parts = vec![whole];
        }
        match entry.parts.first() {
            Some(values) => Ok(values.to_data()),
            None => Ok(new_empty_array(values).into_data()),
        }
    }

    fn check_room(&self, bytes: usize, freed: usize) -> Result<(), Error> {
        let held = self.entries.values().fold(0, |sum: usize, entry| sum.saturating_add(entry.bytes));
        let needed = (held - freed).saturating_add(bytes);
        if needed > self.max_bytes {
            return Err(Error::limit("max_dictionary_bytes", self.max_bytes, needed));
        }
        Ok(())
    }
}

fn join(parts: &[ArrayRef], max_length: usize) -> Result<ArrayRef, Error> {
    let data: Vec<_> = parts.iter().map(|part| part.to_data()).collect();
    check_lengths(&data.iter().collect::<Vec<_>>(), max_length)?;
    let parts: Vec<_> = parts.iter().map(AsRef::as_ref).collect();
    concat(&parts).map_err(Error::values)
}

/// Checks that no array within the joined ones becomes longer than its offsets and indices can say.
fn check_lengths(parts: &[&ArrayData], max_length: usize) -> Result<(), Error> {
    let Some(first) = parts.first() else { return Ok(()) };
    match first.data_type() {
        DataType::RunEndEncoded(..) | DataType::Union(..) => {
            return Err(Error::unsupported(format!("extending a dictionary of `{}` is", first.data_type())));
        }
        _ => {}
    }
    let length = parts.iter().fold(0, |sum: usize, part| sum.saturating_add(part.len()));
    if length > max_length {
        return Err(Error::limit("max_rows", max_length, length));
    }
    for at in 0..first.child_data().len() {
        let children: Vec<_> = parts.iter().filter_map(|part| part.child_data().get(at)).collect();
        check_lengths(&children, max_length)?;
    }
    Ok(())
}

/// What 32-bit offsets can count to.
const LONGEST: usize = (1 << 31) - 1;
