//! Where in a Parquet file something is wrong: which rows of which column cannot be decoded.
//!
//! The reader does not say it. So the row group that it had come to is decoded once more, column by column.
//!
//! This costs the decoding of up to two row groups, once for a read that has failed; reads that succeed never come
//! here.

use std::panic::AssertUnwindSafe;

use arrowlink_core::{Error, ErrorKind};
use futures::{FutureExt as _, TryStreamExt as _};
use parquet::arrow::ProjectionMask;
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;

use crate::failure::corrupt;
use crate::one_file::OneFile;
use crate::snapshot::FileStamp;

/// Says where `error` is, which came after the first `row` rows of the file; as it was where that is not found.
///
/// The cause stays the source of the error.
pub(crate) async fn located(error: Error, file: &OneFile, stamp: &FileStamp, row: u64) -> Error {
    if error.kind() != ErrorKind::Corrupt {
        return error;
    }
    // A decoder may panic here as it may where it was used first.
    match AssertUnwindSafe(place(file, row)).catch_unwind().await {
        Ok(Some(place)) => match std::error::Error::source(&error).map(ToString::to_string) {
            Some(why) => corrupt(&stamp.name, format!("{place} is not valid Parquet")).with_source(why),
            None => error,
        },
        Ok(None) | Err(_) => error,
    }
}

/// Finds the first column that cannot be decoded in the row group of `row`, or in the one after, which is read ahead.
///
/// A decoder may be a row group ahead of the rows it returned, so that the damage may lie in the group after. `None`
/// where everything in both can be decoded one by one.
async fn place(file: &OneFile, row: u64) -> Option<String> {
    let metadata = reader(file).await?;
    let groups = metadata.metadata().row_groups().iter().enumerate();
    let mut first = 0;
    let near = groups.filter_map(|(group, facts)| {
        let start = first;
        first += u64::try_from(facts.num_rows()).unwrap_or(0);
        (first > row).then_some((group, start, first))
    });
    for (group, start, end) in near.take(GROUPS) {
        for (column, field) in metadata.schema().fields().iter().enumerate() {
            if !decodes(file, group, column).await {
                return Some(format!("rows {} to {end}, column `{}`:", start + 1, field.name()));
            }
        }
    }
    None
}

/// Returns whether the column can be decoded in the row group.
///
/// A panic counts as no.
async fn decodes(file: &OneFile, group: usize, column: usize) -> bool {
    let decoded = async {
        let reader = reader(file).await?;
        let columns = ProjectionMask::roots(reader.parquet_schema(), [column]);
        let batches = reader.with_row_groups(vec![group]).with_projection(columns).build().ok()?;
        batches.try_for_each(|_| async { Ok(()) }).await.ok()
    };
    matches!(AssertUnwindSafe(decoded).catch_unwind().await, Ok(Some(())))
}

/// Opens the file anew, because a reader is used up by one decoding.
async fn reader(file: &OneFile) -> Option<ParquetRecordBatchStreamBuilder<OneFile>> {
    ParquetRecordBatchStreamBuilder::new(file.clone()).await.ok()
}

/// How many row groups are looked into, beginning with the one that was being read.
const GROUPS: usize = 2;
