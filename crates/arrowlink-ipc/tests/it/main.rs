//! Behaviour of arrowlink-ipc at its public API.
#![allow(
    clippy::expect_used,
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, and say what they leave out"
)]

mod corpus;
mod dictionaries;
mod encode;
mod golden;
mod invalid;
mod limits;
mod messages;
mod mutations;
mod one_by_one;
mod one_by_one_invalid;
mod round_trip;
mod splits;
mod support;
