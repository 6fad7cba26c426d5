//! `information_schema`: all that the service lists, broken datasets by their names alone.

use std::sync::Arc;

use arrowlink_core::{CallContext, Entry, ListOptions, NounKind, Result};
use datafusion::catalog::information_schema::InformationSchemaProvider;
use datafusion::catalog::{CatalogProviderList, SchemaProvider as _, TableProvider};
use datafusion::common::{DataFusionError, ResolvedTableReference, TableReference};
use datafusion::datasource::empty::EmptyTable;
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::logical_expr::LogicalPlanBuilder;
use datafusion::prelude::{ident, lit};
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
            let table = match resolved.table.as_ref() {
                // It would list every table; there are no views.
                VIEWS => Arc::new(EmptyTable::new(table.schema())),
                COLUMNS => counted_from_one(table).map_err(from_datafusion)?,
                _ => table,
            };
            tables.insert(&resolved, table);
        }
    }
    Ok(())
}

/// Counts the columns of each table from 1, as the SQL standard does; the engine begins at 0.
fn counted_from_one(columns: Arc<dyn TableProvider>) -> Result<Arc<dyn TableProvider>, DataFusionError> {
    let schema = columns.schema();
    let shown = schema.fields().iter().map(|field| match field.name().as_str() {
        POSITION => (ident(POSITION) + lit(1_u64)).alias(POSITION),
        name => ident(name),
    });
    let scan = LogicalPlanBuilder::scan(COLUMNS, provider_as_source(columns), None)?;
    Ok(Arc::new(ViewTable::new(scan.project(shown)?.build()?, None)))
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
const COLUMNS: &str = "columns";
/// Of those, where in its table one stands.
const POSITION: &str = "ordinal_position";
