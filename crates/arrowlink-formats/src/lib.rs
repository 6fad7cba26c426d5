//! Batches to the formats of files, piece by piece and without I/O: Parquet, CSV, JSON, NDJSON, Arrow files and streams.
//!
//! [`Encoder`] takes batches and gives the bytes that are ready, as segments to be written one after the other. Who
//! writes them to a file, or sends them while the batches are still being computed, is no matter of this crate: it
//! knows neither files nor sockets nor a runtime. Encoding takes processor time in proportion to the rows; [`pieces`]
//! cuts a batch so that no single step takes long or makes much.
//!
//! ```
//! use arrow_array::record_batch;
//! use arrowlink_formats::{EncodeOptions, Encoder, Format};
//!
//! let batch = record_batch!(("id", Int64, [1, 2]), ("name", Utf8, ["ada", "bob"])).unwrap();
//! let mut encoder = Encoder::new(Format::Csv, batch.schema_ref(), &EncodeOptions::default())?;
//! let mut bytes = encoder.write(&batch)?.concat();
//! bytes.extend(encoder.finish()?.concat());
//! assert_eq!(bytes, b"id,name\n1,ada\n2,bob\n");
//! # Ok::<(), arrowlink_formats::Error>(())
//! ```

mod encoder;
mod error;
mod fit;
mod format;
mod options;
mod pieces;

pub use encoder::Encoder;
pub use error::Error;
pub use fit::fits;
pub use format::Format;
pub use options::EncodeOptions;
pub use pieces::pieces;
