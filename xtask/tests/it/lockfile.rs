//! Two versions of what has to fit together.

use xtask::tidy::check_lockfile;

fn check(packages: &[(&str, &str)], expected: &[&str]) {
    let package = |(name, version): &(&str, &str)| {
        format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"registry\"\n\n")
    };
    let lock: String = packages.iter().map(package).collect();
    let problems: Vec<String> = check_lockfile("Cargo.lock", &lock).iter().map(ToString::to_string).collect();
    assert_eq!(problems, expected);
}

#[test]
fn accepts_one_version_of_each() {
    check(&[("arrow-array", "59.3.2"), ("arrow-cast", "59.3.2"), ("tonic", "0.14.9")], &[]);
}

#[test]
fn accepts_two_versions_of_what_nobody_shares() {
    check(&[("hashbrown", "0.14.5"), ("hashbrown", "0.17.1"), ("arrows", "1.0.0"), ("arrows", "2.0.0")], &[]);
}

#[test]
fn rejects_a_second_arrow() {
    check(
        &[("arrow", "59.3.2"), ("arrow", "60.1.0")],
        &[
            "Cargo.lock: `arrow` 59.3.2 and 60.1.0 are both in the tree, only one may be; `cargo tree -i arrow@60.1.0` shows who wants it",
        ],
    );
}

#[test]
fn rejects_a_second_version_of_a_part() {
    check(
        &[("datafusion-common", "54.0.0"), ("datafusion-common", "55.2.0")],
        &[
            "Cargo.lock: `datafusion-common` 54.0.0 and 55.2.0 are both in the tree, only one may be; `cargo tree -i datafusion-common@55.2.0` shows who wants it",
        ],
    );
}
