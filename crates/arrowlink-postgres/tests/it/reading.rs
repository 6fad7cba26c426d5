//! Reading by name: options, queries, many readers, and what is left behind when nobody reads on.

use std::sync::Arc;

use arrow_array::{Array as _, record_batch};
use arrowlink_core::{CallContext, Dataset as _, ErrorKind, ReadOptions, WriteOptions};
use arrowlink_postgres::{PostgresDatabase, PostgresDataset, PostgresOptions};
use arrowlink_testkit::{Postgres, check_error};
use futures::StreamExt as _;
use futures::future::join_all;

use crate::support::{dataset, read, read_one, read_with, rows, until};

/// Five rows: `id` from 0 to 4, `name` of it.
const FIVE: &str = "CREATE TABLE five (id int8 NOT NULL, name text); \
                    INSERT INTO five SELECT i, 'n' || i FROM generate_series(0, 4) i";

#[tokio::test]
async fn columns_skip_and_limit_are_left_to_the_database() {
    let Some(server) = Postgres::shared() else { return };
    server.create("options", FIVE).await;
    let five = dataset(server, "options/five");
    let options = ReadOptions::default().with_projection(["name", "id"]).with_skip(1).with_limit(2);
    let batches = read_with(&five, options).await.unwrap();
    let expected = record_batch!(("name", Utf8, ["n1", "n2"]), ("id", Int64, [1, 2])).unwrap();
    assert_eq!(batches[0].columns(), expected.columns());
    let statement = r#"COPY (SELECT "name", "id" FROM "public"."five" LIMIT 2 OFFSET 1) TO STDOUT"#;
    until(async || server.log().contains(statement).then_some(())).await;

    let none = read_with(&five, ReadOptions::default().with_projection(Vec::<String>::new())).await.unwrap();
    assert_eq!((none[0].num_columns(), none[0].num_rows()), (0, 5));
    assert_eq!(rows(&read_with(&five, ReadOptions::default().with_limit(0)).await.unwrap()), 0);
    let unknown = read_with(&five, ReadOptions::default().with_projection(["nmae"])).await;
    check_error(unknown, ErrorKind::InvalidArgument, &["no column `nmae`, did you mean `name`?"]);
    let part = read_with(&five, ReadOptions::default().with_part(0)).await;
    check_error(part, ErrorKind::Unsupported, &["`part`"]);
}

#[tokio::test]
async fn a_connection_is_used_again_after_a_read_and_after_a_mistake() {
    let Some(server) = Postgres::shared() else { return };
    let client = server.create("again", FIVE).await;
    let five = dataset(server, "again/five");
    for _ in 0..3 {
        assert_eq!(rows(&read(&five).await.unwrap()), 5);
        let mistake = read_with(&five, ReadOptions::default().with_projection(["x"])).await;
        assert_eq!(mistake.unwrap_err().kind(), ErrorKind::InvalidArgument);
    }
    let text = "SELECT array_agg(state) FROM pg_stat_activity WHERE datname = 'again' AND application_name = 'arrowlink'";
    let states: Vec<String> = client.query_one(text, &[]).await.unwrap().get(0);
    assert_eq!(states, ["idle"]);
    assert_eq!(server.log().matches("database=again application_name=arrowlink").count(), 1);
}

#[tokio::test]
async fn names_of_any_kind_are_read() {
    let Some(server) = Postgres::shared() else { return };
    let table = r#"CREATE SCHEMA "My Schema"; CREATE TABLE "My Schema"."a "" b%" ("select" int, "Ä""x" text);
                   INSERT INTO "My Schema"."a "" b%" VALUES (1, 'x'); CREATE TABLE nothing ()"#;
    server.create("names", table).await;
    let batch = read_one(&dataset(server, "names/My%20Schema.a%20%22%20b%25")).await;
    assert_eq!(batch.schema().field(1).name(), "Ä\"x");
    assert_eq!(batch.num_rows(), 1);
    assert_eq!(rows(&read(&dataset(server, "names/nothing")).await.unwrap()), 0);
}

#[tokio::test]
async fn views_queries_and_partitions_are_read() {
    let Some(server) = Postgres::shared() else { return };
    let tables = format!(
        "{FIVE}; CREATE VIEW few AS SELECT * FROM five WHERE id > 2; \
         CREATE TABLE parts (id int NOT NULL) PARTITION BY RANGE (id); \
         CREATE TABLE part1 PARTITION OF parts FOR VALUES FROM (0) TO (10); INSERT INTO parts VALUES (1), (2)"
    );
    server.create("views", &tables).await;
    assert_eq!(rows(&read(&dataset(server, "views/few")).await.unwrap()), 2);
    assert_eq!(rows(&read(&dataset(server, "views/parts")).await.unwrap()), 2);

    let of_query = |query: &str| {
        PostgresDataset::new(&server.uri("views"), PostgresOptions::default().with_query(query)).unwrap()
    };
    let joined = "select a.id, b.id as other from five a left join parts b using (id) -- all of them";
    let batch = read_one(&of_query(joined)).await;
    assert_eq!((batch.num_rows(), batch.column(1).null_count()), (5, 3));
    let twice = read(&of_query("select id, id from five")).await;
    check_error(twice, ErrorKind::InvalidArgument, &["two columns `id`: give one of them another name"]);
    let wrong = read(&of_query("select id form five")).await;
    check_error(wrong, ErrorKind::InvalidArgument, &["cannot be read as it is defined", "syntax error"]);

    let database = PostgresDatabase::new(&server.uri("views"), PostgresOptions::default()).unwrap();
    let tables = database.tables(&CallContext::new()).await.unwrap();
    let names: Vec<String> = tables.iter().map(PostgresDataset::table_name).collect();
    assert_eq!(names, ["few", "five", "parts"]);
    assert_eq!(rows(&read(&database.listing()).await.unwrap()), 3);
}

#[tokio::test]
async fn what_is_read_is_one_state_in_its_columns_of_now() {
    let Some(server) = Postgres::shared() else { return };
    let client = server.create("states", FIVE).await;
    let five = dataset(server, "states/five");
    assert_eq!(read_one(&five).await.num_columns(), 2);
    client.batch_execute("ALTER TABLE five DROP COLUMN name, ALTER id TYPE text").await.unwrap();
    let batch = read_one(&five).await;
    assert_eq!(batch.columns(), record_batch!(("id", Utf8, ["0", "1", "2", "3", "4"])).unwrap().columns());
}

#[tokio::test]
async fn it_is_not_written_to() {
    let options = PostgresOptions::default().with_insecure(true);
    let table = PostgresDataset::new("postgres://localhost/shop/t", options).unwrap();
    let batch = record_batch!(("id", Int64, [1])).unwrap();
    let batches = arrowlink_core::BatchStream::from_batches(batch.schema(), vec![batch]);
    let written = table.write(CallContext::new(), batches, WriteOptions::default()).await;
    check_error(
        written,
        ErrorKind::ReadOnly,
        &["`t` of `postgres://localhost:5432/shop`", "in the database"],
    );
}

#[tokio::test]
async fn a_large_table_streams_in_small_batches() {
    let Some(server) = Postgres::shared() else { return };
    server
        .create(
            "large",
            "CREATE VIEW t AS SELECT i AS id, 'text ' || i AS name FROM generate_series(1, 1000000) i",
        )
        .await;
    let mut stream =
        dataset(server, "large/t").read(CallContext::new(), ReadOptions::default()).await.unwrap();
    let (mut sum, mut count) = (0_i64, 0);
    while let Some(chunk) = stream.next().await {
        let batch = chunk.unwrap().into_batch();
        assert!(batch.num_rows() <= 8192 && batch.get_array_memory_size() < 8 << 20);
        let ids = batch.column(0).as_any().downcast_ref::<arrow_array::Int32Array>().unwrap();
        sum += ids.values().iter().map(|id| i64::from(*id)).sum::<i64>();
        count += batch.num_rows();
    }
    assert_eq!((count, sum), (1_000_000, 500_000_500_000));
}

#[tokio::test]
async fn wide_rows_make_short_batches() {
    let Some(server) = Postgres::shared() else { return };
    server
        .create("wide", "CREATE VIEW t AS SELECT repeat('x', 1000000) AS v FROM generate_series(1, 20)")
        .await;
    let batches = read(&dataset(server, "wide/t")).await.unwrap();
    assert_eq!(rows(&batches), 20);
    assert!(batches.iter().all(|batch| batch.num_rows() <= 5), "{} batches", batches.len());
}

/// How many statements run in `database`, but for the one that asks.
async fn running(client: &tokio_postgres::Client, database: &str) -> i64 {
    let text = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND state <> 'idle' \
                AND application_name = 'arrowlink'";
    client.query_one(text, &[&database]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_read_that_nobody_takes_waits_and_one_that_is_dropped_ends_in_the_database() {
    let Some(server) = Postgres::shared() else { return };
    let client = server
        .create(
            "dropped",
            "CREATE VIEW t AS SELECT generate_series(1, 100000000) AS id, repeat('x', 100) AS v",
        )
        .await;
    let mut stream =
        dataset(server, "dropped/t").read(CallContext::new(), ReadOptions::default()).await.unwrap();
    stream.next().await.unwrap().unwrap();
    // The server has filled the buffers between and waits for its client.
    let waits =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = 'dropped' AND wait_event = 'ClientWrite'";
    until(async || (client.query_one(waits, &[]).await.unwrap().get::<_, i64>(0) == 1).then_some(())).await;
    drop(stream);
    until(async || (running(&client, "dropped").await == 0).then_some(())).await;
}

#[tokio::test]
async fn a_read_that_is_given_up_before_its_first_row_ends_in_the_database() {
    let Some(server) = Postgres::shared() else { return };
    let client = server
        .create(
            "slept",
            "CREATE VIEW t AS SELECT count(*) AS n FROM (SELECT generate_series(1, 1000000000000)) t",
        )
        .await;
    let slow = dataset(server, "slept/t");
    let reading = tokio::spawn(async move { read(&slow).await });
    until(async || (running(&client, "slept").await == 1).then_some(())).await;
    reading.abort();
    until(async || (running(&client, "slept").await == 0).then_some(())).await;
}

#[tokio::test]
async fn many_readers_share_few_connections() {
    let Some(server) = Postgres::shared() else { return };
    let client = server.create("crowd", FIVE).await;
    let options = PostgresOptions::default().with_max_connections(3);
    let five = PostgresDataset::new(&server.uri("crowd/five"), options).unwrap();
    let readers = (0..32).map(|_| {
        let five = five.clone();
        tokio::spawn(async move { rows(&read(&five).await.unwrap()) })
    });
    assert!(join_all(readers).await.into_iter().all(|read| read.unwrap() == 5));
    let text =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = 'crowd' AND application_name = 'arrowlink'";
    let open: i64 = client.query_one(text, &[]).await.unwrap().get(0);
    assert!((1..=3).contains(&open), "{open} connections");
}

#[tokio::test]
async fn a_reader_that_gets_no_connection_is_told_which_setting_bounds_them() {
    let Some(server) = Postgres::shared() else { return };
    server.create("bound", FIVE).await;
    let options = PostgresOptions::default().with_max_connections(1).with_max_wait(std::time::Duration::ZERO);
    let five = Arc::new(PostgresDataset::new(&server.uri("bound/five"), options).unwrap());
    let held = five.read(CallContext::new(), ReadOptions::default()).await.unwrap();
    check_error(read(&five).await, ErrorKind::Unavailable, &["all 1 connections", "raise `max_connections`"]);
    assert_eq!(rows(&held.collect_batches().await.unwrap()), 5);
    assert_eq!(rows(&read(&five).await.unwrap()), 5);
}
