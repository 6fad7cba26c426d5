//! Files as datasets and SQL over all of them, through the crate feature `query`; without it both are refused, files
//! with what to do.
//!
//! The one place that knows whether the feature is on. Both sides have the same functions.

#[cfg(feature = "query")]
pub(crate) use with_query::Files;
#[cfg(not(feature = "query"))]
pub(crate) use without_query::Files;

#[cfg(feature = "query")]
mod with_query {
    use std::path::Path;
    use std::sync::{Arc, Mutex, PoisonError};

    use arrowlink_core::{DataService, Dataset, Error, Name};
    use arrowlink_query::{
        CsvHeader, CsvOptions, FileDataset, FileOptions, QueryOptions, QueryRuntime, SqlOptions, SqlService,
        SqlTables, StoreOptions, TpchDataset,
    };
    use tokio::sync::OnceCell;

    use crate::memory::quarter_of_memory;
    use crate::postgres;
    use crate::{Config, DatasetConfig, FileSettings, QueryLimits, StoreSettings};

    /// What reads files and answers SQL; its threads start when they are first needed.
    #[derive(Debug)]
    pub(crate) struct Files {
        options: QueryOptions,
        runtime: OnceCell<QueryRuntime>,
        sql: SqlOptions,
        /// The datasets whose files SQL reads itself.
        tables: Mutex<SqlTables>,
    }

    impl Files {
        /// Takes over the limits that are about files and queries.
        pub(crate) fn new(config: &Config) -> Self {
            let mut options = QueryOptions::default()
                .with_max_file_scans(config.limits.max_file_scans as usize)
                .with_max_scan_wait(config.limits.max_wait);
            if let Some(threads) = config.query.threads {
                options = options.with_threads(threads as usize);
            }
            let sql = sql_options(&config.query);
            Self { options, runtime: OnceCell::new(), sql, tables: Mutex::default() }
        }

        /// Puts SQL before `service`, which has what was opened here under the names that it was opened for.
        pub(crate) async fn with_sql(
            &self,
            service: Arc<dyn DataService>,
        ) -> Result<Arc<dyn DataService>, Error> {
            let tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner).clone();
            Ok(Arc::new(SqlService::new(service, tables, self.runtime().await?, self.sql.clone())?))
        }

        /// Finds what `uris` of `config` stand for; what the files hold is looked at when it is described or read.
        pub(crate) async fn open(
            &self,
            uris: &[String],
            base_dir: &Path,
            config: &DatasetConfig,
        ) -> Result<Arc<dyn Dataset>, Error> {
            let runtime = self.runtime().await?;
            let files = Arc::new(FileDataset::open_all(runtime, uris, options(base_dir, config)?).await?);
            // What is pinned is read from memory, by SQL too.
            if !config.pin {
                let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
                *tables = std::mem::take(&mut *tables).with_files(config.name.clone(), Arc::clone(&files));
            }
            Ok(files)
        }
    }

    impl Files {
        /// Makes the tables that `uri` stands for: one under `name`, or all of them as `name.table`.
        pub(crate) async fn open_tpch(
            &self,
            uri: &str,
            name: &Name,
        ) -> Result<Vec<(Name, Arc<dyn Dataset>)>, Error> {
            let tables = TpchDataset::from_uri(self.runtime().await?, uri)?;
            let is_one = tables.len() == 1;
            let named = |table: TpchDataset| {
                let of_table =
                    if is_one { Ok(name.clone()) } else { Name::new(&format!("{name}.{}", table.table())) };
                Ok((of_table?, Arc::new(table) as Arc<dyn Dataset>))
            };
            tables.into_iter().map(named).collect()
        }

        /// Stands for what `uri` of `config` names: a table or query under its name, or all tables as `name.table`.
        pub(crate) async fn open_postgres(
            &self,
            uri: &str,
            config: &DatasetConfig,
        ) -> Result<Vec<(Name, Arc<dyn Dataset>)>, Error> {
            let opened = postgres::open(uri, config).await?;
            let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
            let served = opened.into_iter().map(|(name, dataset, table)| {
                if !config.pin {
                    *tables = std::mem::take(&mut *tables).with_table(name.clone(), table);
                }
                (name, dataset)
            });
            Ok(served.collect())
        }

        async fn runtime(&self) -> Result<&QueryRuntime, Error> {
            self.runtime.get_or_try_init(async || QueryRuntime::new(self.options.clone())).await
        }
    }

    /// Takes over the section `[query]`.
    fn sql_options(limits: &QueryLimits) -> SqlOptions {
        let options = SqlOptions::default()
            .with_memory(limits.memory.unwrap_or_else(quarter_of_memory))
            .with_max_spill(limits.max_spill)
            .with_timeout(limits.timeout)
            .with_max_queries(limits.max_queries as usize)
            .with_max_wait(limits.max_wait);
        match &limits.spill_dir {
            Some(folder) => options.with_spill_dir(folder),
            None => options,
        }
    }

    /// Lays what was configured over the defaults of arrowlink-query.
    fn options(base_dir: &Path, config: &DatasetConfig) -> Result<FileOptions, Error> {
        let settings = &config.files;
        let mut options = FileOptions::default()
            .with_base_dir(base_dir)
            .with_csv(csv(settings))
            .with_store(store(&config.store));
        if let Some(format) = &settings.format {
            options = options.with_format(format.parse()?);
        }
        if let Some(schema) = &settings.schema {
            options = options.with_schema(Arc::clone(schema));
        }
        if let Some(rows) = settings.batch_rows {
            options = options.with_batch_rows(rows as usize);
        }
        if let Some(bytes) = settings.sample_bytes {
            options = options.with_sample_bytes(bytes);
        }
        if let Some(bytes) = settings.max_row_bytes {
            options = options.with_max_row_bytes(usize::try_from(bytes).unwrap_or(usize::MAX));
        }
        Ok(options)
    }

    /// As [`options`], for object stores.
    fn store(settings: &StoreSettings) -> StoreOptions {
        let mut store =
            StoreOptions::default().with_allow_http(settings.allow_http).with_anonymous(settings.anonymous);
        if let Some(endpoint) = &settings.endpoint {
            store = store.with_endpoint(endpoint);
        }
        if let Some(region) = &settings.region {
            store = store.with_region(region);
        }
        if let Some(file) = &settings.credentials {
            store = store.with_credentials(file);
        }
        store
    }

    /// As [`options`], for CSV.
    fn csv(settings: &FileSettings) -> CsvOptions {
        let mut csv = CsvOptions::default();
        if let Some(delimiter) = settings.delimiter {
            csv = csv.with_delimiter(delimiter);
        }
        if settings.header == Some(false) {
            csv = csv.with_header(CsvHeader::Absent);
        }
        if let Some(quote) = settings.quote {
            csv = csv.with_quote(quote);
        }
        if let Some(escape) = settings.escape {
            csv = csv.with_escape(escape);
        }
        csv
    }
}

#[cfg(not(feature = "query"))]
mod without_query {
    use std::path::Path;
    use std::sync::Arc;

    use arrowlink_core::{DataService, Dataset, Error, ErrorKind, Name};

    use crate::{Config, DatasetConfig};

    /// Stands where files would be read.
    #[derive(Debug)]
    pub(crate) struct Files;

    impl Files {
        /// Takes nothing: there is nothing to limit.
        pub(crate) const fn new(_config: &Config) -> Self {
            Self
        }

        /// Leaves `service` as it is, which refuses SQL.
        pub(crate) async fn with_sql(
            &self,
            service: Arc<dyn DataService>,
        ) -> Result<Arc<dyn DataService>, Error> {
            Ok(service)
        }

        /// Refuses, and says how files can be served.
        pub(crate) async fn open(
            &self,
            uris: &[String],
            _base_dir: &Path,
            _config: &DatasetConfig,
        ) -> Result<Arc<dyn Dataset>, Error> {
            let text = format!(
                "`{}` is a file, and this server was built without the feature `query` that reads files",
                uris.join(", ")
            );
            Err(Error::new(ErrorKind::Unsupported, text))
        }

        /// As [`open`](Self::open).
        pub(crate) async fn open_tpch(
            &self,
            uri: &str,
            _name: &Name,
        ) -> Result<Vec<(Name, Arc<dyn Dataset>)>, Error> {
            let text =
                format!("`{uri}`: this server was built without the feature `query` that generates tables");
            Err(Error::new(ErrorKind::Unsupported, text))
        }

        /// As [`open`](Self::open).
        pub(crate) async fn open_postgres(
            &self,
            _uri: &str,
            _config: &DatasetConfig,
        ) -> Result<Vec<(Name, Arc<dyn Dataset>)>, Error> {
            Err(crate::postgres::left_out())
        }
    }
}
