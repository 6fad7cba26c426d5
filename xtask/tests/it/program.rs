//! The program as it is called.

use std::process::{Command, Output};

fn xtask(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).output().expect("xtask starts")
}

/// Checks the exit code and a part of what is printed on either output.
fn check(arguments: &[&str], code: i32, part: &str) {
    let output = xtask(arguments);
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).expect("text");
    assert!(text.contains(part), "`{part}` is not in: {text}");
    assert_eq!(output.status.code(), Some(code), "{text}");
}

#[test]
fn lists_the_tasks() {
    for task in ["gen", "certs", "demo", "test", "tidy", "sanitize", "substrait", "bench", "ci"] {
        check(&[], 0, &format!("\n  {task} "));
    }
}

#[test]
fn explains_a_task() {
    check(&["demo", "--help"], 0, "--port N");
    check(&["gen", "-h"], 0, "--check");
}

#[test]
fn offers_the_nearest_task() {
    check(&["gne"], 2, "error: there is no task `gne`; did you mean `gen`?");
    check(&["demmo"], 2, "did you mean `demo`?");
    check(&["frobnicate"], 2, "`cargo xtask` lists them");
}

#[test]
fn rejects_options_that_do_not_exist() {
    check(&["gen", "--chekc"], 1, "`--chekc` is not an option of `cargo xtask gen`");
    check(&["demo", "--port"], 1, "`--port` needs a value");
    check(&["demo", "--port", "70000"], 1, "`70000` is not a port");
    check(&["demo", "--port=-1"], 1, "`-1` is not a port");
}
