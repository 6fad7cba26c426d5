//! Datasets in PostgreSQL, through the crate feature `postgres`; without it they are refused with what to do.
//!
//! The one place that knows whether the feature is on. Both sides have the same functions.

#[cfg(feature = "postgres")]
pub(crate) use with_postgres::open;
#[cfg(not(feature = "query"))]
pub(crate) use without_postgres::left_out;
#[cfg(all(feature = "query", not(feature = "postgres")))]
pub(crate) use without_postgres::open;

/// What one section serves: the name of each dataset, how everybody reads it, and how SQL does.
#[cfg(feature = "query")]
type Opened = Vec<Named>;

#[cfg(feature = "query")]
type Named = (
    arrowlink_core::Name,
    std::sync::Arc<dyn arrowlink_core::Dataset>,
    std::sync::Arc<dyn arrowlink_query::SqlTable>,
);

#[cfg(feature = "postgres")]
mod with_postgres {
    use std::sync::Arc;

    use arrowlink_core::{CallContext, Error, Name};
    use arrowlink_postgres::{PostgresDatabase, PostgresDataset, PostgresOptions};

    use super::{Named, Opened};
    use crate::DatasetConfig;

    /// Stands for a table or a query, or for each table of a database under a name of its own.
    ///
    /// A database that is away keeps nobody from the rest: its tables are not known then, and the name alone stands for
    /// the list of them, which says what is wrong.
    pub(crate) async fn open(uri: &str, config: &DatasetConfig) -> Result<Opened, Error> {
        let (name, options) = (&config.name, options(config));
        let one = |dataset: PostgresDataset| vec![named(name.clone(), dataset)];
        if options.query.is_some() || PostgresDatabase::has_table(uri) {
            return PostgresDataset::new(uri, options).map(one);
        }
        let database = PostgresDatabase::new(uri, options)?;
        match database.tables(&CallContext::new()).await {
            Ok(tables) => Ok(tables.into_iter().filter_map(|table| below(name, table)).collect()),
            Err(error) => {
                let error = error.chain();
                tracing::warn!(%name, error, "tables of the database are not known, start again once it is there");
                Ok(one(database.listing()))
            }
        }
    }

    fn named(name: Name, dataset: PostgresDataset) -> Named {
        let dataset = Arc::new(dataset);
        (name, Arc::clone(&dataset) as _, dataset)
    }

    /// Puts `name` before that of the table. What cannot be called so is left out.
    fn below(name: &Name, table: PostgresDataset) -> Option<Named> {
        match Name::new(&format!("{name}.{}", table.table_name())) {
            Ok(of_table) => Some(named(of_table, table)),
            Err(error) => {
                let (table, error) = (table.table_name(), error.chain());
                tracing::warn!(%name, table, error, "table is left out, serve it by a dataset of its own");
                None
            }
        }
    }

    /// Lays what was configured over the defaults of arrowlink-postgres.
    fn options(config: &DatasetConfig) -> PostgresOptions {
        let DatasetConfig { store, remote, database, .. } = config;
        let mut options = PostgresOptions::default().with_insecure(remote.insecure);
        if let Some(file) = &store.credentials {
            options = options.with_credentials(file);
        }
        if let Some(ca) = &remote.ca {
            options = options.with_ca(ca);
        }
        if let Some((cert, key)) = &remote.identity {
            options = options.with_identity(cert, key);
        }
        if let Some(query) = &database.query {
            options = options.with_query(query);
        }
        if let Some(connections) = database.max_connections {
            options = options.with_max_connections(connections as usize);
        }
        options
    }
}

#[cfg(not(feature = "postgres"))]
mod without_postgres {
    use arrowlink_core::{Error, ErrorKind};

    /// Says how PostgreSQL can be served. The URI is not quoted: a password may be in it.
    pub(crate) fn left_out() -> Error {
        let text = "this server was built without the feature `postgres` that reads PostgreSQL: build it by `cargo build \
                    --release -p arrowlink-server --features postgres`";
        Error::new(ErrorKind::Unsupported, text)
    }

    /// Refuses, and says how PostgreSQL can be served.
    #[cfg(feature = "query")]
    pub(crate) async fn open(_uri: &str, _config: &crate::DatasetConfig) -> Result<super::Opened, Error> {
        Err(left_out())
    }
}
