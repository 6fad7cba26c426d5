//! The dictionaries of a stream as they are now: replaced, extended, and bounded all together.
//!
//! A dictionary batch replaces what was there under its number or, as a delta, adds to its end ("Dictionary Messages"
//! of the Arrow columnar format). Deltas are put together only when a batch needs them: a stream that sends a
//! thousand deltas between two batches is copied once.

use std::collections::HashMap;

use arrow_array::{Array as _, ArrayRef};
use arrow_data::ArrayData;
use arrow_schema::DataType;
use arrow_select::concat::concat;

use crate::{Error, Limits};

/// Holds the values of every dictionary that was received.
#[derive(Debug)]
pub(crate) struct DictionaryMemo {
    entries: HashMap<i64, Entry>,
    /// What all entries take together.
    held: usize,
    max_bytes: usize,
    /// The most values of one dictionary, and of every array within it.
    max_length: usize,
}

/// A dictionary: what was received since it was last whole, put together when a batch needs it.
///
/// `bytes` is what the messages of the parts hold, not what the values need: the parts share their memory.
#[derive(Debug)]
struct Entry {
    parts: Vec<ArrayRef>,
    bytes: usize,
}

impl DictionaryMemo {
    /// Begins without dictionaries.
    pub(crate) fn new(limits: &Limits) -> Self {
        let max_length = limits.max_rows.min(LONGEST);
        Self { entries: HashMap::new(), held: 0, max_bytes: limits.max_dictionary_bytes, max_length }
    }

    /// Sets dictionary `id`; batches that were read before keep what they have.
    ///
    /// `bytes` is what keeping `values` takes. Fails with `LimitExceeded` where all dictionaries would take more than
    /// `max_dictionary_bytes`; what is replaced does not count.
    pub(crate) fn replace(&mut self, id: i64, values: ArrayRef, bytes: usize) -> Result<(), Error> {
        let replaced = self.entries.get(&id).map_or(0, |entry| entry.bytes);
        self.held = self.room(bytes, replaced)?;
        self.entries.insert(id, Entry { parts: vec![values], bytes });
        Ok(())
    }

    /// Adds `values` to the end of dictionary `id`.
    ///
    /// Fails with `Invalid` where there is nothing to extend, and with `LimitExceeded` as [`replace`](Self::replace)
    /// does.
    pub(crate) fn extend(&mut self, id: i64, values: ArrayRef, bytes: usize) -> Result<(), Error> {
        let held = self.room(bytes, 0)?;
        let Some(entry) = self.entries.get_mut(&id) else {
            return Err(Error::invalid(format!("dictionary {id} is extended before it was sent")));
        };
        entry.parts.push(values);
        entry.bytes = entry.bytes.saturating_add(bytes);
        self.held = held;
        Ok(())
    }

    /// Returns the values of dictionary `id`, where it was received.
    ///
    /// Joins the parts first where there are several. `None` where no batch of it was received, which is an error
    /// only for columns that are not all null.
    pub(crate) fn values(&mut self, id: i64) -> Result<Option<ArrayData>, Error> {
        let Some(entry) = self.entries.get_mut(&id) else { return Ok(None) };
        if let [_, _, ..] = entry.parts.as_slice() {
            entry.parts = vec![join(&entry.parts, self.max_length, self.max_bytes)?];
        }
        Ok(entry.parts.first().map(|values| values.to_data()))
    }

    /// Returns what is held with `bytes` more, once `freed` are given back; fails where that may not be kept.
    fn room(&self, bytes: usize, freed: usize) -> Result<usize, Error> {
        let held = self.held.saturating_sub(freed).saturating_add(bytes);
        if held > self.max_bytes {
            return Err(Error::limit("max_dictionary_bytes", self.max_bytes, held));
        }
        Ok(held)
    }
}

/// Copies `parts` into one array. The result is about as large as its parts, which were paid for, but for bitmaps
/// that may be new.
fn join(parts: &[ArrayRef], max_length: usize, max_bytes: usize) -> Result<ArrayRef, Error> {
    let data: Vec<_> = parts.iter().map(|part| part.to_data()).collect();
    let bitmaps = bitmap_bytes(&data.iter().collect::<Vec<_>>(), max_length)?;
    if bitmaps > max_bytes {
        return Err(Error::limit("max_dictionary_bytes", max_bytes, bitmaps));
    }
    let parts: Vec<_> = parts.iter().map(AsRef::as_ref).collect();
    concat(&parts).map_err(Error::values)
}

/// Returns what the validity bitmaps of the joined arrays may take, which need not be in any of them.
///
/// Checks also that no array within becomes longer than its offsets and indices can say.
fn bitmap_bytes(parts: &[&ArrayData], max_length: usize) -> Result<usize, Error> {
    let Some(first) = parts.first() else { return Ok(0) };
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
    let mut bytes = length.div_ceil(8);
    for at in 0..first.child_data().len() {
        let children: Vec<_> = parts.iter().filter_map(|part| part.child_data().get(at)).collect();
        bytes = bytes.saturating_add(bitmap_bytes(&children, max_length)?);
    }
    Ok(bytes)
}

/// What 32-bit offsets can count to.
const LONGEST: usize = (1 << 31) - 1;
