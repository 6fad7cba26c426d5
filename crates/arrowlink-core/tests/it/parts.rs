//! Dividing files and their pieces into parts.

use arrowlink_core::{MAX_PARTS, MIN_PART_BYTES, divide};
use proptest::prelude::{prop, proptest};

const MIB: u64 = 1 << 20;

#[test]
fn small_files_are_a_part_each() {
    assert_eq!(divide(&[vec![1, 2, 3], vec![4]]), [0..3, 3..4]);
}

#[test]
fn files_without_pieces_are_passed_over() {
    assert_eq!(divide(&[vec![], vec![1], vec![], vec![2]]), [0..1, 1..2]);
    assert_eq!(divide::<Vec<u64>>(&[]), []);
}

#[test]
fn a_large_file_is_cut_where_a_mebibyte_is_full() {
    assert_eq!(divide(&[[MIB / 2; 6]]), [0..2, 2..4, 4..6]);
    assert_eq!(divide(&[[MIB, MIB, MIB / 2]]), [0..1, 1..3], "less than the least goes to the part before");
}

#[test]
fn a_piece_is_never_cut() {
    assert_eq!(divide(&[[100 * MIB], [100 * MIB]]), [0..1, 1..2]);
}

#[test]
fn many_files_are_put_together_whole() {
    let files = vec![[3 * MIB, 3 * MIB]; 130];
    let parts = divide(&files);
    assert!((32..=MAX_PARTS).contains(&parts.len()), "{} parts", parts.len());
    assert!(parts.iter().all(|part| part.start % 2 == 0), "{parts:?}");
}

proptest! {
    #[test]
    fn parts_are_all_pieces_in_order_and_keep_the_limits(
        files in prop::collection::vec(prop::collection::vec(0..5 * MIB, 0..40), 0..100),
    ) {
        let parts = divide(&files);
        let pieces: Vec<(usize, u64)> =
            files.iter().enumerate().flat_map(|(file, sizes)| sizes.iter().map(move |size| (file, *size))).collect();
        let all: Vec<usize> = parts.iter().cloned().flatten().collect();
        assert_eq!(all, (0..pieces.len()).collect::<Vec<_>>());
        assert!(parts.len() <= MAX_PARTS && parts.iter().all(|part| !part.is_empty()));
        let filled = files.iter().filter(|sizes| !sizes.is_empty()).count();
        for part in parts {
            let (first, last) = (pieces[part.start].0, pieces[part.end - 1].0);
            assert!(first == last || filled > MAX_PARTS);
            let bytes: u64 = pieces[part.clone()].iter().map(|(_, size)| size).sum();
            let whole = files[first].len() == part.len();
            assert!(bytes >= MIN_PART_BYTES || whole || filled > MAX_PARTS);
            let begins = part.start == 0 || pieces[part.start - 1].0 != first;
            assert!(begins || filled <= MAX_PARTS, "files are whole");
        }
    }
}
