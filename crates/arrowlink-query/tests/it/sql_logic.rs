//! The files in `tests/slt`, each over the same tables, in the format of sqllogictest; and the statements of `docs/sql.md`.
//!
//! Of that format there is what these files use, and anything else is an error of the file:
//!
//! - `statement ok`: a statement that returns without an error;
//! - `query TYPES [rowsort]`: a statement, `----`, and its rows, whose columns are parted by spaces; the types are for
//!   readers;
//! - `query error KIND: TEXT`: a statement that fails; the error begins with the kind and has the text as it stands,
//!   which is no pattern;
//! - lines that begin with `#`, and empty lines between records.
//!
//! The crate `sqllogictest` would bring regex with all its features, and DataFusion would be built twice.

use std::path::Path;

use arrow_array::record_batch;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrowlink_core::{CallContext, DataService as _, DataServiceExt as _, Query, ReadOptions, Result};
use arrowlink_query::SqlService;

use crate::sql::{name, service};

/// Returns the rows as the files have them, or the error with its kind and causes.
async fn shown(service: &SqlService, sql: &str) -> std::result::Result<Vec<String>, String> {
    rows(service, sql).await.map_err(|error| format!("{:?}: {}", error.kind(), error.chain()))
}

async fn rows(service: &SqlService, sql: &str) -> Result<Vec<String>> {
    let stream = service.read(CallContext::new(), Query::new(sql).into(), ReadOptions::default()).await?;
    let options = FormatOptions::default().with_null("NULL");
    let mut rows = Vec::new();
    for batch in stream.collect_batches().await? {
        let columns: Vec<_> =
            batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
        for row in 0..batch.num_rows() {
            let cells: Vec<String> = columns.iter().map(|column| column.value(row).to_string()).collect();
            rows.push(cells.join(" "));
        }
    }
    Ok(rows)
}

/// Carries out one record of a file (a head, a statement, and what is expected of it); returns what is wrong with it.
async fn check(service: &SqlService, record: &str) -> Option<String> {
    let (head, rest) = record.split_once('\n').unwrap_or((record, ""));
    let (sql, expected) = rest.split_once("\n----").unwrap_or((rest, ""));
    let found = shown(service, sql).await;
    if head == "statement ok" {
        return found.err().map(|error| format!("`{sql}`\n fails with {error}"));
    }
    if !head.starts_with("query ") {
        return Some(format!("`{head}` begins no record that is known"));
    }
    if let Some(expected) = head.strip_prefix("query error ") {
        let (kind, text) = expected.split_once(": ").unwrap();
        let error = found.err().unwrap_or_default();
        let holds = error.starts_with(kind) && error.contains(text);
        return (!holds).then(|| format!("`{sql}`\n fails with {error}\n  and not {expected}"));
    }
    let mut expected: Vec<String> = expected.lines().skip(1).map(str::to_owned).collect();
    let mut found = found.unwrap_or_else(|error| vec![error]);
    if head.ends_with("rowsort") {
        found.sort_unstable();
        expected.sort_unstable();
    }
    (found != expected).then(|| format!("`{sql}`\n returns {found:?}\n and not {expected:?}"))
}

#[tokio::test]
async fn every_file_of_statements_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slt");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut carried_out, mut wrong) = (0, Vec::new());
    for file in files {
        let (service, text) = (service(), std::fs::read_to_string(&file).unwrap());
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        for record in lines.join("\n").split("\n\n").map(str::trim).filter(|record| !record.is_empty()) {
            carried_out += 1;
            wrong.extend(check(&service, record).await.map(|what| format!("{}: {what}", file.display())));
        }
    }
    assert!(carried_out > 50, "{carried_out} records were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[tokio::test]
async fn every_statement_of_the_documentation_is_carried_out() {
    let service = service();
    let notes = record_batch!(("id", Int64, [1]), ("name", Utf8, ["a"])).unwrap();
    service.append(&name("notes"), notes.schema(), vec![notes]).await.unwrap();
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/sql.md");
    let document = std::fs::read_to_string(document).unwrap();
    let blocks = document.split("```sql\n").skip(1).map(|block| block.split("```").next().unwrap());
    let mut carried_out = 0;
    for statement in blocks.flat_map(str::lines) {
        carried_out += 1;
        shown(&service, statement).await.unwrap_or_else(|error| panic!("`{statement}` fails with {error}"));
    }
    assert!(carried_out > 10, "{carried_out} statements were found");
}
