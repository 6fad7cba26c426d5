//! The program `arrowlink-server`.

mod remote;

use std::process::ExitCode;

use arrowlink_server::Flags;
use clap::Parser as _;

// How much memory is kept after large reads differs several times between allocators: measure before changing it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    arrowlink_server::run_with(Flags::parse(), &remote::schemes())
}
