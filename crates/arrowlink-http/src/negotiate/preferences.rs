//! A list of weighted preferences, as `Accept` and `Accept-Encoding` have them.

use http::{HeaderMap, HeaderName};

/// What a client prefers: words and their weights.
#[derive(Debug)]
pub(crate) struct Preferences(Vec<(String, u16)>);

/// How much something is wanted, and how exactly it was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Weight {
    /// From 0, which is never, to 1000.
    pub(crate) quality: u16,
    exactness: u8,
}

impl Preferences {
    /// Reads all headers `name`; what cannot be understood is left out, as if it had not been sent.
    pub(crate) fn of(headers: &HeaderMap, name: &HeaderName) -> Self {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        Self(values.flat_map(|value| value.split(',')).filter_map(preference).collect())
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the weight of a media type: that of its name, or of `text/*`, or of `*/*`, the first that is there.
    pub(crate) fn of_media_type(&self, media_type: &str) -> Option<Weight> {
        let group = media_type.split_once('/').map(|(group, _)| format!("{group}/*"));
        let ranges = [Some(media_type.to_owned()), group, Some("*/*".to_owned())];
        ranges
            .into_iter()
            .zip([2, 1, 0])
            .find_map(|(range, exactness)| self.of_word(&range?).map(|quality| Weight { quality, exactness }))
    }

    /// Returns the weight of a word that stands there itself.
    pub(crate) fn of_word(&self, word: &str) -> Option<u16> {
        self.0.iter().find(|(it, _)| it.eq_ignore_ascii_case(word)).map(|(_, quality)| *quality)
    }
}

/// Reads `text/csv; header=present; q=0.5`, of which the parameters but the weight do not matter.
fn preference(text: &str) -> Option<(String, u16)> {
    let mut parts = text.split(';').map(str::trim);
    let word = parts.next().filter(|word| !word.is_empty())?;
    let weight =
        parts.filter_map(|part| part.split_once('=')).find(|(key, _)| key.trim().eq_ignore_ascii_case("q"));
    let quality = match weight {
        None => 1000,
        Some((_, weight)) => thousandths(weight.trim())?,
    };
    Some((word.to_ascii_lowercase(), quality))
}

/// Reads a weight: from `0` to `1`, with three decimal places at most.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    let digits = decimals.len() <= 3 && decimals.bytes().all(|byte| byte.is_ascii_digit());
    let thousandths: u16 = format!("{decimals:0<3}").parse().ok().filter(|_| digits)?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}
