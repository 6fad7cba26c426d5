//! Dictionaries: each different value once, and keys that point to it.
//!
//! Every batch has a dictionary of its own, in the order in which the values came first. Values are the same where
//! they are written the same, so that `1` and `1.0` in a column of floats are two entries with one value.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::types::{
    ArrowDictionaryKeyType, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow_array::{ArrayRef, DictionaryArray, PrimitiveArray};
use arrow_buffer::{ArrowNativeType as _, NullBuffer};
use arrow_schema::{ArrowError, DataType, Field};

use super::cells::{Cells, Mismatch, Values};
use crate::Value;

/// Returns the values of a dictionary whose keys are integers; `None` for every other type.
pub(super) fn values_of(data_type: &DataType) -> Option<Box<dyn Values>> {
    let DataType::Dictionary(key, value) = data_type else { return None };
    Some(match key.as_ref() {
        DataType::Int8 => Box::new(Dictionary::<Int8Type>::new(value)),
        DataType::Int16 => Box::new(Dictionary::<Int16Type>::new(value)),
        DataType::Int32 => Box::new(Dictionary::<Int32Type>::new(value)),
        DataType::Int64 => Box::new(Dictionary::<Int64Type>::new(value)),
        DataType::UInt8 => Box::new(Dictionary::<UInt8Type>::new(value)),
        DataType::UInt16 => Box::new(Dictionary::<UInt16Type>::new(value)),
        DataType::UInt32 => Box::new(Dictionary::<UInt32Type>::new(value)),
        DataType::UInt64 => Box::new(Dictionary::<UInt64Type>::new(value)),
        _ => return None,
    })
}

/// Keys, and the values that they point to. A value is kept when it is seen first and stays until the batch is made,
/// even where the row that brought it is taken back.
struct Dictionary<K: ArrowDictionaryKeyType> {
    keys: Vec<K::Native>,
    values: Cells,
    /// The key of each text or byte string.
    of_bytes: HashMap<Box<[u8]>, K::Native>,
    /// The key of every other value, by how it is written.
    of_others: HashMap<String, K::Native>,
}

impl<K: ArrowDictionaryKeyType> Dictionary<K> {
    fn new(value: &DataType) -> Self {
        let values = Cells::new(&Field::new("value", value.clone(), false));
        Self { keys: Vec::new(), values, of_bytes: HashMap::new(), of_others: HashMap::new() }
    }

    /// Returns the key of a value that the dictionary has.
    fn known(&self, value: &Value<'_>) -> Option<K::Native> {
        match value {
            Value::Text(text) => self.of_bytes.get(text.as_bytes()).copied(),
            Value::Bytes(bytes) => self.of_bytes.get(bytes.as_ref()).copied(),
            other => self.of_others.get(&format!("{other:?}")).copied(),
        }
    }

    /// Gives `value` the next key. Fails where the keys are used up, such as at the 129th value for keys of `Int8`,
    /// or where the value does not fit; the dictionary is then as it was.
    fn add(&mut self, value: &Value<'_>) -> Result<K::Native, Mismatch> {
        let key = K::Native::from_usize(self.values.len()).filter(|key| key.as_usize() == self.values.len());
        let key = key.ok_or_else(|| {
            let most = format_args!("at most {} different values in one batch", self.values.len());
            Mismatch::new(format_args!("{most}, for keys of {}", K::DATA_TYPE), value)
        })?;
        if let Err(mismatch) = self.values.append(value) {
            self.values.truncate(key.as_usize());
            return Err(mismatch);
        }
        match value {
            Value::Text(text) => self.of_bytes.insert(text.as_bytes().into(), key),
            Value::Bytes(bytes) => self.of_bytes.insert(bytes.as_ref().into(), key),
            other => self.of_others.insert(format!("{other:?}"), key),
        };
        Ok(key)
    }
}

impl<K: ArrowDictionaryKeyType> Values for Dictionary<K> {
    fn append(&mut self, value: &Value<'_>) -> Result<(), Mismatch> {
        let key = match self.known(value) {
            Some(key) => key,
            None => self.add(value)?,
        };
        self.keys.push(key);
        Ok(())
    }

    fn append_placeholder(&mut self) {
        if self.values.len() == 0 {
            self.values.append_placeholder();
        }
        self.keys.push(K::Native::default());
    }

    fn truncate(&mut self, rows: usize) {
        // Values that no key points to any more may stay.
        self.keys.truncate(rows);
    }

    fn finish(&mut self, nulls: Option<NullBuffer>) -> Result<ArrayRef, ArrowError> {
        self.of_bytes.clear();
        self.of_others.clear();
        let keys = PrimitiveArray::<K>::try_new(std::mem::take(&mut self.keys).into(), nulls)?;
        Ok(Arc::new(DictionaryArray::try_new(keys, self.values.finish()?)?))
    }

    fn bytes(&self) -> usize {
        size_of_val(self.keys.as_slice()) + self.values.bytes()
    }
}
