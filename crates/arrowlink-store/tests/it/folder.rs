//! The data directory: its lock, what is cleared at opening, and what is left alone.

use std::fs;

use arrowlink_core::{CallContext, DataService as _, ErrorKind, ListOptions};
use arrowlink_store::{Store, StoreOptions};
use futures::StreamExt as _;

use crate::support::{Fixture, ids_batch};
use arrowlink_testkit::check_error;

#[tokio::test]
async fn second_store_on_the_same_folder_is_refused() {
    let fixture = Fixture::new();
    let second = Store::open(fixture.path(), StoreOptions::default());
    let parts =
        ["is in use by process", &std::process::id().to_string(), &fixture.path().display().to_string()];
    check_error(second, ErrorKind::Unavailable, &parts);
    let fixture = fixture.reopen(|_| {});
    fixture.put(&[1]).await.unwrap();
}

#[tokio::test]
async fn stale_lock_file_does_not_lock() {
    let fixture = Fixture::new();
    let fixture = fixture.reopen(|folder| fs::write(folder.join(".lock"), "99999999").unwrap());
    assert_eq!(fs::read_to_string(fixture.path().join(".lock")).unwrap(), std::process::id().to_string());
}

#[test]
fn missing_folder_is_made_with_its_parents() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/data");
    Store::open(&path, StoreOptions::default()).unwrap();
    assert!(path.is_dir());
}

#[test]
fn file_in_the_place_of_the_folder_is_refused_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    fs::write(&path, "").unwrap();
    check_error(
        Store::open(&path, StoreOptions::default()),
        ErrorKind::Unavailable,
        &["cannot create the data directory", "data"],
    );
}

/// Every state that a kill can leave, put there by hand.
#[tokio::test]
async fn unfinished_uploads_are_deleted_at_opening() {
    let fixture = Fixture::new();
    fixture.put(&[1]).await.unwrap();
    let whole = fs::read(fixture.file(1)).unwrap();
    let fixture = fixture.reopen(|folder| {
        // Written in part, written whole but not renamed, folder made but nothing renamed into it, half removed.
        fs::write(folder.join(".aside/0001"), &whole[..whole.len() / 2]).unwrap();
        fs::write(folder.join(".aside/0002"), &whole).unwrap();
        fs::create_dir(folder.join("fresh")).unwrap();
        fs::create_dir(folder.join(".aside/0003")).unwrap();
        fs::write(folder.join(".aside/0003/00000000000000000002.arrow"), &whole).unwrap();
    });
    assert_eq!(fixture.tree(), ["events", "events/00000000000000000001.arrow"]);
    assert_eq!(names(&fixture).await, ["events"]);
    assert_eq!(fixture.ids().await.unwrap(), [1]);
}

#[tokio::test]
async fn renamed_upload_is_served_though_nobody_heard_of_it() {
    let fixture = Fixture::new();
    fixture.put(&[1]).await.unwrap();
    let fixture = fixture.reopen(|folder| {
        let place = folder.join("events");
        fs::copy(place.join("00000000000000000001.arrow"), place.join("00000000000000000007.arrow")).unwrap();
    });
    assert_eq!(fixture.ids().await.unwrap(), [1, 1]);
    fixture.put(&[2]).await.unwrap();
    assert!(fixture.file(8).exists(), "{:?}", fixture.tree());
    assert_eq!(fixture.ids().await.unwrap(), [1, 1, 2]);
}

#[tokio::test]
async fn foreign_files_are_left_alone() {
    let fixture = Fixture::new();
    fixture.put(&[1]).await.unwrap();
    let foreign = ["notes.txt", "not a name/x", "events/1.arrow", "events/readme.md", "other/readme.md"];
    let fixture = fixture.reopen(|folder| {
        for file in foreign {
            fs::create_dir_all(folder.join(file).parent().unwrap()).unwrap();
            fs::write(folder.join(file), "foreign").unwrap();
        }
    });
    assert_eq!(names(&fixture).await, ["events"]);
    assert_eq!(fixture.ids().await.unwrap(), [1]);
    for file in foreign {
        assert_eq!(fs::read_to_string(fixture.path().join(file)).unwrap(), "foreign");
    }
}

#[tokio::test]
async fn name_whose_folder_was_left_is_created_again() {
    let fixture = Fixture::new().reopen(|folder| {
        fs::create_dir(folder.join("events")).unwrap();
        fs::write(folder.join("events/readme.md"), "foreign").unwrap();
    });
    check_error(fixture.ids().await, ErrorKind::NotFound, &["`events`"]);
    fixture.put_with(vec![ids_batch(&[3])], Default::default()).await.unwrap();
    assert_eq!(fixture.ids().await.unwrap(), [3]);
}

async fn names(fixture: &Fixture) -> Vec<String> {
    let entries = fixture.store.list(CallContext::new(), ListOptions::default()).await.unwrap();
    entries.map(|entry| entry.unwrap().name.to_string()).collect().await
}
