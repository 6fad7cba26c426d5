//! Datasets of another server, by Flight.

use std::sync::Arc;

use arrowlink_core::{Catalog, ErrorKind, MemoryDataset};
use arrowlink_testkit::{OnlyAli, check_error, three_rows};

use crate::support::{Program, Running, client, name, run};

/// Starts a program that serves `uri`, an address up to the name, as `far`.
fn near(uri: &str, settings: &str) -> Program {
    let dir = tempfile::tempdir().unwrap();
    let file = format!("[[dataset]]\nname = 'far'\nuri = '{uri}'\n{settings}");
    std::fs::write(dir.path().join("arrowlink.toml"), file).unwrap();
    Program::start_in(dir, &[])
}

#[tokio::test]
async fn a_dataset_of_another_server_is_served() {
    let far = Program::start(&["--dataset", "demo=demo://?rows=200000", "--dataset", "tpch=tpch://sf=0.1"]);
    for (dataset, rows) in [("demo", 200_000), ("tpch.orders", 150_000)] {
        let ca = format!("ca = '{}'\n", far.ca().display());
        let near = near(&format!("grpc+tls://localhost:{}/{dataset}", far.port), &ca);
        let (_, batches) = client(near.port, &near.ca()).await.read_all(&name("far")).await.unwrap();
        assert_eq!(batches.iter().map(|batch| batch.num_rows()).sum::<usize>(), rows, "{dataset}");
    }
}

/// A server of the dataset `trips` that knows `ali`.
async fn guarded() -> Running {
    let trips = MemoryDataset::new(three_rows().schema(), vec![three_rows()]).unwrap();
    let catalog = Catalog::new().with_dataset(name("trips"), Arc::new(trips));
    Running::guarded(Arc::new(catalog), Arc::new(OnlyAli)).await
}

#[tokio::test]
async fn a_token_of_a_file_is_sent_to_the_other_server() {
    let far = guarded().await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("far.token");
    std::fs::write(&file, "token-of-ali\n").unwrap();
    let uri = format!("grpc+tls://localhost:{}/trips", far.port);
    let settings = format!("ca = '{}'\ntoken_file = '{}'\n", far.ca().display(), file.display());
    let near = near(&uri, &settings);
    let (_, batches) = client(near.port, &near.ca()).await.read_all(&name("far")).await.unwrap();
    assert_eq!(batches, [three_rows()]);
    drop(near);
    far.stop().await;
}

#[tokio::test]
async fn a_token_that_the_other_server_does_not_know_is_a_matter_of_the_two() {
    let far = guarded().await;
    let near = near(
        &format!("grpc+tls://localhost:{}/trips", far.port),
        &format!("ca = '{}'\n", far.ca().display()),
    );
    let read = client(near.port, &near.ca()).await.read_all(&name("far")).await;
    check_error(
        read,
        ErrorKind::Unavailable,
        &["refuses this server or is not trusted by it", "checks the token"],
    );
    drop(near);
    far.stop().await;
}

#[test]
fn a_file_without_a_token_is_refused_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("empty.token"), "\n").unwrap();
    for (file, why) in
        [("none.token", "cannot be read"), ("empty.token", "has no token: write it there, alone")]
    {
        let text = format!(
            "[[dataset]]\nname = 'far'\nuri = 'grpc+unix:///nowhere/a.sock/trips'\ntoken_file = '{file}'\n"
        );
        std::fs::write(dir.path().join("arrowlink.toml"), text).unwrap();
        let (code, _, stderr) = run(dir.path(), &["--check-config"]);
        assert_eq!(code, 78);
        assert!(stderr.contains(file) && stderr.contains(why), "{stderr}");
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_an_error_of_the_read_alone() {
    let dir = tempfile::tempdir().unwrap();
    let near = near(&format!("grpc+unix://{}/no.sock/trips", dir.path().display()), "");
    let caller = client(near.port, &near.ca()).await;
    let error = caller.read_all(&name("far")).await.unwrap_err();
    assert!(error.chain().contains("no.sock"), "{}", error.chain());
    assert_eq!(caller.read_all(&name("default")).await.unwrap().1[0].num_rows(), 1);
}

#[test]
fn plaintext_to_another_server_is_refused_unless_it_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let check = |uri: &str| run(dir.path(), &["--check-config", "--dataset", &format!("far={uri}")]);
    let (code, _, stderr) = check("grpc+tcp://localhost:1/trips");
    assert_eq!(code, 78);
    assert!(stderr.contains("would be plaintext: use `grpc+tls://`"), "{stderr}");
    let (code, _, stderr) = check("grpc+tls://localhost:1");
    assert_eq!(code, 78);
    assert!(stderr.contains("expected `grpc+tls://host:port/name`"), "{stderr}");
}
