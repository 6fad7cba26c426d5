//! Finds the tables that a statement names: each is described once, and no other is touched.

use std::collections::HashMap;
use std::sync::Arc;

use arrowlink_core::{CallContext, Error, ErrorKind, Name, NounKind, Query, Result, Target};
use datafusion::catalog::TableProvider;
use datafusion::common::{ResolvedTableReference, TableReference};
use futures::future::join_all;

use super::engine::Engine;
use super::listing;
use super::meant::Meant;
use super::names::{CATALOG, PUBLIC};
use super::unknown;
use crate::providers::{RowsOfService, ServiceTable, Tables};

/// The search for the tables of one statement.
#[derive(Debug)]
pub(crate) struct Lookup<'a> {
    engine: &'a Engine,
    ctx: &'a CallContext,
    query: &'a Query,
}

/// What was found.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// What was looked for.
    pub(crate) references: Vec<TableReference>,
    pub(crate) tables: Arc<Tables>,
    /// Whether all that was looked for is a table.
    pub(crate) is_whole: bool,
}

impl Found {
    /// Whether one of the tables says what other tables there are.
    pub(crate) fn lists_tables(&self) -> bool {
        self.references.iter().any(is_listing)
    }
}

impl<'a> Lookup<'a> {
    pub(crate) const fn new(engine: &'a Engine, ctx: &'a CallContext, query: &'a Query) -> Self {
        Self { engine, ctx, query }
    }

    /// Finds what `references` stand for, side by side, and what is wrong with the first that was not found.
    ///
    /// That one need not be a table: functions are named where tables are.
    pub(crate) async fn find(&self, references: Vec<TableReference>) -> Result<(Found, Option<Error>)> {
        let (information, named): (Vec<_>, Vec<_>) = references.iter().cloned().partition(is_listing);
        let mut tables = Tables::default();
        let mut missing = None;
        let found = join_all(named.iter().map(|reference| self.table(reference))).await;
        let mut names: HashMap<ResolvedTableReference, Name> = HashMap::new();
        for (reference, found) in named.into_iter().zip(found) {
            let resolved = reference.clone().resolve(CATALOG, self.schema());
            match found {
                Ok((name, table)) => {
                    if names.insert(resolved.clone(), name.clone()).is_some_and(|other| other != name) {
                        let text = format!(
                            "`{reference}` may be two tables in this statement: write the schema of each"
                        );
                        return Err(Error::new(ErrorKind::InvalidArgument, text));
                    }
                    tables.insert(&resolved, table);
                }
                Err(error) => {
                    missing = missing.or_else(|| Some(unknown::table(error, &reference, &self.query.text)))
                }
            }
        }
        if !information.is_empty() {
            listing::add(self.engine, self.ctx, &mut tables, information).await?;
        }
        Ok((Found { references, tables: Arc::new(tables), is_whole: missing.is_none() }, missing))
    }

    /// Finds what one reference stands for; `None` where `information_schema` has no such table.
    #[cfg(feature = "substrait")]
    pub(crate) async fn one(&self, reference: &TableReference) -> Result<Option<Arc<dyn TableProvider>>> {
        let (found, missing) = self.find(vec![reference.clone()]).await?;
        match missing {
            Some(missing) => Err(missing),
            None => Ok(found.tables.get(&reference.clone().resolve(CATALOG, self.schema())).map(Arc::clone)),
        }
    }

    /// Returns the schema in which names without one are looked for.
    fn schema(&self) -> &str {
        self.query.default_schema.as_deref().unwrap_or(PUBLIC)
    }

    /// Finds one table under the first of its names that there is.
    async fn table(&self, reference: &TableReference) -> Result<(Name, Arc<dyn TableProvider>)> {
        let meant = Meant::by(reference, self.query.default_schema.as_deref())?;
        let found = meant.found(self.engine.service.as_ref(), self.ctx, |name| self.named(name));
        let (name, table) = found.await;
        table.map(|table| (name.clone(), table))
    }

    /// Returns the dataset `name` as a table.
    async fn named(&self, name: &Name) -> Result<Arc<dyn TableProvider>> {
        let Engine { service, tables, .. } = self.engine;
        if let Some(table) = tables.table(name) {
            return table.table(self.ctx, name).await;
        }
        let description = service.describe(self.ctx.clone(), Target::from(name)).await?;
        if description.kind == NounKind::Function {
            let text = format!("`{name}` is a function, not a table: call it");
            return Err(Error::new(ErrorKind::InvalidArgument, text));
        }
        let rows = Arc::new(RowsOfService {
            service: Arc::clone(service),
            name: name.clone(),
            schema: Arc::clone(&description.schema),
        });
        Ok(Arc::new(ServiceTable::new(rows, self.ctx.clone(), name.clone(), description)))
    }
}

fn is_listing(reference: &TableReference) -> bool {
    reference.schema() == Some(listing::SCHEMA)
}
