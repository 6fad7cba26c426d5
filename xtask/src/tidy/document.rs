//! The documents: their length, and links that lead somewhere.

use std::collections::BTreeSet;

use super::Problem;

/// Checks a Markdown file: it is short enough, and what it links to in the repository is one of `files`.
///
/// ```
/// use std::collections::BTreeSet;
///
/// let files = BTreeSet::from(["README.md", "docs/wire.md"]);
/// let problems = xtask::tidy::check_document("docs/wire.md", "See [there](../RAEDME.md).\n", &files);
/// assert_eq!(problems[0].to_string(), "docs/wire.md:1: the link to `../RAEDME.md` leads nowhere");
/// ```
pub fn check_document(file: &str, text: &str, files: &BTreeSet<&str>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let limit = LENGTHS.iter().find(|(name, _)| *name == file).map(|(_, lines)| *lines);
    if let Some(limit) = limit.filter(|limit| text.lines().count() > *limit) {
        problems.push(Problem::new(file, 0, format!("shorten it to {limit} lines")));
    }
    for (line, target) in links(text) {
        if leads_nowhere(file, target, files) {
            problems.push(Problem::new(file, line, format!("the link to `{target}` leads nowhere")));
        }
    }
    problems
}

/// Lists the targets of links and images, with their lines; code blocks have none.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut in_code = false;
    let mut links = Vec::new();
    for (idx, line) in text.lines().enumerate() {
        in_code ^= line.trim_start().starts_with("```");
        if !in_code {
            let targets = line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
            links.extend(targets.map(|target| (idx + 1, target)));
        }
    }
    links
}

/// Tells whether `target`, as written in `file`, is a path of the repository that does not exist.
fn leads_nowhere(file: &str, target: &str, files: &BTreeSet<&str>) -> bool {
    let path = target.split('#').next().unwrap_or(target);
    if path.is_empty() || path.contains("://") || path.starts_with("mailto:") {
        return false;
    }
    let Some(path) = resolve(file, path) else { return true };
    let folder = format!("{path}/");
    !path.is_empty() && !files.contains(path.as_str()) && !files.iter().any(|file| file.starts_with(&folder))
}

/// Resolves `path` from the folder of `file`; nothing where it leaves the repository.
fn resolve(file: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in path.trim_end_matches('/').split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The documents that everybody reads, and how many lines each has at most.
const LENGTHS: [(&str, usize); 2] = [("README.md", 120), ("ARCHITECTURE.md", 250)];
