//! URIs and options that are refused before anything is connected.

use arrowlink_core::ErrorKind;
use arrowlink_postgres::{PostgresDataset, PostgresOptions};
use arrowlink_testkit::check_error;

/// Checks that `uri` is refused with all of `parts`, and without a password.
fn check(uri: &str, options: PostgresOptions, parts: &[&str]) {
    let error = check_error(PostgresDataset::new(uri, options), ErrorKind::InvalidArgument, parts);
    assert!(!error.chain().contains("hunter2"), "{}", error.chain());
}

fn local() -> PostgresOptions {
    PostgresOptions::default().with_insecure(true)
}

#[test]
fn passwords_have_no_place_in_a_uri() {
    for uri in ["postgres://me:hunter2@localhost/shop/t", "postgres:///shop/t?host=/run&password=hunter2"] {
        check(uri, local(), &["a password has no place in a URI", "`credentials`", "`PGPASSWORD`"]);
    }
}

#[test]
fn uris_that_name_nothing_say_what_is_expected() {
    for uri in ["postgres://localhost", "postgres://localhost/", "mysql://localhost/shop/t"] {
        check(uri, local(), &[uri, "expected `postgres://user@host:port/database/schema.table`"]);
    }
    check("postgres://localhost/shop/a.b.c", local(), &["expected `postgres://"]);
    check("postgres://localhost:many/shop/t", local(), &["`many` is not a port"]);
    check("postgres://a,b/shop/t", local(), &["several hosts"]);
    check("postgres://localhost/shop/t?sslmode=disable", local(), &["`sslmode`", "`insecure`"]);
    check("postgres://localhost/shop/t?conect=1", local(), &["`conect`", "`host`, `port` and `user`"]);
    check("postgres://localhost/shop/t", local().with_query("select 1"), &["there is a `query`"]);
    check("postgres://localhost/shop", local(), &["names no table: add one, or the key `query`"]);
}

#[test]
fn plaintext_stays_on_this_machine() {
    for host in ["localhost", "127.0.0.1", "[::1]", "127.1.2.3:7"] {
        assert!(PostgresDataset::new(&format!("postgres://{host}/shop/t"), local()).is_ok(), "{host}");
    }
    for host in ["db.example", "10.0.0.1", "[2001:db8::1]"] {
        check(&format!("postgres://me@{host}/shop/t"), local(), &["in plaintext past this machine"]);
    }
}

#[test]
fn files_of_the_options_are_read_when_it_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "password: hunter2\n").unwrap();
    let uri = "postgres://me@db.example/shop/t";
    let credentials = PostgresOptions::default().with_credentials(&file);
    check(uri, credentials, &["line 1: expected `user = name` or `password = secret`"]);
    check(uri, PostgresOptions::default().with_ca(&file), &["is not a certificate or key in PEM"]);
    let missing = PostgresOptions::default().with_credentials(folder.path().join("nowhere"));
    check_error(PostgresDataset::new(uri, missing), ErrorKind::NotFound, &["nowhere` is not there"]);
}
