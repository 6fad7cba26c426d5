//! Real files, compared with what pyarrow reads from them.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, TimestampSecondType};
use arrow_array::{Array as _, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use arrowlink_core::{CallContext, Dataset as _, ReadOptions};
use arrowlink_query::{FileDataset, FileOptions, QueryOptions, QueryRuntime};

use arrowlink_testkit::test_data;

use crate::support::read_all;

async fn open(name: &str) -> Option<FileDataset> {
    let folder = test_data("data")?;
    let runtime = QueryRuntime::new(QueryOptions::default()).unwrap();
    Some(FileDataset::open(&runtime, name, FileOptions::default().with_base_dir(folder)).await.unwrap())
}

#[tokio::test]
async fn the_weather_has_its_times_and_numbers() {
    let Some(dataset) = open("seattle-weather-hourly-normals.csv").await else { return };
    let (schema, batches) = read_all(&dataset, ReadOptions::default()).await.unwrap();
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names, ["date", "pressure", "temperature", "wind"]);
    assert_eq!(schema.field(0).data_type(), &DataType::Timestamp(TimeUnit::Second, None));
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 8759);
    let dates = batches[0].column(0).as_primitive::<TimestampSecondType>();
    assert_eq!(dates.value(0), 1_262_307_600);
    let sum = |column: usize| -> f64 {
        batches
            .iter()
            .map(|batch| batch.column(column).as_primitive::<Float64Type>().iter().flatten().sum::<f64>())
            .sum()
    };
    assert!((sum(1) - PRESSURE).abs() < 1e-3, "{}", sum(1));
}

#[tokio::test]
async fn the_earthquakes_are_one_row() {
    let Some(dataset) = open("earthquakes.json").await else { return };
    let description = dataset.describe(CallContext::new()).await.unwrap();
    assert_eq!(description.rows, Some(1));
    let (schema, batches) = read_all(&dataset, ReadOptions::default()).await.unwrap();
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names, ["type", "metadata", "features", "bbox"]);
    assert_eq!(batches.len(), 1);
    assert_eq!(batches[0].num_rows(), 1);
    assert_eq!(batches[0].column(2).as_list::<i32>().value(0).len(), 1707);
}

#[tokio::test]
async fn the_flights_are_those_of_the_file() {
    let Some(dataset) = open("flights-200k.arrow").await else { return };
    let (_, batches) = read_all(&dataset, ReadOptions::default()).await.unwrap();
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    assert_eq!(dataset.describe(CallContext::new()).await.unwrap().rows, Some(rows as u64));
    assert_eq!(rows, FLIGHTS);
}

const PRESSURE: f64 = 8_909_836.9;
const FLIGHTS: usize = 200_000;
