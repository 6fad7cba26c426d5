//! Help, wrong usage, configuration, and the exit codes that scripts rely on.

use std::net::TcpListener;

use crate::support::{Server, run};

#[test]
fn help_has_examples_exit_codes_and_the_environment() {
    let help = run(&["--help"]).ok();
    for part in [
        "Examples:",
        "Exit codes:",
        "ARROWLINK_URI",
        "ARROWLINK_CA_CERT",
        "ARROWLINK_TOKEN",
        "certs/ca.crt",
        "ndjson",
    ] {
        assert!(help.contains(part), "`{part}` is not in {help}");
    }
    for command in ["ls", "show", "head", "get", "put", "rm", "query", "generate"] {
        assert!(run(&[command, "--help"]).ok().contains("Examples:"), "{command}");
    }
}

#[test]
fn wrong_usage_is_2_with_a_suggestion() {
    for (args, part) in [
        (&["heda", "trips"][..], "'head'"),
        (&["head"][..], "<NAME>"),
        (&["head", "no name"][..], "`no name` is not a name"),
        (&["head", "trips", "--timeout", "soon"][..], "`soon` is not a time"),
        (&["head", "trips", "--timeout", "0s"][..], "`0s` is not a time"),
        (&["get", "trips", "-o", "trips.xlsx"][..], "the ending of `trips.xlsx` does not say its format"),
        (&["get", "trips", "-o", "-"][..], "--format"),
        (&["generate", "--rows", "2000000000000"][..], "`--rows`"),
    ] {
        let ran = run(args);
        assert_eq!(ran.code, Some(2), "{args:?}: {ran:?}");
        assert!(ran.stderr.contains(part), "`{part}` is not in {}", ran.stderr);
    }
}

#[test]
fn missing_ca_file_is_78_and_says_how_to_get_it() {
    run(&["head", "trips", "--ca", "nowhere/ca.crt"])
        .failed(78, &["there is no `nowhere/ca.crt`", "hint: ", "ARROWLINK_CA_CERT"]);
}

#[test]
fn server_that_is_not_an_address_is_78() {
    run(&["head", "trips", "--server", "gopher://x"])
        .failed(78, &["`gopher://x` is not the address of a server"]);
    run(&["head", "trips", "--server", "http://localhost:1"]).failed(78, &["in plaintext"]);
}

#[test]
fn token_says_who_asks() {
    let server = Server::guarded();
    let hint = "hint: --token or ARROWLINK_TOKEN says who asks";
    server.run(&["head", "default"]).failed(77, &["the name or the password is wrong", hint]);
    let known = server.command(&["head", "default"]).env("ARROWLINK_TOKEN", "token-of-ali").output().unwrap();
    assert!(crate::support::Ran::of(known).ok().contains("3.14"));
    assert!(server.run(&["head", "default", "--token", "token-of-ali"]).ok().contains("3.14"));
    server.run(&["head", "default", "--token", "a b"]).failed(78, &["printable ASCII without spaces"]);
    let help = server.command(&["head", "--help"]).env("ARROWLINK_TOKEN", "token-of-ali").output().unwrap();
    assert!(!String::from_utf8(help.stdout).unwrap().contains("token-of-ali"));
}

#[test]
fn nobody_there_is_69() {
    let server = Server::start();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let uri = format!("https://localhost:{port}");
    server.run(&["head", "trips", "--server", &uri]).failed(69, &[&uri, "hint: is the server running?"]);
}

#[test]
fn server_that_is_not_trusted_is_78() {
    let (server, other) = (Server::start(), Server::start());
    let ca = other.path("certs/ca.crt");
    server.run(&["head", "default", "--ca", ca.to_str().unwrap()]).failed(78, &["hint: "]);
}

#[test]
fn time_that_is_up_is_69() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("https://localhost:{}", silent.local_addr().unwrap().port());
    let server = Server::start();
    server
        .run(&["head", "trips", "--server", &uri, "--timeout", "50ms"])
        .failed(69, &["did not answer within 50ms", "hint: "]);
}

#[test]
fn unknown_name_is_66_with_near_names_and_the_request() {
    let server = Server::start();
    server
        .run(&["head", "defalt"])
        .failed(66, &["no dataset `defalt`, did you mean `default`?", "(request "]);
}

#[test]
fn version_is_printed() {
    assert!(run(&["--version"]).ok().starts_with("arrowlink "));
}

#[test]
fn plaintext_that_was_not_allowed_names_the_option() {
    run(&["head", "trips", "--server", "http://localhost:1"]).failed(78, &["plaintext", "hint: --insecure"]);
}
