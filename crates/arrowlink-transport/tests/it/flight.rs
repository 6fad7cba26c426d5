//! Flight's data calls: what is sent is received equal, whatever it is.

use std::sync::Arc;

use arrow_array::{Array as _, ArrayRef, DictionaryArray, RecordBatch, RecordBatchOptions, StringArray};
use arrow_array::{Int32Array, types::Int32Type};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use arrowlink_core::{BatchStream, CallContext, Chunk, Error};
use arrowlink_testkit::{Maker, data_types, types};
use arrowlink_transport::{Connection, TransferOptions};
use bytes::Bytes;
use futures::{TryStreamExt as _, stream};
use proptest::prelude::{ProptestConfig, any, prop, proptest};

use crate::flight_support::{Table, chunk, ends};
use crate::support::name;

fn options() -> TransferOptions {
    TransferOptions::default()
}

fn stream_of(schema: &SchemaRef, chunks: &[Chunk]) -> BatchStream {
    let chunks: Vec<Result<Chunk, Error>> = chunks.iter().cloned().map(Ok).collect();
    BatchStream::new(Arc::clone(schema), stream::iter(chunks))
}

async fn read(connection: &Connection) -> (SchemaRef, Vec<Chunk>) {
    let rows = connection.do_get(&CallContext::new(), &name("table"), &options()).await.unwrap();
    (Arc::clone(rows.schema()), rows.try_collect().await.unwrap())
}

/// Reads `chunks`, writes them and reads them again, and has them echoed.
async fn check(schema: SchemaRef, chunks: Vec<Chunk>) {
    let (server, connection) = ends(Table::new(Arc::clone(&schema), chunks.clone()).service()).await;
    assert_eq!(read(&connection).await, (Arc::clone(&schema), chunks.clone()));

    let sent = stream_of(&schema, &chunks);
    let echo = connection.do_exchange(&CallContext::new(), &name("echo"), sent, &options()).await.unwrap();
    assert_eq!(echo.schema(), &schema);
    assert_eq!(echo.try_collect::<Vec<_>>().await.unwrap(), chunks);
    drop(connection);
    server.stop().await;

    let table = Table::new(Arc::clone(&schema), Vec::new());
    let (server, connection) = ends(Arc::clone(&table).service()).await;
    let sent = stream_of(&schema, &chunks);
    let receipt = connection.do_put(&CallContext::new(), &name("table"), sent, &options()).await.unwrap();
    let rows: usize = chunks.iter().map(|chunk| chunk.batch.num_rows()).sum();
    assert_eq!((receipt.rows, receipt.batches), (rows as u64, chunks.len() as u64));
    assert_eq!(table.chunks(), chunks);
    assert_eq!(read(&connection).await, (schema, chunks));
    drop(connection);
    server.stop().await;
}

/// A schema with metadata of its own and of its fields, nested ones too.
fn described(types: &[DataType]) -> SchemaRef {
    let fields = types.iter().enumerate().map(|(at, data_type)| {
        let field = Field::new(format!("c{at}"), data_type.clone(), at % 3 != 2);
        field.with_metadata([("unit".to_owned(), format!("m{at}"))].into())
    });
    let inner = Field::new("inner", DataType::Int8, true)
        .with_metadata([("ARROW:extension:name".to_owned(), "a.b".to_owned())].into());
    let nested = Field::new("nested", DataType::Struct(vec![inner].into()), true);
    let fields: Vec<_> = fields.chain([nested]).collect();
    Arc::new(Schema::new_with_metadata(fields, [("made by".to_owned(), "a test".to_owned())].into()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn gives_back_what_was_sent(
        types in prop::collection::vec(data_types(), 1..4),
        seed in any::<u64>(),
        batches in prop::collection::vec((0_usize..200, 0_usize..70, 0_usize..70), 0..4),
    ) {
        let schema = described(&types);
        let mut maker = Maker::new(seed);
        let chunks = batches.into_iter().map(|(rows, before, after)| {
            let batch = maker.batch_of(&schema, before + rows + after);
            chunk(batch.slice(before, rows), vec![7; before])
        });
        let chunks = chunks.collect();
        runtime().block_on(check(schema, chunks));
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[tokio::test]
async fn keeps_every_type_in_large_and_small_batches() {
    let types = types();
    let schema = described(&types);
    let mut maker = Maker::new(5);
    let large = maker.batch_of(&schema, 5_000);
    let chunks = [large.clone(), large.slice(1, 1), large.slice(64, 4_096), large.slice(777, 0)];
    check(schema, chunks.map(Chunk::new).to_vec()).await;
}

#[tokio::test]
async fn a_dataset_without_batches_has_its_schema() {
    check(described(&types()), Vec::new()).await;
}

#[tokio::test]
async fn batches_without_rows_stay() {
    let schema = described(&types());
    let empty = RecordBatch::new_empty(Arc::clone(&schema));
    check(schema, vec![Chunk::new(empty.clone()), chunk(empty.clone(), "note"), Chunk::new(empty)]).await;
}

#[tokio::test]
async fn batches_without_columns_keep_their_rows() {
    let schema = Arc::new(Schema::empty());
    let batch = |rows| {
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &options).unwrap()
    };
    check(schema, [batch(7), batch(0), batch(1 << 30)].map(Chunk::new).to_vec()).await;
}

#[tokio::test]
async fn metadata_goes_with_its_batch() {
    let batch = crate::support::three_rows();
    let notes: [Bytes; 4] = ["a".into(), Bytes::new(), vec![0xff; 100_000].into(), "{}".into()];
    check(batch.schema(), notes.map(|note| chunk(batch.clone(), note)).to_vec()).await;
}

#[tokio::test]
async fn dictionaries_change_between_batches() {
    let words = |texts: &[&str], keys: Vec<i32>| -> ArrayRef {
        let values = Arc::new(StringArray::from(texts.to_vec()));
        Arc::new(DictionaryArray::<Int32Type>::new(Int32Array::from(keys), values))
    };
    let steady = words(&["never", "always"], vec![0, 1, 0]);
    let batches = [
        words(&["a", "b"], vec![0, 1, 0]),
        words(&["a", "b"], vec![1, 1, 1]),
        words(&["a", "b", "c"], vec![2, 1, 0]),
        words(&["c"], vec![0, 0, 0]),
        words(&[&"x".repeat(100_000)], vec![0, 0, 0]),
        words(&["a", "b"], vec![0, 1, 0]),
    ];
    let batches = batches.map(|words| {
        RecordBatch::try_from_iter([("words", words), ("steady", Arc::clone(&steady))]).unwrap()
    });
    assert_eq!(batches[0].num_rows(), batches[4].column(0).len());
    check(batches[0].schema(), batches.map(Chunk::new).to_vec()).await;
}
