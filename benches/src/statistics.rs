//! What is said of several repetitions: median, spread, percentiles.

use serde::Serialize;

/// The median and the spread of the values of all repetitions.
///
/// ```
/// use arrowlink_benches::Summary;
///
/// let summary = Summary::of(&[3.0, 1.0, 2.0]).unwrap();
/// assert_eq!((summary.median, summary.least, summary.most), (2.0, 1.0, 3.0));
/// assert!(Summary::of(&[]).is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The value in the middle; of an even number the mean of the two there.
    pub median: f64,
    /// The smallest value.
    pub least: f64,
    /// The largest value.
    pub most: f64,
}

impl Summary {
    /// Summarizes `values`; nothing where there are none.
    pub fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (least, most) = (*sorted.first()?, *sorted.last()?);
        let upper = *sorted.get(sorted.len() / 2)?;
        let lower = *sorted.get((sorted.len() - 1) / 2)?;
        Some(Self { median: f64::midpoint(lower, upper), least, most })
    }

    /// Summarizes the one value that there is.
    pub const fn single(value: f64) -> Self {
        Self { median: value, least: value, most: value }
    }
}

/// Returns the smallest of `values` that `share` of them do not exceed; nothing where there are none.
pub(crate) fn percentile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}
