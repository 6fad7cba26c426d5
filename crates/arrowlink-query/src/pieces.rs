//! How a dataset is divided: which runs of its rows can be read on their own, side by side.
//!
//! Where it is cut is decided by [`divide`], over row groups and whole files; here is which rows these are. All of it
//! follows from the files alone, so that the same snapshot has the same pieces on every server.

use std::ops::Range;
use std::sync::Arc;

use arrowlink_core::{Part, divide};

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

    /// Returns this piece with `next`, the one after it.
    fn joined(self, next: &Self) -> Self {
        let rows = if self.files == next.files { self.rows.start..next.rows.end } else { ALL_ROWS };
        let sum = |a: Option<u64>, b: Option<u64>| a.zip(b).map(|(a, b)| a.saturating_add(b));
        let part = Part::new(sum(self.part.rows, next.part.rows), sum(self.part.bytes, next.part.bytes));
        Self { files: self.files.start..next.files.end, rows, part }
    }
}

/// Divides the files into pieces, in the order of their rows.
pub(crate) fn pieces(files: &[FileStamp], facts: &[Arc<Facts>]) -> Vec<Piece> {
    let each = (0..).zip(files.iter().zip(facts));
    let uncut: Vec<Vec<Piece>> = each.map(|(number, (file, facts))| uncut(number, file, facts)).collect();
    let sizes = |file: &Vec<Piece>| file.iter().filter_map(|piece| piece.part.bytes).collect::<Vec<u64>>();
    let parts = divide(&uncut.iter().map(sizes).collect::<Vec<_>>());
    let mut uncut = uncut.into_iter().flatten();
    let together = |part: Range<usize>| {
        let mut run = uncut.by_ref().take(part.len());
        let first = run.next()?;
        Some(run.fold(first, |piece, next| piece.joined(&next)))
    };
    parts.into_iter().filter_map(together).collect()
}

/// Returns what a file cannot be cut within: its row groups, or all of it.
fn uncut(number: u32, file: &FileStamp, facts: &Facts) -> Vec<Piece> {
    let files = number..number + 1;
    if facts.groups.is_empty() {
        return vec![Piece { files, rows: ALL_ROWS, part: Part::new(facts.rows, Some(file.size)) }];
    }
    let mut row = 0;
    let groups = facts.groups.iter().map(|group| {
        let first = row;
        row += group.rows;
        let part = Part::new(Some(group.rows), Some(group.bytes));
        Piece { files: files.clone(), rows: first..row, part }
    });
    groups.collect()
}

const ALL_ROWS: Range<u64> = 0..u64::MAX;
