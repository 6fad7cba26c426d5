//! Batches are cut so that no step is large, and nothing is lost.

use arrow_array::record_batch;
use arrowlink_formats::pieces;

#[test]
fn a_small_batch_is_one_piece() {
    let batch = record_batch!(("id", Int64, [1, 2, 3])).unwrap();
    assert_eq!(pieces(&batch).collect::<Vec<_>>(), [batch]);
}

#[test]
fn a_batch_without_rows_is_one_piece() {
    let batch = record_batch!(("id", Int64, [1])).unwrap().slice(0, 0);
    assert_eq!(pieces(&batch).collect::<Vec<_>>(), [batch]);
}

#[test]
fn a_large_batch_is_cut_in_order() {
    let batch = record_batch!(("id", Int64, (0..1_000_000).collect::<Vec<i64>>())).unwrap();
    let cut: Vec<_> = pieces(&batch).collect();
    assert!(cut.len() >= 7, "{}", cut.len());
    let mut from = 0;
    for piece in cut {
        assert_eq!(piece, batch.slice(from, piece.num_rows()));
        from += piece.num_rows();
    }
    assert_eq!(from, 1_000_000);
}
