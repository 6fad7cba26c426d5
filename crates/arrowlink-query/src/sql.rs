//! SQL over a service: every dataset is a table.
//!
//! ```text
//! text -> statement (one, and one that is allowed)   `statement`, `nesting`
//!      -> the tables that it names, each once        `lookup`, `meant`, `listing`, and what they are: `providers`
//!      -> plan, with the values of its parameters    `engine`, `planned`, `parameters`; `plans` knows it the next time
//!      -> rows as they come, or a change             `run`, `change`
//! ```
//!
//! What goes wrong on the way is told by `failure`, with the line and column where they are known. A Substrait plan takes
//! the same way from its tables on, where the crate was built with the feature `substrait`.

mod change;
mod comparable;
mod distinct_from;
mod engine;
pub(crate) mod failure;
mod from_first;
mod hidden;
mod ignored;
mod inserted;
mod listing;
mod lookup;
mod meant;
mod memory;
mod names;
mod nesting;
mod options;
mod parameters;
mod place;
mod planned;
mod plans;
mod promise;
mod query;
mod repeated;
mod run;
mod session;
mod size;
mod sort_memory;
mod spill;
mod statement;
mod substrait;
#[cfg(feature = "substrait")]
mod substrait_plan;
#[cfg(feature = "substrait")]
mod substrait_relation;
mod unknown;
mod unsupported;
mod values;

use std::sync::Arc;

use arrowlink_core::{
    BatchStream, CallContext, CallOptions, DataService, Description, EntryStream, Error, ErrorKind,
    ListOptions, Name, NounKind, Query, ReadOptions, Receipt, RemoveOptions, Result, Target, WriteOptions,
};
use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};

use crate::QueryRuntime;
use crate::operators::Interrupt;
use crate::providers::SqlTables;
use engine::Engine;
use meant::{Meant, check_made};
use planned::Begun;

pub use options::SqlOptions;

/// Answers SQL over the datasets of another service, and passes everything else on to it.
///
/// Every dataset is a table: `sales.orders` is the table `orders` of the schema `sales`, a name without a dot is in the
/// schema `public`, and the catalog is `arrowlink` where a name does not have three parts. Names that are not in
/// quotation marks are taken in lower case.
///
/// What is the same name in SQL is the same for every verb: `public.trips` and `arrowlink.public.trips` are the dataset
/// `trips`, which is also what a write to one of them makes, unless there is a dataset of exactly that name. Nothing is made
/// in the schema `information_schema`.
///
/// Statements read: queries, `EXPLAIN`, `SHOW TABLES`, `DESCRIBE`, `information_schema`. `INSERT INTO` appends to a
/// dataset and `DROP TABLE` removes one, where the service allows it; both are executed by
/// [`read`](DataService::read), which returns one row with the column `count`. All else is refused.
///
/// Queries run on the threads of the [`QueryRuntime`]. Dropping a stream ends the query.
///
/// Substrait plans that read are answered within the same bounds where the crate was built with its feature `substrait`,
/// and are `Unsupported` where it was not. Their tables have the names that they have in SQL, as they are written.
///
/// ```
/// use std::sync::Arc;
///
/// use arrow_array::record_batch;
/// use arrowlink_core::{CallContext, Catalog, DataService, MemoryDataset, Name, Query, ReadOptions};
/// use arrowlink_query::{QueryOptions, QueryRuntime, SqlOptions, SqlService, SqlTables};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let orders = record_batch!(("id", Int64, [1, 2, 3]), ("price", Float64, [2.5, 1.0, 4.0]))?;
/// let orders = MemoryDataset::new(orders.schema(), vec![orders])?;
/// let catalog = Catalog::new().with_dataset(Name::new("sales.orders")?, Arc::new(orders));
///
/// let runtime = QueryRuntime::new(QueryOptions::default())?;
/// let sql = SqlService::new(Arc::new(catalog), SqlTables::default(), &runtime, SqlOptions::default())?;
/// let query = Query::new("select sum(price) as total from sales.orders where id > $1")
///     .with_parameters(record_batch!(("$1", Int64, [1]))?);
/// let rows = sql.read(CallContext::new(), query.into(), ReadOptions::default()).await?;
/// assert_eq!(rows.collect_batches().await?, [record_batch!(("total", Float64, [5.0]))?]);
///
/// let query = Query::new("select prise from sales.orders");
/// let error = sql.describe(CallContext::new(), query.into()).await.unwrap_err();
/// assert_eq!(
///     error.message(),
///     "line 1, column 8: no column `prise`, did you mean `price`?; the columns are `id`, `price`"
/// );
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SqlService {
    engine: Arc<Engine>,
}

impl SqlService {
    /// Puts SQL before `inner`; `tables` are read by DataFusion itself and not through `inner`.
    ///
    /// # Errors
    ///
    /// `Unavailable` where the folder for intermediate results cannot be used.
    pub fn new(
        inner: Arc<dyn DataService>,
        tables: SqlTables,
        runtime: &QueryRuntime,
        options: SqlOptions,
    ) -> Result<Self> {
        Ok(Self { engine: Arc::new(Engine::new(inner, tables, runtime, options)?) })
    }

    fn inner(&self) -> &Arc<dyn DataService> {
        &self.engine.service
    }

    /// Returns the dataset that `name` stands for, where it has a beginning that says no more than the catalog or schema
    /// in which it is anyway.
    async fn meant(&self, ctx: &CallContext, name: Name) -> Name {
        Meant::from(name).among(self.inner().as_ref(), ctx).await
    }

    /// Says what `query` returns, and changes nothing.
    async fn describe_sql(&self, ctx: CallContext, query: Query) -> Result<Description> {
        // Without tables there is nothing to wait for.
        if query.parameters.is_none()
            && let Some(plan) = self.engine.plans.of(&query).filter(|plan| plan.is_alone())
        {
            return Ok(plan.description());
        }
        let engine = Arc::clone(&self.engine);
        let of_task = ctx.clone();
        let work = async move { query::describe(&engine, &of_task, &query).await };
        run::bounded(self.engine.options.timeout, self.engine.runtime.run(&ctx, work)).await?
    }

    /// Says what `plan` returns.
    async fn describe_plan(&self, ctx: CallContext, plan: Bytes) -> Result<Description> {
        let engine = Arc::clone(&self.engine);
        let of_task = ctx.clone();
        let work = async move {
            let planned = substrait::plan(&engine, &of_task, &plan).await?;
            Ok(Description::new(NounKind::Dataset, planned.schema()?))
        };
        run::bounded(self.engine.options.timeout, self.engine.runtime.run(&ctx, work)).await?
    }

    /// Carries `query` out.
    async fn read_sql(&self, ctx: CallContext, query: Query, options: ReadOptions) -> Result<BatchStream> {
        let engine = Arc::clone(&self.engine);
        let of_task = ctx.clone();
        let work = |interrupt| async move { query::rows(&engine, &of_task, &query, &interrupt).await };
        self.carried_out(&ctx, options, |interrupt| work(interrupt).boxed()).await
    }

    /// Carries `plan` out.
    async fn read_plan(&self, ctx: CallContext, plan: Bytes, options: ReadOptions) -> Result<BatchStream> {
        let engine = Arc::clone(&self.engine);
        let of_task = ctx.clone();
        let work = |interrupt| async move {
            substrait::plan(&engine, &of_task, &plan).await?.begun(&interrupt).await
        };
        self.carried_out(&ctx, options, |interrupt| work(interrupt).boxed()).await
    }

    /// Does `work` when it is its turn, and returns its rows, within the bounds that all queries have.
    async fn carried_out(
        &self,
        ctx: &CallContext,
        options: ReadOptions,
        work: impl FnOnce(Arc<Interrupt>) -> BoxFuture<'static, Result<Begun>> + Send,
    ) -> Result<BatchStream> {
        refuse_states(&options)?;
        let turn = self.engine.turn(ctx).await?;
        let kept = (turn, Arc::clone(&self.engine.spill));
        let bound = self.engine.options.timeout;
        options.apply(run::stream(&self.engine.runtime, bound, kept, work).await?)
    }
}

/// Results are computed when they are asked for: there is nothing to go on from, and no part of them.
fn refuse_states(options: &ReadOptions) -> Result<()> {
    let asked = [
        ("part", options.part.is_some()),
        ("snapshot", options.snapshot.is_some()),
        ("resume", options.resume.is_some()),
        ("follow", options.follow),
    ];
    match asked.iter().find(|(_, is_set)| *is_set) {
        None => Ok(()),
        Some((option, _)) => {
            let text =
                format!("results of SQL do not answer `{option}`: they are computed anew by each read");
            Err(Error::new(ErrorKind::Unsupported, text))
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl DataService for SqlService {
    fn list(&self, ctx: CallContext, options: ListOptions) -> BoxFuture<'_, Result<EntryStream>> {
        self.inner().list(ctx, options)
    }

    fn describe(&self, ctx: CallContext, target: Target) -> BoxFuture<'_, Result<Description>> {
        match target {
            Target::Sql(query) => self.describe_sql(ctx, query).boxed(),
            Target::Substrait(plan) => self.describe_plan(ctx, plan).boxed(),
            Target::Name(name) => async move {
                let name = self.meant(&ctx, name).await;
                self.inner().describe(ctx, Target::Name(name)).await
            }
            .boxed(),
            target => self.inner().describe(ctx, target),
        }
    }

    fn read(
        &self,
        ctx: CallContext,
        target: Target,
        options: ReadOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        match target {
            Target::Sql(query) => self.read_sql(ctx, query, options).boxed(),
            Target::Substrait(plan) => self.read_plan(ctx, plan, options).boxed(),
            Target::Name(name) => async move {
                let name = self.meant(&ctx, name).await;
                self.inner().read(ctx, Target::Name(name), options).await
            }
            .boxed(),
            target => self.inner().read(ctx, target, options),
        }
    }

    fn write(
        &self,
        ctx: CallContext,
        name: Name,
        batches: BatchStream,
        options: WriteOptions,
    ) -> BoxFuture<'_, Result<Receipt>> {
        async move {
            check_made(&name)?;
            let name = self.meant(&ctx, name).await;
            self.inner().write(ctx, name, batches, options).await
        }
        .boxed()
    }

    fn remove(&self, ctx: CallContext, name: Name, options: RemoveOptions) -> BoxFuture<'_, Result<()>> {
        async move {
            let name = self.meant(&ctx, name).await;
            self.inner().remove(ctx, name, options).await
        }
        .boxed()
    }

    fn call(
        &self,
        ctx: CallContext,
        name: Name,
        batches: BatchStream,
        options: CallOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        async move {
            let name = self.meant(&ctx, name).await;
            self.inner().call(ctx, name, batches, options).await
        }
        .boxed()
    }
}
