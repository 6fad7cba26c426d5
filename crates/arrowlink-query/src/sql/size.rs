//! How large a statement becomes when it is planned, found out before that.
//!
//! Planning takes each mention of a `WITH` for a copy of it: thirty lines that each join the one before with itself are a
//! billion tables. And filters are moved below the columns that they mention: a column that is twice the one before,
//! thirty times, is as many expressions. Neither can be stopped once it has begun, so both are counted first, in time
//! that grows with the text alone.

use std::collections::HashMap;
use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::Arc;

use arrowlink_core::{Error, ErrorKind, Result};
use datafusion::common::Column;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::sql::parser::Statement as Parsed;
use datafusion::sql::sqlparser::ast::{ObjectName, Query, Visit as _, Visitor};

use super::statement::ast;

/// Refuses a statement that names too many tables, those of a `WITH` as often as it is mentioned.
pub(crate) fn check_tables(statement: &Parsed) -> Result<()> {
    // Nothing of what is never executed is planned.
    let Some(statement) = ast(statement) else { return Ok(()) };
    let mut counter = Tables { open: vec![Frame::default()] };
    let ControlFlow::Continue(()) = statement.visit(&mut counter);
    check_count(counter.open.first().map_or(0, |frame| frame.tables))
}

/// Refuses a statement or a plan that mentions too many tables.
pub(crate) fn check_count(tables: u64) -> Result<()> {
    if tables <= MOST_TABLES {
        return Ok(());
    }
    let text = format!(
        "the statement reads {tables} tables, those of a `WITH` as often as it is mentioned, and may read \
         {MOST_TABLES}: divide it"
    );
    Err(Error::new(ErrorKind::LimitExceeded, text))
}

/// Refuses a plan with a column that is computed in too many steps from the columns of tables.
pub(crate) fn check_columns(plan: &LogicalPlan) -> Result<()> {
    let steps = Steps::default().of(plan).into_iter().max().unwrap_or(0);
    if steps <= MOST_STEPS {
        return Ok(());
    }
    let text = format!(
        "a column of the statement is computed in {steps} steps, those of a column as often as it is mentioned, and \
         may take {MOST_STEPS}: divide it"
    );
    Err(Error::new(ErrorKind::LimitExceeded, text))
}

/// Counts tables while a statement is walked through.
struct Tables {
    /// The queries that are walked through, the outermost first.
    open: Vec<Frame>,
}

/// What is known of one query.
#[derive(Default)]
struct Frame {
    tables: u64,
    /// The queries of its `WITH`, told by where they are, and their names.
    named: Vec<(*const Query, String)>,
    /// How many tables each name of its `WITH` stands for.
    sizes: HashMap<String, u64>,
}

impl Visitor for Tables {
    type Break = Infallible;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Infallible> {
        let named = query.with.iter().flat_map(|with| &with.cte_tables);
        let named = named.map(|cte| (std::ptr::from_ref(cte.query.as_ref()), cte.alias.name.value.clone()));
        self.open.push(Frame { named: named.collect(), ..Frame::default() });
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<Infallible> {
        let done = self.open.pop().unwrap_or_default();
        if let Some(outer) = self.open.last_mut() {
            match outer.named.iter().find(|(place, _)| std::ptr::eq(*place, query)) {
                Some((_, name)) => {
                    // One that names no table is copied as others are.
                    outer.sizes.insert(name.to_lowercase(), done.tables.max(1));
                }
                None => outer.tables = outer.tables.saturating_add(done.tables),
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<Infallible> {
        let name = relation.to_string().trim_matches('"').to_lowercase();
        let known = self.open.iter().rev().find_map(|frame| frame.sizes.get(&name));
        let size = known.copied().unwrap_or(1);
        if let Some(frame) = self.open.last_mut() {
            frame.tables = frame.tables.saturating_add(size);
        }
        ControlFlow::Continue(())
    }
}

/// Counts the steps to each column of a plan, for each node once.
#[derive(Default)]
struct Steps {
    known: HashMap<*const LogicalPlan, Vec<u64>>,
}

impl Steps {
    /// Returns the steps to each column of `plan`.
    fn of(&mut self, plan: &LogicalPlan) -> Vec<u64> {
        let place = std::ptr::from_ref(plan);
        if let Some(known) = self.known.get(&place) {
            return known.clone();
        }
        let steps = self.computed(plan);
        self.known.insert(place, steps.clone());
        steps
    }

    fn computed(&mut self, plan: &LogicalPlan) -> Vec<u64> {
        let columns = plan.schema().fields().len();
        match plan {
            LogicalPlan::Projection(projection) => self.of_expressions(&projection.expr, &projection.input),
            LogicalPlan::Aggregate(aggregate) => {
                let mut steps = self.of_expressions(&aggregate.group_expr, &aggregate.input);
                steps.resize(columns, 1);
                steps
            }
            LogicalPlan::Union(union) => {
                let inputs = union.inputs.iter().map(|input| self.of(input));
                inputs.reduce(|a, b| a.iter().zip(&b).map(|(a, b)| *a.max(b)).collect()).unwrap_or_default()
            }
            // What hands columns on, and adds others behind them.
            _ => {
                let mut steps: Vec<u64> =
                    plan.inputs().into_iter().flat_map(|input| self.of(input)).collect();
                steps.resize(columns, 1);
                steps
            }
        }
    }

    /// Returns the steps to each of `expressions` over the columns of `input`.
    fn of_expressions(&mut self, expressions: &[Expr], input: &Arc<LogicalPlan>) -> Vec<u64> {
        let below = self.of(input);
        let of_column = |column: &Column| {
            input
                .schema()
                .maybe_index_of_column(column)
                .and_then(|index| below.get(index))
                .copied()
                .unwrap_or(1)
        };
        let steps = |expression: &Expr| {
            let mentions = expression.column_refs_counts();
            let mentions =
                mentions.into_iter().map(|(column, times)| of_column(column).saturating_mul(times as u64));
            mentions.fold(u64::from(!matches!(expression, Expr::Column(_))), u64::saturating_add)
        };
        expressions.iter().map(steps).collect()
    }
}

/// More than people write, and few enough to be planned in seconds, which takes time by the cube.
const MOST_TABLES: u64 = 256;
/// As many as thirteen columns have of which each is twice the one before.
const MOST_STEPS: u64 = 10_000;
