//! The small service's payloads: self-contained Arrow IPC streams within a size, made of batches and back.
//!
//! Each payload has schema, dictionaries, one batch and the end-of-stream marker, so that any one of them can be opened
//! by itself. For clients that have nothing but an older Arrow library, views travel as `Utf8` and `Binary`, list
//! views as lists, run-end encoded columns as their values, wherever they are nested. Dictionaries stay, with the
//! values that the payload uses and no others.
//!
//! | column | on the wire |
//! |---|---|
//! | `Utf8View`, `BinaryView` | `Utf8`, `Binary` |
//! | `ListView`, `LargeListView` | `List`, `LargeList` |
//! | `RunEndEncoded` | its values, one for each row |
//! | `Dictionary` | the same keys, its values as above |
//! | all others | as they are |
//!
//! ```
//! use std::sync::Arc;
//! use arrow_array::{ArrayRef, RecordBatch, StringViewArray};
//! use arrow_schema::DataType;
//! use arrowlink_core::BatchStream;
//! use arrowlink_ipc::Limits;
//! use arrowlink_transport::payload::{Origin, decode, encode};
//! use futures::TryStreamExt as _;
//!
//! # futures::executor::block_on(async {
//! let names: ArrayRef = Arc::new(StringViewArray::from(vec!["a", "b", "c"]));
//! let batch = RecordBatch::try_from_iter([("name", names)])?;
//! let payloads = encode(BatchStream::from_batches(batch.schema(), vec![batch]), 4 << 20);
//! let rows = decode(payloads.map_ok(|payload| payload.bytes.to_bytes()), Limits::default(), Origin::Server).await?;
//! assert_eq!(rows.schema().field(0).data_type(), &DataType::Utf8);
//! assert_eq!(rows.collect_batches().await?[0].num_rows(), 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod decode;
mod encode;
mod failure;
mod least;

pub use decode::decode;
pub use encode::{Payload, encode};
pub use failure::Origin;
pub(crate) use failure::from_ipc;
