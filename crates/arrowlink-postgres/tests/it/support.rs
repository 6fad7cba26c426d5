//! Tables of a database of the test's own, and the ways to read them.

use std::sync::Arc;
use std::time::Duration;

use arrow_array::RecordBatch;
use arrowlink_core::{
    CallContext, Catalog, DataService as _, Dataset as _, Name, Query, ReadOptions, Result,
};
use arrowlink_postgres::{PostgresDataset, PostgresOptions};
use arrowlink_query::{QueryOptions, QueryRuntime, SqlOptions, SqlService, SqlTables};
use arrowlink_testkit::Postgres;

/// The dataset at `path` of the shared server.
pub(crate) fn dataset(server: &Postgres, path: &str) -> PostgresDataset {
    PostgresDataset::new(&server.uri(path), PostgresOptions::default()).unwrap()
}

/// Reads all of it.
pub(crate) async fn read(dataset: &PostgresDataset) -> Result<Vec<RecordBatch>> {
    read_with(dataset, ReadOptions::default()).await
}

pub(crate) async fn read_with(dataset: &PostgresDataset, options: ReadOptions) -> Result<Vec<RecordBatch>> {
    dataset.read(CallContext::new(), options).await?.collect_batches().await
}

/// Reads all of what is one batch.
pub(crate) async fn read_one(dataset: &PostgresDataset) -> RecordBatch {
    let mut batches = read(dataset).await.unwrap();
    assert_eq!(batches.len(), 1);
    batches.remove(0)
}

pub(crate) fn rows(batches: &[RecordBatch]) -> usize {
    batches.iter().map(RecordBatch::num_rows).sum()
}

/// SQL over the dataset, as the table `t`.
pub(crate) fn sql(dataset: &PostgresDataset) -> SqlService {
    let tables = SqlTables::default().with_table(Name::new("t").unwrap(), Arc::new(dataset.clone()));
    sql_by(dataset, tables)
}

/// As [`sql`], with all filters applied by DataFusion.
pub(crate) fn sql_without_pushdown(dataset: &PostgresDataset) -> SqlService {
    sql_by(dataset, SqlTables::default())
}

fn sql_by(dataset: &PostgresDataset, tables: SqlTables) -> SqlService {
    let catalog = Catalog::new().with_dataset(Name::new("t").unwrap(), Arc::new(dataset.clone()));
    let runtime = QueryRuntime::new(QueryOptions::default().with_threads(2)).unwrap();
    SqlService::new(Arc::new(catalog), tables, &runtime, SqlOptions::default()).unwrap()
}

/// Carries out a query.
pub(crate) async fn query(service: &SqlService, text: &str) -> Result<Vec<RecordBatch>> {
    let read = service.read(CallContext::new(), Query::new(text).into(), ReadOptions::default()).await?;
    read.collect_batches().await
}

/// Asks again, every few milliseconds, until there is an answer; a minute is as good as never.
pub(crate) async fn until<T>(mut answer: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..6_000 {
        if let Some(answer) = answer().await {
            return answer;
        }
        tokio::time::timeout(Duration::from_millis(10), std::future::pending::<()>()).await.unwrap_err();
    }
    panic!("waited a minute for nothing");
}
