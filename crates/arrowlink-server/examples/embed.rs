//! A service of one's own, served by ArrowLink: readings that are computed when they are asked for.
//!
//! `cargo run -p arrowlink-server --example embed` says where it listens; then
//! `python3 python/main.py --address localhost:PORT --name squares`. Ctrl-C ends it.
#![allow(clippy::print_stdout, reason = "whoever started it wants to know where it listens")]

use std::sync::Arc;

use arrow_array::{Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use arrowlink_core::{
    BatchStream, CallContext, Catalog, Chunk, Dataset, Description, Error, ErrorKind, MemoryStore, Name,
    NounKind, ReadOptions, Result, default_dataset,
};
use arrowlink_server::{Config, Server, start_logging};
use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};
use futures::stream;

/// The squares of the first thousand numbers, a hundred rows at a time.
#[derive(Debug)]
struct Squares {
    schema: SchemaRef,
}

impl Squares {
    fn new() -> Self {
        let fields = ["number", "square"].map(|name| Field::new(name, DataType::Int64, false));
        Self { schema: Arc::new(Schema::new(fields.to_vec())) }
    }

    fn batch(schema: &SchemaRef, hundred: i64) -> Result<Chunk> {
        let numbers = hundred * 100..(hundred + 1) * 100;
        let squares = numbers.clone().map(|number| number * number);
        let columns = [Int64Array::from_iter_values(numbers), Int64Array::from_iter_values(squares)];
        RecordBatch::try_new(Arc::clone(schema), columns.map(|column| Arc::new(column) as _).into())
            .map(Chunk::new)
            .map_err(|error| {
                Error::new(ErrorKind::Internal, "squares do not fit their schema").with_source(error)
            })
    }
}

impl Dataset for Squares {
    fn describe(&self, _ctx: CallContext) -> BoxFuture<'_, Result<Description>> {
        let description = Description::new(NounKind::Dataset, Arc::clone(&self.schema));
        ready(Ok(description.with_rows(Some(1000)).with_source("computed"))).boxed()
    }

    fn read(&self, _ctx: CallContext, options: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        let schema = Arc::clone(&self.schema);
        let chunks = (0..10).map(move |hundred| Self::batch(&schema, hundred));
        // Batches are made as they are taken; columns, `skip` and `limit` are cut out of them.
        let stream = BatchStream::new(Arc::clone(&self.schema), stream::iter(chunks));
        ready(options.apply(stream)).boxed()
    }
}

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    // A free port, so that it runs beside a server; without this line it would be 50051.
    let config = Config::default().with_listen(["127.0.0.1:0".parse()?]);
    start_logging(&config)?;
    let catalog = Catalog::new()
        .with_dataset(Name::new("default")?, Arc::new(default_dataset()))
        .with_dataset(Name::new("squares")?, Arc::new(Squares::new()))
        .with_uploads(Arc::new(MemoryStore::new(256 << 20)));
    let server = Server::with_service(config, Arc::new(catalog)).await?;
    let listeners = server.bind().await?;
    for listener in &listeners {
        println!("listening {}", listener.local_addr());
    }
    let drained = server.serve(listeners, async { drop(tokio::signal::ctrl_c().await) }).await?;
    tracing::info!("{drained}");
    Ok(())
}
