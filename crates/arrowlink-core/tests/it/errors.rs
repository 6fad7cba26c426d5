//! The error: its kind, its words, its causes.

use std::collections::BTreeSet;
use std::error::Error as _;

use arrowlink_core::{Error, ErrorKind};

#[test]
fn says_its_message_and_keeps_the_cause_apart() {
    let error = Error::new(ErrorKind::Corrupt, "cannot read `a.csv`").with_source("row 3 has 2 fields");
    assert_eq!(error.to_string(), "cannot read `a.csv`");
    assert_eq!(error.source().unwrap().to_string(), "row 3 has 2 fields");
    assert_eq!(error.chain(), "cannot read `a.csv`: row 3 has 2 fields");
}

#[test]
fn the_first_request_id_stays() {
    let error = Error::new(ErrorKind::Internal, "a bug").with_request_id("one").with_request_id("two");
    assert_eq!(error.request_id(), Some("one"));
}

#[test]
fn every_kind_is_listed_once() {
    assert_eq!(ErrorKind::ALL.iter().collect::<BTreeSet<_>>().len(), ErrorKind::ALL.len());
}
