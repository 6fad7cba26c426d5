//! Making rows plain, encoding and compressing, which take time: apart from the threads that serve, a step at a time.

use arrow_array::RecordBatch;
use arrowlink_core::{Error, ErrorKind, Plain};
use arrowlink_formats::{Encoder, Error as FormatError, Format, pieces};
use arrowlink_transport::Rope;
use bytes::Bytes;
use tokio::task::spawn_blocking;

use super::compressor::Compressor;

/// What turns batches into a body.
pub(super) struct Work {
    /// `None` where the rows are as the client takes them.
    plain: Option<Plain>,
    encoder: Encoder,
    compressor: Compressor,
    /// The pieces of the batches that were taken last, each made when it is encoded.
    left: Option<Pieces>,
}

type Pieces = Box<dyn Iterator<Item = Result<RecordBatch, Error>> + Send>;

impl Work {
    pub(super) fn new(plain: Option<Plain>, encoder: Encoder, compressor: Compressor) -> Self {
        Self { plain, encoder, compressor, left: None }
    }

    /// Whether everything that was begun is encoded.
    pub(super) const fn is_idle(&self) -> bool {
        self.left.is_none()
    }

    /// Takes batches to be encoded by the next steps.
    pub(super) fn begin(&mut self, batches: Vec<RecordBatch>) {
        let batches = batches.into_iter();
        let plain = self.plain.clone();
        let made = move |batch| match &plain {
            Some(plain) => Box::new(plain.pieces(batch)) as Pieces,
            None => Box::new(std::iter::once(Ok(batch))),
        };
        self.left = Some(if self.sends_memory() {
            Box::new(batches.flat_map(made))
        } else {
            // What repeats values becomes large where it is made plain, and is cut once more.
            Box::new(batches.flat_map(|batch| pieces(&batch)).flat_map(made).flat_map(cut))
        });
    }

    /// Encodes some of the rows that were begun: about as much as is worth sending. A client that goes away meanwhile is
    /// noticed after this step.
    pub(super) async fn step(mut self) -> Result<(Rope, Self), Error> {
        let is_quick = self.is_quick();
        let step = move || {
            let segments = self.encode()?;
            let segments = self.compressor.compress(segments).map_err(compressor_failed)?;
            Ok((Rope::gathered(segments), self))
        };
        if is_quick { step() } else { apart(step).await }
    }

    fn encode(&mut self) -> Result<Vec<Bytes>, Error> {
        let Some(mut left) = self.left.take() else { return Ok(Vec::new()) };
        let (mut segments, mut bytes, mut count) = (Vec::new(), 0, 0);
        while bytes < STEP_BYTES && count < STEP_PIECES {
            let Some(piece) = left.next() else { return Ok(segments) };
            let written = self.encoder.write(&piece?).map_err(failed)?;
            bytes += written.iter().map(Bytes::len).sum::<usize>();
            count += 1;
            segments.extend(written);
        }
        self.left = Some(left);
        Ok(segments)
    }

    /// Writes what the format and the compressor have at their end.
    pub(super) async fn finish(mut self) -> Result<Rope, Error> {
        let is_quick = self.is_quick();
        let step = move || {
            let segments = self.encoder.finish().map_err(failed)?;
            let mut segments = self.compressor.compress(segments).map_err(compressor_failed)?;
            segments.push(self.compressor.finish().map_err(compressor_failed)?);
            Ok(Rope::gathered(segments))
        };
        if is_quick { step() } else { apart(step).await }
    }

    /// Whether columns go out as they lie in memory, batch for batch.
    fn sends_memory(&self) -> bool {
        self.encoder.format() == Format::ArrowStream && self.compressor.is_identity()
    }

    /// Whether it takes no time that is worth another thread.
    fn is_quick(&self) -> bool {
        self.sends_memory() && self.plain.is_none()
    }
}

fn cut(batch: Result<RecordBatch, Error>) -> Pieces {
    match batch {
        Ok(batch) => Box::new(pieces(&batch).map(Ok)),
        Err(error) => Box::new(std::iter::once(Err(error))),
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

/// How much of what is written is worth sending.
const STEP_BYTES: usize = 256 << 10;
/// How many pieces a step encodes at most: Parquet writes nothing for a while.
const STEP_PIECES: usize = 16;
