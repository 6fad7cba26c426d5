//! Opens what is configured and puts it under its names.

use std::sync::Arc;

use arrowlink_core::{
    CallContext, Catalog, DataService, Dataset, Deadlines, DemoDataset, Error, ErrorKind, Limited,
    MemoryDataset, MemoryStore, Name, ReadOnly, ReadOptions, ServiceLimits, default_dataset,
};
use arrowlink_store::{Store, StoreOptions};

use crate::config::DEFAULT;
use crate::files::Files;
use crate::memory::quarter_of_memory;
use crate::{Config, ConfigError, DatasetConfig, DatasetSource, ServerError};

/// Opens everything that `config` names: datasets, the default, uploads, and the decorators around them.
pub(crate) async fn open(config: &Config) -> Result<Arc<dyn DataService>, ServerError> {
    let mut catalog = Catalog::new();
    let names = || config.datasets.iter().map(|dataset| &dataset.name);
    if config.default.as_str() == DEFAULT && !names().any(|name| *name == config.default) {
        catalog = catalog.with_dataset(config.default.clone(), Arc::new(default_dataset()));
    }
    for (name, dataset) in open_datasets(config).await? {
        catalog = catalog.with_dataset(name, dataset);
    }
    let uploads = open_uploads(config).await?;
    let service: Arc<dyn DataService> = Arc::new(catalog.with_uploads(uploads));
    check_default(config, service.as_ref()).await?;
    Ok(decorated(config, service))
}

/// Opens the configured datasets. One that is damaged answers with its error, one that is not there is refused.
pub(crate) async fn open_datasets(config: &Config) -> Result<Vec<(Name, Arc<dyn Dataset>)>, ServerError> {
    let files = Files::new(&config.limits);
    let mut datasets = Vec::with_capacity(config.datasets.len());
    for dataset in &config.datasets {
        match open_dataset(dataset, &files).await {
            Ok(opened) => datasets.push((dataset.name.clone(), opened)),
            Err(source) => return Err(ServerError::Dataset { name: dataset.name.clone(), source }),
        }
    }
    Ok(datasets)
}

async fn open_dataset(config: &DatasetConfig, files: &Files) -> Result<Arc<dyn Dataset>, Error> {
    let dataset: Arc<dyn Dataset> = match &config.source {
        DatasetSource::Demo(uri) => Arc::new(DemoDataset::from_uri(uri)?),
        DatasetSource::Files { uri, base_dir } => files.open(uri, base_dir, &config.files).await?,
    };
    let ready = if config.pin {
        pinned(dataset.as_ref(), &config.source).await
    } else {
        // What is wrong with it is said at the start, not at the first call.
        dataset.describe(CallContext::new()).await.map(|_| Arc::clone(&dataset))
    };
    Ok(ready.unwrap_or_else(|error| {
        let error = error.chain();
        tracing::warn!(name = %config.name, error, "dataset cannot be read, the others are served");
        // It stays as it is: once the file has been mended it can be read.
        dataset
    }))
}

/// Reads all of `dataset` into memory.
async fn pinned(dataset: &dyn Dataset, source: &DatasetSource) -> Result<Arc<dyn Dataset>, Error> {
    let stream = dataset.read(CallContext::new(), ReadOptions::default()).await?;
    let schema = Arc::clone(stream.schema());
    let batches = stream.collect_batches().await?;
    Ok(Arc::new(MemoryDataset::pinned(schema, batches)?.with_source(format!("{source}, pinned in memory"))))
}

async fn open_uploads(config: &Config) -> Result<Arc<dyn DataService>, ServerError> {
    let Some(dir) = config.data_dir.clone() else {
        let max_bytes = config.limits.max_memory_uploads.unwrap_or_else(quarter_of_memory);
        return Ok(Arc::new(MemoryStore::with_setting(max_bytes, "limits.max_memory_uploads")));
    };
    let mut options = StoreOptions::default();
    if let Some(max_bytes) = config.limits.max_data_dir {
        options = options.with_max_bytes(max_bytes);
    }
    let shown = dir.display().to_string();
    match tokio::task::spawn_blocking(move || Store::open(&dir, options)).await {
        Ok(Ok(store)) => Ok(Arc::new(store)),
        Ok(Err(source)) => Err(ServerError::DataDir { dir: shown, source }),
        Err(panic) => Err(ServerError::machine(panic)),
    }
}

/// A default that is neither configured nor built in must be among the uploads.
async fn check_default(config: &Config, service: &dyn DataService) -> Result<(), ServerError> {
    if config.default.as_str() == crate::config::UPLOADS {
        return Ok(());
    }
    match service.describe(CallContext::new(), (&config.default).into()).await {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(ConfigError::from_text(format!("`server.default`: {}", error.chain())).into())
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

fn decorated(config: &Config, service: Arc<dyn DataService>) -> Arc<dyn DataService> {
    let limits = ServiceLimits::default()
        .with_max_writes(config.limits.max_writes as usize)
        .with_max_wait(config.limits.max_wait);
    let mut service: Arc<dyn DataService> = Arc::new(Limited::new(service, limits));
    if config.read_only {
        let reason = "this server is read-only (`server.read_only`)";
        service = Arc::new(ReadOnly::new(service).with_reason(reason));
    }
    let deadlines = Deadlines::new(service);
    Arc::new(match config.limits.call_timeout {
        Some(longest) => deadlines.with_longest(longest),
        None => deadlines,
    })
}
