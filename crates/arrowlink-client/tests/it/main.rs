//! Behaviour of arrowlink-client at its public API.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, and say what they leave out"
)]

mod conformance;
mod connecting;
mod errors;
mod parallel;
mod proxy;
mod remote;
mod resuming;
mod retries;
mod support;
