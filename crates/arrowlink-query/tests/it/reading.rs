//! Order, projection, skip, limit and resume, for every format alike.

use arrow_array::RecordBatch;
use arrowlink_core::conformance::{Capability, Suite};
use arrowlink_core::{
    CallContext, Catalog, Dataset as _, ErrorKind, Name, Position, ReadOptions, WriteOptions,
};
use arrowlink_query::FileDataset;

use crate::files::{arrow_file, arrow_stream, csv, ndjson, parquet};
use crate::support::{Folder, check, chunks, ids, read_all, rows};

/// The ids 0 to 59 in every format, three files each.
async fn every_format() -> Vec<(Folder, FileDataset)> {
    let mut made = Vec::new();
    for format in ["parquet", "csv", "ndjson", "json", "arrow", "arrows"] {
        let folder = Folder::new();
        for from in [40, 0, 20] {
            let batches = [rows(from, 13), rows(from + 13, 7)];
            let bytes = match format {
                "parquet" => parquet(&rows(from, 20), 8),
                "csv" => csv(from, 20).into_bytes(),
                "ndjson" => ndjson(from, 20).into_bytes(),
                "json" => format!("[{}]", ndjson(from, 20).trim_end().replace('\n', ",\n")).into_bytes(),
                "arrow" => arrow_file(&batches, None),
                _ => arrow_stream(&batches, None),
            };
            folder.write(&format!("x/{from:02}.{format}"), bytes);
        }
        let dataset = folder.open_with("x", folder.options().with_batch_rows(5)).await.unwrap();
        made.push((folder, dataset));
    }
    made
}

fn batches(chunks: &[arrowlink_core::Chunk]) -> Vec<RecordBatch> {
    chunks.iter().map(|chunk| chunk.batch.clone()).collect()
}

#[tokio::test]
async fn rows_come_in_the_same_order_every_time() {
    let folder = Folder::new();
    for file in 0..20 {
        folder.write(&format!("x/{file:02}.parquet"), parquet(&rows(file * 1000, 1000), 64));
    }
    let dataset = folder.open("x").await.unwrap();
    for _ in 0..10 {
        let (_, batches) = read_all(&dataset, ReadOptions::default()).await.unwrap();
        assert_eq!(ids(&batches), (0..20_000).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn batches_are_cut_alike_every_time() {
    for (_folder, dataset) in every_format().await {
        let first = chunks(&dataset, ReadOptions::default()).await.unwrap();
        assert_eq!(ids(&batches(&first)), (0..60).collect::<Vec<_>>());
        assert_eq!(chunks(&dataset, ReadOptions::default()).await.unwrap(), first);
    }
}

#[tokio::test]
async fn a_read_resumed_at_any_position_gives_the_rest() {
    for (_folder, dataset) in every_format().await {
        let whole = chunks(&dataset, ReadOptions::default()).await.unwrap();
        for (index, chunk) in whole.iter().enumerate() {
            let options = ReadOptions::default().with_resume(chunk.position.clone().unwrap());
            let rest = chunks(&dataset, options).await.unwrap();
            assert_eq!(rest, whole[index + 1..], "{index} {dataset:?}");
        }
    }
}

#[tokio::test]
async fn any_window_of_rows_can_be_read() {
    for (_folder, dataset) in every_format().await {
        for skip in [0, 1, 5, 7, 19, 20, 21, 45, 59, 60, 1000] {
            for limit in [0, 1, 6, 25, 1000] {
                let options = ReadOptions::default().with_skip(skip).with_limit(limit);
                let (_, read) = read_all(&dataset, options).await.unwrap();
                let expected: Vec<i64> = (0..60).skip(skip as usize).take(limit as usize).collect();
                assert_eq!(ids_or_none(&read), expected, "skip {skip}, limit {limit}, {dataset:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_window_can_be_resumed_within() {
    for (_folder, dataset) in every_format().await {
        let window = chunks(&dataset, ReadOptions::default().with_skip(17).with_limit(30)).await.unwrap();
        let position = window[1].position.clone().unwrap();
        let rest = read_all(&dataset, ReadOptions::default().with_resume(position)).await.unwrap().1;
        let read = batches(&window[..2]);
        let all: Vec<i64> = ids(&read).into_iter().chain(ids(&rest)).collect();
        assert_eq!(all, (17..60).collect::<Vec<_>>());
    }
}

fn ids_or_none(batches: &[RecordBatch]) -> Vec<i64> {
    if batches.is_empty() { Vec::new() } else { ids(batches) }
}

#[tokio::test]
async fn columns_come_as_asked_for() {
    for (_folder, dataset) in every_format().await {
        let whole = read_all(&dataset, ReadOptions::default()).await.unwrap().1;
        let swapped = ReadOptions::default().with_projection(["name", "id"]);
        let (schema, read) = read_all(&dataset, swapped).await.unwrap();
        assert_eq!(schema.field(0).name(), "name");
        assert_eq!(read, whole.iter().map(|batch| batch.project(&[1, 0]).unwrap()).collect::<Vec<_>>());
        let (_, read) = read_all(&dataset, ReadOptions::default().with_projection(["name"])).await.unwrap();
        assert_eq!(read, whole.iter().map(|batch| batch.project(&[1]).unwrap()).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn no_columns_are_rows_nonetheless() {
    for (_folder, dataset) in every_format().await {
        let none = ReadOptions::default().with_projection(Vec::<String>::new());
        let (schema, read) = read_all(&dataset, none).await.unwrap();
        assert_eq!(schema.fields().len(), 0);
        assert_eq!(read.iter().map(RecordBatch::num_rows).sum::<usize>(), 60, "{dataset:?}");
    }
}

#[tokio::test]
async fn an_unknown_column_is_named() {
    let folder = Folder::new();
    folder.write("a.csv", csv(0, 1));
    let dataset = folder.open("a.csv").await.unwrap();
    let error = read_all(&dataset, ReadOptions::default().with_projection(["nmae"])).await.unwrap_err();
    check(&error, ErrorKind::InvalidArgument, &["no column `nmae`", "`name`"]);
}

#[tokio::test]
async fn following_is_unsupported() {
    let folder = Folder::new();
    folder.write("a.csv", csv(0, 1));
    let dataset = folder.open("a.csv").await.unwrap();
    let error = read_all(&dataset, ReadOptions::default().with_follow(true)).await.unwrap_err();
    check(&error, ErrorKind::Unsupported, &["`follow`"]);
}

#[tokio::test]
async fn a_foreign_position_is_refused() {
    let folder = Folder::new();
    folder.write("a.csv", csv(0, 1));
    let dataset = folder.open("a.csv").await.unwrap();
    for bytes in [&b""[..], b"nonsense", &[9; 29]] {
        let options = ReadOptions::default().with_resume(Position::new(bytes.to_vec()));
        check(
            &read_all(&dataset, options).await.unwrap_err(),
            ErrorKind::InvalidArgument,
            &["read from the start"],
        );
    }
}

#[tokio::test]
async fn a_changed_file_ends_what_could_be_resumed() {
    let folder = Folder::new();
    folder.write("x/a.csv", csv(0, 10)).write("x/b.csv", csv(10, 10));
    let dataset = folder.open_with("x", folder.options().with_batch_rows(5)).await.unwrap();
    let read = chunks(&dataset, ReadOptions::default()).await.unwrap();
    let resume = ReadOptions::default().with_resume(read[0].position.clone().unwrap());
    folder.write("x/b.csv", csv(10, 11));
    let error = read_all(&dataset, resume.clone()).await.unwrap_err();
    check(&error, ErrorKind::SnapshotChanged, &["`b.csv` is not what it was when the read began"]);
    let other = folder.open("x").await.unwrap();
    check(
        &read_all(&other, resume).await.unwrap_err(),
        ErrorKind::SnapshotChanged,
        &["read again from the start"],
    );
}

#[tokio::test]
async fn a_new_file_is_in_the_next_read_and_not_in_a_resumed_one() {
    let folder = Folder::new();
    folder.write("x/a.csv", csv(0, 10));
    let dataset = folder.open_with("x", folder.options().with_batch_rows(5)).await.unwrap();
    let read = chunks(&dataset, ReadOptions::default()).await.unwrap();
    folder.write("x/b.csv", csv(10, 10));
    let resume = ReadOptions::default().with_resume(read[0].position.clone().unwrap());
    assert_eq!(ids(&read_all(&dataset, resume).await.unwrap().1), [5, 6, 7, 8, 9]);
    assert_eq!(ids(&read_all(&dataset, ReadOptions::default()).await.unwrap().1).len(), 20);
}

#[tokio::test]
async fn the_snapshot_is_that_of_the_files() {
    let folder = Folder::new();
    folder.write("x/a.csv", csv(0, 10));
    let dataset = folder.open("x").await.unwrap();
    let first = dataset.describe(CallContext::new()).await.unwrap().snapshot;
    let read = dataset.read(CallContext::new(), ReadOptions::default()).await.unwrap();
    assert_eq!(read.snapshot(), first.as_ref());
    folder.write("x/b.csv", csv(0, 10));
    assert_ne!(dataset.describe(CallContext::new()).await.unwrap().snapshot, first);
}

#[tokio::test]
async fn writes_are_refused_with_the_reason() {
    let folder = Folder::new();
    folder.write("a.csv", csv(0, 1));
    let dataset = folder.open("a.csv").await.unwrap();
    let batches = arrowlink_core::BatchStream::from_batches(rows(0, 1).schema(), vec![rows(0, 1)]);
    let error = dataset.write(CallContext::new(), batches, WriteOptions::default()).await.unwrap_err();
    check(
        &error,
        ErrorKind::ReadOnly,
        &["the dataset is served from `a.csv`", "write to a name that is not served from files"],
    );
}

#[tokio::test]
async fn keeps_the_contract_of_a_service() {
    for (_folder, dataset) in every_format().await {
        let rows = read_all(&dataset, ReadOptions::default()).await.unwrap().1;
        let name: Name = "files".parse().unwrap();
        let catalog = Catalog::new().with_dataset(name.clone(), std::sync::Arc::new(dataset));
        let suite = Suite::new().refusing(Capability::Write, ErrorKind::NotFound).with_dataset(name, rows);
        let report = suite.run(&catalog).await;
        assert!(report.is_conformant(), "{report}");
    }
}
