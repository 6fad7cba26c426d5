//! What crates must not reach, by the lines that `cargo tree` prints.

use expect_test::{Expect, expect};
use xtask::tidy::check_reach;

#[expect(clippy::needless_pass_by_value, reason = "`expect!` makes a value")]
fn check(package: &str, tree: &str, expected: Expect) {
    let problems: Vec<String> = check_reach(package, tree).iter().map(ToString::to_string).collect();
    expected.assert_eq(&problems.join("\n"));
}

#[test]
fn accepts_core_without_grpc() {
    let tree = "arrowlink-core v0.1.0 (/arrowlink/crates/arrowlink-core)|\n\
                arrow-array v59.3.2|chrono-tz\n\
                tokio v1.54.1|macros,rt,sync,time\n";
    check("arrowlink-core", tree, expect![""]);
}

#[test]
fn rejects_tonic_in_core() {
    let tree = "arrowlink-core v0.1.0 (/arrowlink/crates/arrowlink-core)|\n\
                tonic v0.14.9|codegen,router\n";
    let expected = expect![
        "arrowlink-core: reaches `tonic`, but the service is usable without gRPC and sockets; `cargo tree -p arrowlink-core -i tonic` shows the way there"
    ];
    check("arrowlink-core", tree, expected);
}

#[test]
fn rejects_a_package_that_cargo_tree_has_shown_before() {
    let tree = "arrowlink-core v0.1.0|\nprost v0.14.4|derive,std (*)\n";
    let expected = expect![
        "arrowlink-core: reaches `prost`, but the service is usable without gRPC and sockets; `cargo tree -p arrowlink-core -i prost` shows the way there"
    ];
    check("arrowlink-core", tree, expected);
}

#[test]
fn rejects_a_feature_that_opens_sockets() {
    let tree = "arrowlink-core v0.1.0|\ntokio v1.54.1|macros,net,sync\n";
    let expected = expect![
        "arrowlink-core: reaches `tokio/net`, but the service is usable without gRPC and sockets; `cargo tree -p arrowlink-core -i tokio` shows the way there"
    ];
    check("arrowlink-core", tree, expected);
}

#[test]
fn accepts_a_feature_whose_name_only_begins_alike() {
    check("arrowlink-core", "tokio v1.54.1|network\n", expect![""]);
}

#[test]
fn rejects_a_runtime_in_the_codec() {
    let expected = expect![
        "arrowlink-ipc: reaches `tokio`, but the codec knows neither I/O nor a runtime; `cargo tree -p arrowlink-ipc -i tokio` shows the way there"
    ];
    check("arrowlink-ipc", "arrowlink-ipc v0.1.0|\ntokio v1.54.1|sync\n", expected);
}

#[test]
fn rejects_datafusion_in_the_store() {
    let expected = expect![
        "arrowlink-store: reaches `datafusion`, but uploads are files on a disk, nothing more; `cargo tree -p arrowlink-store -i datafusion` shows the way there"
    ];
    check("arrowlink-store", "arrowlink-store v0.1.0|\ndatafusion v55.2.0|parquet\n", expected);
}

#[test]
fn rejects_connections_in_generated_code() {
    let expected = expect![
        "arrowlink-proto: reaches `tonic/channel`, but generated code knows messages alone; connections are arrowlink-transport's; `cargo tree -p arrowlink-proto -i tonic` shows the way there"
    ];
    check("arrowlink-proto", "tonic v0.14.9|channel,codegen\n", expected);
}
