//! Values that a few bytes say many times: runs, and views that overlap. What they become is known before it is made.

use arrow_array::types::{ByteViewType, RunEndIndexType};
use arrow_array::{Array, ArrayRef, GenericByteViewArray, RunArray, UInt64Array};
use arrow_buffer::ArrowNativeType as _;
use arrow_schema::ArrowError;

use super::Failure;
use crate::size::{array_bytes, value_bytes};

type Result<T, E = Failure> = std::result::Result<T, E>;

/// The runs of an array, as far as its rows refer to them.
pub(super) struct Runs {
    /// A value for each run.
    pub(super) values: ArrayRef,
    /// Which run each row is of.
    pub(super) rows: UInt64Array,
}

/// Takes runs apart, unless their rows would take many times what they do.
pub(super) fn runs<R: RunEndIndexType>(array: &ArrayRef) -> Result<Runs> {
    let no_runs = || ArrowError::CastError("the array is not one of runs".to_owned());
    let runs = array.as_any().downcast_ref::<RunArray<R>>().ok_or_else(no_runs)?;
    let (ends, rows) = (runs.run_ends(), runs.len());
    if rows > MOST_RUN_ROWS {
        return Err(Failure::TooLong);
    }
    if rows == 0 {
        return Ok(Runs { values: runs.values().slice(0, 0), rows: UInt64Array::from_iter_values([]) });
    }
    let (first, last) = (ends.get_start_physical_index(), ends.get_end_physical_index());
    let values = runs.values().slice(first, last - first + 1);
    let (mut of_rows, mut bytes) = (Vec::with_capacity(rows), 0);
    for (run, end) in (0..values.len()).zip(ends.values().iter().skip(first)) {
        let before = of_rows.len();
        of_rows.resize(end.as_usize().saturating_sub(ends.offset()).min(rows), run as u64);
        bytes += (of_rows.len() - before) * bytes_of(&values, run);
    }
    if bytes > MOST_REPEATED_BYTES && rows > 1 {
        return Err(Failure::TooLong);
    }
    Ok(Runs { values, rows: UInt64Array::from(of_rows) })
}

fn bytes_of(values: &ArrayRef, run: usize) -> usize {
    values.data_type().primitive_width().unwrap_or_else(|| value_bytes(values, run))
}

/// Makes sure that lists do not become many times what their views refer to: `spans` of `values`, which are plain.
pub(super) fn list_views(values: &ArrayRef, spans: impl Iterator<Item = (usize, usize)>) -> Result<()> {
    let (mut bytes, mut lists) = (0, 0);
    for (first, length) in spans {
        bytes += array_bytes(&values.slice(first, length));
        lists += 1;
        if bytes > MOST_REPEATED_BYTES && lists > 1 {
            return Err(Failure::TooLong);
        }
    }
    Ok(())
}

/// Makes sure that the values of views have offsets of 32 bits.
pub(super) fn views<T: ByteViewType + ?Sized>(views: &GenericByteViewArray<T>) -> Result<()> {
    let bytes: u64 = views.lengths().map(u64::from).sum();
    if bytes > i32::MAX as u64 { Err(Failure::TooLong) } else { Ok(()) }
}

/// What runs become at most at a time.
const MOST_RUN_ROWS: usize = 1 << 24;
const MOST_REPEATED_BYTES: usize = 64 << 20;
