//! The program `arrowlink-server`.

use std::process::ExitCode;

use arrowlink_server::Flags;
use clap::Parser as _;

/// Gives memory back to the system after large reads; the system's own allocator keeps several times as much.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    arrowlink_server::run(Flags::parse())
}
