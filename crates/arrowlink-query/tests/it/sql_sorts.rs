//! Datasets of many parts: how they are read, and sorted in little memory.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use arrow_array::{Int64Array, RecordBatch, StringArray, record_batch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use arrowlink_core::{
    BatchStream, CallContext, Catalog, Chunk, DataService as _, Dataset, Description, Error, ErrorKind,
    NounKind, Part, Query, ReadOptions, Result,
};
use arrowlink_query::{QueryOptions, QueryRuntime, SqlOptions, SqlService, SqlTables};
use futures::future::{BoxFuture, FutureExt as _, try_join_all};
use futures::{StreamExt as _, stream};
use tokio::sync::Barrier;

use crate::sql::{catalog, name, query, service_with};
use crate::support::check;

/// A dataset of which each part has a batch of rows whose numbers follow those of the part before, in no order by `key`.
#[derive(Debug)]
struct Parts {
    count: u32,
    rows: i64,
    /// The part that fails.
    broken: Option<u32>,
    /// The parts that were read.
    opened: Mutex<Vec<u32>>,
}

impl Parts {
    fn new(count: u32, rows: i64) -> Arc<Self> {
        Arc::new(Self { count, rows, broken: None, opened: Mutex::default() })
    }

    fn schema() -> SchemaRef {
        let fields = vec![Field::new("id", DataType::Int64, false), Field::new("key", DataType::Utf8, false)];
        Arc::new(Schema::new(fields))
    }

    fn batch(&self, part: u32) -> RecordBatch {
        let from = i64::from(part) * self.rows;
        let ids = Int64Array::from_iter_values(from..from + self.rows);
        let keys = StringArray::from_iter_values(
            ids.values().iter().map(|id| format!("{:07}", id * 7919 % 1_000_003)),
        );
        RecordBatch::try_new(Self::schema(), vec![Arc::new(ids), Arc::new(keys)]).unwrap()
    }
}

impl Dataset for Parts {
    fn describe(&self, _ctx: CallContext) -> BoxFuture<'_, Result<Description>> {
        let parts = vec![Part::default(); self.count as usize];
        async { Ok(Description::new(NounKind::Dataset, Self::schema()).with_parts(parts)) }.boxed()
    }

    fn read(&self, _ctx: CallContext, mut options: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        async move {
            let part = options.part.take().unwrap();
            self.opened.lock().unwrap().push(part);
            let chunk = match self.broken {
                Some(broken) if broken == part => {
                    Err(Error::new(ErrorKind::Unavailable, "the part is broken"))
                }
                _ => Ok(Chunk::new(self.batch(part))),
            };
            options.apply(BatchStream::new(Self::schema(), stream::iter([chunk])))
        }
        .boxed()
    }
}

fn serve(dataset: Arc<Parts>, threads: usize, memory: u64) -> SqlService {
    let runtime = QueryRuntime::new(QueryOptions::default().with_threads(threads)).unwrap();
    let catalog = Arc::new(Catalog::new().with_dataset(name("parts"), dataset));
    SqlService::new(catalog, SqlTables::default(), &runtime, SqlOptions::default().with_memory(memory))
        .unwrap()
}

#[tokio::test]
async fn many_parts_are_read_in_as_many_partitions_as_there_are_threads() {
    for (parts, threads, shown) in
        [(40, 3, "partitions=3, parts=40,"), (2, 3, "partitions=2,"), (40, 1, "partitions=1, parts=40,")]
    {
        let dataset = Parts::new(parts, 10);
        let service = serve(Arc::clone(&dataset), threads, 64 << 20);
        let plan = query(&service, Query::new("explain select id, key from parts")).await.unwrap();
        assert!(format!("{:?}", plan.column(1)).contains(shown), "{plan:?}");
        let rows = query(&service, Query::new("select count(distinct id), sum(length(key)) from parts"))
            .await
            .unwrap();
        let count = i64::from(parts) * 10;
        let expected = record_batch!(("ids", Int64, [count]), ("bytes", Int64, [count * 7])).unwrap();
        assert_eq!(rows.columns(), expected.columns());
        let mut opened = dataset.opened.lock().unwrap().clone();
        opened.sort_unstable();
        assert_eq!(opened, (0..parts).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn parts_of_a_partition_are_opened_one_after_the_other_in_the_order_of_the_rows() {
    let dataset = Parts::new(20, 10);
    let service = serve(Arc::clone(&dataset), 1, 64 << 20);
    let rows = query(&service, Query::new("select id from parts")).await.unwrap();
    assert_eq!(rows.columns(), [Arc::new(Int64Array::from_iter_values(0..200)) as _]);
    assert_eq!(*dataset.opened.lock().unwrap(), (0..20).collect::<Vec<_>>());
}

#[tokio::test]
async fn part_that_fails_ends_the_query_and_no_later_one_is_opened() {
    let dataset = Parts { broken: Some(3), ..Arc::into_inner(Parts::new(20, 10)).unwrap() };
    let dataset = Arc::new(dataset);
    let error = query(&serve(Arc::clone(&dataset), 1, 64 << 20), Query::new("select id from parts")).await;
    check(&error.unwrap_err(), ErrorKind::Unavailable, &["the part is broken"]);
    assert_eq!(*dataset.opened.lock().unwrap(), [0, 1, 2, 3]);
}

#[tokio::test]
async fn dataset_of_many_parts_is_sorted_in_little_memory() {
    let service = serve(Parts::new(40, 5_000), 2, 32 << 20);
    let sorts = ["select id, key from parts order by key", "select id, key from parts order by key, id"];
    for text in sorts {
        let rows = query(&service, Query::new(text)).await.unwrap();
        let keys = rows.column(1).as_any().downcast_ref::<StringArray>().unwrap();
        assert_eq!(rows.num_rows(), 200_000);
        assert!(keys.iter().is_sorted(), "{text}");
    }
}

/// A dataset whose second batch comes when three of its readers have taken the first.
#[derive(Debug)]
struct Together(Arc<Barrier>);

fn numbers() -> RecordBatch {
    record_batch!(("n", Int64, [3, 1, 2])).unwrap()
}

impl Dataset for Together {
    fn describe(&self, _ctx: CallContext) -> BoxFuture<'_, Result<Description>> {
        async { Ok(Description::new(NounKind::Dataset, numbers().schema())) }.boxed()
    }

    fn read(&self, _ctx: CallContext, _options: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        let barrier = Arc::clone(&self.0);
        let batches = stream::unfold(0, move |taken| {
            let barrier = Arc::clone(&barrier);
            async move {
                if taken == 1 {
                    barrier.wait().await;
                }
                (taken < 2).then(|| (Ok(Chunk::new(numbers())), taken + 1))
            }
        });
        async { Ok(BatchStream::new(numbers().schema(), batches)) }.boxed()
    }
}

#[tokio::test]
async fn sorts_wait_for_their_memory_where_there_are_more_than_have_it() {
    for text in [
        "select n from together order by n",
        "select n from (select n, row_number() over (order by n) as r from together) where r > 0",
    ] {
        let together = Together(Arc::new(Barrier::new(3)));
        let catalog = Catalog::new().with_dataset(name("together"), Arc::new(together));
        let service = service_with(SqlOptions::default().with_memory(64 << 20), catalog);
        let all = try_join_all((0..39).map(|_| query(&service, Query::new(text)))).await.unwrap();
        let expected = record_batch!(("n", Int64, [1, 1, 2, 2, 3, 3])).unwrap();
        assert!(all.iter().all(|rows| rows.columns() == expected.columns()), "{text}");
    }
}

#[tokio::test]
async fn sort_that_finds_no_memory_in_time_says_so_and_other_queries_go_on() {
    let options = SqlOptions::default().with_memory(16 << 20).with_max_wait(Duration::ZERO);
    let service = service_with(options, Catalog::new());
    let sort = || Query::new("select value from generate_series(1, 100000) order by value % 7");
    let mut first = service.read(CallContext::new(), sort().into(), ReadOptions::default()).await.unwrap();
    first.next().await.unwrap().unwrap();
    let error = query(&service, sort()).await.unwrap_err();
    check(&error, ErrorKind::Unavailable, &["none ended within 0 s", "raise `query.memory`"]);
    let other =
        query(&service, Query::new("select max(value) as n from generate_series(1, 5)")).await.unwrap();
    assert_eq!(other.columns(), record_batch!(("n", Int64, [5])).unwrap().columns());
    drop(first);
    while query(&service, sort()).await.is_err() {}
}

#[tokio::test]
async fn insert_of_many_rows_of_parameters_sorts_by_the_memory_of_one() {
    let options = SqlOptions::default().with_memory(16 << 20).with_max_wait(Duration::ZERO);
    let service = service_with(options, catalog());
    let statement =
        Query::new("insert into trips (id) select value + $1 from generate_series(1, 3) order by value % 2")
            .with_parameters(record_batch!(("$1", Int64, [100, 200, 300])).unwrap());
    let count = query(&service, statement).await.unwrap();
    assert_eq!(count.columns(), record_batch!(("count", UInt64, [9])).unwrap().columns());
}
