//! The rows of `INSERT ... VALUES`: what is wrong with a value is told with the column of the table that it is for.
//!
//! The engine calls the columns of such rows `column1` and so on, or does not say which column it is.

use std::sync::Arc;

use arrow_schema::Field;
use arrowlink_core::{Error, ErrorKind, Result};
use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::common::{DFSchema, DataFusionError};
use datafusion::logical_expr::expr::Alias;
use datafusion::logical_expr::{Expr, LogicalPlan, Projection, Values};

use super::failure::{first_line, from_datafusion};

/// Lets the rows have nulls where the table has none, for whoever gives them its schema to refuse them.
pub(crate) fn checked_later(plan: LogicalPlan) -> Result<LogicalPlan> {
    if rows_of(&plan).is_none() {
        return Ok(plan);
    }
    let later = plan.map_children(|rows| {
        let LogicalPlan::Values(rows) = rows else { return Ok(Transformed::no(rows)) };
        Ok(Transformed::yes(LogicalPlan::Values(nullable(rows)?)))
    });
    later.and_then(|later| later.data.recompute_schema()).map_err(from_datafusion)
}

fn nullable(rows: Values) -> Result<Values, DataFusionError> {
    let fields = rows
        .schema
        .iter()
        .map(|(table, field)| (table.cloned(), Arc::new(Field::clone(field).with_nullable(true))));
    let schema = DFSchema::new_with_metadata(fields.collect(), rows.schema.metadata().clone())?;
    Ok(Values { schema: Arc::new(schema), values: rows.values })
}

/// Says for which column the value is that is the cause of `error`, where it is one of the rows of `plan`.
pub(crate) fn named(error: Error, plan: &LogicalPlan) -> Error {
    if error.kind() != ErrorKind::InvalidArgument {
        return error;
    }
    match rows_of(plan).and_then(|(columns, rows)| wrong(columns, rows)) {
        Some((column, row, reason)) => {
            let text = format!("column `{column}` cannot have the value of row {row}");
            Error::new(ErrorKind::InvalidArgument, text).with_source(reason)
        }
        None => error,
    }
}

/// Returns the rows that are written in the statement, and what is made of their columns.
fn rows_of(plan: &LogicalPlan) -> Option<(&[Expr], &Values)> {
    let LogicalPlan::Projection(Projection { expr, input, .. }) = plan else { return None };
    let LogicalPlan::Values(rows) = input.as_ref() else { return None };
    Some((expr, rows))
}

/// Returns the first value that cannot be of the type of its column: the column, the row counted from 1, and why not.
fn wrong<'a>(columns: &'a [Expr], rows: &Values) -> Option<(&'a str, usize, String)> {
    for (row, values) in (1..).zip(&rows.values) {
        for (field, value) in rows.schema.fields().iter().zip(values) {
            if let Expr::Cast(cast) = value
                && let Expr::Literal(literal, _) = cast.expr.as_ref()
                && let Err(error) = literal.cast_to(field.data_type())
            {
                return Some((target(columns, field.name())?, row, reason(error)));
            }
        }
    }
    None
}

/// Returns the column of the table that is made of the column `name` of the rows.
fn target<'a>(columns: &'a [Expr], name: &str) -> Option<&'a str> {
    columns.iter().find_map(|column| {
        let Expr::Alias(Alias { expr, name: target, .. }) = column else { return None };
        expr.column_refs().iter().any(|column| column.name == name).then_some(target.as_str())
    })
}

fn reason(error: DataFusionError) -> String {
    first_line(&match error {
        DataFusionError::ArrowError(error, _) => error.to_string(),
        other => other.strip_backtrace(),
    })
}
