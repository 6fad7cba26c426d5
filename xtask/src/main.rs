//! `cargo xtask TASK`: runs one of the project's tasks from any folder of the repository.

use std::env;
use std::process::ExitCode;

fn main() -> ExitCode {
    xtask::main(env::args().skip(1).collect())
}
