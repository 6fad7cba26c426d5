//! The tables of one statement, as DataFusion wants to find them.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, CatalogProviderList, SchemaProvider, TableProvider};
use datafusion::common::{DataFusionError, ResolvedTableReference};

/// Tables by catalog, schema and name. Nothing can be registered: what is not in it is not there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables {
    catalogs: HashMap<String, Arc<Schemas>>,
}

impl Tables {
    /// Adds `table` under its three names.
    pub(crate) fn insert(&mut self, name: &ResolvedTableReference, table: Arc<dyn TableProvider>) {
        let catalog = self.catalogs.entry(name.catalog.to_string()).or_default();
        let schema = Arc::make_mut(catalog).schemas.entry(name.schema.to_string()).or_default();
        Arc::make_mut(schema).tables.insert(name.table.to_string(), Some(table));
    }

    /// Returns the table with the three names.
    pub(crate) fn get(&self, name: &ResolvedTableReference) -> Option<&Arc<dyn TableProvider>> {
        let schema = self.catalogs.get(name.catalog.as_ref())?.schemas.get(name.schema.as_ref())?;
        schema.tables.get(name.table.as_ref())?.as_ref()
    }

    /// Adds the name of a table of which nothing is known.
    pub(crate) fn insert_name(&mut self, catalog: &str, schema: &str, table: &str) {
        let catalog = self.catalogs.entry(catalog.to_owned()).or_default();
        let schema = Arc::make_mut(catalog).schemas.entry(schema.to_owned()).or_default();
        Arc::make_mut(schema).tables.insert(table.to_owned(), None);
    }

    /// Adds a schema, which may have no tables.
    pub(crate) fn insert_schema(&mut self, catalog: &str, schema: &str) {
        let catalog = self.catalogs.entry(catalog.to_owned()).or_default();
        Arc::make_mut(catalog).schemas.entry(schema.to_owned()).or_default();
    }
}

impl CatalogProviderList for Tables {
    fn register_catalog(
        &self,
        _name: String,
        _catalog: Arc<dyn CatalogProvider>,
    ) -> Option<Arc<dyn CatalogProvider>> {
        None
    }

    fn catalog_names(&self) -> Vec<String> {
        self.catalogs.keys().cloned().collect()
    }

    fn catalog(&self, name: &str) -> Option<Arc<dyn CatalogProvider>> {
        self.catalogs.get(name).map(|catalog| Arc::clone(catalog) as _)
    }
}

/// The schemas of one catalog.
#[derive(Clone, Debug, Default)]
struct Schemas {
    schemas: HashMap<String, Arc<Schema>>,
}

impl CatalogProvider for Schemas {
    fn schema_names(&self) -> Vec<String> {
        self.schemas.keys().cloned().collect()
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        self.schemas.get(name).map(|schema| Arc::clone(schema) as _)
    }
}

/// The tables of one schema; `None` is one that is there and cannot be read.
#[derive(Clone, Debug, Default)]
struct Schema {
    tables: HashMap<String, Option<Arc<dyn TableProvider>>>,
}

#[async_trait]
impl SchemaProvider for Schema {
    fn table_names(&self) -> Vec<String> {
        self.tables.keys().cloned().collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        Ok(self.tables.get(name).and_then(Option::as_ref).map(Arc::clone))
    }

    async fn table_type(
        &self,
        name: &str,
    ) -> Result<Option<datafusion::logical_expr::TableType>, DataFusionError> {
        let table = self.tables.get(name);
        Ok(table.map(|table| {
            table.as_ref().map_or(datafusion::logical_expr::TableType::Base, |table| table.table_type())
        }))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.tables.contains_key(name)
    }
}
