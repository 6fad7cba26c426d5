//! Plans of statements that were asked before, so that asking again costs no planning.
//!
//! A client of Flight SQL asks three times for one result: when it prepares the statement, for its flight info and for
//! the rows. What is kept is the meaning of a text and no state of a table: each time the tables are looked up anew, and
//! a plan is of use where they are what they were, by name, columns and kind.

use std::any::TypeId;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arrow_schema::SchemaRef;
use arrowlink_core::{Description, NounKind, Query, Result};
use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::{Transformed, TreeNode as _, TreeNodeRecursion};
use datafusion::common::{DataFusionError, ResolvedTableReference, TableReference};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::logical_plan::builder::LogicalTableSource;
use datafusion::logical_expr::{Expr, LogicalPlan, TableScan, TableSource, Volatility};
use lru::LruCache;

use super::failure::from_datafusion;
use super::lookup::Found;
use super::names::{CATALOG, PUBLIC};
use super::parameters;
use super::planned::{Planned, Ready, constants};
use crate::providers::Tables;

/// The plans of the statements that were asked last.
pub(crate) struct Plans {
    kept: Mutex<LruCache<Asked, Arc<Plan>>>,
}

/// What a plan depends on, besides the tables.
#[derive(Debug, Eq, Hash, PartialEq)]
struct Asked {
    text: String,
    schema: Option<String>,
}

/// What a text means, over tables that have columns and no rows.
#[derive(Debug)]
pub(crate) struct Plan {
    /// As the statement names them.
    pub(crate) references: Vec<TableReference>,
    tables: Vec<(ResolvedTableReference, Kind)>,
    meaning: LogicalPlan,
    /// Of a statement without parameters, once it was executed.
    optimized: OnceLock<LogicalPlan>,
    schema: SchemaRef,
    parameters: SchemaRef,
}

/// What a plan knows of a table.
#[derive(Debug, PartialEq)]
struct Kind {
    schema: SchemaRef,
    /// Filters are pushed to some and not to others.
    provider: TypeId,
}

impl Plans {
    pub(crate) fn new() -> Self {
        Self { kept: Mutex::new(LruCache::new(MOST)) }
    }

    /// Returns the plan of `query`, where there is one.
    pub(crate) fn of(&self, query: &Query) -> Option<Arc<Plan>> {
        if query.text.len() > LONGEST_TEXT {
            return None;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&Asked::new(query)).map(Arc::clone)
    }

    /// Keeps what `query` means; a long text is not kept.
    pub(crate) fn keep(&self, query: &Query, plan: Plan) {
        if query.text.len() <= LONGEST_TEXT {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.put(Asked::new(query), Arc::new(plan));
        }
    }
}

impl Asked {
    fn new(query: &Query) -> Self {
        Self { text: query.text.clone(), schema: query.default_schema.clone() }
    }
}

impl Plan {
    /// Takes what there is to know of `planned`; its rows have `schema`. Returns nothing of what is not to be kept.
    pub(crate) fn new(
        query: &Query,
        planned: &Planned,
        found: &Found,
        schema: &SchemaRef,
    ) -> Result<Option<Self>> {
        if !found.is_whole || found.lists_tables() || !is_timeless(&planned.plan) || is_wide(&planned.plan) {
            return Ok(None);
        }
        let (mut tables, mut is_known) = (Vec::new(), true);
        let meaning = with_sources(planned.plan.clone(), |name| {
            let name = resolved(name, query);
            let table = found.tables.get(&name);
            is_known &= table.is_some();
            tables.push((name, Kind::of(table?.as_ref())));
            table.map(without_rows)
        })?;
        // A table that is named and not read, as by `DESCRIBE`, may change without the plan's knowing.
        let is_read = |reference| tables.iter().any(|(name, _)| *name == resolved(reference, query));
        if !is_known || !found.references.iter().all(is_read) {
            return Ok(None);
        }
        Ok(Some(Self {
            references: found.references.clone(),
            tables,
            meaning,
            optimized: OnceLock::new(),
            schema: Arc::clone(schema),
            parameters: parameters::schema(&planned.plan),
        }))
    }

    /// Returns what the statement returns.
    pub(crate) fn description(&self) -> Description {
        let description = Description::new(NounKind::Dataset, Arc::clone(&self.schema));
        description.with_parameters(Arc::clone(&self.parameters))
    }

    /// Returns whether what it means depends on no table.
    pub(crate) fn is_alone(&self) -> bool {
        self.tables.is_empty()
    }

    /// Returns whether this is the plan over `tables` too.
    pub(crate) fn fits(&self, tables: &Tables) -> bool {
        self.tables
            .iter()
            .all(|(name, kind)| tables.get(name).is_some_and(|table| Kind::of(table.as_ref()) == *kind))
    }

    /// Returns what the statement means over `tables`.
    pub(crate) fn meaning(&self, query: &Query, tables: &Tables) -> Result<LogicalPlan> {
        over(&self.meaning, query, tables)
    }

    /// Returns how the rows are computed from `tables`, where that is known.
    pub(crate) fn ready(&self, query: &Query, tables: &Tables) -> Result<Option<Ready>> {
        let Some(plan) = self.optimized.get() else { return Ok(None) };
        Ok(Some(Ready { plan: over(plan, query, tables)?, schema: Arc::clone(&self.schema) }))
    }

    /// Keeps how the rows are computed, for the next time.
    pub(crate) fn learn(&self, ready: &Ready, query: &Query, tables: &Tables) -> Result<()> {
        if self.parameters.fields().is_empty() && constants(&ready.plan) <= LONGEST_TEXT {
            let plan = with_sources(ready.plan.clone(), |name| {
                tables.get(&resolved(name, query)).map(without_rows)
            })?;
            // Who was first does not matter.
            let _ = self.optimized.set(plan);
        }
        Ok(())
    }
}

impl Kind {
    fn of(table: &dyn TableProvider) -> Self {
        Self { schema: table.schema(), provider: table.type_id() }
    }
}

/// Returns the columns of `table` and nothing else.
fn without_rows(table: &Arc<dyn TableProvider>) -> Arc<dyn TableSource> {
    Arc::new(LogicalTableSource::new(table.schema()))
}

/// Puts the tables back into a plan.
fn over(plan: &LogicalPlan, query: &Query, tables: &Tables) -> Result<LogicalPlan> {
    with_sources(plan.clone(), |name| {
        tables.get(&resolved(name, query)).map(|table| provider_as_source(Arc::clone(table)))
    })
}

/// Gives each table of `plan` that `source` knows another source. Table functions stay as they are.
fn with_sources(
    plan: LogicalPlan,
    mut source: impl FnMut(&TableReference) -> Option<Arc<dyn TableSource>>,
) -> Result<LogicalPlan> {
    let replaced = plan.transform_down_with_subqueries(|node| {
        let LogicalPlan::TableScan(scan) = node else { return Ok(Transformed::no(node)) };
        Ok(match source(&scan.table_name) {
            Some(source) => Transformed::yes(LogicalPlan::TableScan(TableScan { source, ..scan })),
            None => Transformed::no(LogicalPlan::TableScan(scan)),
        })
    });
    replaced.map(|replaced| replaced.data).map_err(from_datafusion)
}

fn resolved(name: &TableReference, query: &Query) -> ResolvedTableReference {
    name.clone().resolve(CATALOG, query.default_schema.as_deref().unwrap_or(PUBLIC))
}

/// Returns whether all functions in `plan` return the same for the same values, whenever and by whomever they are called.
fn is_timeless(plan: &LogicalPlan) -> bool {
    let mut timeless = true;
    let visited = plan.apply_with_subqueries(|plan| {
        plan.apply_expressions(|expression| {
            expression.apply(|expression| {
                if let Expr::ScalarFunction(call) = expression {
                    timeless &= call.func.signature().volatility == Volatility::Immutable;
                }
                let go_on = if timeless { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop };
                Ok::<_, DataFusionError>(go_on)
            })
        })
    });
    timeless && visited.is_ok()
}

/// Returns whether the steps of `plan` have so many columns that keeping it would take much memory.
fn is_wide(plan: &LogicalPlan) -> bool {
    let mut columns = 0_usize;
    let visited = plan.apply_with_subqueries(|plan| {
        columns = columns.saturating_add(plan.schema().fields().len());
        Ok::<_, DataFusionError>(if columns > MOST_COLUMNS {
            TreeNodeRecursion::Stop
        } else {
            TreeNodeRecursion::Continue
        })
    });
    columns > MOST_COLUMNS || visited.is_err()
}

impl fmt::Debug for Plans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plans").finish_non_exhaustive()
    }
}

/// A service has as many statements that are asked again and again, and not many more.
const MOST: NonZeroUsize = NonZeroUsize::MIN.saturating_add(127);
/// Of all steps of a plan together.
const MOST_COLUMNS: usize = 4000;
/// Of a text, and of what it is computed to: in bytes, since plans are larger than their texts.
const LONGEST_TEXT: usize = 16 << 10;
