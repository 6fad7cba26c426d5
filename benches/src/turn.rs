//! How a client process and the bench take turns: a line `go` in, a line of JSON out.
//!
//! A client connects once, says `ready`, and measures one transfer for each `go`; it ends with its input. So several
//! clients can be asked in turns, and what is measured is the transfer alone, not how a process starts.

use std::io::{self, BufRead as _, Write as _};

use serde::{Deserialize, Serialize};

use crate::Failure;

/// What one transfer was.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Turn {
    /// Rows that arrived.
    pub(crate) rows: u64,
    /// The bytes that they take in their buffers.
    pub(crate) bytes: u64,
    /// Record batches, or blocks of bytes, that they came in.
    pub(crate) batches: u64,
    /// How long it took; of an exchange, how long each round trip took.
    pub(crate) seconds: Vec<f64>,
}

/// What a client says to `go`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Answer {
    /// It went well.
    Done(Turn),
    /// It did not, in words.
    Failed(String),
}

/// Says `ready`, then does `work` for each line of the standard input.
pub(crate) fn take_turns(mut work: impl FnMut() -> Result<Turn, Failure>) -> Result<(), Failure> {
    say(READY)?;
    for line in io::stdin().lock().lines() {
        line?;
        let answer = match work() {
            Ok(turn) => Answer::Done(turn),
            Err(error) => Answer::Failed(words(error.as_ref())),
        };
        say(&serde_json::to_string(&answer)?)?;
    }
    Ok(())
}

/// Writes an error with its causes.
pub(crate) fn words(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text = format!("{text}: {source}");
        next = source.source();
    }
    text
}

fn say(line: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

/// What a client says when it has connected.
pub(crate) const READY: &str = "ready";
