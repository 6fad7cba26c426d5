//! Rows as text in columns, cut to a width.

use std::fmt::Write as _;

use arrow_array::RecordBatch;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{ArrowError, DataType, Schema};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Draws names, types and rows; columns that do not fit `width` are left out at the end and named below.
pub(crate) fn draw(schema: &Schema, batches: &[RecordBatch], width: usize) -> Result<String, ArrowError> {
    let mut columns = Vec::with_capacity(schema.fields().len());
    for (idx, field) in schema.fields().iter().enumerate() {
        columns.push(Column::new(field.name(), field.data_type(), idx, batches, cell_width(width))?);
    }
    let fitting = fitting(&columns, width);
    let (shown, left_out) = columns.split_at(fitting);
    let mut text = String::new();
    for line in 0..shown.first().map_or(0, |column| column.cells.len()) {
        let cells: Vec<String> = shown.iter().map(|column| column.cell(line)).collect();
        let mut line = cells.join(GAP);
        if !left_out.is_empty() && fitting > 0 {
            line.push_str(" …");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    if !left_out.is_empty() {
        let names: Vec<&str> = left_out.iter().map(|column| column.name()).collect();
        let line = format!("and {} more columns: {}", left_out.len(), names.join(", "));
        writeln!(text, "{}", cut(&line, width)).map_err(|error| ArrowError::ExternalError(error.into()))?;
    }
    Ok(text)
}

/// One column as text: its name, its type, a rule, and its values.
struct Column {
    cells: Vec<String>,
    width: usize,
    is_number: bool,
}

impl Column {
    /// Formats the column at `idx` of all batches, each cell at most `most` characters wide.
    fn new(
        name: &str,
        data_type: &DataType,
        idx: usize,
        batches: &[RecordBatch],
        most: usize,
    ) -> Result<Self, ArrowError> {
        let options = FormatOptions::default().with_null("null").with_display_error(true);
        let mut cells = vec![shown(name, most), shown(&data_type.to_string(), most), String::new()];
        for column in batches.iter().filter_map(|batch| batch.columns().get(idx)) {
            let formatter = ArrayFormatter::try_new(column, &options)?;
            cells.extend((0..column.len()).map(|row| shown(&formatter.value(row).to_string(), most)));
        }
        let width = cells.iter().map(|cell| cell.width()).max().unwrap_or(0);
        if let Some(rule) = cells.get_mut(2) {
            *rule = "-".repeat(width);
        }
        Ok(Self { cells, width, is_number: data_type.is_numeric() })
    }

    fn name(&self) -> &str {
        self.cells.first().map_or("", String::as_str)
    }

    /// Returns the text of a line, filled up to the width of the column; numbers are at its right.
    fn cell(&self, line: usize) -> String {
        let text = self.cells.get(line).map_or("", String::as_str);
        let space = " ".repeat(self.width.saturating_sub(text.width()));
        if self.is_number { space + text } else { text.to_owned() + &space }
    }
}

/// Returns how many columns fit; where not all do, there is room for the mark that says so.
fn fitting(columns: &[Column], width: usize) -> usize {
    let ends = columns.iter().scan(0_usize, |end, column| {
        let start = if *end == 0 { 0 } else { *end + GAP.len() };
        *end = start + column.width;
        Some(*end)
    });
    let ends: Vec<usize> = ends.collect();
    if ends.last().is_none_or(|end| *end <= width) {
        return columns.len();
    }
    ends.iter().take_while(|end| **end + MARK_WIDTH <= width).count().max(1)
}

/// Makes text safe for a terminal and short enough for a cell.
fn shown(text: &str, most: usize) -> String {
    let mut safe = String::with_capacity(text.len().min(MOST_CELL_CHARACTERS));
    for character in text.chars().take(MOST_CELL_CHARACTERS) {
        if character.is_control() || turns_text(character) {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    cut(&safe, most)
}

/// Returns whether `character` changes the direction of what stands after it, so that text could pass for other text.
const fn turns_text(character: char) -> bool {
    matches!(character, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Cuts `text` to `most` characters of a terminal, of which an ellipsis is the last.
fn cut(text: &str, most: usize) -> String {
    if text.width() <= most {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut width = 0;
    for character in text.chars() {
        width += character.width().unwrap_or(0);
        if width >= most {
            break;
        }
        short.push(character);
    }
    short.push('…');
    short
}

/// A cell takes at most half of a line that has an end.
fn cell_width(width: usize) -> usize {
    if width == usize::MAX { usize::MAX } else { (width / 2).max(LEAST_CELL_WIDTH).min(width) }
}

const GAP: &str = "  ";
const MARK_WIDTH: usize = 2;
const LEAST_CELL_WIDTH: usize = 8;
const MOST_CELL_CHARACTERS: usize = 4096;
