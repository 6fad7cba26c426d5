//! What stands in `Cargo.toml` files.

use xtask::tidy::{check_manifest, check_workspace_manifest};

fn check(package: &str, sections: &str, expected: &[&str]) {
    let file = format!("crates/{package}/Cargo.toml");
    let text = format!("[package]\nname = \"{package}\"\n\n[lints]\nworkspace = true\n\n{sections}");
    let problems: Vec<String> =
        check_manifest(&file, &text).into_iter().map(|problem| problem.text).collect();
    assert_eq!(problems, expected);
}

#[test]
fn accepts_dependencies_of_the_workspace_in_order() {
    let sections = "[dependencies]\narrow-array.workspace = true\n# Signals too.\n\
                    tokio = { workspace = true, features = [\"signal\"] }\n\n\
                    [dev-dependencies]\narrowlink-testkit.workspace = true\n";
    check("arrowlink-server", sections, &[]);
}

#[test]
fn rejects_a_version_outside_the_workspace() {
    let expected = "write `bytes.workspace = true` and put version and features into the root's table";
    check("arrowlink-ipc", "[dependencies]\nbytes = \"1\"\n", &[expected]);
    check("arrowlink-ipc", "[dependencies]\nbytes = { version = \"1\" }\n", &[expected]);
    check("arrowlink-ipc", "[target.'cfg(unix)'.dependencies]\nbytes = \"1\"\n", &[expected]);
}

#[test]
fn rejects_dependencies_out_of_order() {
    let sections = "[dependencies]\nzstd.workspace = true\nbytes.workspace = true\n";
    check("arrowlink-ipc", sections, &["put `bytes` before `zstd`; dependencies are in alphabetical order"]);
}

#[test]
fn rejects_a_dependency_against_the_direction() {
    let expected = "`arrowlink-core` must not use `arrowlink-transport`; dependencies point one way";
    check("arrowlink-core", "[dependencies]\narrowlink-transport.workspace = true\n", &[expected]);
}

#[test]
fn rejects_the_testkit_outside_tests() {
    let expected = "`arrowlink-store` must not use `arrowlink-testkit`; dependencies point one way";
    check("arrowlink-store", "[dependencies]\narrowlink-testkit.workspace = true\n", &[expected]);
}

#[test]
fn accepts_the_testkit_in_tests() {
    check("arrowlink-store", "[dev-dependencies]\narrowlink-testkit.workspace = true\n", &[]);
}

#[test]
fn rejects_a_server_that_cannot_do_without_datafusion() {
    let expected = "make `arrowlink-query` optional; the server works without DataFusion";
    check("arrowlink-server", "[dependencies]\narrowlink-query.workspace = true\n", &[expected]);
    let optional = "[dependencies]\narrowlink-query = { workspace = true, optional = true }\n";
    check("arrowlink-server", optional, &[]);
}

#[test]
fn rejects_a_package_without_the_lints() {
    let problems = check_manifest("xtask/Cargo.toml", "[package]\nname = \"xtask\"\n");
    assert_eq!(problems[0].to_string(), "xtask/Cargo.toml: add `[lints]` with `workspace = true`");
}

#[test]
fn rejects_a_folder_of_another_name() {
    let text = "[package]\nname = \"arrowlink-ipc\"\n\n[lints]\nworkspace = true\n";
    let problems = check_manifest("crates/codec/Cargo.toml", text);
    assert_eq!(problems[0].text, "the package `arrowlink-ipc` belongs into a folder of that name");
}

#[test]
fn sorts_the_workspaces_table_within_groups() {
    let text = "[workspace.dependencies]\nbytes = \"1\"\narrow-array = \"59.3\"\n\narrowlink-core = { path = \"a\" }\n";
    let problems = check_workspace_manifest("Cargo.toml", text);
    let expected = "Cargo.toml:3: put `arrow-array` before `bytes`; dependencies are in alphabetical order";
    assert_eq!(problems.iter().map(ToString::to_string).collect::<Vec<_>>(), [expected]);
}
