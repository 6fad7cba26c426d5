//! `arrowlink ls`.

use expect_test::expect;
use serde_json::{Value, json};

use crate::support::{Server, served, trips};

fn server() -> Server {
    Server::serving(served()).with("uploads", &[trips()])
}

#[test]
fn every_name_has_a_line_and_what_is_broken_says_why() {
    expect![[r#"
        name         kind      rows      size  source
        -----------  --------  ----  --------  --------------------------------------
        broken       broken       -         -  `b.csv` is damaged: row 3 has 2 fields
        echo         function     -         -  built in
        sales.trips  dataset      3     688 B  memory
        uploads      dataset      3  2.68 KiB  memory
    "#]]
    .assert_eq(&server().run(&["ls"]).ok());
}

#[test]
fn prefix_narrows_the_list() {
    let text = server().run(&["ls", "sales."]).ok();
    let names: Vec<&str> = text.lines().skip(2).filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names, ["sales.trips"]);
}

#[test]
fn prefix_of_nothing_lists_nothing() {
    let server = server();
    assert_eq!(
        server.run(&["ls", "x"]).ok(),
        "name  kind  rows  size  source\n----  ----  ----  ----  ------\n"
    );
    assert_eq!(server.run(&["ls", "x", "--json"]).ok(), "[\n]\n");
}

#[test]
fn source_is_cut_to_the_line_and_columns_that_do_not_fit_are_named_below() {
    let server = server();
    expect![[r#"
        name         kind      rows      size  source
        -----------  --------  ----  --------  -----------
        broken       broken       -         -  `b.csv` is…
        echo         function     -         -  built in
        sales.trips  dataset      3     688 B  memory
        uploads      dataset      3  2.68 KiB  memory
    "#]]
    .assert_eq(&server.run(&["ls", "--width", "50"]).ok());
    expect![[r#"
        name         …  source
        -----------  …  --------
        broken       …  `b.csv`…
        echo         …  built in
        sales.trips  …  memory
        uploads      …  memory
        and 3 more columns: kind, row…
    "#]]
    .assert_eq(&server.run(&["ls", "--width", "30"]).ok());
}

#[test]
fn json_has_an_object_per_line() {
    let text = server().run(&["ls", "--json"]).ok();
    let entries: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(text.lines().count(), entries.len() + 2);
    assert_eq!(entries[0], json!({"name": "broken", "error": "`b.csv` is damaged: row 3 has 2 fields"}));
    assert_eq!((&entries[1]["kind"], &entries[1]["writable"]), (&json!("function"), &json!(false)));
    assert_eq!(entries[2]["name"], "sales.trips");
    assert_eq!((&entries[2]["rows"], &entries[2]["writable"]), (&json!(3), &json!(true)));
    assert_eq!((&entries[3]["kind"], &entries[3]["writable"]), (&json!("dataset"), &json!(true)));
}
