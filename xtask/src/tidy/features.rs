//! The same features for programs and for their tests: where they differ, DataFusion is built twice.

use std::collections::BTreeMap;

use super::Problem;

/// Compares two answers of `cargo tree`: `programs` without dev-dependencies, `tests` with them.
///
/// A line is the package, its version, a bar and its features, as in `tokio v1.54.1|rt,sync`. Packages that only
/// tests need are of no interest.
///
/// ```
/// use xtask::tidy::check_features;
///
/// let problems = check_features("rand v0.9.5|std\n", "rand v0.9.5|small_rng,std\nproptest v1.12.0|\n");
/// assert!(problems[0].text.starts_with("add `small_rng` to `rand`"));
/// ```
pub fn check_features(programs: &str, tests: &str) -> Vec<Problem> {
    let programs = features(programs);
    let more = |(package, features): (&str, Vec<&str>)| {
        let known = programs.get(package)?;
        let new: Vec<&str> = features.into_iter().filter(|feature| !known.contains(feature)).collect();
        (!new.is_empty()).then(|| problem(package, &new))
    };
    features(tests).into_iter().filter_map(more).collect()
}

/// Reads the features of each package; a package may stand there several times.
fn features(tree: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut packages = BTreeMap::<&str, Vec<&str>>::new();
    for line in tree.lines() {
        if let Some((package, features)) = line.trim_end_matches(" (*)").split_once('|') {
            packages.entry(package).or_default().extend(features.split(',').filter(|it| !it.is_empty()));
        }
    }
    packages
}

fn problem(package: &str, new: &[&str]) -> Problem {
    let name = package.split_whitespace().next().unwrap_or(package);
    let new = new.join(", ");
    let text = format!(
        "add `{new}` to `{name}` in the workspace's table: only tests ask for it, and build it twice"
    );
    Problem::new("Cargo.toml", 0, text)
}
