//! An upload while it arrives: a file aside that grows batch by batch.
//!
//! Nothing of it can be seen by readers before [`commit`](crate::commit) renames the file. The footer is written
//! last, so that a file which was cut off is told from a whole one.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_ipc::MetadataVersion;
use arrow_ipc::writer::{DictionaryHandling, FileWriter, IpcWriteOptions};
use arrow_schema::{ArrowError, SchemaRef};
use arrowlink_core::{Dictionaries, Result, WriteMode, WriteOptions, schema_mismatch};
use uuid::Uuid;

use crate::aside::Aside;
use crate::failure::{disk, encoding};
use crate::pieces::Pieces;
use crate::quota::{Quota, Reservation};
use crate::stored_file::Label;

/// The writing end. Dropped before [`finish`](Self::finish), nothing is left of it.
///
/// Every method waits for the disk.
pub(crate) struct Arriving {
    writer: FileWriter<Positioned>,
    dictionaries: Dictionaries,
    /// What every batch must have; of the dataset it is known only at the commit.
    schema: SchemaRef,
    /// Counts what was written, and goes into the footer.
    label: Label,
    pieces: Pieces,
    /// Declared last: the file is closed before it is deleted.
    aside: Aside,
}

impl Arriving {
    /// Begins a file in the folder `aside`.
    pub(crate) fn begin(
        aside: &Path,
        quota: &Quota,
        schema: SchemaRef,
        options: &WriteOptions,
    ) -> Result<Self> {
        let (aside, file) = Aside::create(aside).map_err(|error| disk("create a file in", aside, error))?;
        let counted = Counted { file, reservation: quota.reservation() };
        let buffered = BufWriter::with_capacity(BUFFER_BYTES, counted);
        let positioned = Positioned { file: buffered, position: 0 };
        let writer = write_options()
            .and_then(|options| FileWriter::try_new_with_options(positioned, &schema, options))
            .map_err(|error| encoding(aside.path(), error))?;
        let dictionaries = Dictionaries::new(&schema);
        let mut label = Label::new(Uuid::now_v7());
        label.replaces = options.mode == WriteMode::Replace;
        label.idempotency_key.clone_from(&options.idempotency_key);
        Ok(Self { writer, dictionaries, schema, label, pieces: Pieces::new(), aside })
    }

    /// Adds a batch; one without rows says nothing and is left out.
    ///
    /// Fails with `SchemaMismatch`, with `LimitExceeded` where the quota or the disk is full, and with what
    /// [`Dictionaries::unify`] refuses.
    pub(crate) fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        if let Some(mismatch) = schema_mismatch(&self.schema, batch.schema_ref()) {
            return Err(mismatch);
        }
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let batch = self.dictionaries.unify(batch)?;
        let before = self.writer.get_ref().position;
        self.writer.write(&batch).map_err(|error| encoding(self.aside.path(), error))?;
        let rows = batch.num_rows() as u64;
        self.pieces.push(rows, self.writer.get_ref().position - before);
        self.label.rows += rows;
        self.label.batches += 1;
        Ok(())
    }

    /// Writes the footer and flushes the file to the disk.
    ///
    /// Returns once the disk has the bytes. The entry in the folder is not flushed: it is one of a file aside, which
    /// a crash may take.
    pub(crate) fn finish(mut self) -> Result<Arrived> {
        self.label.pieces = self.pieces.into_vec();
        for (key, value) in self.label.pairs() {
            self.writer.write_metadata(key, value);
        }
        let path = self.aside.path();
        let positioned = self.writer.into_inner().map_err(|error| encoding(path, error))?;
        let counted =
            positioned.file.into_inner().map_err(|error| disk("write", path, error.into_error()))?;
        counted.file.sync_all().map_err(|error| disk("flush", path, error))?;
        let bytes = counted.file.metadata().map_err(|error| disk("read", path, error))?.len();
        Ok(Arrived {
            label: self.label,
            schema: self.schema,
            bytes,
            aside: self.aside,
            reservation: counted.reservation,
        })
    }
}

/// A whole upload, flushed, still aside. Dropped, nothing is left of it.
#[derive(Debug)]
pub(crate) struct Arrived {
    /// What its footer says.
    pub(crate) label: Label,
    /// The schema of its batches.
    pub(crate) schema: SchemaRef,
    /// The size of its file.
    pub(crate) bytes: u64,
    /// Where its file is, until it is renamed.
    pub(crate) aside: Aside,
    /// The bytes of the quota that it takes, until they are kept.
    pub(crate) reservation: Reservation,
}

/// A file that knows how many bytes were given to it, written or not.
struct Positioned {
    file: BufWriter<Counted>,
    position: u64,
}

impl Write for Positioned {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.position += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A file that takes its bytes from the quota before it writes them.
#[derive(Debug)]
struct Counted {
    file: File,
    reservation: Reservation,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.reservation.grow(bytes.len() as u64)?;
        self.file.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Uncompressed, every buffer at a multiple of 64 bytes: readers may map the file and use it in place.
fn write_options() -> Result<IpcWriteOptions, ArrowError> {
    Ok(IpcWriteOptions::try_new(64, false, MetadataVersion::V5)?
        .with_dictionary_handling(DictionaryHandling::Delta))
}

/// How many bytes are gathered before they are written: batches of a few rows come in many small pieces.
const BUFFER_BYTES: usize = 1 << 20;
