//! Names, schemas, batches and the one service trait that stores, servers, clients and decorators implement.
//!
//! Nothing here knows gRPC or sockets: a program that wants ArrowLink's tables without a network depends on
//! this crate alone. Everything that answers requests is a [`DataService`]; everything that moves rows is a
//! [`BatchStream`]; everything that goes wrong is an [`Error`] whose [`ErrorKind`] says what the caller can do.
//!
//! | to | use |
//! |---|---|
//! | serve tables and functions under names | [`Catalog`], of any [`Dataset`] and [`Function`] |
//! | keep tables in memory | [`MemoryDataset`], [`MemoryStore`] for what clients create |
//! | make up tables | [`DemoDataset`], [`default_dataset`] |
//! | build schemas and batches | [`SchemaBuilder`], [`BatchBuilder`], [`from_records`] |
//! | say who may call | [`Authenticator`] |
//! | bound a service | [`Limited`], [`Deadlines`], [`ReadOnly`] |
//! | write a source of one's own | [`ReadOptions::apply`], [`divide`], [`BatchStream::conformed`], and [`conformance`] to try it |
//!
//! ```
//! use std::sync::Arc;
//! use arrow_schema::DataType;
//! use arrowlink_core::{BatchBuilder, Catalog, DataServiceExt, MemoryStore, Name, SchemaBuilder};
//!
//! # futures::executor::block_on(async {
//! let service = Catalog::new().with_uploads(Arc::new(MemoryStore::new(64 << 20)));
//!
//! let schema =
//!     SchemaBuilder::new().required("id", DataType::Int64).optional("name", DataType::Utf8).build()?;
//! let mut builder = BatchBuilder::new(Arc::clone(&schema));
//! builder.append((1, "ada"))?;
//! builder.append((2, None::<&str>))?;
//!
//! let people: Name = "people".parse()?;
//! service.append(&people, schema, builder.finish()?).await?;
//! assert_eq!(service.read_all(&people).await?.1[0].num_rows(), 2);
//! # Ok::<(), arrowlink_core::Error>(())
//! # }).unwrap();
//! ```

mod apply;
mod authenticator;
mod batch_builder;
mod caller;
mod catalog;
mod conform;
pub mod conformance;
mod context;
mod deadlines;
mod default_dataset;
mod demo;
mod description;
mod dictionaries;
mod error;
mod ext;
mod function;
mod limited;
mod memory;
mod name;
mod near;
mod options;
mod parts;
mod plain;
mod query;
mod read_only;
mod row;
mod schema_builder;
mod schemas;
mod service;
mod size;
mod stream;
mod target;
mod value;

pub use authenticator::{Anonymous, Authenticator};
pub use batch_builder::{BatchBuilder, Columns, from_records, schema_of, to_records};
pub use caller::{Caller, Credentials, PeerCredentials};
pub use catalog::{Catalog, Dataset};
pub use context::{CallContext, Identity};
pub use deadlines::Deadlines;
pub use default_dataset::default_dataset;
pub use demo::DemoDataset;
pub use description::{Description, Durability, Effect, Entry, NounKind, Part, Receipt};
pub use dictionaries::Dictionaries;
pub use error::{Error, ErrorKind, Result};
pub use ext::DataServiceExt;
pub use function::{Echo, Function};
pub use limited::{Limited, ServiceLimits};
pub use memory::{MemoryDataset, MemoryStore};
pub use name::Name;
pub use near::nearest;
pub use options::{CallOptions, ListOptions, ReadOptions, RemoveOptions, RowOrder, WriteMode, WriteOptions};
pub use parts::{MAX_PARTS, MIN_PART_BYTES, divide};
pub use plain::Plain;
pub use query::Query;
pub use read_only::ReadOnly;
pub use row::IntoRow;
pub use schema_builder::{SchemaBuilder, category, list_of, timestamp_in, vector_of};
pub use schemas::{retold, schema_mismatch};
pub use service::{DataService, EntryStream};
pub use size::{batch_bytes, compact, memory_bytes};
pub use stream::{BatchStream, Chunk, Position, Snapshot};
pub use target::Target;
pub use value::Value;

#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
