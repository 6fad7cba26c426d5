//! How a client process and the bench take turns: a line `go` in, a line of JSON out.
//!
//! After `go` a line may have what is asked for in this turn, as a JSON string.
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
    /// Of many small ones in one turn: why some of them failed.
    #[serde(default)]
    pub(crate) failures: Vec<String>,
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

impl Answer {
    /// Returns the turn that went well.
    pub(crate) fn into_turn(self) -> Result<Turn, Failure> {
        match self {
            Self::Done(turn) => Ok(turn),
            Self::Failed(text) => Err(text.into()),
        }
    }
}

/// Says `ready`, then does `work` for each line of the standard input.
pub(crate) fn take_turns(mut work: impl FnMut() -> Result<Turn, Failure>) -> Result<(), Failure> {
    answer_questions(|_| work())
}

/// Says `ready`, then does `work` for each line of the standard input, with what that line asks for.
pub(crate) fn answer_questions(mut work: impl FnMut(&str) -> Result<Turn, Failure>) -> Result<(), Failure> {
    say(READY)?;
    for line in io::stdin().lock().lines() {
        let answer = match work(&question(&line?)?) {
            Ok(turn) => Answer::Done(turn),
            Err(error) => Answer::Failed(words(error.as_ref())),
        };
        say(&serde_json::to_string(&answer)?)?;
    }
    Ok(())
}

/// Returns the line that asks a client for `question`; the empty one is none.
pub(crate) fn line(question: &str) -> Result<String, Failure> {
    Ok(if question.is_empty() { GO.to_owned() } else { format!("{GO} {}", serde_json::to_string(question)?) })
}

/// Returns what [`line`] was made from.
fn question(line: &str) -> Result<String, Failure> {
    match line.strip_prefix(GO).map(str::trim) {
        None => Err(format!("`{line}` asks for nothing: a turn begins with `{GO}`").into()),
        Some("") => Ok(String::new()),
        Some(json) => Ok(serde_json::from_str(json)?),
    }
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
/// What begins a turn.
const GO: &str = "go";
