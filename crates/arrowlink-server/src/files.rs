//! Files as datasets, through the crate feature `query`; without it they are refused with what to do.
//!
//! The one place that knows whether the feature is on. Both sides have the same functions.

#[cfg(feature = "query")]
pub(crate) use with_query::Files;
#[cfg(not(feature = "query"))]
pub(crate) use without_query::Files;

#[cfg(feature = "query")]
mod with_query {
    use std::path::Path;
    use std::sync::Arc;

    use arrowlink_core::{Dataset, Error, Name};
    use arrowlink_query::{
        CsvHeader, CsvOptions, FileDataset, FileOptions, QueryOptions, QueryRuntime, TpchDataset,
    };
    use tokio::sync::OnceCell;

    use crate::{FileSettings, Limits};

    /// What reads files, and how many at once; its threads start with the first file.
    #[derive(Debug)]
    pub(crate) struct Files {
        options: QueryOptions,
        runtime: OnceCell<QueryRuntime>,
    }

    impl Files {
        /// Takes over the limits that are about files.
        pub(crate) fn new(limits: &Limits) -> Self {
            let options = QueryOptions::default()
                .with_max_file_scans(limits.max_file_scans as usize)
                .with_max_scan_wait(limits.max_wait);
            Self { options, runtime: OnceCell::new() }
        }

        /// Finds what `uri` stands for; what the files hold is looked at when it is described or read.
        pub(crate) async fn open(
            &self,
            uri: &str,
            base_dir: &Path,
            settings: &FileSettings,
        ) -> Result<Arc<dyn Dataset>, Error> {
            let runtime = self.runtime().await?;
            Ok(Arc::new(FileDataset::open(runtime, uri, options(base_dir, settings)?).await?))
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

        async fn runtime(&self) -> Result<&QueryRuntime, Error> {
            self.runtime.get_or_try_init(async || QueryRuntime::new(self.options.clone())).await
        }
    }

    /// Lays what was configured over the defaults of arrowlink-query.
    fn options(base_dir: &Path, settings: &FileSettings) -> Result<FileOptions, Error> {
        let mut options = FileOptions::default().with_base_dir(base_dir).with_csv(csv(settings));
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

    use arrowlink_core::{Dataset, Error, ErrorKind, Name};

    use crate::{FileSettings, Limits};

    /// Stands where files would be read.
    #[derive(Debug)]
    pub(crate) struct Files;

    impl Files {
        /// Takes nothing: there is nothing to limit.
        pub(crate) const fn new(_limits: &Limits) -> Self {
            Self
        }

        /// Refuses, and says how files can be served.
        pub(crate) async fn open(
            &self,
            uri: &str,
            _base_dir: &Path,
            _settings: &FileSettings,
        ) -> Result<Arc<dyn Dataset>, Error> {
            let text = format!(
                "`{uri}` is a file, and this server was built without the feature `query` that reads files"
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
    }
}
