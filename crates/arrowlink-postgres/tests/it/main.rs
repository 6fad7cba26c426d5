//! Datasets in a real PostgreSQL, at the public API. Where none is installed each test says that it did not run.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking"
)]

mod failing;
mod reading;
mod sql;
mod support;
mod tls;
mod types;
mod uris;
