//! What the program talks to: a person at a terminal, or something else.

use std::io::{self, BufRead as _, IsTerminal, Write as _};
use std::os::fd::AsFd;
use std::thread;

use terminal_size::{Width, terminal_size_of};
use tokio::sync::oneshot;

use crate::failure::{Exit, Failure};

/// Returns how many characters a line of standard output has: as many as were asked for, else as many as the terminal
/// shows, else any number.
pub(crate) fn width(asked: Option<usize>) -> usize {
    asked.or_else(|| width_of(&io::stdout())).unwrap_or(usize::MAX)
}

/// Returns how many characters a line of a message has.
pub(crate) fn message_width() -> usize {
    width_of(&io::stderr()).unwrap_or(MESSAGE_WIDTH)
}

fn width_of(stream: &(impl IsTerminal + AsFd)) -> Option<usize> {
    let (Width(width), _) = stream.is_terminal().then(|| terminal_size_of(stream)).flatten()?;
    Some(usize::from(width))
}

/// Asks a person for a yes. `question` ends without a question mark.
pub(crate) async fn confirmed(question: String) -> Result<bool, Failure> {
    let answer = from_stdin(move |stdin| {
        let mut answer = String::new();
        // Where standard error is closed there is nobody to be asked, and nothing is a no.
        _ = write!(io::stderr(), "{question}? [y/N] ");
        stdin.read_line(&mut answer).map(|_| answer)
    });
    Ok(matches!(answer.await?.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// Reads all of standard input as text.
pub(crate) async fn stdin_text() -> Result<String, Failure> {
    from_stdin(|stdin| io::read_to_string(stdin)).await
}

/// Reads standard input on a thread that nobody waits for, so that Ctrl-C ends the program while nothing comes.
async fn from_stdin<F>(read: F) -> Result<String, Failure>
where
    F: FnOnce(&mut io::StdinLock<'static>) -> io::Result<String> + Send + 'static,
{
    let (sender, receiver) = oneshot::channel();
    thread::spawn(move || {
        // Nobody waits for the text any more where the program is ending.
        _ = sender.send(read(&mut io::stdin().lock()));
    });
    let read = receiver.await.unwrap_or_else(|_| Err(io::ErrorKind::Interrupted.into()));
    read.map_err(|error| Failure::new(Exit::NoInput, "cannot read standard input").with_source(error))
}

/// What messages are cut to where there is no terminal.
const MESSAGE_WIDTH: usize = 120;
