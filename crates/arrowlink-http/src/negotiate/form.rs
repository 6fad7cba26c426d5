//! What rows are written as: a format, and how it is written where there is a choice.

use arrowlink_formats::{EncodeOptions, Format};
use http::HeaderMap;

use super::choose_format;
use crate::parameters::Parameters;
use crate::problem::Problem;

/// A format of rows.
pub(crate) struct Form {
    pub(crate) format: Format,
    pub(crate) encode: EncodeOptions,
}

impl Form {
    /// Chooses among all formats, the first and best of which keeps columns as they are in memory. What is asked for and
    /// the format does not have is an error, not ignored.
    pub(crate) fn choose(headers: &HeaderMap, parameters: &mut Parameters) -> Result<Self, Problem> {
        let format = choose_format(headers, parameters.take("format")?.as_deref(), &Format::ALL)?;
        let encode = EncodeOptions::default().with_row_group_bytes(ROW_GROUP_BYTES);
        match parameters.take("csv-null")? {
            None => Ok(Self { format, encode }),
            Some(null) if format == Format::Csv => Ok(Self { format, encode: encode.with_csv_null(null) }),
            Some(_) => Err(Problem::invalid(format!("`csv-null` is for CSV, and the answer is {format}"))),
        }
    }
}

/// How much of Parquet is gathered in memory for each answer.
const ROW_GROUP_BYTES: usize = 16 << 20;
