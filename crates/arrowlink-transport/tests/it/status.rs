//! The mapping of errors to gRPC status and back, kind by kind.

use arrowlink_core::{Error, ErrorKind};
use arrowlink_transport::status::{from_status, to_status};
use expect_test::expect;
use tonic::{Code, Status};

#[test]
fn round_trips_every_kind_with_message_and_request_id() {
    for kind in ErrorKind::ALL {
        let error = Error::new(kind, format!("`{kind:?}` happened")).with_request_id("0198-7");
        let back = from_status(&to_status(&error));
        assert_eq!(back.kind(), kind);
        assert_eq!(back.message(), error.message());
        assert_eq!(back.request_id(), Some("0198-7"));
    }
}

#[test]
fn round_trips_every_kind_without_request_id() {
    for kind in ErrorKind::ALL {
        let back = from_status(&to_status(&Error::new(kind, "why")));
        assert_eq!((back.kind(), back.request_id()), (kind, None));
    }
}

#[test]
fn gives_every_kind_the_code_that_foreign_clients_expect() {
    let table: String = ErrorKind::ALL
        .into_iter()
        .map(|kind| format!("{kind:?} -> {:?}\n", to_status(&Error::new(kind, "why")).code()))
        .collect();
    expect![[r#"
        NotFound -> NotFound
        AlreadyExists -> AlreadyExists
        InvalidArgument -> InvalidArgument
        SchemaMismatch -> FailedPrecondition
        ReadOnly -> FailedPrecondition
        SnapshotChanged -> FailedPrecondition
        Corrupt -> DataLoss
        LimitExceeded -> ResourceExhausted
        Unauthenticated -> Unauthenticated
        PermissionDenied -> PermissionDenied
        Unavailable -> Unavailable
        DeadlineExceeded -> DeadlineExceeded
        Cancelled -> Cancelled
        Unsupported -> Unimplemented
        FunctionFailed -> Aborted
        Internal -> Internal
    "#]]
    .assert_eq(&table);
}

#[test]
fn sorts_bare_codes_of_foreign_servers() {
    let table: String = (0..=16)
        .map(Code::from_i32)
        .map(|code| format!("{code:?} -> {:?}\n", from_status(&Status::new(code, "why")).kind()))
        .collect();
    expect![[r#"
        Ok -> Internal
        Cancelled -> Cancelled
        Unknown -> Internal
        InvalidArgument -> InvalidArgument
        DeadlineExceeded -> DeadlineExceeded
        NotFound -> NotFound
        AlreadyExists -> AlreadyExists
        PermissionDenied -> PermissionDenied
        ResourceExhausted -> LimitExceeded
        FailedPrecondition -> InvalidArgument
        Aborted -> Unavailable
        OutOfRange -> InvalidArgument
        Unimplemented -> Unsupported
        Internal -> Internal
        Unavailable -> Unavailable
        DataLoss -> Corrupt
        Unauthenticated -> Unauthenticated
    "#]]
    .assert_eq(&table);
}

#[test]
fn sends_the_causes_along_with_the_message() {
    let error = Error::new(ErrorKind::Corrupt, "cannot read `a.csv`").with_source("row 3 has 2 fields");
    assert_eq!(from_status(&to_status(&error)).message(), "cannot read `a.csv`: row 3 has 2 fields");
}

#[test]
fn cuts_a_message_that_would_not_fit_into_headers() {
    let error = Error::new(ErrorKind::SchemaMismatch, "é".repeat(4000));
    let status = to_status(&error);
    assert!(status.message().ends_with("… (5952 bytes more)"), "{}", status.message());
    let mut headers = http::HeaderMap::new();
    status.add_header(&mut headers).unwrap();
    let bytes: usize = headers.iter().map(|(key, value)| key.as_str().len() + value.len()).sum();
    assert!(bytes < 16 * 1024, "{bytes} bytes of headers");
}

#[test]
fn ignores_reasons_of_other_domains_and_reasons_it_does_not_know() {
    use tonic_types::{ErrorDetails, StatusExt as _};
    for (reason, domain) in [("READ_ONLY", "example.com"), ("TELEPORTED", "arrowlink")] {
        let details = ErrorDetails::with_error_info(reason, domain, std::collections::HashMap::new());
        let status = Status::with_error_details(Code::NotFound, "why", details);
        assert_eq!(from_status(&status).kind(), ErrorKind::NotFound);
    }
}

#[test]
fn says_that_a_server_did_not_say_why() {
    let error = from_status(&Status::new(Code::Unavailable, ""));
    expect!["the server answered Unavailable and did not say why"].assert_eq(error.message());
}

#[test]
fn takes_details_that_are_no_protobuf_for_none() {
    let status = Status::with_details(Code::NotFound, "why", vec![0xff; 7].into());
    assert_eq!(from_status(&status).kind(), ErrorKind::NotFound);
}
