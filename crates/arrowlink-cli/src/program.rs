//! Runs a command to its end or to Ctrl-C and turns the outcome into an exit code.

use std::io::{Write as _, stderr};
use std::process::ExitCode;
use std::time::Duration;

use tokio::runtime::Builder;

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
    let runtime = Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build().map_err(|error| {
        Failure::new(Exit::Failure, "cannot start the threads of the program").with_source(error)
    })?;
    let outcome = runtime.block_on(async {
        tokio::select! {
            biased;
            interrupted = tokio::signal::ctrl_c() => Err(match interrupted {
                Ok(()) => Failure::interrupted(),
                Err(error) => Failure::new(Exit::Failure, "cannot wait for Ctrl-C").with_source(error),
            }),
            outcome = command(args) => outcome,
        }
    });
    // What still waits for the disk may end; what does not is no longer waited for.
    runtime.shutdown_timeout(PATIENCE);
    outcome
}

async fn command(args: Args) -> Result<(), Failure> {
    match args.command {
        Command::Head(head) => commands::head(&args.server, head).await,
        Command::Get(get) => commands::get(&args.server, get).await,
        Command::Put(put) => commands::put(&args.server, put).await,
        Command::Generate(generate) => commands::generate(generate).await,
    }
}

const WORKERS: usize = 2;
const PATIENCE: Duration = Duration::from_secs(2);
