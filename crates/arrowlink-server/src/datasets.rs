//! Opens what is configured and puts it under its names.
//!
//! What is not there at all keeps the server from starting: it is a mistake of the operator, who is looking. What is
//! there and damaged keeps nobody from anything: it is logged, listed with its error, and read again at each call, so
//! that mending the file is enough. So is what a store does not have, or a store that does not answer: it is another
//! machine's matter, and may be mended later.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrowlink_core::{
    CallContext, Catalog, DataService, Dataset, Deadlines, DemoDataset, Error, ErrorKind, Limited,
    MemoryDataset, MemoryStore, Name, ReadOnly, ReadOptions, ServiceLimits, default_dataset,
};
use arrowlink_store::{Store, StoreOptions};

use crate::config::DEFAULT;
use crate::files::Files;
use crate::memory::quarter_of_memory;
use crate::{Config, ConfigError, DatasetConfig, DatasetSource, Schemes, ServerError};

/// Opens everything that `config` names: datasets, the default, uploads, and the decorators around them.
pub(crate) async fn open(config: &Config, schemes: &Schemes) -> Result<Arc<dyn DataService>, ServerError> {
    let uploads = open_uploads(config).await?;
    let mut catalog = Catalog::new();
    let names = || config.datasets.iter().map(|dataset| &dataset.name);
    let is_built_in = config.default.as_str() == DEFAULT && !names().any(|name| *name == config.default);
    if is_built_in && !is_stored(uploads.as_ref(), &config.default).await {
        catalog = catalog.with_dataset(config.default.clone(), Arc::new(default_dataset()));
    }
    let openers = Openers::new(config, schemes);
    let mut served = BTreeSet::new();
    for dataset in &config.datasets {
        for (name, opened) in open_section(dataset, &openers).await? {
            refuse_hidden_uploads(config, uploads.as_ref(), &name).await?;
            if !served.insert(name.clone()) {
                let text = format!("dataset `{name}` is configured twice: give one of them another name");
                return Err(ConfigError::from_text(text).into());
            }
            catalog = catalog.with_dataset(name, made_ready(opened, dataset).await);
        }
    }
    let service: Arc<dyn DataService> = Arc::new(catalog.with_uploads(uploads));
    check_default(config, service.as_ref()).await?;
    let service = openers.files.with_sql(guarded(config, service)).await.map_err(ServerError::Query)?;
    Ok(decorated(config, service))
}

/// Who opens what, by the kind of source.
#[derive(Debug)]
pub(crate) struct Openers {
    files: Files,
    schemes: Schemes,
}

impl Openers {
    /// Takes over the limits that are about files and queries; threads start with the first of them.
    pub(crate) fn new(config: &Config, schemes: &Schemes) -> Self {
        Self { files: Files::new(config), schemes: schemes.clone() }
    }
}

/// What one section serves.
type Opened = Vec<(Name, Arc<dyn Dataset>)>;

/// Opens what one `[[dataset]]` serves without reading it, mostly one dataset; one that is not there is refused.
pub(crate) async fn open_section(config: &DatasetConfig, openers: &Openers) -> Result<Opened, ServerError> {
    let name = || config.name.clone();
    let opened: Result<Opened, Error> = match &config.source {
        DatasetSource::Demo(uri) => {
            DemoDataset::from_uri(uri).map(|demo| vec![(name(), Arc::new(demo) as _)])
        }
        DatasetSource::Tpch(uri) => openers.files.open_tpch(uri, &config.name).await,
        DatasetSource::Postgres(uri) => openers.files.open_postgres(uri, config).await,
        DatasetSource::Files { uris, base_dir } => {
            let opened = openers.files.open(uris, base_dir, config).await;
            opened.map(|dataset| vec![(name(), dataset)])
        }
        DatasetSource::Other { .. } => {
            openers.schemes.open(config).await.map(|dataset| vec![(name(), dataset)])
        }
    };
    opened.map_err(|source| ServerError::Dataset { name: name(), source })
}

/// Loads a dataset that is pinned and looks at any other, so that what is wrong is said now and not at the first call.
async fn made_ready(dataset: Arc<dyn Dataset>, config: &DatasetConfig) -> Arc<dyn Dataset> {
    let ready = if config.pin {
        pinned(dataset.as_ref(), &config.source).await
    } else {
        dataset.describe(CallContext::new()).await.map(|_| Arc::clone(&dataset))
    };
    ready.unwrap_or_else(|error| {
        let error = error.chain();
        tracing::warn!(name = %config.name, error, "dataset cannot be read, the others are served");
        // It stays as it is: once the file has been mended it can be read.
        dataset
    })
}

/// Reads all of `dataset` into memory, in the batches that it has.
async fn pinned(dataset: &dyn Dataset, source: &DatasetSource) -> Result<Arc<dyn Dataset>, Error> {
    let stream = dataset.read(CallContext::new(), ReadOptions::default()).await?;
    let schema = Arc::clone(stream.schema());
    let batches = stream.collect_batches().await?;
    Ok(Arc::new(MemoryDataset::pinned(schema, batches)?.with_source(format!("{source}, pinned in memory"))))
}

/// Opens what keeps uploads: the data folder, or memory within its limit.
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

/// Refuses a dataset under whose name uploads are stored: they were acknowledged, and nobody could read them any more.
async fn refuse_hidden_uploads(
    config: &Config,
    uploads: &dyn DataService,
    name: &Name,
) -> Result<(), ConfigError> {
    if !is_stored(uploads, name).await {
        return Ok(());
    }
    let dir = config.data_dir.clone().unwrap_or_default();
    Err(ConfigError::from_text(format!(
        "dataset `{name}` would hide the uploads in `{}`: give it another name, or move that folder away",
        dir.join(name.as_str()).display()
    )))
}

/// Returns whether there are uploads under `name`, damaged ones among them.
async fn is_stored(uploads: &dyn DataService, name: &Name) -> bool {
    let described = uploads.describe(CallContext::new(), name.into()).await;
    described.map_or_else(|error| error.kind() != ErrorKind::NotFound, |_| true)
}

/// A default that is neither configured nor built in must be among the uploads.
async fn check_default(config: &Config, service: &dyn DataService) -> Result<(), ServerError> {
    // Its files may be in a store that does not have them yet.
    let is_files = |dataset: &DatasetConfig| matches!(dataset.source, DatasetSource::Files { .. });
    let is_configured =
        config.datasets.iter().any(|dataset| dataset.name == config.default && is_files(dataset));
    if is_configured || config.default.as_str() == crate::config::UPLOADS {
        return Ok(());
    }
    match service.describe(CallContext::new(), (&config.default).into()).await {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(ConfigError::from_text(format!("`server.default`: {}", error.chain())).into())
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Refuses writes to `service` where the server is read-only; within SQL, so that its changes are refused as well.
fn guarded(config: &Config, service: Arc<dyn DataService>) -> Arc<dyn DataService> {
    if !config.read_only {
        return service;
    }
    Arc::new(ReadOnly::new(service).with_reason("this server is read-only (`server.read_only`)"))
}

/// Puts the bounds of the configuration around `service`: deadlines outermost, so that waiting for a turn counts.
fn decorated(config: &Config, service: Arc<dyn DataService>) -> Arc<dyn DataService> {
    let limits = ServiceLimits::default()
        .with_max_reads(config.limits.max_reads as usize)
        .with_max_writes(config.limits.max_writes as usize)
        .with_max_calls(config.limits.max_calls as usize)
        .with_max_wait(config.limits.max_wait);
    let deadlines = Deadlines::new(Arc::new(Limited::new(service, limits)));
    Arc::new(match config.limits.call_timeout {
        Some(longest) => deadlines.with_longest(longest),
        None => deadlines,
    })
}
