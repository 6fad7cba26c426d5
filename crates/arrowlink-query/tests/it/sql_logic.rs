//! The files in `tests/slt`, each over the same tables, in the format of sqllogictest.
//!
//! Of that format there is what these files use: `query TYPES [rowsort]` with its rows, and `query error TEXT`, where
//! the error must begin with its kind and have the text. Columns are parted by spaces.

use std::path::Path;

use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrowlink_core::{CallContext, DataService as _, Query, ReadOptions, Result};
use arrowlink_query::SqlService;

use crate::sql::service;

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
