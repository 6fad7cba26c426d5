//! A disk that takes no more: the upload is refused, nothing is left of it, and the store goes on.
//!
//! The kernel itself refuses the bytes: once because the process may not write larger files (which needs no rights),
//! and once because the file system is full (which needs a user namespace with a small file system in it, and is
//! left out with a message where that is not allowed).

use std::path::Path;
use std::process::{Command, Output};

use arrowlink_core::ErrorKind;
use arrowlink_core::{DataServiceExt as _, Name};
use arrowlink_store::{Store, StoreOptions};

use crate::support::{ids_batch, ids_of};
use arrowlink_testkit::check_error;

#[test]
fn largest_file_size_is_a_limit_and_the_store_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    // In blocks of 512 bytes or 1 KiB, as the shell likes; without the signal the write returns an error.
    let output = helper("trap '' XFSZ; ulimit -f 200; exec \"$0\" \"$@\"", folder.path());
    check(&output);
    assert_eq!(folder.path().join(".aside").read_dir().unwrap().count(), 0);
}

#[test]
fn full_file_system_is_a_limit_and_the_store_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mounted = format!("mount -t tmpfs -o size=512k none '{}'", folder.path().display());
    let unshare =
        |script: &str| ["--user", "--map-root-user", "--mount", "sh", "-c", script].map(str::to_owned);
    let possible = Command::new("unshare").args(unshare(&mounted)).output();
    if !possible.is_ok_and(|output| output.status.success()) {
        println!("left out: a file system of its own is not allowed here");
        return;
    }
    let script = format!(
        "unshare --user --map-root-user --mount sh -c \"{mounted} && exec \\\"\\$0\\\" \\\"\\$@\\\"\" \"$0\" \"$@\""
    );
    check(&helper(&script, folder.path()));
}

#[track_caller]
fn check(output: &Output) {
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains(DONE),
        "{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn helper(script: &str, folder: &Path) -> Output {
    Command::new("sh")
        .args(["-c", script])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "full_disk::helper_fills_the_disk", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .output()
        .unwrap()
}

/// The process whose disk is full; a test only so that it needs no binary of its own. Does nothing by itself.
#[test]
fn helper_fills_the_disk() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let folder = Path::new(&folder);
        let store = Store::open(folder, StoreOptions::default()).unwrap();
        let (small, large) = (ids_batch(&[1, 2, 3]), ids_batch(&vec![7; 200_000]));
        let events = Name::new("events").unwrap();
        store.append(&events, small.schema(), vec![small.clone()]).await.unwrap();
        for _ in 0..3 {
            let refused = store.append(&events, large.schema(), vec![large.clone()]).await;
            check_error(refused, ErrorKind::LimitExceeded, &["cannot write", "make room on the disk"]);
            assert_eq!(folder.join(".aside").read_dir().unwrap().count(), 0);
        }
        store.append(&events, small.schema(), vec![small]).await.unwrap();
        drop(store);
        let store = Store::open(folder, StoreOptions::default()).unwrap();
        assert_eq!(ids_of(&store.read_all(&events).await.unwrap().1), [1, 2, 3, 1, 2, 3]);
    });
    println!("{DONE}");
}

const FOLDER: &str = "ARROWLINK_STORE_TEST_FULL_FOLDER";
const DONE: &str = "went on after the disk was full";
