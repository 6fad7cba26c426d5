//! Clauses that the planner passes over: they are refused, since without them a statement means something else.

use std::ops::ControlFlow;

use arrowlink_core::Result;
use datafusion::sql::sqlparser::ast::{Query, Statement, TableFactor, Visit as _, Visitor};

use super::failure::refused;

/// Refuses `statement` where a part of it would be passed over in silence.
pub(crate) fn refuse(statement: &Statement) -> Result<()> {
    match statement.visit(&mut Ignored) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break((what, instead)) => Err(refused(what, instead)),
    }
}

struct Ignored;

/// What is not executed, and what may be done instead.
type Clause = (&'static str, &'static str);

impl Visitor for Ignored {
    type Break = Clause;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Clause> {
        let Query { locks, for_clause, settings, format_clause, .. } = query;
        let found = [
            (!locks.is_empty(), ("FOR UPDATE", "rows are not locked, leave it out")),
            (for_clause.is_some(), ("FOR XML or FOR JSON", "ask the client or `/v1/sql` for a format")),
            (settings.is_some(), ("SETTINGS", "settings belong to the server")),
            (format_clause.is_some(), ("FORMAT", "ask the client or `/v1/sql` for a format")),
        ];
        first(found)
    }

    fn pre_visit_table_factor(&mut self, table: &TableFactor) -> ControlFlow<Clause> {
        match table {
            TableFactor::Table {
                sample, version, with_hints, partitions, json_path, index_hints, ..
            } => {
                let hinted = !with_hints.is_empty() || !index_hints.is_empty();
                first([
                    (sample.is_some(), SAMPLE),
                    (version.is_some(), ("a version of a table", "read the dataset by its snapshot")),
                    (hinted, ("a hint", "leave it out")),
                    (!partitions.is_empty(), ("PARTITION", "use `WHERE`")),
                    (json_path.is_some(), ("a path into a table", "use functions on its columns")),
                ])
            }
            TableFactor::Derived { sample, .. } => first([(sample.is_some(), SAMPLE)]),
            _ => ControlFlow::Continue(()),
        }
    }
}

/// Stops at the first clause that is there.
fn first<const N: usize>(clauses: [(bool, Clause); N]) -> ControlFlow<Clause> {
    match clauses.into_iter().find(|(is_there, _)| *is_there) {
        Some((_, clause)) => ControlFlow::Break(clause),
        None => ControlFlow::Continue(()),
    }
}

const SAMPLE: Clause = ("TABLESAMPLE", "choose rows by `WHERE random() < 0.1`");
