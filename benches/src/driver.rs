//! Clients as processes of their own, asked for one transfer at a time.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use crate::Failure;
use crate::turn::{self, Answer, READY, Turn};

/// A connected client that is ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Driver {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
    log: File,
}

impl Driver {
    /// Starts `command` and waits until it has connected.
    pub(crate) fn start(command: &mut Command) -> Result<Self, Failure> {
        let log = tempfile::tempfile()?;
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log.try_clone()?)
            .spawn()
            .map_err(|error| format!("cannot start {command:?}: {error}"))?;
        let (tx, lines) = mpsc::channel();
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let (Some(stdin), Some(stdout)) = (stdin, stdout) else {
            return Err("a client without pipes".into());
        };
        // Ends with the client's output, which ends with the client.
        thread::spawn(move || {
            let lines = BufReader::new(stdout).lines().map_while(Result::ok);
            // Nobody listens any more: the driver is gone.
            lines.map(|line| tx.send(line)).take_while(Result::is_ok).for_each(drop);
        });
        let mut driver = Self { child, stdin, lines, log };
        match driver.line(PATIENCE)?.as_str() {
            READY => Ok(driver),
            other => Err(format!("the client said `{other}` instead of `{READY}`").into()),
        }
    }

    /// Asks for one transfer and waits until it is done.
    pub(crate) fn go(&mut self) -> Result<Turn, Failure> {
        self.go_within(PATIENCE)
    }

    /// Asks for one transfer and waits until it is done, at most for `patience`.
    pub(crate) fn go_within(&mut self, patience: Duration) -> Result<Turn, Failure> {
        self.answer("", patience)?.into_turn()
    }

    /// Asks for `question` and waits for the answer; a client that gives none is of no further use.
    pub(crate) fn ask(&mut self, question: &str) -> Result<Answer, Failure> {
        self.answer(question, PATIENCE)
    }

    fn answer(&mut self, question: &str, patience: Duration) -> Result<Answer, Failure> {
        writeln!(self.stdin, "{}", turn::line(question)?)?;
        Ok(serde_json::from_str(&self.line(patience)?)?)
    }

    fn line(&mut self, patience: Duration) -> Result<String, Failure> {
        match self.lines.recv_timeout(patience) {
            Ok(line) => Ok(line),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                Err(format!("no answer within {} seconds", patience.as_secs()).into())
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(self.last_words()?.into()),
        }
    }

    /// Returns the end of what the client wrote to its standard error.
    fn last_words(&mut self) -> Result<String, Failure> {
        let mut words = String::new();
        self.log.rewind()?;
        self.log.read_to_string(&mut words)?;
        let last = words.trim().lines().last().unwrap_or_default();
        Ok(if last.is_empty() { "the client ended without a word".to_owned() } else { last.to_owned() })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing left to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const PATIENCE: Duration = Duration::from_secs(120);
