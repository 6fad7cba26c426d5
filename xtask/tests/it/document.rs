//! Lengths and links of the documents.

use std::collections::BTreeSet;

use xtask::tidy::{check_document, check_file};

fn check(file: &str, text: &str, expected: &[&str]) {
    let files = BTreeSet::from(["README.md", "docs/wire.md", "proto/dataexchange.proto"]);
    let problems: Vec<String> = check_document(file, text, &files).iter().map(ToString::to_string).collect();
    assert_eq!(problems, expected);
}

#[test]
fn accepts_links_to_files_folders_headings_and_hosts() {
    check(
        "README.md",
        "[a](docs/wire.md) [b](docs/) [c](proto) [d](#there) [e](https://arrow.apache.org)\n",
        &[],
    );
    check("docs/wire.md", "[a](../README.md#build) ![b](./wire.md \"title\")\n", &[]);
}

#[test]
fn rejects_links_that_lead_nowhere() {
    check("README.md", "\n[a](docs/wires.md)\n", &["README.md:2: the link to `docs/wires.md` leads nowhere"]);
    check("docs/wire.md", "[a](README.md)\n", &["docs/wire.md:1: the link to `README.md` leads nowhere"]);
    check("README.md", "[a](../outside.md)\n", &["README.md:1: the link to `../outside.md` leads nowhere"]);
}

#[test]
fn ignores_code_blocks() {
    check("README.md", "```rust\nlet x = a[0](b);\n```\n", &[]);
}

#[test]
fn rejects_documents_nobody_would_read_to_the_end() {
    check("README.md", &"a\n".repeat(121), &["README.md: shorten it to 120 lines"]);
    check("README.md", &"a\n".repeat(120), &[]);
    check("ARCHITECTURE.md", &"a\n".repeat(251), &["ARCHITECTURE.md: shorten it to 250 lines"]);
}

#[test]
fn chooses_the_rules_by_the_files_name() {
    let files = BTreeSet::from(["a.md"]);
    assert_eq!(check_file("a.md", "[b](b.md)\n", &files).len(), 1);
    assert_eq!(check_file("a.txt", "[b](b.md)\n", &files).len(), 0);
    assert_eq!(check_file("crates/a/Cargo.toml", "[package]\nname = \"a\"\n", &files).len(), 1);
}
