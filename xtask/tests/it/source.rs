//! What stands in source files.

use xtask::tidy::check_source;

fn check(file: &str, text: &str, expected: &[&str]) {
    let problems: Vec<String> = check_source(file, text).iter().map(ToString::to_string).collect();
    assert_eq!(problems, expected);
}

/// Checks one line of Rust below a first line that is as it should be.
fn check_line(file: &str, line: &str, expected: &str) {
    check(file, &format!("//! A purpose.\n\n{line}\n"), &[&format!("{file}:3: {expected}")]);
}

#[test]
fn accepts_a_file_that_says_its_purpose() {
    check("crates/a/src/lib.rs", "//! A purpose.\n\nuse std::fs;\n", &[]);
}

#[test]
fn rejects_a_file_without_purpose() {
    let expected = "crates/a/src/a.rs:1: begin with `//!` and one sentence of purpose";
    check("crates/a/src/a.rs", "use std::fs;\n", &[expected]);
    check("crates/a/src/a.rs", "", &[expected]);
    check("crates/a/src/a.rs", "\n//! Too late.\n", &[expected]);
}

#[test]
fn rejects_mod_rs() {
    let expected = "crates/a/src/b/mod.rs: rename it to `b.rs`; no file is called `mod.rs`";
    check("crates/a/src/b/mod.rs", "//! A purpose.\n", &[expected]);
}

#[test]
fn rejects_what_is_not_finished() {
    let expected = "finish it; nothing is left to do in the code";
    check_line("crates/a/src/a.rs", "// TODO: more", expected);
    check_line("crates/a/src/a.rs", "let x = dbg!(x);", expected);
    check("python/main.py", "# FIXME\n", &["python/main.py:1: finish it; nothing is left to do in the code"]);
}

#[test]
fn rejects_glob_imports_outside_generated_code() {
    check_line("crates/a/src/a.rs", "use std::io::*;", "name what is imported; no glob imports");
    check("crates/a/src/a.rs", "//! Bindings, @generated.\nuse tonic::codegen::*;\n", &[]);
}

#[test]
fn rejects_ignored_and_skipped_tests() {
    check_line("crates/a/tests/it/a.rs", "#[ignore = \"slow\"]", "run it or delete it; no test is ignored");
    let expected = "python/tests/test_a.py:1: run it or delete it; no test is skipped";
    check("python/tests/test_a.py", "@pytest.mark.skip(\"slow\")\n", &[expected]);
}

#[test]
fn rejects_sleeping_in_tests() {
    let expected = "wait for what happens, or pause tokio's clock; tests do not sleep";
    check_line("crates/a/tests/it/a.rs", "tokio::time::sleep(SECOND).await;", expected);
    check_line("crates/a/src/a/tests.rs", "std::thread::sleep(SECOND);", expected);
    check("crates/a/src/a.rs", "//! A purpose.\nstd::thread::sleep(SECOND);\n", &[]);
}

#[test]
fn accepts_sleeping_under_a_paused_clock() {
    let text = "//! A purpose.\n#[tokio::test(start_paused = true)]\nasync fn a() { sleep(SECOND).await; }\n";
    check("crates/a/tests/it/a.rs", text, &[]);
}

#[test]
fn rejects_fixed_ports_in_tests() {
    let expected = "use port 0 and ask for the address; tests have no fixed port";
    check_line("crates/a/tests/it/a.rs", "TcpListener::bind(\"127.0.0.1:50051\")", expected);
    check_line("crates/a/tests/it/a.rs", "serve(\"[::1]:443\".parse()?, options)", expected);
}

#[test]
fn accepts_free_ports_and_addresses_that_are_only_text() {
    let text = "//! A purpose.\nTcpListener::bind(\"127.0.0.1:0\");\nparse(\"127.0.0.1:50051\");\n";
    check("crates/a/tests/it/a.rs", text, &[]);
}

#[test]
fn rejects_private_keys() {
    let expected = "docs/k.pem:1: remove it and make the key when it is needed; no private key is committed";
    check("docs/k.pem", "-----BEGIN EC PRIVATE KEY-----\nMHc\n", &[expected]);
    check("docs/k.md", "A key begins with `-----BEGIN PRIVATE KEY-----`.\n", &[]);
}

#[test]
fn rejects_the_client_in_the_servers_library() {
    let expected = "register it in the binary; the server's library does not know the client";
    check_line("crates/arrowlink-server/src/datasets.rs", "use arrowlink_client::Client;", expected);
    check("crates/arrowlink-server/src/main.rs", "//! A purpose.\nuse arrowlink_client::Client;\n", &[]);
}
