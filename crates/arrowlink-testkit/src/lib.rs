//! What the tests of several crates share: random arrays of every type, servers that own their shutdown, and real data.
//!
//! For tests alone: whatever cannot be made fails the test that asked for it.
#![expect(clippy::unwrap_used, reason = "a fixture that cannot be made fails the test")]
#![allow(clippy::missing_panics_doc, reason = "a fixture that cannot be made fails the test")]

mod arrays;
mod check;
mod commands;
mod data;
mod postgres;
mod server;
mod statements;
mod strategies;
mod stub;
mod tables;
mod tap;
mod users;

pub use arrays::{Maker, dictionary, flat_types, map, runs, types, union};
pub use check::check_error;
pub use commands::FLIGHT_SQL_MESSAGES;
pub use data::test_data;
pub use postgres::Postgres;
pub use server::{Certificates, Server, front, front_with};
pub use statements::{Statements, WithStatements};
pub use strategies::data_types;
pub use stub::{Stub, stubbed};
pub use tables::{catalog, endless_row, name, stream_of, three_rows};
pub use tap::FlightTap;
pub use users::OnlyAli;
