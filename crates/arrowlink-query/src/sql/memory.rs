//! What queries may hold in memory and on the disk, together.

use std::num::NonZeroUsize;
use std::sync::Arc;

use arrowlink_core::{Error, ErrorKind, Result};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};

use super::SqlOptions;

/// Returns an environment with the bounds of `options` and the caches of `shared`.
pub(crate) fn environment(shared: &RuntimeEnv, options: &SqlOptions) -> Result<RuntimeEnv> {
    let bytes = usize::try_from(options.memory).unwrap_or(usize::MAX);
    let pool = TrackConsumersPool::new(FairSpillPool::new(bytes), NAMED_CONSUMERS);
    let mode = match &options.spill_dir {
        Some(folder) => DiskManagerMode::Directories(vec![folder.clone()]),
        None => DiskManagerMode::OsTmpDirectory,
    };
    let disk = DiskManagerBuilder::default().with_mode(mode).with_max_temp_directory_size(options.max_spill);
    RuntimeEnvBuilder::from_runtime_env(shared)
        .with_memory_pool(Arc::new(pool))
        .with_disk_manager_builder(disk)
        .build()
        .map(|environment| RuntimeEnv { cache_manager: Arc::clone(&shared.cache_manager), ..environment })
        .map_err(|error| {
            let text = "the folder for intermediate results of queries cannot be used: set `query.spill_dir`";
            Error::new(ErrorKind::Unavailable, text).with_source(error)
        })
}

/// How many of those that hold most are named where memory is short.
const NAMED_CONSUMERS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(2);
