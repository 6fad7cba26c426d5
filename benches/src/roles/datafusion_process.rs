//! DataFusion over Parquet files, in the process that wants the result: what a server can only add to.

use std::path::Path;
use std::thread;
use std::time::Instant;

use arrow_array::RecordBatch;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use tokio::runtime::Builder;

use crate::Failure;
use crate::lab::tables;
use crate::table;
use crate::turn::{self, Turn};

/// Answers a query for each turn.
pub(crate) fn answer(folder: &Path) -> Result<(), Failure> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let context = runtime.block_on(context(folder))?;
    turn::answer_questions(|query| runtime.block_on(asked(&context, query)))
}

/// Makes a table of each file, with the settings of ArrowLink's server but for its bounds, which none of the queries
/// reaches.
pub(crate) async fn context(folder: &Path) -> Result<SessionContext, Failure> {
    let threads = thread::available_parallelism()?.get().min(8);
    let mut config = SessionConfig::new().with_target_partitions(threads);
    let options = config.options_mut();
    options.sql_parser.map_string_types_to_utf8view = false;
    options.execution.parquet.schema_force_view_types = false;
    let context = SessionContext::new_with_config(config);
    for (name, file) in tables(folder)? {
        context.register_parquet(name, file.to_string_lossy(), ParquetReadOptions::default()).await?;
    }
    Ok(context)
}

async fn asked(context: &SessionContext, query: &str) -> Result<Turn, Failure> {
    let start = Instant::now();
    let batches = context.sql(query).await?.collect().await?;
    taken(&batches, start)
}

/// Returns the turn that began at `start` and ends with these batches, all of which are there.
pub(crate) fn taken(batches: &[RecordBatch], start: Instant) -> Result<Turn, Failure> {
    let seconds = vec![start.elapsed().as_secs_f64()];
    let mut turn = Turn { batches: batches.len() as u64, seconds, ..Turn::default() };
    for batch in batches {
        turn.rows += batch.num_rows() as u64;
        turn.bytes += table::bytes(batch)?;
    }
    Ok(turn)
}
