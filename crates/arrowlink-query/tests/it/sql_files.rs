//! SQL over files: Parquet that DataFusion reads itself, other formats through their datasets, and broken files.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_array::{ArrayRef, Int64Array, RecordBatch, record_batch};
use arrowlink_core::{
    BatchStream, CallContext, Catalog, DataService as _, Dataset, Description, ErrorKind, MemoryDataset,
    NounKind, Query, ReadOptions, Result,
};
use arrowlink_query::{QueryOptions, SqlOptions, SqlService, SqlTables};
use futures::future::{BoxFuture, FutureExt as _};

use crate::files::{csv, parquet};
use crate::sql::{name, query, service_with};
use crate::support::{Folder, check, ids, rows};

/// A dataset whose column is called otherwise each time that it is described.
#[derive(Debug, Default)]
struct Fickle(AtomicUsize);

impl Fickle {
    fn batch(&self) -> RecordBatch {
        let column: ArrayRef = Arc::new(Int64Array::from(vec![1]));
        let name = format!("column_{}", self.0.load(Ordering::Relaxed));
        RecordBatch::try_from_iter([(name, column)]).unwrap()
    }
}

impl Dataset for Fickle {
    fn describe(&self, _ctx: CallContext) -> BoxFuture<'_, Result<Description>> {
        let description = Description::new(NounKind::Dataset, self.batch().schema());
        self.0.fetch_add(1, Ordering::Relaxed);
        async { Ok(description) }.boxed()
    }

    fn read(&self, ctx: CallContext, options: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        async move {
            let batch = self.batch();
            MemoryDataset::new(batch.schema(), vec![batch])?.read(ctx, options).await
        }
        .boxed()
    }
}

/// Serves each of `files` under its name without the extension.
pub(crate) async fn serve(folder: &Folder, files: &[&str]) -> SqlService {
    let (mut catalog, mut tables) = (Catalog::new(), SqlTables::default());
    for file in files {
        let dataset = Arc::new(folder.open(file).await.unwrap());
        let name = name(file.split(['.', '/']).next().unwrap());
        tables = tables.with_files(name.clone(), Arc::clone(&dataset));
        catalog = catalog.with_dataset(name, dataset);
    }
    SqlService::new(Arc::new(catalog), tables, &folder.runtime, SqlOptions::default()).unwrap()
}

async fn explained(service: &SqlService, text: &str) -> String {
    let batch = query(service, Query::new(format!("explain {text}"))).await.unwrap();
    format!("{batch:?}")
}

#[tokio::test]
async fn parquet_is_read_where_the_filter_may_be_true() {
    let folder = Folder::new();
    let mut bytes = parquet(&rows(0, 30_000), 10_000);
    // Row group 0 is destroyed: who reads it fails.
    bytes[4..40_000].fill(0);
    folder.write("t/a.parquet", bytes).write("t/b.parquet", parquet(&rows(30_000, 10), 10));
    let service = serve(&folder, &["t/*.parquet"]).await;
    let text = "select count(*) from t where id >= 20000";
    let counted = query(&service, Query::new(text)).await.unwrap();
    assert_eq!(counted.columns(), record_batch!(("n", Int64, [10_010])).unwrap().columns());
    let error = query(&service, Query::new("select count(distinct id) from t")).await.unwrap_err();
    check(&error, ErrorKind::Corrupt, &["`a.parquet`"]);
}

#[tokio::test]
async fn damage_is_told_with_the_name_of_its_file() {
    let folder = Folder::new();
    let whole = parquet(&rows(0, 30_000), 10_000);
    for (byte, text) in [
        (0xff, "select id, count(*) from t group by id"),
        (0xfe, "select id, name from t order by name limit 3"),
        (0x7f, "select sum(id + length(name)) from t where id % 2 = 1"),
    ] {
        let mut bytes = whole.clone();
        bytes[4..40_000].fill(byte);
        folder.write("t/a.parquet", parquet(&rows(0, 10), 10)).write("t/b.parquet", bytes);
        let error = query(&serve(&folder, &["t/*.parquet"]).await, Query::new(text)).await.unwrap_err();
        check(&error, ErrorKind::Corrupt, &["`b.parquet`"]);
    }
}

#[tokio::test]
async fn what_a_statement_computes_with_the_rows_of_a_file_is_no_damage() {
    let folder = Folder::new();
    folder.write("t.parquet", parquet(&rows(0, 10), 10));
    let service = serve(&folder, &["t.parquet"]).await;
    for text in
        ["select 1 / id from t", "select cast(name as int) from t", "select id from t where 1 / id = 1"]
    {
        let error = query(&service, Query::new(text)).await.unwrap_err();
        check(&error, ErrorKind::InvalidArgument, &["the query failed"]);
    }
}

#[tokio::test]
async fn what_is_no_number_is_found_where_the_footers_leave_it_out() {
    let folder = Folder::new();
    let least = f64::NEG_INFINITY;
    let floats = record_batch!(
        ("id", Int64, [1, 2, 3, 4, 5]),
        ("f", Float64, [Some(1.5), Some(f64::NAN), None, Some(least), Some(0.1)])
    );
    let floats = floats.unwrap();
    folder.write("t.parquet", parquet(&floats, 5));
    let service = serve(&folder, &["t.parquet"]).await;
    for text in [
        "select max(f) is not distinct from 'NaN'::double from t",
        "select max(f) = (select max(f) from t where id > 0) and min(f) = '-inf'::double from t",
        "select count(*) = 1 from t where f > 100",
        "select count(*) = 1 from t where f >= 100 and id < 3",
        "select count(*) = 1 from t where 100 < f",
        "select count(*) = 4 from t where f <> 7",
        "select count(*) = 1 from t where not f < 100",
        "select count(*) = 1 from t where -f < -100",
        "select count(*) = 1 from t where f not between -100 and 100 and f > 0",
        "select count(*) = 4 from t where f not in (7, 8)",
        "select count(*) = 1 from t where f = 'NaN'::double",
        "select count(*) = 1 from t where f in (1.5, 7) and f between 1 and 2",
        "select count(*) = 0 from t where f < 'NaN'::double and f > 2",
    ] {
        let rows = query(&service, Query::new(text)).await.unwrap();
        assert_eq!(rows.columns(), record_batch!(("b", Boolean, [true])).unwrap().columns(), "{text}");
    }
}

#[tokio::test]
async fn both_zeros_are_found_by_a_list_that_has_one() {
    let folder = Folder::new();
    let floats = record_batch!(
        ("f", Float64, [Some(-0.0), Some(0.0), Some(1.0), None, Some(7.0)]),
        ("g", Float32, [Some(-0.0), Some(0.0), Some(1.0), None, Some(7.0)])
    );
    let floats = floats.unwrap();
    folder.write("t.parquet", parquet(&floats, 1)).write("whole.parquet", parquet(&floats, 5));
    let service = serve(&folder, &["t.parquet", "whole.parquet"]).await;
    let values = "(values ('-0.0'), ('0.0'), ('1'), (null), ('7')) v(x)";
    let values =
        format!("(select x::double as f, x::real as g, arrow_cast(x, 'Float16') as h from {values}) s");
    for (condition, expected) in [
        ("f = 0", 2),
        ("f in (0.0, 1)", 3),
        ("f in (0.0, 1, 2, 3)", 3),
        ("f in (-0.0, 1, 2, 3)", 3),
        ("g in (0.0, 1, 2, 3)", 3),
        ("g + 1 - 1 in (0.0, 2)", 2),
        ("f = 0 or f = 1 or f = 2 or f = 3", 3),
        ("f = -0.0 or f = 1 or f = 2 or f = 3 or f = 4", 3),
        ("f not in (0.0, 1, 2, 3)", 1),
        ("f not in (1, 2, 3, -0.0)", 1),
        ("not (f = 0 or f = 1 or f = 2 or f = 3)", 1),
        ("f in (0.0, 1, 2, 3) and f in (-0.0, 7, 8, 9)", 2),
        ("f in (0.0, 1, 2, 3) and f not in (-0.0, 7, 8, 9)", 1),
        ("f in (select f from whole where f in (0.0, 7, 8, 9, 10))", 3),
    ] {
        for table in ["t", "whole", &values] {
            let text = format!("select count(*) from {table} where {condition}");
            let counted = query(&service, Query::new(&text)).await.unwrap();
            assert_eq!(
                counted.columns(),
                record_batch!(("n", Int64, [expected])).unwrap().columns(),
                "{text}"
            );
        }
    }
    let list = [0, 1, 2, 3].map(|number| format!("arrow_cast({number}, 'Float16')")).join(", ");
    let text = format!("select count(*) from {values} where h in ({list})");
    let counted = query(&service, Query::new(&text)).await.unwrap();
    assert_eq!(counted.columns(), record_batch!(("n", Int64, [3])).unwrap().columns());
}

#[tokio::test]
async fn rows_are_passed_over_by_floats_that_are_too_large() {
    let folder = Folder::new();
    let floats: Vec<f64> = (0..30_000).map(f64::from).collect();
    let column: ArrayRef = Arc::new(arrow_array::Float64Array::from(floats));
    let mut bytes = parquet(&RecordBatch::try_from_iter([("f", column)]).unwrap(), 10_000);
    let len = bytes.len();
    // The last row group is destroyed: who reads it fails.
    bytes[len * 2 / 3..len - 4000].fill(0xff);
    folder.write("t.parquet", bytes);
    let service = serve(&folder, &["t.parquet"]).await;
    for (filter, expected) in [("f < 10", 10), ("f between 5 and 10", 6), ("f in (3, 4)", 2), ("10 = f", 1)] {
        let text = format!("select count(*) from t where {filter}");
        let rows = query(&service, Query::new(text)).await.unwrap();
        assert_eq!(rows.columns(), record_batch!(("n", Int64, [expected])).unwrap().columns(), "{filter}");
    }
    let error = query(&service, Query::new("select count(*) from t where f > 10")).await.unwrap_err();
    check(&error, ErrorKind::Corrupt, &["`t.parquet`"]);
}

#[tokio::test]
async fn counts_and_bounds_come_from_the_footers() {
    let folder = Folder::new();
    let mut bytes = parquet(&rows(0, 30_000), 10_000);
    bytes[4..40_000].fill(0);
    folder.write("t.parquet", bytes);
    let service = serve(&folder, &["t.parquet"]).await;
    let batch = query(&service, Query::new("select count(*), min(id), max(id) from t")).await.unwrap();
    let expected = record_batch!(("n", Int64, [30_000]), ("least", Int64, [0]), ("most", Int64, [29_999]));
    assert_eq!(batch.columns(), expected.unwrap().columns());
}

#[tokio::test]
async fn the_first_rows_are_the_same_every_time() {
    let folder = Folder::new();
    for file in 0..6 {
        folder.write(&format!("t/{file}.parquet"), parquet(&rows(file * 1000, 1000), 300));
    }
    let service = serve(&folder, &["t/*.parquet"]).await;
    for _ in 0..5 {
        let batch = query(&service, Query::new("select id from t limit 1500")).await.unwrap();
        assert_eq!(ids(&[batch]), (0..1500).collect::<Vec<_>>());
    }
    let plan = explained(&service, "select id from t limit 1500").await;
    assert!(plan.contains("1.parquet") && !plan.contains("2.parquet"), "{plan}");
    assert!(plan.contains("projection=[id]"), "{plan}");
}

#[tokio::test]
async fn a_file_that_is_added_or_replaced_is_seen_by_the_next_statement() {
    let folder = Folder::new();
    folder.write("t/a.parquet", parquet(&rows(0, 10), 10));
    let service = serve(&folder, &["t/*.parquet"]).await;
    let count = || query(&service, Query::new("select count(*) from t"));
    assert_eq!(count().await.unwrap().columns(), record_batch!(("n", Int64, [10])).unwrap().columns());
    folder.write("t/b.parquet", parquet(&rows(10, 5), 10));
    assert_eq!(count().await.unwrap().columns(), record_batch!(("n", Int64, [15])).unwrap().columns());
    folder.write("t/a.parquet", parquet(&rows(0, 200), 10));
    assert_eq!(count().await.unwrap().columns(), record_batch!(("n", Int64, [205])).unwrap().columns());
}

#[tokio::test]
async fn text_files_are_tables_too_and_join_with_others() {
    let folder = Folder::new();
    folder
        .write("people.csv", "id,city\n1,Rome\n2,Oslo\n")
        .write("marks.ndjson", "{\"id\": 2, \"mark\": 0.5}\n");
    folder.write("t.parquet", parquet(&rows(0, 10), 10));
    let service = serve(&folder, &["people.csv", "marks.ndjson", "t.parquet"]).await;
    let text = "select p.id, mark from people p join marks m on m.id = p.id join t on t.id = p.id";
    let batch = query(&service, Query::new(text)).await.unwrap();
    assert_eq!(
        batch.columns(),
        record_batch!(("id", Int64, [2]), ("mark", Float64, [0.5])).unwrap().columns()
    );
}

#[tokio::test]
async fn a_broken_file_disturbs_nobody_who_does_not_name_it() {
    let folder = Folder::new();
    folder.write("good.parquet", parquet(&rows(0, 10), 10)).write("bad.parquet", "PAR1 not at all");
    let service = serve(&folder, &["good.parquet", "bad.parquet"]).await;
    assert_eq!(query(&service, Query::new("select id from good")).await.unwrap().num_rows(), 10);
    let error = query(&service, Query::new("select id from good, bad")).await.unwrap_err();
    check(&error, ErrorKind::Corrupt, &["`bad.parquet`"]);
    // It is listed, without columns.
    let text = "select table_name from information_schema.tables where table_schema = 'public'";
    assert_eq!(query(&service, Query::new(text)).await.unwrap().num_rows(), 2);
    let text = "select distinct table_name from information_schema.columns";
    assert_eq!(query(&service, Query::new(text)).await.unwrap().num_rows(), 1);
}

#[tokio::test]
async fn a_description_says_what_a_read_returns() {
    let folder = Folder::new();
    folder.write("t.parquet", parquet(&rows(0, 10), 10));
    let service = serve(&folder, &["t.parquet"]).await;
    for text in [
        "select * from t",
        "select 1, 'a', null, count(*), sum(id), max(name) from t",
        "select name, count(*) as n from t group by name union all select 'x', 1",
        "select id + 1.5, id || name, case when id > 1 then 2 end from t",
        "explain select 1",
        "show tables",
    ] {
        let description = service.describe(CallContext::new(), Query::new(text).into()).await.unwrap();
        let stream =
            service.read(CallContext::new(), Query::new(text).into(), ReadOptions::default()).await.unwrap();
        assert_eq!(&description.schema, stream.schema(), "{text}");
        let batches = stream.collect_batches().await.unwrap();
        assert!(batches.iter().all(|batch| batch.schema() == description.schema), "{text}");
    }
}

#[tokio::test]
async fn a_file_that_changes_between_plan_and_read_ends_the_statement() {
    let options = QueryOptions::default().with_threads(2).with_max_file_scans(1);
    let folder = Folder::with_query_options(options);
    folder.write("t.csv", csv(0, 10)).write("other.csv", csv(0, 1_000_000));
    let service = serve(&folder, &["t.csv"]).await;
    // The one turn to read is taken, so that the statement is planned and waits.
    let other = folder.open("other.csv").await.unwrap();
    let turn = other.read(CallContext::new(), ReadOptions::default()).await.unwrap();
    let text = Query::new("select id from t");
    let planned =
        service.read(CallContext::new(), text.clone().into(), ReadOptions::default()).await.unwrap();
    folder.write("t.csv", "name,id_of_old\na,1\n");
    drop(turn);
    let error = planned.collect_batches().await.unwrap_err();
    check(&error, ErrorKind::SnapshotChanged, &["`t.csv` changed while it was read"]);
}

#[tokio::test]
async fn a_dataset_whose_columns_change_between_plan_and_read_ends_the_statement() {
    let catalog = Catalog::new().with_dataset(name("t"), Arc::new(Fickle::default()));
    let service = service_with(SqlOptions::default(), catalog);
    for text in ["select column_0 from t", "select * from t"] {
        let error = query(&service, Query::new(text)).await.unwrap_err();
        check(&error, ErrorKind::SnapshotChanged, &["`t` changed while it was read"]);
    }
}
