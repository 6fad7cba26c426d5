//! Parsing `demo://?rows=N&seed=S&batch_rows=B`.
//!
//! Every key is optional and may be given once, in any order. What is not understood is an error and not ignored:
//! a misspelled `row=5` would otherwise serve a thousand rows.

use crate::near::{quoted, suggestion};
use crate::{Error, ErrorKind, Result};

/// What the URI says; `None` where it says nothing.
#[derive(Debug, Default)]
pub(super) struct Query {
    pub(super) rows: Option<u64>,
    pub(super) seed: Option<u64>,
    pub(super) batch_rows: Option<u64>,
}

impl Query {
    /// Fails with `InvalidArgument` that quotes the URI and says which part of it is wrong.
    pub(super) fn parse(uri: &str) -> Result<Self> {
        let text = uri.strip_prefix("demo://").map(|rest| rest.strip_prefix('?').unwrap_or(rest));
        let mut query = Self::default();
        let pairs = text.ok_or_else(|| invalid(uri, "it does not begin with `demo://`"))?.split('&');
        for pair in pairs.filter(|pair| !pair.is_empty()) {
            let (key, number) =
                pair.split_once('=').ok_or_else(|| invalid(uri, &format!("`{pair}` has no `=`")))?;
            let place = query.place(key).ok_or_else(|| unknown(uri, key))?;
            let number = number.parse().map_err(|error| {
                invalid(uri, &format!("`{number}` is not a number that `{key}` can have")).with_source(error)
            })?;
            if place.replace(number).is_some() {
                return Err(invalid(uri, &format!("`{key}` is given twice")));
            }
        }
        Ok(query)
    }

    /// Returns where the number of `key` belongs; `None` for a key that is not known.
    fn place(&mut self, key: &str) -> Option<&mut Option<u64>> {
        match key {
            "rows" => Some(&mut self.rows),
            "seed" => Some(&mut self.seed),
            "batch_rows" => Some(&mut self.batch_rows),
            _ => None,
        }
    }
}

fn unknown(uri: &str, key: &str) -> Error {
    let hint = suggestion(key, KEYS);
    let known = if hint.is_empty() { format!(": use {}", quoted(KEYS, ", ")) } else { hint };
    invalid(uri, &format!("no key `{key}`{known}"))
}

fn invalid(uri: &str, why: &str) -> Error {
    Error::new(ErrorKind::InvalidArgument, format!("`{uri}` is not demo data: {why}"))
}

const KEYS: [&str; 3] = ["rows", "seed", "batch_rows"];
