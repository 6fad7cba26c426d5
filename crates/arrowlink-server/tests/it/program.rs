//! `arrowlink-server` as a program: what it says, what it refuses to start with, how it ends.

use arrowlink_core::CallContext;
use arrowlink_transport::certificates;
use expect_test::expect;
use futures::StreamExt as _;

use crate::support::{Program, client, name, run};

#[tokio::test]
async fn serves_one_row_over_tls_without_any_arguments() {
    let program = Program::start(&[]);
    let client = client(program.port, &program.ca()).await;
    let (schema, batches) = client.read_all(&name("default")).await.unwrap();
    assert_eq!(
        schema.fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>(),
        ["id", "value"]
    );
    assert_eq!(batches.iter().map(arrow_array::RecordBatch::num_rows).sum::<usize>(), 1);
}

#[test]
fn says_what_to_do_next() {
    let program = Program::start(&["--dataset", "readings=demo://?rows=10"]);
    let said = program.stderr();
    let port = program.port;
    for part in [
        &format!("https://127.0.0.1:{port}"),
        "certs/ca.crt",
        "localhost, 127.0.0.1",
        "default  1 row",
        "readings  10 rows",
        "kept in memory",
        &format!("python3 python/main.py --address localhost:{port}"),
        "arrowlink head default",
    ] {
        assert!(said.contains(part), "`{part}` is missing in\n{said}");
    }
    assert!(!said.contains('\u{1b}'), "no colours in a file");
}

#[tokio::test]
async fn ends_with_0_when_nothing_runs() {
    let mut program = Program::start(&[]);
    program.signal("TERM");
    let (status, rest) = program.wait().await;
    assert_eq!((status.code(), rest.as_str()), (Some(0), ""));
}

#[tokio::test]
async fn lets_a_running_call_finish_and_ends_with_0() {
    let mut program = Program::start(&["--dataset", "big=demo://?rows=3000000"]);
    let client = client(program.port, &program.ca()).await;
    let mut rows = client.read(CallContext::new(), Some(&name("big"))).await.unwrap();
    let mut count = rows.next().await.unwrap().unwrap().batch.num_rows();
    program.signal("TERM");
    program.line(&["asked to end"]).await;
    while let Some(chunk) = rows.next().await {
        count += chunk.unwrap().batch.num_rows();
    }
    assert_eq!(count, 3_000_000);
    drop((rows, client));
    assert_eq!(program.wait().await.0.code(), Some(0));
}

#[tokio::test]
async fn cuts_a_call_past_the_grace_period_and_ends_with_3() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("arrowlink.toml"), "[limits]\ngrace = '1ms'\n").unwrap();
    let mut program = Program::start_in(dir, &["--dataset", "big=demo://?rows=100000000"]);
    let client = client(program.port, &program.ca()).await;
    let mut rows = client.read(CallContext::new(), Some(&name("big"))).await.unwrap();
    rows.next().await.unwrap().unwrap();
    program.signal("TERM");
    assert_eq!(program.wait().await.0.code(), Some(3));
    program.line(&["GetArrowData", "status=\"CANCELLED\""]).await;
}

#[tokio::test]
async fn ends_at_once_at_the_second_interrupt() {
    let mut program = Program::start(&["--dataset", "big=demo://?rows=100000000"]);
    let client = client(program.port, &program.ca()).await;
    let mut rows = client.read(CallContext::new(), Some(&name("big"))).await.unwrap();
    rows.next().await.unwrap().unwrap();
    program.signal("INT");
    program.line(&["asked to end"]).await;
    program.signal("INT");
    assert_eq!(program.wait().await.0.code(), Some(3));
}

#[test]
fn names_the_address_that_is_taken_and_ends_with_69() {
    let program = Program::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    let addr = format!("127.0.0.1:{}", program.port);
    let (code, stdout, stderr) = run(dir.path(), &["--listen", &addr]);
    assert_eq!((code, stdout.as_str()), (69, ""));
    assert!(stderr.contains(&format!("`{addr}` is taken")) && stderr.contains("--listen"), "{stderr}");
}

#[test]
fn refuses_a_dataset_that_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    let (code, stdout, stderr) = run(dir.path(), &["--dataset", "trips=nowhere.parquet"]);
    assert_eq!((code, stdout.as_str()), (78, ""));
    expect![[r#"
        arrowlink-server: cannot serve dataset `trips`: there is no file or folder `nowhere.parquet`
    "#]]
    .assert_eq(&stderr);
}

#[test]
fn refuses_a_configuration_that_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("arrowlink.toml"), "[server]\ndata_dri = 'x'\n").unwrap();
    let (code, _, stderr) = run(dir.path(), &[]);
    assert_eq!(code, 78);
    expect![[r#"
        arrowlink-server: arrowlink.toml:2: unknown key `server.data_dri`, did you mean `server.data_dir`?
    "#]]
    .assert_eq(&stderr);
    let (code, _, stderr) = run(dir.path(), &["--config", "other.toml"]);
    assert_eq!(code, 78);
    expect![[r#"
        arrowlink-server: cannot read the configuration `other.toml`: No such file or directory (os error 2)
    "#]]
    .assert_eq(&stderr);
}

#[test]
fn refuses_what_other_machines_could_reach_without_a_certificate_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let (code, _, stderr) = run(dir.path(), &["--listen", "0.0.0.0:0"]);
    assert_eq!(code, 78);
    expect![[r#"
        arrowlink-server: `0.0.0.0:0` can be reached from other machines, whose clients do not trust a certificate of development: give your own by `server.tls.cert` and `server.tls.key`, put `server.crt` and `server.key` into a folder for `--tls-dir`, or listen on 127.0.0.1
    "#]].assert_eq(&stderr);
    assert!(!dir.path().join("certs").exists(), "nothing is made for a server that does not start");
}

#[test]
fn ends_with_2_for_flags_that_there_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let (code, _, stderr) = run(dir.path(), &["--lissten", "x"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("--listen"), "{stderr}");
    assert_eq!(run(dir.path(), &["--dataset", "trips"]).0, 2);
}

#[test]
fn says_its_version_and_helps() {
    let dir = tempfile::tempdir().unwrap();
    let (code, stdout, _) = run(dir.path(), &["--version"]);
    assert_eq!((code, stdout), (0, format!("arrowlink-server {}\n", env!("CARGO_PKG_VERSION"))));
    let (code, stdout, _) = run(dir.path(), &["--help"]);
    assert_eq!(code, 0);
    assert!(stdout.starts_with("Serves Arrow tables over gRPC with TLS\n\nUsage:"), "{stdout}");
    for part in ["--dataset <NAME=URI>", "Examples:", "Exit codes:", "SIGHUP"] {
        assert!(stdout.contains(part), "`{part}` is missing in\n{stdout}");
    }
}

#[test]
fn checks_a_configuration_and_makes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("trips.csv"), "id\n1\n").unwrap();
    std::fs::write(dir.path().join("bad.parquet"), "PAR1 this is none").unwrap();
    std::fs::write(
        dir.path().join("arrowlink.toml"),
        "[server]\ndata_dir = 'data'\n[limits]\nmax_data_dir = '1 GiB'\n[[dataset]]\nname = 'trips'\nuri = 'trips.csv'\npin = true\n[[dataset]]\nname = 'bad'\nuri = 'bad.parquet'\n",
    )
    .unwrap();
    let (code, stdout, stderr) = run(dir.path(), &["--check-config", "--listen", "127.0.0.1:0"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    expect![[r#"
        listen                  127.0.0.1:0
        tls                     certificates of development in certs
        default                 default
        uploads                 kept in data, up to 1.0 GiB
        http                    on, to no page of another origin
        dataset                 trips  trips.csv, pinned in memory
        dataset                 bad  bad.parquet, which cannot be read: `bad.parquet`: is not valid Parquet: Parquet error: Invalid Parquet file. Corrupt footer
        max_message_bytes       256.0 MiB
        max_connections         1024
        max_concurrent_streams  256
        max_reads               1024
        max_file_scans          16
        max_writes              64
        max_calls               256
        max_wait                1m
        max_idle_blocks         64.0 MiB
        idle_timeout            10m
        stall_timeout           1m
        exchange_timeout        10m
        handshake_timeout       10s
        call_timeout            none
        grace                   30s
        query.memory            a quarter of the memory
        query.spill_dir         the system's folder for temporary files
        query.max_spill         100.0 GiB
        query.timeout           5m
        query.max_queries       64
        query.max_wait          1m
        stream_window_bytes     2.0 MiB
        connection_window_bytes 4.0 MiB
        max_frame_bytes         256.0 KiB
        max_send_buffer_bytes   512.0 KiB
        nodelay                 true
    "#]]
    .assert_eq(&stdout);
    assert!(!dir.path().join("certs").exists() && !dir.path().join("data").exists());
    let (code, _, stderr) = run(dir.path(), &["--check-config", "--dataset", "trips=nowhere.csv"]);
    assert_eq!(code, 78);
    assert!(stderr.contains("nowhere.csv"), "{stderr}");
}

#[tokio::test]
async fn shows_a_new_certificate_after_a_hangup() {
    let program = Program::start(&[]);
    let old = program.ca();
    client(program.port, &old).await;

    let new = tempfile::tempdir().unwrap();
    certificates::development(new.path()).unwrap();
    let certs = program.dir.path().join("certs");
    std::fs::write(certs.join("server.key"), "no key").unwrap();
    program.signal("HUP");
    program.line(&["the old ones stay in use", "server.key"]).await;
    client(program.port, &old).await;

    for file in ["server.crt", "server.key"] {
        std::fs::copy(new.path().join(file), certs.join(file)).unwrap();
    }
    program.signal("HUP");
    program.line(&["certificates read again"]).await;
    client(program.port, &new.path().join("ca.crt")).await;
}

#[tokio::test]
async fn serves_what_was_stored_after_a_restart() {
    let mut program = Program::start(&["--data-dir", "data"]);
    let batch = arrow_array::record_batch!(("id", Int64, [1, 2, 3])).unwrap();
    let connected = client(program.port, &program.ca()).await;
    let receipt = connected.append(&name("readings"), vec![batch.clone()]).await.unwrap();
    assert_eq!((receipt.rows, receipt.durability.to_string().as_str()), (3, "durable"));
    drop(connected);
    program.signal("KILL");
    program.wait().await;

    let dir = std::mem::replace(&mut program.dir, tempfile::tempdir().unwrap());
    let again = Program::start_in(dir, &["--data-dir", "data"]);
    let connected = client(again.port, &again.ca()).await;
    assert_eq!(connected.read_all(&name("readings")).await.unwrap().1, [batch]);
}

#[tokio::test]
async fn refuses_a_dataset_that_would_hide_stored_uploads() {
    let mut program = Program::start(&["--data-dir", "data"]);
    let client = client(program.port, &program.ca()).await;
    let (_, batches) = client.read_all(&name("default")).await.unwrap();
    client.append(&name("trips"), batches).await.unwrap();
    drop(client);
    program.signal("TERM");
    assert_eq!(program.wait().await.0.code(), Some(0));
    let (code, _, said) =
        run(program.dir.path(), &["--data-dir", "data", "--dataset", "trips=demo://?rows=1"]);
    assert_eq!(code, 78);
    expect![[r#"
        arrowlink-server: dataset `trips` would hide the uploads in `data/trips`: give it another name, or move that folder away
    "#]]
    .assert_eq(&said);
}

#[test]
fn offers_a_name_that_the_certificate_has() {
    let dir = tempfile::tempdir().unwrap();
    let files = certificates::wrong_host(&dir.path().join("dev")).unwrap();
    std::fs::create_dir(dir.path().join("own")).unwrap();
    for file in [files.ca, files.cert, files.key] {
        std::fs::copy(&file, dir.path().join("own").join(file.file_name().unwrap())).unwrap();
    }
    let program = Program::start_in(dir, &["--tls-dir", "own"]);
    let (said, port) = (program.stderr(), program.port);
    let names = said.lines().find_map(|line| line.trim_start().strip_prefix("valid for")).unwrap();
    let host = names.trim().split(", ").next().unwrap();
    assert_ne!(host, "localhost");
    assert!(said.contains(&format!("--address {host}:{port}")), "{said}");
    assert!(said.contains(&format!("--server https://{host}:{port}")), "{said}");
}

#[tokio::test]
async fn serves_stored_uploads_named_default_rather_than_the_one_row() {
    let arguments = ["--data-dir", "data", "--dataset", "trips=demo://?rows=3"];
    let mut program = Program::start(&[&arguments[..], &["--default", "trips"]].concat());
    let caller = client(program.port, &program.ca()).await;
    let (_, batches) = caller.read_all(&name("trips")).await.unwrap();
    caller.append(&name("default"), batches.clone()).await.unwrap();
    drop(caller);
    program.signal("TERM");
    assert_eq!(program.wait().await.0.code(), Some(0));
    let dir = std::mem::replace(&mut program.dir, tempfile::tempdir().unwrap());
    let program = Program::start_in(dir, &arguments);
    let caller = client(program.port, &program.ca()).await;
    assert_eq!(caller.read_all(&name("default")).await.unwrap().1, batches);
}
