//! What a report becomes: tables of a document, and JSON.

use std::fs;

use arrowlink_benches::{Report, Row, Summary, Target};
use expect_test::expect;

fn report() -> Report {
    let mut report = Report::default();
    report.section("reading over TCP");
    let peer = Summary::of(&[0.4, 0.5, 0.6]).expect("there are values");
    report.row(Row::new("the peer", "GB/s", peer));
    let ours = Summary::of(&[2.0, 2.5, 3.5]).expect("there are values");
    let row = Row::new("ours", "GB/s", ours).against("the peer", peer);
    report.row(row.with_target(Target::ratio_at_least(4.0, 6.0)));
    report.section("small batches");
    let row = Row::absent("ours", "us", "the server does not exchange");
    report.row(row.with_target(Target::ratio_at_most(0.6, 0.4)));
    report
}

#[test]
fn becomes_markdown_tables() {
    expect![[r#"

        ### Reading over TCP

        | what | median | min - max | held against | ratio | target | |
        |---|---|---|---|---|---|---|
        | the peer | 0.500 GB/s | 0.400 - 0.600 |  |  |  |  |
        | ours | 2.500 GB/s | 2.000 - 3.500 | the peer | 5.00x | at least 4.00x, aim 6.00x | reached |

        ### Small batches

        | what | median | min - max | held against | ratio | target | |
        |---|---|---|---|---|---|---|
        | ours | not there: the server does not exchange | |  |  | at most 0.60x, aim 0.40x |  |
    "#]]
    .assert_eq(&report().to_markdown());
}

#[test]
fn replaces_the_figures_of_a_document_and_leaves_the_rest() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("performance.md");
    let text = "# Method\n<!-- figures -->\nold\n<!-- end -->\n# Plot\n";
    fs::write(&file, text).expect("a document");
    for _ in 0..2 {
        report().write_into(&file).expect("a document with marks");
    }
    let figures = report().to_markdown();
    let expected = format!("# Method\n<!-- figures -->\n{figures}\n<!-- end -->\n# Plot\n");
    assert_eq!(fs::read_to_string(&file).expect("the document"), expected);
}

#[test]
fn refuses_a_document_without_marks_and_leaves_it_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("performance.md");
    fs::write(&file, "# Method\n").expect("a document");
    let error = report().write_into(&file).expect_err("there are no marks");
    assert!(error.to_string().ends_with("has no line `<!-- figures -->`"), "{error}");
    assert_eq!(fs::read_to_string(&file).expect("the document"), "# Method\n");
}

#[test]
fn becomes_json_with_verdicts_and_reasons() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("bench.json");
    report().write_json(&file).expect("a file");
    let json: serde_json::Value =
        serde_json::from_slice(&fs::read(&file).expect("the file")).expect("it is JSON");
    let [read, small] =
        ["/sections/0/rows/1", "/sections/1/rows/0"].map(|at| json.pointer(at).expect("a row"));
    assert_eq!((&read["ratio"], &read["verdict"]), (&5.0.into(), &"reached".into()));
    assert_eq!(read["target"]["required"], 4.0);
    assert_eq!(small["missing"], "the server does not exchange");
    assert!(small["summary"].is_null() && small["verdict"].is_null());
}
