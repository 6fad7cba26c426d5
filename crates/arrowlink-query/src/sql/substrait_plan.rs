//! From a Substrait plan to one of the engine.
//!
//! The consumer of datafusion-substrait does the most of it; its tables are found here, one after the other as they are
//! mentioned, and each once. A plan comes from anywhere: the consumer takes for granted that what Substrait requires is
//! there, and panics where it is not.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrowlink_core::{CallContext, Error, ErrorKind, Query, Result};
use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use datafusion::common::{DFSchema, DataFusionError, ResolvedTableReference, TableReference};
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion_substrait::extensions::Extensions;
use datafusion_substrait::logical_plan::consumer::{
    DefaultSubstraitConsumer, SubstraitConsumer, from_substrait_plan_with_consumer, from_substrait_rel,
};
use datafusion_substrait::serializer::deserialize_bytes;
use datafusion_substrait::substrait::proto::{DynamicParameter, Plan, Rel, Type};
use futures::FutureExt as _;

use super::engine::{Engine, check_reads};
use super::failure::{from_plan, invalid, refused, travelling};
use super::lookup::Lookup;
use super::names::{CATALOG, PUBLIC};
use super::planned::Planned;
use super::session::add_functions;
use super::size;
use super::substrait_relation::refusal;

/// Plans what the encoded `plan` reads: finds the tables that it names, and what it means by them.
pub(crate) async fn plan(engine: &Engine, ctx: &CallContext, plan: &[u8]) -> Result<Planned> {
    let plan = decoded(plan, engine.options.max_text)?;
    let extensions = Extensions::try_from(&plan.extensions).map_err(from_plan)?;
    let mut state = engine.state.clone();
    add_functions(&mut state, ctx, None)?;
    state.mark_start_execution();
    let query = Query::new("");
    let made = {
        let consumer = Consumer {
            default: DefaultSubstraitConsumer::new(&extensions, &state),
            lookup: Lookup::new(engine, ctx, &query),
            mentions: AtomicU64::new(0),
            found: Mutex::default(),
        };
        AssertUnwindSafe(from_substrait_plan_with_consumer(&consumer, &plan)).catch_unwind().await
    };
    let plan = made.map_err(|_| invalid(None, INCOMPLETE))?.map_err(from_plan)?;
    size::check_columns(&plan)?;
    check_reads(&plan)?;
    Ok(Planned { state, plan })
}

/// Reads a plan of at most `max_bytes`. How deep it is, the decoder bounds.
fn decoded(bytes: &[u8], max_bytes: usize) -> Result<Plan> {
    if bytes.len() > max_bytes {
        let text = format!("the plan has {} bytes and may have {max_bytes}: divide it", bytes.len());
        return Err(Error::new(ErrorKind::LimitExceeded, text));
    }
    let plan = deserialize_bytes(bytes).map_err(|error| undecoded(&error))?;
    match plan.relations.len() {
        0 => Err(invalid(None, "the plan is not valid: it has no relation")),
        1 => Ok(*plan),
        count => Err(invalid(None, format!("{count} relations in one plan: send one at a time"))),
    }
}

/// Says what is wrong with bytes that are no plan, without the way to it, which may be a hundred messages long.
fn undecoded(error: &DataFusionError) -> Error {
    let text = error.strip_backtrace();
    let reason = text.rsplit(": ").next().unwrap_or(&text);
    invalid(None, "the plan is not valid: it cannot be decoded").with_source(reason.to_owned())
}

/// What plans are read with: that of datafusion-substrait, but for tables and for what is not carried out.
struct Consumer<'a> {
    default: DefaultSubstraitConsumer<'a>,
    lookup: Lookup<'a>,
    /// How often tables were mentioned.
    mentions: AtomicU64,
    found: Mutex<HashMap<ResolvedTableReference, Arc<dyn TableProvider>>>,
}

impl Consumer<'_> {
    /// Finds a table where it is mentioned for the first time.
    async fn table(&self, reference: &TableReference) -> Result<Option<Arc<dyn TableProvider>>> {
        size::check_count(self.mentions.fetch_add(1, Ordering::Relaxed) + 1)?;
        let name = reference.clone().resolve(CATALOG, PUBLIC);
        let known = self.found.lock().unwrap_or_else(PoisonError::into_inner).get(&name).map(Arc::clone);
        if known.is_some() {
            return Ok(known);
        }
        let table = self.lookup.one(reference).await?;
        if let Some(table) = &table {
            self.found.lock().unwrap_or_else(PoisonError::into_inner).insert(name, Arc::clone(table));
        }
        Ok(table)
    }
}

#[async_trait]
impl SubstraitConsumer for Consumer<'_> {
    async fn resolve_table_ref(
        &self,
        reference: &TableReference,
    ) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        self.table(reference).await.map_err(travelling)
    }

    fn get_extensions(&self) -> &Extensions {
        self.default.get_extensions()
    }

    fn get_function_registry(&self) -> &impl FunctionRegistry {
        self.default.get_function_registry()
    }

    async fn consume_rel(&self, relation: &Rel) -> Result<LogicalPlan, DataFusionError> {
        match relation.rel_type.as_ref().and_then(refusal) {
            Some(refusal) => Err(travelling(refusal)),
            None => from_substrait_rel(self, relation).await,
        }
    }

    async fn consume_dynamic_parameter(
        &self,
        _parameter: &DynamicParameter,
        _input: &DFSchema,
    ) -> Result<Expr, DataFusionError> {
        Err(travelling(refused("a plan with parameters", "put the values into it, or send the query as SQL")))
    }

    fn push_outer_schema(&self, schema: Arc<DFSchema>) {
        self.default.push_outer_schema(schema);
    }

    fn pop_outer_schema(&self) {
        self.default.pop_outer_schema();
    }

    fn get_outer_schema(&self, steps_out: usize) -> Option<Arc<DFSchema>> {
        self.default.get_outer_schema(steps_out)
    }

    fn push_lambda_parameters(
        &self,
        parameters: &[Type],
        input: &DFSchema,
    ) -> Result<Vec<String>, DataFusionError> {
        self.default.push_lambda_parameters(parameters, input)
    }

    fn pop_lambda_parameters(&self) {
        self.default.pop_lambda_parameters();
    }

    fn lambda_variable(&self, steps_out: usize, field: usize) -> Result<Expr, DataFusionError> {
        self.default.lambda_variable(steps_out, field)
    }
}

const INCOMPLETE: &str =
    "the plan is not valid: it lacks what Substrait requires, or refers to columns that are not there";
