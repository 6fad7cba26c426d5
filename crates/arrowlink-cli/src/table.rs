//! Rows as text in columns, cut to a width.

use arrow_array::RecordBatch;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{ArrowError, DataType, Schema};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Draws names, types and rows; columns in the middle that do not fit `width` are left out and named below.
pub(crate) fn draw(schema: &Schema, batches: &[RecordBatch], width: usize) -> Result<String, ArrowError> {
    let mut columns = Vec::with_capacity(schema.fields().len());
    for (idx, field) in schema.fields().iter().enumerate() {
        columns.push(Column::of_batches(field.name(), field.data_type(), idx, batches, cell_width(width))?);
    }
    Ok(lines(&columns, width))
}

/// Draws `columns` of texts. The last is cut to what the others leave of `width`.
pub(crate) fn draw_texts(columns: &[Texts<'_>], width: usize) -> String {
    let mut drawn: Vec<Column> = Vec::with_capacity(columns.len());
    for (idx, texts) in columns.iter().enumerate() {
        let taken: usize = drawn.iter().map(|column| column.width + GAP.len()).sum();
        let is_last = idx + 1 == columns.len();
        let most = if is_last { width.saturating_sub(taken) } else { cell_width(width) };
        drawn.push(Column::of_texts(texts, most.max(LEAST_CELL_WIDTH)));
    }
    lines(&drawn, width)
}

/// A column of texts under a name.
#[derive(Debug)]
pub(crate) struct Texts<'a> {
    pub(crate) name: &'a str,
    pub(crate) cells: Vec<String>,
    pub(crate) align: Align,
}

/// On which side of its column a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// One column as it is drawn: its name, its type where it has one, a rule, and its values.
struct Column {
    cells: Vec<String>,
    width: usize,
    align: Align,
}

impl Column {
    /// Formats the column at `idx` of all batches, each cell at most `most` characters wide.
    fn of_batches(
        name: &str,
        data_type: &DataType,
        idx: usize,
        batches: &[RecordBatch],
        most: usize,
    ) -> Result<Self, ArrowError> {
        let options = FormatOptions::default().with_null("null").with_display_error(true);
        let mut cells = Vec::new();
        for column in batches.iter().filter_map(|batch| batch.columns().get(idx)) {
            let formatter = ArrayFormatter::try_new(column, &options)?;
            cells.extend((0..column.len()).map(|row| shown(&formatter.value(row).to_string(), most)));
        }
        let align = if data_type.is_numeric() { Align::Right } else { Align::Left };
        let head = vec![shown(name, most), shown(&data_type.to_string(), most)];
        Ok(Self::new(head, cells, align))
    }

    fn of_texts(texts: &Texts<'_>, most: usize) -> Self {
        let cells = texts.cells.iter().map(|text| shown(text, most)).collect();
        Self::new(vec![shown(texts.name, most)], cells, texts.align)
    }

    /// Puts a rule between the head and the cells.
    fn new(head: Vec<String>, cells: Vec<String>, align: Align) -> Self {
        let width = head.iter().chain(&cells).map(|cell| cell.width()).max().unwrap_or(0);
        let cells = head.into_iter().chain([RULE.repeat(width)]).chain(cells).collect();
        Self { cells, width, align }
    }

    fn name(&self) -> &str {
        self.cells.first().map_or("", String::as_str)
    }

    /// Returns the text of a line, filled up to the width of the column.
    fn cell(&self, line: usize) -> String {
        let text = self.cells.get(line).map_or("", String::as_str);
        let space = " ".repeat(self.width.saturating_sub(text.width()));
        match self.align {
            Align::Left => text.to_owned() + &space,
            Align::Right => space + text,
        }
    }
}

/// Puts columns side by side, and says below which of them did not fit.
fn lines(columns: &[Column], width: usize) -> String {
    let (first, last) = fitting(columns, width);
    let (start, rest) = columns.split_at(first);
    let (left_out, end) = rest.split_at(rest.len().saturating_sub(last));
    let mut text = String::new();
    for line in 0..columns.first().map_or(0, |column| column.cells.len()) {
        let mark = (!left_out.is_empty()).then(|| MARK.to_owned());
        let start = start.iter().map(|column| column.cell(line));
        let end = end.iter().map(|column| column.cell(line));
        let cells: Vec<String> = start.chain(mark).chain(end).collect();
        text.push_str(cells.join(GAP).trim_end());
        text.push('\n');
    }
    if !left_out.is_empty() {
        let names: Vec<&str> = left_out.iter().map(Column::name).collect();
        let noun = if names.len() == 1 { "column" } else { "columns" };
        let line = format!("and {} more {noun}: {}", names.len(), names.join(", "));
        text.push_str(&cut(&line, width));
        text.push('\n');
    }
    text
}

/// Returns how many columns fit at the start and at the end; where not all do, there is room for the mark between them.
fn fitting(columns: &[Column], width: usize) -> (usize, usize) {
    let all: usize = columns.iter().map(|column| column.width + GAP.len()).sum();
    if all <= width.saturating_add(GAP.len()) {
        return (columns.len(), 0);
    }
    let mut room = width.saturating_sub(MARK.width());
    let (mut first, mut last) = (0, 0);
    while let Some(between) = columns.get(first..columns.len() - last) {
        let at_start = first <= last;
        let next = if at_start { between.first() } else { between.last() };
        let Some(left) = next.and_then(|column| room.checked_sub(column.width + GAP.len())) else { break };
        room = left;
        if at_start { first += 1 } else { last += 1 }
    }
    (first.max(1), last)
}

/// Makes text safe for a terminal and short enough for a cell.
pub(crate) fn shown(text: &str, most: usize) -> String {
    let mut safe = String::with_capacity(text.len().min(MOST_CELL_CHARACTERS));
    for character in text.chars().take(MOST_CELL_CHARACTERS) {
        if is_unsafe(character) {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    cut(&safe, most)
}

/// Returns whether `character` moves the cursor, or changes the direction of what stands after it, so that text could
/// pass for other text.
pub(crate) fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
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
const RULE: &str = "-";
const MARK: &str = "…";
const LEAST_CELL_WIDTH: usize = 8;
const MOST_CELL_CHARACTERS: usize = 4096;
