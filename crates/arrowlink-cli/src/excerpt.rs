//! The line of a statement that an error is about, with a caret below the place.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::table::is_unsafe;

/// Shows the line of `statement` that `message` begins with, as in `line 1, column 8: ...`, in `width` characters.
///
/// `None` where the message has no place, or one that is not in the statement.
pub(crate) fn excerpt(statement: &str, message: &str, width: usize) -> Option<String> {
    let (line, column) = place(message)?;
    let text: Vec<char> = statement.lines().nth(line.checked_sub(1)?)?.chars().map(plain).collect();
    // The end of a line is a place too: there something is missing.
    let at = column.checked_sub(1).filter(|at| *at <= text.len())?;
    let gutter = format!("{line} | ");
    let room = width.saturating_sub(gutter.width() + MARK.width()).max(LEAST_WIDTH);
    let begin = begin(text.get(..at)?, room);
    let mark = if begin > 0 { MARK } else { "" };
    let before: String = text.get(begin..at)?.iter().collect();
    let after: String = fitting(text.get(at..)?, room.saturating_sub(before.width()));
    let margin = " ".repeat(gutter.width() - BAR.len());
    let indent = " ".repeat(mark.width() + before.width());
    Some(format!("{gutter}{mark}{before}{after}\n{margin}{BAR}{indent}^"))
}

/// Reads the place that a message of the server begins with: a line and a column, counted from 1.
fn place(message: &str) -> Option<(usize, usize)> {
    let (line, rest) = message.strip_prefix("line ")?.split_once(", column ")?;
    let (column, _) = rest.split_once(':')?;
    Some((line.parse().ok()?, column.parse().ok()?))
}

/// Returns from where on a line is shown, so that what is `before` the place takes no more than half of `room` where
/// the whole does not fit.
fn begin(before: &[char], room: usize) -> usize {
    if widths(before) < room {
        return 0;
    }
    let mut left = room / 2;
    let kept = before.iter().rev().take_while(|character| take(&mut left, **character)).count();
    before.len() - kept
}

/// Returns as much of `text` as `room` has place for.
fn fitting(text: &[char], mut room: usize) -> String {
    text.iter().take_while(|character| take(&mut room, **character)).collect()
}

/// Takes the place of `character` from `room`; `false` where that is too little.
fn take(room: &mut usize, character: char) -> bool {
    let left = room.checked_sub(character.width().unwrap_or(0));
    *room = left.unwrap_or(0);
    left.is_some()
}

fn widths(text: &[char]) -> usize {
    text.iter().map(|character| character.width().unwrap_or(0)).sum()
}

/// Makes a character one that stands where it is and takes its place.
fn plain(character: char) -> char {
    match character {
        '\t' => ' ',
        unsafe_one if is_unsafe(unsafe_one) => char::REPLACEMENT_CHARACTER,
        safe => safe,
    }
}

const BAR: &str = "| ";
const MARK: &str = "…";
const LEAST_WIDTH: usize = 16;
