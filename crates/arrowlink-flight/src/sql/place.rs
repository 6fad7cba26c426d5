//! Where a name stands for people who think in catalogs, schemas and tables.

use arrowlink_core::{DataService, Error, ErrorKind, ListOptions, Name, Result};
use arrowlink_transport::FlightCall;
use futures::TryStreamExt as _;

use crate::session::Session;

/// The catalog, the schema and the table that a name is, as SQL sees them.
///
/// `trips` is `arrowlink`.`public`.`trips`, `sales.orders` is `arrowlink`.`sales`.`orders`, and of three parts the first
/// is the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place<'a> {
    pub(super) catalog: &'a str,
    pub(super) schema: &'a str,
    pub(super) table: &'a str,
}

impl<'a> Place<'a> {
    /// Returns where `name` stands.
    pub(super) fn of(name: &'a Name) -> Self {
        let mut parts = name.as_str().rsplitn(Name::MAX_PARTS, '.');
        let table = parts.next().unwrap_or_default();
        let schema = parts.next().unwrap_or(PUBLIC);
        let catalog = parts.next().unwrap_or(CATALOG);
        Self { catalog, schema, table }
    }
}

/// Returns the name of a table; parts that are empty count as not given.
///
/// A table by itself may be a whole name, such as `sales.orders`.
pub(super) fn name(catalog: Option<&str>, schema: Option<&str>, table: &str) -> Result<Name> {
    let catalog = catalog.filter(|catalog| !matches!(*catalog, "" | CATALOG));
    let schema = schema.filter(|schema| !schema.is_empty());
    if (catalog.is_some() || schema.is_some()) && table.contains('.') {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!(
                "the table `{table}` has a dot in its name: give its schema apart, or nothing but the name"
            ),
        ));
    }
    match (catalog, schema) {
        (None, None | Some(PUBLIC)) => Name::new(table),
        (None, Some(schema)) => Name::new(&format!("{schema}.{table}")),
        (Some(catalog), schema) => Name::new(&format!("{catalog}.{}.{table}", schema.unwrap_or(PUBLIC))),
    }
}

/// Returns where statements look for names without a schema, in the session of `call`: `None` where they do anyway.
///
/// `NotFound` for a catalog that no dataset is in: the statement would otherwise read what it does not mean.
pub(super) async fn default_schema(service: &dyn DataService, call: &FlightCall) -> Result<Option<String>> {
    let session = Session::of(call)?;
    let schema = session.schema.as_deref().unwrap_or(PUBLIC);
    match session.catalog.as_deref().filter(|catalog| *catalog != CATALOG) {
        Some(catalog) => {
            require_catalog(service, call, catalog).await?;
            Ok(Some(format!("{catalog}.{schema}")))
        }
        None => Ok(Some(schema).filter(|schema| *schema != PUBLIC).map(str::to_owned)),
    }
}

async fn require_catalog(service: &dyn DataService, call: &FlightCall, catalog: &str) -> Result<()> {
    let within = ListOptions::default().with_prefix(format!("{catalog}."));
    let mut entries = service.list(call.ctx.clone(), within).await?;
    while let Some(entry) = entries.try_next().await? {
        if Place::of(&entry.name).catalog == catalog {
            return Ok(());
        }
    }
    let text = format!("no catalog `{catalog}`, which the session chose: `GetCatalogs` has them all");
    Err(Error::new(ErrorKind::NotFound, text))
}

/// The catalog of names of fewer than three parts.
pub(crate) const CATALOG: &str = "arrowlink";
/// The schema of names of one part.
pub(crate) const PUBLIC: &str = "public";
/// The schema in which the engine describes the others.
pub(super) const INFORMATION_SCHEMA: &str = "information_schema";
