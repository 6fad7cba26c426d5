//! What Flight's data calls take and refuse, message by message.

use arrow_array::record_batch;
use arrow_flight::{FlightData, FlightDescriptor, PutResult, Ticket};
use arrowlink_core::{CallContext, ErrorKind};
use arrowlink_transport::CallRecord;
use arrowlink_transport::status::from_status;
use bytes::Bytes;
use expect_test::{Expect, expect};
use prost::Message as _;
use tower::Service as _;

use crate::flight_support::{
    Answer, DO_EXCHANGE, DO_GET, DO_PUT, Table, body_of, flight_data, framed, path, request,
};
use crate::support::{catalog, front, name, three_rows};

async fn answer(call: &str, messages: impl IntoIterator<Item = Bytes>) -> Answer {
    let messages: Vec<_> = messages.into_iter().collect();
    Answer::of(&mut front(Table::of(&[three_rows()]).service()), request(call, &[], messages)).await
}

async fn check(call: &str, messages: impl IntoIterator<Item = Bytes>, expected: Expect) {
    let answer = answer(call, messages).await;
    expected.assert_eq(&format!("{}, {} messages", answer.text(), answer.ropes.len()));
}

/// Expects the refusal of what is not Arrow, with `why` at its beginning.
async fn check_begins(call: &str, messages: impl IntoIterator<Item = Bytes>, why: &str) {
    let text = answer(call, messages).await.text();
    let expected = format!("InvalidArgument: what was sent is not a valid stream of Arrow messages: {why}");
    assert!(text.starts_with(&expected), "{text}");
}

/// A message of one field.
fn field(key: u8, bytes: &[u8]) -> Bytes {
    let mut message = vec![0, 0, 0, 0, (bytes.len() + 2) as u8, key, bytes.len() as u8];
    message.extend(bytes);
    message.into()
}

fn ticket(bytes: &'static [u8]) -> [Bytes; 1] {
    [framed(&Ticket { ticket: bytes.into() })]
}

fn rows_for(descriptor: FlightDescriptor) -> Vec<Bytes> {
    flight_data(descriptor, &[three_rows()]).iter().map(framed).collect()
}

fn alone(descriptor: FlightDescriptor) -> FlightData {
    FlightData::new().with_descriptor(descriptor)
}

fn noted(metadata: &'static str) -> FlightData {
    FlightData::new().with_app_metadata(metadata)
}

#[tokio::test]
async fn a_ticket_is_the_name_of_a_dataset() {
    check(DO_GET, ticket(b"table"), expect!["Ok: , 2 messages"]).await;
    check(
        DO_GET,
        ticket(b"tabel"),
        expect!["NotFound: no dataset `tabel`, did you mean `table`?, 0 messages"],
    )
    .await;
    check(
        DO_GET,
        ticket(b""),
        expect!["InvalidArgument: the ticket is empty or not UTF-8: it is one that a server gave, or the name of a dataset, 0 messages"],
    )
    .await;
    check(
        DO_GET,
        ticket(b"\xff\xfe"),
        expect!["InvalidArgument: the ticket is empty or not UTF-8: it is one that a server gave, or the name of a dataset, 0 messages"],
    )
    .await;
    check(DO_GET, ticket(b"a table"), expect!["InvalidArgument: the ticket is not the name of a dataset: `a table` is not a name: use one to 3 parts joined by dots, each a letter or `_` followed by letters, digits, `_` or `-`, at most 128 bytes in all, 0 messages"]).await;
    check(
        DO_GET,
        ticket(b"echo"),
        expect!["InvalidArgument: `echo` is a function, not a dataset: call it, 0 messages"],
    )
    .await;
    check(DO_GET, [], expect!["InvalidArgument: the request has no message: send one `Ticket`, 0 messages"])
        .await;
    check(
        DO_GET,
        [framed(&Ticket::new("table")), framed(&Ticket::new("table"))],
        expect!["InvalidArgument: the request has more than one message, 0 messages"],
    )
    .await;
    check(DO_GET, [field(0x0d, b"abc")], expect!["InvalidArgument: message 1 is not a `Ticket`: failed to decode Protobuf message: field 1 has the wire type 5 and not 2, 0 messages"]).await;
}

#[tokio::test]
async fn a_path_of_one_to_three_elements_is_a_name() {
    for elements in [&["a"][..], &["a", "b"], &["a", "b", "c"], &["a.b", "c"]] {
        let service = catalog();
        let elements: Vec<String> = elements.iter().map(|element| (*element).to_owned()).collect();
        let dataset = name(&elements.join("."));
        let upload = rows_for(FlightDescriptor::new_path(elements));
        let answer = Answer::of(&mut front(service.clone()), request(DO_PUT, &[], upload)).await;
        assert_eq!(answer.text(), "Ok: ");
        let stored = arrowlink_core::DataServiceExt::read_all(&*service, &dataset).await.unwrap();
        assert_eq!(stored.1, [three_rows()]);
    }
}

#[tokio::test]
async fn other_descriptors_are_refused() {
    let elements = |elements: &[&str]| {
        let elements = elements.iter().map(|element| (*element).to_owned());
        rows_for(FlightDescriptor::new_path(elements.collect()))
    };
    check(DO_PUT, elements(&["a", "b", "c", "d"]), expect!["InvalidArgument: `a.b.c.d` is not a name: use one to 3 parts joined by dots, each a letter or `_` followed by letters, digits, `_` or `-`, at most 128 bytes in all, 0 messages"]).await;
    check(DO_PUT, elements(&["a", "", "c"]), expect!["InvalidArgument: `a..c` is not a name: use one to 3 parts joined by dots, each a letter or `_` followed by letters, digits, `_` or `-`, at most 128 bytes in all, 0 messages"]).await;
    check(DO_PUT, elements(&["../a"]), expect!["InvalidArgument: `../a` is not a name: use one to 3 parts joined by dots, each a letter or `_` followed by letters, digits, `_` or `-`, at most 128 bytes in all, 0 messages"]).await;
    check(DO_PUT, elements(&[]), expect!["InvalidArgument: the descriptor has no path: its path is the name of a dataset or function, 0 messages"]).await;
    check(DO_PUT, rows_for(FlightDescriptor::new_cmd("SELECT 1")), expect!["InvalidArgument: the descriptor is a command: an upload or exchange goes to a path, which is the name of a dataset or function, 0 messages"]).await;
    check(DO_PUT, rows_for(FlightDescriptor { r#type: 0, ..path("table") }), expect!["InvalidArgument: the descriptor is neither a path nor a command: give a dataset's name as path, 0 messages"]).await;
    check(DO_PUT, rows_for(FlightDescriptor { r#type: 77, ..path("table") }), expect!["InvalidArgument: the descriptor is neither a path nor a command: give a dataset's name as path, 0 messages"]).await;
    check(DO_PUT, [field(0x0a, b"\xff\xff")], expect!["InvalidArgument: the descriptor is not a `FlightDescriptor`: failed to decode Protobuf message: invalid varint, 0 messages"]).await;
    check(DO_EXCHANGE, rows_for(FlightDescriptor::new_cmd("echo")), expect!["InvalidArgument: the descriptor is a command: an upload or exchange goes to a path, which is the name of a dataset or function, 0 messages"]).await;
    check(
        DO_EXCHANGE,
        elements(&["ehco"]),
        expect!["NotFound: no function `ehco`, did you mean `echo`?, 0 messages"],
    )
    .await;
    check(
        DO_EXCHANGE,
        elements(&["table"]),
        expect!["InvalidArgument: `table` is a dataset, not a function: read it, 0 messages"],
    )
    .await;
    check(
        DO_PUT,
        elements(&["echo"]),
        expect!["InvalidArgument: `echo` is a function, not a dataset: call it, 0 messages"],
    )
    .await;
}

#[tokio::test]
async fn what_begins_without_a_descriptor_is_refused() {
    let mut rows = flight_data(path("table"), &[three_rows()]);
    rows[0].flight_descriptor = None;
    let rows = || rows.iter().map(framed);
    check(DO_PUT, rows(), expect!["InvalidArgument: the upload does not begin with a descriptor: its path is the dataset's name, 0 messages"]).await;
    check(DO_PUT, [], expect!["InvalidArgument: the upload ended before its first message: begin it with the dataset's name and a schema. Some drivers send nothing of a table that has no batches: give it an empty one, 0 messages"]).await;
    check(DO_EXCHANGE, rows(), expect!["InvalidArgument: the exchange does not begin with a descriptor: its path is the function's name, 0 messages"]).await;
    check(DO_EXCHANGE, [], expect!["InvalidArgument: the exchange does not begin with a descriptor: its path is the function's name, 0 messages"]).await;
}

#[tokio::test]
async fn a_descriptor_may_come_alone_and_again() {
    let mut messages = vec![framed(&alone(path("echo")))];
    messages.extend(rows_for(path("echo")));
    messages.push(framed(&alone(path("other"))));
    let answer = answer(DO_EXCHANGE, messages).await;
    assert_eq!(answer.text(), "Ok: ");
    assert_eq!(answer.batches(), [three_rows()]);
}

#[tokio::test]
async fn a_schema_comes_first_and_once() {
    let rows = rows_for(path("table"));
    check(
        DO_PUT,
        [framed(&alone(path("table")))],
        expect![
            "InvalidArgument: the upload has no schema: send it, even where there are no rows, 0 messages"
        ],
    )
    .await;
    check(DO_PUT, [rows[0].clone(), rows[0].clone(), rows[1].clone()], expect!["InvalidArgument: what was sent is not a valid stream of Arrow messages: message 2 (schema): the stream has a schema already, 0 messages"]).await;
    check(DO_PUT, [framed(&alone(path("table"))), rows[1].clone()], expect!["InvalidArgument: what was sent is not a valid stream of Arrow messages: message 1 (record batch): the stream does not begin with a schema, 0 messages"]).await;
    check(DO_PUT, [rows[0].clone()], expect!["Ok: , 1 messages"]).await;
    check(DO_EXCHANGE, [framed(&alone(path("echo")))], expect!["Ok: , 1 messages"]).await;
}

#[tokio::test]
async fn messages_that_are_not_arrow_are_refused() {
    let data = flight_data(path("table"), &[three_rows()]);
    let after_schema = |second: FlightData| [framed(&data[0]), framed(&second)];
    let without_body = FlightData { data_body: Bytes::new(), ..data[1].clone() };
    check(DO_PUT, after_schema(without_body), expect!["InvalidArgument: what was sent is not a valid stream of Arrow messages: message 2 (record batch): the body has 0 bytes, the message says 192, 0 messages"]).await;
    let garbage = FlightData { data_header: "garbage".into(), ..data[1].clone() };
    check_begins(DO_PUT, after_schema(garbage), "message 2: the metadata cannot be read").await;
    let mut cut = framed(&data[1]).to_vec();
    cut.truncate(cut.len() - 1);
    check(
        DO_PUT,
        [framed(&data[0]), cut.into()],
        expect![
            "InvalidArgument: message 2 is not complete: the stream ended in the middle of it, 0 messages"
        ],
    )
    .await;
    let mut compressed = framed(&data[1]).to_vec();
    compressed[0] = 1;
    check(
        DO_PUT,
        [framed(&data[0]), compressed.into()],
        expect!["Internal: message 2 is flagged as compressed, and no compression was agreed on, 0 messages"],
    )
    .await;
    let garbage = FlightData { data_header: "garbage".into(), ..alone(path("echo")) };
    check_begins(DO_EXCHANGE, [framed(&garbage)], "message 1: the metadata cannot be read").await;
}

#[tokio::test]
async fn what_has_neither_header_nor_metadata_is_passed_over() {
    let mut messages = rows_for(path("echo"));
    messages.insert(1, framed(&FlightData::new()));
    messages.push(framed(&FlightData::new()));
    assert_eq!(answer(DO_EXCHANGE, messages).await.batches(), [three_rows()]);
}

#[tokio::test]
async fn metadata_alone_comes_with_no_rows() {
    let mut messages = rows_for(path("echo"));
    messages.insert(1, framed(&noted("first")));
    messages.push(framed(&noted("last")));
    let answer = answer(DO_EXCHANGE, messages).await;
    let notes: Vec<_> = answer.data().into_iter().skip(1).map(|data| data.app_metadata).collect();
    assert_eq!(notes, ["first", "", "last"]);
    let rows: Vec<_> = answer.batches().iter().map(|batch| batch.num_rows()).collect();
    assert_eq!(rows, [0, 3, 0]);
}

#[tokio::test]
async fn metadata_before_the_schema_is_not_lost_in_silence() {
    check(
        DO_EXCHANGE,
        [framed(&alone(path("echo"))), framed(&noted("early"))],
        expect![
            "InvalidArgument: application metadata came before the schema: send the schema first, 0 messages"
        ],
    )
    .await;
    check(
        DO_PUT,
        [framed(&alone(path("table")).with_app_metadata("early"))],
        expect![
            "InvalidArgument: application metadata came before the schema: send the schema first, 0 messages"
        ],
    )
    .await;
}

#[tokio::test]
async fn an_upload_is_acknowledged_at_last_by_its_receipt_in_json() {
    let upload = flight_data(path("table"), &[three_rows(), three_rows()]);
    let mut front = front(catalog());
    let answer =
        Answer::of(&mut front, request(DO_PUT, &[], upload.iter().map(framed).collect::<Vec<_>>())).await;
    let results: Vec<_> = answer.ropes.iter().map(|rope| PutResult::decode(body_of(rope)).unwrap()).collect();
    assert_eq!((answer.text().as_str(), results.len()), ("Ok: ", 3));
    let receipt: serde_json::Value = serde_json::from_slice(&results[2].app_metadata).unwrap();
    let of = |key: &str| receipt.get(key).unwrap();
    assert_eq!((of("state"), of("rows"), of("batches")), (&"in memory".into(), &6.into(), &2.into()));
    assert!(of("bytes").as_u64().unwrap() > 0);
}

#[tokio::test]
async fn errors_go_by_the_request_id_of_the_context() {
    let other = record_batch!(("id", Int32, [1])).unwrap();
    let calls = [
        (DO_GET, ticket(b"nothing").to_vec(), ErrorKind::NotFound),
        (DO_PUT, flight_data(path("default"), &[other]).iter().map(framed).collect(), ErrorKind::ReadOnly),
        (DO_EXCHANGE, rows_for(path("nothing")), ErrorKind::NotFound),
    ];
    for (call, messages, kind) in calls {
        let mut request = request(call, &[], messages);
        request.extensions_mut().insert(CallContext::new().with_request_id("0198-42"));
        let answer = Answer::read(front(catalog()).call(request).await.unwrap()).await;
        let error = from_status(&answer.status);
        assert_eq!((error.kind(), error.request_id()), (kind, Some("0198-42")), "{call}");
    }
}

#[tokio::test]
async fn the_access_log_counts_messages_without_the_prefix_of_grpc() {
    let mut front = front(Table::of(&[three_rows()]).service());
    let rows = rows_for(path("table"));
    let sent: usize = rows.iter().map(|message| message.len() - 5).sum();
    let (upload, read) = (CallRecord::default(), CallRecord::default());
    let mut put = request(DO_PUT, &[], rows);
    put.extensions_mut().insert(upload.clone());
    Answer::of(&mut front, put).await;
    assert_eq!((upload.rows(), upload.bytes()), (3, sent as u64));

    let mut get = request(DO_GET, &[], ticket(b"table"));
    get.extensions_mut().insert(read.clone());
    let answer = Answer::of(&mut front, get).await;
    let received: usize = answer.ropes.iter().map(|rope| body_of(rope).len()).sum();
    assert_eq!((read.rows(), read.bytes()), (3, received as u64));
}
