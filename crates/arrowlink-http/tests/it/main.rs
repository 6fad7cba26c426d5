//! Behaviour of arrowlink-http at its public API, without sockets.
#![allow(
    clippy::clone_on_ref_ptr,
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking"
)]

mod cors;
mod datasets;
mod formats;
mod problems;
mod sql;
mod streaming;
mod support;
