//! The columns that a statement promises before its rows are computed, and keeps.
//!
//! The planner says of some columns that they are never null, and they are: those of a scalar subquery that finds
//! nothing, or of the rows that a join makes up. Clients refuse rows that may have what the promise excludes. So a
//! column may be null here unless it is plain that it is not: it comes from a table as it is, or is counted.

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::common::JoinType;
use datafusion::logical_expr::{Aggregate, Distinct, Expr, Join, LogicalPlan, Projection};

/// Returns the columns of the rows of `plan`.
pub(crate) fn of(plan: &LogicalPlan) -> SchemaRef {
    let schema = plan.schema().inner();
    let certain = certain(plan);
    let fields = schema
        .fields()
        .iter()
        .enumerate()
        .map(|(index, field)| if is_at(&certain, index) { Arc::clone(field) } else { loose(field) });
    let fields: Vec<FieldRef> = fields.collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

/// Gives `batch` the schema that was promised; an error is that it has another.
///
/// Operators may know more of a column than the promise says, that it or what is in it is never null, and forget metadata
/// and that categories have an order. A column whose type says so is cast, since its type goes with it.
pub(crate) fn kept(schema: &SchemaRef, batch: RecordBatch) -> Result<RecordBatch, ArrowError> {
    if Arc::ptr_eq(schema, batch.schema_ref()) || schema == batch.schema_ref() {
        return Ok(batch);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
        if field.data_type() == column.data_type() {
            Ok(Arc::clone(column))
        } else {
            cast_with_options(
                column,
                field.data_type(),
                &CastOptions { safe: false, ..CastOptions::default() },
            )
        }
    });
    RecordBatch::try_new_with_options(Arc::clone(schema), columns.collect::<Result<_, _>>()?, &options)
}

/// Returns of each column of `plan` whether it is plain that its field is as the planner says.
fn certain(plan: &LogicalPlan) -> Vec<bool> {
    match plan {
        LogicalPlan::Filter(filter) => certain(&filter.input),
        LogicalPlan::Sort(sort) => certain(&sort.input),
        LogicalPlan::Limit(limit) => certain(&limit.input),
        LogicalPlan::SubqueryAlias(alias) => certain(&alias.input),
        LogicalPlan::Distinct(Distinct::All(input)) => certain(input),
        LogicalPlan::Projection(Projection { expr, input, .. }) => of_expressions(expr, input),
        LogicalPlan::Aggregate(aggregate) => of_aggregate(aggregate),
        LogicalPlan::Join(join) => of_join(join),
        LogicalPlan::Union(union) => {
            let inputs = union.inputs.iter().map(|input| certain(input));
            inputs.reduce(|a, b| a.iter().zip(&b).map(|(a, b)| *a && *b).collect()).unwrap_or_default()
        }
        LogicalPlan::TableScan(_)
        | LogicalPlan::EmptyRelation(_)
        | LogicalPlan::Explain(_)
        | LogicalPlan::Analyze(_)
        | LogicalPlan::DescribeTable(_) => vec![true; plan.schema().fields().len()],
        // What looks into one column says nothing of the others: they are all taken as uncertain.
        _ => Vec::new(),
    }
}

/// Returns it of `expressions` over the columns of `input`.
fn of_expressions(expressions: &[Expr], input: &LogicalPlan) -> Vec<bool> {
    let below = certain(input);
    expressions.iter().map(|expression| is_certain(expression, input, &below)).collect()
}

fn is_certain(expression: &Expr, input: &LogicalPlan, below: &[bool]) -> bool {
    match expression {
        Expr::Alias(alias) => is_certain(&alias.expr, input, below),
        // What cannot be cast is an error.
        Expr::Cast(cast) => is_certain(&cast.expr, input, below),
        Expr::Column(column) => {
            input.schema().maybe_index_of_column(column).is_some_and(|index| is_at(below, index))
        }
        Expr::Literal(..) => true,
        _ => false,
    }
}

/// Returns it of the groups, and of what is counted of each.
fn of_aggregate(aggregate: &Aggregate) -> Vec<bool> {
    if aggregate.group_expr.iter().any(|group| matches!(group, Expr::GroupingSet(_))) {
        return Vec::new();
    }
    let mut certain = of_expressions(&aggregate.group_expr, &aggregate.input);
    certain.extend(aggregate.aggr_expr.iter().map(
        |expression| matches!(expression, Expr::AggregateFunction(call) if call.func.name() == "count"),
    ));
    certain
}

/// Returns it of the sides of a join: where one may have no row, its columns may be null.
fn of_join(join: &Join) -> Vec<bool> {
    let (has_left, has_right) = match join.join_type {
        JoinType::Inner => (true, true),
        JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => (true, false),
        JoinType::RightSemi | JoinType::RightAnti => return certain(&join.right),
        JoinType::Right => (false, true),
        JoinType::Full | JoinType::RightMark => return Vec::new(),
    };
    let columns = join.left.schema().fields().len();
    let mut left = if has_left { certain(&join.left) } else { Vec::new() };
    left.resize(columns, false);
    if has_right {
        left.extend(certain(&join.right));
    }
    left
}

fn is_at(certain: &[bool], index: usize) -> bool {
    certain.get(index).copied().unwrap_or(false)
}

/// Lets a column be null, and what is in it, but for the entries of maps.
fn loose(field: &FieldRef) -> FieldRef {
    let data_type = match field.data_type() {
        DataType::List(item) => DataType::List(loose(item)),
        DataType::LargeList(item) => DataType::LargeList(loose(item)),
        DataType::FixedSizeList(item, length) => DataType::FixedSizeList(loose(item), *length),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(loose).collect()),
        other => other.clone(),
    };
    Arc::new(Field::clone(field).with_data_type(data_type).with_nullable(true))
}
