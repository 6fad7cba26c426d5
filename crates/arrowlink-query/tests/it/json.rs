//! JSON files: sequences, arrays, objects over many lines; and that none of them ends early without a word.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array as _, RecordBatch};
use arrow_schema::{DataType, Field, Fields, Schema};
use arrowlink_core::{CallContext, Dataset as _, Error, ErrorKind, ReadOptions};

use crate::files::ndjson;
use crate::support::{Folder, check, chunks, ids, read_all};

async fn read(text: &str) -> Result<(Arc<Schema>, Vec<RecordBatch>), Error> {
    let folder = Folder::new();
    folder.write("a.json", text);
    folder.read("a.json").await
}

async fn corrupt(text: &str, parts: &[&str]) {
    let folder = Folder::new();
    folder.write("a.json", text);
    check(&folder.error("a.json").await, ErrorKind::Corrupt, parts);
}

#[tokio::test]
async fn all_layouts_of_the_same_rows_are_the_same_table() {
    let expected = read("{\"id\": 1, \"s\": \"[}\\\"\"}\n{\"id\": 2, \"s\": null}\n").await.unwrap();
    assert_eq!(ids(&expected.1), [1, 2]);
    for text in [
        "[{\"id\": 1, \"s\": \"[}\\\"\"}, {\"id\": 2, \"s\": null}]",
        "[\n  {\n    \"id\": 1,\n    \"s\": \"[}\\\"\"\n  },\n  {\n    \"id\": 2,\n    \"s\": null\n  }\n]\n",
        "{\n \"id\": 1,\n \"s\": \"[}\\\"\"\n}\n{\n \"id\": 2,\n \"s\": null\n}",
        "\u{feff}{\"id\": 1, \"s\": \"[}\\\"\"}\r\n\r\n{\"id\": 2, \"s\": null}",
    ] {
        assert_eq!(read(text).await.unwrap(), expected, "{text}");
    }
}

#[tokio::test]
async fn an_array_longer_than_any_buffer_is_read_whole() {
    let rows: Vec<String> =
        (0..60_000).map(|id| format!("  {{\"id\": {id}, \"pad\": \"{}\"}}", "x".repeat(30))).collect();
    let (_, batches) = read(&format!("[\n{}\n]\n", rows.join(",\n"))).await.unwrap();
    assert_eq!(ids(&batches), (0..60_000).collect::<Vec<_>>());
}

#[tokio::test]
async fn infers_columns_in_the_order_in_which_they_are_seen() {
    let (schema, batches) = read(
        "{\"b\": 1, \"a\": {\"y\": [1, 2.5], \"x\": null}}\n{\"c\": [], \"b\": 0.5, \"a\": {\"x\": true}}\n{\"d\": {}}\n",
    )
    .await
    .unwrap();
    let numbers = DataType::List(Arc::new(Field::new("item", DataType::Float64, true)));
    let nulls = DataType::List(Arc::new(Field::new("item", DataType::Null, true)));
    let inner = Fields::from(vec![Field::new("y", numbers, true), Field::new("x", DataType::Boolean, true)]);
    let expected = Schema::new(vec![
        Field::new("b", DataType::Float64, true),
        Field::new("a", DataType::Struct(inner), true),
        Field::new("c", nulls, true),
        Field::new("d", DataType::Struct(Fields::empty()), true),
    ]);
    assert_eq!(*schema, expected);
    let b = batches[0].column(0).as_primitive::<Float64Type>();
    assert_eq!(b.iter().collect::<Vec<_>>(), [Some(1.0), Some(0.5), None]);
    assert_eq!(batches[0].column(2).as_list::<i32>().value_length(1), 0);
}

#[tokio::test]
async fn a_file_without_rows_is_a_table_without_columns() {
    for text in ["", "\n\n", "[]", "[ ]\n"] {
        let (schema, batches) = read(text).await.unwrap();
        assert_eq!(schema.fields().len(), 0, "{text}");
        assert!(batches.is_empty(), "{text}");
    }
}

#[tokio::test]
async fn rows_are_counted_where_the_sample_is_the_file() {
    let folder = Folder::new();
    folder.write("a.ndjson", ndjson(0, 100));
    let dataset = folder.open("a.ndjson").await.unwrap();
    assert_eq!(dataset.describe(CallContext::new()).await.unwrap().rows, Some(100));
    let dataset = folder.open_with("a.ndjson", folder.options().with_sample_bytes(100)).await.unwrap();
    assert_eq!(dataset.describe(CallContext::new()).await.unwrap().rows, None);
}

#[tokio::test]
async fn an_array_that_does_not_end_is_corrupt() {
    let missing = "ends within its array, after row 1: the closing `]` is missing";
    corrupt("[{\"id\": 1}", &["`a.json`", missing]).await;
    corrupt("[{\"id\": 1},\n", &["`a.json`", missing]).await;
    corrupt("[", &["after row 0: the closing `]` is missing"]).await;
}

#[tokio::test]
async fn an_array_cut_off_after_the_sample_is_corrupt() {
    let folder = Folder::new();
    let rows: Vec<String> = (0..20_000).map(|id| format!("{{\"id\": {id}}}")).collect();
    folder.write("a.json", format!("[{}", rows.join(",")));
    let error = folder.error_with("a.json", folder.options().with_sample_bytes(1000)).await;
    check(&error, ErrorKind::Corrupt, &["`a.json`: ends within its array, after row 20000"]);
}

#[tokio::test]
async fn what_stands_around_rows_is_corrupt() {
    corrupt(
        "[{\"id\": 1}] x",
        &["line 1, character 13, after row 1: nothing after the closing `]` expected, got `x`"],
    )
    .await;
    corrupt("[{\"id\": 1}]\n{\"id\": 2}", &["line 2, character 1", "got `{`"]).await;
    corrupt("[{\"id\": 1},]", &["`{` expected, got `]`"]).await;
    corrupt("[{\"id\": 1} {\"id\": 2}]", &["`,` or `]` expected, got `{`"]).await;
    corrupt("[1, 2]", &["`{` or `]` expected, got `1`"]).await;
    corrupt("{\"id\": 1}, {\"id\": 2}", &["`{` expected, got `,`"]).await;
    corrupt("hello", &["line 1, character 1, after row 0: `{` or `[` expected, got `h`"]).await;
}

#[tokio::test]
async fn damage_within_a_row_names_row_line_and_character() {
    corrupt("{\"id\": 1}\n  {\"id\": 2,}\n", &["`a.json`: row 2, line 2, character 12: trailing comma"])
        .await;
    corrupt("{\"id\": 1}\n{\"id\": 2", &["`a.json`: row 2 begins in line 2 and does not end"]).await;
    corrupt("{\n\"id\": tru }", &["row 1, line 2, character", "expected ident"]).await;
    corrupt(&format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200)), &["row 1", "recursion limit"])
        .await;
}

#[tokio::test]
async fn a_column_of_two_types_names_row_and_column() {
    corrupt(
        "{\"a\": {\"b\": 1}}\n{\"a\": {\"b\": \"x\"}}\n",
        &["row 2, line 2, character 15: column `a.b`: text here, numbers in earlier rows"],
    )
    .await;
    corrupt("{\"a\": [1]}\n{\"a\": 1}\n", &["row 2", "column `a`: numbers here, lists in earlier rows"])
        .await;
}

/// 1,000 good rows and then `row`, read with a sample that ends before it.
async fn late(row: &str) -> Error {
    let folder = Folder::new();
    folder.write("a.json", format!("{}{row}\n", ndjson(0, 1000)));
    folder.error_with("a.json", folder.options().with_sample_bytes(1000)).await
}

#[tokio::test]
async fn what_changes_after_the_sample_names_row_column_and_option() {
    let hint = "the columns are those of the first rows, set others with `schema`";
    check(
        &late("{\"id\": \"x\"}").await,
        ErrorKind::Corrupt,
        &["row 1001, line 1001", "column `id`: ", "expected Int64", hint],
    );
    check(
        &late("{\"id\": 1.5}").await,
        ErrorKind::Corrupt,
        &["column `id`: ", "`1.5`, expected Int64", hint],
    );
    check(&late("{\"new\": 1}").await, ErrorKind::Corrupt, &["row 1001", "there is no column `new`", hint]);
    check(
        &late("{\"id\": 99999999999999999999}").await,
        ErrorKind::Corrupt,
        &["column `id`: ", "expected Int64"],
    );
}

#[tokio::test]
async fn a_given_schema_is_what_the_rows_are_read_with() {
    let folder = Folder::new();
    folder.write("a.json", "{\"id\": 1, \"t\": \"2020-01-01T00:00:00\", \"d\": \"1.25\"}\n{\"id\": 2}\n");
    let schema = Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int16, false),
        Field::new("t", DataType::Timestamp(arrow_schema::TimeUnit::Millisecond, None), true),
        Field::new("d", DataType::Decimal128(10, 2), true),
        Field::new("absent", DataType::Utf8, true),
    ]));
    let dataset =
        folder.open_with("a.json", folder.options().with_schema(Arc::clone(&schema))).await.unwrap();
    let (actual, batches) = read_all(&dataset, ReadOptions::default()).await.unwrap();
    assert_eq!(actual, schema);
    assert_eq!(batches[0].num_rows(), 2);
    assert_eq!(batches[0].column(3).null_count(), 2);
    folder.write("a.json", "{\"id\": null}\n");
    let error = folder.error_with("a.json", folder.options().with_schema(schema)).await;
    check(&error, ErrorKind::Corrupt, &["row 1", "column `id`: ", "null, expected Int16"]);
}

#[tokio::test]
async fn a_row_that_is_too_long_names_the_limit() {
    let folder = Folder::new();
    folder.write("a.json", format!("{{\"s\": \"{}\"}}", "x".repeat(1 << 20)));
    let error = folder.error_with("a.json", folder.options().with_max_row_bytes(1000)).await;
    check(
        &error,
        ErrorKind::LimitExceeded,
        &["`a.json`: row 1 has more than 1000 bytes: raise `max_row_bytes`"],
    );
}

#[tokio::test]
async fn files_of_a_folder_have_the_columns_of_all() {
    let folder = Folder::new();
    folder.write("x/a.json", "{\"id\": 1}\n").write("x/b.json", "[{\"v\": 0.5, \"id\": 2}]");
    let (schema, batches) = folder.read("x").await.unwrap();
    assert_eq!(schema.field(1).name(), "v");
    assert_eq!(ids(&batches), [1, 2]);
    folder.write("x/c.json", "{\"v\": {\"w\": 1}}");
    check(
        &folder.error("x").await,
        ErrorKind::SchemaMismatch,
        &["`c.json` does not fit `a.json`", "it has column `v` as objects, not numbers"],
    );
}

#[tokio::test]
async fn columns_that_are_left_out_are_checked_too() {
    let folder = Folder::new();
    folder.write("a.json", format!("{}{{\"id\": 1, \"name\": 5}}\n", ndjson(0, 10_000)));
    let dataset = folder.open_with("a.json", folder.options().with_sample_bytes(1000)).await.unwrap();
    let error = chunks(&dataset, ReadOptions::default().with_projection(["id"])).await.unwrap_err();
    check(&error, ErrorKind::Corrupt, &["row 10001", "column `name`"]);
    let read = chunks(&dataset, ReadOptions::default().with_projection(["id"]).with_limit(10)).await.unwrap();
    assert_eq!(read[0].batch.column(0).as_primitive::<Int64Type>().len(), 10);
}
