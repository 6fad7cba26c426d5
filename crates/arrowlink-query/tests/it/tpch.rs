//! Generated tables: their rows, parts and positions.

use std::sync::Arc;

use arrow_array::{Array as _, RecordBatch};
use arrowlink_core::{CallContext, Dataset as _, ErrorKind, ReadOptions};
use arrowlink_query::{QueryOptions, QueryRuntime, TpchDataset, TpchTable};
use futures::StreamExt as _;

use crate::support::check;

fn table(table: TpchTable, scale_factor: f64) -> TpchDataset {
    let runtime = QueryRuntime::new(QueryOptions::default().with_threads(2)).unwrap();
    TpchDataset::new(&runtime, table, scale_factor).unwrap()
}

async fn read(dataset: &TpchDataset, options: ReadOptions) -> RecordBatch {
    let stream = dataset.read(CallContext::new(), options).await.unwrap();
    let schema = Arc::clone(stream.schema());
    let batches = stream.collect_batches().await.unwrap();
    concat(&schema, &batches)
}

fn concat(schema: &arrow_schema::SchemaRef, batches: &[RecordBatch]) -> RecordBatch {
    datafusion::arrow::compute::concat_batches(schema, batches).unwrap()
}

#[tokio::test]
async fn every_table_has_the_rows_it_says() {
    for name in TpchTable::ALL {
        let dataset = table(name, 0.01);
        let description = dataset.describe(CallContext::new()).await.unwrap();
        let rows = read(&dataset, ReadOptions::default()).await;
        assert_eq!(description.rows, Some(rows.num_rows() as u64), "{name}");
        assert_eq!(description.schema, rows.schema(), "{name}");
        assert_eq!(description.source, format!("tpch://sf=0.01/{name}"));
    }
}

#[tokio::test]
async fn parts_together_are_the_table() {
    for (name, parts) in [(TpchTable::Orders, 7), (TpchTable::LineItem, 7), (TpchTable::PartSupp, 1)] {
        let dataset = table(name, 0.05);
        let description = dataset.describe(CallContext::new()).await.unwrap();
        assert_eq!(description.parts.len(), if parts == 1 { 0 } else { parts }, "{name}");
        let mut together = Vec::new();
        for part in 0..parts as u32 {
            let snapshot = description.snapshot.clone().unwrap();
            let options = ReadOptions::default().with_part(part).with_snapshot(snapshot);
            let rows = read(&dataset, options).await;
            if let Some(said) = description.parts.get(part as usize).and_then(|part| part.rows) {
                assert_eq!(said, rows.num_rows() as u64, "{name} {part}");
            }
            together.push(rows);
        }
        let whole = read(&dataset, ReadOptions::default()).await;
        assert_eq!(concat(&whole.schema(), &together), whole, "{name}");
    }
}

#[tokio::test]
async fn a_read_is_resumed_where_it_stopped() {
    let dataset = table(TpchTable::LineItem, 0.02);
    let options = || ReadOptions::default().with_projection(["l_orderkey", "l_linenumber"]);
    let whole = read(&dataset, options()).await;
    let mut stream = dataset.read(CallContext::new(), options()).await.unwrap();
    let mut rows = 0;
    for _ in 0..9 {
        let chunk = stream.next().await.unwrap().unwrap();
        rows += chunk.batch.num_rows();
        let rest = read(&dataset, options().with_resume(chunk.position.unwrap())).await;
        assert_eq!(rest, whole.slice(rows, whole.num_rows() - rows));
    }
    let elsewhere = table(TpchTable::LineItem, 0.01);
    let chunk = stream.next().await.unwrap().unwrap();
    let resume = ReadOptions::default().with_resume(chunk.position.unwrap());
    let error = elsewhere.read(CallContext::new(), resume).await.unwrap_err();
    check(&error, ErrorKind::SnapshotChanged, &["read it from the start"]);
}

#[tokio::test]
async fn columns_skip_and_limit_are_cut_out() {
    let dataset = table(TpchTable::Customer, 0.01);
    let options = ReadOptions::default().with_projection(["c_name"]).with_skip(1499).with_limit(5);
    let rows = read(&dataset, options).await;
    assert_eq!((rows.num_columns(), rows.num_rows()), (1, 1));
    let names = rows.column(0).as_any().downcast_ref::<arrow_array::StringViewArray>().unwrap();
    assert!(names.is_valid(0));
    assert_eq!(names.value(0), "Customer#000001500");
}

#[tokio::test]
async fn what_is_wrong_with_a_uri_is_said() {
    let runtime = QueryRuntime::new(QueryOptions::default()).unwrap();
    for (uri, said) in [
        ("tpch://", "expected `tpch://sf=1` or `tpch://sf=1/orders`"),
        ("tpch://sf=big", "`big` is not a scale factor"),
        ("tpch://sf=0", "`0` is not a scale factor: it is above 0"),
        ("tpch://sf=NaN", "`NaN` is not a scale factor: it is above 0"),
        ("tpch://sf=1/zzz", "no table `zzz`: use customer, lineitem"),
    ] {
        let error = TpchDataset::from_uri(&runtime, uri).unwrap_err();
        check(&error, ErrorKind::InvalidArgument, &[said]);
    }
}
