//! Projection, skip and limit over any stream.

use arrow_array::{RecordBatch, record_batch};
use arrow_select::concat::concat_batches;
use arrowlink_core::{BatchStream, Chunk, Error, ErrorKind, Position, ReadOptions, Result};
use expect_test::{Expect, expect};
use futures::executor::block_on;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use proptest::prelude::{Strategy, any, prop, proptest};

use crate::support::{ids, ids_schema, ids_stream};

fn table(batches: &[RecordBatch], options: ReadOptions) -> Result<Vec<RecordBatch>> {
    let whole = BatchStream::from_batches(batches[0].schema(), batches.to_vec());
    block_on(options.apply(whole)?.collect_batches())
}

fn check_refused(options: ReadOptions, kind: ErrorKind, expected: Expect) {
    let batch =
        record_batch!(("id", Int64, [1]), ("value", Float64, [0.5]), ("valid", Boolean, [true])).unwrap();
    let error = table(&[batch], options).unwrap_err();
    assert_eq!(error.kind(), kind);
    expected.assert_eq(error.message());
}

#[test]
fn keeps_a_stream_that_nothing_is_asked_of() {
    let batches = [ids(0..3), ids(3..5)];
    assert_eq!(table(&batches, ReadOptions::default()).unwrap(), batches);
}

#[test]
fn projects_in_the_order_asked_for() {
    let batch = record_batch!(("id", Int64, [1, 2]), ("value", Float64, [0.5, 1.5])).unwrap();
    let projected = table(&[batch], ReadOptions::default().with_projection(["value", "id"])).unwrap();
    assert_eq!(projected, [record_batch!(("value", Float64, [0.5, 1.5]), ("id", Int64, [1, 2])).unwrap()]);
}

#[test]
fn projects_to_no_column_and_keeps_the_rows() {
    let projected = table(&[ids(0..3)], ReadOptions::default().with_projection([""; 0])).unwrap();
    assert_eq!((projected[0].num_columns(), projected[0].num_rows()), (0, 3));
}

#[test]
fn cuts_batches_and_never_merges_them() {
    let batches = [ids(0..3), ids(3..6), ids(6..9)];
    let cut = table(&batches, ReadOptions::default().with_skip(2).with_limit(5)).unwrap();
    assert_eq!(cut, [ids(2..3), ids(3..6), ids(6..7)]);
}

#[test]
fn does_not_ask_for_more_than_the_limit_needs() {
    let torn = stream::iter([Ok(Chunk::new(ids(0..3))), Err(Error::new(ErrorKind::Corrupt, "torn"))]);
    let limited = ReadOptions::default().with_limit(3).apply(BatchStream::new(ids_schema(), torn)).unwrap();
    assert_eq!(block_on(limited.collect_batches()).unwrap(), [ids(0..3)]);
}

#[test]
fn a_chunk_that_was_cut_at_its_end_has_no_position() {
    let chunks =
        [0, 3].map(|first| Ok(Chunk::new(ids(first..first + 3)).with_position(Position::new("here"))));
    let stream = BatchStream::new(ids_schema(), stream::iter(chunks));
    let cut = ReadOptions::default().with_skip(1).with_limit(4).apply(stream).unwrap();
    let positions: Vec<_> =
        block_on(cut.map_ok(|chunk| chunk.position.is_some()).try_collect::<Vec<_>>()).unwrap();
    assert_eq!(positions, [true, false]);
}

#[test]
fn passes_errors_on() {
    let torn = stream::iter([Ok(Chunk::new(ids(0..3))), Err(Error::new(ErrorKind::Corrupt, "torn"))]);
    let mut skipped =
        ReadOptions::default().with_skip(9).apply(BatchStream::new(ids_schema(), torn)).unwrap();
    assert_eq!(block_on(skipped.next()).unwrap().unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn unknown_columns_are_named_with_the_nearest() {
    let options = ReadOptions::default();
    check_refused(
        options.clone().with_projection(["id", "vale"]),
        ErrorKind::InvalidArgument,
        expect!["no column `vale`, did you mean `value` or `valid`? the columns are `id`, `value`, `valid`"],
    );
    check_refused(
        options.clone().with_projection(["colour"]),
        ErrorKind::InvalidArgument,
        expect!["no column `colour`: the columns are `id`, `value`, `valid`"],
    );
    check_refused(
        options.with_projection(["id", "id"]),
        ErrorKind::InvalidArgument,
        expect!["column `id` is asked for twice: name it once"],
    );
}

#[test]
fn what_cannot_be_answered_is_refused() {
    let options = ReadOptions::default();
    check_refused(
        options.clone().with_part(3),
        ErrorKind::Unsupported,
        expect!["this dataset does not answer `part`: it is not divided, part 3 cannot be read alone"],
    );
    check_refused(
        options.clone().with_follow(true),
        ErrorKind::Unsupported,
        expect!["this dataset does not answer `follow`: it is a dataset, only streams are followed"],
    );
    check_refused(
        options.with_resume(Position::new("x")),
        ErrorKind::Unsupported,
        expect![
            "this dataset does not answer `resume`: its reads cannot be continued, read it from the start"
        ],
    );
}

fn batches() -> impl Strategy<Value = Vec<RecordBatch>> {
    prop::collection::vec(prop::collection::vec(any::<i64>(), 0..6).prop_map(ids), 0..6)
}

proptest! {
    #[test]
    fn is_the_slice_of_the_whole(batches in batches(), skip in 0_usize..40, limit in 0_usize..40) {
        let whole = concat_batches(&ids_schema(), &batches).unwrap();
        let options = ReadOptions::default().with_skip(skip as u64).with_limit(limit as u64);
        let applied = block_on(options.apply(ids_stream(batches)).unwrap().collect_batches()).unwrap();
        let skip = skip.min(whole.num_rows());
        let expected = whole.slice(skip, limit.min(whole.num_rows() - skip));
        assert_eq!(concat_batches(&ids_schema(), &applied).unwrap(), expected);
    }
}
