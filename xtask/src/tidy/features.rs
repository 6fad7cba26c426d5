//! The same features for programs, for their tests, and for the server with all it can have: where they differ, DataFusion
//! is built twice.

use std::collections::BTreeMap;

use super::Problem;

/// Compares two answers of `cargo tree`: of `programs` as they are by default, and of `others`, which `who` are.
///
/// A line is the package, its version, a bar and its features, as in `tokio v1.54.1|rt,sync`. Packages that only the
/// others need are of no interest, nor are the project's own.
///
/// ```
/// use xtask::tidy::check_features;
///
/// let tests = "rand v0.9.5|small_rng,std\nproptest v1.12.0|\n";
/// let problems = check_features("rand v0.9.5|std\n", tests, "tests");
/// assert!(problems[0].text.starts_with("add `small_rng` to `rand`"));
/// ```
pub fn check_features(programs: &str, others: &str, who: &str) -> Vec<Problem> {
    let programs = features(programs);
    let more = |(package, features): (&str, Vec<&str>)| {
        let known = programs.get(package)?;
        let new: Vec<&str> = features.into_iter().filter(|feature| !known.contains(feature)).collect();
        (!new.is_empty()).then(|| problem(package, &new, who))
    };
    let others = features(others).into_iter().filter(|(package, _)| !package.starts_with("arrowlink"));
    others.filter_map(more).collect()
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

fn problem(package: &str, new: &[&str], who: &str) -> Problem {
    let name = package.split_whitespace().next().unwrap_or(package);
    let new = new.join(", ");
    let text =
        format!("add `{new}` to `{name}` in the workspace's table: only {who} want it, and build it twice");
    Problem::new("Cargo.toml", 0, text)
}
