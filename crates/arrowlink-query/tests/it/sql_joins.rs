//! Nested loops that do not fit into memory: they go on on the disk with all of their rows, or say that they cannot.

use std::sync::Arc;

use arrowlink_core::{Catalog, ErrorKind, Query};
use arrowlink_query::{SqlOptions, SqlService, SqlTables};

use crate::files::parquet;
use crate::sql::{name, query};
use crate::support::{Folder, check, rows};

/// A service whose queries may have `memory` bytes, over `t`, 1000 rows in two files, and `u`, the same in one.
async fn serve(folder: &Folder, memory: u64) -> SqlService {
    folder.write("t/1.parquet", parquet(&rows(0, 500), 100));
    folder.write("t/2.parquet", parquet(&rows(500, 500), 100));
    folder.write("u.parquet", parquet(&rows(0, 1000), 100));
    let (mut catalog, mut tables) = (Catalog::new(), SqlTables::default());
    for (table, files) in [("t", "t/"), ("u", "u.parquet")] {
        let dataset = Arc::new(folder.open(files).await.unwrap());
        catalog = catalog.with_dataset(name(table), Arc::clone(&dataset) as _);
        tables = tables.with_files(name(table), dataset);
    }
    let options = SqlOptions::default().with_memory(memory);
    SqlService::new(Arc::new(catalog), tables, &folder.runtime, options).unwrap()
}

/// 1000 rows of which some 250 fit into 1 MiB.
const WIDE: &str = "(select id, repeat(name, 600) as s from t)";
/// What is computed of each join: `a.id + b.id = 1250` pairs rows of both files.
const COUNTED: &str =
    "count(*), count(a.id), count(b.id), sum(a.id), sum(b.id), sum(length(a.s)), sum(length(b.s))";

/// Asserts that `text` has the rows that it has in memory where it goes on on the disk, and that it does so or is refused.
async fn check_on_disk(small: &SqlService, roomy: &SqlService, text: String, goes_on: bool) {
    let found = query(small, Query::new(text.clone())).await;
    if goes_on {
        let expected = query(roomy, Query::new(text.clone())).await.unwrap();
        assert_eq!(found.unwrap().columns(), expected.columns(), "{text}");
    } else {
        check(&found.unwrap_err(), ErrorKind::LimitExceeded, &["raise `query.memory`"]);
    }
}

#[tokio::test]
async fn nested_loops_of_each_kind_have_their_rows_on_the_disk_or_are_refused() {
    let folder = Folder::new();
    let (small, roomy) = (serve(&folder, 1 << 20).await, serve(&folder, 256 << 20).await);
    let one = WIDE.replace(" t)", " u)");
    for (join, right, goes_on) in [
        ("join", WIDE, true),
        ("left join", WIDE, false),
        ("left join", &one, true),
        ("right join", WIDE, false),
        ("full join", WIDE, false),
    ] {
        let text = format!("select {COUNTED} from {WIDE} a {join} {right} b on a.id + b.id = 1250");
        check_on_disk(&small, &roomy, text, goes_on).await;
    }
    for condition in ["exists (@)", "not exists (@)", "a.id = 3 or exists (@)"] {
        let matching = format!("select 1 from {WIDE} b where a.id + b.id = 1250");
        let text = format!(
            "select count(*), sum(length(a.s)) from {WIDE} a where {}",
            condition.replace('@', &matching)
        );
        check_on_disk(&small, &roomy, text, false).await;
    }
}

#[tokio::test]
async fn nested_loop_over_the_first_rows_of_a_table_is_refused_on_the_disk() {
    let folder = Folder::new();
    let (small, roomy) = (serve(&folder, 1 << 20).await, serve(&folder, 256 << 20).await);
    // The scan passes over the row groups that begin with the last of these rows, once it is known.
    let first = "(select id, repeat(name, 2000) as s from (select id, name from t order by id limit 201) q)";
    let text = format!("select {COUNTED} from {first} a join {WIDE} b on a.id + b.id = 1000");
    check_on_disk(&small, &roomy, text, false).await;
}
