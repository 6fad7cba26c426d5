//! What queries may hold in memory and on the disk, together.

use std::num::NonZeroUsize;
use std::sync::Arc;

use arrowlink_core::{Error, ErrorKind, Result};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
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
    let disk = DiskManagerBuilder::default().with_mode(mode).with_max_temp_directory_size(options.max_spill);
    RuntimeEnvBuilder::from_runtime_env(shared)
        .with_memory_pool(Arc::new(pool))
        .with_disk_manager_builder(disk)
        .build()
        .map(|environment| RuntimeEnv { cache_manager: Arc::clone(&shared.cache_manager), ..environment })
        .map_err(|error| unusable().with_source(error))
}

fn unusable() -> Error {
    let text = "the folder for intermediate results of queries cannot be used: set `query.spill_dir`";
    Error::new(ErrorKind::Unavailable, text)
}

/// How many of those that hold most are named where memory is short.
const NAMED_CONSUMERS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(2);
