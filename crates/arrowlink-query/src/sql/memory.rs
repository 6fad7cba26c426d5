//! What queries may hold in memory and on the disk, together.

use std::num::NonZeroUsize;
use std::sync::Arc;

use arrowlink_core::{Error, ErrorKind, Result};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{
    FairSpillPool, MemoryConsumer, MemoryPool, MemoryReservation, TrackConsumersPool,
};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};

use super::SqlOptions;
use super::spill::SpillFolder;

/// Returns the folder of `options` in which intermediate results are kept.
pub(crate) fn spill_folder(options: &SqlOptions) -> Result<SpillFolder> {
    let parent = options.spill_dir.clone().unwrap_or_else(std::env::temp_dir);
    SpillFolder::new(&parent).map_err(|error| unusable().with_source(error))
}

/// Returns an environment with the bounds of `options` and the caches of `shared`, which keeps in `folder` what does
/// not fit.
pub(crate) fn environment(
    shared: &RuntimeEnv,
    options: &SqlOptions,
    folder: &SpillFolder,
) -> Result<RuntimeEnv> {
    let bytes = usize::try_from(options.memory).unwrap_or(usize::MAX);
    let pool = TrackConsumersPool::new(FairSpillPool::new(bytes), NAMED_CONSUMERS);
    let mode = DiskManagerMode::Directories(vec![folder.path().to_owned()]);
    let disk = DiskManagerBuilder::default()
        .with_mode(mode)
        .with_max_temp_directory_size(options.max_spill)
        .with_max_spill_merge_fan_in((bytes / BYTES_OF_A_MERGED_FILE).max(LEAST_MERGED_FILES));
    RuntimeEnvBuilder::from_runtime_env(shared)
        .with_memory_pool(Arc::new(pool))
        .with_disk_manager_builder(disk)
        .build()
        .map(|environment| RuntimeEnv { cache_manager: Arc::clone(&shared.cache_manager), ..environment })
        .map_err(|error| unusable().with_source(error))
}

/// Returns what each sort sets aside for its merging, in each of `threads` partitions.
///
/// It is taken with the first batch, and the query fails where it is not there: all queries that may run at once find
/// theirs in a part of the memory, each for several sorts. Less only means that a sort goes to the disk in smaller pieces.
pub(crate) fn set_aside(options: &SqlOptions, threads: usize) -> usize {
    let bytes = usize::try_from(options.memory).unwrap_or(usize::MAX) / PART_SET_ASIDE;
    (bytes / options.max_queries.max(1) / threads.max(1)).min(MOST_SET_ASIDE)
}

/// Keeps the share of one operator that can go to the disk free, for as long as it is held: without it sorts take all that
/// there is, and what merges their rows finds nothing.
pub(crate) fn spare(pool: &Arc<dyn MemoryPool>) -> MemoryReservation {
    MemoryConsumer::new("Spare").with_can_spill(true).register(pool)
}

fn unusable() -> Error {
    let text = "the folder for intermediate results of queries cannot be used: set `query.spill_dir`";
    Error::new(ErrorKind::Unavailable, text)
}

/// How many of those that hold most are named where memory is short.
const NAMED_CONSUMERS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(2);
/// The fourth part of the memory is set aside for merging where all queries sort.
const PART_SET_ASIDE: usize = 4;
/// 10 MiB: what DataFusion sets aside, and enough for a sort that has all of the memory.
const MOST_SET_ASIDE: usize = 10 << 20;
/// 16 MiB of memory for each sorted file that a merge reads at once: it takes what it can get, and others merge too.
const BYTES_OF_A_MERGED_FILE: usize = 16 << 20;
/// Fewer would be merged over and over.
const LEAST_MERGED_FILES: usize = 4;
