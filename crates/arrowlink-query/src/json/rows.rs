//! Finds where each JSON object begins and ends, without reading what is in it.

use std::ops::Range;
use std::sync::Arc;

use arrowlink_core::{Error, ErrorKind, Result};
use bytes::Bytes;

use super::RowCheck;
use crate::failure::{corrupt, io};

/// The rows of a JSON file, checked, in pieces of whole rows, each followed by a newline.
pub(crate) struct Rows<R> {
    rows: RowReader<R>,
    check: Arc<RowCheck>,
    failed: Option<Error>,
    ended: bool,
}

impl<R: std::io::Read> Rows<R> {
    pub(crate) fn new(source: R, name: &str, check: Arc<RowCheck>) -> Self {
        let rows = RowReader::new(source, name, check.max_row_bytes());
        Self { rows, check, failed: None, ended: false }
    }

    fn append(&mut self, piece: &mut Vec<u8>) -> Result<bool> {
        let Some(row) = self.rows.next_row()? else { return Ok(false) };
        self.check.check(&row)?;
        piece.extend_from_slice(row.bytes);
        piece.push(b'\n');
        Ok(true)
    }
}

impl<R: std::io::Read> Iterator for Rows<R> {
    type Item = Result<Bytes>;

    fn next(&mut self) -> Option<Result<Bytes>> {
        let mut piece = Vec::new();
        while !self.ended && piece.len() < PIECE_BYTES {
            match self.append(&mut piece) {
                Ok(more) => self.ended = !more,
                Err(error) => (self.failed, self.ended) = (Some(error), true),
            }
        }
        if !piece.is_empty() {
            return Some(Ok(piece.into()));
        }
        self.failed.take().map(Err)
    }
}

/// One object of a file and where it stands, counted from 1.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) name: &'a str,
    pub(super) number: u64,
    line: u64,
    column: u64,
}

impl Row<'_> {
    /// Says that the row is wrong at `line` and `column` of its own bytes, counted from 1.
    pub(super) fn corrupt(&self, line: usize, column: usize, what: impl std::fmt::Display) -> Error {
        let before = if line <= 1 { self.column - 1 } else { 0 };
        let (line, column) = (self.line + (line as u64).max(1) - 1, before + column as u64);
        corrupt(self.name, format!("row {}, line {line}, character {column}: {what}", self.number))
    }
}

/// Where the reader stands between two rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// At the start of the file.
    Start,
    /// After an object of a sequence.
    Sequence,
    /// After the `[` of an array.
    First,
    /// After an object of an array.
    After,
    /// After a comma in an array.
    Next,
    /// After the `]` of an array.
    End,
}

/// Reads a file object by object; holds one object and one block of the file at most.
pub(super) struct RowReader<R> {
    source: R,
    name: String,
    max_row_bytes: usize,
    buffer: Vec<u8>,
    at: usize,
    offset: u64,
    line: u64,
    line_start: u64,
    rows: u64,
    state: State,
}

impl<R: std::io::Read> RowReader<R> {
    pub(super) fn new(source: R, name: &str, max_row_bytes: usize) -> Self {
        Self {
            source,
            name: name.to_owned(),
            max_row_bytes,
            buffer: Vec::new(),
            at: 0,
            offset: 0,
            line: 1,
            line_start: 0,
            rows: 0,
            state: State::Start,
        }
    }

    /// Returns how many bytes of the file lie before the next row.
    pub(super) const fn position(&self) -> u64 {
        self.offset + self.at as u64
    }

    /// Finds the next object; `None` at the end of the file.
    pub(super) fn next_row(&mut self) -> Result<Option<Row<'_>>> {
        if self.state == State::Start {
            self.skip_byte_order_mark()?;
        }
        loop {
            let Some(byte) = self.next_visible()? else { return self.end().map(|()| None) };
            self.state = match (self.state, byte) {
                (State::Start, b'[') => State::First,
                (State::First | State::After, b']') => State::End,
                (State::After, b',') => State::Next,
                (State::Start | State::Sequence, b'{') => return self.object(State::Sequence).map(Some),
                (State::First | State::Next, b'{') => return self.object(State::After).map(Some),
                (state, byte) => return Err(self.unexpected(state, byte)),
            };
            self.at += 1;
        }
    }

    fn skip_byte_order_mark(&mut self) -> Result<()> {
        while self.buffer.len() < BYTE_ORDER_MARK.len() && self.fill()? {}
        if self.buffer.starts_with(BYTE_ORDER_MARK) {
            self.at = BYTE_ORDER_MARK.len();
        }
        Ok(())
    }

    /// Passes over white space to the next byte that is none; `None` at the end of the file.
    fn next_visible(&mut self) -> Result<Option<u8>> {
        loop {
            let Some(byte) = self.buffer.get(self.at).copied() else {
                if self.fill()? {
                    continue;
                }
                return Ok(None);
            };
            match byte {
                b'\n' => (self.line, self.line_start) = (self.line + 1, self.position() + 1),
                b' ' | b'\t' | b'\r' => {}
                _ => return Ok(Some(byte)),
            }
            self.at += 1;
        }
    }

    /// Reads the object that begins here.
    fn object(&mut self, state: State) -> Result<Row<'_>> {
        self.rows += 1;
        let (line, column) = (self.line, self.position() - self.line_start + 1);
        let range = self.object_range()?;
        let (start, end) = (range.start, range.end);
        for index in start..end {
            if self.buffer.get(index) == Some(&b'\n') {
                (self.line, self.line_start) = (self.line + 1, self.offset + index as u64 + 1);
            }
        }
        (self.at, self.state) = (end, state);
        let bytes = self.buffer.get(start..end).unwrap_or_default();
        Ok(Row { bytes, name: &self.name, number: self.rows, line, column })
    }

    fn object_range(&mut self) -> Result<Range<usize>> {
        let mut depth = Depth::default();
        let mut length = 0;
        loop {
            let unread = self.buffer.get(self.at + length..).unwrap_or_default();
            if let Some(end) = depth.end_in(unread) {
                return Ok(self.at..self.at + length + end);
            }
            length += unread.len();
            if length > self.max_row_bytes {
                return Err(self.too_long());
            }
            if !self.fill()? {
                let what = format!("row {} begins in line {} and does not end", self.rows, self.line);
                return Err(corrupt(&self.name, what));
            }
        }
    }

    /// Reads on, after letting go of the bytes before `at`; says whether there was more.
    fn fill(&mut self) -> Result<bool> {
        self.buffer.drain(..self.at);
        self.offset += self.at as u64;
        self.at = 0;
        let before = self.buffer.len();
        self.buffer.resize(before + BLOCK_BYTES, 0);
        let read = loop {
            match self.source.read(self.buffer.get_mut(before..).unwrap_or_default()) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.buffer.truncate(before + *read.as_ref().unwrap_or(&0));
        read.map(|read| read > 0).map_err(|error| io(&self.name, error))
    }

    fn end(&self) -> Result<()> {
        match self.state {
            State::Start | State::Sequence | State::End => Ok(()),
            State::First | State::After | State::Next => {
                let what =
                    format!("ends within its array, after row {}: the closing `]` is missing", self.rows);
                Err(corrupt(&self.name, what))
            }
        }
    }

    fn unexpected(&self, state: State, byte: u8) -> Error {
        let expected = match state {
            State::Start => "`{` or `[`",
            State::Sequence | State::Next => "`{`",
            State::First => "`{` or `]`",
            State::After => "`,` or `]`",
            State::End => "nothing after the closing `]`",
        };
        let (line, column) = (self.line, self.position() - self.line_start + 1);
        let found = char::from(byte).escape_default();
        let after = self.rows;
        corrupt(
            &self.name,
            format!("line {line}, character {column}, after row {after}: {expected} expected, got `{found}`"),
        )
    }

    fn too_long(&self) -> Error {
        let message = format!(
            "`{}`: row {} has more than {} bytes: raise `max_row_bytes`",
            self.name, self.rows, self.max_row_bytes
        );
        Error::new(ErrorKind::LimitExceeded, message)
    }
}

/// How deep within braces and brackets the reader is, and whether within a text.
#[derive(Default)]
struct Depth {
    open: usize,
    in_text: bool,
    escaped: bool,
}

impl Depth {
    /// Returns how many of `bytes` belong to the object, where it ends within them.
    fn end_in(&mut self, bytes: &[u8]) -> Option<usize> {
        for (index, byte) in bytes.iter().enumerate() {
            if self.in_text {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_text = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_text = true,
                b'{' | b'[' => self.open += 1,
                b'}' | b']' => {
                    self.open -= 1;
                    if self.open == 0 {
                        return Some(index + 1);
                    }
                }
                _ => {}
            }
        }
        None
    }
}

/// How much of a file is read at once.
const BLOCK_BYTES: usize = 256 << 10;
/// From how many bytes on a piece of rows is handed on.
const PIECE_BYTES: usize = 128 << 10;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
