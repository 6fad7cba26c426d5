//! What stands in each `Cargo.toml`: lints, dependencies by way of the workspace, and which crate may use which.

use super::Problem;

/// Checks the manifest of a package.
///
/// It takes the workspace's lints; its dependencies come from the workspace's table, in alphabetical order; it
/// uses those of the project's crates that it may, in one direction.
///
/// ```
/// use xtask::tidy::check_manifest;
///
/// let manifest = "[package]\nname = \"arrowlink-ipc\"\n\n[lints]\nworkspace = true\n\n\
///                 [dependencies]\nbytes = \"1\"\n";
/// let problems = check_manifest("crates/arrowlink-ipc/Cargo.toml", manifest);
/// assert!(problems[0].text.starts_with("write `bytes.workspace = true`"));
/// ```
pub fn check_manifest(file: &str, text: &str) -> Vec<Problem> {
    let package = value(text, "package", "name").unwrap_or_default();
    let mut problems = Vec::new();
    if value(text, "lints", "workspace") != Some("true") {
        problems.push(Problem::new(file, 0, "add `[lints]` with `workspace = true`"));
    }
    let folder = file.rsplit('/').nth(1).unwrap_or_default();
    if file.starts_with("crates/") && folder != package {
        problems.push(Problem::new(
            file,
            0,
            format!("the package `{package}` belongs into a folder of that name"),
        ));
    }
    let dependencies = entries(text, |section| section.ends_with("dependencies"));
    problems.extend(unsorted(file, &dependencies));
    for dependency in &dependencies {
        problems.extend(check_dependency(file, package, dependency));
    }
    problems
}

/// Checks the workspace's own manifest: its table of dependencies is sorted, in groups set apart by blank lines.
pub fn check_workspace_manifest(file: &str, text: &str) -> Vec<Problem> {
    unsorted(file, &entries(text, |section| section == "workspace.dependencies"))
}

/// A line `key = value` of a manifest.
#[derive(Debug)]
struct Entry<'a> {
    section: &'a str,
    /// Counts the groups of lines that blank lines set apart.
    group: usize,
    line: usize,
    key: &'a str,
    value: &'a str,
}

impl<'a> Entry<'a> {
    /// Returns the name of the package in `name.workspace` and `name`.
    fn name(&self) -> &'a str {
        self.key.split('.').next().unwrap_or(self.key)
    }
}

/// Lists the entries of the sections that `wanted` picks.
fn entries(text: &str, wanted: impl Fn(&str) -> bool) -> Vec<Entry<'_>> {
    let (mut section, mut group, mut entries) = ("", 0, Vec::new());
    for (idx, line) in text.lines().enumerate() {
        let line = line.trim_end();
        if let Some(header) = line.strip_prefix('[') {
            section = header.trim_end_matches(']');
            group += 1;
        } else if line.is_empty() {
            group += 1;
        } else if wanted(section) && !line.starts_with(['#', ' ', ']', '}']) {
            let Some((key, value)) = line.split_once('=') else { continue };
            entries.push(Entry { section, group, line: idx + 1, key: key.trim(), value: value.trim() });
        }
    }
    entries
}

fn value<'a>(text: &'a str, section: &str, key: &str) -> Option<&'a str> {
    let entries = entries(text, |it| it == section);
    entries.iter().find(|entry| entry.key == key).map(|entry| entry.value.trim_matches('"'))
}

fn unsorted(file: &str, entries: &[Entry<'_>]) -> Vec<Problem> {
    let wrong =
        entries.windows(2).filter(|pair| pair[0].group == pair[1].group && pair[0].name() > pair[1].name());
    let problem = |pair: &[Entry<'_>]| {
        let text = format!(
            "put `{}` before `{}`; dependencies are in alphabetical order",
            pair[1].name(),
            pair[0].name()
        );
        Problem::new(file, pair[1].line, text)
    };
    wrong.map(problem).collect()
}

fn check_dependency(file: &str, package: &str, entry: &Entry<'_>) -> Vec<Problem> {
    let name = entry.name();
    let mut problems = Vec::new();
    let mut complain = |text: String| problems.push(Problem::new(file, entry.line, text));
    if !entry.key.ends_with(".workspace") && !entry.value.contains("workspace = true") {
        complain(format!(
            "write `{name}.workspace = true` and put version and features into the root's table"
        ));
    }
    if entry.section == "dev-dependencies" {
        return problems;
    }
    let allowed = USES.iter().find(|(user, _)| *user == package).map(|(_, allowed)| *allowed);
    if name.starts_with("arrowlink-") && allowed.is_some_and(|allowed| !allowed.contains(&name)) {
        complain(format!("`{package}` must not use `{name}`; dependencies point one way"));
    }
    if package == "arrowlink-server" && name == "arrowlink-query" && !entry.value.contains("optional = true")
    {
        complain("make `arrowlink-query` optional; the server works without DataFusion".to_owned());
    }
    problems
}

/// Which of the project's crates each crate uses outside its tests; `arrowlink-testkit` is for tests alone.
const USES: [(&str, &[&str]); 13] = [
    ("arrowlink-core", &[]),
    ("arrowlink-ipc", &[]),
    ("arrowlink-formats", &["arrowlink-core", "arrowlink-ipc"]),
    ("arrowlink-http", &["arrowlink-core", "arrowlink-formats", "arrowlink-transport"]),
    ("arrowlink-proto", &[]),
    ("arrowlink-transport", &["arrowlink-core", "arrowlink-ipc", "arrowlink-proto"]),
    ("arrowlink-store", &["arrowlink-core", "arrowlink-ipc"]),
    ("arrowlink-flight", &["arrowlink-core", "arrowlink-proto", "arrowlink-transport"]),
    ("arrowlink-client", &["arrowlink-core", "arrowlink-transport"]),
    ("arrowlink-query", &["arrowlink-core"]),
    ("arrowlink-postgres", &["arrowlink-core", "arrowlink-query"]),
    (
        "arrowlink-server",
        &[
            "arrowlink-client",
            "arrowlink-core",
            "arrowlink-flight",
            "arrowlink-http",
            "arrowlink-postgres",
            "arrowlink-proto",
            "arrowlink-query",
            "arrowlink-store",
            "arrowlink-transport",
        ],
    ),
    ("arrowlink-cli", &["arrowlink-client", "arrowlink-core", "arrowlink-formats"]),
];
