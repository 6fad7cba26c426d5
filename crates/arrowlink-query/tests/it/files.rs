//! The same rows as files of every format.

use arrow_array::RecordBatch;
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

/// The batch as a Parquet file whose row groups have `group` rows.
pub(crate) fn parquet(batch: &RecordBatch, group: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(group)).build();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    bytes
}

/// The batches as an Arrow IPC file.
pub(crate) fn arrow_file(batches: &[RecordBatch], compression: Option<CompressionType>) -> Vec<u8> {
    let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
    let mut writer = FileWriter::try_new_with_options(Vec::new(), batches[0].schema_ref(), options).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

/// The batches as an Arrow IPC stream.
pub(crate) fn arrow_stream(batches: &[RecordBatch], compression: Option<CompressionType>) -> Vec<u8> {
    let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
    let mut writer =
        StreamWriter::try_new_with_options(Vec::new(), batches[0].schema_ref(), options).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

/// The ids `from`, `from + 1` and so on with a name each, as CSV.
pub(crate) fn csv(from: i64, count: i64) -> String {
    let rows = (from..from + count).map(|id| format!("{id},name {id}\n"));
    format!("id,name\n{}", rows.collect::<String>())
}

/// The ids `from`, `from + 1` and so on with a name each, one JSON object per line.
pub(crate) fn ndjson(from: i64, count: i64) -> String {
    (from..from + count).map(|id| format!("{{\"id\": {id}, \"name\": \"name {id}\"}}\n")).collect()
}
