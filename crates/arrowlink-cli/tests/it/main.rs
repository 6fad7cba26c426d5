//! Behaviour of arrowlink-cli at its public API: the program, run against a server in this process.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, and say what they leave out"
)]

mod generate;
mod get;
mod head;
mod interrupt;
mod ls;
mod put;
mod query;
mod real_data;
mod rm;
mod show;
mod support;
mod usage;
