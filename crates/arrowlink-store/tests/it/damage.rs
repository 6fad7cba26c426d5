//! Stored files that are no longer what was written.

use std::fs;
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_ipc::writer::FileWriter;
use arrowlink_core::{
    CallContext, DataService as _, DataServiceExt as _, ErrorKind, ListOptions, Name, Target,
};
use arrowlink_store::{Store, StoreOptions};
use futures::TryStreamExt as _;

use crate::support::{Fixture, events, ids_batch};
use arrowlink_testkit::check_error;

const FILE: &str = "events/00000000000000000002.arrow";

/// Damages the second of three uploads and asserts that all that is asked of its dataset names the file.
async fn check(damage: impl Fn(&mut Vec<u8>), how: &str) {
    let fixture = Fixture::new();
    for id in 0..3 {
        fixture.put(&[id]).await.unwrap();
    }
    let batch = ids_batch(&[9]);
    let other = Name::new("other").unwrap();
    fixture.store.append(&other, batch.schema(), vec![batch.clone()]).await.unwrap();
    let fixture = fixture.reopen(|folder| rewrite(&folder.join(FILE), damage));

    let entries = fixture.store.list(CallContext::new(), ListOptions::default()).await.unwrap();
    let entries: Vec<_> = entries.try_collect().await.unwrap();
    assert_eq!(entries.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>(), ["events", "other"]);
    for entry in entries.into_iter().filter(|entry| entry.name == events()) {
        check_error(entry.description, ErrorKind::Corrupt, &[FILE, how]);
    }
    let described = fixture.store.describe(CallContext::new(), Target::Name(events())).await;
    check_error(described, ErrorKind::Corrupt, &[FILE, how]);
    check_error(fixture.ids().await, ErrorKind::Corrupt, &[FILE, how]);
    check_error(fixture.put(&[5]).await, ErrorKind::Corrupt, &[FILE, how]);
    assert_eq!(fixture.store.read_all(&other).await.unwrap().1, [batch]);
    fixture.store.remove(&events()).await.unwrap();
    fixture.put(&[5]).await.unwrap();
    assert_eq!(fixture.ids().await.unwrap(), [5]);
}

fn rewrite(path: &Path, damage: impl Fn(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    damage(&mut bytes);
    fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn cut_off_file_is_named() {
    check(|bytes| bytes.truncate(bytes.len() / 2), "its end is missing").await;
}

#[tokio::test]
async fn empty_file_is_named() {
    check(Vec::clear, "its end is missing").await;
}

#[tokio::test]
async fn file_of_zeros_is_named() {
    check(|bytes| bytes.fill(0), "its end is missing").await;
}

#[tokio::test]
async fn wrong_footer_length_is_named() {
    let damage = |bytes: &mut Vec<u8>| {
        let length = bytes.len() - 10;
        bytes[length..length + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    };
    check(damage, "its footer is longer than the file").await;
}

#[tokio::test]
async fn lost_beginning_is_named() {
    check(|bytes| bytes[..64].fill(0), "its beginning is not that of an Arrow file").await;
}

#[tokio::test]
async fn arrow_file_that_no_store_wrote_is_named() {
    let damage = |bytes: &mut Vec<u8>| {
        let batch = ids_batch(&[1]);
        let mut writer = FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        *bytes = writer.into_inner().unwrap();
    };
    check(damage, "it was not written by a store").await;
}

#[tokio::test]
async fn upload_of_another_schema_is_named_when_it_is_read() {
    let fixture = Fixture::new();
    fixture.put(&[1]).await.unwrap();
    let names = arrow_array::record_batch!(("name", Utf8, ["a"])).unwrap();
    fixture.store.append(&Name::new("names").unwrap(), names.schema(), vec![names]).await.unwrap();
    let fixture = fixture.reopen(|folder| {
        fs::copy(folder.join("names/00000000000000000001.arrow"), folder.join(FILE)).unwrap();
    });
    check_error(fixture.ids().await, ErrorKind::Corrupt, &[FILE, "does not belong", "column `id`"]);
}

#[tokio::test]
async fn file_damaged_while_the_store_is_open_is_named() {
    let fixture = Fixture::new();
    fixture.put(&[1]).await.unwrap();
    fixture.put(&[2]).await.unwrap();
    rewrite(&fixture.file(2), |bytes| bytes.truncate(100));
    check_error(fixture.ids().await, ErrorKind::Corrupt, &[FILE]);
}

/// No mutation of a byte may end a read in a panic; it ends in the rows, in other rows, or in `Corrupt`.
#[tokio::test]
async fn no_mutated_byte_panics() {
    let fixture = Fixture::new();
    fixture.put(&[1, 2, 3]).await.unwrap();
    let whole = fs::read(fixture.file(1)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("events")).unwrap();
    let path = folder.path().join("events/00000000000000000001.arrow");
    for (idx, flip) in (0..whole.len()).flat_map(|idx| [(idx, 0x01), (idx, 0x80), (idx, 0xff)]) {
        let mut bytes = whole.clone();
        bytes[idx] ^= flip;
        fs::write(&path, bytes).unwrap();
        let store = Store::open(folder.path(), StoreOptions::default()).unwrap();
        match store.read_all(&events()).await {
            Ok((_, batches)) => assert!(batches.iter().map(RecordBatch::num_rows).sum::<usize>() <= 3),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Corrupt, "byte {idx} ^ {flip:#x}: {}", error.chain());
                assert!(error.chain().contains("00000000000000000001.arrow"), "{}", error.chain());
            }
        }
    }
}
