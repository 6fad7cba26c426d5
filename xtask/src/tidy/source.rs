//! What stands in each source file: a purpose in line 1, nothing unfinished, and tests that wait for nothing.

use super::Problem;

/// Checks a file of any kind; most rules are about Rust and Python.
///
/// ```
/// use xtask::tidy::check_source;
///
/// let problems = check_source("crates/a/src/lib.rs", "use std::fs;\n");
/// assert_eq!(problems[0].to_string(), "crates/a/src/lib.rs:1: begin with `//!` and one sentence of purpose");
/// ```
pub fn check_source(file: &str, text: &str) -> Vec<Problem> {
    let kind = Kind::of(file);
    let mut problems = check_file(file, text, kind);
    for (idx, line) in text.lines().enumerate() {
        let rules = RULES.iter().filter(|rule| rule.applies(kind, file) && (rule.breaks)(line, text));
        problems.extend(rules.map(|rule| Problem::new(file, idx + 1, rule.text)));
    }
    problems
}

/// What a file is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Rust,
    Python,
    Other,
}

impl Kind {
    fn of(file: &str) -> Self {
        match file.rsplit('.').next() {
            Some("rs") => Self::Rust,
            Some("py" | "pyi") if !file.contains("_pb2") => Self::Python,
            _ => Self::Other,
        }
    }
}

/// Checks what is about the file as a whole.
fn check_file(file: &str, text: &str, kind: Kind) -> Vec<Problem> {
    let mut problems = Vec::new();
    if kind == Kind::Rust && !text.starts_with("//! ") {
        problems.push(Problem::new(file, 1, "begin with `//!` and one sentence of purpose"));
    }
    if let Some(folder) = file.strip_suffix("/mod.rs") {
        let name = folder.rsplit('/').next().unwrap_or(folder);
        problems.push(Problem::new(file, 0, format!("rename it to `{name}.rs`; no file is called `mod.rs`")));
    }
    problems
}

/// A rule about one line; the function is given the line and the whole text.
struct Rule {
    kinds: &'static [Kind],
    place: Place,
    breaks: fn(&str, &str) -> bool,
    text: &'static str,
}

impl Rule {
    fn applies(&self, kind: Kind, file: &str) -> bool {
        let in_place = match self.place {
            Place::Everywhere => true,
            Place::Tests => file.contains("/tests/") || file.ends_with("/tests.rs"),
            Place::ServerLibrary => {
                // These two are the program, which may know the client.
                let is_program =
                    ["/src/main.rs", "/src/remote.rs"].iter().any(|program| file.ends_with(program));
                file.starts_with("crates/arrowlink-server/src/") && !is_program
            }
        };
        // They break each rule once.
        let is_own_test = file.starts_with("xtask/tests/");
        self.kinds.contains(&kind) && in_place && !is_own_test
    }
}

/// The files that a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Everywhere,
    Tests,
    ServerLibrary,
}

/// Sleeping under tokio's paused clock takes no time.
fn sleeps(line: &str, text: &str) -> bool {
    let paused = text.contains("start_paused = true") || text.contains("time::pause(");
    line.contains("thread::sleep(") || (line.contains("sleep(") && !paused)
}

/// Finds `127.0.0.1:PORT` and its like in a line that opens a port, unless that is 0.
fn has_fixed_port(line: &str, _: &str) -> bool {
    let opens = OPENING.iter().any(|word| line.contains(word));
    opens && HOSTS.iter().any(|host| line.split(host).skip(1).any(starts_with_port))
}

fn starts_with_port(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() && c != '0')
}

fn is_glob_import(line: &str, _: &str) -> bool {
    let line = line.trim_start();
    (line.starts_with("use ") || line.starts_with("pub use ")) && line.contains("::*")
}

fn is_unfinished(line: &str, _: &str) -> bool {
    UNFINISHED.iter().any(|word| line.contains(word))
}

fn is_private_key(line: &str, _: &str) -> bool {
    line.starts_with("-----BEGIN ") && line.trim_end().ends_with("PRIVATE KEY-----")
}

const RULES: [Rule; 8] = [
    Rule {
        kinds: &[Kind::Rust, Kind::Python],
        place: Place::Everywhere,
        breaks: is_unfinished,
        text: "finish it; nothing is left to do in the code",
    },
    Rule {
        kinds: &[Kind::Rust],
        place: Place::Everywhere,
        breaks: |line, text| is_glob_import(line, text) && !text.contains("@generated"),
        text: "name what is imported; no glob imports",
    },
    Rule {
        kinds: &[Kind::Rust],
        place: Place::Everywhere,
        breaks: |line, _| line.trim_start().starts_with("#[ignore"),
        text: "run it or delete it; no test is ignored",
    },
    Rule {
        kinds: &[Kind::Python],
        place: Place::Tests,
        breaks: |line, _| line.contains("mark.skip(") || line.contains("mark.xfail"),
        text: "run it or delete it; no test is skipped",
    },
    Rule {
        kinds: &[Kind::Rust, Kind::Python],
        place: Place::Tests,
        breaks: sleeps,
        text: "wait for what happens, or pause tokio's clock; tests do not sleep",
    },
    Rule {
        kinds: &[Kind::Rust, Kind::Python],
        place: Place::Tests,
        breaks: has_fixed_port,
        text: "use port 0 and ask for the address; tests have no fixed port",
    },
    Rule {
        kinds: &[Kind::Rust],
        place: Place::ServerLibrary,
        breaks: |line, _| line.contains("arrowlink_client"),
        text: "register it in the binary; the server's library does not know the client",
    },
    Rule {
        kinds: &[Kind::Rust, Kind::Python, Kind::Other],
        place: Place::Everywhere,
        breaks: is_private_key,
        text: "remove it and make the key when it is needed; no private key is committed",
    },
];
/// In two parts each, so that this file keeps the rule.
const UNFINISHED: [&str; 5] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("HA", "CK"),
    concat!("dbg", "!("),
];
const OPENING: [&str; 3] = ["bind(", "serve(", "_port("];
const HOSTS: [&str; 4] = ["127.0.0.1:", "localhost:", "[::1]:", "0.0.0.0:"];
