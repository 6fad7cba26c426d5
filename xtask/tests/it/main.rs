//! The project's rules, each broken once: what tidy says then is what a contributor reads.

#![expect(clippy::expect_used, reason = "a helper of a test fails as the test does")]

mod document;
mod features;
mod lockfile;
mod manifest;
mod program;
mod reach;
mod source;
