//! What the engine does not do, in plain words: it tells of it by printing its own structures.

use arrowlink_core::{Error, ErrorKind};

use super::failure::{placed, refused_at};
use super::place::Place;

/// Says what of a statement is not executed, where the engine says `reason`.
pub(crate) fn refuse(place: Option<Place>, reason: &str) -> Error {
    if let Some(what) = expression(reason) {
        let (what, instead) = match what {
            "WindowFunction" => {
                ("a window function in this clause", "compute it in a subquery, or use `QUALIFY`")
            }
            "AggregateFunction" => ("an aggregate in this clause", "compute it in a subquery"),
            "ScalarSubquery" | "OuterReferenceColumn" => {
                ("a subquery that mentions columns of the query around it in this way", "write it as a join")
            }
            "Exists" | "InSubquery" | "SetComparison" => {
                ("a comparison with the rows of this subquery, in this clause,", "write it as a join")
            }
            _ => ("an expression of this kind in this clause", "compute it in a subquery"),
        };
        return refused_at(place, what, instead);
    }
    if let Some(rest) = reason.strip_prefix(NODE) {
        let node = word(rest.strip_prefix(IN_EXPRESSION).unwrap_or(rest));
        if !node.is_empty() {
            return Error::new(
                ErrorKind::Unsupported,
                placed(place, format!("`{}` is not executed here", keywords(node))),
            );
        }
    }
    let message = placed(place, "the statement uses what is not there yet");
    Error::new(ErrorKind::Unsupported, message).with_source(without_structures(reason))
}

/// Returns what is wrong with a `LIMIT` or an `OFFSET`, where that is the `reason`.
pub(crate) fn count(reason: &str) -> Option<String> {
    let (clause, found) = reason.strip_prefix("Expected ")?.split_once(NO_COUNT)?;
    Some(format!("{clause} takes an integer, and not a value of type {found}"))
}

/// Returns which kind of expression it is that has no operator.
fn expression(reason: &str) -> Option<&str> {
    if reason.starts_with(UNNEST) {
        return Some("Unnest");
    }
    if reason.starts_with(COMPARED) {
        return Some("InSubquery");
    }
    reason.strip_prefix(EXPRESSION).map(word)
}

/// Returns the word at the beginning of `text`.
fn word(text: &str) -> &str {
    text.split(|character: char| !character.is_ascii_alphanumeric()).next().unwrap_or_default()
}

/// Returns `MATCH_RECOGNIZE` for `MatchRecognize`.
fn keywords(node: &str) -> String {
    let mut text = String::new();
    let mut is_within = false;
    for character in node.chars() {
        if character.is_ascii_uppercase() && is_within {
            text.push('_');
        }
        is_within = character.is_ascii_lowercase();
        text.push(character.to_ascii_uppercase());
    }
    text
}

/// Leaves out what is printed of a structure, and all that follows.
fn without_structures(reason: &str) -> &str {
    let line = reason.lines().next().unwrap_or_default();
    let Some((before, _)) = line.split_once(" {") else { return line.trim_end_matches('.') };
    before.rsplit_once(':').map_or(before, |(before, _)| before)
}

const EXPRESSION: &str = "Physical plan does not support logical expression ";
const UNNEST: &str = "Unnest should be rewritten to LogicalPlan::Unnest";
/// Said of clauses that take none, such as `ORDER BY`.
pub(super) const COMPARED: &str = "In/Exist/SetComparison subquery can only be used in";
const NODE: &str = "Unsupported ast node ";
const NO_COUNT: &str = " to be an integer or null, but got ";
const IN_EXPRESSION: &str = "in sqltorel: ";
