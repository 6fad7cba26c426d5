//! Values that a few bytes say many times: runs, and views that overlap. What they become is known before it is made.

use std::cell::Cell;

use arrow_array::types::{ByteViewType, RunEndIndexType};
use arrow_array::{Array, ArrayRef, GenericByteViewArray, RunArray, UInt64Array};
use arrow_buffer::{ArrowNativeType as _, Buffer};
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

/// What the values of one batch may take yet that are said many times, all columns together.
#[derive(Debug)]
pub(super) struct Repeats {
    left_bytes: Cell<usize>,
}

impl Default for Repeats {
    fn default() -> Self {
        Self { left_bytes: Cell::new(MOST_REPEATED_BYTES) }
    }
}

impl Repeats {
    /// Takes runs apart, unless their rows would take many times what they do.
    pub(super) fn runs<R: RunEndIndexType>(&self, array: &ArrayRef) -> Result<Runs> {
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
        self.take(bytes, rows)?;
        Ok(Runs { values, rows: UInt64Array::from(of_rows) })
    }

    /// Makes sure that lists do not become many times what their views refer to: `spans` of `values`, which are plain.
    pub(super) fn list_views(
        &self,
        values: &ArrayRef,
        spans: impl Iterator<Item = (usize, usize)>,
    ) -> Result<()> {
        for (lists, (first, length)) in (1..).zip(spans) {
            self.take(array_bytes(&values.slice(first, length)), lists)?;
        }
        Ok(())
    }

    /// Makes sure that the values of views have offsets of 32 bits, and do not become many times what is there.
    pub(super) fn views<T: ByteViewType + ?Sized>(&self, views: &GenericByteViewArray<T>) -> Result<()> {
        let bytes: u64 = views.lengths().map(u64::from).sum();
        let bytes = i32::try_from(bytes).ok().and_then(|bytes| usize::try_from(bytes).ok());
        let bytes = bytes.ok_or(Failure::TooLong)?;
        let there: usize = views.data_buffers().iter().map(Buffer::len).sum();
        self.take(bytes.saturating_sub(there + size_of_val(views.views().as_ref())), views.len())
    }

    /// Takes `bytes` from what is left for the values of `rows`. A single row has what it has.
    fn take(&self, bytes: usize, rows: usize) -> Result<()> {
        let left = self.left_bytes.get();
        if bytes > left && rows > 1 {
            return Err(Failure::TooLong);
        }
        self.left_bytes.set(left.saturating_sub(bytes));
        Ok(())
    }
}

fn bytes_of(values: &ArrayRef, run: usize) -> usize {
    values.data_type().primitive_width().unwrap_or_else(|| value_bytes(values, run))
}

/// What runs become at most at a time.
const MOST_RUN_ROWS: usize = 1 << 24;
const MOST_REPEATED_BYTES: usize = 64 << 20;
