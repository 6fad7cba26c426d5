//! Demonstration data: reproducible, addressable by row, cheap to begin anywhere.

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, Int64Type, TimestampMillisecondType};
use arrow_schema::{DataType, TimeUnit};
use arrow_select::concat::concat_batches;
use arrowlink_core::{
    BatchStream, CallContext, Dataset as _, DemoDataset, ErrorKind, MAX_PARTS, ReadOptions, WriteOptions,
};
use expect_test::{Expect, expect};
use futures::TryStreamExt as _;
use futures::executor::block_on;

fn demo(uri: &str) -> DemoDataset {
    DemoDataset::from_uri(uri).unwrap()
}

fn read(demo: &DemoDataset, options: ReadOptions) -> RecordBatch {
    let stream = block_on(demo.read(CallContext::new(), options)).unwrap();
    let schema = stream.schema().clone();
    concat_batches(&schema, &block_on(stream.collect_batches()).unwrap()).unwrap()
}

fn check_refused(uri: &str, expected: Expect) {
    let error = DemoDataset::from_uri(uri).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    expected.assert_eq(&error.chain());
}

#[test]
fn has_the_five_columns() {
    let schema = DemoDataset::schema();
    let columns: Vec<_> =
        schema.fields().iter().map(|f| (f.name().as_str(), f.data_type().clone())).collect();
    assert_eq!(
        columns,
        [
            ("id", DataType::Int64),
            ("timestamp", DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))),
            ("value", DataType::Float64),
            ("category", DataType::Utf8),
            ("is_valid", DataType::Boolean),
        ]
    );
    assert!(schema.fields().iter().all(|field| !field.is_nullable()));
}

#[test]
fn stays_the_same_for_ever() {
    let batch = demo("demo://?rows=3&seed=7").batch(0..3).unwrap();
    let table = arrow_cast::pretty::pretty_format_batches(&[batch]).unwrap().to_string();
    expect![[r#"
        +----+----------------------+-------------------+----------+----------+
        | id | timestamp            | value             | category | is_valid |
        +----+----------------------+-------------------+----------+----------+
        | 0  | 2024-01-01T00:00:00Z | 455.8970808054451 | bravo    | true     |
        | 1  | 2024-01-01T00:00:01Z | 721.5081806049702 | oscar    | true     |
        | 2  | 2024-01-01T00:00:02Z | 649.7043364684557 | romeo    | true     |
        +----+----------------------+-------------------+----------+----------+"#]]
    .assert_eq(&table);
}

#[test]
fn same_seed_gives_same_rows_and_another_seed_others() {
    let rows = |uri: &str| demo(uri).batch(0..1000).unwrap();
    assert_eq!(rows("demo://?rows=1000&seed=3"), rows("demo://?rows=5000&seed=3&batch_rows=10"));
    assert_ne!(rows("demo://?seed=3").column(2), rows("demo://?seed=4").column(2));
}

#[test]
fn any_batch_is_the_slice_of_the_whole() {
    let demo = demo("demo://?rows=1000&seed=1");
    let whole = demo.batch(0..1000).unwrap();
    for (start, end) in [(0, 1), (1, 9), (7, 8), (500, 777), (999, 1000), (1000, 1000)] {
        assert_eq!(demo.batch(start..end).unwrap(), whole.slice(start as usize, (end - start) as usize));
    }
}

#[test]
fn rows_are_spread_as_documented() {
    let batch = demo("demo://?rows=100000&seed=5").batch(0..100_000).unwrap();
    let ids = batch.column(0).as_primitive::<Int64Type>();
    let times = batch.column(1).as_primitive::<TimestampMillisecondType>();
    assert!(ids.iter().enumerate().all(|(row, id)| id == Some(row as i64)));
    assert!(times.iter().enumerate().all(|(row, ms)| ms == Some(1_704_067_200_000 + 1000 * row as i64)));
    let values = batch.column(2).as_primitive::<Float64Type>().values();
    assert!(values.iter().all(|value| (0.0..1000.0).contains(value)));
    let mean = values.iter().sum::<f64>() / 100_000.0;
    assert!((495.0..505.0).contains(&mean), "mean {mean}");
    let valid = batch.column(4).as_boolean().true_count();
    assert!((89_000..91_000).contains(&valid), "{valid} valid");
    let mut seen = std::collections::BTreeMap::new();
    for category in batch.column(3).as_string::<i32>().iter().flatten() {
        *seen.entry(category).or_insert(0) += 1;
    }
    assert_eq!(seen.len(), 8);
    assert!(seen.values().all(|count| (11_500..13_500).contains(count)), "{seen:?}");
}

#[test]
fn reads_are_batches_of_the_set_size() {
    let demo = demo("demo://?rows=25&batch_rows=10");
    let stream = block_on(demo.read(CallContext::new(), ReadOptions::default())).unwrap();
    let sizes: Vec<_> =
        block_on(stream.collect_batches()).unwrap().iter().map(RecordBatch::num_rows).collect();
    assert_eq!(sizes, [10, 10, 5]);
    let batches: Vec<_> = demo.batches().collect::<Result<_, _>>().unwrap();
    assert_eq!(batches.len(), 3);
}

#[test]
fn projection_skip_and_limit_select_rows() {
    let demo = demo("demo://?rows=100&batch_rows=7");
    let options = ReadOptions::default().with_projection(["value", "id"]).with_skip(20).with_limit(33);
    let expected = demo.batch(20..53).unwrap().project(&[2, 0]).unwrap();
    assert_eq!(read(&demo, options), expected);
    assert_eq!(read(&demo, ReadOptions::default().with_skip(1000)).num_rows(), 0);
}

#[test]
fn the_end_of_a_trillion_rows_is_read_at_once() {
    let demo = demo("demo://?rows=1000000000000");
    let last = read(&demo, ReadOptions::default().with_skip(999_999_999_998));
    assert_eq!(last.column(0).as_primitive::<Int64Type>().values(), &[999_999_999_998, 999_999_999_999]);
}

#[test]
fn resumes_after_every_chunk() {
    let demo = demo("demo://?rows=50&batch_rows=8&seed=9");
    let chunks: Vec<_> =
        block_on(async { demo.read(CallContext::new(), ReadOptions::default()).await?.try_collect().await })
            .unwrap();
    let mut seen = 0;
    for chunk in chunks {
        seen += chunk.batch.num_rows() as u64;
        let rest = read(&demo, ReadOptions::default().with_resume(chunk.position.unwrap()));
        assert_eq!(rest, demo.batch(seen..50).unwrap());
    }
}

#[test]
fn a_position_of_another_seed_is_snapshot_changed() {
    let first = |uri: &str| {
        let stream = block_on(demo(uri).read(CallContext::new(), ReadOptions::default())).unwrap();
        block_on(stream.try_collect::<Vec<_>>()).unwrap().remove(0).position.unwrap()
    };
    let options = ReadOptions::default().with_resume(first("demo://?seed=1"));
    let error = block_on(demo("demo://?seed=2").read(CallContext::new(), options)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SnapshotChanged);
}

#[test]
fn parts_are_the_whole_in_order_and_resume() {
    let demo = demo("demo://?rows=200000&seed=7&batch_rows=50000");
    let parts = block_on(demo.describe(CallContext::new())).unwrap().parts;
    assert_eq!(
        parts.iter().map(|part| part.rows.unwrap()).collect::<Vec<_>>(),
        [65_536, 65_536, 65_536, 3392]
    );
    let read = |options| read(&demo, options);
    let rows: Vec<_> = (0..4).map(|part| read(ReadOptions::default().with_part(part))).collect();
    assert_eq!(concat_batches(&DemoDataset::schema(), &rows).unwrap(), read(ReadOptions::default()));
    let part = || ReadOptions::default().with_part(1);
    let first =
        block_on(async { demo.read(CallContext::new(), part()).await?.try_next().await }).unwrap().unwrap();
    let rest = read(part().with_resume(first.position.unwrap()));
    assert_eq!(rest, rows[1].slice(first.batch.num_rows(), rows[1].num_rows() - first.batch.num_rows()));
}

#[test]
fn as_many_parts_as_there_may_be() {
    let parts = block_on(demo("demo://?rows=1000000000000").describe(CallContext::new())).unwrap().parts;
    assert_eq!(parts.len(), MAX_PARTS);
    assert_eq!(parts.iter().map(|part| part.rows.unwrap()).sum::<u64>(), 1_000_000_000_000);
    assert_eq!(block_on(demo("demo://?rows=0").describe(CallContext::new())).unwrap().parts, []);
}

#[test]
fn a_snapshot_of_another_length_is_snapshot_changed() {
    let snapshot = |demo: DemoDataset| block_on(demo.describe(CallContext::new())).unwrap().snapshot.unwrap();
    let options = ReadOptions::default().with_snapshot(snapshot(demo("demo://?rows=3")));
    assert_eq!(read(&demo("demo://?rows=3"), options.clone()).num_rows(), 3);
    let refused = block_on(demo("demo://?rows=4").read(CallContext::new(), options)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::SnapshotChanged);
}

#[test]
fn takes_no_writes() {
    let nothing = BatchStream::from_batches(DemoDataset::schema(), vec![]);
    let refused = block_on(demo("demo://").write(CallContext::new(), nothing, WriteOptions::default()));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::ReadOnly);
}

#[test]
fn rows_that_are_not_there_are_refused() {
    let demo = demo("demo://?rows=10");
    assert_eq!(demo.batch(5..11).unwrap_err().kind(), ErrorKind::InvalidArgument);
    let large = DemoDataset::new(DemoDataset::MAX_ROWS, 0).unwrap();
    assert_eq!(large.batch(0..2_000_000).unwrap_err().kind(), ErrorKind::InvalidArgument);
}

#[test]
fn uris_default_to_a_thousand_rows() {
    assert_eq!(demo("demo://"), demo("demo://?rows=1000&seed=0&batch_rows=65536"));
    assert_eq!(demo("demo://?"), demo("demo://"));
}

#[test]
fn bad_uris_say_what_is_wrong() {
    check_refused(
        "demo:/rows=1",
        expect!["`demo:/rows=1` is not demo data: it does not begin with `demo://`"],
    );
    check_refused(
        "demo://?row=1",
        expect!["`demo://?row=1` is not demo data: no key `row`, did you mean `rows`?"],
    );
    check_refused(
        "demo://?colour=1",
        expect!["`demo://?colour=1` is not demo data: no key `colour`: use `rows`, `seed`, `batch_rows`"],
    );
    check_refused("demo://?rows", expect!["`demo://?rows` is not demo data: `rows` has no `=`"]);
    check_refused(
        "demo://?rows=many",
        expect![
            "`demo://?rows=many` is not demo data: `many` is not a number that `rows` can have: invalid digit found in string"
        ],
    );
    check_refused(
        "demo://?rows=-1",
        expect![
            "`demo://?rows=-1` is not demo data: `-1` is not a number that `rows` can have: invalid digit found in string"
        ],
    );
    check_refused(
        "demo://?rows=1&rows=2",
        expect!["`demo://?rows=1&rows=2` is not demo data: `rows` is given twice"],
    );
    check_refused(
        "demo://?rows=2000000000000",
        expect!["2000000000000 is not a number of rows: use 0 to 1000000000000"],
    );
    check_refused(
        "demo://?rows=99999999999999999999",
        expect![
            "`demo://?rows=99999999999999999999` is not demo data: `99999999999999999999` is not a number that `rows` can have: number too large to fit in target type"
        ],
    );
    check_refused("demo://?batch_rows=0", expect!["0 is not a number of batch_rows: use 1 to 1048576"]);
}
