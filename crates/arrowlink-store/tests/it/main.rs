//! Behaviour of arrowlink-store at its public API.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, and say what they leave out"
)]

mod conformance;
mod crash;
mod damage;
mod dictionaries;
mod folder;
mod full_disk;
mod idempotency;
mod parts;
mod positions;
mod removal;
mod replacing;
mod round_trip;
mod support;
mod uploads;
