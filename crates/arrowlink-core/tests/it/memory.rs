//! A dataset in memory: appends, snapshots, positions, and batches that stay as they are.

use std::sync::Arc;

use arrow_array::{
    Array as _, ArrayRef, DictionaryArray, Int64Array, ListArray, RecordBatch, StringArray, StringViewArray,
    StructArray, types::Int32Type,
};
use arrow_schema::{DataType, Field, Schema};
use arrowlink_core::{
    CallContext, Chunk, Dataset as _, Description, Durability, ErrorKind, MemoryDataset, Position,
    ReadOptions, Receipt, Result, Snapshot, WriteMode, WriteOptions,
};
use futures::TryStreamExt as _;
use futures::executor::block_on;

use crate::support::{endless, failing, id_values, ids, ids_schema, ids_stream};

fn dataset(batches: impl IntoIterator<Item = RecordBatch>) -> MemoryDataset {
    MemoryDataset::new(ids_schema(), batches.into_iter().collect()).unwrap()
}

fn append(dataset: &MemoryDataset, batches: impl IntoIterator<Item = RecordBatch>) -> Result<Receipt> {
    block_on(dataset.write(CallContext::new(), ids_stream(batches), WriteOptions::default()))
}

fn chunks(dataset: &MemoryDataset, options: ReadOptions) -> Result<Vec<Chunk>> {
    block_on(async { dataset.read(CallContext::new(), options).await?.try_collect().await })
}

fn read(dataset: &MemoryDataset, options: ReadOptions) -> Result<Vec<i64>> {
    let batches: Vec<_> = chunks(dataset, options)?.into_iter().map(Chunk::into_batch).collect();
    Ok(id_values(&batches))
}

fn from(position: Option<Position>) -> ReadOptions {
    ReadOptions::default().with_resume(position.unwrap())
}

#[test]
fn returns_batches_as_they_were_written_but_for_empty_ones() {
    let dataset = dataset([ids(0..3), ids(0..0), ids(3..4)]);
    let batches: Vec<_> =
        chunks(&dataset, ReadOptions::default()).unwrap().into_iter().map(Chunk::into_batch).collect();
    assert_eq!(batches, [ids(0..3), ids(3..4)]);
}

#[test]
fn says_what_it_is() {
    let dataset = dataset([ids(0..3)]);
    let description = block_on(dataset.describe(CallContext::new())).unwrap();
    assert_eq!((description.rows, description.writable), (Some(3), true));
    assert_eq!(description.source, "memory");
    assert_eq!(description.bytes, Some(dataset.bytes()));
    let again = block_on(dataset.describe(CallContext::new())).unwrap();
    assert_eq!(description.snapshot, again.snapshot);
    append(&dataset, [ids(3..4)]).unwrap();
    let changed = block_on(dataset.describe(CallContext::new())).unwrap();
    assert_ne!(description.snapshot, changed.snapshot);
}

#[test]
fn a_receipt_says_what_was_taken_in() {
    let dataset = dataset([ids(0..3)]);
    let before = dataset.bytes();
    let receipt = append(&dataset, [ids(3..5), ids(0..0), ids(5..6)]).unwrap();
    assert_eq!((receipt.rows, receipt.batches, receipt.durability), (3, 2, Durability::Memory));
    assert_eq!(receipt.bytes, dataset.bytes() - before);
    assert!(receipt.bytes >= 3 * 8);
}

#[test]
fn a_read_keeps_its_rows_while_more_are_appended() {
    let dataset = dataset([ids(0..3), ids(3..6)]);
    let stream = block_on(dataset.read(CallContext::new(), ReadOptions::default())).unwrap();
    append(&dataset, [ids(6..9)]).unwrap();
    assert_eq!(id_values(&block_on(stream.collect_batches()).unwrap()), [0, 1, 2, 3, 4, 5]);
    assert_eq!(read(&dataset, ReadOptions::default()).unwrap().len(), 9);
}

#[test]
fn skip_limit_and_projection_cut_between_rows() {
    let dataset = dataset([ids(0..3), ids(3..6), ids(6..9)]);
    let window =
        |skip, limit| read(&dataset, ReadOptions::default().with_skip(skip).with_limit(limit)).unwrap();
    assert_eq!(window(0, 0), [0_i64; 0]);
    assert_eq!(window(2, 5), [2, 3, 4, 5, 6]);
    assert_eq!(window(3, 3), [3, 4, 5]);
    assert_eq!(window(8, 9), [8]);
    assert_eq!(window(u64::MAX, u64::MAX), [0_i64; 0]);
    let error = read(&dataset, ReadOptions::default().with_projection(["ids"])).unwrap_err();
    assert_eq!(error.message(), "no column `ids`, did you mean `id`? the columns are `id`");
}

#[test]
fn goes_on_after_every_chunk_in_the_same_snapshot() {
    let dataset = dataset([ids(0..3), ids(3..6), ids(6..9)]);
    let chunks = chunks(&dataset, ReadOptions::default().with_skip(1).with_limit(7)).unwrap();
    append(&dataset, [ids(9..12)]).unwrap();
    for chunk in chunks {
        let next = id_values(&[chunk.batch]).pop().unwrap() + 1;
        assert_eq!(read(&dataset, from(chunk.position)).unwrap(), (next..9).collect::<Vec<_>>());
    }
}

#[test]
fn skip_and_limit_count_from_where_a_read_goes_on() {
    let dataset = dataset([ids(0..3), ids(3..6), ids(6..9)]);
    let position = chunks(&dataset, ReadOptions::default().with_limit(2)).unwrap().remove(0).position;
    assert_eq!(read(&dataset, from(position).with_skip(2).with_limit(3)).unwrap(), [4, 5, 6]);
}

#[test]
fn a_receipts_position_goes_on_with_what_comes_later() {
    let dataset = dataset([ids(0..3)]);
    let receipt = append(&dataset, [ids(3..6)]).unwrap();
    assert_eq!(read(&dataset, from(receipt.position.clone())).unwrap(), [0_i64; 0]);
    append(&dataset, [ids(6..9)]).unwrap();
    append(&dataset, [ids(9..10)]).unwrap();
    assert_eq!(read(&dataset, from(receipt.position)).unwrap(), [6, 7, 8, 9]);
}

#[test]
fn a_position_of_another_dataset_is_snapshot_changed() {
    let other = chunks(&dataset([ids(0..3)]), ReadOptions::default()).unwrap().remove(0).position;
    let dataset = dataset([ids(0..3)]);
    let mut own =
        chunks(&dataset, ReadOptions::default()).unwrap().remove(0).position.unwrap().as_bytes().to_vec();
    assert_eq!(read(&dataset, from(other)).unwrap_err().kind(), ErrorKind::SnapshotChanged);
    for bytes in [vec![], vec![1], vec![0xff; 33], own.clone().split_off(1)] {
        let error = read(&dataset, from(Some(Position::new(bytes)))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SnapshotChanged);
    }
    own[0] = 2;
    let newer = read(&dataset, from(Some(Position::new(own)))).unwrap_err();
    assert_eq!(newer.kind(), ErrorKind::SnapshotChanged);
}

#[test]
fn positions_beyond_the_end_return_nothing() {
    let dataset = dataset([ids(0..3)]);
    let position = chunks(&dataset, ReadOptions::default()).unwrap().remove(0).position.unwrap();
    let origin = &position.as_bytes()[1..9];
    let beyond = [&[1], origin, &[0xff; 8], &[0x7f; 8], &[0xff; 8]].concat();
    assert_eq!(read(&dataset, from(Some(Position::new(beyond)))).unwrap(), [0_i64; 0]);
}

#[test]
fn following_is_unsupported() {
    let refused = read(&dataset([ids(0..3)]), ReadOptions::default().with_follow(true));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unsupported);
}

/// Five batches of 100,000 numbers, which are two parts of a mebibyte and more.
fn large() -> MemoryDataset {
    dataset((0..5).map(|batch| ids(batch * 100_000..(batch + 1) * 100_000)))
}

fn description(dataset: &MemoryDataset) -> Description {
    block_on(dataset.describe(CallContext::new())).unwrap()
}

#[test]
fn parts_are_the_whole_in_order() {
    let dataset = large();
    let parts = description(&dataset).parts;
    assert_eq!(parts.iter().map(|part| part.rows).collect::<Vec<_>>(), [Some(200_000), Some(300_000)]);
    assert!(parts[0].bytes.unwrap() >= 1 << 20);
    let read = |part| read(&dataset, ReadOptions::default().with_part(part)).unwrap();
    assert_eq!([read(0), read(1)].concat(), (0..500_000).collect::<Vec<_>>());
    assert_eq!(description(&self::dataset([])).parts, []);
}

#[test]
fn a_part_is_projected_skipped_and_limited_on_its_own() {
    let options = || ReadOptions::default().with_part(1).with_projection(["id"]);
    let read = |options| read(&large(), options).unwrap();
    assert_eq!(read(options().with_skip(1).with_limit(2)), [200_001, 200_002]);
    assert_eq!(read(options().with_skip(299_999).with_limit(5)), [499_999]);
    assert_eq!(
        self::read(&large(), ReadOptions::default().with_part(0).with_skip(200_000)).unwrap(),
        [0_i64; 0]
    );
}

#[test]
fn a_read_of_a_part_resumes_within_it() {
    let dataset = large();
    let part = || ReadOptions::default().with_part(0);
    for chunk in chunks(&dataset, part()).unwrap() {
        let next = chunk.batch.num_rows() as i64 + id_values(&[chunk.batch])[0];
        let rest = read(&dataset, part().with_resume(chunk.position.unwrap())).unwrap();
        assert_eq!(rest, (next..200_000).collect::<Vec<_>>());
    }
    let elsewhere = chunks(&dataset, ReadOptions::default().with_part(1)).unwrap().remove(0).position;
    let refused = read(&dataset, part().with_resume(elsewhere.unwrap())).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
    assert!(refused.message().contains("not in the part"), "{refused}");
}

#[test]
fn a_part_that_is_not_there_is_refused() {
    let refused = read(&large(), ReadOptions::default().with_part(2)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
    assert!(refused.message().starts_with("no part 2: it has 2"), "{refused}");
}

#[test]
fn an_earlier_snapshot_is_read_again_with_its_parts() {
    let dataset = large();
    let before = description(&dataset);
    let snapshot = before.snapshot.unwrap();
    append(&dataset, (5..20).map(|batch| ids(batch * 100_000..(batch + 1) * 100_000))).unwrap();
    assert!(description(&dataset).parts.len() > before.parts.len());
    let of = |options: ReadOptions| read(&dataset, options.with_snapshot(snapshot.clone())).unwrap();
    assert_eq!(of(ReadOptions::default()), (0..500_000).collect::<Vec<_>>());
    assert_eq!(of(ReadOptions::default().with_part(1)), (200_000..500_000).collect::<Vec<_>>());
}

#[test]
fn a_position_goes_with_its_own_snapshot_alone() {
    let dataset = dataset([ids(0..3), ids(3..5)]);
    let first = description(&dataset).snapshot.unwrap();
    let position = chunks(&dataset, ReadOptions::default()).unwrap().remove(0).position;
    let receipt = append(&dataset, [ids(5..7)]).unwrap();
    append(&dataset, [ids(7..9)]).unwrap();
    let now = description(&dataset).snapshot.unwrap();
    assert_eq!(read(&dataset, from(position.clone()).with_snapshot(first)).unwrap(), [3, 4]);
    let refused = read(&dataset, from(position).with_snapshot(now.clone())).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
    assert_eq!(read(&dataset, from(receipt.position).with_snapshot(now)).unwrap(), [7, 8]);
}

#[test]
fn a_snapshot_of_another_dataset_is_snapshot_changed() {
    let other = description(&dataset([ids(0..3)])).snapshot.unwrap();
    for snapshot in [other, Snapshot::new("elsewhere"), Snapshot::new("")] {
        let refused = read(&dataset([ids(0..3)]), ReadOptions::default().with_snapshot(snapshot));
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::SnapshotChanged);
    }
}

#[test]
fn a_write_that_fails_or_is_dropped_adds_nothing() {
    let dataset = dataset([ids(0..3)]);
    let before = dataset.bytes();
    let write = |input| dataset.write(CallContext::new(), input, WriteOptions::default());
    assert_eq!(block_on(write(failing([ids(3..6)]))).unwrap_err().kind(), ErrorKind::Corrupt);
    let mut dropped = write(endless([ids(3..6)]));
    assert!(futures::FutureExt::now_or_never(&mut dropped).is_none());
    drop(dropped);
    assert_eq!((dataset.rows(), dataset.bytes()), (3, before));
}

#[test]
fn every_append_is_held_to_the_schema() {
    let dataset = dataset([ids(0..3)]);
    let other =
        RecordBatch::try_from_iter([("id", Arc::new(StringArray::from(vec!["x"])) as ArrayRef)]).unwrap();
    let input = arrowlink_core::BatchStream::from_batches(other.schema(), vec![other.clone()]);
    let error = block_on(dataset.write(CallContext::new(), input, WriteOptions::default())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
    let disguised = arrowlink_core::BatchStream::from_batches(ids_schema(), vec![ids(3..6), other.clone()]);
    let error = block_on(dataset.write(CallContext::new(), disguised, WriteOptions::default())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
    assert_eq!(MemoryDataset::new(ids_schema(), vec![other]).unwrap_err().kind(), ErrorKind::SchemaMismatch);
    assert_eq!(dataset.rows(), 3);
}

#[test]
fn rows_take_the_metadata_of_the_dataset_also_within_lists() {
    let list = |item: &str| {
        let item = Field::new(item, DataType::Int32, true);
        let field = Field::new("numbers", DataType::List(Arc::new(item)), true);
        Arc::new(Schema::new(vec![field]))
    };
    let rows = |item: &str| {
        let numbers = ListArray::from_iter_primitive::<Int32Type, _, _>([Some([Some(1), None])]);
        let DataType::List(field) = list(item).field(0).data_type().clone() else { unreachable!() };
        let (_, offsets, values, nulls) = numbers.into_parts();
        let numbers: ArrayRef = Arc::new(ListArray::new(field, offsets, values, nulls));
        RecordBatch::try_new(list(item), vec![numbers]).unwrap()
    };
    let dataset = MemoryDataset::new(list("item"), vec![rows("item"), rows("element")]).unwrap();
    let batches: Vec<_> =
        chunks(&dataset, ReadOptions::default()).unwrap().into_iter().map(Chunk::into_batch).collect();
    assert_eq!(batches, [rows("item"), rows("item")]);
}

#[test]
fn creating_it_again_is_already_exists() {
    let dataset = dataset([ids(0..3)]);
    let options = WriteOptions::default().with_mode(WriteMode::Create);
    let error = block_on(dataset.write(CallContext::new(), ids_stream([ids(3..6)]), options)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
}

#[test]
fn a_repeated_key_is_one_write() {
    let dataset = dataset([]);
    let write = |key: &str| {
        let options = WriteOptions::default().with_idempotency_key(key);
        block_on(dataset.write(CallContext::new(), ids_stream([ids(0..2)]), options)).unwrap()
    };
    assert_eq!(write("one"), write("one"));
    write("two");
    assert_eq!(dataset.rows(), 4);
}

#[test]
fn the_read_only_flavour_says_what_could_be_written_to() {
    let dataset = dataset([ids(0..3)]).with_source("data/trips.parquet").into_read_only("write to `uploads`");
    let error = append(&dataset, [ids(3..6)]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReadOnly);
    assert_eq!(error.message(), "this dataset (data/trips.parquet) cannot be written to: write to `uploads`");
    assert!(!block_on(dataset.describe(CallContext::new())).unwrap().writable);
}

#[test]
fn a_small_slice_does_not_keep_a_large_batch() {
    let large = ids(0..1_000_000);
    let kept = dataset((0..10).map(|piece| large.slice(piece * 100_000, 10)));
    assert!(kept.bytes() < 100_000, "{} bytes for a hundred rows", kept.bytes());
    assert_eq!(read(&kept, ReadOptions::default()).unwrap().len(), 100);
}

#[test]
fn a_buffer_that_batches_share_is_counted_once() {
    let text = (0..10_000).map(|row| format!("category number {row}"));
    let values: ArrayRef = Arc::new(StringArray::from_iter_values(text));
    let batch = |row: i32| {
        let keys = arrow_array::Int32Array::from(vec![row; 10_000]);
        let column: ArrayRef = Arc::new(DictionaryArray::new(keys, values.clone()));
        RecordBatch::try_from_iter([("category", column)]).unwrap()
    };
    let one = MemoryDataset::new(batch(0).schema(), vec![batch(0)]).unwrap().bytes();
    let ten = MemoryDataset::new(batch(0).schema(), (0..10).map(batch).collect()).unwrap().bytes();
    assert!(ten < one + 9 * 50_000, "{one} bytes for one, {ten} for ten");
}

/// Pins `batch`, checks that it stays one batch, and returns that.
fn pinned(batch: &RecordBatch) -> RecordBatch {
    let pinned = MemoryDataset::pinned(batch.schema(), vec![batch.clone()]).unwrap();
    let mut kept = chunks(&pinned, ReadOptions::default()).unwrap().into_iter().map(Chunk::into_batch);
    let whole = kept.next().unwrap();
    assert_eq!((&whole, kept.next()), (batch, None));
    assert_eq!(append_any(&pinned, batch.clone()).unwrap_err().kind(), ErrorKind::ReadOnly);
    whole
}

fn append_any(dataset: &MemoryDataset, batch: RecordBatch) -> Result<Receipt> {
    let input = arrowlink_core::BatchStream::from_batches(batch.schema(), vec![batch]);
    block_on(dataset.write(CallContext::new(), input, WriteOptions::default()))
}

#[test]
fn pinned_batches_stay_whole_and_where_they_are() {
    let large = ids(0..2_000_000);
    let column = |batch: &RecordBatch| batch.column(0).to_data().buffers()[0].as_ptr();
    assert_eq!(column(&pinned(&large)), column(&large));
    let text: ArrayRef = Arc::new(StringArray::from_iter_values((0..60).map(|row| "x".repeat(row * 10_000))));
    pinned(&RecordBatch::try_from_iter([("text", text)]).unwrap());
}

#[test]
fn pinned_slices_begin_where_their_buffers_do() {
    let slice = pinned(&ids(0..100_000).slice(50_000, 40_000));
    assert!(slice.columns().iter().all(|column| column.offset() == 0));
}

#[test]
fn pinned_views_keep_nothing_that_they_do_not_point_to() {
    let views: StringViewArray = (0..400).map(|_| Some("x".repeat(20_000))).collect();
    let batch = RecordBatch::try_from_iter([("text", Arc::new(views) as ArrayRef)]).unwrap();
    let kept = pinned(&batch.slice(100, 150));
    assert!(kept.get_array_memory_size() < 151 * 20_000, "{} bytes", kept.get_array_memory_size());
}

#[test]
fn pinned_views_within_other_types_keep_nothing_that_they_do_not_point_to() {
    let views: StringViewArray = (0..400).map(|_| Some("x".repeat(20_000))).collect();
    let pairs = StructArray::from(vec![(
        Arc::new(Field::new("text", DataType::Utf8View, true)),
        Arc::new(views) as ArrayRef,
    )]);
    let batch = RecordBatch::try_from_iter([("pairs", Arc::new(pairs) as ArrayRef)]).unwrap();
    // Too little is left out for any batch to be copied because of it.
    let kept = pinned(&batch.slice(0, 250));
    assert!(kept.get_array_memory_size() < 251 * 20_000, "{} bytes", kept.get_array_memory_size());
}

#[test]
fn clones_are_the_same_dataset() {
    let dataset = dataset([ids(0..3)]);
    append(&dataset.clone(), [ids(3..6)]).unwrap();
    assert_eq!(dataset.rows(), 6);
}

#[test]
fn columns_without_rows_or_rows_without_columns_are_kept() {
    let none = Arc::new(Schema::empty());
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(7));
    let batch = RecordBatch::try_new_with_options(none.clone(), vec![], &options).unwrap();
    let dataset = MemoryDataset::new(none, vec![batch]).unwrap();
    assert_eq!(dataset.rows(), 7);
    let empty = Int64Array::from(Vec::<i64>::new());
    assert_eq!(empty.len(), 0);
    assert_eq!(self::dataset([]).rows(), 0);
}
