//! "Did you mean": which known words are nearest to one that is not known.
//!
//! Names, columns and keys all go through here, so that every error offers the same way. Case does not count.

/// Returns those of `known` that are so like `word` that it may be a misspelling of them: the nearest first, at most
/// three.
///
/// ```
/// use arrowlink_core::nearest;
///
/// assert_eq!(nearest("tirps", ["users", "trips", "orders"]), ["trips"]);
/// assert_eq!(nearest("orders", ["users", "sales.orders"]), ["sales.orders"]);
/// ```
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut near: Vec<(f64, &str)> = known
        .into_iter()
        .map(|candidate| (similarity(word, candidate), candidate))
        .filter(|(similarity, _)| *similarity >= NEAR)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    near.dedup();
    near.into_iter().map(|(_, word)| word).take(MOST_OFFERED).collect()
}

/// Returns `, did you mean ...?` with the words of `known` that are nearest to `word`, or nothing where none is near.
pub(crate) fn suggestion<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    match nearest(word, known).as_slice() {
        [] => String::new(),
        near => format!(", did you mean {}?", quoted(near.iter().copied(), " or ")),
    }
}

/// Puts each of `words` in backticks and `joint` between them.
pub(crate) fn quoted<'a>(words: impl IntoIterator<Item = &'a str>, joint: &str) -> String {
    words.into_iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(joint)
}

/// Jaro-Winkler favours words that begin alike, as misspelled ones mostly do; swapped letters cost little. A name whose
/// last part was written alone is as near as can be.
fn similarity(word: &str, candidate: &str) -> f64 {
    let (word, candidate) = (word.to_lowercase(), candidate.to_lowercase());
    let is_last_part = candidate.strip_suffix(&word).is_some_and(|before| before.ends_with('.'));
    if is_last_part { 1.0 } else { strsim::jaro_winkler(&word, &candidate) }
}

/// How alike (Jaro-Winkler, 0 to 1) a word must be to be offered.
const NEAR: f64 = 0.8;
/// How many near words are offered.
const MOST_OFFERED: usize = 3;
