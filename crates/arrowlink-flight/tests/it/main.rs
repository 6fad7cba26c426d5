//! Arrow Flight over a data service, as the stock client of arrow-rs and raw messages see it.
#![allow(
    clippy::clone_on_ref_ptr,
    clippy::needless_pass_by_value,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking"
)]

mod actions;
mod handshake;
mod hostile;
mod info;
mod plain_types;
mod put;
mod reading;
mod sql_ingest;
mod sql_metadata;
mod sql_parameters;
mod sql_prepared;
mod sql_sessions;
mod sql_statements;
mod sql_support;
mod support;
