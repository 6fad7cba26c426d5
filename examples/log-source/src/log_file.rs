//! The source: a log file whose lines are rows. It only grows, so that a state of it is a number of bytes.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use arrowlink_core::{
    BatchStream, CallContext, Chunk, Dataset, Description, Error, ErrorKind, NounKind, Position, ReadOptions,
    Result, Snapshot,
};
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};
use futures::stream;

/// A log: time, level and message of each line.
#[derive(Debug)]
pub(crate) struct LogFile {
    path: PathBuf,
    schema: SchemaRef,
}

impl LogFile {
    /// Serves the file at `path`. What is not there at all is refused: it is a mistake of whoever wrote the
    /// configuration.
    pub(crate) fn open(path: impl AsRef<Path>) -> Result<Self> {
        let fields = ["time", "level", "message"].map(|name| Field::new(name, DataType::Utf8, true));
        let log = Self { path: path.as_ref().to_owned(), schema: Arc::new(Schema::new(fields.to_vec())) };
        log.length().map(|_| log)
    }

    fn length(&self) -> Result<u64> {
        Ok(std::fs::metadata(&self.path).map_err(|error| unreadable(&self.path, error))?.len())
    }

    fn start(&self, mut options: ReadOptions) -> Result<BatchStream> {
        // What a source answers by itself it takes out of the options; `apply` does the rest, or refuses it.
        let (resume, snapshot) = (options.resume.take(), options.snapshot.take());
        let (from, until) = match resume {
            Some(position) => numbers(position.as_bytes())?,
            None => (0, self.length()?),
        };
        let until =
            snapshot.map_or(Ok(until), |snapshot| numbers(snapshot.as_bytes()).map(|(_, end)| end))?;
        if until > self.length()? {
            let text = format!("`{}` was cut off or replaced: read it again", self.path.display());
            return Err(Error::new(ErrorKind::SnapshotChanged, text));
        }
        let (path, schema) = (self.path.clone(), Arc::clone(&self.schema));
        // Batches are made as they are taken, so that a slow client costs one batch of memory.
        let chunks = stream::try_unfold(from, move |at| {
            let (path, schema) = (path.clone(), Arc::clone(&schema));
            async move {
                let piece = tokio::task::spawn_blocking(move || piece(&path, &schema, at, until)).await;
                piece
                    .map_err(|error| Error::new(ErrorKind::Internal, "no line was read").with_source(error))?
            }
        });
        let rows = options.apply(BatchStream::new(Arc::clone(&self.schema), chunks))?;
        Ok(rows.with_snapshot(Snapshot::new(bytes(0, until))))
    }
}

impl Dataset for LogFile {
    fn describe(&self, _ctx: CallContext) -> BoxFuture<'_, Result<Description>> {
        let described = self.length().map(|length| {
            Description::new(NounKind::Dataset, Arc::clone(&self.schema))
                .with_bytes(Some(length))
                .with_source(format!("log://{}", self.path.display()))
                .with_snapshot(Snapshot::new(bytes(0, length)))
        });
        ready(described).boxed()
    }

    fn read(&self, _ctx: CallContext, options: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        ready(self.start(options)).boxed()
    }
}

/// Reads the lines from the byte `at` on, up to a thousand; `None` at the end. Returns where the next ones begin.
fn piece(path: &Path, schema: &SchemaRef, at: u64, until: u64) -> Result<Option<(Chunk, u64)>> {
    let failed = |error| unreadable(path, error);
    let mut file = File::open(path).map_err(failed)?;
    file.seek(SeekFrom::Start(at)).map_err(failed)?;
    let mut reader = BufReader::new(file.take(until.saturating_sub(at)));
    let (mut lines, mut next) = (Vec::new(), at);
    while lines.len() < 1000 {
        let mut line = String::new();
        match reader.read_line(&mut line).map_err(failed)? {
            0 => break,
            length => next += length as u64,
        }
        lines.push(line);
    }
    if lines.is_empty() {
        return Ok(None);
    }
    let parts = |which: usize| lines.iter().map(move |line| line.trim_end().splitn(3, ' ').nth(which));
    let columns = [0, 1, 2].map(|which| Arc::new(parts(which).collect::<StringArray>()) as _);
    let batch = RecordBatch::try_new(Arc::clone(schema), columns.into()).map_err(|error| {
        Error::new(ErrorKind::Internal, "lines do not fit their schema").with_source(error)
    })?;
    Ok(Some((Chunk::new(batch).with_position(Position::new(bytes(next, until))), next)))
}

/// Writes where a read stands and where it ends: opaque to everybody else.
fn bytes(from: u64, until: u64) -> Bytes {
    [from.to_be_bytes(), until.to_be_bytes()].concat().into()
}

/// Reads what `bytes` wrote; it came from a client, so that it may be anything.
fn numbers(bytes: &[u8]) -> Result<(u64, u64)> {
    let parsed = bytes.split_first_chunk::<8>().and_then(|(from, until)| {
        Some((u64::from_be_bytes(*from), u64::from_be_bytes(until.try_into().ok()?)))
    });
    parsed.ok_or_else(|| {
        Error::new(ErrorKind::InvalidArgument, "this is no place in a log: read it from the start")
    })
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    let kind = match error.kind() {
        std::io::ErrorKind::NotFound => ErrorKind::NotFound,
        std::io::ErrorKind::InvalidData => ErrorKind::Corrupt,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, format!("`{}` cannot be read", path.display())).with_source(error)
}
