//! The server at its public API and as a program.
#![allow(
    clippy::needless_pass_by_value,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod authentication;
mod backpressure;
mod calls;
mod certificates;
mod config;
mod conformance;
mod faults;
mod flight;
mod flight_client;
mod flight_ends;
mod hostile;
mod http;
mod observing;
mod postgres;
mod program;
mod remote;
mod restart;
mod sources;
mod substrait;
mod support;
