//! Behaviour of arrowlink-query at its public API.
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, and say what they leave out"
)]

mod files;
mod stores;
mod support;
mod tpch;

mod arrow;
mod csv;
mod faults;
mod folders;
mod json;
mod limits;
mod object_server;
mod parquet;
mod parts;
mod reading;
mod real;
mod sql;
mod sql_again;
mod sql_ends;
mod sql_files;
mod sql_inserts;
mod sql_joins;
mod sql_limits;
mod sql_logic;
mod sql_names;
mod sql_numbers;
mod sql_parameters;
mod sql_sorts;
mod sql_stores;
mod sql_types;
#[cfg(feature = "substrait")]
mod substrait;
