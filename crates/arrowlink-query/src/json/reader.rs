//! Finds where each JSON object begins and ends, without reading what is in it.
//!
//! What stands around the objects is read here alone, and strictly: an array has commas between its rows and a bracket
//! at its end, and nothing comes after it. What is in the objects is left to those who decode them.

use std::ops::Range;

use arrowlink_core::{Error, ErrorKind, Result};
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::BoxStream;

use super::depth::Depth;
use crate::failure::corrupt;

/// One object of a file and where it stands, counted from 1.
#[derive(Debug)]
pub(super) struct Row<'a> {
    /// The object from brace to brace.
    pub(super) bytes: &'a [u8],
    /// The name of the file.
    pub(super) name: &'a str,
    /// Which row of the file it is.
    pub(super) number: u64,
    /// The line that it begins in.
    line: u64,
    /// The byte of that line that it begins with.
    column: u64,
}

impl Row<'_> {
    /// Says that the row is wrong at `line` and `column` of its own bytes, counted from 1.
    ///
    /// Places inside the row become places in the file: a row may begin in the middle of a line and go on over many.
    pub(super) fn corrupt(&self, line: usize, column: usize, what: impl std::fmt::Display) -> Error {
        let before = if line <= 1 { self.column - 1 } else { 0 };
        let (line, column) = (self.line + (line as u64).max(1) - 1, before + column as u64);
        corrupt(self.name, format!("row {}, line {line}, character {column}: {what}", self.number))
    }
}

/// Where the reader stands between two rows.
///
/// A `[` as the first thing makes the file one array; an object makes it a sequence. Neither may go on as the other.
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

/// Reads a file object by object; holds one object and one piece of the file at most.
///
/// Memory is one object and one piece. The place of each row in the file is counted along, so that errors inside of
/// it can be told in lines and characters of the file.
pub(super) struct RowReader {
    source: BoxStream<'static, Result<Bytes>>,
    name: String,
    max_row_bytes: usize,
    /// The part of the file that is being looked at.
    buffer: Vec<u8>,
    /// How many bytes of the buffer have been read.
    at: usize,
    /// How many bytes of the file lie before the buffer.
    offset: u64,
    /// The line that the reader is in, and how many bytes of the file lie before it.
    line: u64,
    line_start: u64,
    /// How many rows have been read.
    rows: u64,
    state: State,
}

impl RowReader {
    /// Reads `source`, the file `name`, from its start; a row may have `max_row_bytes` bytes.
    pub(super) fn new(source: BoxStream<'static, Result<Bytes>>, name: &str, max_row_bytes: usize) -> Self {
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
    ///
    /// Objects of a sequence may have any white space between them, or none. The row borrows the buffer: it ends with
    /// the next call.
    pub(super) async fn next_row(&mut self) -> Result<Option<Row<'_>>> {
        if self.state == State::Start {
            self.skip_byte_order_mark().await?;
        }
        loop {
            let Some(byte) = self.next_visible().await? else { return self.end().map(|()| None) };
            self.state = match (self.state, byte) {
                (State::Start, b'[') => State::First,
                (State::First | State::After, b']') => State::End,
                (State::After, b',') => State::Next,
                (State::Start | State::Sequence, b'{') => {
                    return self.object(State::Sequence).await.map(Some);
                }
                (State::First | State::Next, b'{') => return self.object(State::After).await.map(Some),
                (state, byte) => return Err(self.unexpected(state, byte)),
            };
            self.at += 1;
        }
    }

    /// Passes over what some editors write at the start of UTF-8.
    async fn skip_byte_order_mark(&mut self) -> Result<()> {
        while self.buffer.len() < BYTE_ORDER_MARK.len() && self.fill().await? {}
        if self.buffer.starts_with(BYTE_ORDER_MARK) {
            self.at = BYTE_ORDER_MARK.len();
            self.line_start = BYTE_ORDER_MARK.len() as u64;
        }
        Ok(())
    }

    /// Passes over white space to the next byte that is none; `None` at the end of the file.
    async fn next_visible(&mut self) -> Result<Option<u8>> {
        loop {
            let Some(byte) = self.buffer.get(self.at).copied() else {
                if self.fill().await? {
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

    /// Reads the object that begins here, after which the reader is in `state`.
    async fn object(&mut self, state: State) -> Result<Row<'_>> {
        self.rows += 1;
        let (line, column) = (self.line, self.position() - self.line_start + 1);
        let range = self.object_range().await?;
        let (start, end) = (range.start, range.end);
        (self.at, self.state) = (end, state);
        let bytes = self.buffer.get(start..end).unwrap_or_default();
        for (index, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
            (self.line, self.line_start) = (self.line + 1, self.offset + (start + index) as u64 + 1);
        }
        Ok(Row { bytes, name: &self.name, number: self.rows, line, column })
    }

    /// Finds the end of the object that begins here, reading on as far as it takes.
    ///
    /// The length is checked before more is read, so that memory is bounded by the limit and one piece.
    async fn object_range(&mut self) -> Result<Range<usize>> {
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
            if !self.fill().await? {
                let what = format!("row {} begins in line {} and does not end", self.rows, self.line);
                return Err(corrupt(&self.name, what));
            }
        }
    }

    /// Reads on, after letting go of the bytes before `at`; says whether there was more.
    ///
    /// The bytes of a row that is being read are kept in front, so that a row always lies in one piece.
    async fn fill(&mut self) -> Result<bool> {
        let Some(piece) = self.source.next().await.transpose()? else { return Ok(false) };
        self.buffer.drain(..self.at);
        self.offset += self.at as u64;
        self.at = 0;
        self.buffer.extend_from_slice(&piece);
        Ok(true)
    }

    /// Says whether the file may end here.
    ///
    /// A file without any object is a table without rows.
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

    /// Says that `byte` may not stand where the reader is in `state`.
    ///
    /// The byte is shown escaped: it may be no text at all.
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

    /// Says that the row that was begun is longer than a row may be.
    fn too_long(&self) -> Error {
        let message = format!(
            "`{}`: row {} has more than {} bytes: raise `max_row_bytes`",
            self.name, self.rows, self.max_row_bytes
        );
        Error::new(ErrorKind::LimitExceeded, message)
    }
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
