//! `arrowlink show`.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use arrowlink_core::{Catalog, Echo};
use arrowlink_testkit::name;
use expect_test::expect;
use serde_json::{Value, json};

use crate::support::{Server, served, trips};

fn with_metadata() -> RecordBatch {
    let unit = HashMap::from([("unit".to_owned(), "NOK".to_owned())]);
    let field = Field::new("fare", DataType::Int64, false).with_metadata(unit);
    let of_schema = HashMap::from([("by".to_owned(), "us".to_owned()), ("at".to_owned(), "noon".to_owned())]);
    let schema = Schema::new_with_metadata(vec![field], of_schema);
    let fares: ArrayRef = Arc::new(Int64Array::from(vec![7]));
    RecordBatch::try_new(Arc::new(schema), vec![fares]).unwrap()
}

/// Leaves out the snapshot, which is another each time.
fn without_snapshot(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with("snapshot  ")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn says_what_is_known_of_the_whole_and_of_each_column() {
    let server = Server::serving(served());
    expect![[r#"
        name      sales.trips
        kind      dataset
        rows      3
        size      688 B
        source    memory
        parts     1
        writable  yes

        column  type     nulls
        ------  -------  -----
        id      Int64    yes
        fare    Float64  yes
        city    Utf8     yes
    "#]]
    .assert_eq(&without_snapshot(&server.run(&["show", "sales.trips"]).ok()));
}

#[test]
fn metadata_is_shown_where_there_is_some() {
    let server = Server::start().with("fares", &[with_metadata()]);
    let text = server.run(&["show", "fares"]).ok();
    assert!(text.contains("\nmetadata  at = noon, by = us\n"), "{text}");
    assert!(text.ends_with("\nfare    Int64  no     unit = NOK\n"), "{text}");
    assert!(text.contains("\nwritable  yes\n"), "{text}");
}

#[test]
fn json_has_all_of_it() {
    let server = Server::start().with("fares", &[with_metadata()]);
    let shown: Value = serde_json::from_str(&server.run(&["show", "fares", "--json"]).ok()).unwrap();
    assert_eq!(shown["rows"], 1);
    assert_eq!(shown["source"], "memory");
    assert_eq!(shown["metadata"], json!({"at": "noon", "by": "us"}));
    let column = json!({"name": "fare", "type": "Int64", "nullable": false, "metadata": {"unit": "NOK"}});
    assert_eq!(shown["columns"], json!([column]));
    let snapshot = shown["snapshot"].as_str().unwrap();
    assert!(
        snapshot.len().is_multiple_of(2) && snapshot.chars().all(|digit| digit.is_ascii_hexdigit()),
        "{snapshot}"
    );
}

#[test]
fn function_is_shown_as_one() {
    let server = Server::serving(Arc::new(Catalog::new().with_function(name("echo"), Arc::new(Echo))));
    let text = server.run(&["show", "echo"]).ok();
    assert!(text.starts_with("name      echo\nkind      function\nrows      -\nsize      -\n"), "{text}");
}

#[test]
fn what_is_broken_is_65_and_says_why() {
    Server::serving(served())
        .run(&["show", "broken"])
        .failed(65, &["error: `b.csv` is damaged: row 3 has 2 fields"]);
}

#[test]
fn unknown_name_is_66_with_near_names() {
    let server = Server::start().with("trips", &[trips()]);
    server.run(&["show", "trip"]).failed(66, &["no dataset `trip`, did you mean `trips`?"]);
    server.run(&["show", "trip", "--json"]).failed(66, &["did you mean `trips`?"]);
}

#[test]
fn narrow_lines_are_cut() {
    let server = Server::serving(served());
    let text = server.run(&["show", "sales.trips", "--width", "20"]).ok();
    assert!(text.lines().all(|line| line.chars().count() <= 20), "{text}");
    assert!(text.contains("and 1 more column: "), "{text}");
}
