//! Where columns lie while they are sent and received: large ones are not copied on send, and once on receive.

use std::sync::Arc;

use arrow_array::builder::{FixedSizeListBuilder, Float32Builder, Int64Builder, ListBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{
    Array as _, ArrayRef, BooleanArray, Decimal128Array, DictionaryArray, FixedSizeBinaryArray, Float64Array,
    Int32Array, LargeStringArray, RecordBatch, StringArray, StringViewArray, StructArray, make_array,
};
use arrow_buffer::{Buffer, NullBuffer};
use arrow_flight::Ticket;
use arrow_schema::{DataType, Field};
use arrowlink_core::CallContext;
use arrowlink_testkit::{Maker, front_with, types};
use arrowlink_transport::{AcceptOptions, BlockPool, ConnectOptions, Connection, Rope, TransferOptions};
use http_body_util::BodyExt as _;
use prost::Message as _;
use tower::Service as _;

use crate::flight_support::{Answer, DO_GET, Table, body_of, framed, request};
use crate::support::{Server, front, front_options, name, stream_of};

const ROWS: usize = 100_000;
/// What is smaller is copied next to its neighbours.
const LARGE_BYTES: usize = 8 << 10;
const GET_ARROW_DATA: &str = "/dataexchange.ArrowDataService/GetArrowData";

fn floats() -> Float64Array {
    (0..ROWS).map(|row| row as f64).collect()
}

fn texts() -> impl Iterator<Item = String> {
    (0..ROWS).map(|row| format!("text {row}"))
}

fn nulls() -> Option<NullBuffer> {
    Some((0..200_000).map(|row| row % 3 != 0).collect())
}

/// Columns that are sent as they lie in memory, whole.
fn columns() -> Vec<(&'static str, ArrayRef)> {
    let bits = BooleanArray::from_iter((0..200_000).map(|row| Some(row % 7 == 0)));
    let with_nulls = Int32Array::new((0..200_000).collect::<Vec<_>>().into(), nulls());
    let binary =
        FixedSizeBinaryArray::try_from_iter((0..ROWS).map(|row| (row as u64).to_le_bytes())).unwrap();
    let field = |name: &str, data_type| Field::new(name, data_type, true);
    let halves: Vec<(Arc<Field>, ArrayRef)> = vec![
        (Arc::new(field("number", DataType::Float64)), Arc::new(floats())),
        (Arc::new(field("text", DataType::Utf8)), Arc::new(StringArray::from_iter_values(texts()))),
    ];
    let keys: Int32Array = (0..ROWS as i32).map(|row| row % 2).collect();
    let words = DictionaryArray::<Int32Type>::new(keys, Arc::new(StringArray::from(vec!["a", "b"])));
    vec![
        ("bits", Arc::new(bits)),
        ("float64", Arc::new(floats())),
        ("with_nulls", Arc::new(with_nulls)),
        ("decimal", Arc::new(Decimal128Array::from_iter_values((0..ROWS).map(|row| row as i128)))),
        ("fixed_binary", Arc::new(binary)),
        ("text", Arc::new(StringArray::from_iter_values(texts()))),
        ("large_text", Arc::new(LargeStringArray::from_iter_values(texts()))),
        ("list", lists()),
        ("vector", vectors()),
        ("struct", Arc::new(StructArray::from(halves))),
        ("dictionary", Arc::new(words)),
    ]
}

fn lists() -> ArrayRef {
    let mut builder = ListBuilder::new(Int64Builder::new());
    for row in 0..ROWS as i64 {
        builder.append_value([Some(row), None, Some(-row)]);
    }
    Arc::new(builder.finish())
}

fn vectors() -> ArrayRef {
    let mut builder = FixedSizeListBuilder::new(Float32Builder::new(), 4);
    for row in 0..ROWS {
        builder.values().append_slice(&[row as f32; 4]);
        builder.append(true);
    }
    Arc::new(builder.finish())
}

fn batch_of(name: &str, column: ArrayRef) -> RecordBatch {
    RecordBatch::try_from_iter([(name, column)]).unwrap()
}

/// The large buffers of a batch, without those of its dictionaries.
fn large_buffers(batch: &RecordBatch) -> Vec<Buffer> {
    let mut found: Vec<_> = batch.columns().iter().flat_map(buffers).collect();
    found.retain(|buffer| buffer.len() >= LARGE_BYTES);
    found
}

fn buffers(array: &ArrayRef) -> Vec<Buffer> {
    let data = array.to_data();
    let mut found: Vec<_> = data.nulls().map(|nulls| nulls.inner().sliced()).into_iter().collect();
    found.extend(data.buffers().iter().map(|buffer| match data.data_type() {
        DataType::Boolean => buffer.bit_slice(data.offset(), data.len()),
        _ => buffer.clone(),
    }));
    if !matches!(data.data_type(), DataType::Dictionary(..)) {
        found.extend(data.child_data().iter().flat_map(|child| buffers(&make_array(child.clone()))));
    }
    found
}

/// Sends `batch` by the call at `path`, and returns its messages.
async fn sent(path: &str, batch: &RecordBatch) -> Vec<Rope> {
    let mut front = front(Table::of(std::slice::from_ref(batch)).service());
    let ticket = match path {
        DO_GET => framed(&Ticket::new("table")),
        _ => framed(&arrowlink_proto::dataexchange::Empty {}),
    };
    let headers = [("arrowlink-name", "table"), ("arrowlink-max-message-bytes", "1000000000")];
    let answer = Answer::of(&mut front, request(path, &headers, [ticket])).await;
    assert_eq!(answer.text(), "Ok: ");
    answer.ropes
}

/// Expects every large segment of what is sent to be one of the buffers of `batch`, and each of those to be one.
fn check_places(ropes: &[Rope], batch: &RecordBatch, what: &str) {
    let mut buffers = large_buffers(batch);
    assert!(!buffers.is_empty(), "{what}");
    for segment in ropes.iter().flat_map(Rope::segments).filter(|segment| segment.len() >= LARGE_BYTES) {
        let found = buffers.iter().position(|buffer| buffer.as_ptr() == segment.as_ptr());
        let found = found.unwrap_or_else(|| panic!("{what}: {} bytes were copied", segment.len()));
        buffers.remove(found);
    }
    assert!(buffers.is_empty(), "{what}: {} buffers were copied", buffers.len());
}

#[tokio::test]
async fn large_columns_are_sent_from_where_they_lie() {
    for (name, column) in columns() {
        let batch = batch_of(name, column);
        check_places(&sent(DO_GET, &batch).await, &batch, name);
        // In the small service dictionaries are cut to what each payload needs, which makes keys anew.
        if name != "dictionary" {
            check_places(&sent(GET_ARROW_DATA, &batch).await, &batch, name);
        }
    }
}

#[tokio::test]
async fn views_are_sent_from_where_they_lie_to_clients_of_flight() {
    let texts = StringViewArray::from_iter_values(texts().map(|text| text.repeat(3)));
    let batch = batch_of("views", Arc::new(texts));
    check_places(&sent(DO_GET, &batch).await, &batch, "views");
}

#[tokio::test]
async fn slices_are_sent_from_where_they_lie_but_for_offsets() {
    for (name, column) in columns() {
        if matches!(name, "text" | "large_text" | "list" | "struct") {
            continue;
        }
        let batch = batch_of(name, column).slice(640, 90_000);
        check_places(&sent(DO_GET, &batch).await, &batch, name);
    }
    let text = batch_of("text", Arc::new(StringArray::from_iter_values(texts())));
    let slice = text.slice(640, 90_000);
    let data = slice.column(0).to_data();
    let begin = data.buffers()[0].typed_data::<i32>()[data.offset()] as usize;
    let values = data.buffers()[1].as_ptr().wrapping_add(begin);
    let ropes = sent(DO_GET, &slice).await;
    let mut segments = ropes.iter().flat_map(Rope::segments);
    assert!(segments.any(|segment| segment.as_ptr() == values), "the bytes of a slice of texts were copied");
}

#[tokio::test]
async fn small_columns_come_in_one_piece() {
    let small: Vec<(String, ArrayRef)> =
        (0..200).map(|at| (format!("c{at}"), Arc::new(floats().slice(0, 100)) as ArrayRef)).collect();
    let batch = RecordBatch::try_from_iter(small).unwrap();
    let ropes = sent(DO_GET, &batch).await;
    assert!(ropes.iter().all(|rope| rope.segments().count() == 1));
    // A payload has the metadata of the schema and of the batch in it, which are large for so many columns.
    let ropes = sent(GET_ARROW_DATA, &batch).await;
    assert!(ropes.iter().all(|rope| rope.segments().count() <= 5));
}

#[tokio::test]
async fn bodies_begin_at_a_multiple_of_64_within_their_message() {
    let mut maker = Maker::new(3);
    for columns in 0..60 {
        for rows in [0, 1, 100, 5_000] {
            let batch = maker.batch(&vec![DataType::Int64; columns], rows);
            for rope in sent(DO_GET, &batch).await.iter().skip(1) {
                let message = body_of(rope);
                let body = arrow_flight::FlightData::decode(message.clone()).unwrap().data_body;
                assert!(message.ends_with(&body));
                assert_eq!((message.len() - body.len()) % 64, 0, "{columns} columns, {rows} rows");
            }
        }
    }
}

/// Two ends inside the process, the client's pool first.
async fn pooled(table: Arc<Table>) -> (BlockPool, BlockPool, Connection, Server) {
    let (answers, uploads) = (BlockPool::default(), BlockPool::default());
    let front = front_with(table.service(), front_options().with_pool(uploads.clone()));
    let (server, dialer) = Server::in_memory(front, AcceptOptions::default());
    let options = ConnectOptions::default().with_pool(answers.clone());
    let connection = Connection::over(dialer.dial().await.unwrap(), &options).await.unwrap();
    (answers, uploads, connection, server)
}

fn check_received(pool: &BlockPool, batch: &RecordBatch, what: &str) {
    let buffers = large_buffers(batch);
    assert!(!buffers.is_empty(), "{what}");
    for buffer in buffers {
        assert!(pool.owns(&buffer), "{what}: {} bytes were copied", buffer.len());
        assert_eq!(buffer.as_ptr().addr() % 64, 0, "{what}");
    }
}

#[tokio::test]
async fn columns_lie_in_the_block_they_came_in_at_both_ends() {
    for (what, column) in columns() {
        let batch = batch_of(what, column);
        let table = Table::of(std::slice::from_ref(&batch));
        let (answers, uploads, connection, server) = pooled(Arc::clone(&table)).await;
        let (ctx, options) = (CallContext::new(), TransferOptions::default());
        connection.do_put(&ctx, &name("table"), stream_of(&batch), &options).await.unwrap();
        check_received(&uploads, &table.chunks()[0].batch, what);
        let rows = connection.do_get(&ctx, &name("table"), &options).await.unwrap();
        let back = rows.collect_batches().await.unwrap();
        assert_eq!(back, std::slice::from_ref(&batch));
        check_received(&answers, &back[0], what);
        let echo = connection.do_exchange(&ctx, &name("echo"), stream_of(&batch), &options).await.unwrap();
        let back = echo.collect_batches().await.unwrap();
        check_received(&answers, &back[0], what);
        drop(connection);
        server.stop().await;
    }
}

#[tokio::test]
async fn nothing_is_copied_to_be_aligned() {
    let options = TransferOptions::default();
    let limits = options.limits.clone().with_max_decompressed_bytes(0);
    let options = options.with_limits(limits);
    for (seed, data_type) in types().into_iter().enumerate() {
        // To check these, their bitmap is spread over the items.
        if matches!(&data_type, DataType::FixedSizeList(item, _) if !item.is_nullable()) {
            continue;
        }
        let batch = Maker::new(seed as u64).batch(&[DataType::Int8, data_type.clone()], 3_000);
        for batch in [batch.slice(0, 1), batch.slice(64, 1_000), batch] {
            let table = Table::of(std::slice::from_ref(&batch));
            let (_, _, connection, server) = pooled(table).await;
            let rows = connection.do_get(&CallContext::new(), &name("table"), &options).await.unwrap();
            let back = rows.collect_batches().await;
            assert_eq!(back.unwrap_or_else(|error| panic!("{data_type}: {}", error.chain())), [batch]);
            drop(connection);
            server.stop().await;
        }
    }
}

#[tokio::test]
async fn small_messages_that_are_ready_go_together() {
    let batches: Vec<RecordBatch> = (0..1000)
        .map(|at| RecordBatch::try_from_iter([("at", Arc::new(floats().slice(at, 32)) as ArrayRef)]).unwrap())
        .collect();
    let service = Table::of(&batches).service();
    let response = front(service).call(request(DO_GET, &[], [framed(&Ticket::new("table"))])).await.unwrap();
    let mut frames = 0;
    let mut body = response.into_body();
    while let Some(frame) = body.frame().await {
        frames += usize::from(frame.unwrap().is_data());
    }
    assert!(frames < 50, "{frames} frames for {} messages", batches.len() + 1);
}
