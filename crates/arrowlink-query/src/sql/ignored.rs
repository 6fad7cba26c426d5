//! Clauses that the planner passes over: they are refused, since without them a statement means something else.
//!
//! So are parts of expressions that it takes and that fail later, where nobody knows any more where they stand.

use std::ops::ControlFlow;

use arrowlink_core::Result;
use datafusion::sql::sqlparser::ast::{
    DateTimeField, Expr, Join, JoinConstraint, JoinOperator, Query, Select, SetExpr, SetOperator,
    SetQuantifier, Spanned as _, Statement, TableFactor, Value, Visit as _, Visitor,
};

use super::failure::refused_at;
use super::place::Place;

/// Refuses `statement` where a part of it would be passed over in silence.
pub(crate) fn refuse(statement: &Statement) -> Result<()> {
    match statement.visit(&mut Ignored) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(((what, instead), place)) => Err(refused_at(place, what, instead)),
    }
}

struct Ignored;

/// What is not executed, and what may be done instead.
type Clause = (&'static str, &'static str);

/// A clause that is there, and where.
type Found = (Clause, Option<Place>);

impl Visitor for Ignored {
    type Break = Found;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Found> {
        let Query { locks, for_clause, settings, format_clause, .. } = query;
        let found = [
            (!locks.is_empty(), ("FOR UPDATE", "rows are not locked, leave it out")),
            (for_clause.is_some(), ("FOR XML or FOR JSON", "ask the client or `/v1/sql` for a format")),
            (settings.is_some(), ("SETTINGS", "settings belong to the server")),
            (format_clause.is_some(), ("FORMAT", "ask the client or `/v1/sql` for a format")),
        ];
        first(found)?;
        counted(&query.body)
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Found> {
        first([
            (!select.connect_by.is_empty(), ("CONNECT BY", "use `WITH RECURSIVE`")),
            (select.prewhere.is_some(), ("PREWHERE", "use `WHERE`")),
            (!select.distribute_by.is_empty(), ("DISTRIBUTE BY", "leave it out")),
        ])?;
        select.from.iter().flat_map(|table| &table.joins).try_for_each(merged)
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<Found> {
        let clause = match expression {
            Expr::Like { escape_char: Some(escape), .. } | Expr::ILike { escape_char: Some(escape), .. }
                if !is_backslash(&escape.value) =>
            {
                LIKE_ESCAPE
            }
            Expr::SimilarTo { escape_char: Some(_), .. } => SIMILAR_ESCAPE,
            Expr::Extract { field, .. } if is_long(field) => LONG_PART,
            _ => return ControlFlow::Continue(()),
        };
        ControlFlow::Break((clause, Place::of_span(expression.span())))
    }

    fn pre_visit_table_factor(&mut self, table: &TableFactor) -> ControlFlow<Found> {
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
            TableFactor::NestedJoin { table_with_joins, .. } => {
                table_with_joins.joins.iter().try_for_each(merged)
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

/// Stops at the first clause that is there.
fn first<const N: usize>(clauses: [(bool, Clause); N]) -> ControlFlow<Found> {
    match clauses.into_iter().find(|(is_there, _)| *is_there) {
        Some((_, clause)) => ControlFlow::Break((clause, None)),
        None => ControlFlow::Continue(()),
    }
}

fn is_backslash(value: &Value) -> bool {
    matches!(value, Value::SingleQuotedString(text) if text == "\\")
}

/// Returns whether it is a part of a time that the engine does not know: some years together.
const fn is_long(part: &DateTimeField) -> bool {
    matches!(
        part,
        DateTimeField::Decade | DateTimeField::Century | DateTimeField::Millennium | DateTimeField::Millenium
    )
}

/// Stops at a set operation that would have to count how often a row is there.
fn counted(body: &SetExpr) -> ControlFlow<Found> {
    let SetExpr::SetOperation { op, set_quantifier, left, right } = body else {
        return ControlFlow::Continue(());
    };
    let clause = match op {
        SetOperator::Except => Some(EXCEPT_ALL),
        SetOperator::Minus => Some(MINUS_ALL),
        SetOperator::Intersect => Some(INTERSECT_ALL),
        SetOperator::Union => None,
    };
    if let Some(clause) = clause
        && matches!(set_quantifier, SetQuantifier::All | SetQuantifier::AllByName)
    {
        return ControlFlow::Break((clause, Place::of_span(right.span())));
    }
    counted(left)?;
    counted(right)
}

/// Stops at a join whose columns of one name would be those of its left side, where that may have no row.
fn merged(join: &Join) -> ControlFlow<Found> {
    let (constraint, using, natural) = match &join.join_operator {
        JoinOperator::FullOuter(constraint) => (constraint, FULL_USING, FULL_NATURAL),
        JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => {
            (constraint, RIGHT_USING, RIGHT_NATURAL)
        }
        _ => return ControlFlow::Continue(()),
    };
    match constraint {
        JoinConstraint::Using(columns) => {
            let place = columns.first().and_then(|column| Place::of_span(column.span()));
            ControlFlow::Break((using, place))
        }
        JoinConstraint::Natural => ControlFlow::Break((natural, Place::of_span(join.relation.span()))),
        JoinConstraint::On(_) | JoinConstraint::None => ControlFlow::Continue(()),
    }
}

const LIKE_ESCAPE: Clause = (
    "LIKE with an ESCAPE other than the backslash",
    "write `\\` before `%` and `_` that stand for themselves",
);
const SIMILAR_ESCAPE: Clause = ("SIMILAR TO with ESCAPE", "use `~` and a regular expression");
const LONG_PART: Clause = ("EXTRACT of more than one year", "compute it from `EXTRACT(year FROM ...)`");
const SAMPLE: Clause = ("TABLESAMPLE", "choose rows by `WHERE random() < 0.1`");
const EXCEPT_ALL: Clause = ("EXCEPT ALL", "use `EXCEPT`, or count rows by `GROUP BY`");
const MINUS_ALL: Clause = ("MINUS ALL", "use `EXCEPT`, or count rows by `GROUP BY`");
const INTERSECT_ALL: Clause = ("INTERSECT ALL", "use `INTERSECT`, or count rows by `GROUP BY`");
const FULL_USING: Clause = ("FULL JOIN with USING", "write `ON a.k = b.k`, and `coalesce(a.k, b.k)` for `k`");
const FULL_NATURAL: Clause = ("NATURAL FULL JOIN", "write `ON a.k = b.k`, and `coalesce(a.k, b.k)` for `k`");
const RIGHT_USING: Clause =
    ("RIGHT JOIN with USING", "write `ON a.k = b.k`, and `b.k` for `k`, or change the sides");
const RIGHT_NATURAL: Clause =
    ("NATURAL RIGHT JOIN", "write `ON a.k = b.k`, and `b.k` for `k`, or change the sides");
