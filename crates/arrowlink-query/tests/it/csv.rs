//! CSV files: types, quotes, headers, and what is wrong in which row and column.

use std::sync::Arc;

use arrow_array::StringArray;
use arrow_array::cast::AsArray as _;
use arrow_array::types::Int64Type;
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use arrowlink_core::{CallContext, Dataset as _, ErrorKind, ReadOptions};
use arrowlink_query::{CsvHeader, CsvOptions, FileOptions};

use crate::files::csv;
use crate::support::{Folder, check, chunks, ids, read_all};

fn texts(array: &dyn arrow_array::Array) -> Vec<Option<&str>> {
    array.as_any().downcast_ref::<StringArray>().unwrap().iter().collect()
}

fn types(schema: &Schema) -> Vec<DataType> {
    schema.fields().iter().map(|field| field.data_type().clone()).collect()
}

#[tokio::test]
async fn infers_types_from_the_values() {
    let folder = Folder::new();
    folder.write("a.csv", "i,f,b,d,t,s,n\n1,1.5,true,2020-01-02,2020-01-02T03:04:05,x,\n-2,2,false,2020-01-03,2020-01-02 03:04:06,,\n");
    let (schema, batches) = folder.read("a.csv").await.unwrap();
    let seconds = DataType::Timestamp(TimeUnit::Second, None);
    let expected = [
        DataType::Int64,
        DataType::Float64,
        DataType::Boolean,
        DataType::Date32,
        seconds,
        DataType::Utf8,
        DataType::Null,
    ];
    assert_eq!(types(&schema), expected);
    assert_eq!(batches[0].column(0).as_primitive::<Int64Type>().values(), &[1, -2]);
    assert_eq!(texts(batches[0].column(5)), [Some("x"), None]);
}

#[tokio::test]
async fn quotes_may_hold_newlines_delimiters_and_quotes() {
    let folder = Folder::new();
    folder.write("a.csv", "id,s\n1,\"two\nlines\"\n2,\"a,b\"\n3,\"say \"\"hi\"\"\"\n");
    let (_, batches) = folder.read("a.csv").await.unwrap();
    assert_eq!(ids(&batches), [1, 2, 3]);
    assert_eq!(texts(batches[0].column(1)), [Some("two\nlines"), Some("a,b"), Some("say \"hi\"")]);
}

#[tokio::test]
async fn a_sample_that_ends_within_quotes_ends_before_them() {
    let folder = Folder::new();
    let text = format!("id,s\n1,\"a\nb\"\n2,\"{}\"\n3,c\n", "x\n".repeat(50));
    folder.write("a.csv", text);
    let dataset = folder.open_with("a.csv", folder.options().with_sample_bytes(40)).await.unwrap();
    let (_, batches) = read_all(&dataset, ReadOptions::default()).await.unwrap();
    assert_eq!(ids(&batches), [1, 2, 3]);
}

#[tokio::test]
async fn byte_order_marks_and_carriage_returns_are_no_part_of_names_and_values() {
    let folder = Folder::new();
    folder.write("a.csv", "\u{feff}id,name\r\n1,a\r\n2,b\r\n");
    let (schema, batches) = folder.read("a.csv").await.unwrap();
    assert_eq!(schema.field(0).name(), "id");
    assert_eq!(schema.field(1).name(), "name");
    assert_eq!(ids(&batches), [1, 2]);
    assert_eq!(texts(batches[0].column(1)), [Some("a"), Some("b")]);
}

#[tokio::test]
async fn a_header_alone_is_a_table_without_rows() {
    let folder = Folder::new();
    folder.write("a.csv", "id,name\n");
    let (schema, batches) = folder.read("a.csv").await.unwrap();
    assert_eq!(types(&schema), [DataType::Null, DataType::Null]);
    assert!(batches.is_empty());
}

#[tokio::test]
async fn an_empty_file_is_corrupt() {
    let folder = Folder::new();
    folder.write("a.csv", "");
    check(
        &folder.error("a.csv").await,
        ErrorKind::Corrupt,
        &["`a.csv`: is empty, not even a header is there"],
    );
}

#[tokio::test]
async fn options_say_how_a_file_is_written() {
    let folder = Folder::new();
    folder.write("a.txt", "1;'a;b'\n2;c\n").write("b.tsv", "id\tname\n1\tx\n");
    let options = CsvOptions::default().with_delimiter(b';').with_quote(b'\'').with_header(CsvHeader::Absent);
    let options = folder.options().with_format("csv".parse().unwrap()).with_csv(options);
    let dataset = folder.open_with("a.txt", options).await.unwrap();
    let (schema, batches) = read_all(&dataset, ReadOptions::default()).await.unwrap();
    assert_eq!(schema.field(1).name(), "column_2");
    assert_eq!(texts(batches[0].column(1)), [Some("a;b"), Some("c")]);
    let (schema, _) = folder.read("b.tsv").await.unwrap();
    assert_eq!(schema.fields().len(), 2);
}

#[tokio::test]
async fn a_given_schema_is_what_the_rows_are_read_with() {
    let folder = Folder::new();
    folder.write("a.csv", "id,code\n1,007\n");
    let schema =
        Schema::new(vec![Field::new("id", DataType::Int32, false), Field::new("code", DataType::Utf8, true)]);
    let dataset =
        folder.open_with("a.csv", folder.options().with_schema(Arc::new(schema.clone()))).await.unwrap();
    let (actual, batches) = read_all(&dataset, ReadOptions::default()).await.unwrap();
    assert_eq!(*actual, schema);
    assert_eq!(texts(batches[0].column(1)), [Some("007")]);
}

#[tokio::test]
async fn a_given_schema_has_the_names_of_the_header() {
    let folder = Folder::new();
    folder.write("a.csv", "id,code\n1,2\n");
    let schema = Schema::new(vec![Field::new("id", DataType::Int32, false)]);
    let error = folder.error_with("a.csv", folder.options().with_schema(Arc::new(schema))).await;
    check(
        &error,
        ErrorKind::SchemaMismatch,
        &["`a.csv` has the columns `id`, `code`, its `schema` has `id`"],
    );
}

/// A file of 1,000 good rows and then `row`, read with a sample that ends before it.
async fn late(row: &str, options: impl Fn(FileOptions) -> FileOptions) -> arrowlink_core::Error {
    let folder = Folder::new();
    folder.write("a.csv", format!("{}{row}\n", csv(0, 1000)));
    folder.error_with("a.csv", options(folder.options().with_sample_bytes(1000))).await
}

#[tokio::test]
async fn a_type_that_changes_after_the_sample_names_row_column_and_option() {
    let error = late("zero,x", |options| options).await;
    let text = "`a.csv`: row 1001, column `id`: `zero` is not Int64: its type is that of the first rows, set another \
                with `schema`";
    check(&error, ErrorKind::Corrupt, &[text]);
    let headless =
        |options: FileOptions| options.with_csv(CsvOptions::default().with_header(CsvHeader::Absent));
    let folder = Folder::new();
    folder.write("a.csv", format!("{}zero\n", "1\n".repeat(1000)));
    let error = folder.error_with("a.csv", headless(folder.options().with_sample_bytes(100))).await;
    check(&error, ErrorKind::Corrupt, &["row 1001, column `column_1`: `zero` is not Int64"]);
}

#[tokio::test]
async fn a_time_that_is_none_names_row_and_column() {
    let folder = Folder::new();
    folder.write("a.csv", format!("t\n{}noon\n", "2020-01-01T00:00:00\n".repeat(10)));
    let error = folder.error_with("a.csv", folder.options().with_sample_bytes(100)).await;
    check(&error, ErrorKind::Corrupt, &["`a.csv`: row 11, column `t`: ", "noon", "`schema`"]);
}

#[tokio::test]
async fn ragged_rows_name_row_and_count() {
    let short = late("1", |options| options).await;
    check(&short, ErrorKind::Corrupt, &["`a.csv`: row 1001: 2 columns expected, got 1"]);
    let long = late("1,a,b", |options| options).await;
    check(&long, ErrorKind::Corrupt, &["`a.csv`: row 1001: 2 columns expected, got 3"]);
}

#[tokio::test]
async fn ragged_rows_in_the_sample_are_listed() {
    let folder = Folder::new();
    folder.write("a.csv", "id,name\n1,a\n2\n");
    let error = folder.open("a.csv").await.unwrap().describe(CallContext::new()).await.unwrap_err();
    check(&error, ErrorKind::Corrupt, &["`a.csv`: row 2: 2 columns expected, got 1"]);
}

#[tokio::test]
async fn text_that_is_not_utf8_names_row_and_column() {
    let folder = Folder::new();
    let mut bytes = csv(0, 1000).into_bytes();
    bytes.extend_from_slice(b"1000,\xff\xfe\n");
    folder.write("a.csv", bytes);
    let error = folder.error_with("a.csv", folder.options().with_sample_bytes(1000)).await;
    check(&error, ErrorKind::Corrupt, &["`a.csv`: row 1001, column `name`: its text is not UTF-8"]);
    for (bytes, place) in [
        (&b"id,name\n1,\xfc\n"[..], "`latin1.csv`: row 1, column 2: its text is not UTF-8, convert the file"),
        (b"\xff\xfei\0d\0", "`latin1.csv`: the header, column 1: its text is not UTF-8, convert the file"),
    ] {
        folder.write("latin1.csv", bytes);
        let error = folder.open("latin1.csv").await.unwrap().describe(CallContext::new()).await.unwrap_err();
        check(&error, ErrorKind::Corrupt, &[place]);
    }
}

#[tokio::test]
async fn the_rows_before_the_damage_are_read() {
    let folder = Folder::new();
    folder.write("a.csv", format!("{}x,y\n", csv(0, 20_000)));
    let dataset = folder.open_with("a.csv", folder.options().with_sample_bytes(1000)).await.unwrap();
    let read = chunks(&dataset, ReadOptions::default().with_limit(16_384)).await.unwrap();
    assert_eq!(read.iter().map(|chunk| chunk.batch.num_rows()).sum::<usize>(), 16_384);
    assert!(chunks(&dataset, ReadOptions::default()).await.is_err());
}

#[tokio::test]
async fn a_quote_that_is_left_open_is_corrupt() {
    let folder = Folder::new();
    folder.write("a.csv", format!("id,\"name\n{}", csv(0, 1000)));
    let error = folder.error_with("a.csv", folder.options().with_sample_bytes(500)).await;
    check(
        &error,
        ErrorKind::Corrupt,
        &["`a.csv`: no row ends within the first 500 bytes: is a quote left open?"],
    );
}

#[tokio::test]
async fn two_columns_of_one_name_are_refused() {
    let folder = Folder::new();
    folder.write("a.csv", "id,id\n1,2\n");
    check(&folder.error("a.csv").await, ErrorKind::Corrupt, &["`a.csv`: two columns are called `id`"]);
}

#[tokio::test]
async fn a_column_without_values_in_the_sample_takes_any_text() {
    let folder = Folder::new();
    folder.write("a.csv", format!("id,note\n{}101,late\n", "1,\n".repeat(100)));
    let dataset = folder.open_with("a.csv", folder.options().with_sample_bytes(50)).await.unwrap();
    let (_, batches) = read_all(&dataset, ReadOptions::default()).await.unwrap();
    assert_eq!(texts(batches[0].column(1)).last(), Some(&Some("late")));
}

#[tokio::test]
async fn files_of_a_folder_agree_on_types() {
    let folder = Folder::new();
    folder.write("x/a.csv", "id,v,n\n1,1,\n").write("x/b.csv", "id,v,n\n2,0.5,b\n");
    let (schema, batches) = folder.read("x").await.unwrap();
    assert_eq!(types(&schema), [DataType::Int64, DataType::Float64, DataType::Utf8]);
    assert_eq!(ids(&batches), [1, 2]);
    folder.write("x/c.csv", "id,v,n\n2,high,b\n");
    let error = folder.error("x").await;
    check(
        &error,
        ErrorKind::SchemaMismatch,
        &["`c.csv` does not fit `a.csv`", "column `v` as Utf8, not Float64"],
    );
}

#[tokio::test]
async fn a_missing_value_where_none_may_be_missing_names_the_column() {
    let folder = Folder::new();
    folder.write("a.csv", "id,name\n1,a\n,b\n");
    let schema =
        Schema::new(vec![Field::new("id", DataType::Int64, false), Field::new("name", DataType::Utf8, true)]);
    let error = folder.error_with("a.csv", folder.options().with_schema(Arc::new(schema))).await;
    check(&error, ErrorKind::Corrupt, &["`a.csv`", "'id'"]);
}

#[tokio::test]
async fn an_escape_keeps_a_quote_within_quotes() {
    let folder = Folder::new();
    folder.write("a.csv", "id,s\n1,\"a\\\"\nb\"\n2,c\n");
    let options = folder.options().with_csv(CsvOptions::default().with_escape(b'\\')).with_sample_bytes(18);
    let dataset = folder.open_with("a.csv", options).await.unwrap();
    let (_, batches) = read_all(&dataset, ReadOptions::default()).await.unwrap();
    assert_eq!(texts(batches[0].column(1)), [Some("a\"\nb"), Some("c")]);
}
