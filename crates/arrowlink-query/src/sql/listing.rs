//! `information_schema`: all that the service lists, broken datasets by their names alone.

use std::sync::Arc;

use arrowlink_core::{CallContext, Entry, ListOptions, NounKind, Result};
use datafusion::catalog::information_schema::InformationSchemaProvider;
use datafusion::catalog::{CatalogProviderList, SchemaProvider as _};
use datafusion::common::{ResolvedTableReference, TableReference};
use datafusion::datasource::empty::EmptyTable;
use futures::TryStreamExt as _;

use super::engine::Engine;
use super::failure::from_datafusion;
use super::names::{CATALOG, PUBLIC, table_of};
use crate::providers::{SqlTypes, Tables};

/// Adds those tables of `information_schema` that `references` name.
pub(crate) async fn add(
    engine: &Engine,
    ctx: &CallContext,
    tables: &mut Tables,
    references: Vec<TableReference>,
) -> Result<()> {
    let listed: Arc<dyn CatalogProviderList> = Arc::new(list(engine, ctx).await?);
    let provider = InformationSchemaProvider::new(listed);
    for reference in references {
        let resolved = reference.resolve(CATALOG, PUBLIC);
        if let Some(table) = provider.table(&resolved.table).await.map_err(from_datafusion)? {
            // It would list every table; there are no views.
            let is_empty = resolved.table.as_ref() == VIEWS;
            let table = if is_empty { Arc::new(EmptyTable::new(table.schema())) } else { table };
            tables.insert(&resolved, table);
        }
    }
    Ok(())
}

/// Lists what there is as tables that have columns and no rows.
async fn list(engine: &Engine, ctx: &CallContext) -> Result<Tables> {
    let mut tables = Tables::default();
    tables.insert_schema(CATALOG, PUBLIC);
    let entries = engine.service.list(ctx.clone(), ListOptions::default()).await?;
    let mut entries: Vec<Entry> = entries.try_collect().await?;
    // Of those that stand in one place a statement finds the one whose name says most of it.
    entries.sort_by_key(|entry| entry.name.as_str().len());
    for entry in entries {
        let (catalog, schema, table) = table_of(&entry.name);
        match entry.description {
            Ok(description) if description.kind == NounKind::Function => {}
            Ok(description) => {
                let name = ResolvedTableReference {
                    catalog: catalog.into(),
                    schema: schema.into(),
                    table: table.into(),
                };
                let seen = SqlTypes::new(&description.schema);
                tables.insert(&name, Arc::new(EmptyTable::new(Arc::clone(seen.schema()))));
            }
            Err(_) => tables.insert_name(catalog, schema, table),
        }
    }
    Ok(tables)
}

/// The schema in which tables, columns and settings are listed.
pub(crate) const SCHEMA: &str = "information_schema";
const VIEWS: &str = "views";
