//! Tables as Arrow files: made once, loaded by whoever serves or writes them.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_ipc::reader::FileReader;
use arrow_ipc::writer::FileWriter;
use arrow_schema::SchemaRef;

use crate::Failure;

/// A table in a file.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) path: PathBuf,
    pub(crate) rows: u64,
    /// The bytes of all columns, without what the file adds.
    pub(crate) bytes: u64,
}

impl Table {
    /// Returns the table of `count` times `batch`, and makes its file in `folder` where it is not there.
    pub(crate) fn of(batch: &RecordBatch, count: u64, folder: &Path, name: &str) -> Result<Self, Failure> {
        let path = folder.join(format!("{name}-{}x{count}.arrow", batch.num_rows()));
        if !path.exists() {
            println!("making {} once", path.display());
            fs::create_dir_all(folder)?;
            make(batch, count, &path)?;
        }
        let rows = batch.num_rows() as u64 * count;
        // Servers are started in folders of their own.
        Ok(Self { path: path.canonicalize()?, rows, bytes: bytes(batch)? * count })
    }
}

/// Loads a whole Arrow file.
pub(crate) fn load(path: &Path) -> Result<(SchemaRef, Vec<RecordBatch>), Failure> {
    let reader = FileReader::try_new(File::open(path)?, None)?;
    Ok((reader.schema(), reader.collect::<Result<_, _>>()?))
}

/// Returns the first rows of an Arrow file.
pub(crate) fn first_rows(path: &Path, rows: usize) -> Result<RecordBatch, Failure> {
    let mut reader = FileReader::try_new(File::open(path)?, None)?;
    let batch = reader.next().ok_or("the table is empty")??;
    Ok(batch.slice(0, rows.min(batch.num_rows())))
}

/// Returns what the rows of `batch` take in its buffers.
pub(crate) fn bytes(batch: &RecordBatch) -> Result<u64, Failure> {
    let mut bytes = 0;
    for column in batch.columns() {
        bytes += column.to_data().get_slice_memory_size()? as u64;
    }
    Ok(bytes)
}

/// Writes aside first: what has the name is whole.
fn make(batch: &RecordBatch, count: u64, path: &Path) -> Result<(), Failure> {
    let aside = path.with_extension("part");
    let mut writer = FileWriter::try_new(BufWriter::new(File::create(&aside)?), batch.schema_ref())?;
    for _ in 0..count {
        writer.write(batch)?;
    }
    writer.finish()?;
    drop(writer);
    Ok(fs::rename(aside, path)?)
}
