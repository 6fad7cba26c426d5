//! Which of several forms of an answer a client wants, by its `Accept` headers (RFC 9110, section 12.5).

mod coding;
mod form;
mod preferences;

use arrowlink_core::{ErrorKind, nearest};
use arrowlink_formats::Format;
use http::{HeaderMap, StatusCode, header};

use crate::problem::Problem;
use preferences::Preferences;

pub(crate) use coding::{Coding, choose_coding};
pub(crate) use form::Form;

/// Chooses among `offered`, of which the first is the best: the one of `asked`, a name in the URL, or else what the
/// client accepts with the highest weight, named rather than by a wildcard.
pub(crate) fn choose_format(
    headers: &HeaderMap,
    asked: Option<&str>,
    offered: &[Format],
) -> Result<Format, Problem> {
    if let Some(name) = asked {
        let found = offered.iter().copied().find(|format| format.name() == name);
        return found.ok_or_else(|| unknown(name, offered));
    }
    let accepted = Preferences::of(headers, &header::ACCEPT);
    if accepted.is_empty() {
        return offered.first().copied().ok_or_else(|| not_acceptable(offered));
    }
    let weighed = offered.iter().rev().filter_map(|format| {
        let weight = accepted.of_media_type(format.media_type())?;
        (weight.quality > 0).then_some((weight, *format))
    });
    // Of equals the last one is taken, hence the reversed order.
    let best = weighed.max_by_key(|(weight, _)| *weight);
    best.map(|(_, format)| format).ok_or_else(|| not_acceptable(offered))
}

fn unknown(name: &str, offered: &[Format]) -> Problem {
    let names = || offered.iter().map(|format| format.name());
    let hint = match nearest(name, names()).as_slice() {
        [] => format!("there are {}", listed(names())),
        near => format!("did you mean {}?", listed(near.iter().copied())),
    };
    Problem::invalid(format!("there is no format `{}` here: {hint}", name.escape_debug()))
}

fn not_acceptable(offered: &[Format]) -> Problem {
    let types = listed(offered.iter().map(|format| format.media_type()));
    let text = format!("none of the media types in `accept` is one of this resource: there are {types}");
    Problem::new(StatusCode::NOT_ACCEPTABLE, ErrorKind::InvalidArgument, text)
}

fn listed<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
