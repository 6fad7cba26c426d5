//! Columns and functions that are not there, and the nearest that are.

use arrowlink_core::{Error, nearest};
use datafusion::common::SchemaError;

use super::failure::invalid;
use super::place::Place;

/// Says which column is not there or is not the only one of its name.
pub(crate) fn column(place: Option<Place>, error: &SchemaError) -> Error {
    let text = match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let names: Vec<&str> = valid_fields.iter().map(|field| field.name.as_str()).collect();
            let near = offer(&field.name, names.iter().copied());
            format!("no column `{}`{near}{}", field.flat_name(), listed(&names))
        }
        SchemaError::AmbiguousReference { field } => {
            format!("column `{}` is in more than one table: write which", field.name)
        }
        SchemaError::DuplicateQualifiedField { name, .. }
        | SchemaError::DuplicateUnqualifiedField { name } => {
            format!("column `{name}` is there twice: give one of them another name by `AS`")
        }
    };
    invalid(place, text)
}

/// Says which function is not there, if that is what `text` of the planner says.
pub(crate) fn function(place: Option<Place>, text: &str) -> Option<Error> {
    let (name, rest) = text.strip_prefix("Invalid function '")?.split_once('\'')?;
    let near = rest.split_once("Did you mean '").and_then(|(_, near)| near.split_once('\''));
    let near = near.filter(|(near, _)| !offer(name, [*near]).is_empty());
    let hint = near.map_or_else(String::new, |(near, _)| format!(", did you mean `{near}`?"));
    Some(invalid(place, format!("no function `{name}`{hint}")))
}

/// Offers the nearest of `known`, as the end of a sentence.
fn offer<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, known).first().map_or_else(String::new, |near| format!(", did you mean `{near}`?"))
}

/// Lists the columns that there are, the first of them.
fn listed(names: &[&str]) -> String {
    if names.is_empty() {
        return String::new();
    }
    let shown: Vec<String> = names.iter().take(MOST_LISTED).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > MOST_LISTED {
        format!(" and {} more", names.len() - MOST_LISTED)
    } else {
        String::new()
    };
    format!("; the columns are {}{more}", shown.join(", "))
}

/// How many column names a message has at most.
const MOST_LISTED: usize = 40;
