//! `arrowlink get`.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::sync::Arc;

use arrow_array::types::Int8Type;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, DictionaryArray, Int64Array, ListArray, RecordBatch};
use arrow_ipc::reader::FileReader;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::support::{Ran, Server, trips};

fn get(server: &Server, file: &str) -> String {
    let ran = server.run(&["get", "trips", "-o", file]);
    assert!(ran.stderr.starts_with("read 6 rows into `"), "{ran:?}");
    for part in [file, " bytes in ", " s, ", " MB/s"] {
        assert!(ran.stderr.contains(part), "`{part}` is not in {}", ran.stderr);
    }
    assert_eq!(ran.ok(), "");
    fs::read_to_string(server.path(file)).unwrap_or_default()
}

fn server() -> Server {
    Server::start().with("trips", &[trips(), trips()])
}

#[test]
fn parquet_has_the_rows_and_the_types() {
    let server = server();
    get(&server, "trips.parquet");
    let file = fs::File::open(server.path("trips.parquet")).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let batches: Vec<RecordBatch> = reader.collect::<Result<_, _>>().unwrap();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 6);
    assert_eq!(batches[0].slice(0, 3).columns(), trips().columns());
}

#[test]
fn arrow_has_the_rows_and_the_schema() {
    let server = server();
    get(&server, "trips.arrow");
    let reader = FileReader::try_new(fs::File::open(server.path("trips.arrow")).unwrap(), None).unwrap();
    let batches: Vec<RecordBatch> = reader.collect::<Result<_, _>>().unwrap();
    assert_eq!(batches[0].schema(), trips().schema());
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 6);
}

#[test]
fn csv_has_a_line_of_names_and_one_per_row() {
    let text = get(&server(), "trips.csv");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..3], ["id,fare,city", "1,7.5,Oslo", "2,,Bergen"]);
    assert_eq!(lines.len(), 7);
}

#[test]
fn json_is_one_array_with_a_row_per_line() {
    let text = get(&server(), "trips.json");
    let rows: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(rows.len(), 6);
    assert_eq!(rows[1], serde_json::json!({"id": 2, "fare": null, "city": "Bergen"}));
    assert_eq!(text.lines().nth(1), Some(r#"{"id":1,"fare":7.5,"city":"Oslo"},"#));
}

#[test]
fn ndjson_is_an_object_per_line() {
    let text = get(&server(), "trips.ndjson");
    assert_eq!(text.lines().count(), 6);
    assert_eq!(text.lines().next(), Some(r#"{"id":1,"fare":7.5,"city":"Oslo"}"#));
}

#[test]
fn table_without_rows_is_a_whole_file_in_every_format() {
    let server = Server::start().with("none", &[trips().slice(0, 0)]);
    for (file, text) in [("n.csv", "id,fare,city\n"), ("n.json", "[\n]\n"), ("n.ndjson", "")] {
        server.run(&["get", "none", "-o", file]).ok();
        assert_eq!(fs::read_to_string(server.path(file)).unwrap(), text);
    }
    for file in ["n.parquet", "n.arrow"] {
        server.run(&["get", "none", "-o", file]).ok();
        server.run(&["put", "again", file]).ok();
    }
}

#[test]
fn standard_output_has_the_rows_alone() {
    let ran = server().run(&["get", "trips", "-o", "-", "--format", "csv"]);
    assert_eq!(ran.stderr, "");
    assert_eq!(ran.ok().lines().count(), 7);
}

#[test]
fn columns_and_rows_can_be_narrowed() {
    let server = server();
    server.run(&["get", "trips", "-o", "few.csv", "--columns", "city,id", "--limit", "4"]).ok();
    let text = fs::read_to_string(server.path("few.csv")).unwrap();
    assert_eq!(text, "city,id\nOslo,1\nBergen,2\nTromsø,3\nOslo,1\n");
}

#[test]
fn dictionaries_that_differ_from_batch_to_batch_become_one() {
    let batch = |words: [&str; 2]| {
        let column: ArrayRef = Arc::new(words.into_iter().collect::<DictionaryArray<Int8Type>>());
        RecordBatch::try_from_iter([("word", column)]).unwrap()
    };
    let batches = [batch(["a", "b"]), batch(["c", "b"])];
    let server = Server::start().with("words", &batches);
    server.run(&["get", "words", "-o", "words.arrow"]).ok();
    let reader = FileReader::try_new(fs::File::open(server.path("words.arrow")).unwrap(), None).unwrap();
    assert_eq!(reader.collect::<Result<Vec<_>, _>>().unwrap(), batches);
    server.run(&["put", "words", "words.arrow"]).ok();
    assert_eq!(server.batches("words").iter().map(RecordBatch::num_rows).sum::<usize>(), 8);
}

#[test]
fn nested_column_is_refused_for_csv_and_nothing_is_left() {
    let lists = ListArray::from_iter_primitive::<Int64Type, _, _>([Some([Some(1)])]);
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let batch = RecordBatch::try_from_iter([("id", ids), ("tags", Arc::new(lists) as ArrayRef)]).unwrap();
    let server = Server::start().with("nested", &[batch]);
    server.run(&["get", "nested", "-o", "nested.csv"]).failed(
        65,
        &[
            "column `tags` is List(Int64), which CSV does not have",
            "hint: these formats can: parquet, arrow, json",
        ],
    );
    assert_eq!(server.files(), Vec::<String>::new());
    for file in ["nested.parquet", "nested.arrow", "nested.json", "nested.ndjson"] {
        server.run(&["get", "nested", "-o", file]).ok();
    }
}

#[test]
fn failed_read_keeps_the_file_that_was_there() {
    let server = Server::start();
    fs::write(server.path("trips.csv"), "what was there").unwrap();
    server.run(&["get", "trips", "-o", "trips.csv"]).failed(66, &["`trips`"]);
    assert_eq!(fs::read_to_string(server.path("trips.csv")).unwrap(), "what was there");
    assert_eq!(server.files(), ["trips.csv"]);
}

#[test]
fn file_is_replaced_and_a_link_to_it_stays() {
    let server = server();
    fs::write(server.path("real.csv"), "what was there").unwrap();
    std::os::unix::fs::symlink("real.csv", server.path("link.csv")).unwrap();
    server.run(&["get", "trips", "-o", "link.csv"]).ok();
    assert!(fs::symlink_metadata(server.path("link.csv")).unwrap().is_symlink());
    assert!(fs::read_to_string(server.path("real.csv")).unwrap().starts_with("id,fare,city\n"));
}

#[test]
fn device_is_written_to_and_stays_a_device() {
    let server = server();
    server.run(&["get", "trips", "-o", "/dev/null", "--format", "csv"]).ok();
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
    server
        .run(&["get", "trips", "-o", "/dev/full", "--format", "csv"])
        .failed(73, &["cannot write `/dev/full`"]);
}

#[test]
fn folder_that_is_not_there_is_73() {
    server()
        .run(&["get", "trips", "-o", "nowhere/trips.csv"])
        .failed(73, &["cannot write `nowhere/trips.csv`"]);
}

#[test]
fn closed_pipe_is_silent() {
    let server = server();
    let args = ["generate", "--rows", "1000000", "--format", "ndjson"];
    let mut program = server.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(program.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    drop(stdout);
    let ran = Ran::of(program.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert!(line.starts_with(r#"{"id":0,"#), "{line}");
}
