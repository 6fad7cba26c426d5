//! How the bytes of an answer are compressed on their way, where the client asks for it.

use arrowlink_core::ErrorKind;
use arrowlink_formats::Format;
use http::{HeaderMap, StatusCode, header};

use super::preferences::Preferences;
use crate::problem::Problem;

/// A content coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// As it is.
    Identity,
    Zstd,
    Gzip,
}

impl Coding {
    /// Returns the word for it in headers.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }
}

/// Chooses how an answer in `format` is compressed. Nothing is unless the client names it; Parquet is compressed by
/// itself, and stays as it is where that may be.
pub(crate) fn choose_coding(headers: &HeaderMap, format: Format) -> Result<Coding, Problem> {
    let accepted = Preferences::of(headers, &header::ACCEPT_ENCODING);
    let identity =
        accepted.of_word("identity").or_else(|| accepted.of_word("*").filter(|weight| *weight == 0));
    if format == Format::Parquet && identity != Some(0) {
        return Ok(Coding::Identity);
    }
    let named = [Coding::Gzip, Coding::Zstd].into_iter().filter_map(|coding| {
        let weight = accepted.of_word(coding.name())?;
        (weight > 0).then_some((weight, coding))
    });
    match named.max_by_key(|(weight, _)| *weight) {
        Some((weight, coding)) if identity.is_none_or(|identity| weight >= identity) => Ok(coding),
        _ if identity == Some(0) => {
            let text = "none of the codings in `accept-encoding` is known here: there are `zstd`, `gzip` and `identity`";
            Err(Problem::new(StatusCode::NOT_ACCEPTABLE, ErrorKind::InvalidArgument, text))
        }
        _ => Ok(Coding::Identity),
    }
}
