//! Tables, columns and functions that are not there, and the nearest that are.

use std::collections::HashSet;

use arrowlink_core::{Error, ErrorKind, nearest};
use datafusion::common::{DataFusionError, SchemaError, TableReference};
use datafusion::execution::FunctionRegistry as _;
use datafusion::execution::session_state::SessionState;

use super::failure::{invalid, place_of, placed};
use super::place::Place;

/// Says which table of the statement `text` is not there; `error` is what the service says of it.
pub(crate) fn table(error: Error, reference: &TableReference, text: &str) -> Error {
    let place = Place::of_word(text, reference.table());
    match error.message().strip_prefix("no dataset ") {
        Some(rest) if error.kind() == ErrorKind::NotFound => {
            Error::new(ErrorKind::NotFound, placed(place, format!("no table {rest}")))
        }
        _ => error,
    }
}

/// Says which column of the statement `text` is not there or is not the only one of its name.
pub(crate) fn column(place: Option<Place>, error: &SchemaError, text: &str) -> Error {
    let place = place.or_else(|| match error {
        SchemaError::FieldNotFound { field, .. } | SchemaError::AmbiguousReference { field } => {
            Place::of_word(text, &field.name)
        }
        _ => None,
    });
    let text = match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let mut seen = HashSet::new();
            let names = valid_fields.iter().map(|field| field.name.as_str());
            let names: Vec<&str> = names.filter(|name| seen.insert(*name)).collect();
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

/// Says which function of the statement `text` is not there, where that is what the planner says.
pub(crate) fn function(error: &DataFusionError, state: &SessionState, text: &str) -> Option<Error> {
    let DataFusionError::Plan(reason) = error.find_root() else { return None };
    let (name, _) = reason.strip_prefix("Invalid function '")?.split_once('\'')?;
    let known: HashSet<String> = state.udfs().into_iter().chain(state.udafs()).chain(state.udwfs()).collect();
    let place = place_of(error).or_else(|| Place::of_word(text, name));
    if state.udwfs().contains(name) {
        let text = format!("`{name}` is computed over a window: write `{name}(...) OVER (...)`");
        return Some(invalid(place, text));
    }
    let near = offer(name, known.iter().map(String::as_str));
    Some(invalid(place, format!("no function `{name}`{near}")))
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
