//! Validators: a dataset whose state is known need not be sent again to who has it.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;

use arrowlink_core::Snapshot;
use arrowlink_formats::Format;
use http::{HeaderMap, HeaderValue, header};

use crate::call::Call;

/// Returns the entity tag of a state of a dataset in a format, with views or without, as who asks sees it; the URL says
/// which of its columns and rows.
///
/// It is weak: the rows are the same, the bytes may be compressed otherwise. It holds for as long as the server runs,
/// because the states of what is kept in memory are counted anew after that.
pub(crate) fn etag(
    call: &Call,
    snapshot: &Snapshot,
    format: Format,
    keeps_views: bool,
) -> Option<HeaderValue> {
    let hash = PROCESS.hash_one((snapshot, format, keeps_views, call.ctx.identity()));
    HeaderValue::from_str(&format!("W/\"{hash:016x}\"")).ok()
}

/// Returns whether the client has the state of that tag.
pub(crate) fn is_known(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let Ok(ours) = etag.to_str().map(opaque) else { return false };
    let sent = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    sent.flat_map(|value| value.split(',')).any(|tag| tag.trim() == "*" || opaque(tag) == ours)
}

static PROCESS: LazyLock<RandomState> = LazyLock::new(RandomState::new);
