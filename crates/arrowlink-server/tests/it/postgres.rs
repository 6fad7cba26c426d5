//! Datasets in PostgreSQL: served where the feature is on, and else refused with what to do.

#[cfg(feature = "postgres")]
mod with_postgres {
    use arrow_array::cast::AsArray as _;
    use arrow_array::types::Int64Type;
    use arrowlink_core::{CallContext, DataServiceExt as _, ErrorKind, Target};
    use arrowlink_server::{Config, Server, Sources};
    use arrowlink_testkit::{Postgres, check_error};
    use futures::StreamExt as _;

    use crate::flight_client::FlightClient;
    use crate::support::{Program, Running, client, name};

    fn config(datasets: &str) -> Config {
        Config::from_sources(Sources::default().with_file("arrowlink.toml", datasets)).unwrap()
    }

    #[tokio::test]
    async fn tables_and_queries_of_a_database_are_served_by_flight_sql() {
        let Some(server) = Postgres::shared() else { return };
        let tables = "CREATE TABLE orders (id int8 NOT NULL, late bool); CREATE SCHEMA sales; \
                      INSERT INTO orders SELECT i, i > 90 FROM generate_series(1, 100) i; \
                      CREATE VIEW sales.large AS SELECT * FROM orders WHERE id > 50; CREATE TABLE \"no name\" ()";
        server.create("shop", tables).await;
        let (database, table) = (server.uri("shop"), server.uri("shop/orders"));
        let sections = format!(
            "[[dataset]]\nname = 'orders'\nuri = '{table}'\n\
             [[dataset]]\nname = 'pinned'\nuri = '{table}'\npin = true\n\
             [[dataset]]\nname = 'late'\nuri = '{database}'\nquery = 'select id from orders where late'\nmax_connections = 2\n\
             [[dataset]]\nname = 'shop'\nuri = '{database}'\n"
        );
        let served = Running::build(config(&sections)).await;
        let mut client = FlightClient::of(&served).await;
        for (table, rows) in
            [("orders", 100), ("pinned", 100), ("late", 10), ("shop.orders", 100), ("shop.sales.large", 50)]
        {
            let batches = client.query(&format!("select count(*) from {table}")).await.unwrap();
            assert_eq!(batches[0].column(0).as_primitive::<Int64Type>().value(0), rows, "{table}");
        }
        let batches = client.query("select sum(a.id) from orders a join late b using (id)").await.unwrap();
        assert_eq!(batches[0].column(0).as_primitive::<Int64Type>().value(0), 955);
        let plan =
            format!("{:?}", client.query("explain select id from shop.orders where id = 7").await.unwrap());
        assert!(plan.contains("PostgresExec: SELECT"), "{plan}");
        let refused = client.put("orders", batches[0].clone()).await;
        check_error(refused, ErrorKind::ReadOnly, &["`orders` of `postgres:///shop"]);
        served.stop().await;
    }

    #[tokio::test]
    async fn a_large_table_passes_through_little_memory() {
        let Some(server) = Postgres::shared() else { return };
        let view = "CREATE VIEW t AS SELECT generate_series(1, 1000000) AS id, repeat('x', 300) AS text";
        server.create("large", view).await;
        let served = Program::start(&["--dataset", &format!("t={}", server.uri("large/t"))]);
        let caller = client(served.port, &served.ca()).await;
        let before = served.peak_memory_bytes();
        let mut rows = 0;
        let mut stream = caller.read(CallContext::new(), Some(&name("t"))).await.unwrap();
        while let Some(chunk) = stream.next().await {
            rows += chunk.unwrap().batch.num_rows();
        }
        assert_eq!(rows, 1_000_000);
        // The rows are more than 300 MB.
        let after = served.peak_memory_bytes();
        assert!(after < before + (64 << 20), "{before} bytes before, {after} after");
    }

    #[tokio::test]
    async fn a_database_that_is_away_keeps_nobody_from_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let uri = |path: &str| format!("postgres:///{path}?host={}", folder.path().display());
        let sections = format!(
            "[server]\ninsecure = true\n[[dataset]]\nname = 'orders'\nuri = '{}'\n\
             [[dataset]]\nname = 'shop'\nuri = '{}'\n[[dataset]]\nname = 'demo'\nuri = 'demo://?rows=5'\n",
            uri("shop/orders"),
            uri("shop"),
        );
        let server = Server::build(config(&sections)).await.unwrap();
        for away in ["orders", "shop"] {
            let described = server.service().describe(CallContext::new(), Target::from(&name(away))).await;
            check_error(described, ErrorKind::Unavailable, &["`postgres:///shop", "does not answer"]);
        }
        assert_eq!(server.service().read_all(&name("demo")).await.unwrap().1[0].num_rows(), 5);
    }
}

#[cfg(not(feature = "postgres"))]
#[test]
fn without_the_feature_it_is_said_how_to_build_it() {
    let dir = tempfile::tempdir().unwrap();
    let arguments = ["--check-config", "--dataset", "t=postgres://me:hunter2@localhost/shop/t"];
    let (code, _, stderr) = crate::support::run(dir.path(), &arguments);
    assert_eq!(code, 78);
    assert!(stderr.contains("built without the feature `postgres`"), "{stderr}");
    assert!(stderr.contains("--features postgres"), "{stderr}");
    assert!(!stderr.contains("hunter2"), "{stderr}");
}
