//! Numbers in words for a person.

use std::time::Duration;

use indicatif::{HumanBytes, HumanCount};

/// Says how many there are of a thing: `1 row`, `2,000 rows`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", HumanCount(number))
}

/// Says a number that may not be known.
pub(crate) fn count(number: Option<u64>) -> String {
    number.map_or_else(|| UNKNOWN.to_owned(), |number| HumanCount(number).to_string())
}

/// Says a size that may not be known.
pub(crate) fn size(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| UNKNOWN.to_owned(), |bytes| HumanBytes(bytes).to_string())
}

/// Says a time in the unit that fits it.
pub(crate) fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0 => format!("{} ms", time.as_millis()),
        1..60 => format!("{:.2} s", time.as_secs_f64()),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// Says bytes that mean nothing to a person.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const UNKNOWN: &str = "-";
