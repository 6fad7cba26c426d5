//! Why rows cannot be written in a format.

use std::error::Error as StdError;

use arrow_schema::DataType;

use crate::Format;

/// What is wrong with rows, or with what a format can say of them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The format has no such type; usually a nested column that is asked for as CSV.
    #[error("column `{column}` is {data_type}, which {format} does not have")]
    Unfit {
        /// The column.
        column: String,
        /// Its type.
        data_type: Box<DataType>,
        /// The format that was asked for.
        format: Format,
    },
    /// The rows have no form in the format; usually another schema than the encoder began with.
    #[error("rows cannot be written as {format}")]
    Encode {
        /// The format.
        format: Format,
        /// What its writer says.
        source: Box<dyn StdError + Send + Sync>,
    },
}

impl Error {
    /// Wraps what the writer of `format` says.
    pub(crate) fn encode(format: Format, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Encode { format, source: source.into() }
    }
}
