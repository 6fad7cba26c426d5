//! The server's peak memory while it serves a Parquet folder that is larger than it may hold.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use arrowlink_client::{Client, ClientOptions};
use arrowlink_core::{CallContext, DataService as _, Name, ReadOptions, Target};
use futures::TryStreamExt as _;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use tokio::runtime::Builder;

use crate::lab::Lab;
use crate::party::{Maker, Way};
use crate::roles::TABLE;
use crate::{Failure, Report, Row, Summary, Target as Goal};

/// Makes the folder where it is not there yet, reads it whole and in order, and reports time and peak memory.
pub(crate) fn measure(lab: &Lab, report: &mut Report) -> Result<(), Failure> {
    let Some(folder) = made(lab)? else { return Ok(()) };
    let mib = lab.folder_mib;
    report.section(format!("a Parquet folder of {mib} MiB with row groups of 64 MiB, read whole over TLS"));
    let server = lab.our_server_of(Way::Tls, &format!("{TABLE}={}", folder.display()), &[])?;
    let options = ClientOptions::default().with_ca_file(lab.ca_file());
    let start = Instant::now();
    read_in_order(&server.uri(Maker::Ours), options, rows(mib))?;
    let rate = (mib << 20) as f64 / start.elapsed().as_secs_f64() / 1e9;
    report.row(Row::new("rows read in order", "GB/s", Summary::single(rate)));
    let peak = Row::new("server's peak memory", "MiB", Summary::single(server.process.peak_mib()?));
    report.row(peak.with_target(Goal::at_most(MOST_MEMORY_MIB)));
    Ok(())
}

/// Returns the folder, made where it is not there yet; nothing where it is to be left out.
pub(crate) fn made(lab: &Lab) -> Result<Option<PathBuf>, Failure> {
    if lab.folder_mib == 0 {
        return Ok(None);
    }
    let folder = lab.data.join(format!("parquet-{}-mib", lab.folder_mib));
    make(&folder, lab.folder_mib)?;
    Ok(Some(folder))
}

/// Reads the dataset and fails unless its first column counts the rows.
fn read_in_order(uri: &str, options: ClientOptions, rows: u64) -> Result<(), Failure> {
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        let client = Client::connect(uri, options).await?;
        let target = Target::from(Name::new(TABLE)?);
        let mut stream = client.read(CallContext::new(), target, ReadOptions::default()).await?;
        let mut next = 0;
        while let Some(chunk) = stream.try_next().await? {
            let ids = chunk.batch.column(0).as_any().downcast_ref::<Int64Array>().ok_or("id is not int64")?;
            for id in ids.values() {
                if *id != next {
                    return Err(format!("row {next} came as row {id}").into());
                }
                next += 1;
            }
        }
        if next as u64 == rows { Ok(()) } else { Err(format!("{next} of {rows} rows came").into()) }
    })
}

/// Makes `mib` MiB of Parquet files that hardly compress.
fn make(folder: &Path, mib: u64) -> Result<(), Failure> {
    // Beside the folder: everything in it is served.
    let complete = folder.with_extension("complete");
    if complete.exists() {
        return Ok(());
    }
    println!("making {} once", folder.display());
    fs::create_dir_all(folder)?;
    let mut first = 0;
    for file in 0..mib.div_ceil(FILE_MIB) {
        first = write_file(&folder.join(format!("part-{file:04}.parquet")), first)?;
    }
    File::create(complete)?;
    Ok(())
}

/// Returns how many rows a folder of `mib` MiB has.
const fn rows(mib: u64) -> u64 {
    mib.div_ceil(FILE_MIB) * FILE_MIB / GROUP_MIB * ROWS_PER_GROUP
}

fn write_file(path: &PathBuf, mut first: u64) -> Result<u64, Failure> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_dictionary_enabled(false)
        .set_max_row_group_row_count(Some(ROWS_PER_GROUP as usize))
        .build();
    let mut writer = ArrowWriter::try_new(File::create(path)?, batch(0, 0)?.schema(), Some(properties))?;
    for _ in 0..FILE_MIB / GROUP_MIB {
        writer.write(&batch(first, ROWS_PER_GROUP)?)?;
        first += ROWS_PER_GROUP;
    }
    writer.close()?;
    Ok(first)
}

/// Eight columns of eight bytes: the row number, and seven of noise.
fn batch(first: u64, rows: u64) -> Result<RecordBatch, Failure> {
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values((first..first + rows).map(|id| id as i64)));
    let mut columns = vec![("id".to_owned(), ids)];
    for column in 1..8_u64 {
        let noise = (first..first + rows).map(|row| noise(row.wrapping_mul(8).wrapping_add(column)));
        columns.push((format!("noise{column}"), Arc::new(Float64Array::from_iter_values(noise)) as ArrayRef));
    }
    Ok(RecordBatch::try_from_iter(columns)?)
}

/// A number in [0, 1) that looks random: the finalizer of SplitMix64.
fn noise(seed: u64) -> f64 {
    let mut bits = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

const MOST_MEMORY_MIB: f64 = 300.0;
const FILE_MIB: u64 = 256;
const GROUP_MIB: u64 = 64;
/// 64 MiB of eight columns of eight bytes.
const ROWS_PER_GROUP: u64 = 1 << 20;
