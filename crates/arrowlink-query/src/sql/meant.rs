//! Which dataset a name stands for: one spelling is as good as another, for queries, changes and the verbs alike.
//!
//! `public.trips` and `arrowlink.public.trips` are `trips`, unless there is a dataset of exactly that name. Names that do
//! not begin so are themselves, and nothing is asked about them.

use arrowlink_core::{CallContext, DataService, Error, ErrorKind, ListOptions, Name, Result, Target};
use datafusion::common::TableReference;
use datafusion::sql::planner::object_name_to_table_reference;
use datafusion::sql::sqlparser::ast::ObjectName;
use futures::StreamExt as _;

use super::failure::from_datafusion;
use super::listing;
use super::names::{CATALOG, PUBLIC, no_table, table_of};

/// The datasets that a name may stand for.
#[derive(Clone, Debug)]
pub(crate) struct Meant {
    /// The spellings with a needless beginning: the first of which there is a dataset is meant.
    exact: Vec<Name>,
    /// The name without it: the one that is spoken of, and made, where there is none.
    plain: Name,
    /// What is meant where there is no `plain` either.
    otherwise: Option<Name>,
}

impl Meant {
    /// Returns what `table` stands for; names without a schema are looked for in `schema` first, where it is given.
    pub(crate) fn by(table: &TableReference, schema: Option<&str>) -> Result<Self> {
        let chosen = schema.filter(|schema| *schema != PUBLIC);
        let (spelled, otherwise) = match table {
            TableReference::Bare { table } => match chosen {
                Some(schema) => (format!("{schema}.{table}"), Name::new(table).ok()),
                None => (table.to_string(), None),
            },
            TableReference::Partial { schema, table } => (format!("{schema}.{table}"), None),
            TableReference::Full { catalog, schema, table } => (format!("{catalog}.{schema}.{table}"), None),
        };
        match (Name::new(&spelled), otherwise) {
            (Ok(name), otherwise) => Ok(Self { otherwise, ..Self::from(name) }),
            (Err(_), Some(otherwise)) => Ok(Self::from(otherwise)),
            (Err(_), None) => Err(no_table(table)),
        }
    }

    /// As [`by`](Self::by), of a name as it was parsed.
    pub(crate) fn by_object(table: &ObjectName, schema: Option<&str>) -> Result<Self> {
        let table = object_name_to_table_reference(table.clone(), true).map_err(from_datafusion)?;
        Self::by(&table, schema)
    }

    /// Returns what is meant among the datasets of `service`; where there is none, what is to be made or missed.
    pub(crate) async fn among(&self, service: &dyn DataService, ctx: &CallContext) -> Name {
        if self.otherwise.is_none() {
            return self.first(service, ctx).await.clone();
        }
        let described = self.found(service, ctx, |name| service.describe(ctx.clone(), Target::from(name)));
        described.await.0.clone()
    }

    /// Returns what is meant among the datasets of `service`, and what `find` says of it.
    pub(crate) async fn found<'a, T, F>(
        &'a self,
        service: &dyn DataService,
        ctx: &CallContext,
        find: impl Fn(&'a Name) -> F,
    ) -> (&'a Name, Result<T>)
    where
        F: Future<Output = Result<T>>,
    {
        let first = self.first(service, ctx).await;
        match (find(first).await, &self.otherwise) {
            (Err(missing), Some(otherwise)) if missing.kind() == ErrorKind::NotFound => {
                match find(otherwise).await {
                    Err(error) if error.kind() == ErrorKind::NotFound => (first, Err(missing)),
                    found => (otherwise, found),
                }
            }
            (found, _) => (first, found),
        }
    }

    /// Returns the dataset of `service` that has exactly the name, where it has a needless beginning and there is one, or
    /// else the name without it.
    async fn first(&self, service: &dyn DataService, ctx: &CallContext) -> &Name {
        for name in &self.exact {
            if is_listed(service, ctx, name).await {
                return name;
            }
        }
        &self.plain
    }
}

impl From<Name> for Meant {
    fn from(name: Name) -> Self {
        let (mut exact, mut plain) = (Vec::new(), name);
        while let Some(shorter) = without_beginning(&plain) {
            exact.push(std::mem::replace(&mut plain, shorter));
        }
        Self { exact, plain, otherwise: None }
    }
}

/// Refuses to write to a name that no statement would find.
pub(crate) fn check_made(name: &Name) -> Result<()> {
    let (_, schema, _) = table_of(name);
    if schema != listing::SCHEMA {
        return Ok(());
    }
    let text = format!(
        "`{name}` cannot be written to: SQL describes the other schemas in `{schema}`; choose another schema"
    );
    Err(Error::new(ErrorKind::InvalidArgument, text))
}

fn without_beginning(name: &Name) -> Option<Name> {
    Name::new(name.as_str().get(beginning(name)?..)?).ok()
}

/// Returns how long the beginning of `name` is that it may do without, its dot included.
fn beginning(name: &Name) -> Option<usize> {
    let rest = |first: &str| name.as_str().strip_prefix(first)?.strip_prefix('.');
    let of_catalog = rest(CATALOG).filter(|rest| rest.contains('.'));
    let of_schema = rest(PUBLIC).filter(|rest| !rest.contains('.'));
    of_catalog.or(of_schema).map(|rest| name.as_str().len() - rest.len())
}

/// Looks for a dataset that is most likely not there: a listing of its name alone costs less than a `NotFound`, which
/// offers the nearest of all names.
async fn is_listed(service: &dyn DataService, ctx: &CallContext, name: &Name) -> bool {
    match service.list(ctx.clone(), ListOptions::default().with_prefix(name.as_str())).await {
        Ok(mut entries) => matches!(entries.next().await, Some(Ok(entry)) if entry.name == *name),
        Err(_) => {
            let described = service.describe(ctx.clone(), Target::from(name)).await;
            described.map_or_else(|error| error.kind() != ErrorKind::NotFound, |_| true)
        }
    }
}
