//! What JSON values look like, before there is a schema.
//!
//! Shapes of values are merged as they are seen, within a file and then over all files of a dataset, so that the schema
//! does not depend on which of them has which column.

use std::fmt;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, Schema};

/// The type of the values seen so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// None yet, or null only.
    Null,
    /// True or false.
    Bool,
    /// Whole numbers that fit 64 bits.
    Int,
    /// Numbers, with a fraction or larger than that.
    Float,
    /// Text, whatever it says.
    Text,
    /// Lists of values of one shape.
    List(Box<Self>),
    /// Objects, with their columns in the order in which they were first seen.
    Object(Vec<(String, Self)>),
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
    ///
    /// The result does not depend on which of the two came first, but for the order of new columns. Whole numbers and
    /// fractions make numbers; null goes with everything; anything else that differs is a conflict.
    pub(crate) fn merge(&mut self, other: &Self) -> Result<(), Conflict> {
        match (&mut *self, other) {
            (_, Self::Null) => {}
            (Self::Null, other) => *self = other.clone(),
            (Self::Int, Self::Float) => *self = Self::Float,
            (Self::Float, Self::Int) => {}
            (Self::List(items), Self::List(others)) => items.merge(others)?,
            (Self::Object(columns), Self::Object(others)) => {
                for (index, (name, other)) in others.iter().enumerate() {
                    let column = column(columns, name, index);
                    column.merge(other).map_err(|conflict| conflict.within(name))?;
                }
            }
            (a, b) if a == b => {}
            (a, b) => return Err(Conflict { column: String::new(), what: format!("{b}, not {a}") }),
        }
        Ok(())
    }

    /// Returns the type that holds such values.
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
    pub(super) fn see<E: serde::de::Error>(&mut self, value: &Self) -> Result<(), E> {
        self.merge(value).map_err(|_| self.unlike(value))
    }

    /// Says that `value` does not go with what was seen.
    pub(super) fn unlike<E: serde::de::Error>(&self, value: &Self) -> E {
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

/// A column that has one type here and another there.
#[derive(Debug)]
pub(crate) struct Conflict {
    /// The column, with those that it is in before it.
    pub(crate) column: String,
    /// What it has and what it should have.
    pub(crate) what: String,
}

impl Conflict {
    /// Puts the column that the other one is in before it.
    fn within(self, name: &str) -> Self {
        let column = if self.column.is_empty() { name.to_owned() } else { format!("{name}.{}", self.column) };
        Self { column, ..self }
    }
}

/// Returns the columns as fields; each may be missing from a row, so each is nullable.
fn fields(columns: &[(String, Shape)]) -> Fields {
    columns.iter().map(|(name, shape)| Field::new(name, shape.data_type(), true)).collect()
}

/// Returns the shape of the column `name`, which is new where it was not there; `expected` is where it may stand.
pub(super) fn column<'a>(
    columns: &'a mut Vec<(String, Shape)>,
    name: &str,
    expected: usize,
) -> &'a mut Shape {
    let is_there = columns.get(expected).is_some_and(|(known, _)| known == name);
    let index = if is_there { Some(expected) } else { columns.iter().position(|(known, _)| known == name) };
    let index = index.unwrap_or_else(|| {
        columns.push((name.to_owned(), Shape::Null));
        columns.len() - 1
    });
    &mut columns[index].1
}
