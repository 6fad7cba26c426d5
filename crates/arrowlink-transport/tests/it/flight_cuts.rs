//! Where batches of Flight are cut because their receiver takes no larger messages.

use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringViewBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, DictionaryArray, Int32Array, Int64Array, RecordBatch, StringArray, StringViewArray, StructArray,
};
use arrow_flight::Ticket;
use arrow_schema::{DataType, Field, Schema};
use arrowlink_core::{CallContext, ErrorKind};
use arrowlink_testkit::{Maker, check_error, front_with, types};
use arrowlink_transport::{Rope, TransferOptions};
use expect_test::{Expect, expect};

use crate::flight_support::{Answer, DO_GET, Table, chunk, ends, framed, request};
use crate::support::{front, front_options, name, stream_of};

const ANNOUNCED: &str = "arrowlink-max-message-bytes";
const DEFAULT_BYTES: usize = 4 << 20;

async fn got(batches: &[RecordBatch], headers: &[(&str, &str)]) -> Answer {
    let mut front = front(Table::of(batches).service());
    let ticket = framed(&Ticket::new("table"));
    Answer::of(&mut front, request(DO_GET, headers, [ticket])).await
}

/// Reads `batch` in messages of at most `max_bytes`, and expects its rows in their order.
async fn cut(batch: &RecordBatch, max_bytes: usize) -> Vec<RecordBatch> {
    let answer = got(std::slice::from_ref(batch), &[(ANNOUNCED, &max_bytes.to_string())]).await;
    assert_eq!(answer.text(), "Ok: ");
    assert!(answer.ropes.iter().all(|rope| rope.len() <= max_bytes));
    let batches = answer.batches();
    let mut row = 0;
    for piece in &batches {
        assert_eq!(*piece, batch.slice(row, piece.num_rows()));
        row += piece.num_rows();
    }
    assert_eq!(row, batch.num_rows());
    batches
}

fn column(array: impl arrow_array::Array + 'static) -> RecordBatch {
    RecordBatch::try_from_iter([("column", Arc::new(array) as ArrayRef)]).unwrap()
}

fn numbers(rows: i64) -> RecordBatch {
    column(Int64Array::from_iter_values(0..rows))
}

fn rows(batches: &[RecordBatch]) -> Vec<usize> {
    batches.iter().map(RecordBatch::num_rows).collect()
}

#[tokio::test]
async fn clients_that_take_any_size_get_whole_batches() {
    let batch = numbers(2_000_000);
    for agent in ["grpc-c++/1.60.0 grpc-c/37.0.0 (linux; chttp2)", "x/1 grpc-java-netty/1.65.0"] {
        let answer = got(std::slice::from_ref(&batch), &[("user-agent", agent)]).await;
        assert_eq!(rows(&answer.batches()), [2_000_000], "{agent}");
    }
    let answer = got(std::slice::from_ref(&batch), &[(ANNOUNCED, "17000000")]).await;
    assert_eq!(rows(&answer.batches()), [2_000_000]);
}

#[tokio::test]
async fn other_clients_get_what_grpc_takes_by_default() {
    let batch = numbers(2_000_000);
    let agents = ["", "grpc-go/1.65.0", "grpc-python/1.60", "tonic/0.14.2", "agrpc-c++/1", "grpc-c++"];
    for agent in agents {
        let answer = got(std::slice::from_ref(&batch), &[("user-agent", agent)]).await;
        assert!(answer.ropes.iter().all(|rope| rope.len() <= DEFAULT_BYTES), "{agent}");
        assert_eq!(rows(&answer.batches()), [500_032, 500_032, 500_032, 499_904], "{agent}");
    }
    let cpp = [("user-agent", "grpc-c++/1.60.0"), (ANNOUNCED, "10000000")];
    assert_eq!(rows(&got(&[batch], &cpp).await.batches()), [1_000_000, 1_000_000]);
}

#[tokio::test]
async fn no_message_exceeds_the_limit_of_the_server() {
    let batch = numbers(1_000);
    let table = Table::of(std::slice::from_ref(&batch));
    let options = front_options().with_max_message_bytes(5_000);
    let mut front = front_with(table.service(), options);
    let headers = [("user-agent", "grpc-c++/1.60.0"), (ANNOUNCED, "100000000")];
    let answer = Answer::of(&mut front, request(DO_GET, &headers, [framed(&Ticket::new("table"))])).await;
    assert!(answer.ropes.iter().all(|rope| rope.len() <= 5_000));
    assert_eq!(rows(&answer.batches()), [512, 488]);
}

#[tokio::test]
async fn pieces_are_cut_at_multiples_of_64_rows_and_still_lie_where_they_lay() {
    let batch = numbers(100_000);
    let begin = batch.column(0).to_data().buffers()[0].as_ptr();
    let answer = got(std::slice::from_ref(&batch), &[(ANNOUNCED, "100000")]).await;
    let pieces = rows(&answer.batches());
    let (last, others) = pieces.split_last().unwrap();
    assert!(others.iter().all(|piece| piece % 64 == 0 && *piece == pieces[0]), "{pieces:?}");
    assert!(*last > pieces[0] * 9 / 10, "{pieces:?}");
    let large = answer.ropes.iter().flat_map(Rope::segments).filter(|segment| segment.len() > 10_000);
    let places = large.map(|segment| segment.as_ptr().addr() - begin.addr());
    let expected = (0..pieces.len()).map(|piece| piece * pieces[0] * size_of::<i64>());
    assert_eq!(places.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn rows_of_every_type_are_cut() {
    for (seed, data_type) in types().into_iter().enumerate() {
        // Dictionaries are not cut, and rows of nothing take nothing.
        if matches!(data_type, DataType::Dictionary(..) | DataType::Null) {
            continue;
        }
        let batch = Maker::new(seed as u64).batch(&[data_type.clone(), DataType::Int32], 2_000);
        let pieces = cut(&batch, 6_000).await;
        assert!(pieces.len() > 1, "{data_type}");
    }
}

#[tokio::test]
async fn skewed_rows_are_cut_until_they_fit() {
    let texts = (0..1_000).map(|row| "t".repeat(if row % 100 == 99 { 5_000 } else { row % 7 }));
    let pieces = cut(&column(StringArray::from_iter_values(texts)), 8_000).await;
    assert!(pieces.len() >= 10);
}

/// Ten thousand long texts, of which a few rows are asked for.
fn long_views() -> StringViewArray {
    StringViewArray::from_iter_values((0..10_000).map(|row| format!("{row:>0500}")))
}

#[tokio::test]
async fn pieces_of_views_take_what_their_rows_need() {
    let pieces = cut(&column(long_views()), 1 << 20).await;
    assert!(pieces.len() < 10, "{:?}", rows(&pieces));
}

#[tokio::test]
async fn pieces_of_nested_views_take_what_their_rows_need() {
    let views: ArrayRef = Arc::new(long_views());
    let field = Arc::new(Field::new("view", DataType::Utf8View, false));
    let pieces = cut(&column(StructArray::from(vec![(field, views)])), 1 << 20).await;
    assert!(pieces.len() < 10, "{:?}", rows(&pieces));

    let mut lists = ListBuilder::new(StringViewBuilder::new());
    for text in long_views().iter() {
        lists.append_value([text, None]);
    }
    let pieces = cut(&column(lists.finish()), 1 << 20).await;
    assert!(pieces.len() < 10, "{:?}", rows(&pieces));
}

#[tokio::test]
async fn a_slice_of_views_takes_what_its_rows_need() {
    let whole = column(long_views());
    for count in [0, 1, 2, 100] {
        let pieces = cut(&whole.slice(700, count), 1 << 20).await;
        assert_eq!(rows(&pieces), [count]);
    }
}

#[tokio::test]
async fn metadata_goes_with_the_last_piece() {
    let batch = numbers(1_000);
    let table = Table::new(batch.schema(), vec![chunk(batch.clone(), "first"), chunk(batch, "second")]);
    let (server, connection) = ends(table.service()).await;
    let options = TransferOptions::default().with_max_message_bytes(5_000);
    let rows = connection.do_get(&CallContext::new(), &name("table"), &options).await.unwrap();
    let chunks: Vec<_> = futures::TryStreamExt::try_collect(rows).await.unwrap();
    let seen = chunks.iter().map(|chunk| (chunk.batch.num_rows(), chunk.metadata.as_ref()));
    let expected: [(usize, &[u8]); 4] = [(512, b""), (488, b"first"), (512, b""), (488, b"second")];
    assert_eq!(seen.collect::<Vec<_>>(), expected);
    drop(connection);
    server.stop().await;
}

#[tokio::test]
async fn uploads_are_cut_to_what_the_client_was_told() {
    let batch = numbers(1_000);
    let table = Table::of(std::slice::from_ref(&batch));
    let (server, connection) = ends(table.clone().service()).await;
    let options = TransferOptions::default().with_max_send_bytes(5_000);
    connection.do_put(&CallContext::new(), &name("table"), stream_of(&batch), &options).await.unwrap();
    let stored: Vec<_> = table.chunks().into_iter().map(|chunk| chunk.batch).collect();
    assert_eq!(rows(&stored), [512, 488]);
    drop(connection);
    server.stop().await;
}

/// Reads in messages of 1,000 bytes what does not fit there.
async fn check_too_large(batch: &RecordBatch, expected: Expect) {
    let answer = got(std::slice::from_ref(batch), &[(ANNOUNCED, "1000")]).await;
    expected.assert_eq(&answer.text());
}

#[tokio::test]
async fn what_cannot_be_cut_is_refused_by_name() {
    let long = "x".repeat(2_000);
    let mut texts = vec!["short"; 700];
    texts[500] = &long;
    check_too_large(&column(StringArray::from(texts)), expect!["ResourceExhausted: row 501 takes a message of 2309 bytes, more than the 1000 bytes that the receiver takes: a client that reads may announce a larger limit in the metadata key `arrowlink-max-message-bytes`, up to `max_message_bytes` under `[limits]` of the server; one that writes may raise its `max_send_bytes`"]).await;

    let keys = Int32Array::from(vec![0]);
    let words = DictionaryArray::<Int32Type>::new(keys, Arc::new(StringArray::from(vec![long.as_str()])));
    check_too_large(&column(words), expect!["ResourceExhausted: a dictionary takes a message of 2309 bytes, more than the 1000 bytes that the receiver takes: a client that reads may announce a larger limit in the metadata key `arrowlink-max-message-bytes`, up to `max_message_bytes` under `[limits]` of the server; one that writes may raise its `max_send_bytes`"]).await;

    let fields: Vec<_> = (0..50).map(|at| Field::new(format!("c{at}"), DataType::Int64, true)).collect();
    check_too_large(&RecordBatch::new_empty(Arc::new(Schema::new(fields))), expect!["ResourceExhausted: the schema takes a message of 2496 bytes, more than the 1000 bytes that the receiver takes: a client that reads may announce a larger limit in the metadata key `arrowlink-max-message-bytes`, up to `max_message_bytes` under `[limits]` of the server; one that writes may raise its `max_send_bytes`"]).await;
}

#[tokio::test]
async fn metadata_that_is_too_large_is_refused() {
    let batch = numbers(3);
    for batch in [batch.slice(0, 0), batch] {
        let table = Table::new(batch.schema(), vec![chunk(batch, vec![7; 2_000])]);
        let (server, connection) = ends(table.service()).await;
        let options = TransferOptions::default().with_max_message_bytes(1_000);
        let rows = connection.do_get(&CallContext::new(), &name("table"), &options).await.unwrap();
        check_error(
            rows.collect_batches().await,
            ErrorKind::LimitExceeded,
            &["the application metadata at row 1 takes"],
        );
        drop(connection);
        server.stop().await;
    }
}
