//! The tables of SQL as DataFusion reads them: its `TableProvider`s and what is below them.
//!
//! A dataset is read through the service, as everybody reads it (`service_table`, `service_scan`); or, where its files are
//! at hand, by DataFusion itself, so that filters and projections reach them: `tables` says which, `file_table` reads them
//! from a store of one snapshot (`file_store`), prunes by what their footers say (`file_statistics`, `floats`), and names
//! the file in every error (`named_source`). Either way the columns have the types of `types`, and what is read as
//! everybody reads it comes from `rows`.
//!
//! Which of them a statement means is found out in [`sql`](crate::sql).

mod arrays;
mod catalog;
mod file_statistics;
mod file_store;
mod file_table;
mod floats;
mod named_source;
mod rows;
mod service_scan;
mod service_table;
mod tables;
mod types;

pub(crate) use catalog::Tables;
pub(crate) use rows::RowsOfService;
pub(crate) use service_table::ServiceTable;
pub use tables::{SqlTable, SqlTables};
pub(crate) use types::{SqlTypes, own_column};
