//! The schema of JSON rows: columns in the order in which they are first seen, with the types of their values.
//!
//! As pyarrow does it: whole numbers are Int64 until one has a fraction, a column may be missing from rows, and a
//! column that has text in one row and numbers in another is an error. Text stays text, even where it reads like a
//! time.

use std::fmt;

use arrowlink_core::Result;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::check::{Trail, words};
use super::reader::RowReader;
use super::shape::{Shape, column};
use crate::one_file::OneFile;
use crate::options::FileOptions;
use crate::snapshot::FileStamp;

/// What the first rows of a file have, and how many rows there are where it was read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Inspected {
    pub(crate) shape: Shape,
    pub(crate) rows: Option<u64>,
}

/// Reads the first rows of a file for their columns and types.
///
/// Reads whole rows until `sample_bytes` have been passed; the row that passes them counts too. Fails
/// with `Corrupt` for what is no JSON, and for a column of two types that do not go together.
pub(crate) async fn inspect(file: &OneFile, stamp: &FileStamp, options: &FileOptions) -> Result<Inspected> {
    let mut reader = RowReader::new(file.pieces(), &stamp.name, options.max_row_bytes);
    let (mut shape, mut rows) = (Shape::Object(Vec::new()), 0);
    while reader.position() < options.sample_bytes {
        let Some(row) = reader.next_row().await? else { return Ok(Inspected { shape, rows: Some(rows) }) };
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

/// A value that is added to what was seen.
///
/// Visiting writes types into `shape`, value by value; nothing of the values is kept.
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
        self.shape.see(&Shape::Bool)
    }

    fn visit_i64<E: serde::de::Error>(self, _value: i64) -> Result<(), E> {
        self.shape.see(&Shape::Int)
    }

    /// Numbers past 64 bits with a sign become floats, as do their columns.
    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        let number = if i64::try_from(value).is_ok() { Shape::Int } else { Shape::Float };
        self.shape.see(&number)
    }

    fn visit_f64<E: serde::de::Error>(self, _value: f64) -> Result<(), E> {
        self.shape.see(&Shape::Float)
    }

    fn visit_str<E: serde::de::Error>(self, _value: &str) -> Result<(), E> {
        self.shape.see(&Shape::Text)
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
