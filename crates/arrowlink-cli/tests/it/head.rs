//! `arrowlink head`.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray, record_batch};
use expect_test::expect;

use crate::support::{Server, trips};

#[test]
fn shows_names_types_and_the_first_rows() {
    let server = Server::start().with("trips", &[trips()]);
    expect![[r#"
           id     fare  city
        Int64  Float64  Utf8
        -----  -------  ------
            1      7.5  Oslo
            2     null  Bergen
    "#]]
    .assert_eq(&server.run(&["head", "trips", "-n", "2"]).ok());
}

#[test]
fn columns_that_do_not_fit_are_named_below() {
    let columns: Vec<(String, ArrayRef)> = (0..8)
        .map(|idx| (format!("column_{idx}"), Arc::new(Int64Array::from(vec![idx])) as ArrayRef))
        .collect();
    let server = Server::start().with("wide", &[RecordBatch::try_from_iter(columns).unwrap()]);
    expect![[r#"
        column_0  column_1  …  column_7
           Int64     Int64  …     Int64
        --------  --------  …  --------
               0         1  …         7
        and 5 more columns: column_2, column…
    "#]]
    .assert_eq(&server.run(&["head", "wide", "--width", "37"]).ok());
    let all = server.run(&["head", "wide"]).ok();
    assert!(all.lines().next().unwrap().ends_with("column_7"), "{all}");
}

#[test]
fn long_and_unprintable_text_does_not_spoil_the_table() {
    let text = format!("{}\n\u{1b}[2J", "wide 字".repeat(20));
    let batch = RecordBatch::try_from_iter([("text", Arc::new(StringArray::from(vec![text])) as ArrayRef)]);
    let server = Server::start().with("texts", &[batch.unwrap()]);
    expect![[r#"
        text
        Utf8
        --------------------
        wide 字wide 字wide …
    "#]]
    .assert_eq(&server.run(&["head", "texts", "--width", "40"]).ok());
    assert!(server.run(&["head", "texts"]).ok().contains(r"字\n\u{1b}[2J"));
}

#[test]
fn columns_are_shown_in_the_order_in_which_they_are_asked_for() {
    let server = Server::start().with("trips", &[trips()]);
    expect![[r#"
        city       id
        Utf8    Int64
        ------  -----
        Oslo        1
        Bergen      2
    "#]]
    .assert_eq(&server.run(&["head", "trips", "-n", "2", "--columns", "city,id"]).ok());
    server.run(&["head", "trips", "--columns", "citty"]).failed(1, &["`citty`", "`city`"]);
}

#[test]
fn table_without_rows_has_its_head() {
    let batch = record_batch!(("id", Int64, [1])).unwrap().slice(0, 0);
    let server = Server::start().with("none", &[batch]);
    assert_eq!(server.run(&["head", "none"]).ok(), "   id\nInt64\n-----\n");
}

#[test]
fn no_more_is_shown_than_there_is() {
    let server = Server::start().with("trips", &[trips(), trips()]);
    assert_eq!(server.run(&["head", "trips", "-n", "0"]).ok().lines().count(), 3);
    assert_eq!(server.run(&["head", "trips"]).ok().lines().count(), 3 + 6);
}

#[test]
fn text_cannot_turn_the_direction_of_what_follows() {
    let text = Arc::new(StringArray::from(vec!["a\u{202e}b\u{2066}c"])) as ArrayRef;
    let server = Server::start().with("texts", &[RecordBatch::try_from_iter([("text", text)]).unwrap()]);
    let shown = server.run(&["head", "texts"]).ok();
    assert!(shown.contains("a\\u{202e}b\\u{2066}c"), "{shown}");
}
