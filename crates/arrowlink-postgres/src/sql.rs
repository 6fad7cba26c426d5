//! Tables of a database in SQL: columns, filters and first rows are left to PostgreSQL as far as it means the same.

mod filter;
mod literal;
mod scan;

use std::sync::Arc;

use arrow_schema::SchemaRef;
use arrowlink_core::{CallContext, Name, Result};
use arrowlink_query::SqlTable;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{DataFusionError, Statistics};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use futures::future::{BoxFuture, FutureExt as _};

use crate::PostgresDataset;
use crate::relation::Wanted;
use crate::table::Table;
use filter::{Meaning, condition};
use scan::PostgresScan;

impl SqlTable for PostgresDataset {
    fn table<'a>(
        &'a self,
        ctx: &'a CallContext,
        _name: &'a Name,
    ) -> BoxFuture<'a, Result<Arc<dyn TableProvider>>> {
        async move {
            let table = Arc::new(self.table(ctx).await?);
            let provider = PostgresTable { dataset: self.clone(), ctx: ctx.clone(), table };
            Ok(Arc::new(provider) as Arc<dyn TableProvider>)
        }
        .boxed()
    }
}

/// A table as it was described when the statement was planned.
#[derive(Debug)]
struct PostgresTable {
    dataset: PostgresDataset,
    ctx: CallContext,
    table: Arc<Table>,
}

impl PostgresTable {
    /// Returns about how many rows there are.
    fn known(&self) -> Statistics {
        let rows = self.table.about_rows.map_or(Precision::Absent, Precision::Inexact);
        Statistics::new_unknown(&self.table.schema).with_num_rows(rows)
    }
}

#[async_trait]
impl TableProvider for PostgresTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.table.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn statistics(&self) -> Option<Statistics> {
        Some(self.known())
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>, DataFusionError> {
        let pushed = |filter: &&Expr| match condition(filter, &self.table) {
            Some((_, Meaning::Same)) => TableProviderFilterPushDown::Exact,
            Some((_, Meaning::Wider)) => TableProviderFilterPushDown::Inexact,
            None => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(pushed).collect())
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        let conditions: Vec<_> = filters.iter().map(|filter| condition(filter, &self.table)).collect();
        // The first rows of more than what is asked for may have none of it.
        let is_same = conditions.iter().all(|it| matches!(it, Some((_, Meaning::Same))));
        let texts: Vec<String> = conditions.into_iter().flatten().map(|(text, _)| text).collect();
        let wanted = Wanted {
            filter: if texts.is_empty() { None } else { Some(texts.join(" AND ")) },
            limit: limit.filter(|_| is_same).map(|rows| rows as u64),
            skip: 0,
        };
        let known =
            if wanted.filter.is_none() { self.known() } else { Statistics::new_unknown(&self.table.schema) };
        let columns = projection.cloned().unwrap_or_else(|| (0..self.table.columns.len()).collect());
        Ok(Arc::new(PostgresScan::new(
            self.dataset.clone(),
            self.ctx.clone(),
            Arc::clone(&self.table),
            columns,
            wanted,
            known.project(projection),
        )?))
    }
}
