//! How one CSV file is written, as each of its readers takes it.

use std::path::Path;

use arrow_csv::reader::Format;
use datafusion::config;

use crate::{CsvHeader, CsvOptions};

/// How one CSV file is written, with everything decided.
///
/// Two readers take it, DataFusion's for rows and Arrow's for the sample; made from one value they cannot differ.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dialect {
    delimiter: u8,
    pub(super) header: bool,
    quote: u8,
    escape: Option<u8>,
}

impl Dialect {
    /// Decides what `options` leave open by the name of the file.
    ///
    /// Files named `.tsv`, in any case, have tabs unless another delimiter was given.
    pub(crate) fn new(options: &CsvOptions, path: &Path) -> Self {
        let tabs = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("tsv"));
        Self {
            delimiter: options.delimiter.unwrap_or(if tabs { b'\t' } else { b',' }),
            header: options.header == CsvHeader::Present,
            quote: options.quote,
            escape: options.escape,
        }
    }

    /// Returns the dialect as DataFusion takes it.
    pub(crate) fn for_datafusion(self) -> config::CsvOptions {
        config::CsvOptions {
            has_header: Some(self.header),
            delimiter: self.delimiter,
            quote: self.quote,
            escape: self.escape,
            newlines_in_values: Some(true),
            ..config::CsvOptions::default()
        }
    }

    /// Returns the dialect as Arrow takes it.
    pub(super) fn format(self) -> Format {
        let format =
            Format::default().with_header(self.header).with_delimiter(self.delimiter).with_quote(self.quote);
        match self.escape {
            Some(escape) => format.with_escape(escape),
            None => format,
        }
    }

    /// Returns how many bytes of `sample` are whole rows: up to the last newline that is not within quotes.
    ///
    /// The last row of a sample is cut somewhere. Where no row ends in it this is 0.
    pub(super) fn whole_rows(self, sample: &[u8]) -> usize {
        let (mut quoted, mut escaped, mut end) = (false, false, 0);
        for (index, byte) in sample.iter().enumerate() {
            if escaped {
                escaped = false;
            } else if quoted && Some(*byte) == self.escape {
                escaped = true;
            } else if *byte == self.quote {
                quoted = !quoted;
            } else if *byte == b'\n' && !quoted {
                end = index + 1;
            }
        }
        end
    }
}
