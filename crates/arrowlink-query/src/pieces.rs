//! How a dataset is divided: which runs of its rows can be read on their own, side by side.
//!
//! A piece is a run of whole files, or of whole row groups of one file. How many there are follows from the files alone,
//! so that the same snapshot has the same pieces on every server.

use std::ops::Range;
use std::sync::Arc;

use arrowlink_core::Part;

use crate::inspect::Facts;
use crate::place::Place;
use crate::snapshot::FileStamp;

/// A run of rows: all of some files, or some of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Which files, by their numbers in the listing.
    pub(crate) files: Range<u32>,
    /// Which rows of its only file; all of them where it has whole files.
    pub(crate) rows: Range<u64>,
    /// What is said of it.
    pub(crate) part: Part,
}

impl Piece {
    /// Returns the piece that is everything.
    pub(crate) const fn whole() -> Self {
        Self { files: 0..u32::MAX, rows: ALL_ROWS, part: Part::new(None, None) }
    }

    /// Says whether a read of this piece can stand at `place`; the end of the piece is such a place.
    pub(crate) fn has(&self, place: Place) -> bool {
        self.files.contains(&place.file) && self.rows.start <= place.row && place.row <= self.rows.end
    }
}

/// Divides the files into at most 64 pieces, in the order of their rows.
///
/// A file is a piece, or several where it has row groups and each has a mebibyte; more than 64 files are taken together,
/// neighbours with neighbours.
pub(crate) fn pieces(files: &[FileStamp], facts: &[Arc<Facts>]) -> Vec<Piece> {
    let total: u64 = files.iter().map(|file| file.size).sum();
    let Some(spare) = MOST_PIECES.checked_sub(files.len() as u64) else {
        return of_many(files, facts, total);
    };
    // Pieces of this size are at most `spare` more than there are files.
    let least = total.checked_div(spare).map_or(u64::MAX, |bytes| bytes + 1).max(LEAST_BYTES);
    let each = (0..).zip(files.iter().zip(facts));
    each.flat_map(|(number, (file, facts))| of_one(number, file, facts, least)).collect()
}

/// Takes neighbours together: a file is in the piece that the bytes before it, of all `total`, fall into.
fn of_many(files: &[FileStamp], facts: &[Arc<Facts>], total: u64) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let (mut before, mut last_slot) = (0_u64, None);
    for (number, (file, facts)) in (0..).zip(files.iter().zip(facts)) {
        let slot = before.checked_div(total.div_ceil(MOST_PIECES)).unwrap_or(0).min(MOST_PIECES - 1);
        before += file.size;
        match pieces.last_mut().filter(|_| last_slot == Some(slot)) {
            Some(piece) => {
                piece.files.end = number + 1;
                piece.part.rows = piece.part.rows.zip(facts.rows).map(|(rows, more)| rows + more);
                piece.part.bytes = piece.part.bytes.map(|bytes| bytes + file.size);
            }
            None => pieces.push(whole_file(number, file, facts)),
        }
        last_slot = Some(slot);
    }
    pieces
}

/// Cuts a file between row groups, into pieces of at least `least` bytes where it has as many.
fn of_one(number: u32, file: &FileStamp, facts: &Facts, least: u64) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let (mut first, mut row, mut bytes) = (0, 0, 0);
    for group in &facts.groups {
        row += group.rows;
        bytes += group.bytes;
        if bytes >= least {
            pieces.push(some_rows(number, first..row, bytes));
            (first, bytes) = (row, 0);
        }
    }
    match pieces.last_mut() {
        None => pieces.push(whole_file(number, file, facts)),
        // What is left over is too little for a piece of its own.
        Some(last) => *last = some_rows(number, last.rows.start..row, last.part.bytes.unwrap_or(0) + bytes),
    }
    pieces
}

fn whole_file(number: u32, file: &FileStamp, facts: &Facts) -> Piece {
    Piece { files: number..number + 1, rows: ALL_ROWS, part: Part::new(facts.rows, Some(file.size)) }
}

fn some_rows(number: u32, rows: Range<u64>, bytes: u64) -> Piece {
    let part = Part::new(Some(rows.end - rows.start), Some(bytes));
    Piece { files: number..number + 1, rows, part }
}

const ALL_ROWS: Range<u64> = 0..u64::MAX;
/// How many pieces there are at most: each is a ticket, and may be a connection.
const MOST_PIECES: u64 = 64;
/// What a piece of a file has at least: less is read faster than it is asked for.
const LEAST_BYTES: u64 = 1 << 20;
