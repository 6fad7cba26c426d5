//! The parts of a dataset: which batches of which uploads belong to each.

use std::ops::Range;

use arrowlink_core::{Part, divide};

use crate::index::Upload;
use crate::pieces::Piece;

/// Before which batch of which upload: the index of the upload among those of the dataset, and the number of the batch.
pub(crate) type Spot = (usize, u64);

/// Divides `uploads`, which are all of a snapshot, between their pieces.
pub(crate) fn parts(uploads: &[Upload]) -> Vec<(Range<Spot>, Part)> {
    let pieces: Vec<Vec<Piece>> = uploads.iter().map(Upload::pieces).collect();
    let sizes: Vec<Vec<u64>> =
        pieces.iter().map(|pieces| pieces.iter().map(|piece| piece.bytes).collect()).collect();
    let spots: Vec<(Spot, Piece)> = pieces.into_iter().enumerate().flat_map(spots).collect();
    let end = (uploads.len(), 0);
    let spot = |piece: usize| spots.get(piece).map_or(end, |(spot, _)| *spot);
    let part = |range: Range<usize>| {
        let sum = |of: fn(&Piece) -> u64| {
            let pieces = spots.get(range.clone()).unwrap_or_default();
            pieces.iter().map(|(_, piece)| of(piece)).fold(0, u64::saturating_add)
        };
        let size = Part::new(Some(sum(|piece| piece.rows)), Some(sum(|piece| piece.bytes)));
        (spot(range.start)..spot(range.end), size)
    };
    divide(&sizes).into_iter().map(part).collect()
}

/// Says where each piece of the upload begins.
fn spots((upload, pieces): (usize, Vec<Piece>)) -> impl Iterator<Item = (Spot, Piece)> {
    pieces.into_iter().scan(0, move |batch, piece| {
        let spot = (upload, *batch);
        *batch += piece.batches;
        Some((spot, piece))
    })
}
