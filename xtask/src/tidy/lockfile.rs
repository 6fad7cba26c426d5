//! One version of what must fit together: two arrows compile, and their types do not unify.

use super::Problem;

/// Checks that `Cargo.lock` has one version of each arrow, tonic, prost and DataFusion package.
///
/// ```
/// let lock = "[[package]]\nname = \"arrow-array\"\nversion = \"59.3.2\"\n\n\
///             [[package]]\nname = \"arrow-array\"\nversion = \"60.1.0\"\n";
/// let problems = xtask::tidy::check_lockfile("Cargo.lock", lock);
/// assert!(problems[0].text.contains("`arrow-array` 59.3.2 and 60.1.0"));
/// ```
pub fn check_lockfile(file: &str, text: &str) -> Vec<Problem> {
    let packages: Vec<(&str, &str)> = packages(text).filter(|(name, _)| is_single(name)).collect();
    let twice = packages.windows(2).filter(|pair| pair[0].0 == pair[1].0);
    let problem = |pair: &[(&str, &str)]| {
        let ((name, one), (_, other)) = (pair[0], pair[1]);
        let advice = format!("`cargo tree -i {name}@{other}` shows who wants it");
        Problem::new(
            file,
            0,
            format!("`{name}` {one} and {other} are both in the tree, only one may be; {advice}"),
        )
    };
    twice.map(problem).collect()
}

/// Lists names and versions, in the order of the file, which is sorted by name.
fn packages(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split("[[package]]")
        .skip(1)
        .filter_map(|package| Some((field(package, "name")?, field(package, "version")?)))
}

fn field<'a>(package: &'a str, key: &str) -> Option<&'a str> {
    let line = package.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \""))?;
    line.strip_suffix('"')
}

fn is_single(name: &str) -> bool {
    SINGLE
        .iter()
        .any(|family| name.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')))
}

const SINGLE: [&str; 10] = [
    "arrow",
    "datafusion",
    "flatbuffers",
    "h2",
    "hyper",
    "object_store",
    "parquet",
    "prost",
    "rustls",
    "tonic",
];
