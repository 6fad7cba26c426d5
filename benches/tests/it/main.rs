//! What can be tried without measuring: statistics, verdicts, and the tables that figures become.

#![expect(clippy::expect_used, reason = "a helper of a test fails as the test does")]

mod report;
mod statistics;
mod target;
