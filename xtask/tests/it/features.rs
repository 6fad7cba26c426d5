//! Features that only tests ask for.

use xtask::tidy::check_features;

fn check(programs: &str, tests: &str, expected: &[&str]) {
    let problems: Vec<String> =
        check_features(programs, tests, "tests").iter().map(ToString::to_string).collect();
    assert_eq!(problems, expected);
}

#[test]
fn accepts_the_same_features() {
    check("tokio v1.54.1|rt,sync\n", "tokio v1.54.1|rt,sync\ntokio v1.54.1|rt,sync (*)\n", &[]);
}

#[test]
fn accepts_packages_that_only_tests_need() {
    check("tokio v1.54.1|rt\n", "tokio v1.54.1|rt\nexpect-test v1.5.1|default\n", &[]);
}

#[test]
fn rejects_a_feature_that_only_tests_ask_for() {
    check(
        "rand v0.9.5|std\ntokio v1.54.1|rt\n",
        "rand v0.9.5|std\ntokio v1.54.1|rt,test-util,time\n",
        &[
            "Cargo.toml: add `test-util, time` to `tokio` in the workspace's table: only tests want it, and build it twice",
        ],
    );
}

#[test]
fn keeps_versions_apart() {
    check("rand v0.9.5|std\nrand v0.10.3|\n", "rand v0.9.5|std\nrand v0.10.3|\n", &[]);
    assert_eq!(check_features("rand v0.10.3|\n", "rand v0.10.3|std\nrand v0.9.5|std\n", "tests").len(), 1);
}

#[test]
fn leaves_the_features_of_the_project_to_it() {
    check("arrowlink-server v0.1.0|query\n", "arrowlink-server v0.1.0|query,substrait\n", &[]);
}
