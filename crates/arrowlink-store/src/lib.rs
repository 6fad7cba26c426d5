//! Uploads on disk: one folder per dataset, one immutable Arrow IPC file per upload.
//!
//! A [`Store`] keeps what clients write as `DATA_DIR/NAME/%020d.arrow` and reads it back in that order. A file is
//! written aside, flushed, renamed to its place and its folder flushed; only then is the upload acknowledged as
//! [`Durable`](arrowlink_core::Durability::Durable). Killed at any instant, an upload is there whole or not at all.
//! The files are plain Arrow IPC files that any Arrow library opens.
//!
//! How it differs from `arrowlink_core::MemoryStore`: that one forgets. How it differs from a database: there is no
//! second copy of what the files say; the index in memory is read from their footers when the folder is opened.

mod aside;
mod commit;
mod dictionaries;
mod failure;
mod folder;
mod index;
mod options;
mod position;
mod quota;
mod read;
mod store;
mod stored_file;
mod upload;

pub use options::StoreOptions;
pub use store::Store;
