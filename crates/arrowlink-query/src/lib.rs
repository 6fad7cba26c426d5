//! SQL over every dataset of a service; and file datasets: Parquet, CSV, JSON and Arrow IPC files, folders of them and
//! globs, served as they lie, from disks and object stores; and the generated tables of TPC-H.
//!
//! [`SqlService`] stands before a service and answers statements over what that has; everything else passes through.
//!
//! A [`FileDataset`] is a [`Dataset`](arrowlink_core::Dataset) over files that somebody else writes: it is read only,
//! is never loaded whole, and returns its rows in the same order every time, file by file and row by row.
//! DataFusion's file scans do the reading, on the threads of a [`QueryRuntime`]; what a dataset consists of (the list
//! of files, their sizes and times) is decided here, so that a read can be resumed and a changed file is noticed.
//!
//! ```
//! use std::sync::Arc;
//!
//! use arrowlink_core::{Catalog, DataServiceExt as _, Name};
//! use arrowlink_query::{FileDataset, FileOptions, QueryOptions, QueryRuntime};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let options = FileOptions::default().with_base_dir(folder.path());
//! std::fs::write(folder.path().join("readings.ndjson"), "{\"id\": 1, \"at\": [0.5, 2]}\n")?;
//!
//! let runtime = QueryRuntime::new(QueryOptions::default())?;
//! let readings = FileDataset::open(&runtime, "readings.ndjson", options).await?;
//! let name: Name = "readings".parse()?;
//! let catalog = Catalog::new().with_dataset(name.clone(), Arc::new(readings));
//! let (schema, batches) = catalog.read_all(&name).await?;
//! assert_eq!(schema.field(1).name(), "at");
//! assert_eq!(batches[0].num_rows(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! Nothing here knows gRPC. What is wrong with a file is an error of the dataset alone: it names the file, and where it
//! can the row and the column.

mod aggregates;
mod combine;
mod csv;
mod csv_options;
mod damage;
mod dataset;
mod decimals;
mod failure;
mod format;
mod growth;
mod inspect;
mod json;
mod location;
mod membership;
mod one_file;
mod operators;
mod options;
mod pieces;
mod place;
mod plan;
mod providers;
mod query_options;
mod running;
mod runtime;
mod scan;
mod snapshot;
mod sql;
mod storage;
mod store_options;
mod tables;
mod times;
mod tpch;
mod zeros;
mod zones;

pub use csv_options::{CsvHeader, CsvOptions};
pub use dataset::FileDataset;
pub use format::FileFormat;
pub use options::FileOptions;
pub use providers::{SqlTable, SqlTables};
pub use query_options::QueryOptions;
pub use runtime::QueryRuntime;
pub use sql::{SqlOptions, SqlService};
pub use store_options::StoreOptions;
pub use tpch::{TpchDataset, TpchTable};
