//! Other programs: printed before they run, and an error where they fail.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};
use std::{env, fmt::Write as _};

use crate::console;
use crate::error::{Error, Result};

/// Prepares `program` without the variables that the outer `cargo run` has set for xtask.
///
/// Build scripts watch some of them; with them, every `cargo xtask` after a `cargo build` would compile ring and
/// what needs it again.
pub(crate) fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    let of_xtask = |name: &OsStr| {
        let name = name.to_string_lossy();
        OUTER_CARGO.iter().any(|prefix| name.starts_with(prefix))
    };
    for (name, _) in env::vars_os().filter(|(name, _)| of_xtask(name)) {
        command.env_remove(name);
    }
    command
}

/// Prints `command`, runs it with the terminal's input and output, and fails where it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    console::say(&format!("$ {}", line(command)));
    let status = command.status().map_err(|error| start_error(command, &error))?;
    check(command, status)
}

/// Runs `command` and returns what it prints on standard output; its standard error goes to the terminal.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    command.stderr(std::process::Stdio::inherit());
    let output = command.output().map_err(|error| start_error(command, &error))?;
    check(command, output.status)?;
    String::from_utf8(output.stdout).map_err(|_| Error::new(format!("`{}` printed no UTF-8", line(command))))
}

/// Waits until `child` ends, at most `limit`; returns nothing where it still runs.
pub(crate) fn wait(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>> {
    let start = Instant::now();
    loop {
        let status = child.try_wait().map_err(|error| Error::new(format!("cannot wait for it: {error}")))?;
        if status.is_some() || start.elapsed() > limit {
            return Ok(status);
        }
        thread::sleep(POLL);
    }
}

/// Returns `command` as one would type it, as far as that matters to a reader.
pub(crate) fn line(command: &Command) -> String {
    let mut line = short(command.get_program()).to_owned();
    for argument in command.get_args() {
        let argument = short(argument);
        let quoted = argument.is_empty() || argument.contains(' ');
        let _ = if quoted { write!(line, " '{argument}'") } else { write!(line, " {argument}") };
    }
    line
}

/// Returns the error of a program that could not be started.
pub(crate) fn start_error(command: &Command, cause: &std::io::Error) -> Error {
    Error::new(format!("cannot start `{}`: {cause}", short(command.get_program())))
}

fn check(command: &Command, status: ExitStatus) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    Err(Error::new(format!("`{}` failed ({status})", line(command))))
}

/// Writes paths inside the repository from its root.
fn short(text: &OsStr) -> &str {
    let text = text.to_str().unwrap_or("?");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().and_then(Path::to_str).unwrap_or("");
    text.strip_prefix(root).map_or(text, |rest| rest.trim_start_matches('/'))
}

const OUTER_CARGO: [&str; 5] =
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE"];
const POLL: Duration = Duration::from_millis(20);
