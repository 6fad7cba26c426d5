//! In which order the names of JSON objects come, which `serde_json` forgets: it sorts them.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Schema};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// The names of objects by when they came first, and what is within them. Objects in one array share theirs.
#[derive(Debug, Default)]
pub(super) struct Order {
    names: HashMap<String, (usize, Self)>,
}

impl Order {
    /// Reads one value and notes the order of its names.
    pub(super) fn noting<'de, D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(Noting(self))
    }

    /// Returns the columns of `schema`, and what is within them, in the order that was noted.
    pub(super) fn of_schema(&self, schema: &Schema) -> Schema {
        Schema::new(self.of_fields(schema.fields().iter()))
    }

    fn of_fields<'a>(&self, fields: impl Iterator<Item = &'a FieldRef>) -> Vec<FieldRef> {
        let nothing = Self::default();
        let mut placed: Vec<(usize, FieldRef)> = fields
            .map(|field| {
                let (place, within) = self
                    .names
                    .get(field.name())
                    .map_or((usize::MAX, &nothing), |(place, within)| (*place, within));
                let data_type = within.of_type(field.data_type());
                (place, Arc::new(Field::clone(field).with_data_type(data_type)))
            })
            .collect();
        placed.sort_by_key(|(place, _)| *place);
        placed.into_iter().map(|(_, field)| field).collect()
    }

    fn of_type(&self, data_type: &DataType) -> DataType {
        match data_type {
            DataType::Struct(fields) => DataType::Struct(self.of_fields(fields.iter()).into()),
            DataType::List(item) => {
                let item_type = self.of_type(item.data_type());
                DataType::List(Arc::new(Field::clone(item).with_data_type(item_type)))
            }
            other => other.clone(),
        }
    }
}

/// Reads a value as `serde_json` would.
struct Noting<'a>(&'a mut Order);

impl<'de> DeserializeSeed<'de> for Noting<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Noting<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(Noting(self.0))? {
            array.push(item);
        }
        Ok(array.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let names = &mut self.0.names;
        let mut object = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let next = names.len();
            let (_, within) = names.entry(name.clone()).or_insert_with(|| (next, Order::default()));
            let value = entries.next_value_seed(Noting(within))?;
            object.insert(name, value);
        }
        Ok(object.into())
    }
}
