//! The small service's payloads: self-contained Arrow IPC streams within a size, made of batches and back.
//!
//! Each payload has schema, dictionaries, one batch and the end-of-stream marker, so that any one of them can be opened
//! by itself. For clients that have nothing but an older Arrow library, views travel as `Utf8` and `Binary`, list
//! views as lists, run-end encoded columns as their values, wherever they are nested. Dictionaries stay, with the
//! values that the payload uses and no others.

mod decode;
mod encode;
mod failure;
mod plain;

pub use decode::decode;
pub use encode::{Payload, encode};
pub use failure::Origin;
pub(crate) use failure::from_ipc;
