//! Parquet: the footer has the columns and the number of rows.
//!
//! The reader trusts the places in the footer and would find a missing one in the middle of a read. They are compared
//! with the size of the file here, so that a file that was cut off is listed with its error.

use std::sync::Arc;

use arrowlink_core::{Error, ErrorKind, Result};
use parquet::arrow::ARROW_SCHEMA_META_KEY;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::basic::ConvertedType;
use parquet::file::metadata::FileMetaData;

use super::{Columns, Facts, Group};
use crate::failure::{corrupt, from_parquet};
use crate::one_file::OneFile;
use crate::snapshot::FileStamp;

/// Reads the footer, and checks that the bytes it speaks of are there.
pub(super) async fn inspect(file: &OneFile, stamp: &FileStamp) -> Result<Facts> {
    let metadata = ArrowReaderMetadata::load_async(&mut file.clone(), ArrowReaderOptions::new())
        .await
        .map_err(|error| from_parquet(&stamp.name, error))?;
    let (mut rows, mut groups) = (0_u64, Vec::new());
    for (index, group) in metadata.metadata().row_groups().iter().enumerate() {
        let damaged =
            || corrupt(&stamp.name, format!("its footer speaks of row group {index} where there is none"));
        let more = u64::try_from(group.num_rows()).map_err(|_| damaged())?;
        rows = rows.checked_add(more).ok_or_else(damaged)?;
        groups.push(Group { rows: more, bytes: u64::try_from(group.compressed_size()).unwrap_or(0) });
        for column in group.columns() {
            let (start, length) = (column.data_page_offset(), column.compressed_size());
            let start = column
                .dictionary_page_offset()
                .filter(|first| *first > 0)
                .map_or(start, |first| first.min(start));
            let end = start.checked_add(length).and_then(|end| u64::try_from(end).ok());
            let is_there = start >= 0 && length >= 0 && end.is_some_and(|end| end <= stamp.size);
            is_there.then_some(()).ok_or_else(damaged)?;
        }
    }
    refuse_intervals(metadata.metadata().file_metadata(), stamp)?;
    let columns = Columns::Stated(Arc::clone(metadata.schema()));
    Ok(Facts { columns, rows: Some(rows), is_stream: false, groups })
}

/// Refuses columns of Parquet's INTERVAL: the reader takes their days and milliseconds and drops their months.
///
/// Files that Arrow wrote say which interval it was, and have nothing in the fields that it lacks.
fn refuse_intervals(metadata: &FileMetaData, stamp: &FileStamp) -> Result<()> {
    let is_from_arrow = metadata
        .key_value_metadata()
        .is_some_and(|pairs| pairs.iter().any(|pair| pair.key == ARROW_SCHEMA_META_KEY));
    let columns = metadata.schema_descr().columns();
    let interval = columns.iter().find(|column| column.converted_type() == ConvertedType::INTERVAL);
    match interval {
        Some(column) if !is_from_arrow => {
            let (name, column) = (&stamp.name, column.path().string());
            let text = format!(
                "`{name}`: column `{column}` is an INTERVAL of Parquet, whose months would be lost: write it as numbers \
                 of months, days and milliseconds"
            );
            Err(Error::new(ErrorKind::Unsupported, text))
        }
        _ => Ok(()),
    }
}
