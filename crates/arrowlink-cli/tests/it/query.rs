//! `arrowlink query`.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrowlink_testkit::catalog;
use expect_test::expect;

use crate::support::{Ran, Server, run, trips};

fn server() -> Server {
    Server::answering_sql(catalog()).with("trips", &[trips()])
}

fn numbers(count: i64) -> RecordBatch {
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(0..count));
    RecordBatch::try_from_iter([("id", ids)]).unwrap()
}

/// Runs the program with `text` on its standard input.
fn run_with(server: &Server, args: &[&str], text: &str) -> Ran {
    let mut command = server.command(args);
    let mut program =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    program.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    Ran::of(program.wait_with_output().unwrap())
}

#[test]
fn table_has_names_types_and_rows_and_the_time_is_beside_it() {
    let ran =
        server().run(&["query", "select city, fare * 2 as twice from trips order by id", "-f", "table"]);
    assert!(ran.stderr.starts_with("3 rows in ") && ran.stderr.ends_with("s\n"), "{ran:?}");
    expect![[r#"
        city      twice
        Utf8    Float64
        ------  -------
        Oslo       15.0
        Bergen     null
        Tromsø     24.0
    "#]]
    .assert_eq(&ran.ok());
}

#[test]
fn pipe_gets_csv() {
    let ran = server().run(&["query", "select id, city from trips where id < 2"]);
    assert!(ran.stderr.starts_with("1 row in "), "{ran:?}");
    assert_eq!(ran.ok(), "id,city\n1,Oslo\n");
}

#[test]
fn quiet_says_nothing_beside_the_rows() {
    let server = server();
    for args in [&["-f", "table"][..], &["-f", "json"], &["-o", "rows.csv"]] {
        let ran = server.run(&[&["query", "select 1 as one", "--quiet"], args].concat());
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    }
}

#[test]
fn formats_are_those_of_get() {
    let server = server();
    let query = |format| server.run(&["query", "select id, fare from trips where id > 1", "-f", format]).ok();
    assert_eq!(query("csv"), "id,fare\n2,\n3,12.0\n");
    assert_eq!(query("ndjson"), "{\"id\":2,\"fare\":null}\n{\"id\":3,\"fare\":12.0}\n");
    let rows: Vec<serde_json::Value> = serde_json::from_str(&query("json")).unwrap();
    assert_eq!(rows.len(), 2);
    for file in ["rows.parquet", "rows.arrow"] {
        let ran = server.run(&["query", "select * from trips", "-o", file]);
        assert!(ran.stderr.starts_with(&format!("read 3 rows into `{file}`: ")), "{ran:?}");
        ran.ok();
        let copy = file.replace('.', "_");
        server.run(&["put", &copy, file]).ok();
        assert_eq!(server.batches(&copy)[0].columns(), trips().columns());
    }
}

#[test]
fn table_can_be_written_into_a_file() {
    let server = server();
    server.run(&["query", "select 1 as one", "-f", "table", "-o", "one.txt"]).ok();
    assert_eq!(fs::read_to_string(server.path("one.txt")).unwrap(), "  one\nInt64\n-----\n    1\n");
}

#[test]
fn long_table_is_cut_and_says_how_many_rows_there_were() {
    let server = Server::answering_sql(catalog()).with("numbers", &[numbers(60_000), numbers(60_000)]);
    let ran = server.run(&["query", "select id from numbers", "-f", "table"]);
    assert!(ran.stderr.starts_with("120,000 rows in "), "{ran:?}");
    let text = ran.ok();
    assert_eq!(text.lines().count(), 3 + 100 + 1);
    assert_eq!(text.lines().last(), Some("the first 100 of 120,000 rows"));
    let text = server.run(&["query", "select id from numbers", "-f", "table", "--max-rows", "2"]).ok();
    assert_eq!(text, "   id\nInt64\n-----\n    0\n    1\nthe first 2 of 120,000 rows\n");
    let text =
        server.run(&["query", "select id from numbers limit 2", "-f", "table", "--max-rows", "2"]).ok();
    assert!(text.ends_with("    1\n"), "{text}");
    let text = server.run(&["query", "select id from numbers", "--max-rows", "2"]).ok();
    assert_eq!(text, "id\n0\n1\n");
}

#[test]
fn wide_table_leaves_out_columns_in_the_middle() {
    let text = server().run(&["query", "select * from trips", "-f", "table", "--width", "16"]).ok();
    expect![[r#"
           id  …  city
        Int64  …  Utf8
        -----  …  ------
            1  …  Oslo
            2  …  Bergen
            3  …  Tromsø
        and 1 more colu…
    "#]]
    .assert_eq(&text);
}

#[test]
fn parameters_are_of_the_type_that_the_statement_needs() {
    let server = server();
    let text = "select id from trips where id > $1 and city <> $2 and fare > $3";
    let ran = server.run(&["query", text, "--param", "-1", "--param", "Oslo", "--param", "1.5"]);
    assert_eq!(ran.ok(), "id\n3\n");
    server
        .run(&["query", "select id from trips where id > $1", "--param", "many"])
        .failed(1, &["`$1`: `many` is not of type Int64"]);
    server
        .run(&["query", "select $1", "--param", "1", "--param", "2"])
        .failed(1, &["has 1 parameter", "2 values"]);
    server.run(&["query", "select $1"]).failed(1, &["has 1 parameter", "no value came with it"]);
    let limited = ["query", "select id from trips order by id limit $1 offset $2", "--param", "1", "--param"];
    assert_eq!(server.run(&[&limited[..], &["2"]].concat()).ok(), "id\n3\n");
    server.run(&[&limited[..], &["two"]].concat()).failed(1, &["`$2`: `two` is not of type Int64"]);
}

#[test]
fn statement_may_come_from_a_file_or_from_standard_input() {
    let server = server();
    fs::write(server.path("q.sql"), "select count(*) as rows\nfrom trips;\n").unwrap();
    assert_eq!(server.run(&["query", "--file", "q.sql"]).ok(), "rows\n3\n");
    for args in [&["query", "-"][..], &["query", "--file", "-"]] {
        assert_eq!(run_with(&server, args, "select 7 as seven").ok(), "seven\n7\n");
    }
    server.run(&["query", "--file", "nowhere.sql"]).failed(66, &["cannot read `nowhere.sql`"]);
}

#[test]
fn changes_are_made_once_and_say_how_many_rows_they_touched() {
    let server = server();
    assert_eq!(server.run(&["query", "insert into trips select * from trips"]).ok(), "count\n3\n");
    assert_eq!(server.run(&["query", "select count(*) as rows from trips"]).ok(), "rows\n6\n");
}

#[test]
fn mistake_is_shown_in_its_line() {
    let server = server();
    let ran = server.run(&["query", "select id,\n  fere\nfrom trips"]);
    let (first, rest) = ran.stderr.split_once('\n').unwrap();
    assert!(first.starts_with("error: line 2, column 3: no column `fere`, did you mean `fare`?"), "{first}");
    assert_eq!(rest, "2 |   fere\n  |   ^\n");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
}

#[test]
fn long_line_is_shown_around_the_mistake() {
    let text = format!("select '{}', fere, '{}' from trips", "字".repeat(100), "x".repeat(200));
    let ran = server().run(&["query", &text]);
    let lines: Vec<&str> = ran.stderr.lines().skip(1).collect();
    assert!(lines[0].starts_with("1 | …字") && lines[0].contains("', fere, 'xxx"), "{lines:?}");
    let before: String = lines[0].split("fere").next().unwrap().to_owned();
    let width = before.chars().map(|character| if character == '字' { 2 } else { 1 }).sum::<usize>();
    assert_eq!(lines[1], format!("  | {}^", " ".repeat(width - 4)));
}

#[test]
fn mistake_at_the_end_has_a_caret_behind_it() {
    let ran = server().run(&["query", "select 'open"]);
    assert_eq!(ran.code, Some(1));
    expect![[r#"
        1 | select 'open
          |        ^"#]]
    .assert_eq(&ran.stderr.lines().skip(1).collect::<Vec<_>>().join("\n"));
}

#[test]
fn unknown_table_is_66_and_offers_near_names() {
    server().run(&["query", "select * from trip"]).failed(66, &["`trip`", "did you mean `trips`?"]);
}

#[test]
fn server_without_sql_says_so() {
    Server::start().run(&["query", "select 1"]).failed(1, &["SQL"]);
}

#[test]
fn wrong_usage_is_said_before_a_server_is_asked() {
    for (args, part) in [
        (&["query"][..], "<SQL>"),
        (&["query", "select 1", "--file", "q.sql"][..], "cannot be used with"),
        (
            &["query", "select 1", "-f", "xlsx"][..],
            "[possible values: table, json, ndjson, csv, arrow, parquet]",
        ),
        (&["query", "select 1", "-o", "rows.xlsx"][..], "the ending of `rows.xlsx` does not say its format"),
        (&["query", "select 1", "--max-rows", "all"][..], "'--max-rows <N>'"),
    ] {
        let ran = run(args);
        assert_eq!(ran.code, Some(2), "{args:?}: {ran:?}");
        assert!(ran.stderr.contains(part), "`{part}` is not in {}", ran.stderr);
    }
}
