//! Where an upload can be cut into parts: runs of its batches, with the rows and bytes of each.
//!
//! They are found while the upload is written, when all of that is known, and stand in its footer. There are a few for
//! an upload of any size, because neighbours are put together when they become too many.

use arrowlink_core::{MAX_PARTS, MIN_PART_BYTES};

/// A run of batches of one upload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) batches: u64,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
}

impl Piece {
    fn add(&mut self, other: Self) {
        self.batches += other.batches;
        self.rows += other.rows;
        self.bytes += other.bytes;
    }
}

/// The pieces of an upload that is being written.
#[derive(Debug)]
pub(crate) struct Pieces {
    /// A piece that has as many bytes takes no more batches.
    full_bytes: u64,
    pieces: Vec<Piece>,
}

impl Pieces {
    pub(crate) const fn new() -> Self {
        Self { full_bytes: MIN_PART_BYTES, pieces: Vec::new() }
    }

    /// Adds a batch of that many rows, which took that many bytes of the file.
    pub(crate) fn push(&mut self, rows: u64, bytes: u64) {
        let batch = Piece { batches: 1, rows, bytes };
        match self.pieces.last_mut() {
            Some(last) if last.bytes < self.full_bytes => last.add(batch),
            _ => {
                self.halve();
                self.pieces.push(batch);
            }
        }
    }

    /// Puts neighbours together where there are as many pieces as there may be.
    fn halve(&mut self) {
        if self.pieces.len() < MOST_PIECES {
            return;
        }
        let pairs = self.pieces.chunks(2).map(|pair| {
            pair.iter().fold(Piece::default(), |mut sum, piece| {
                sum.add(*piece);
                sum
            })
        });
        self.pieces = pairs.collect();
        self.full_bytes = self.full_bytes.saturating_mul(2);
    }

    /// Returns the pieces in order; together they have all batches.
    pub(crate) fn into_vec(self) -> Vec<Piece> {
        self.pieces
    }
}

/// Writes pieces as the text of a footer: three numbers for each.
pub(crate) fn encode(pieces: &[Piece]) -> String {
    let texts = pieces.iter().map(|piece| format!("{} {} {}", piece.batches, piece.rows, piece.bytes));
    texts.collect::<Vec<_>>().join(",")
}

/// Reads what [`encode`] wrote; `None` for anything else, and for more pieces than are ever written.
pub(crate) fn decode(text: &str) -> Option<Vec<Piece>> {
    let pieces: Vec<Piece> = text.split(',').map(piece).collect::<Option<_>>()?;
    (pieces.len() <= MOST_PIECES).then_some(pieces)
}

fn piece(text: &str) -> Option<Piece> {
    let mut numbers = text.split(' ').map(|number| number.parse().ok());
    let piece = Piece { batches: numbers.next()??, rows: numbers.next()??, bytes: numbers.next()?? };
    numbers.next().is_none().then_some(piece)
}

/// Twice as many as there can be parts: after neighbours were put together there are still enough.
const MOST_PIECES: usize = 2 * MAX_PARTS;
