//! The changes that a statement may make: rows appended, a table dropped.
//!
//! The service that keeps the table makes the change, with all its own rules: one that is read only refuses, and an
//! upload is stored whole or not at all.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, UInt64Array};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use arrowlink_core::{
    BatchStream, CallContext, Chunk, Description, Effect, Error, ErrorKind, NounKind, Query, RemoveOptions,
    Result, Target, WriteMode, WriteOptions,
};
use datafusion::catalog::TableProvider;
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::{DmlStatement, LogicalPlan, TableSource};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::sql::sqlparser::ast::ObjectName;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::engine::Engine;
use super::failure::{from_datafusion, invalid};
use super::inserted;
use super::meant::{Meant, check_made};
use super::parameters;
use super::planned::{Begun, Planned};
use super::statement::Statement;
use crate::failure::internal;
use crate::operators::Interrupt;
use crate::providers::{ServiceTable, own_column};

/// Describes what a change returns.
pub(crate) fn description() -> Description {
    Description::new(NounKind::Dataset, schema()).with_rows(Some(1)).with_effect(Effect::Change)
}

/// Makes the change, and returns the row that says how much it touched.
pub(crate) async fn make(
    engine: &Arc<Engine>,
    ctx: &CallContext,
    query: &Query,
    statement: &Statement,
    interrupt: &Arc<Interrupt>,
) -> Result<Begun> {
    let count = match statement {
        Statement::Insert(table, _) => {
            let (planned, _) = engine.plan(ctx, query, statement, None).await?;
            insert(engine, ctx, query, table, planned, interrupt).await?
        }
        Statement::Drop { table, if_exists } => remove(engine, ctx, table.clone(), *if_exists).await?,
        Statement::Query(_) => return Err(internal("a query changes nothing")),
    };
    let counts: ArrayRef = Arc::new(UInt64Array::from(vec![count]));
    let batch = RecordBatch::try_new(schema(), vec![counts]);
    let batch = batch.map_err(|error| internal("a count is a batch").with_source(error))?;
    Ok((schema(), Box::pin(RecordBatchStreamAdapter::new(schema(), stream::iter([Ok(batch)])))))
}

/// Removes the table and returns how many rows it had, where that was known.
async fn remove(engine: &Engine, ctx: &CallContext, table: Meant, if_exists: bool) -> Result<u64> {
    let name = table.among(engine.service.as_ref(), ctx).await;
    let described = engine.service.describe(ctx.clone(), Target::from(&name)).await;
    match engine.service.remove(ctx.clone(), name, RemoveOptions::default()).await {
        Err(error) if if_exists && error.kind() == ErrorKind::NotFound => Ok(0),
        removed => removed.map(|()| described.ok().and_then(|described| described.rows).unwrap_or(0)),
    }
}

/// Appends the rows of the statement's query, for each row of its parameters, in one upload.
async fn insert(
    engine: &Arc<Engine>,
    ctx: &CallContext,
    query: &Query,
    table: &ObjectName,
    planned: Planned,
    interrupt: &Arc<Interrupt>,
) -> Result<u64> {
    let name = Meant::by_object(table, query.default_schema.as_deref())?;
    let name = name.among(engine.service.as_ref(), ctx).await;
    check_made(&name)?;
    let LogicalPlan::Dml(DmlStatement { target, input, .. }) = &planned.plan else {
        return Err(invalid(None, "`INSERT` of this form is not executed here"));
    };
    let schema = own_schema(target);
    let (input, state) = (inserted::checked_later(input.as_ref().clone())?, planned.state.clone());
    let rows = query.parameters.as_ref().map_or(1, RecordBatch::num_rows);
    if rows == 0 {
        return Ok(0);
    }
    let values = query.parameters.clone();
    // The service that keeps the table may take the rows in another task.
    let (of_rows, interrupt) = (Arc::clone(&schema), Arc::clone(interrupt));
    let batches = stream::iter(0..rows)
        .then(move |row| {
            let bound = parameters::bind(input.clone(), values.as_ref(), row);
            let (state, interrupt) = (state.clone(), Arc::clone(&interrupt));
            async move {
                let plan = bound?;
                let begun = Planned { state, plan: plan.clone() }.begun(&interrupt).await;
                begun.map_err(|error| inserted::named(error, &plan))
            }
        })
        .map_ok(|(_, rows)| rows.map_err(from_datafusion))
        .try_flatten()
        .map(move |batch| batch.and_then(|batch| shaped(&of_rows, &batch)).map(Chunk::new));
    let options = WriteOptions::default().with_mode(WriteMode::Append);
    let receipt = engine.service.write(ctx.clone(), name, BatchStream::new(schema, batches), options).await?;
    Ok(receipt.rows)
}

/// Returns the schema of the dataset that the rows are for: SQL may see other types.
fn own_schema(target: &Arc<dyn TableSource>) -> SchemaRef {
    let provider = source_as_provider(target).ok();
    let table = provider.as_deref().and_then(<dyn TableProvider>::downcast_ref::<ServiceTable>);
    table.map_or_else(|| target.schema(), |table| Arc::clone(table.own_schema()))
}

/// Gives the batch the schema of the dataset.
fn shaped(schema: &SchemaRef, batch: &RecordBatch) -> Result<RecordBatch> {
    let missing = schema.fields().iter().zip(batch.columns());
    if let Some((field, _)) =
        missing.into_iter().find(|(field, column)| !field.is_nullable() && column.null_count() > 0)
    {
        let text = format!("column `{}` may not be null: give it a value in every row", field.name());
        return Err(Error::new(ErrorKind::InvalidArgument, text));
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let columns =
        batch.columns().iter().zip(schema.fields()).map(|(column, field)| own_column(column, field));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns.collect::<Result<_>>()?, &options)
        .map_err(|error| internal("the rows are not of the table's schema").with_source(error))
}

/// Returns the schema of the row that says how many rows a change touched.
fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![Field::new("count", DataType::UInt64, false)]))
}
