//! A read of a dataset: its uploads one after the other, batch by batch, from a place to the end of a snapshot.
//!
//! Where it begins and ends was decided before, by its [`scope`](crate::scope).

use std::path::PathBuf;

use arrow_schema::SchemaRef;
use arrowlink_core::{BatchStream, Chunk, Error, ReadOptions, Result, retold};
use futures::stream;

use crate::failure::{blocking, corrupt};
use crate::folder::file_name;
use crate::index::{Table, Upload};
use crate::parts::Spot;
use crate::position::{Place, snapshot};
use crate::scope::{Scope, changed};
use crate::stored_file::{Batches, StoredFile};

/// Starts to read `table`, whose files lie in `folder`. Nothing is opened before the stream is polled.
///
/// Projection and limit are applied to what comes from the disk. Whole uploads that are skipped are not opened; their
/// footers said how many rows they have.
pub(crate) fn read(table: &Table, folder: PathBuf, mut options: ReadOptions) -> Result<BatchStream> {
    let scope = Scope::new(table, &mut options)?;
    let mut reader = Reader::new(table, folder, scope);
    options.skip = reader.skip_uploads(options.skip);
    let schema = SchemaRef::clone(&table.schema);
    let state = snapshot(table.identity, reader.last);
    let chunks = stream::try_unfold(reader, |mut reader| {
        blocking(move || Ok(reader.next()?.map(|chunk| (chunk, reader))))
    });
    options.apply(BatchStream::new(schema, chunks).with_snapshot(state))
}

/// Where a read is. One message of one file is in memory at a time.
#[derive(Debug)]
struct Reader {
    table: Table,
    folder: PathBuf,
    /// The number of the last upload of the snapshot.
    last: u64,
    /// The index of the upload that is read now or next.
    upload: usize,
    /// The batch in it that comes next.
    batch: u64,
    /// Where it ends.
    end: Spot,
    open: Option<Batches>,
}

impl Reader {
    fn new(table: &Table, folder: PathBuf, Scope { last, start, end }: Scope) -> Self {
        let (upload, batch) = start;
        Self { table: table.clone(), folder, last, upload, batch, end, open: None }
    }

    /// Leaves out whole uploads of together at most `rows` rows; returns how many rows are still to be skipped.
    fn skip_uploads(&mut self, mut rows: u64) -> u64 {
        while self.batch == 0
            && let Some(upload) = self.current()
            && upload.rows <= rows
            && rows > 0
        {
            rows -= upload.rows;
            self.upload += 1;
        }
        rows
    }

    /// Returns the upload that is read now or next; `None` at the end.
    fn current(&self) -> Option<Upload> {
        let before_end = (self.upload, self.batch) < self.end;
        self.table.uploads.get(self.upload).filter(|_| before_end).cloned()
    }

    /// Reads the next batch; `None` at the end.
    fn next(&mut self) -> Result<Option<Chunk>> {
        while let Some(upload) = self.current() {
            if self.batch < upload.batches
                && let Some(batch) = self.batches(&upload)?.next()?
            {
                self.batch += 1;
                let batch = retold(batch, &self.table.schema).map_err(|how| self.foreign(&upload, how))?;
                return Ok(Some(Chunk::new(batch).with_position(self.place(&upload).encode())));
            }
            self.finish(&upload)?;
        }
        Ok(None)
    }

    /// Goes on to the next upload, once the one that was read had all the rows that its footer promised.
    ///
    /// A file that has other rows than its footer says is found by [`Batches::next`] where it was read from its first
    /// batch, one that has more batches here.
    fn finish(&mut self, upload: &Upload) -> Result<()> {
        if let Some(mut open) = self.open.take()
            && open.next()?.is_some()
        {
            return Err(corrupt(&self.path(upload), "it has more batches than its footer says"));
        }
        self.upload += 1;
        self.batch = 0;
        Ok(())
    }

    /// Opens the file of `upload` where it is not open; a file that is gone, or another one, ends the read.
    fn batches(&mut self, upload: &Upload) -> Result<&mut Batches> {
        if self.open.is_none() {
            let path = self.path(upload);
            let file =
                StoredFile::open(&path).map_err(|error| if path.exists() { error } else { changed() })?;
            if file.label().identity != upload.identity {
                return Err(changed());
            }
            self.open = Some(file.batches_from(self.batch)?);
        }
        self.open.as_mut().ok_or_else(changed)
    }

    /// Returns where the file of `upload` must be.
    fn path(&self, upload: &Upload) -> PathBuf {
        self.folder.join(file_name(upload.sequence))
    }

    /// Returns the place after the batch that was read last.
    fn place(&self, upload: &Upload) -> Place {
        Place { identity: self.table.identity, last: self.last, sequence: upload.sequence, batch: self.batch }
    }

    /// Says that the file of `upload` has another schema than its dataset, which no store writes.
    fn foreign(&self, upload: &Upload, how: Error) -> Error {
        corrupt(&self.path(upload), "it does not belong to its dataset").with_source(how)
    }
}
