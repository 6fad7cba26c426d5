//! SQL: what is left to PostgreSQL, and that it means the same there.

use arrow_array::{Array as _, Int64Array};
use arrowlink_core::ErrorKind;
use arrowlink_query::SqlService;
use arrowlink_testkit::{Postgres, check_error};

use crate::support::{dataset, query, rows, sql, sql_without_pushdown, until};

/// Rows with the values by which the two differ: signs of zero and of `NaN`, order of texts, escapes.
const CORNERS: &str = r"
    CREATE TYPE mood AS ENUM ('sad', 'happy');
    CREATE TABLE t (id int4 PRIMARY KEY, small int2, long int8, r float4, f float8, n numeric(10,2), s text, c char(4),
                    m mood, b bool, d date, at timestamp, tz timestamptz, j jsonb, u uuid, free numeric, price numeric);
    INSERT INTO t SELECT i, i, i::int8 * 10000000000, i / 4.0, i / 8.0, i / 100.0, chr(64 + i % 64) || i, 'c' || i % 3,
        CASE WHEN i % 2 = 0 THEN 'sad'::mood ELSE 'happy' END, i % 3 = 0, date '2024-01-01' + i,
        timestamp '2024-01-01' + i * interval '1 hour', timestamptz '2024-01-01 00:00+00' + i * interval '1 minute',
        to_jsonb(i), md5(i::text)::uuid, i / 3.0, i
    FROM generate_series(1, 100) i;
    INSERT INTO t (id, f, s) VALUES (201, 'NaN', 'a'), (202, '-0', 'B'), (203, 'Infinity', 'it''s \ 100%'), (204, NULL, NULL),
        (205, 0, 'ä'), (206, '-Infinity', '');
    ANALYZE t";

/// Filters of every form, and whether PostgreSQL gets each.
const FILTERS: [(&str, bool); 47] = [
    ("id = 7", true),
    ("7 < id", true),
    ("id in (1, 2, 300)", true),
    ("id not in (1, 2, 3, 4, 5)", true),
    ("id between 5 and 9", true),
    ("id not between 5 and 9", true),
    ("not (id > 5 and small <= 50)", true),
    ("id = 1 or s = 'a'", true),
    ("id = 1 or f < 0.5 or n > 0.9", true),
    ("id % 2 = 0", false),
    ("id = small", false),
    ("small >= 99", true),
    ("long > 500000000000", true),
    ("long = -9223372036854775808", true),
    ("r > 24.5", false),
    ("r > cast(24.5 as real)", true),
    ("f > 12", true),
    ("f < 0.5", true),
    ("f <= -1", true),
    ("f <> 1.5", true),
    ("not (f > 12)", true),
    ("f = 0", false),
    ("f < 0", false),
    ("f >= 0", false),
    ("n > 0.5", true),
    ("n = 0.25", true),
    ("s = 'a'", true),
    ("s <> 'a'", true),
    ("s in ('a', 'B', 'ä')", true),
    ("s not in ('a', 'B', 'ä', 'x', 'y')", true),
    ("s = 'it''s \\ 100%'", true),
    ("s > 'a'", false),
    ("s like 'A%'", true),
    ("s like '%\\%'", false),
    ("s not like 'A%'", false),
    ("s ilike 'a%'", false),
    ("c = 'c1  '", false),
    ("m = 'sad'", true),
    ("m = 'no mood'", true),
    ("b", true),
    ("not b", true),
    ("d >= date '2024-02-01'", true),
    ("at < timestamp '2024-01-02 12:00:00'", true),
    ("tz >= timestamptz '2024-01-01 01:00:00+00'", true),
    ("j is not null", true),
    ("s is null or f is null", true),
    ("u is null and free is null", true),
];

async fn ids(service: &SqlService, text: &str) -> Vec<i64> {
    let batches = query(service, text).await.unwrap();
    let ids = |batch: &arrow_array::RecordBatch| {
        let column = batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap().clone();
        column.values().to_vec()
    };
    batches.iter().flat_map(ids).collect()
}

async fn explained(service: &SqlService, text: &str) -> String {
    format!("{:?}", query(service, &format!("explain {text}")).await.unwrap())
}

#[tokio::test]
async fn filters_mean_the_same_in_the_database() {
    let Some(server) = Postgres::shared() else { return };
    server.create("corners", CORNERS).await;
    let (service, kept) =
        (sql(&dataset(server, "corners/t")), sql_without_pushdown(&dataset(server, "corners/t")));
    for (filter, is_pushed) in FILTERS {
        let text = format!("select cast(id as bigint) from t where {filter} order by 1");
        let plan = explained(&service, &text).await;
        assert_eq!(plan.contains("WHERE"), is_pushed, "{filter}: {plan}");
        assert_eq!(ids(&service, &text).await, ids(&kept, &text).await, "{filter}");
    }
}

#[tokio::test]
async fn columns_filters_and_first_rows_reach_the_database() {
    let Some(server) = Postgres::shared() else { return };
    server.create("pushed", CORNERS).await;
    let service = sql(&dataset(server, "pushed/t"));
    let text = "select s from t where id > 10 and b limit 3";
    assert_eq!(rows(&query(&service, text).await.unwrap()), 3);
    let statement =
        r#"COPY (SELECT "s" FROM "public"."t" WHERE ("id" > '10'::int4) AND ("b") LIMIT 3) TO STDOUT"#;
    until(async || server.log().contains(statement).then_some(())).await;
    // The first rows of more than what is asked for may have none of it.
    let plan = explained(&service, "select id from t where s = 'a' limit 1").await;
    assert!(plan.contains("WHERE") && !plan.contains("LIMIT"), "{plan}");
    let count = query(&service, "select count(*) from t").await.unwrap();
    assert_eq!(count[0].column(0).as_any().downcast_ref::<Int64Array>().unwrap().value(0), 106);
    let joined = "select count(*) from t a join t b on a.id = b.small where a.s like 'A%'";
    assert_eq!(query(&service, joined).await.unwrap()[0].column(0).len(), 1);
}

#[tokio::test]
async fn backslashes_are_characters_whatever_the_server_thinks_of_them() {
    let Some(server) = Postgres::shared() else { return };
    let client = server.create("slashes", CORNERS).await;
    client.batch_execute("ALTER DATABASE slashes SET standard_conforming_strings = off").await.unwrap();
    let service = sql(&dataset(server, "slashes/t"));
    let text = r"select cast(id as bigint) from t where s = '\'' or true --' or s = 'it''s \ 100%'";
    let found = query(&service, text).await;
    assert!(found.is_ok() || found.unwrap_err().kind() == ErrorKind::InvalidArgument);
    assert_eq!(ids(&service, r"select cast(id as bigint) from t where s = 'it''s \ 100%'").await, [203]);
    assert!(ids(&service, r"select cast(id as bigint) from t where s = '\'' OR 1=1 --'").await.is_empty());
}

#[tokio::test]
async fn columns_that_change_after_planning_are_no_wrong_rows() {
    let Some(server) = Postgres::shared() else { return };
    let client =
        server.create("changing", "CREATE TABLE t (a int4, b int4); INSERT INTO t VALUES (1, 2)").await;
    let table = dataset(server, "changing/t");
    let runtime = datafusion::prelude::SessionContext::new();
    let name = arrowlink_core::Name::new("t").unwrap();
    let ctx = arrowlink_core::CallContext::new();
    let provider = arrowlink_query::SqlTable::table(&table, &ctx, &name).await.unwrap();
    let plan = provider.scan(&runtime.state(), None, &[], None).await.unwrap();
    client.batch_execute("ALTER TABLE t ALTER a TYPE float4").await.unwrap();
    let error = datafusion::physical_plan::collect(plan, runtime.task_ctx()).await.unwrap_err();
    let datafusion::common::DataFusionError::External(error) = error.find_root() else { panic!("{error}") };
    let error = error.downcast_ref::<arrowlink_core::Error>().unwrap();
    assert_eq!(error.kind(), ErrorKind::SnapshotChanged);
    assert!(error.message().contains("the columns of `t` of `postgres:///changing"), "{error}");
}

#[tokio::test]
async fn a_query_that_ends_early_ends_in_the_database() {
    let Some(server) = Postgres::shared() else { return };
    let client = server
        .create(
            "early",
            "CREATE VIEW t AS SELECT id, 'x' || id AS s FROM (SELECT generate_series(1, 100000000) AS id) i",
        )
        .await;
    let service = sql(&dataset(server, "early/t"));
    assert_eq!(rows(&query(&service, "select s from t where s > 'x5' limit 2").await.unwrap()), 2);
    let text = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'early' AND state <> 'idle' \
                AND application_name = 'arrowlink'";
    until(async || (client.query_one(text, &[]).await.unwrap().get::<_, i64>(0) == 0).then_some(())).await;
}

#[tokio::test]
async fn errors_of_the_database_come_out_of_a_query_as_they_are() {
    let Some(server) = Postgres::shared() else { return };
    server
        .create("wrong", "CREATE VIEW t AS SELECT 1 / (i - 9000) AS v FROM generate_series(1, 10000) i")
        .await;
    let service = sql(&dataset(server, "wrong/t"));
    let error = query(&service, "select sum(v) from t").await;
    check_error(error, ErrorKind::InvalidArgument, &["`t` of", "division by zero"]);
    let error = query(&sql(&dataset(server, "wrong/tt")), "select 1 from t").await;
    check_error(error, ErrorKind::NotFound, &["`t`"]);
}
