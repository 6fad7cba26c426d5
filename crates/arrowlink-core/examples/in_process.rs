//! A service inside one program, without gRPC: sensor readings from `serde` structs, an upload, a function.
//!
//! Run it with `cargo run -p arrowlink-core --example in_process`.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use arrow_cast::pretty::pretty_format_batches;
use arrow_schema::{DataType, TimeUnit};
use arrowlink_core::{
    BatchBuilder, BatchStream, CallContext, CallOptions, Catalog, DataService, DataServiceExt, Deadlines,
    DemoDataset, ErrorKind, MemoryStore, Name, ReadOptions, SchemaBuilder, Target, category, timestamp_in,
    to_records,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Reading {
    sensor: u32,
    at: String,
    kind: String,
    celsius: Option<f64>,
}

fn reading(sensor: u32, celsius: Option<f64>) -> Reading {
    Reading { sensor, at: format!("2024-07-01T12:00:0{sensor}Z"), kind: "indoor".to_owned(), celsius }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let uploads = Arc::new(MemoryStore::new(64 << 20));
    let demo = DemoDataset::from_uri("demo://?rows=1000000&seed=7")?;
    let catalog = Catalog::new().with_dataset(Name::new("demo")?, Arc::new(demo)).with_uploads(uploads);
    let service: Arc<dyn DataService> =
        Arc::new(Deadlines::new(Arc::new(catalog)).with_longest(Duration::from_secs(30)));

    // Rows from structs, and a row by hand.
    let schema = SchemaBuilder::new()
        .required("sensor", DataType::UInt32)
        .required("at", timestamp_in(TimeUnit::Millisecond, "UTC"))
        .required("kind", category())
        .optional("celsius", DataType::Float64)
        .field_metadata("celsius", "unit", "degrees Celsius")
        .build()?;
    let mut builder = BatchBuilder::new(schema);
    builder.append_records(&[reading(1, Some(21.5)), reading(2, None)])?;
    builder.append((3, "2024-07-01T12:00:03Z", "outdoor", 30.25))?;
    let refused = builder.append((4, "2024-07-01T12:00:04Z", "outdoor", "hot"));
    assert_eq!(
        refused.err().map(|error| error.to_string()).as_deref(),
        Some("row 3, column `celsius`: expected Float64, got \"hot\"")
    );

    let name = Name::new("plant.readings")?;
    let schema = Arc::clone(builder.schema());
    let receipt = service.append(&name, Arc::clone(&schema), builder.finish()?).await?;
    println!("kept {} rows, {}", receipt.rows, receipt.durability);
    assert_eq!((receipt.rows, receipt.durability.to_string().as_str()), (3, "in memory"));

    let (_, batches) = service.read_all(&name).await?;
    let table = pretty_format_batches(&batches)?.to_string();
    println!("{table}");
    assert!(table.contains("| 3      | 2024-07-01T12:00:03Z | outdoor | 30.25   |"));

    // The last rows of a million, of which no other one is made.
    let options = ReadOptions::default().with_projection(["id", "category"]).with_skip(999_998);
    let last = service.read(CallContext::new(), Target::from(Name::new("demo")?), options).await?;
    let batches = last.collect_batches().await?;
    println!("{}", pretty_format_batches(&batches)?);
    let ids: Vec<Last> = to_records(&batches[0])?;
    assert_eq!(ids.iter().map(|row| row.id).collect::<Vec<_>>(), [999_998, 999_999]);

    // A function is called the same way as a dataset is read.
    let input = BatchStream::from_batches(batches[0].schema(), batches.clone());
    let echo = Name::new("echo")?;
    let answer = service.call(CallContext::new(), echo, input, CallOptions::default()).await?;
    assert_eq!(answer.collect_batches().await?, batches);

    // Misspelled: the error says what was meant.
    let error = service.read_all(&Name::new("plant.redings")?).await.err().ok_or("it is not there")?;
    println!("{error}");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.message(), "no dataset `plant.redings`, did you mean `plant.readings`?");
    Ok(())
}

#[derive(Deserialize)]
struct Last {
    id: i64,
}
