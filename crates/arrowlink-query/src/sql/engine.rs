//! The query engine: what all statements share, and the way of one from its text to a plan.

use std::fmt;
use std::sync::Arc;

use arrowlink_core::{CallContext, DataService, Error, ErrorKind, Query, Result};
use datafusion::execution::FunctionRegistry as _;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::analyzer::AnalyzerRule;
use datafusion::prelude::SessionConfig;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::SqlOptions;
use super::failure::{from_planning, refused};
use super::lookup::{Found, Lookup};
use super::memory;
use super::names::{CATALOG, PUBLIC};
use super::parameters;
use super::planned::Planned;
use super::plans::{Plan, Plans};
use super::repeated;
use super::session;
use super::size;
use super::sort_memory::SortMemory;
use super::spill::SpillFolder;
use super::statement::Statement;
use super::unknown;
use crate::QueryRuntime;
use crate::aggregates;
use crate::decimals;
use crate::failure::internal;
use crate::growth;
use crate::membership::Membership;
use crate::operators;
use crate::providers::SqlTables;
use crate::zeros;
use crate::zones;

/// What all statements of one service share.
pub(crate) struct Engine {
    pub(crate) service: Arc<dyn DataService>,
    pub(crate) tables: SqlTables,
    pub(crate) runtime: QueryRuntime,
    pub(crate) options: SqlOptions,
    /// Functions, rules and settings; copied for each statement, which costs little.
    pub(crate) state: SessionState,
    /// What statements meant that were asked before.
    pub(crate) plans: Plans,
    /// One permit for each query that may run.
    turns: Arc<Semaphore>,
    /// Where queries keep what does not fit; kept by those that run longer than the service is there.
    pub(crate) spill: Arc<SpillFolder>,
}

/// The tables of a statement that was planned before.
pub(crate) struct Known {
    /// What it meant, where it means that over these tables too.
    pub(crate) plan: Option<Arc<Plan>>,
    pub(crate) found: Found,
    /// What is wrong with the first that was not found.
    missing: Option<Error>,
}

impl Engine {
    /// Prepares what statements share.
    pub(crate) fn new(
        service: Arc<dyn DataService>,
        tables: SqlTables,
        runtime: &QueryRuntime,
        options: SqlOptions,
    ) -> Result<Self> {
        let spill = Arc::new(memory::spill_folder(&options)?);
        let environment = memory::environment(runtime.environment(), &options, &spill)?;
        let mut state = SessionStateBuilder::new()
            .with_config(config(runtime.threads(), &options))
            .with_runtime_env(Arc::new(environment))
            .with_default_features()
            .with_analyzer_rules(analyzers())
            .with_optimizer_rules(zeros::rules())
            .with_physical_optimizer_rules(operators::rules())
            .build();
        let planned = state
            .register_expr_planner(Arc::new(decimals::Arithmetic))
            .and_then(|()| state.register_expr_planner(Arc::new(parameters::JoinedTexts)));
        planned.map_err(|error| internal("the planner takes no rules").with_source(error))?;
        aggregates::add(&mut state)
            .and_then(|()| growth::bound(&mut state))
            .map_err(|error| internal("a function is not there").with_source(error))?;
        let turns = Arc::new(Semaphore::new(options.max_queries.clamp(1, Semaphore::MAX_PERMITS)));
        Ok(Self {
            service,
            tables,
            runtime: runtime.clone(),
            options,
            state,
            plans: Plans::new(),
            turns,
            spill,
        })
    }

    /// Parses the text of `query`.
    pub(crate) fn parse(&self, query: &Query) -> Result<Statement> {
        Statement::parse(&query.text, self.options.max_text, query.default_schema.as_deref())
    }

    /// Plans a query or an `INSERT`: finds the tables that it names, each once, and what it means by them. Those of
    /// `known` are found.
    pub(crate) async fn plan(
        &self,
        ctx: &CallContext,
        query: &Query,
        statement: &Statement,
        known: Option<Known>,
    ) -> Result<(Planned, Found)> {
        let parsed = match statement {
            Statement::Query(parsed) | Statement::Insert(_, parsed) => parsed.as_ref(),
            Statement::Drop { .. } => return Err(internal("`DROP TABLE` has no plan")),
        };
        size::check_tables(parsed)?;
        let mut state = self.state(query);
        session::add_functions(&mut state, ctx, query.default_schema.as_deref())?;
        let (found, missing) = match known {
            Some(known) => (known.found, known.missing),
            None => {
                let references = state.resolve_table_references(parsed);
                let references = references.map_err(|error| from_planning(error, &query.text))?;
                Lookup::new(self, ctx, query).find(references).await?
            }
        };
        state.register_catalog_list(Arc::clone(&found.tables) as _);
        tokio::task::yield_now().await;
        let planned = repeated::plan(&state, parsed).await;
        let plan = match (planned, missing) {
            (Ok(plan), _) => plan,
            // What is missing explains what cannot be planned.
            (Err(_), Some(missing)) => return Err(missing),
            (Err(error), None) => {
                return Err(unknown::function(&error, &state, &query.text)
                    .unwrap_or_else(|| from_planning(error, &query.text)));
            }
        };
        size::check_columns(&plan)?;
        if let Statement::Query(_) = statement {
            check_reads(&plan)?;
        }
        Ok((Planned { state, plan }, found))
    }

    /// Looks for the tables of a statement that was planned before.
    pub(crate) async fn known(&self, ctx: &CallContext, query: &Query) -> Result<Option<Known>> {
        let Some(plan) = self.plans.of(query) else { return Ok(None) };
        let (found, missing) = Lookup::new(self, ctx, query).find(plan.references.clone()).await?;
        let fits = found.is_whole && plan.fits(&found.tables);
        Ok(Some(Known { plan: fits.then_some(plan), found, missing }))
    }

    /// Returns functions, rules and settings for one statement that starts now.
    pub(crate) fn state(&self, query: &Query) -> SessionState {
        let mut state = self.state.clone();
        if let Some(schema) = &query.default_schema {
            state.config_mut().options_mut().catalog.default_schema = schema.clone();
        }
        state.mark_start_execution();
        state
    }

    /// Waits for the turn of one query, at most until the deadline of `ctx` or for as long as the options say.
    pub(crate) async fn turn(&self, ctx: &CallContext) -> Result<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.turns).try_acquire_owned() {
            return Ok(permit);
        }
        let bound = Instant::now() + self.options.max_wait;
        let until = ctx.deadline().map_or(bound, |deadline| deadline.min(bound));
        match timeout_at(until, Arc::clone(&self.turns).acquire_owned()).await {
            Ok(permit) => permit.map_err(|error| internal("the bound on queries is gone").with_source(error)),
            Err(_) if until < bound => Err(Error::new(
                ErrorKind::DeadlineExceeded,
                "the deadline passed before it was the query's turn",
            )),
            Err(_) => Err(self.busy()),
        }
    }

    /// Says that no turn came in time, and which setting would change it.
    fn busy(&self) -> Error {
        let SqlOptions { max_queries, max_wait, .. } = &self.options;
        let seconds = max_wait.as_secs();
        let text = format!(
            "{max_queries} queries are running and none ended within {seconds} s: try again later, or raise \
             `query.max_queries`"
        );
        Error::new(ErrorKind::Unavailable, text)
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("service", &self.service)
            .field("tables", &self.tables)
            .field("options", &self.options)
            .field("free_turns", &self.turns.available_permits())
            .finish_non_exhaustive()
    }
}

/// Refuses a plan with a change in it.
pub(crate) fn check_reads(plan: &LogicalPlan) -> Result<()> {
    let read_only =
        SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    read_only.verify_plan(plan).map_err(|_| refused("a change within a query", "send it alone"))
}

/// Returns the rules by which what a statement says becomes what the engine computes.
fn analyzers() -> Vec<Arc<dyn AnalyzerRule + Send + Sync>> {
    let mut rules = decimals::rules();
    rules.insert(0, Arc::new(Membership));
    rules.push(Arc::new(zones::LocalTimes));
    rules
}

/// Returns the settings of every statement.
fn config(threads: usize, sql: &SqlOptions) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_target_partitions(threads)
        .with_default_catalog_and_schema(CATALOG, PUBLIC)
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(false);
    let options = config.options_mut();
    options.sql_parser.collect_spans = true;
    // Without a zone, `now()` would be read as the local time of a column that has another.
    options.execution.time_zone = Some("+00:00".to_owned());
    // Views would have to be cast for nearly every client, and TPC-H as a whole takes no longer without them.
    options.sql_parser.map_string_types_to_utf8view = false;
    options.execution.parquet.schema_force_view_types = false;
    let set_aside = options.execution.sort_spill_reservation_bytes;
    config.with_extension(Arc::new(SortMemory::new(sql, set_aside)))
}
