//! What is read: a table, or the rows of a query; and how PostgreSQL is asked for it.

use std::fmt;

use crate::address::{TableName, quoted};
use crate::table::Column;

/// A table or a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    Table(TableName),
    Query(String),
}

/// Which of its rows and columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// A condition in PostgreSQL's words.
    pub(crate) filter: Option<String>,
    pub(crate) limit: Option<u64>,
    pub(crate) skip: u64,
}

impl Relation {
    /// Returns the query for all of it.
    pub(crate) fn whole(&self) -> String {
        format!("SELECT * FROM {}", self.source())
    }

    /// Returns the statement that streams `columns` of the rows that are `wanted`.
    pub(crate) fn copy(&self, columns: &[Column], wanted: &Wanted) -> String {
        format!("COPY ({}) TO STDOUT (FORMAT binary)", self.select(columns, wanted))
    }

    /// Returns the query in it.
    pub(crate) fn select(&self, columns: &[Column], wanted: &Wanted) -> String {
        let columns: Vec<String> = columns.iter().map(Column::expression).collect();
        let mut query = format!("SELECT {} FROM {}", columns.join(", "), self.source());
        if let Some(filter) = &wanted.filter {
            query.push_str(&format!(" WHERE {filter}"));
        }
        if let Some(limit) = wanted.limit {
            // A row count of SQL is signed.
            query.push_str(&format!(" LIMIT {}", limit.min(i64::MAX as u64)));
        }
        if wanted.skip > 0 {
            query.push_str(&format!(" OFFSET {}", wanted.skip.min(i64::MAX as u64)));
        }
        query
    }

    /// A query ends with a line of its own, where a comment in its last line ends too.
    fn source(&self) -> String {
        match self {
            Self::Table(table) => table.quoted(),
            Self::Query(query) => {
                format!("({}\n) AS {}", query.trim().trim_end_matches(';'), quoted("query"))
            }
        }
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table(table) => write!(f, "{table}"),
            Self::Query(_) => f.write_str("query"),
        }
    }
}
