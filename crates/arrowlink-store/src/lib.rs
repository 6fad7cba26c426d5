//! Uploads on disk: one folder per dataset, one immutable Arrow IPC file per upload.
//!
//! A [`Store`] keeps what clients write as `DATA_DIR/NAME/%020d.arrow` and reads it back in that order. A file is
//! written aside, flushed, renamed to its place and its folder flushed; only then is the upload acknowledged as
//! [`Durable`](arrowlink_core::Durability::Durable). Killed at any instant, an upload is there whole or not at all.
//! The files are plain Arrow IPC files that any Arrow library opens.
//!
//! How it differs from `arrowlink_core::MemoryStore`: that one forgets. How it differs from a database: there is no
//! second copy of what the files say; the index in memory is read from their footers when the folder is opened.
//!
//! # What is kept, and for how long
//!
//! | | in memory | on disk |
//! |---|---|---|
//! | of an arriving upload | one batch, a buffer of 1 MiB, its dictionaries | a file aside |
//! | of a read | one message, its dictionaries | nothing |
//! | of a stored upload | about 100 bytes, its idempotency key, up to 3 KiB of where it can be cut | one file |
//!
//! # Replacing a dataset
//!
//! A write in the mode `Replace` is an upload whose footer says that it takes the place of those before it. The rename
//! of its file is the step that makes it so; the files before it are deleted after that, by the next opening where a
//! kill came between. There must be room for both at once. Running reads end with `SnapshotChanged` at the next file,
//! idempotency keys of the files that are gone are gone with them, and a dataset with a damaged file can be replaced.
//!
//! # Repeating a write
//!
//! A client that did not hear the acknowledgement of its write may write again under the same idempotency key. The
//! key lies in the file, so it is known as long as the upload is, restarts included.
//!
//! ```
//! use arrow_array::record_batch;
//! use arrowlink_core::{BatchStream, CallContext, DataService, Name, WriteOptions};
//! use arrowlink_store::{Store, StoreOptions};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> arrowlink_core::Result<()> {
//! let folder = tempfile::tempdir().unwrap();
//! let store = Store::open(folder.path(), StoreOptions::default())?;
//! let batch = record_batch!(("id", Int64, [1, 2])).unwrap();
//! let write = || {
//!     let batches = BatchStream::from_batches(batch.schema(), vec![batch.clone()]);
//!     let options = WriteOptions::default().with_idempotency_key("load-42");
//!     store.write(CallContext::new(), Name::new("events").unwrap(), batches, options)
//! };
//! assert_eq!(write().await?, write().await?);
//! assert!(!folder.path().join("events/00000000000000000002.arrow").exists());
//! # Ok(())
//! # }
//! ```

mod aside;
mod commit;
mod failure;
mod folder;
mod index;
mod options;
mod parts;
mod pieces;
mod position;
mod quota;
mod read;
mod scope;
mod store;
mod stored_file;
mod upload;

pub use options::StoreOptions;
pub use store::Store;
