//! Behaviour of arrowlink-ipc at its public API.

mod corpus;
mod mutations;
mod round_trip;
mod splits;
mod support;
