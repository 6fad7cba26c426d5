//! `arrowlink`: tables from and to an ArrowLink server, on the command line.

mod args;
mod commands;
mod excerpt;
mod failure;
mod format;
mod json;
mod output;
mod program;
mod progress;
mod sink;
mod source;
mod table;
mod terminal;
mod words;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::Args;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    program::run(Args::parse())
}
