//! Where in a Parquet file something is wrong: which rows of which column cannot be decoded.
//!
//! The reader does not say it. So the row group that it had come to is decoded once more, column by column.
//!
//! This costs the decoding of up to two row groups, once for a read that has failed; reads that succeed never come
//! here.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrowlink_core::{Error, ErrorKind};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::failure::corrupt;
use crate::snapshot::FileStamp;

/// Says where `error` is, which came after the first `row` rows of the file; as it was where that is not found.
///
/// The cause stays the source of the error.
pub(crate) fn located(error: Error, stamp: &FileStamp, row: u64) -> Error {
    if error.kind() != ErrorKind::Corrupt {
        return error;
    }
    // A decoder may panic here as it may where it was used first.
    match catch_unwind(AssertUnwindSafe(|| place(stamp, row))) {
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
fn place(stamp: &FileStamp, row: u64) -> Option<String> {
    let metadata = reader(stamp)?;
    let groups = metadata.metadata().row_groups().iter().enumerate();
    let mut first = 0;
    let near = groups.filter_map(|(group, facts)| {
        let start = first;
        first += u64::try_from(facts.num_rows()).unwrap_or(0);
        (first > row).then_some((group, start, first))
    });
    for (group, start, end) in near.take(GROUPS) {
        for (column, field) in metadata.schema().fields().iter().enumerate() {
            if !decodes(stamp, group, column) {
                return Some(format!("rows {} to {end}, column `{}`:", start + 1, field.name()));
            }
        }
    }
    None
}

/// Returns whether the column can be decoded in the row group.
///
/// A panic counts as no.
fn decodes(stamp: &FileStamp, group: usize, column: usize) -> bool {
    let decoded = catch_unwind(AssertUnwindSafe(|| {
        let reader = reader(stamp)?;
        let columns = ProjectionMask::roots(reader.parquet_schema(), [column]);
        let mut batches = reader.with_row_groups(vec![group]).with_projection(columns).build().ok()?;
        batches.try_for_each(|batch| batch.map(drop)).ok()
    }));
    matches!(decoded, Ok(Some(())))
}

/// Opens the file anew, because a reader is used up by one decoding.
fn reader(stamp: &FileStamp) -> Option<ParquetRecordBatchReaderBuilder<File>> {
    ParquetRecordBatchReaderBuilder::try_new(File::open(&stamp.path).ok()?).ok()
}

/// How many row groups are looked into, beginning with the one that was being read.
const GROUPS: usize = 2;
