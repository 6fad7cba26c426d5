//! Takes typed values out of one table and reports what is left over as unknown.

use std::ops::RangeInclusive;

use arrowlink_core::nearest;

use super::problem::{Origin, Problem};
use super::tree::{Table, Value};
use super::value::{FromNode, Size};

/// One table on its way to types: keys are taken one by one, problems are gathered.
///
/// The keys that were asked for are the keys that are known, so that there is no second list of them: what
/// [`finish`](Self::finish) still finds is unknown, and the nearest of those that were asked for is offered.
pub(super) struct Section<'a> {
    path: String,
    table: Table,
    known: Vec<&'static str>,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Section<'a> {
    /// Opens `table`, whose keys are called `path.key` in problems; an empty path is the root.
    pub(super) fn new(path: &str, table: Table, problems: &'a mut Vec<Problem>) -> Self {
        Self { path: path.to_owned(), table, known: Vec::new(), problems }
    }

    /// Takes the value of `key`. `None` where there is none, or where it is wrong, which is noted.
    pub(super) fn take<T: FromNode>(&mut self, key: &'static str) -> Option<T> {
        self.take_with_origin(key).map(|(value, _)| value)
    }

    /// Takes the value of `key` and where it was written.
    pub(super) fn take_with_origin<T: FromNode>(&mut self, key: &'static str) -> Option<(T, Origin)> {
        self.known.push(key);
        let node = self.table.remove(key)?;
        match T::from_node(&node) {
            Ok(value) => Some((value, node.origin)),
            Err(reason) => {
                self.problems.push(Problem::at(&node.origin, format!("`{}`: {reason}", self.spell(key))));
                None
            }
        }
    }

    /// Takes the size at `key`, in bytes. `None` where there is none, or where it is wrong or not within `range`, which is
    /// noted.
    pub(super) fn take_size(&mut self, key: &'static str, range: &RangeInclusive<u32>) -> Option<u32> {
        self.take_size_with_origin(key, range).map(|(bytes, _)| bytes)
    }

    /// Takes the size at `key` and where it was written.
    pub(super) fn take_size_with_origin(
        &mut self,
        key: &'static str,
        range: &RangeInclusive<u32>,
    ) -> Option<(u32, Origin)> {
        let (Size(bytes), origin) = self.take_with_origin(key)?;
        match u32::try_from(bytes).ok().filter(|bytes| range.contains(bytes)) {
            Some(bytes) => Some((bytes, origin)),
            None => {
                let (path, least, most) = (self.spell(key), range.start(), range.end());
                let text = format!("`{path}`: expected a size from {least} to {most} bytes, found `{bytes}`");
                self.problems.push(Problem::at(&origin, text));
                None
            }
        }
    }

    /// Opens the table at `key`; an empty one where there is none.
    pub(super) fn section(&mut self, key: &'static str) -> Section<'_> {
        let path = self.spell(key);
        self.known.push(key);
        let table = match self.table.remove(key) {
            None => Table::new(),
            Some(node) => match node.value {
                Value::Table(table) => table,
                other => {
                    let text = format!("`{path}` is a section: expected `[{path}]`, found {}", other.shown());
                    self.problems.push(Problem::at(&node.origin, text));
                    Table::new()
                }
            },
        };
        Section { path, table, known: Vec::new(), problems: self.problems }
    }

    /// Takes the tables `[[key]]`, each with where it begins.
    pub(super) fn take_tables(&mut self, key: &'static str) -> Vec<(Table, Origin)> {
        self.known.push(key);
        let Some(node) = self.table.remove(key) else { return Vec::new() };
        let Value::Array(items) = node.value else {
            self.problems.push(Problem::at(&node.origin, format!("`{key}` is a list: write `[[{key}]]`")));
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in items {
            match item.value {
                Value::Table(table) => tables.push((table, item.origin)),
                other => {
                    let text = format!("`{key}`: expected `[[{key}]]`, found {}", other.shown());
                    self.problems.push(Problem::at(&item.origin, text));
                }
            }
        }
        tables
    }

    /// Notes a problem that was found after a value had been taken.
    pub(super) fn note(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Notes every key that nobody took, with the nearest known one.
    pub(super) fn finish(self) {
        for (key, node) in &self.table {
            let near = nearest(key, self.known.iter().copied());
            let hint = match near.first() {
                Some(known) => format!(", did you mean `{}`?", node.origin.spell(&self.spell(known))),
                None => format!(", known here: {}", quoted(&self.known)),
            };
            let text = format!("unknown key `{}`{hint}", self.spell(key));
            self.problems.push(Problem::at(&node.origin, text));
        }
    }

    /// Returns `key` with the path of this table.
    fn spell(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

fn quoted(keys: &[&str]) -> String {
    keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
}
