//! What bounds a query: memory, disk, time, turns, the length and depth of its text; and what ends it.

use std::sync::Arc;
use std::time::Duration;

use arrow_array::record_batch;
use arrowlink_core::{CallContext, Catalog, DataService as _, ErrorKind, Query, ReadOptions};
use arrowlink_query::{QueryOptions, QueryRuntime, SqlOptions, SqlService, SqlTables};
use futures::StreamExt as _;

use crate::files::parquet;
use crate::sql::{catalog, name, query, service, service_with};
use crate::support::{Folder, check, rows};

/// A query that computes for hours and returns nothing before.
const ENDLESS: &str = "select count(*) from generate_series(1, 10000000) a, generate_series(1, 10000000) b where a.value + b.value = 0";

/// How often a query went on on the disk, as `EXPLAIN ANALYZE` counts it.
async fn spills(service: &SqlService, text: &str) -> u64 {
    let plan = query(service, Query::new(format!("explain analyze {text}"))).await.unwrap();
    let plan = format!("{:?}", plan.column(1));
    let counts = plan.split("spill_count=").skip(1);
    counts.map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse::<u64>().unwrap()).sum()
}

/// Sorts some 14 MB.
const SORT: &str = "select max(n) from (select row_number() over (order by md5(cast(value as varchar))) as n \
                    from generate_series(1, 200000))";

#[tokio::test]
async fn a_sort_over_its_memory_goes_on_on_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqlOptions::default().with_memory(16 << 20).with_spill_dir(folder.path());
    let service = service_with(options, catalog());
    let rows = query(&service, Query::new(SORT)).await.unwrap();
    assert_eq!(rows.columns(), record_batch!(("n", UInt64, [200_000])).unwrap().columns());
    assert!(spills(&service, SORT).await > 0);
    drop(service);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left on the disk");
    let roomy = service_with(SqlOptions::default().with_spill_dir(folder.path()), catalog());
    assert_eq!(spills(&roomy, SORT).await, 0);
}

#[tokio::test]
async fn what_a_killed_server_left_on_the_disk_is_removed_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for left in ["arrowlink-spill-1-0/datafusion-x", "arrowlink-spill-new/x", "data/x"] {
        std::fs::create_dir_all(path(left)).unwrap();
    }
    std::fs::write(path("arrowlink-spill-1-0/lock"), "").unwrap();
    std::fs::write(path("arrowlink-spill-note"), "mine").unwrap();
    let options = || SqlOptions::default().with_memory(16 << 20).with_spill_dir(folder.path());
    let running = service_with(options(), catalog());
    assert!(!path("arrowlink-spill-1-0").exists());
    // One that starts beside it leaves it alone.
    let beside = service_with(options(), catalog());
    drop(beside);
    assert!(spills(&running, SORT).await > 0);
    drop(running);
    let mut left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["arrowlink-spill-new", "arrowlink-spill-note", "data"]);
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_names_the_setting() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let options = SqlOptions::default().with_spill_dir(file.path().join("x"));
    let runtime = QueryRuntime::new(QueryOptions::default().with_threads(1)).unwrap();
    let error = SqlService::new(Arc::new(catalog()), SqlTables::default(), &runtime, options).unwrap_err();
    check(&error, ErrorKind::Unavailable, &["set `query.spill_dir`"]);
}

#[tokio::test]
async fn a_query_over_its_memory_or_disk_names_the_setting() {
    let text = "select array_agg(value) from generate_series(1, 10000000)";
    let service = service_with(SqlOptions::default().with_memory(1 << 20), catalog());
    let error = query(&service, Query::new(text)).await.unwrap_err();
    check(&error, ErrorKind::LimitExceeded, &["raise `query.memory`"]);

    let options = SqlOptions::default().with_memory(16 << 20).with_max_spill(1 << 10);
    let error = query(&service_with(options, catalog()), Query::new(SORT)).await.unwrap_err();
    check(&error, ErrorKind::LimitExceeded, &["raise `query.max_spill`"]);
}

#[tokio::test]
async fn a_nested_loop_over_its_memory_goes_on_on_the_disk_with_all_of_its_rows() {
    let folder = Folder::new();
    folder.write("t.parquet", parquet(&rows(0, 2000), 100));
    let dataset = Arc::new(folder.open("t.parquet").await.unwrap());
    let serve = |memory| {
        let catalog = Catalog::new().with_dataset(name("t"), Arc::clone(&dataset) as _);
        let tables = SqlTables::default().with_files(name("t"), Arc::clone(&dataset));
        let options = SqlOptions::default().with_memory(memory);
        SqlService::new(Arc::new(catalog), tables, &folder.runtime, options).unwrap()
    };
    let (small, roomy) = (serve(1 << 20), serve(64 << 20));
    let wide = "(select id, repeat(name, 100) as s from t)";
    let grouped = "(select max(id) as id, repeat(name, 100) as s from t group by name)";
    let series = "(select value as id, repeat('name ', 200) || value as s from generate_series(1, 2000))";
    for left in [wide, grouped, series] {
        let text = format!("select count(*), sum(a.id) from {left} a join {wide} b on a.s < b.s");
        let expected = query(&roomy, Query::new(text.clone())).await.unwrap();
        let found = query(&small, Query::new(text.clone())).await.unwrap();
        assert_eq!(found.columns(), expected.columns(), "{text}");
        assert!(spills(&small, &text).await > 0, "{text}");
    }
}

#[tokio::test]
async fn a_query_that_computes_for_too_long_names_the_setting() {
    let service =
        service_with(SqlOptions::default().with_timeout(Some(Duration::from_millis(50))), catalog());
    let error = query(&service, Query::new(ENDLESS)).await.unwrap_err();
    check(&error, ErrorKind::LimitExceeded, &["the query computed for 0.05 s", "raise `query.timeout`"]);
}

#[tokio::test]
async fn queries_wait_for_their_turn_and_say_when_it_does_not_come() {
    let options = SqlOptions::default().with_max_queries(1).with_max_wait(Duration::ZERO);
    let service = service_with(options, catalog());
    let text = "select value from generate_series(1, 1000000000000)";
    let mut running =
        service.read(CallContext::new(), Query::new(text).into(), ReadOptions::default()).await.unwrap();
    assert!(running.next().await.unwrap().is_ok(), "rows come before the last is computed");
    let error = query(&service, Query::new("select 1")).await.unwrap_err();
    check(&error, ErrorKind::Unavailable, &["1 queries are running", "raise `query.max_queries`"]);
}

#[tokio::test]
async fn a_query_that_nobody_waits_for_ends() {
    let service = service_with(SqlOptions::default().with_max_queries(1), catalog());
    let (ctx, endless) = (CallContext::new(), Query::new(ENDLESS));
    let mut running = service.read(ctx, endless.into(), ReadOptions::default()).await.unwrap();
    assert!(futures::poll!(running.next()).is_pending());
    drop(running);
    // The one turn is free again only when nothing of the query is computed any more.
    assert_eq!(query(&service, Query::new("select 1")).await.unwrap().num_rows(), 1);
}

/// Joins that compute for minutes without a row: each of another operator, over tables that are read in no time, and one
/// that waits for a table of which nothing is left.
const LOOPS: [&str; 8] = [
    "select count(*) from generate_series(1, 300000) a, generate_series(1, 300000) b where a.value + b.value = 0",
    "select count(*) from generate_series(1, 300000) a, generate_series(1, 300000) b where a.value * b.value % 7 = 3",
    "select count(*) from generate_series(1, 300000) a where exists (select 1 from generate_series(1, 300000) b \
     where a.value + b.value = 0)",
    "select sum(a.value % 3 + b.value) from generate_series(1, 300000) a cross join generate_series(1, 300000) b",
    "select sum(a.value + b.value) from generate_series(1, 300000) a join generate_series(1, 300000) b \
     on a.value / 1000000 = b.value / 1000000",
    "select count(*) from generate_series(1, 300000) a join generate_series(1, 300000) b \
     on a.value / 1000000 = b.value / 1000000 and a.value + b.value = 0",
    "select count(*) from generate_series(1, 300000) a where exists (select 1 from generate_series(1, 300000) b \
     where a.value / 1000000 = b.value / 1000000)",
    "select count(*) from (select value as v from generate_series(1, 1000000000000) where value < 0) a \
     join (values (1), (2)) b (x) on a.v < b.x",
];

#[tokio::test]
async fn a_join_that_computes_for_too_long_names_the_setting() {
    for (text, threads) in LOOPS.into_iter().flat_map(|text| [(text, 1), (text, 2)]) {
        let options =
            SqlOptions::default().with_timeout(Some(Duration::from_millis(300))).with_max_queries(1);
        let runtime = QueryRuntime::new(QueryOptions::default().with_threads(threads)).unwrap();
        let service = SqlService::new(Arc::new(catalog()), SqlTables::default(), &runtime, options).unwrap();
        let error = query(&service, Query::new(text)).await.unwrap_err();
        check(&error, ErrorKind::LimitExceeded, &["the query computed for 0.3 s", "raise `query.timeout`"]);
        assert_eq!(query(&service, Query::new("select 1")).await.unwrap().num_rows(), 1, "{text}");
    }
}

#[tokio::test]
async fn other_queries_go_on_beside_joins_which_end_with_their_readers() {
    for text in LOOPS {
        let service = service_with(SqlOptions::default().with_max_queries(5), catalog());
        let read =
            |text: &str| service.read(CallContext::new(), Query::new(text).into(), ReadOptions::default());
        let mut running = Vec::new();
        for _ in 0..4 {
            running.push(read(text).await.unwrap());
        }
        // Meanwhile they read their tables and are in their loops.
        for _ in 0..10 {
            assert_eq!(query(&service, Query::new("select 1")).await.unwrap().num_rows(), 1, "{text}");
        }
        for running in &mut running {
            assert!(futures::poll!(running.next()).is_pending(), "{text}");
        }
        drop(running);
        // Their turns are free again only when nothing of them is computed any more.
        let all = futures::future::try_join_all((0..5).map(|_| read("select 1"))).await.unwrap();
        assert_eq!(all.len(), 5, "{text}");
    }
}

#[tokio::test]
async fn deep_and_long_statements_are_refused_and_not_carried_out() {
    let service = service();
    let chain = format!("select 1{}", " + 1".repeat(100_000));
    let error = query(&service, Query::new(chain)).await.unwrap_err();
    check(&error, ErrorKind::LimitExceeded, &["line 1, column 2010", "operators in one expression"]);

    let nested = format!("select {}1{}", "(".repeat(10_000), ")".repeat(10_000));
    let error = query(&service, Query::new(nested)).await.unwrap_err();
    check(&error, ErrorKind::LimitExceeded, &["nested too deep"]);

    let long = format!("select '{}'", "x".repeat(2 << 20));
    let error = query(&service, Query::new(long)).await.unwrap_err();
    check(&error, ErrorKind::LimitExceeded, &["the statement has 2097161 bytes and may have 1048576"]);
}

#[tokio::test]
async fn statements_as_deep_as_they_may_be_are_carried_out() {
    let chain = format!("select 1{}", " + 1".repeat(400));
    let sum = query(&service(), Query::new(chain)).await.unwrap();
    assert_eq!(sum.columns(), record_batch!(("sum", Int64, [401])).unwrap().columns());
    let conditions = vec!["id = 3"; 200].join(" or ");
    let rows =
        query(&service(), Query::new(format!("select id from trips where {conditions}"))).await.unwrap();
    assert_eq!(rows.num_rows(), 1);
    let unions = vec!["select 1"; 200].join(" union all ");
    assert_eq!(query(&service(), Query::new(unions)).await.unwrap().num_rows(), 200);
}

/// Statements `c0`, `c1` and so on, each made of the one before by `next`, and a query of the last.
fn chained(first: &str, count: usize, next: &str, last: &str) -> String {
    let rest = (1..=count).map(|number| {
        let text = next.replace('@', &format!("c{}", number - 1));
        format!(", c{number} as ({text})")
    });
    format!("with c0 as ({first}){} {}", rest.collect::<String>(), last.replace('@', &format!("c{count}")))
}

#[tokio::test]
async fn statements_that_grow_when_they_are_planned_are_refused() {
    let service = service();
    let doubled =
        |count| chained("select id from trips", count, "select a.id from @ a, @ b", "select count(*) from @");
    let error = query(&service, Query::new(doubled(60))).await.unwrap_err();
    check(
        &error,
        ErrorKind::LimitExceeded,
        &["the statement reads 1152921504606846976 tables", "may read 256"],
    );
    let error = query(&service, Query::new(format!("explain {}", doubled(60)))).await.unwrap_err();
    check(&error, ErrorKind::LimitExceeded, &["may read 256"]);
    // One that names no table is a copy like any other.
    let tableless = chained("select 1 as id", 20, "select a.id from @ a, @ b", "select count(*) from @");
    let error = query(&service, Query::new(tableless)).await.unwrap_err();
    check(&error, ErrorKind::LimitExceeded, &["the statement reads 1048576 tables"]);
    let many = format!("select 1 from trips {}", ", trips".repeat(2000));
    let error = query(&service, Query::new(many)).await.unwrap_err();
    check(&error, ErrorKind::LimitExceeded, &["the statement reads 2001 tables"]);

    let text =
        chained("select id from trips", 60, "select id + id as id from @", "select id from @ where id > 3");
    let error = query(&service, Query::new(text.clone())).await.unwrap_err();
    check(&error, ErrorKind::LimitExceeded, &["a column of the statement is computed in", "may take 10000"]);
    let error = service.describe(CallContext::new(), Query::new(text).into()).await.unwrap_err();
    check(&error, ErrorKind::LimitExceeded, &["divide it"]);
}

#[tokio::test]
async fn statements_that_grow_as_far_as_they_may_are_carried_out() {
    let service = service();
    let text = chained("select 1 as id", 5, "select a.id from @ a, @ b", "select count(*) from @");
    assert_eq!(query(&service, Query::new(text)).await.unwrap().num_rows(), 1);
    let text = chained(
        "select id from trips",
        10,
        "select id + id as id from @",
        "select id from @ where id > 3000",
    );
    let rows = query(&service, Query::new(text)).await.unwrap();
    assert_eq!(rows.columns(), record_batch!(("id", Int64, [3072, 4096])).unwrap().columns());
    let many = vec!["select id from trips"; 250].join(" union all ");
    assert_eq!(query(&service, Query::new(many)).await.unwrap().num_rows(), 1000);
}

#[tokio::test]
async fn value_that_a_number_makes_huge_is_refused_before_it_is_made() {
    let service = service();
    for huge in [
        "repeat('x', 1000000000)",
        "lpad('x', 1000000000)",
        "rpad('x', 1000000000, 'é')",
        "replace(repeat('a', 1000000), 'a', repeat('b', 1000000))",
        "array_repeat(1, 1000000000)",
        "array_resize([1], 1000000000)",
        "range(0, 1000000000)",
        "generate_series(0, -1000000000, -1)",
        "generate_series(timestamp '2000-01-01', timestamp '2020-01-01', interval '1 millisecond')",
        "repeat(city, 1000000000)",
    ] {
        let error = query(&service, Query::new(format!("select {huge} from trips"))).await.unwrap_err();
        check(
            &error,
            ErrorKind::LimitExceeded,
            &["would make", "bytes in one value, and 64 MiB are allowed"],
        );
    }
    let error = query(
        &service,
        Query::new("select repeat('x', 100000 + cast(value as int)) from generate_series(1, 8192)"),
    );
    check(
        &error.await.unwrap_err(),
        ErrorKind::LimitExceeded,
        &["`repeat` would make", "rows, and 256 MiB are"],
    );
    let small = "select length(repeat('ab', 3)), lpad('x', 3, '-'), range(3), date_part('day', generate_series(date '2000-01-01', \
                 date '2000-01-03', interval '1 day')[3]), replace('aba', 'a', 'cc'), repeat('x', null)";
    let rows = query(&service, Query::new(small)).await.unwrap();
    assert_eq!((rows.num_columns(), rows.num_rows()), (6, 1));
    let none = "select repeat(city, 1000), range(id) from trips where random() > 2";
    assert_eq!(query(&service, Query::new(none)).await.unwrap().num_rows(), 0);
}

#[tokio::test]
async fn constant_that_is_large_in_every_row_comes_in_small_batches() {
    let text = "select repeat('x', 1000000) as v from generate_series(1, 3000)";
    let stream =
        service().read(CallContext::new(), Query::new(text).into(), ReadOptions::default()).await.unwrap();
    let rows = stream.map(|batch| batch.unwrap().batch.num_rows()).collect::<Vec<_>>().await;
    assert_eq!(rows.iter().sum::<usize>(), 3000);
    assert!(rows.iter().all(|rows| *rows <= 268), "{rows:?}");
}

#[tokio::test]
async fn comparisons_with_rows_within_one_another_are_planned_as_far_as_that_is_little() {
    let nested = |levels| {
        let innermost = "select id from trips".to_owned();
        (0..levels)
            .fold(innermost, |rows, _| format!("select id from trips where id not in ({rows}) or id < 0"))
    };
    assert_eq!(query(&service(), Query::new(nested(1))).await.unwrap().num_rows(), 0);
    let error = query(&service(), Query::new(nested(16))).await.unwrap_err();
    check(&error, ErrorKind::LimitExceeded, &["too many subqueries within one another"]);
}
