//! Where in a statement something is.

use std::fmt;

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Location, Span, Token, Tokenizer};

/// A line and a column, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: u64,
    pub(crate) column: u64,
}

impl Place {
    /// Finds the place at the end of a message of the parser: `... at Line: 1, Column: 8`.
    ///
    /// Also returns the message without it.
    pub(crate) fn split(message: &str) -> (&str, Option<Self>) {
        let found = message.rsplit_once(" at Line: ").and_then(|(message, place)| {
            let (line, column) = place.split_once(", Column: ")?;
            Some((message, Self { line: line.parse().ok()?, column: column.trim().parse().ok()? }))
        });
        found.map_or((message, None), |(message, place)| (message, Some(place)))
    }

    /// Returns where `span` begins, where it was noted.
    pub(crate) fn of_span(span: Span) -> Option<Self> {
        Some(Self::from(span.start)).filter(|place| place.line > 0)
    }

    /// Returns the place behind the last word of `text`, where it has one.
    pub(crate) fn of_end(text: &str) -> Option<Self> {
        let text = text.trim_end();
        let last = text.lines().next_back()?;
        Some(Self { line: text.lines().count() as u64, column: last.chars().count() as u64 + 1 })
    }

    /// Finds the first place where `text` has `word` as a name, in whatever case.
    pub(crate) fn of_word(text: &str, word: &str) -> Option<Self> {
        let tokens = Tokenizer::new(&GenericDialect {}, text).tokenize_with_location().ok()?;
        let found = tokens
            .iter()
            .find(|token| matches!(&token.token, Token::Word(name) if name.value.eq_ignore_ascii_case(word)));
        found.map(|token| token.span.start.into())
    }
}

impl From<Location> for Place {
    fn from(location: Location) -> Self {
        Self { line: location.line, column: location.column }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}
