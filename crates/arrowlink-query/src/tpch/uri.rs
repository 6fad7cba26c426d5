//! Parsing `tpch://sf=1` and `tpch://sf=1/orders`.

use arrowlink_core::{Error, ErrorKind, Result, nearest};

use super::TpchTable;

/// Returns the scale factor, and the table where one is named.
///
/// Fails with `InvalidArgument` that quotes the URI and says which part of it is wrong.
pub(super) fn parse(uri: &str) -> Result<(f64, Option<TpchTable>)> {
    let invalid = |why: String| Error::new(ErrorKind::InvalidArgument, format!("`{uri}`: {why}"));
    let expected = || invalid("expected `tpch://sf=1` or `tpch://sf=1/orders`".to_owned());
    let rest = uri.strip_prefix("tpch://sf=").ok_or_else(expected)?;
    let (number, table) = match rest.split_once('/') {
        Some((number, table)) => (number, Some(table)),
        None => (rest, None),
    };
    let scale_factor = number.parse().map_err(|_| invalid(format!("`{number}` is not a scale factor")))?;
    let table = table.filter(|table| !table.is_empty()).map(|table| find(table).map_err(invalid));
    Ok((scale_factor, table.transpose()?))
}

fn find(name: &str) -> Result<TpchTable, String> {
    TpchTable::ALL.into_iter().find(|table| table.name() == name).ok_or_else(|| {
        let names = || TpchTable::ALL.iter().map(|table| table.name());
        match nearest(name, names()).first() {
            Some(near) => format!("no table `{name}`, did you mean `{near}`?"),
            None => format!("no table `{name}`: use {}", names().collect::<Vec<_>>().join(", ")),
        }
    })
}
