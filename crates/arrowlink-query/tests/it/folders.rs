//! Where files are: paths, patterns, folders; what is in them and what is not.

use std::sync::Arc;

use arrow_schema::Schema;
use arrowlink_core::{CallContext, Dataset as _, ErrorKind, ReadOptions};
use arrowlink_query::FileDataset;

use crate::files::{csv, ndjson, parquet};
use crate::support::{Folder, check, ids, read_all, rows, schema};

fn three_files() -> Folder {
    let folder = Folder::new();
    // Written in another order than that of their names.
    for (name, from) in
        [("x/c.parquet", 20), ("x/a.parquet", 0), ("x/sub/b.parquet", 30), ("x/b.parquet", 10)]
    {
        folder.write(name, parquet(&rows(from, 10), 4));
    }
    folder
}

#[tokio::test]
async fn a_folder_is_read_in_the_order_of_the_names() {
    let folder = three_files();
    for uri in ["x", "x/", "./x", "x/**/*.parquet"] {
        let (_, batches) = folder.read(uri).await.unwrap();
        assert_eq!(ids(&batches), (0..40).collect::<Vec<_>>(), "{uri}");
    }
}

#[tokio::test]
async fn a_pattern_takes_what_matches() {
    let folder = three_files();
    let (_, batches) = folder.read("x/[ac].parquet").await.unwrap();
    assert_eq!(ids(&batches), (0..10).chain(20..30).collect::<Vec<_>>());
    let (_, batches) = folder.read("x/?.parquet").await.unwrap();
    assert_eq!(ids(&batches), (0..30).collect::<Vec<_>>());
}

#[tokio::test]
async fn several_places_are_one_table_in_the_order_of_whole_names() {
    let folder = three_files();
    folder.write("w.csv", csv(0, 1)).write("y/a.parquet", parquet(&rows(40, 5), 4));
    let open =
        async |uris: &[&str]| FileDataset::open_all(&folder.runtime, uris.to_vec(), folder.options()).await;
    let dataset = open(&["y", "x/a.parquet", "x/[ab].parquet"]).await.unwrap();
    let (_, batches) = read_all(&dataset, ReadOptions::default()).await.unwrap();
    assert_eq!(ids(&batches), (0..20).chain(40..45).collect::<Vec<_>>(), "each file once");
    let description = dataset.describe(CallContext::new()).await.unwrap();
    assert_eq!((description.source.as_str(), description.parts.len()), ("y, x/a.parquet, x/[ab].parquet", 3));

    folder.write("y/a.parquet", "no parquet");
    let error = dataset.describe(CallContext::new()).await.unwrap_err();
    check(&error, ErrorKind::Corrupt, &["`y/a.parquet`"]);
    let error = open(&["x", "z"]).await.unwrap_err();
    check(&error, ErrorKind::NotFound, &["there is no file or folder `z`"]);
    let error = open(&["x", "z*.csv"]).await.unwrap_err();
    check(&error, ErrorKind::NotFound, &["no file matches `z*.csv`"]);
    let error = open(&["x", "w.csv"]).await.unwrap_err();
    check(&error, ErrorKind::InvalidArgument, &["serve one format"]);
    let error = open(&["x", "s3://lake/x"]).await.unwrap_err();
    check(&error, ErrorKind::InvalidArgument, &["`x` and `s3://lake/x` are not in one store"]);
    check(&open(&[]).await.unwrap_err(), ErrorKind::InvalidArgument, &["a dataset needs a file"]);
}

#[tokio::test]
async fn a_file_whose_name_looks_like_a_pattern_is_a_file() {
    let folder = Folder::new();
    folder.write("a[1] 100%.csv", csv(0, 3)).write("a1.csv", csv(5, 3));
    assert_eq!(ids(&folder.read("a[1] 100%.csv").await.unwrap().1), [0, 1, 2]);
}

#[tokio::test]
async fn uris_name_files_of_this_machine() {
    let folder = Folder::new();
    folder.write("with space.csv", csv(0, 3));
    let path = folder.path("with space.csv").to_string_lossy().replace(' ', "%20");
    for uri in [format!("file://{path}"), format!("file://localhost{path}")] {
        assert_eq!(ids(&folder.read(&uri).await.unwrap().1), [0, 1, 2]);
    }
    check(&folder.error("file://other/a.csv").await, ErrorKind::InvalidArgument, &["names another host"]);
    check(&folder.error("file:///a%2").await, ErrorKind::InvalidArgument, &["two hex digits"]);
    check(
        &folder.error("ftp://host/a.csv").await,
        ErrorKind::Unsupported,
        &["no files are read from `ftp://`"],
    );
}

#[tokio::test]
async fn what_is_not_there_is_refused_when_opened() {
    let folder = Folder::new();
    let error = folder.open("trips/a.parquet").await.unwrap_err();
    check(&error, ErrorKind::NotFound, &["there is no file or folder `trips/a.parquet` (looked for `/"]);
    let error = folder.open("trips/*.parquet").await.unwrap_err();
    check(&error, ErrorKind::NotFound, &["no file matches `trips/*.parquet`"]);
}

#[tokio::test]
async fn hidden_files_and_those_set_aside_are_left_out() {
    let folder = three_files();
    folder.write("x/.a.parquet.crc", "x").write("x/_SUCCESS", "").write("x/_temporary/0/d.parquet", "half");
    for uri in ["x", "x/**/*"] {
        assert_eq!(ids(&folder.read(uri).await.unwrap().1).len(), 40, "{uri}");
    }
}

#[tokio::test]
async fn files_that_are_no_tables_are_left_out_of_a_folder() {
    let folder = three_files();
    folder.write("x/README.md", "# Trips").write("x/e.parquet.part", "half").write("x/LICENSE", "");
    assert_eq!(ids(&folder.read("x").await.unwrap().1).len(), 40);
    check(&folder.open("x/*").await.unwrap_err(), ErrorKind::InvalidArgument, &["LICENSE`", "`format`"]);
    folder.write("x/f.csv.gz", "x");
    check(
        &folder.open("x").await.unwrap_err(),
        ErrorKind::InvalidArgument,
        &["compressed files are not read"],
    );
}

#[tokio::test]
async fn an_unknown_extension_lists_the_known_ones() {
    let folder = Folder::new();
    folder.write("a.xlsx", "x").write("b.csv.gz", "x").write("c", "x");
    let error = folder.open("a.xlsx").await.unwrap_err();
    check(
        &error,
        ErrorKind::InvalidArgument,
        &["a.xlsx`", "set `format` to `parquet`, `csv`, `json` or `arrow`", "`.parquet`"],
    );
    check(
        &folder.open("b.csv.gz").await.unwrap_err(),
        ErrorKind::InvalidArgument,
        &["compressed files are not read"],
    );
    check(
        &folder.open("c").await.unwrap_err(),
        ErrorKind::InvalidArgument,
        &["its name does not say its format"],
    );
}

#[tokio::test]
async fn a_format_that_is_given_is_that_of_every_file() {
    let folder = Folder::new();
    folder.write("a.log", ndjson(0, 3));
    let dataset =
        folder.open_with("a.log", folder.options().with_format("json".parse().unwrap())).await.unwrap();
    assert_eq!(ids(&read_all(&dataset, ReadOptions::default()).await.unwrap().1), [0, 1, 2]);
}

#[tokio::test]
async fn two_formats_in_a_folder_are_refused_with_both_files() {
    let folder = three_files();
    folder.write("x/d.csv", csv(0, 1));
    let error = folder.open("x").await.unwrap_err();
    check(&error, ErrorKind::InvalidArgument, &["`a.parquet` is Parquet and `d.csv` is CSV", "`*.parquet`"]);
    assert!(folder.open("x/*.parquet").await.is_ok());
}

#[tokio::test]
async fn partitions_are_refused() {
    let folder = Folder::new();
    folder.write("x/year=2024/a.parquet", parquet(&rows(0, 1), 1));
    check(&folder.open("x").await.unwrap_err(), ErrorKind::InvalidArgument, &["year=2024` is a partition"]);
    assert!(folder.read("x/**/*.parquet").await.is_ok());
}

#[tokio::test]
async fn an_empty_folder_waits_for_its_first_file() {
    let folder = Folder::new();
    folder.write("x/_ignored", "");
    let dataset = folder.open("x").await.unwrap();
    let error = dataset.describe(CallContext::new()).await.unwrap_err();
    check(&error, ErrorKind::NotFound, &["there are no files in `x` yet"]);
    folder.write("x/a.csv", csv(0, 3));
    assert_eq!(ids(&read_all(&dataset, ReadOptions::default()).await.unwrap().1), [0, 1, 2]);
}

#[tokio::test]
async fn a_file_that_does_not_fit_is_named_with_its_column() {
    let folder = three_files();
    let other = rows(0, 1).project(&[0]).unwrap();
    folder.write("x/d.parquet", parquet(&other, 1));
    let error = folder.open("x").await.unwrap().describe(CallContext::new()).await.unwrap_err();
    check(
        &error,
        ErrorKind::SchemaMismatch,
        &["`d.parquet` does not fit `a.parquet`: it has no column `name`"],
    );
    let swapped = rows(0, 1).project(&[1, 0]).unwrap();
    folder.write("x/d.parquet", parquet(&swapped, 1));
    check(
        &folder.error("x").await,
        ErrorKind::SchemaMismatch,
        &["`d.parquet`", "has column `id` in place 2, not 1"],
    );
}

#[tokio::test]
async fn an_empty_folder_with_a_schema_is_an_empty_table() {
    let folder = Folder::new();
    folder.write("x/_ignored", "");
    let dataset = folder.open_with("x", folder.options().with_schema(rows(0, 1).schema())).await.unwrap();
    let (schema, batches) = read_all(&dataset, ReadOptions::default()).await.unwrap();
    assert_eq!(schema, rows(0, 1).schema());
    assert!(batches.is_empty());
}

#[tokio::test]
async fn a_column_is_nullable_where_it_is_so_in_one_file() {
    let folder = three_files();
    let nullable =
        schema().fields().iter().map(|field| field.as_ref().clone().with_nullable(true)).collect::<Vec<_>>();
    let nullable = rows(40, 10).with_schema(Arc::new(Schema::new(nullable))).unwrap();
    folder.write("x/d.parquet", parquet(&nullable, 10));
    let (schema, batches) = folder.read("x").await.unwrap();
    assert!(schema.field(0).is_nullable());
    assert_eq!(ids(&batches).len(), 50);
}

#[tokio::test]
async fn a_base_folder_whose_name_looks_like_a_pattern_is_a_folder() {
    let folder = three_files();
    folder.write("[x]*/.hidden/y/a.csv", csv(0, 3));
    let options = folder.options().with_base_dir(folder.path("[x]*/.hidden"));
    let dataset = folder.open_with("y/*.csv", options).await.unwrap();
    assert_eq!(ids(&read_all(&dataset, ReadOptions::default()).await.unwrap().1), [0, 1, 2]);
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_neither_file_nor_folder_is_refused() {
    let folder = Folder::new();
    let error = folder.open("/dev/null").await.unwrap_err();
    check(&error, ErrorKind::InvalidArgument, &["`/dev/null` is neither a file nor a folder"]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_that_leads_back_ends() {
    let folder = three_files();
    std::os::unix::fs::symlink(folder.path("x"), folder.path("x/sub/back")).unwrap();
    check(&folder.open("x").await.unwrap_err(), ErrorKind::InvalidArgument, &["more than 32 folders deep"]);
}
