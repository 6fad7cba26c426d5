//! A process that is killed while it stores: what was acknowledged is there, and everything is whole.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use arrowlink_core::{DataServiceExt as _, Name};
use arrowlink_store::{Store, StoreOptions};

use crate::support::{ids_batch, ids_of};

/// Kills the writer after it acknowledged 0, 1, 2, ... uploads, at whatever it does then, on one growing folder.
#[tokio::test]
async fn killed_process_loses_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let (mut uploads, mut kills_in_upload) = (0, 0);
    for round in 0..ROUNDS {
        let acknowledged = write_and_kill(folder.path(), uploads, round);
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

/// Starts a writer, reads `acks` acknowledgements from it and kills it; returns how many uploads must be there.
fn write_and_kill(folder: &Path, before: usize, acks: usize) -> usize {
    let mut writer = helper(folder);
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

fn helper(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::helper_writes_until_it_is_killed", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The process that is killed; a test only so that it needs no binary of its own. Does nothing by itself.
#[test]
fn helper_writes_until_it_is_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let store = Store::open(Path::new(&folder), StoreOptions::default()).unwrap();
    let say = |line: &str| writeln!(std::io::stdout(), "{line}").unwrap();
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
