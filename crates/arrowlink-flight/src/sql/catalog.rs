//! Catalogs, schemas and tables: what a service lists, in the columns that schema browsers ask for.
//!
//! Every dataset is a `TABLE`, wherever it comes from; those of `information_schema` are `SYSTEM TABLE`s. A dataset that
//! is broken is listed like the others; its schema then has no columns.

use std::collections::BTreeSet;

use arrow_array::RecordBatch;
use arrow_flight::error::FlightError;
use arrow_flight::sql::{CommandGetCatalogs, CommandGetDbSchemas, CommandGetTableTypes, CommandGetTables};
use arrow_schema::{Schema, SchemaRef};
use arrowlink_core::{
    CallContext, DataService, Entry, Error, ErrorKind, ListOptions, NounKind, Query, Result, Target,
};
use futures::TryStreamExt as _;
use tokio::sync::OnceCell;

use super::columns;
use super::encoding;
use super::place::{CATALOG, INFORMATION_SCHEMA, PUBLIC, Place};

/// Lists catalogs; the first is there even if nothing else is.
pub(super) async fn catalogs(service: &dyn DataService, ctx: CallContext) -> Result<RecordBatch> {
    let entries = tables_of(service, ctx).await?;
    let mut names: BTreeSet<&str> = entries.iter().map(|entry| Place::of(&entry.name).catalog).collect();
    names.insert(CATALOG);
    let mut rows = CommandGetCatalogs {}.into_builder();
    names.into_iter().for_each(|name| rows.append(name));
    rows.build().map_err(unbuilt)
}

/// Lists schemas with their catalogs.
pub(super) async fn schemas(
    service: &dyn DataService,
    ctx: CallContext,
    command: CommandGetDbSchemas,
) -> Result<RecordBatch> {
    let entries = tables_of(service, ctx).await?;
    let places = entries.iter().map(|entry| Place::of(&entry.name));
    let mut names: BTreeSet<_> = places.map(|place| (place.catalog, place.schema)).collect();
    names.extend([(CATALOG, INFORMATION_SCHEMA), (CATALOG, PUBLIC)]);
    let mut rows = command.into_builder();
    names.into_iter().for_each(|(catalog, schema)| rows.append(catalog, schema));
    rows.build().map_err(unbuilt)
}

/// Lists tables. `shown` turns a dataset's schema into that in which clients see its rows.
pub(super) async fn tables(
    service: &dyn DataService,
    ctx: CallContext,
    system: &SystemTables,
    command: CommandGetTables,
    shown: impl Fn(&SchemaRef) -> Result<SchemaRef>,
) -> Result<RecordBatch> {
    let entries = tables_of(service, ctx.clone()).await?;
    let mut rows = command.into_builder();
    for Entry { name, description, .. } in &entries {
        let schema = match description {
            Ok(found) => shown(&found.schema)?,
            Err(_) => Schema::empty().into(),
        };
        let place = Place::of(name);
        let schema = columns::told(&place, &schema);
        rows.append(place.catalog, place.schema, place.table, TABLE, &schema).map_err(unbuilt)?;
    }
    for (table, schema) in system.schemas(service, ctx).await? {
        let place = Place { catalog: CATALOG, schema: INFORMATION_SCHEMA, table };
        let schema = columns::told(&place, &*shown(schema)?);
        rows.append(CATALOG, INFORMATION_SCHEMA, table, SYSTEM_TABLE, &schema).map_err(unbuilt)?;
    }
    rows.build().map_err(unbuilt)
}

/// Lists the types that tables have.
pub(super) fn table_types() -> Result<RecordBatch> {
    let mut rows = CommandGetTableTypes {}.into_builder();
    [SYSTEM_TABLE, TABLE].into_iter().for_each(|table_type| rows.append(table_type));
    rows.build().map_err(unbuilt)
}

/// The tables of `information_schema`, which the engine has and no service lists; they are asked for once.
#[derive(Debug, Default)]
pub(super) struct SystemTables(OnceCell<Vec<(&'static str, SchemaRef)>>);

impl SystemTables {
    async fn schemas(
        &self,
        service: &dyn DataService,
        ctx: CallContext,
    ) -> Result<&[(&'static str, SchemaRef)]> {
        let found = self.0.get_or_try_init(async || {
            let mut found = Vec::new();
            for table in SYSTEM_TABLES {
                let text = format!("select * from {INFORMATION_SCHEMA}.{table}");
                match service.describe(ctx.clone(), Target::from(Query::new(text))).await {
                    Ok(description) => found.push((table, description.schema)),
                    Err(error) if is_absent(error.kind()) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(found)
        });
        found.await.map(Vec::as_slice)
    }
}

/// Whether an error says that there is no such table, or no SQL at all.
const fn is_absent(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::InvalidArgument | ErrorKind::Unsupported)
}

/// Everything that statements find: no functions, and of datasets that stand in one place the one whose name says most.
async fn tables_of(service: &dyn DataService, ctx: CallContext) -> Result<Vec<Entry>> {
    let mut entries: Vec<Entry> = service.list(ctx, ListOptions::default()).await?.try_collect().await?;
    entries.retain(|entry| {
        let is_function = matches!(&entry.description, Ok(found) if found.kind == NounKind::Function);
        !is_function && Place::of(&entry.name).schema != INFORMATION_SCHEMA
    });
    entries.sort_by(|a, b| {
        let longest_first = || b.name.as_str().len().cmp(&a.name.as_str().len());
        Place::of(&a.name).cmp(&Place::of(&b.name)).then_with(longest_first)
    });
    entries.dedup_by(|other, first| Place::of(&other.name) == Place::of(&first.name));
    Ok(entries)
}

fn unbuilt(error: FlightError) -> Error {
    encoding::failed(error, "the listing")
}

const TABLE: &str = "TABLE";
const SYSTEM_TABLE: &str = "SYSTEM TABLE";
const SYSTEM_TABLES: [&str; 7] =
    ["columns", "df_settings", "parameters", "routines", "schemata", "tables", "views"];
