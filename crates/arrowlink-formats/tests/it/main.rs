//! Behaviour of arrowlink-formats at its public API.
#![allow(
    clippy::clone_on_ref_ptr,
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking"
)]

mod encoder;
mod fit;
mod pieces;
