//! Which columns are read.

use arrowlink_core::ReadOptions;

/// Asks for `columns`, in that order, where some were named.
pub(super) fn columns(options: ReadOptions, columns: Vec<String>) -> ReadOptions {
    if columns.is_empty() { options } else { options.with_projection(columns) }
}
