//! Where a dataset is cut into the parts that are read side by side.
//!
//! What is cut is not rows but pieces: the row groups of a file, the batches of an upload. Sizes go in and ranges come
//! out, and nothing else decides: the same sizes are divided the same way on every server.

use std::ops::Range;

use crate::{Error, ErrorKind, ReadOptions, Result};

/// The most parts that [`divide`] makes.
pub const MAX_PARTS: usize = 64;

/// How many bytes [`divide`] leaves in a part of a file at least, where it cuts the file.
pub const MIN_PART_BYTES: u64 = 1 << 20;

/// Divides `files`, each of which is the sizes of its pieces in bytes, into at most [`MAX_PARTS`] parts.
///
/// The pieces are counted through all files: those of the second go on where those of the first ended. Parts follow
/// each other without a gap, and together are all pieces. A part does not span two files, and of a file that is cut
/// has [`MIN_PART_BYTES`] at least; where more than [`MAX_PARTS`] files have pieces, neighbouring files are put
/// together whole. No pieces are no parts.
///
/// ```
/// use arrowlink_core::divide;
///
/// const MIB: u64 = 1 << 20;
/// assert_eq!(divide(&[vec![MIB, MIB], vec![500, 500]]), [0..1, 1..2, 2..4]);
/// assert_eq!(divide(&vec![[MIB]; 128]).len(), 64);
/// assert_eq!(divide(&[vec![]]), []);
/// ```
pub fn divide<F: AsRef<[u64]>>(files: &[F]) -> Vec<Range<usize>> {
    let files: Vec<&[u64]> = files.iter().map(AsRef::as_ref).filter(|file| !file.is_empty()).collect();
    let total = files.iter().map(|file| sum(file)).fold(0, u64::saturating_add);
    match MAX_PARTS.checked_sub(files.len()) {
        None => {
            let wholes: Vec<u64> = files.iter().map(|file| sum(file)).collect();
            let starts: Vec<usize> = starts(&files).collect();
            let place = |file: usize| starts.get(file).copied().unwrap_or_default();
            gather(&wholes, least(total, MAX_PARTS)).map(|part| place(part.start)..place(part.end)).collect()
        }
        // Each file may have a last part in which less is than in the others.
        Some(cuts) => {
            let least = least(total, cuts);
            let parts = files.iter().zip(starts(&files)).flat_map(|(file, start)| {
                gather(file, least).map(move |part| start + part.start..start + part.end)
            });
            parts.collect()
        }
    }
}

impl ReadOptions {
    /// Takes [`part`](Self::part) out of the options and returns which of `parts` it is; `None` where the whole is
    /// read.
    ///
    /// ```
    /// use arrowlink_core::{ErrorKind, ReadOptions, divide};
    ///
    /// let parts = divide(&[[10], [10]]);
    /// assert_eq!(ReadOptions::default().with_part(1).take_part(&parts)?, Some(&(1..2)));
    /// assert_eq!(ReadOptions::default().take_part(&parts)?, None);
    ///
    /// let error = ReadOptions::default().with_part(2).take_part(&parts).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    /// assert_eq!(error.message(), "no part 2: it has 2, counted from 0, describe it to see them");
    /// # Ok::<(), arrowlink_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidArgument` where there is no such part.
    pub fn take_part<'a, T>(&mut self, parts: &'a [T]) -> Result<Option<&'a T>> {
        let Some(part) = self.part.take() else { return Ok(None) };
        match usize::try_from(part).ok().and_then(|idx| parts.get(idx)) {
            Some(found) => Ok(Some(found)),
            None => {
                let count = parts.len();
                let text = format!("no part {part}: it has {count}, counted from 0, describe it to see them");
                Err(Error::new(ErrorKind::InvalidArgument, text))
            }
        }
    }
}

/// Returns how many bytes a part has at least, where `total` bytes may be cut into `parts` of them.
fn least(total: u64, parts: usize) -> u64 {
    let parts = u64::try_from(parts).unwrap_or(u64::MAX);
    if parts == 0 { u64::MAX } else { total.div_ceil(parts).max(MIN_PART_BYTES) }
}

/// Puts neighbouring `sizes` together until they are `least` bytes; what is left at the end goes to the last part.
fn gather(sizes: &[u64], least: u64) -> impl Iterator<Item = Range<usize>> + use<> {
    let mut ends = Vec::new();
    let mut bytes = 0_u64;
    for (idx, size) in sizes.iter().enumerate() {
        bytes = bytes.saturating_add(*size);
        if bytes >= least {
            ends.push(idx + 1);
            bytes = 0;
        }
    }
    ends.pop();
    ends.push(sizes.len());
    let mut start = 0;
    ends.into_iter().map(move |end| std::mem::replace(&mut start, end)..end)
}

/// Returns the number of the first piece of each file, and behind them that of all pieces.
fn starts<'a>(files: &'a [&[u64]]) -> impl Iterator<Item = usize> + 'a {
    let ends = files.iter().scan(0, |end, file| {
        *end += file.len();
        Some(*end)
    });
    std::iter::once(0).chain(ends)
}

fn sum(sizes: &[u64]) -> u64 {
    sizes.iter().copied().fold(0, u64::saturating_add)
}
