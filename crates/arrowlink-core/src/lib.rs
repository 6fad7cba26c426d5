//! Names, schemas, batches and the one service trait that stores, servers, clients and decorators implement.
//!
//! Nothing here knows gRPC or sockets: a program that wants ArrowLink's tables without a network depends on
//! this crate alone. Everything that answers requests is a [`DataService`]; everything that moves rows is a
//! [`BatchStream`]; everything that goes wrong is an [`Error`] whose [`ErrorKind`] says what the caller can do.

mod apply;
mod batch_builder;
mod catalog;
pub mod conformance;
mod context;
mod deadlines;
mod default_dataset;
mod demo;
mod description;
mod error;
mod ext;
mod function;
mod limited;
mod memory;
mod name;
mod near;
mod options;
mod read_only;
mod row;
mod schema_builder;
mod schemas;
mod service;
mod size;
mod stream;
mod target;
mod value;

pub use batch_builder::{BatchBuilder, Columns, from_records, schema_of, to_records};
pub use catalog::{Catalog, Dataset};
pub use context::{CallContext, Identity};
pub use deadlines::Deadlines;
pub use default_dataset::default_dataset;
pub use demo::DemoDataset;
pub use description::{Description, Durability, Entry, NounKind, Receipt};
pub use error::{Error, ErrorKind, Result};
pub use ext::DataServiceExt;
pub use function::{Echo, Function};
pub use limited::{Limited, ServiceLimits};
pub use memory::{MAX_DEFAULT_MESSAGE_BYTES, MemoryDataset, MemoryStore};
pub use name::Name;
pub use options::{CallOptions, ListOptions, ReadOptions, WriteMode, WriteOptions};
pub use read_only::ReadOnly;
pub use row::IntoRow;
pub use schema_builder::{SchemaBuilder, category, list_of, timestamp_in, vector_of};
pub use schemas::schema_mismatch;
pub use service::{DataService, EntryStream};
pub use stream::{BatchStream, Chunk, Position, Snapshot};
pub use target::Target;
pub use value::Value;
