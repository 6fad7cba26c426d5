//! A process that is killed while it stores: what was acknowledged is there, and everything is whole.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use arrowlink_core::{
    BatchStream, CallContext, DataService as _, DataServiceExt as _, Name, WriteMode, WriteOptions,
};
use arrowlink_store::{Store, StoreOptions};

use crate::support::{ids_batch, ids_of};

/// Kills the writer after it acknowledged 0, 1, 2, ... uploads, at whatever it does then, on one growing folder.
#[tokio::test]
async fn killed_process_loses_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let (mut uploads, mut kills_in_upload) = (0, 0);
    for round in 0..ROUNDS {
        let acknowledged = write_and_kill("writes", folder.path(), uploads, round);
        let found = check_whole(folder.path()).await;
        assert!(found >= acknowledged, "{acknowledged} were acknowledged, {found} are there");
        assert!(found <= acknowledged + WRITERS, "{found} uploads of which {acknowledged} were acknowledged");
        kills_in_upload += found - acknowledged;
        uploads = found;
    }
    assert!(
        uploads >= ROUNDS * (ROUNDS - 1) / 2,
        "{uploads} uploads, of which {kills_in_upload} were not acknowledged"
    );
}

/// The same for a dataset that is replaced again and again: what is there is one of its states, whole, and none from
/// before the last one that was acknowledged.
#[tokio::test]
async fn killed_process_leaves_the_old_dataset_or_the_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = 0;
    for round in 0..ROUNDS {
        let acknowledged = write_and_kill("replaces", folder.path(), state, round);
        state = check_replaced(folder.path()).await;
        assert!(
            (acknowledged..=acknowledged + 1).contains(&state),
            "{acknowledged} was acknowledged, not {state}"
        );
    }
    assert!(state >= ROUNDS * (ROUNDS - 1) / 2, "the last of {state} states");
}

/// Asserts that the dataset has the rows of one write and no file but that one; returns which write.
async fn check_replaced(folder: &Path) -> usize {
    let store = Store::open(folder, StoreOptions::default()).unwrap();
    let Ok((_, batches)) = store.read_all(&name(0)).await else { return 0 };
    let ids = ids_of(&batches);
    assert!(ids.len() == ROWS && ids.iter().all(|id| *id == ids[0]), "the dataset is mixed or cut");
    assert_eq!(folder.join(name(0).as_str()).read_dir().unwrap().count(), 1);
    ids[0] as usize
}

/// Starts a writer, reads `acks` acknowledgements from it and kills it; returns how many uploads must be there.
fn write_and_kill(does: &str, folder: &Path, before: usize, acks: usize) -> usize {
    let mut writer = helper(does, folder);
    let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.by_ref().any(|line| line.ends_with(READY)), "the writer did not start");
    let heard = lines.by_ref().take(acks).filter(|line| line == ACKNOWLEDGED).count();
    writer.kill().unwrap();
    writer.wait().unwrap();
    // What was acknowledged between the last line that was waited for and the kill counts as well.
    before + heard + lines.filter(|line| line == ACKNOWLEDGED).count()
}

/// Asserts that every upload in `folder` has all of its rows; returns how many there are.
async fn check_whole(folder: &Path) -> usize {
    let store = Store::open(folder, StoreOptions::default()).unwrap();
    assert_eq!(folder.join(".aside").read_dir().unwrap().count(), 0);
    let mut uploads = 0;
    for writer in 0..WRITERS {
        let Ok((_, batches)) = store.read_all(&name(writer)).await else { continue };
        let ids = ids_of(&batches);
        assert_eq!(ids.len() % ROWS, 0);
        for upload in ids.chunks(ROWS) {
            assert!(upload.iter().all(|id| *id == upload[0]), "an upload is mixed or cut");
        }
        uploads += ids.len() / ROWS;
    }
    uploads
}

fn name(writer: usize) -> Name {
    Name::new(&format!("events{writer}")).unwrap()
}

fn helper(does: &str, folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .arg(format!("crash::helper_{does}_until_it_is_killed"))
        .args(["--exact", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The other process that is killed; it goes on from the state that is there.
#[tokio::test]
async fn helper_replaces_until_it_is_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let first = check_replaced(Path::new(&folder)).await + 1;
    let store = Store::open(Path::new(&folder), StoreOptions::default()).unwrap();
    say(&format!("\n{READY}"));
    for id in first.. {
        let batch = ids_batch(&vec![id as i64; ROWS / 3]);
        let batches = BatchStream::from_batches(batch.schema(), vec![batch.clone(), batch.clone(), batch]);
        let options = WriteOptions::default().with_mode(WriteMode::Replace);
        store.write(CallContext::new(), name(0), batches, options).await.unwrap();
        say(ACKNOWLEDGED);
    }
}

fn say(line: &str) {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{line}").unwrap();
}

/// The process that is killed; a test only so that it needs no binary of its own. Does nothing by itself.
#[test]
fn helper_writes_until_it_is_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let store = Store::open(Path::new(&folder), StoreOptions::default()).unwrap();
    say(&format!("\n{READY}"));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        for id in 0..i64::MAX {
            let uploads = (0..WRITERS).map(async |writer| {
                let batch = ids_batch(&vec![id; ROWS / 3]);
                store
                    .append(&name(writer), batch.schema(), vec![batch.clone(), batch.clone(), batch])
                    .await
                    .unwrap();
                say(ACKNOWLEDGED);
            });
            futures::future::join_all(uploads).await;
        }
    });
}

const FOLDER: &str = "ARROWLINK_STORE_TEST_FOLDER";
const READY: &str = "ready";
const ACKNOWLEDGED: &str = "acknowledged";
const ROUNDS: usize = 16;
const WRITERS: usize = 2;
const ROWS: usize = 3 * 4_000;
