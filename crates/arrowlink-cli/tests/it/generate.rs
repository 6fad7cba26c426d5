//! `arrowlink generate`.

use std::fs::{self, File};
use std::io::pipe;
use std::process::Stdio;

use crate::support::{Server, command, run};

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

/// Makes up many rows into `stdout`; returns the exit code and what was said.
fn check(format: &str, stdout: impl Into<Stdio>) -> (Option<i32>, String) {
    let mut command = command(&["generate", "--rows", "200000", "--format", format]);
    let output = command.stdout(stdout).stderr(Stdio::piped()).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn closed_pipe_is_silent_in_every_format() {
    for format in FORMATS {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        assert_eq!(check(format, writer), (Some(0), String::new()), "{format}");
    }
}

#[test]
fn full_disk_is_73_in_every_format() {
    for format in FORMATS {
        let (code, said) = check(format, File::options().write(true).open("/dev/full").unwrap());
        assert_eq!(code, Some(73), "{format}: {said}");
        assert_eq!(said.matches("No space left on device").count(), 1, "{said}");
    }
}

const FORMATS: [&str; 5] = ["parquet", "csv", "arrow", "json", "ndjson"];
