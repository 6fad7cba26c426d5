//! Batches to an output in one of the formats, batch by batch.

use std::error::Error as StdError;
use std::io::{self, Write as _};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use arrowlink_formats::{EncodeOptions, Encoder, Error, pieces};
use bytes::Bytes;

use crate::failure::{Exit, Failure, io_cause};
use crate::format::Format;
use crate::output::Output;

/// The writing end of a file in a format. Every method waits for the disk.
pub(crate) struct Sink {
    format: Format,
    output: Output,
    encoder: Encoder,
}

impl Sink {
    /// Begins to write rows of `schema`, or says which column the format does not have.
    pub(crate) fn begin(format: Format, schema: &SchemaRef, output: Output) -> Result<Self, Failure> {
        let encoder = Encoder::new(format.written(), schema, &EncodeOptions::default());
        let encoder = encoder.map_err(|error| refused(format, &output, error))?;
        Ok(Self { format, output, encoder })
    }

    /// Writes the rows of a batch; some formats keep them in memory for a while, 64 MiB of them at most.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        if self.format == Format::Arrow {
            let encoded = self.encoder.write(batch);
            return put(self.format, &mut self.output, encoded);
        }
        for piece in pieces(batch) {
            let encoded = self.encoder.write(&piece);
            put(self.format, &mut self.output, encoded)?;
        }
        Ok(())
    }

    /// Writes what the format has at its end, and gives the output back.
    pub(crate) fn finish(mut self) -> Result<Output, Failure> {
        put(self.format, &mut self.output, self.encoder.finish())?;
        Ok(self.output)
    }
}

/// Writes what has been encoded.
fn put(format: Format, output: &mut Output, encoded: Result<Vec<Bytes>, Error>) -> Result<(), Failure> {
    let segments = encoded.map_err(|error| refused(format, output, error))?;
    let written: io::Result<()> = segments.iter().try_for_each(|segment| output.write_all(segment));
    written.map_err(|error| failed(format, output, error.into()))
}

/// Says which column the format does not have, or what its writer says of the rows.
fn refused(format: Format, output: &Output, error: Error) -> Failure {
    match error {
        Error::Encode { source, .. } => failed(format, output, source),
        unfit => {
            let instead = if format == Format::Csv { "parquet, arrow, json or ndjson" } else { "arrow" };
            let hint = format!("these formats can: {instead}");
            Failure::new(Exit::Data, unfit.to_string()).with_hint(hint)
        }
    }
}

/// Tells a disk that took no more from rows that the format does not have.
fn failed(format: Format, output: &Output, error: Box<dyn StdError + Send + Sync>) -> Failure {
    let exit = if io_cause(error.as_ref()).is_some() { Exit::CannotCreate } else { Exit::Data };
    Failure::new(exit, format!("cannot write {} as {format}", output.label())).with_source(error)
}
