//! Tickets come back as they were made, and nothing else passes for one.

use arrow_array::record_batch;
use arrowlink_core::{ErrorKind, Position, Query, ReadOptions, Snapshot, Target};
use arrowlink_testkit::{Maker, check_error, data_types, name};
use arrowlink_transport::Ticket;
use proptest::prelude::{
    ProptestConfig, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest,
};

fn targets() -> impl Strategy<Value = Target> {
    let parameters = (prop::collection::vec(data_types(), 0..4), any::<u64>())
        .prop_map(|(types, seed)| Maker::new(seed).batch(&types, 1));
    let query = (any::<String>(), prop::option::of(parameters), prop::option::of(any::<String>()));
    prop_oneof![
        "[a-z]{1,9}(\\.[a-z]{1,9}){0,2}".prop_map(|text| Target::Name(name(&text))),
        prop::collection::vec(any::<u8>(), 0..50).prop_map(|plan| Target::Substrait(plan.into())),
        query.prop_map(|(text, parameters, default_schema)| {
            let mut query = Query::new(text);
            query.parameters = parameters;
            query.default_schema = default_schema;
            Target::Sql(query)
        }),
    ]
}

fn options() -> impl Strategy<Value = ReadOptions> {
    let bytes = || prop::option::of(prop::collection::vec(any::<u8>(), 0..40));
    let columns = prop::option::of(prop::collection::vec(any::<String>(), 0..4));
    let numbers = (any::<Option<u64>>(), any::<u64>(), any::<Option<u32>>(), any::<bool>());
    (columns, numbers, bytes(), bytes()).prop_map(
        |(columns, (limit, skip, part, follow), snapshot, resume)| {
            let mut options = ReadOptions::default().with_skip(skip).with_follow(follow);
            options.projection = columns.map(Into::into);
            options.limit = limit;
            options.part = part;
            options.snapshot = snapshot.map(Snapshot::new);
            options.resume = resume.map(Position::new);
            options
        },
    )
}

fn tickets() -> impl Strategy<Value = Ticket> {
    (targets(), options(), any::<bool>())
        .prop_map(|(target, options, positions)| Ticket::new(target, options).with_positions(positions))
}

fn check_refused(bytes: &[u8], parts: &[&str]) {
    check_error(Ticket::decode(bytes), ErrorKind::InvalidArgument, parts);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn ticket_comes_back_as_it_was_made(ticket in tickets()) {
        prop_assert_eq!(Ticket::decode(&ticket.encode().unwrap()).unwrap(), ticket);
    }

    #[test]
    fn damaged_ticket_is_refused(ticket in tickets(), more in prop::collection::vec(any::<u8>(), 1..20)) {
        let bytes = ticket.encode().unwrap().to_vec();
        for at in 0..bytes.len().min(2_000) {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                check_refused(&flipped, &["the ticket"]);
            }
            check_refused(&bytes[..at], &["the ticket"]);
        }
        check_refused(&[bytes, more].concat(), &["the ticket is damaged"]);
    }

    #[test]
    fn any_bytes_are_refused_or_a_name(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        match Ticket::decode(&bytes) {
            Ok(ticket) => prop_assert!(matches!(ticket.target, Target::Name(name) if name.as_str().as_bytes() == bytes)),
            Err(error) => prop_assert_eq!(error.kind(), ErrorKind::InvalidArgument),
        }
    }

    #[test]
    fn forged_ticket_is_refused_or_read(message in prop::collection::vec(any::<u8>(), 0..60)) {
        match Ticket::decode(&sealed(1, &message)) {
            Ok(ticket) => prop_assert_eq!(&Ticket::decode(&ticket.encode().unwrap()).unwrap(), &ticket),
            Err(error) => prop_assert_eq!(error.kind(), ErrorKind::InvalidArgument),
        }
    }
}

/// Writes what somebody could who knows the format.
fn sealed(version: u8, message: &[u8]) -> Vec<u8> {
    let mut bytes = [&[0xff, b'A', b'L', b'T', version], message].concat();
    let sum = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    bytes.extend(sum.to_le_bytes());
    bytes
}

#[test]
fn name_is_a_ticket() {
    let plain = Ticket::new(Target::Name(name("sales.orders")), ReadOptions::default());
    assert_eq!(Ticket::decode(b"sales.orders").unwrap(), plain);
    assert!(!plain.positions);
}

#[test]
fn what_is_neither_says_so() {
    check_refused(b"", &["empty or not UTF-8"]);
    check_refused(&[0xff, 0xfe], &["empty or not UTF-8"]);
    check_refused(b"no name", &["the ticket is not the name of a dataset", "`no name`"]);
}

#[test]
fn forged_tickets_say_so() {
    check_refused(&sealed(1, b""), &["none that a server made"]);
    check_refused(&sealed(1, &[0x0a, 3, b'a', b' ', b'b']), &["none that a server made", "`a b`"]);
    // Parameters that are no Arrow stream: field 2 (a statement) with field 2 of one byte in it.
    check_refused(&sealed(1, &[0x12, 3, 0x12, 1, 7]), &["none that a server made"]);
}

#[test]
fn another_version_is_named() {
    let version_2 = sealed(2, &[0x0a, 5, b't', b'r', b'i', b'p', b's']);
    check_refused(&version_2, &["the ticket has version 2, this server reads version 1"]);
}

#[test]
fn bytes_of_version_1_stay_as_they_are() {
    let trips = Ticket::new(Target::Name(name("trips")), ReadOptions::default().with_limit(5));
    assert_eq!(trips.encode().unwrap(), sealed(1, &[0x0a, 5, b't', b'r', b'i', b'p', b's', 0x28, 5]));
}

#[test]
fn ticket_that_would_be_too_large_is_not_made() {
    let text = "x".repeat(Ticket::MAX_BYTES);
    let ticket = Ticket::new(Target::from(Query::new(text.clone())), ReadOptions::default());
    check_error(ticket.encode(), ErrorKind::LimitExceeded, &["more than 16777216"]);
    check_refused(&sealed(1, text.as_bytes()), &["more than 16777216"]);
}

#[test]
fn parameters_keep_their_types() {
    let values = record_batch!(("$1", Utf8View, ["a longer text than fits into a view"])).unwrap();
    let query = Query::new("select $1").with_parameters(values).with_default_schema("sales");
    let ticket = Ticket::new(query.into(), ReadOptions::default());
    assert_eq!(Ticket::decode(&ticket.encode().unwrap()).unwrap(), ticket);
}
