//! File datasets: Parquet, CSV, JSON and Arrow IPC files, folders of them and globs, served as they lie.
//!
//! A [`FileDataset`] is a [`Dataset`](arrowlink_core::Dataset) over files that somebody else writes: it is read only, is
//! never loaded whole, and returns its rows in the same order every time, file by file and row by row. DataFusion's file
//! scans do the reading, on the threads of a [`QueryRuntime`]; what a dataset consists of (the list of files, their
//! sizes and times) is decided here, so that a read can be resumed and a changed file is noticed.
//!
//! Nothing here knows gRPC. What is wrong with a file is an error of the dataset alone: it names the file, and where it
//! can the row and the column.

mod combine;
mod csv;
mod dataset;
mod failure;
mod format;
mod inspect;
mod json;
mod location;
mod one_file;
mod options;
mod place;
mod plan;
mod runtime;
mod scan;
mod snapshot;

pub use dataset::FileDataset;
pub use format::FileFormat;
pub use options::{CsvHeader, CsvOptions, FileOptions, QueryOptions};
pub use runtime::QueryRuntime;
