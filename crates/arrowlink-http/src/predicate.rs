//! One SQL expression from a URL, within a statement that it cannot leave.
//!
//! The statement is planned by a full SQL parser later. What is made sure of here is that the expression is all within
//! the parentheses that are put around it: it has no statement, comment, string or parenthesis that ends elsewhere, and no
//! query of its own. A text in which that is not plain to see is refused, even where some dialect of SQL has it.

use arrowlink_core::{Error, Name};

use crate::problem::Problem;

/// The statement that reads what an expression holds for.
#[derive(Debug)]
pub(crate) struct Selection {
    pub(crate) statement: String,
    /// Where the expression begins.
    begin: Place,
    /// The place behind the expression, where a parenthesis stands that its writer did not write.
    end: Place,
}

/// A line and a column, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    line: usize,
    column: usize,
}

impl Selection {
    /// Counts the place that an error of the statement names from where the expression begins. A place outside of it is
    /// none of what the client wrote, and becomes the parameter that it comes from.
    pub(crate) fn placed(&self, error: Error) -> Error {
        match self.moved(error.message()) {
            Some(text) => error.with_message(text),
            None => error,
        }
    }

    fn moved(&self, text: &str) -> Option<String> {
        let (line, rest) = text.strip_prefix("line ")?.split_once(", column ")?;
        let (column, rest) = rest.split_once(": ")?;
        let place = Place { line: line.parse().ok()?, column: column.parse().ok()? };
        if place < self.begin {
            return Some(format!("`columns`: {rest}"));
        }
        if place > self.end {
            return Some(format!("`sql-where`: {rest}"));
        }
        let rest = match rest.strip_suffix("found: )").filter(|_| place == self.end) {
            Some(expected) => format!("{expected}found: the end"),
            None => rest.to_owned(),
        };
        let line = place.line - self.begin.line + 1;
        // Further lines begin where those of the expression do.
        let column = if line == 1 { place.column - self.begin.column + 1 } else { place.column };
        Some(format!("`sql-where`, line {line}, column {column}: {rest}"))
    }
}

impl Place {
    /// Returns the place behind `text`.
    fn behind(text: &str) -> Self {
        let last = text.rsplit('\n').next().unwrap_or_default();
        Self { line: 1 + text.matches('\n').count(), column: 1 + last.chars().count() }
    }
}

/// Writes the statement that reads what `expression` holds for.
pub(crate) fn selection(
    name: &Name,
    expression: &str,
    columns: Option<&[String]>,
    limit: Option<u64>,
    skip: u64,
) -> Result<Selection, Problem> {
    check(expression)?;
    let columns = match columns {
        Some(columns) => columns.iter().map(|column| quoted(column)).collect::<Vec<_>>().join(", "),
        None => "*".to_owned(),
    };
    let table = name.as_str().split('.').map(quoted).collect::<Vec<_>>().join(".");
    let mut statement = format!("SELECT {columns} FROM {table} WHERE (");
    let begin = Place::behind(&statement);
    statement.push_str(expression);
    let end = Place::behind(&statement);
    statement.push(')');
    if let Some(limit) = limit {
        statement.push_str(&format!(" LIMIT {}", limit.min(MOST_ROWS)));
    }
    if skip > 0 {
        statement.push_str(&format!(" OFFSET {}", skip.min(MOST_ROWS)));
    }
    Ok(Selection { statement, begin, end })
}

fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

/// Refuses what is not, for all to see, one expression.
fn check(expression: &str) -> Result<(), Problem> {
    let mut depth = 0_usize;
    let mut rest = expression;
    let mut previous = ' ';
    while let Some(current) = rest.chars().next() {
        let word: &str = rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default();
        let mut step = current.len_utf8();
        match current {
            '\'' | '"' | '`' => {
                if is_of_word(previous) {
                    return Err(refused("a string begins after a blank, without a letter before it"));
                }
                step = quoted_length(rest, current)?;
            }
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1).ok_or_else(|| refused("it has a `)` without its `(`"))?,
            ';' => return Err(refused("it has a `;`")),
            '$' | '\\' | '#' => return Err(refused("it has a `$`, `\\` or `#` outside of a string")),
            '-' if rest.starts_with("--") => return Err(refused("it has a comment, `--`")),
            '/' if rest.starts_with("/*") || rest.starts_with("//") => {
                return Err(refused("it has a comment, `/*`"));
            }
            _ if !word.is_empty() => {
                if is_query(word, before(expression, rest)) {
                    return Err(refused("it has a query of its own"));
                }
                step = word.len();
            }
            _ => {}
        }
        let (taken, after) = rest.split_at(step);
        previous = taken.chars().next_back().unwrap_or(current);
        rest = after;
    }
    match depth {
        0 if expression.trim().is_empty() => Err(refused("it is empty")),
        0 => Ok(()),
        _ => Err(refused("it has a `(` without its `)`")),
    }
}

/// Returns how long the quoted text is with which `rest` begins; a quote within it is written twice.
fn quoted_length(rest: &str, quote: char) -> Result<usize, Problem> {
    let mut from = 1;
    while let Some(end) = rest.get(from..).and_then(|rest| rest.find(quote)) {
        let close = from + end;
        if rest.get(..close).is_some_and(|text| text.ends_with('\\')) {
            return Err(refused("a quote within a string is written twice, not after a `\\`"));
        }
        if !rest.get(close + 1..).is_some_and(|after| after.starts_with(quote)) {
            return Ok(close + 1);
        }
        from = close + 2;
    }
    Err(refused(&format!("it has a {quote} without its end")))
}

/// Whether `word` begins a query, where `before` is what comes before it.
fn is_query(word: &str, before: &str) -> bool {
    let is = |words: &[&str]| words.iter().any(|it| word.eq_ignore_ascii_case(it));
    is(&["select"]) || (is(&["from", "table", "values", "with"]) && before.trim_end().ends_with('('))
}

fn before<'a>(whole: &'a str, rest: &str) -> &'a str {
    whole.get(..whole.len() - rest.len()).unwrap_or_default()
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '&' | '\'' | '"' | '`')
}

fn refused(reason: &str) -> Problem {
    let example = "`sql-where` is one SQL expression over the dataset's columns, such as `\"fare\" > 10 and \"zone\" = 'A'`";
    Problem::invalid(format!("{example}: {reason}"))
}

/// The largest number of rows that SQL has: no dataset has more.
const MOST_ROWS: u64 = i64::MAX as u64;
