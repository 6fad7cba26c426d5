//! What was written, by file, environment and flags, in one tree before it is given types.
//!
//! Each value remembers where it comes from: later sources lay theirs over earlier ones, and an error
//! names the one that counts.

use std::collections::BTreeMap;

use super::problem::Origin;

/// The values of one table by their keys.
pub(crate) type Table = BTreeMap<String, Node>;

/// A value and where it was written.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) origin: Origin,
}

/// A value as it was written. Types come later: a size may be a number or a text, and a variable is always a text.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(String),
    Integer(i64),
    Boolean(bool),
    Array(Vec<Node>),
    Table(Table),
    /// A value of a type that no key has, by the name of the type.
    Other(&'static str),
}

impl Value {
    /// Returns the text, where it is one.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the table, where it is one.
    pub(crate) const fn as_table(&self) -> Option<&Table> {
        match self {
            Self::Table(table) => Some(table),
            _ => None,
        }
    }

    /// Returns the table to change, where it is one.
    pub(crate) const fn as_table_mut(&mut self) -> Option<&mut Table> {
        match self {
            Self::Table(table) => Some(table),
            _ => None,
        }
    }

    /// Describes the value for an error text.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Text(text) => format!("`{text}`"),
            Self::Integer(number) => format!("`{number}`"),
            Self::Boolean(value) => format!("`{value}`"),
            Self::Array(_) => "an array".to_owned(),
            Self::Table(_) => "a table".to_owned(),
            Self::Other(kind) => format!("a {kind}"),
        }
    }
}

/// Lays `value` over what stands at the path `keys` of `table`.
///
/// Tables that are missing on the way are made, and belong to `origin`: where the first key of the path is unknown, the
/// error names who wrote it. A value that stands where a table is needed makes place for it.
pub(crate) fn lay_over(table: &mut Table, keys: &[&str], value: Value, origin: &Origin) {
    let Some((key, rest)) = keys.split_first() else { return };
    if rest.is_empty() {
        table.insert((*key).to_owned(), Node { value, origin: origin.clone() });
        return;
    }
    let child = table
        .entry((*key).to_owned())
        .or_insert_with(|| Node { value: Value::Table(Table::new()), origin: origin.clone() });
    if !matches!(child.value, Value::Table(_)) {
        *child = Node { value: Value::Table(Table::new()), origin: origin.clone() };
    }
    if let Value::Table(inner) = &mut child.value {
        lay_over(inner, rest, value, origin);
    }
}
