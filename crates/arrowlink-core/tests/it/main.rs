//! Behaviour of arrowlink-core at its public API.
#![allow(
    clippy::clone_on_ref_ptr,
    clippy::expect_used,
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it must be"
)]

mod apply;
mod batch_builder;
mod catalog;
mod compact;
mod conform;
mod conformance;
mod deadlines;
mod demo;
mod errors;
mod limited;
mod memory;
mod memory_store;
mod names;
mod parts;
mod plain;
mod read_only;
mod schema_builder;
mod schemas;
mod support;
