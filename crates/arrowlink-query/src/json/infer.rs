//! The schema of JSON rows: columns in the order in which they are first seen, with the types of their values.
//!
//! As pyarrow does it: whole numbers are Int64 until one has a fraction, a column may be missing from rows, and text
//! stays text. A column that has text in one row and numbers in another is an error.

use std::fmt;
use std::fs::File;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, Schema};
use arrowlink_core::Result;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::check::{Trail, words};
use super::rows::RowReader;
use crate::options::FileOptions;
use crate::snapshot::FileStamp;

/// What the first rows of a file have, and how many rows there are where it was read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Inspected {
    pub(crate) shape: Shape,
    pub(crate) rows: Option<u64>,
}

/// Reads the first rows of a file for their columns and types.
pub(crate) fn inspect(file: &File, stamp: &FileStamp, options: &FileOptions) -> Result<Inspected> {
    let mut reader = RowReader::new(file, &stamp.name, options.max_row_bytes);
    let (mut shape, mut rows) = (Shape::Object(Vec::new()), 0);
    while reader.position() < options.sample_bytes {
        let Some(row) = reader.next_row()? else { return Ok(Inspected { shape, rows: Some(rows) }) };
        rows = row.number;
        let trail = Trail::default();
        let mut deserializer = serde_json::Deserializer::from_slice(row.bytes);
        let seen = Seen { shape: &mut shape, trail: &trail };
        seen.deserialize(&mut deserializer).and_then(|()| deserializer.end()).map_err(|error| {
            row.corrupt(error.line(), error.column(), format!("{}{}", trail.place(), words(&error)))
        })?;
    }
    Ok(Inspected { shape, rows: None })
}

/// The type of the values seen so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// None yet, or null only.
    Null,
    Bool,
    Int,
    Float,
    Text,
    List(Box<Shape>),
    Object(Vec<(String, Shape)>),
}

impl Shape {
    /// Returns the schema of rows of this shape.
    pub(crate) fn schema(&self) -> Schema {
        match self {
            Self::Object(columns) => Schema::new(fields(columns)),
            _ => Schema::empty(),
        }
    }

    /// Takes in what another file has; fails with the column that does not fit and the types it has.
    pub(crate) fn merge(&mut self, other: &Self) -> std::result::Result<(), String> {
        match (&mut *self, other) {
            (_, Self::Null) => {}
            (Self::Null, other) => *self = other.clone(),
            (Self::Int, Self::Float) => *self = Self::Float,
            (Self::Float, Self::Int) => {}
            (Self::List(items), Self::List(others)) => items.merge(others)?,
            (Self::Object(columns), Self::Object(others)) => {
                for (index, (name, other)) in others.iter().enumerate() {
                    let column = column(columns, name, index);
                    column.merge(other).map_err(|within| format!("`{name}` {}", within.replace('`', "")))?;
                }
            }
            (a, b) if a == b => {}
            (a, b) => return Err(format!("has {b}, not {a}")),
        }
        Ok(())
    }

    fn data_type(&self) -> DataType {
        match self {
            Self::Null => DataType::Null,
            Self::Bool => DataType::Boolean,
            Self::Int => DataType::Int64,
            Self::Float => DataType::Float64,
            Self::Text => DataType::Utf8,
            Self::List(items) => DataType::List(Arc::new(Field::new_list_field(items.data_type(), true))),
            Self::Object(columns) => DataType::Struct(fields(columns)),
        }
    }

    /// Notes a value that is neither list nor object.
    fn see<E: serde::de::Error>(&mut self, value: Self) -> Result<(), E> {
        self.merge(&value).map_err(|_| self.unlike(&value))
    }

    fn unlike<E: serde::de::Error>(&self, value: &Self) -> E {
        E::custom(format_args!("{value} here, {self} in earlier rows"))
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Bool => "true or false",
            Self::Int | Self::Float => "numbers",
            Self::Text => "text",
            Self::List(_) => "lists",
            Self::Object(_) => "objects",
        })
    }
}

fn fields(columns: &[(String, Shape)]) -> Fields {
    columns.iter().map(|(name, shape)| Field::new(name, shape.data_type(), true)).collect()
}

/// Returns the shape of the column `name`, which is new where it was not there; `expected` is where it may stand.
fn column<'a>(columns: &'a mut Vec<(String, Shape)>, name: &str, expected: usize) -> &'a mut Shape {
    let is_there = columns.get(expected).is_some_and(|(known, _)| known == name);
    let index = if is_there { Some(expected) } else { columns.iter().position(|(known, _)| known == name) };
    let index = index.unwrap_or_else(|| {
        columns.push((name.to_owned(), Shape::Null));
        columns.len() - 1
    });
    &mut columns[index].1
}

/// A value that is added to what was seen.
struct Seen<'a> {
    shape: &'a mut Shape,
    trail: &'a Trail,
}

impl<'de> DeserializeSeed<'de> for Seen<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seen<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(self, _value: bool) -> Result<(), E> {
        self.shape.see(Shape::Bool)
    }

    fn visit_i64<E: serde::de::Error>(self, _value: i64) -> Result<(), E> {
        self.shape.see(Shape::Int)
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        self.shape.see(if i64::try_from(value).is_ok() { Shape::Int } else { Shape::Float })
    }

    fn visit_f64<E: serde::de::Error>(self, _value: f64) -> Result<(), E> {
        self.shape.see(Shape::Float)
    }

    fn visit_str<E: serde::de::Error>(self, _value: &str) -> Result<(), E> {
        self.shape.see(Shape::Text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        if *self.shape == Shape::Null {
            *self.shape = Shape::List(Box::new(Shape::Null));
        }
        let Shape::List(inner) = self.shape else {
            return Err(self.shape.unlike::<A::Error>(&Shape::List(Box::new(Shape::Null))));
        };
        while items.next_element_seed(Seen { shape: inner, trail: self.trail })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        if *self.shape == Shape::Null {
            *self.shape = Shape::Object(Vec::new());
        }
        let Shape::Object(columns) = self.shape else {
            return Err(self.shape.unlike::<A::Error>(&Shape::Object(Vec::new())));
        };
        let mut expected = 0;
        while let Some(name) = entries.next_key::<std::borrow::Cow<'de, str>>()? {
            let seen = Seen { shape: column(columns, &name, expected), trail: self.trail };
            entries.next_value_seed(seen).inspect_err(|_| self.trail.within(&name))?;
            expected += 1;
        }
        Ok(())
    }
}
