//! What is known about a file without reading it through: its columns, and how many rows it has.
//!
//! Files that say it themselves are taken at their word, once the word was checked against the size of the file; of
//! those that do not, the first rows are read. A file that is broken here is listed with its error.

mod arrow;
mod parquet;

use std::panic::AssertUnwindSafe;

use arrow_schema::SchemaRef;
use arrowlink_core::Result;
use futures::FutureExt as _;

use crate::failure::panicked;
use crate::one_file::OneFile;
use crate::snapshot::FileStamp;
use crate::storage::Storage;
use crate::{FileFormat, FileOptions, csv, json};

/// What is known about one file.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) columns: Columns,
    /// How many rows it has, where that can be known without reading it through.
    pub(crate) rows: Option<u64>,
    /// Whether it is the stream format of Arrow IPC, which has no footer.
    pub(crate) is_stream: bool,
    /// The runs of rows at whose borders a read can begin without decoding what lies before; empty where there are none.
    pub(crate) groups: Vec<Group>,
}

/// A row group of Parquet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group {
    pub(crate) rows: u64,
    /// How many bytes it takes in the file.
    pub(crate) bytes: u64,
}

/// The columns of one file.
///
/// Where they come from decides how much two files may differ: what is stated must agree, what was inferred may be
/// widened.
#[derive(Clone, Debug)]
pub(crate) enum Columns {
    /// The file, or the operator, says what they are.
    Stated(SchemaRef),
    /// They were inferred from CSV.
    Csv(SchemaRef),
    /// They were inferred from JSON.
    Json(json::Shape),
}

/// Looks into the file of `stamp`; whatever is wrong with it is an error that names it.
///
/// A decoder that panics on damaged bytes is one of these errors, and the thread goes on.
///
/// The file is compared with `stamp` after it was looked into: facts of another state would belong to no snapshot.
pub(crate) async fn inspect(
    storage: &Storage,
    stamp: &FileStamp,
    format: FileFormat,
    options: &FileOptions,
) -> Result<Facts> {
    let file = OneFile::open(storage, stamp)?;
    let looked = AssertUnwindSafe(look(&file, stamp, format, options)).catch_unwind().await;
    let facts = looked.unwrap_or_else(|panic| Err(panicked(&stamp.name, panic.as_ref())));
    file.verify().await?;
    facts
}

/// Looks into `file` as its format does it.
///
/// Parquet and Arrow state their columns and rows. CSV has columns and no row count; JSON has one where the sample
/// was the whole file.
async fn look(file: &OneFile, stamp: &FileStamp, format: FileFormat, options: &FileOptions) -> Result<Facts> {
    match format {
        FileFormat::Parquet => parquet::inspect(file, stamp).await,
        FileFormat::Arrow => arrow::inspect(file, stamp).await,
        FileFormat::Csv => {
            let schema = csv::inspect(file, stamp, options).await?;
            let columns =
                if options.schema.is_some() { Columns::Stated(schema) } else { Columns::Csv(schema) };
            Ok(Facts { columns, rows: None, is_stream: false, groups: Vec::new() })
        }
        FileFormat::Json => {
            if let Some(schema) = &options.schema {
                let columns = Columns::Stated(SchemaRef::clone(schema));
                return Ok(Facts { columns, rows: None, is_stream: false, groups: Vec::new() });
            }
            let json::Inspected { shape, rows } = json::inspect(file, stamp, options).await?;
            Ok(Facts { columns: Columns::Json(shape), rows, is_stream: false, groups: Vec::new() })
        }
    }
}
