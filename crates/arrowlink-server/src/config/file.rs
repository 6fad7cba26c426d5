//! Reads the text of `arrowlink.toml` into the tree of values.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Origin, Problem};
use super::tree::{Node, Table, Value};

/// Parses `text`, which stands in the file `path`.
///
/// Keys are neither known nor unknown yet; the only problem here is text that is not TOML, or says a thing twice.
pub(super) fn parse(path: &Path, text: &str) -> Result<Table, Problem> {
    let lines = Lines::new(path, text);
    let table = DeTable::parse(text).map_err(|error| {
        let origin = lines.origin(&error.span().unwrap_or(0..0));
        Problem::at(&origin, format!("not valid TOML: {}", error.message().replace('\n', ", ")))
    })?;
    Ok(lines.table(table.into_inner()))
}

/// Turns the parser's places, which are bytes, into lines.
struct Lines {
    path: Arc<Path>,
    /// Where each line but the last ends, so that not all of the text is looked through for every key.
    ends: Vec<usize>,
}

impl Lines {
    fn new(path: &Path, text: &str) -> Self {
        Self { path: path.into(), ends: text.match_indices('\n').map(|(end, _)| end).collect() }
    }

    /// Finds the line in which `span` begins.
    fn origin(&self, span: &Range<usize>) -> Origin {
        let line = self.ends.partition_point(|end| *end < span.start) + 1;
        Origin::File { path: Arc::clone(&self.path), line }
    }

    fn table(&self, table: DeTable<'_>) -> Table {
        table
            .into_iter()
            .map(|(key, value)| {
                let origin = self.origin(&key.span());
                (key.into_inner().into_owned(), Node { value: self.value(value.into_inner()), origin })
            })
            .collect()
    }

    /// Converts a value; one of a type that no key has (a float, a date) is kept by the name of its type.
    fn value(&self, value: DeValue<'_>) -> Value {
        match value {
            DeValue::String(text) => Value::Text(text.into_owned()),
            // Written in base 2, 8, 10 or 16.
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or(Value::Other("number out of range"), Value::Integer),
            DeValue::Boolean(value) => Value::Boolean(value),
            DeValue::Array(items) => Value::Array(items.into_iter().map(|item| self.item(item)).collect()),
            DeValue::Table(table) => Value::Table(self.table(table)),
            other => Value::Other(other.type_str()),
        }
    }

    fn item(&self, item: Spanned<DeValue<'_>>) -> Node {
        let origin = self.origin(&item.span());
        Node { value: self.value(item.into_inner()), origin }
    }
}
