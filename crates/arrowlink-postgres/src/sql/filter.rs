//! Filters of DataFusion in PostgreSQL's words, where both mean the same or PostgreSQL lets more rows through.
//!
//! A row that DataFusion would keep must never be left out. What cannot be written so is not: texts by their order, which
//! collations decide, and floats beside zero, of which DataFusion has two.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::{Between, InList, Like};
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};

use super::literal::{float, literal, text};
use crate::kind::{Kind, TextKind};
use crate::table::{Column, Table};

/// Which rows a condition lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Meaning {
    /// Those of the filter and more.
    Wider,
    /// Those of the filter.
    Same,
}

/// Writes `filter` for PostgreSQL, in parentheses; `None` where it stays with DataFusion.
pub(super) fn condition(filter: &Expr, table: &Table) -> Option<(String, Meaning)> {
    let (text, meaning) = match filter {
        Expr::Column(_) => {
            let column = column(filter, table).filter(|column| column.kind == Kind::Boolean)?;
            (column.expression(), Meaning::Same)
        }
        Expr::IsNull(of) => (format!("{} IS NULL", column(of, table)?.expression()), Meaning::Same),
        Expr::IsNotNull(of) => (format!("{} IS NOT NULL", column(of, table)?.expression()), Meaning::Same),
        Expr::Not(of) => negated(condition(of, table)?)?,
        Expr::BinaryExpr(binary) => combined(binary, table)?,
        Expr::Between(between) => within(between, table)?,
        Expr::InList(list) => listed(list, table)?,
        Expr::Like(like) => alike(like, table)?,
        _ => return None,
    };
    Some((format!("({text})"), meaning))
}

/// Finds the column that `of` is, and nothing more than it.
fn column<'a>(of: &Expr, table: &'a Table) -> Option<&'a Column> {
    let Expr::Column(of) = of else { return None };
    table.columns.iter().find(|column| column.name == of.name)
}

/// The opposite of a condition that lets more through leaves rows out.
fn negated((text, meaning): (String, Meaning)) -> Option<(String, Meaning)> {
    (meaning == Meaning::Same).then(|| (format!("NOT {text}"), meaning))
}

fn combined(binary: &BinaryExpr, table: &Table) -> Option<(String, Meaning)> {
    let BinaryExpr { left, op, right } = binary;
    let joint = match op {
        Operator::And => "AND",
        Operator::Or => "OR",
        _ => {
            return match (left.as_ref(), right.as_ref()) {
                (of, Expr::Literal(value, _)) => compared(column(of, table)?, *op, value),
                (Expr::Literal(value, _), of) => compared(column(of, table)?, op.swap()?, value),
                _ => None,
            };
        }
    };
    let (left, of_left) = condition(left, table)?;
    let (right, of_right) = condition(right, table)?;
    Some((format!("{left} {joint} {right}"), of_left.min(of_right)))
}

fn within(between: &Between, table: &Table) -> Option<(String, Meaning)> {
    let Between { expr, negated: is_negated, low, high } = between;
    let (Expr::Literal(low, _), Expr::Literal(high, _)) = (low.as_ref(), high.as_ref()) else { return None };
    let column = column(expr, table)?;
    let (low, of_low) = compared(column, Operator::GtEq, low)?;
    let (high, of_high) = compared(column, Operator::LtEq, high)?;
    let both = (format!("(({low}) AND ({high}))"), of_low.min(of_high));
    if *is_negated { negated(both) } else { Some(both) }
}

fn listed(list: &InList, table: &Table) -> Option<(String, Meaning)> {
    let column = column(&list.expr, table)?;
    let (op, joint) = if list.negated { (Operator::NotEq, " AND ") } else { (Operator::Eq, " OR ") };
    let mut meaning = Meaning::Same;
    let mut texts = Vec::with_capacity(list.list.len());
    for value in &list.list {
        let Expr::Literal(value, _) = value else { return None };
        let (text, of_value) = compared(column, op, value)?;
        meaning = meaning.min(of_value);
        texts.push(text);
    }
    Some((texts.join(joint), meaning))
}

/// Patterns mean the same where no character of them is escaped.
fn alike(like: &Like, table: &Table) -> Option<(String, Meaning)> {
    let Like { negated: false, expr, pattern, escape_char: None, case_insensitive: false } = like else {
        return None;
    };
    let Expr::Literal(pattern, _) = pattern.as_ref() else { return None };
    let column = column(expr, table).filter(|column| column.kind == Kind::Text(TextKind::Plain))?;
    let pattern = pattern.try_as_str().flatten().filter(|pattern| !pattern.contains('\\'))?;
    Some((format!("{} COLLATE \"C\" LIKE {}", column.expression(), text(pattern)?), Meaning::Wider))
}

/// Compares a column with a value that is not null.
fn compared(column: &Column, op: Operator, value: &ScalarValue) -> Option<(String, Meaning)> {
    let sign = sign(op)?;
    let name = column.expression();
    match &column.kind {
        Kind::Text(TextKind::Plain | TextKind::Enumerated) | Kind::Written => {
            let value = text(value.try_as_str().flatten()?)?;
            // An enumerated type refuses what is not of it.
            let name = if matches!(column.kind, Kind::Text(TextKind::Enumerated)) {
                format!("{name}::text")
            } else {
                name
            };
            match op {
                // Some collations find different texts equal.
                Operator::Eq => Some((format!("{name} = {value}"), Meaning::Wider)),
                Operator::NotEq => Some((format!("{name} COLLATE \"C\" <> {value}"), Meaning::Same)),
                _ => None,
            }
        }
        Kind::Float32 | Kind::Float64 => {
            let value = float(&column.kind, value)?;
            Some(match op {
                Operator::Eq | Operator::NotEq => (format!("{name} {sign} {value}"), Meaning::Same),
                // A NaN with a sign is less than all to DataFusion, and every NaN is more than all to PostgreSQL.
                Operator::Lt | Operator::LtEq => {
                    (format!("{name} {sign} {value} OR {name} = 'NaN'"), Meaning::Wider)
                }
                _ => (format!("{name} {sign} {value}"), Meaning::Wider),
            })
        }
        kind => Some((format!("{name} {sign} {}", literal(kind, value)?), Meaning::Same)),
    }
}

const fn sign(op: Operator) -> Option<&'static str> {
    Some(match op {
        Operator::Eq => "=",
        Operator::NotEq => "<>",
        Operator::Lt => "<",
        Operator::LtEq => "<=",
        Operator::Gt => ">",
        Operator::GtEq => ">=",
        _ => return None,
    })
}
