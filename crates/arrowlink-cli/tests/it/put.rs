//! `arrowlink put`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{ArrayRef, DictionaryArray, RecordBatch, StringArray};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::DataType;

use crate::support::{Server, trips};

/// Gets `trips` into `file`, puts it under another name, and asserts that it is the same there.
fn check(file: &str) {
    let server = Server::start().with("trips", &[trips()]);
    server.run(&["get", "trips", "-o", file]).ok();
    let ran = server.run(&["put", "copy", file]);
    assert!(ran.stderr.starts_with("stored 3 rows in `copy` (in memory): "), "{ran:?}");
    ran.ok();
    let copy = server.batches("copy");
    assert_eq!(copy.iter().map(RecordBatch::num_rows).sum::<usize>(), 3);
    assert_eq!(copy[0].schema().fields().len(), 3);
    for column in 0..3 {
        assert_eq!(copy[0].column(column).to_data(), trips().column(column).to_data(), "{file}");
    }
}

#[test]
fn what_was_read_can_be_stored_again() {
    for file in ["t.parquet", "t.arrow", "t.csv"] {
        check(file);
    }
}

#[test]
fn json_array_and_lines_are_both_read_whatever_the_ending() {
    let server = Server::start();
    let lines = "{\"id\": 1, \"tags\": [\"a]\", \"\\\"{\"]}\n{\"id\": 2}\n";
    let array = "  [ {\"id\": 1, \"tags\": [\"a]\", \"\\\"{\"]},\n {\"id\": 2} ]\n";
    let objects = "{\n  \"id\": 1,\n  \"tags\": [\"a]\", \"\\\"{\"]\n}\n{\"id\": 2}";
    for (idx, text) in [lines, array, objects].into_iter().enumerate() {
        for file in ["rows.json", "rows.jsonl"] {
            fs::write(server.path(file), text).unwrap();
            let dataset = format!("d{idx}{}", file.len());
            server.run(&["put", &dataset, file]).ok();
            let batches = server.batches(&dataset);
            assert_eq!(batches[0].num_rows(), 2);
            assert!(matches!(batches[0].schema().field(1).data_type(), DataType::List(_)));
        }
    }
    assert_eq!(server.batches("d010")[0].columns(), server.batches("d19")[0].columns());
}

#[test]
fn cut_off_json_array_is_refused_and_nothing_is_kept() {
    let server = Server::start();
    for (text, how) in [
        ("[{\"id\": 1}, {\"id\": 2}", "the array is not closed"),
        ("[{\"id\": 1}] {\"id\": 2}", "text after the end of the array"),
        ("[{\"id\": 1}, {\"id\": ]", "rows.json"),
    ] {
        fs::write(server.path("rows.json"), text).unwrap();
        server.run(&["put", "rows", "rows.json"]).failed(65, &["cannot read `rows.json` as JSON", how]);
    }
    server.run(&["head", "rows"]).failed(66, &["`rows`"]);
}

#[test]
fn csv_types_are_those_that_fit_all_rows() {
    let server = Server::start();
    let mut text = String::from("n,when\n");
    for row in 0..3_000 {
        text.push_str(&format!("{row},2024-01-01\n"));
    }
    text.push_str("2.5,2024-01-01\n");
    fs::write(server.path("late.csv"), text).unwrap();
    server.run(&["put", "late", "late.csv"]).ok();
    let batches = server.batches("late");
    assert_eq!(batches[0].schema().field(0).data_type(), &DataType::Float64);
    assert_eq!(batches[0].schema().field(1).data_type(), &DataType::Date32);
}

#[test]
fn text_gets_the_types_of_the_dataset_it_is_for() {
    let server = Server::start().with("trips", &[trips()]);
    for file in ["t.csv", "t.json", "t.ndjson"] {
        server.run(&["get", "trips", "-o", file]).ok();
    }
    fs::write(server.path("turned.csv"), "city,id,fare\nOslo,4,\n").unwrap();
    for file in ["t.csv", "t.json", "t.ndjson", "turned.csv"] {
        server.run(&["put", "trips", file]).ok();
    }
    assert_eq!(server.batches("trips").last().unwrap().column(0).as_primitive::<Int64Type>().value(0), 4);
    fs::write(server.path("words.csv"), "id,fare,city\nfour,1,Oslo\n").unwrap();
    server
        .run(&["put", "trips", "words.csv"])
        .failed(65, &["cannot read `words.csv` as CSV", "'four'", "Int64"]);
}

#[test]
fn json_column_that_the_dataset_does_not_have_is_refused() {
    let server = Server::start().with("trips", &[trips()]);
    fs::write(server.path("more.json"), r#"[{"id": 4, "fare": 1.5, "city": "Oslo", "tip": 1}]"#).unwrap();
    server.run(&["put", "trips", "more.json"]).failed(65, &["cannot read `more.json` as JSON", "tip"]);
}

#[test]
fn arrow_stream_is_taken_as_well() {
    let server = Server::start();
    let mut writer = StreamWriter::try_new(Vec::new(), &trips().schema()).unwrap();
    writer.write(&trips()).unwrap();
    fs::write(server.path("stream.arrow"), writer.into_inner().unwrap()).unwrap();
    server.run(&["put", "copy", "stream.arrow"]).ok();
    assert_eq!(server.batches("copy"), [trips()]);
}

#[test]
fn format_is_taken_from_the_option_where_the_ending_says_nothing() {
    let server = Server::start();
    fs::write(server.path("export.txt"), "id\n1\n").unwrap();
    server.run(&["put", "copy", "export.txt"]).failed(2, &["`export.txt` does not say its format", "hint: "]);
    server.run(&["put", "copy", "export.txt", "--format", "csv"]).ok();
}

#[test]
fn missing_file_and_folder_are_66() {
    let server = Server::start();
    server.run(&["put", "copy", "nowhere.csv"]).failed(66, &["cannot open `nowhere.csv`"]);
    fs::create_dir(server.path("folder.csv")).unwrap();
    server.run(&["put", "copy", "folder.csv"]).failed(66, &["`folder.csv` is a folder"]);
}

#[test]
fn file_that_may_not_be_read_is_77() {
    let server = Server::start();
    fs::write(server.path("secret.csv"), "id\n1\n").unwrap();
    fs::set_permissions(server.path("secret.csv"), fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(server.path("secret.csv")).is_ok() {
        println!("left out: this user may read everything");
        return;
    }
    server.run(&["put", "copy", "secret.csv"]).failed(77, &["cannot open `secret.csv`"]);
}

#[test]
fn damaged_files_are_65_and_nothing_is_kept() {
    let server = Server::start().with("trips", &[trips()]);
    for file in ["t.parquet", "t.arrow"] {
        server.run(&["get", "trips", "-o", file]).ok();
        let whole = fs::read(server.path(file)).unwrap();
        fs::write(server.path(file), &whole[..whole.len() / 2]).unwrap();
        server.run(&["put", "copy", file]).failed(65, &["cannot read `", file]);
    }
    fs::write(server.path("t.csv"), "id,fare\n1,2\n3\n").unwrap();
    server.run(&["put", "copy", "t.csv"]).failed(65, &["cannot read `t.csv` as CSV"]);
    server.run(&["head", "copy"]).failed(66, &["`copy`"]);
}

#[test]
fn other_schema_than_the_dataset_is_65_and_read_only_is_1() {
    let server = Server::start().with("trips", &[trips()]);
    fs::write(server.path("other.csv"), "id\nx\n").unwrap();
    server.run(&["put", "trips", "other.csv"]).failed(65, &["column `fare` is missing", "(request "]);
    server.run(&["put", "default", "other.csv"]).failed(1, &["cannot be written to", "(request "]);
}

#[test]
fn damaged_bytes_that_a_decoder_panics_at_are_one_line() {
    let server = Server::start().with("trips", &[trips()]);
    server.run(&["get", "trips", "-o", "t.arrow"]).ok();
    let whole = fs::read(server.path("t.arrow")).unwrap();
    for start in (0..whole.len() - 64).step_by(16) {
        let mut bytes = whole.clone();
        bytes[start..start + 64].fill(0xff);
        fs::write(server.path("t.arrow"), bytes).unwrap();
        let ran = server.run(&["put", "copy", "t.arrow"]);
        assert!(!ran.stderr.contains("panicked"), "{start}: {ran:?}");
    }
}

#[test]
fn json_goes_into_a_dataset_with_dictionaries() {
    let city: DictionaryArray<Int32Type> = [Some("Oslo"), None, Some("Bergen")].into_iter().collect();
    let trips =
        RecordBatch::try_from_iter_with_nullable([("city", Arc::new(city) as ArrayRef, true)]).unwrap();
    let server = Server::start().with("trips", &[trips]);
    server.run(&["get", "trips", "-o", "t.ndjson"]).ok();
    server.run(&["put", "trips", "t.ndjson"]).ok();
    let batches = server.batches("trips");
    let more = batches.last().unwrap();
    assert_eq!(more.schema(), batches[0].schema());
    let more = more.column(0).as_dictionary::<Int32Type>().downcast_dict::<StringArray>().unwrap();
    assert_eq!(more.into_iter().collect::<Vec<_>>(), [Some("Oslo"), None, Some("Bergen")]);
}

#[test]
fn text_without_columns_makes_no_dataset() {
    let server = Server::start();
    for (file, text) in [("t.csv", ""), ("t.json", "[]"), ("t.ndjson", "\n")] {
        fs::write(server.path(file), text).unwrap();
        server.run(&["put", "rows", file]).failed(65, &[file, "it is empty, there are no columns in it"]);
    }
    server.run(&["head", "rows"]).failed(66, &["`rows`"]);
}

#[test]
fn endings_that_are_only_read_are_known() {
    let server = Server::start();
    let mut writer = StreamWriter::try_new(Vec::new(), &trips().schema()).unwrap();
    writer.write(&trips()).unwrap();
    fs::write(server.path("t.arrows"), writer.into_inner().unwrap()).unwrap();
    fs::write(server.path("t.geojson"), r#"{"type": "FeatureCollection"}"#).unwrap();
    for file in ["t.arrows", "t.geojson"] {
        server.run(&["put", &file.replace('.', "_"), file]).ok();
    }
    server.run(&["get", "t_arrows", "-o", "copy.arrows"]).failed(2, &["does not say its format"]);
}

#[test]
fn json_keeps_the_order_of_its_names() {
    let server = Server::start();
    fs::write(
        server.path("t.json"),
        r#"[{"type": "a", "at": {"y": 1, "x": 2}, "all": [{"d": 1}]}, {"id": 7, "all": [{"d": 2, "c": 3}]}]"#,
    )
    .unwrap();
    server.run(&["put", "rows", "t.json"]).ok();
    let schema = server.batches("rows")[0].schema();
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names, ["type", "at", "all", "id"]);
    let types = format!("{} {}", schema.field(1).data_type(), schema.field(2).data_type());
    assert!(
        types.find("\"y\"") < types.find("\"x\"") && types.find("\"d\"") < types.find("\"c\""),
        "{types}"
    );
}
