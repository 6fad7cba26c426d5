//! Behaviour of arrowlink-formats at its public API.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod encoder;
mod fit;
mod pieces;
