//! What is asked of one statement: what it returns, and its rows.

use std::sync::Arc;

use arrowlink_core::{CallContext, Description, NounKind, Query, Result};

use super::engine::{Engine, Known};
use super::lookup::Found;
use super::planned::{Begun, Planned};
use super::plans::Plan;
use super::statement::Statement;
use super::{change, parameters};
use crate::operators::Interrupt;

/// Says what `query` returns, and changes nothing.
pub(crate) async fn describe(engine: &Engine, ctx: &CallContext, query: &Query) -> Result<Description> {
    let known = engine.known(ctx, query).await?;
    if let Some(plan) = known.as_ref().and_then(|known| known.plan.as_ref())
        && query.parameters.is_none()
    {
        return Ok(plan.description());
    }
    let statement = engine.parse(query)?;
    if let Statement::Drop { .. } = statement {
        return Ok(change::description());
    }
    let (mut planned, found) = engine.plan(ctx, query, &statement, known).await?;
    let parameters = parameters::schema(&planned.plan);
    if let Statement::Insert(..) = statement {
        return Ok(change::description().with_parameters(parameters));
    }
    let has_values = query.parameters.is_some();
    if has_values {
        planned.plan = parameters::bind_one(planned.plan, query.parameters.as_ref())?;
    }
    let schema = planned.schema()?;
    if !has_values && let Some(plan) = Plan::new(query, &planned, &found, &schema)? {
        engine.plans.keep(query, plan);
    }
    Ok(Description::new(NounKind::Dataset, schema).with_parameters(parameters))
}

/// Carries `query` out: returns its rows, or the one that says how much it changed.
///
/// What computes them asks `interrupt` whether it goes on.
pub(crate) async fn rows(
    engine: &Arc<Engine>,
    ctx: &CallContext,
    query: &Query,
    interrupt: &Arc<Interrupt>,
) -> Result<Begun> {
    let known = engine.known(ctx, query).await?;
    if let Some(Known { plan: Some(plan), found, .. }) = &known {
        return rows_again(engine, query, plan, found, interrupt).await;
    }
    let statement = engine.parse(query)?;
    let Statement::Query(_) = statement else {
        return change::make(engine, ctx, query, &statement, interrupt).await;
    };
    let (mut planned, found) = engine.plan(ctx, query, &statement, known).await?;
    planned.plan = parameters::bind_one(planned.plan, query.parameters.as_ref())?;
    let ready = planned.ready().await?;
    if query.parameters.is_none()
        && let Some(plan) = Plan::new(query, &planned, &found, &ready.schema)?
    {
        plan.learn(&ready, query, &found.tables)?;
        engine.plans.keep(query, plan);
    }
    ready.begun(planned.state, interrupt).await
}

/// Carries out what was planned before, over the tables of today.
async fn rows_again(
    engine: &Engine,
    query: &Query,
    plan: &Plan,
    found: &Found,
    interrupt: &Arc<Interrupt>,
) -> Result<Begun> {
    let state = engine.state(query);
    let has_values = query.parameters.is_some();
    if !has_values && let Some(ready) = plan.ready(query, &found.tables)? {
        return ready.begun(state, interrupt).await;
    }
    let meaning = parameters::bind_one(plan.meaning(query, &found.tables)?, query.parameters.as_ref())?;
    let planned = Planned { state, plan: meaning };
    let ready = planned.ready().await?;
    if !has_values {
        plan.learn(&ready, query, &found.tables)?;
    }
    ready.begun(planned.state, interrupt).await
}
