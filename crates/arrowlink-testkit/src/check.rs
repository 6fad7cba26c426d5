//! Assertions about errors.

use std::fmt::Debug;

use arrowlink_core::{Error, ErrorKind, Result};

/// Asserts the kind of an error and that its chain has all of `parts`; returns it.
///
/// ```
/// use arrowlink_core::{ErrorKind, Name};
///
/// arrowlink_testkit::check_error(Name::new("a b"), ErrorKind::InvalidArgument, &["`a b` is not a name"]);
/// ```
#[track_caller]
pub fn check_error<T: Debug>(result: Result<T>, kind: ErrorKind, parts: &[&str]) -> Error {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{}", error.chain());
    for part in parts {
        assert!(error.chain().contains(part), "`{part}` is not in `{}`", error.chain());
    }
    error
}
