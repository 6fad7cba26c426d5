//! `arrowlink generate`.

use std::fs;

use crate::support::{Server, run};

#[test]
fn rows_are_json_on_standard_output() {
    let text = run(&["generate", "--rows", "3"]).ok();
    let rows: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[2]["id"], 2);
    for column in ["timestamp", "value", "category", "is_valid"] {
        assert!(!rows[0][column].is_null(), "{column}");
    }
}

#[test]
fn same_seed_makes_the_same_rows() {
    let rows = |seed| run(&["generate", "--rows", "100", "--seed", seed]).ok();
    assert_eq!(rows("7"), rows("7"));
    assert_ne!(rows("7"), rows("8"));
}

#[test]
fn file_is_in_the_format_of_its_ending_and_can_be_stored() {
    let server = Server::start();
    for file in ["demo.parquet", "demo.arrow", "demo.csv", "demo.json", "demo.ndjson"] {
        let ran = server.run(&["generate", "--rows", "20000", "-o", file]);
        assert!(ran.stderr.starts_with("made up 20,000 rows into `"), "{ran:?}");
        ran.ok();
        server.run(&["put", &file.replace('.', "_"), file]).ok();
    }
    assert_eq!(fs::read_to_string(server.path("demo.csv")).unwrap().lines().count(), 20_001);
    let rows = |name: &str| server.batches(name).iter().map(|batch| batch.num_rows()).sum::<usize>();
    for name in ["demo_parquet", "demo_arrow", "demo_csv", "demo_json", "demo_ndjson"] {
        assert_eq!(rows(name), 20_000, "{name}");
    }
}
