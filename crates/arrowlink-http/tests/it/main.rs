//! Behaviour of arrowlink-http at its public API, without sockets.
#![allow(clippy::panic, clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod cors;
mod datasets;
mod formats;
mod problems;
mod sql;
mod streaming;
mod support;
