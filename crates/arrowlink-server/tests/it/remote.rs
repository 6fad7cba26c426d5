//! Datasets of another server, by Flight.

use crate::support::{Program, client, name, run};

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
