//! Runs a command to its end or to Ctrl-C and turns the outcome into an exit code.

use std::io::{Write as _, stderr};
use std::process::ExitCode;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use crate::args::{Args, Command};
use crate::commands;
use crate::failure::{Exit, Failure};

/// Runs the program.
pub(crate) fn run(args: Args) -> ExitCode {
    match outcome(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(text) = failure.text() {
                // Nobody is told where standard error is closed; the exit code stays.
                _ = writeln!(stderr(), "{text}");
            }
            ExitCode::from(failure.exit() as u8)
        }
    }
}

fn outcome(args: Args) -> Result<(), Failure> {
    let runtime =
        Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build().map_err(|error| {
            Failure::new(Exit::Failure, "cannot start the threads of the program").with_source(error)
        })?;
    let outcome = runtime.block_on(async {
        tokio::select! {
            biased;
            failure = stopped() => Err(failure),
            outcome = command(args) => outcome,
        }
    });
    // What still waits for the disk may end; what does not is no longer waited for.
    runtime.shutdown_timeout(PATIENCE);
    outcome
}

/// Waits until somebody wants the program to end. It ends in order then: what was written aside is deleted.
async fn stopped() -> Failure {
    let signals = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal);
    let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)] = signals else {
        return Failure::new(Exit::Failure, "cannot wait for signals");
    };
    tokio::select! {
        _ = interrupt.recv() => Failure::new(Exit::Interrupted, "interrupted"),
        _ = terminate.recv() => Failure::new(Exit::Terminated, "terminated"),
        _ = hangup.recv() => Failure::new(Exit::HungUp, "the terminal was closed"),
    }
}

async fn command(args: Args) -> Result<(), Failure> {
    match args.command {
        Command::Ls(ls) => commands::ls(&args.server, ls).await,
        Command::Show(show) => commands::show(&args.server, show).await,
        Command::Head(head) => commands::head(&args.server, head).await,
        Command::Get(get) => commands::get(&args.server, get).await,
        Command::Put(put) => commands::put(&args.server, put).await,
        Command::Rm(rm) => commands::rm(&args.server, rm).await,
        Command::Query(query) => commands::query(&args.server, query).await,
        Command::Generate(generate) => commands::generate(generate).await,
    }
}

const WORKERS: usize = 2;
const PATIENCE: Duration = Duration::from_secs(2);
