//! The wire format is frozen: these tests fail where a change of the `.proto` file would break deployed clients.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

mod frozen;
mod messages;
