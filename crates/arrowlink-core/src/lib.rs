//! Names, schemas, batches and the one service trait that stores, servers, clients and decorators implement.
//!
//! Nothing here knows gRPC or sockets: a program that wants ArrowLink's tables without a network depends on
//! this crate alone. Everything that answers requests is a [`DataService`]; everything that moves rows is a
//! [`BatchStream`]; everything that goes wrong is an [`Error`] whose [`ErrorKind`] says what the caller can do.

mod catalog;
mod context;
mod description;
mod error;
mod ext;
mod function;
mod name;
mod options;
mod service;
mod stream;
mod target;

pub use catalog::{Catalog, Dataset};
pub use context::{CallContext, Identity};
pub use description::{Description, Durability, Entry, NounKind, Receipt};
pub use error::{Error, ErrorKind, Result};
pub use ext::DataServiceExt;
pub use function::{Echo, Function};
pub use name::Name;
pub use options::{CallOptions, ListOptions, ReadOptions, WriteMode, WriteOptions};
pub use service::{DataService, EntryStream};
pub use stream::{BatchStream, Chunk, Position, Snapshot};
pub use target::Target;
