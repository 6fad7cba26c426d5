//! Encoding and compressing, which take time: apart from the threads that serve, a step at a time.

use arrow_array::RecordBatch;
use arrowlink_core::{Error, ErrorKind};
use arrowlink_formats::{Encoder, Error as FormatError, Format};
use arrowlink_transport::Rope;
use tokio::task::spawn_blocking;

use super::compressor::Compressor;

/// What turns batches into a body.
pub(super) struct Work {
    encoder: Encoder,
    compressor: Compressor,
}

impl Work {
    pub(super) const fn new(encoder: Encoder, compressor: Compressor) -> Self {
        Self { encoder, compressor }
    }

    /// Whether it takes no time that is worth another thread: columns go out as they lie in memory.
    pub(super) fn is_quick(&self) -> bool {
        self.encoder.format() == Format::ArrowStream && self.compressor.is_identity()
    }

    /// Encodes `batches`. A client that goes away meanwhile is noticed after this step.
    pub(super) async fn encode(mut self, batches: Vec<RecordBatch>) -> Result<(Rope, Self), Error> {
        let quick = self.is_quick();
        let step = move || {
            let mut segments = Vec::new();
            for batch in &batches {
                segments.extend(self.encoder.write(batch).map_err(failed)?);
            }
            let segments = self.compressor.compress(segments).map_err(compressor_failed)?;
            Ok((Rope::gathered(segments), self))
        };
        if quick { step() } else { apart(step).await }
    }

    /// Writes what the format and the compressor have at their end.
    pub(super) async fn finish(mut self) -> Result<Rope, Error> {
        let quick = self.is_quick();
        let step = move || {
            let segments = self.encoder.finish().map_err(failed)?;
            let mut segments = self.compressor.compress(segments).map_err(compressor_failed)?;
            segments.push(self.compressor.finish().map_err(compressor_failed)?);
            Ok(Rope::gathered(segments))
        };
        if quick { step() } else { apart(step).await }
    }
}

/// Says that rows could not be encoded.
pub(super) fn failed(error: FormatError) -> Error {
    match error {
        FormatError::Encode { format, source } => {
            Error::new(ErrorKind::Unsupported, format!("the rows cannot be written as {format}"))
                .with_source(source)
        }
        other => Error::new(ErrorKind::Unsupported, other.to_string()),
    }
}

fn compressor_failed(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Internal, "the answer cannot be compressed").with_source(error)
}

/// Runs `step` where it holds nobody up; a panic in it is one of the caller.
async fn apart<T: Send + 'static>(
    step: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match spawn_blocking(step).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => Err(Error::new(ErrorKind::Unavailable, "the server is ending").with_source(error)),
        },
    }
}
