//! What goes wrong: who may not, what is not there, servers that end, and what is said of it.

use arrowlink_core::{CallContext, Dataset as _, ErrorKind, ReadOptions};
use arrowlink_postgres::{PostgresDataset, PostgresOptions};
use arrowlink_testkit::{Postgres, check_error};
use futures::StreamExt as _;

use crate::support::{dataset, read, rows};

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let Some(server) = Postgres::shared() else { return };
    server.create("missing", "CREATE TABLE orders (id int)").await;
    let place = format!("postgres:///missing?host={}", server.folder().display());
    let table = read(&dataset(server, "missing/oders")).await;
    check_error(table, ErrorKind::NotFound, &["there is no `oders` of", &place, "did you mean `orders`?"]);
    let schema = read(&dataset(server, "missing/sales.orders")).await;
    check_error(schema, ErrorKind::NotFound, &["`sales.orders`", "did you mean `orders`?"]);
    let database = read(&dataset(server, "missing_too/orders")).await;
    check_error(database, ErrorKind::NotFound, &["there is no database", "missing_too"]);
}

#[tokio::test]
async fn who_may_not_is_told_without_the_password() {
    let Some(server) = Postgres::shared() else { return };
    let user = "CREATE TABLE secret (id int); CREATE TABLE open (id int); \
                CREATE ROLE reader LOGIN PASSWORD 'right one'; GRANT SELECT ON open TO reader";
    server.create("guarded", user).await;
    let folder = tempfile::tempdir().unwrap();
    let with = |password: &str| {
        let file = folder.path().join("credentials");
        std::fs::write(&file, format!("# of the test\nuser = reader\npassword = {password}\n")).unwrap();
        let options = PostgresOptions::default().with_credentials(file);
        let uri =
            format!("postgres:///guarded/TABLE?host={}&port={}", server.folder().display(), server.port());
        move |table: &str| PostgresDataset::new(&uri.replace("TABLE", table), options.clone()).unwrap()
    };
    let right = with("right one");
    assert_eq!(rows(&read(&right("open")).await.unwrap()), 0);
    let secret = read(&right("secret")).await;
    check_error(secret, ErrorKind::PermissionDenied, &["`secret` of", "may not be read by this user"]);
    let wrong = with("wrong one")("open");
    let error = check_error(
        read(&wrong).await,
        ErrorKind::PermissionDenied,
        &["guarded", "check `user` and `password`"],
    );
    assert!(!error.chain().contains("wrong one"), "{}", error.chain());
    assert!(!format!("{wrong:?}").contains("wrong one"), "{wrong:?}");
}

#[tokio::test]
async fn a_database_that_is_away_is_an_error_of_the_read() {
    let folder = tempfile::tempdir().unwrap();
    let uri = format!("postgres:///shop/orders?host={}", folder.path().display());
    let orders = PostgresDataset::new(&uri, PostgresOptions::default()).unwrap();
    let described = orders.describe(CallContext::new()).await;
    check_error(described, ErrorKind::Unavailable, &["shop", "does not answer"]);
}

#[tokio::test]
async fn a_server_that_crashes_in_the_middle_ends_the_read_and_is_found_again() {
    let Some(server) = Postgres::start() else { return };
    server.create("crash", "CREATE VIEW t AS SELECT generate_series(1, 100000000) AS i").await;
    let table = dataset(&server, "crash/t");
    let mut stream = table.read(CallContext::new(), ReadOptions::default()).await.unwrap();
    assert!(stream.next().await.unwrap().is_ok());
    server.crash();
    let error = loop {
        match stream.next().await.unwrap() {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{}", error.chain());
    assert!(error.message().contains("`t` of `postgres:///crash"), "{error}");
    check_error(read(&table).await, ErrorKind::Unavailable, &["crash"]);
}

#[tokio::test]
async fn a_connection_that_was_lost_while_it_was_free_is_replaced() {
    let Some(server) = Postgres::shared() else { return };
    let client = server.create("lost", "CREATE TABLE t (id int); INSERT INTO t VALUES (1)").await;
    let table = dataset(server, "lost/t");
    assert_eq!(rows(&read(&table).await.unwrap()), 1);
    let end = "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = 'lost' \
               AND application_name = 'arrowlink'";
    assert_eq!(client.query(end, &[]).await.unwrap().len(), 1);
    assert_eq!(rows(&read(&table).await.unwrap()), 1);
}

#[tokio::test]
async fn a_view_that_fails_says_what_the_database_says() {
    let Some(server) = Postgres::shared() else { return };
    server
        .create("division", "CREATE VIEW t AS SELECT 1 / (i - 9000) AS v FROM generate_series(1, 10000) i")
        .await;
    let error = read(&dataset(server, "division/t")).await;
    check_error(error, ErrorKind::InvalidArgument, &["`t` of", "division by zero"]);
}
