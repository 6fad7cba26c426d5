//! Bulk ingest: a stream of batches into a table, created, extended or replaced as its client says.

use arrow_flight::sql::{
    CommandStatementIngest, TableDefinitionOptions, TableExistsOption, TableNotExistOption,
};
use arrowlink_core::{
    BatchStream, CallContext, DataService, Error, ErrorKind, Name, Result, Target, WriteMode, WriteOptions,
};

use super::place;
use super::transactions::refuse_transaction;
use crate::session::Session;
use crate::whole;

/// Writes `batches` as `command` says, all of them or none, and returns how many rows that were.
pub(super) async fn ingest(
    service: &dyn DataService,
    ctx: CallContext,
    session: &Session,
    command: &CommandStatementIngest,
    batches: BatchStream,
) -> Result<u64> {
    refuse_transaction(command.transaction_id.as_ref())?;
    if command.temporary {
        return Err(Error::new(ErrorKind::Unsupported, "there are no temporary tables: ingest into a table"));
    }
    // A table whose name says its schema is where it says, whatever the session chose.
    let (chosen_catalog, chosen_schema) = match command.table.contains('.') {
        true => (None, None),
        false => (session.catalog.as_deref(), session.schema.as_deref()),
    };
    let catalog = command.catalog.as_deref().or(chosen_catalog);
    let mut name = place::name(catalog, command.schema.as_deref().or(chosen_schema), &command.table)?;
    let wanted = Wanted::of(command.table_definition_options.as_ref())?;
    let says_where = command.catalog.is_some() || command.schema.is_some();
    if wanted.may_find() && !says_where && name.as_str() != command.table {
        name = looked_for(service, &ctx, name, &command.table).await?;
    }
    if wanted.exists == Exists::Required {
        service.describe(ctx.clone(), Target::from(&name)).await?;
    }
    let mut options = WriteOptions::default().with_mode(wanted.mode);
    for (key, value) in &command.options {
        match key.as_str() {
            IDEMPOTENCY_KEY => options = options.with_idempotency_key(value.clone()),
            _ => {
                let text = format!("no option `{key}` of ingest: there is `{IDEMPOTENCY_KEY}` alone");
                return Err(Error::new(ErrorKind::InvalidArgument, text));
            }
        }
    }
    Ok(whole::write(service, ctx, name, batches, options).await?.rows)
}

/// Returns the table of that name where statements find it: in the schema that was chosen, or else without one.
async fn looked_for(service: &dyn DataService, ctx: &CallContext, chosen: Name, table: &str) -> Result<Name> {
    let is_there = async |name: &Name| {
        let described = service.describe(ctx.clone(), Target::from(name)).await;
        described.map_or_else(|error| error.kind() != ErrorKind::NotFound, |_| true)
    };
    let otherwise = Name::new(table)?;
    Ok(if is_there(&chosen).await || !is_there(&otherwise).await { chosen } else { otherwise })
}

/// What a client wants where the table is there, and where it is not.
struct Wanted {
    mode: WriteMode,
    exists: Exists,
}

/// Whether a mode that creates tables must not.
#[derive(PartialEq, Eq)]
enum Exists {
    Any,
    Required,
}

impl Wanted {
    /// Says whether a table that is there is written to: a new one is made in the schema that was chosen.
    fn may_find(&self) -> bool {
        self.exists == Exists::Required || matches!(self.mode, WriteMode::Append | WriteMode::AppendOrCreate)
    }

    fn of(options: Option<&TableDefinitionOptions>) -> Result<Self> {
        let invalid = |text: &str| Err(Error::new(ErrorKind::InvalidArgument, text));
        let Some(options) = options else { return invalid(NO_OPTIONS) };
        let absent = TableNotExistOption::try_from(options.if_not_exist);
        let present = TableExistsOption::try_from(options.if_exists);
        let (mode, exists) = match (absent, present) {
            (Ok(TableNotExistOption::Create), Ok(TableExistsOption::Fail)) => {
                (WriteMode::Create, Exists::Any)
            }
            (Ok(TableNotExistOption::Create), Ok(TableExistsOption::Append)) => {
                (WriteMode::AppendOrCreate, Exists::Any)
            }
            (Ok(TableNotExistOption::Create), Ok(TableExistsOption::Replace)) => {
                (WriteMode::Replace, Exists::Any)
            }
            (Ok(TableNotExistOption::Fail), Ok(TableExistsOption::Append)) => {
                (WriteMode::Append, Exists::Any)
            }
            (Ok(TableNotExistOption::Fail), Ok(TableExistsOption::Replace)) => {
                (WriteMode::Replace, Exists::Required)
            }
            (Ok(TableNotExistOption::Fail), Ok(TableExistsOption::Fail)) => return invalid(NOTHING_LEFT),
            _ => return invalid(NO_OPTIONS),
        };
        Ok(Self { mode, exists })
    }
}

const NO_OPTIONS: &str = "the ingest does not say what to do where the table is there, and where it is not: set both \
                          `if_exists` and `if_not_exist`";
const NOTHING_LEFT: &str = "the ingest is to fail where the table is there, and where it is not: choose one";
const IDEMPOTENCY_KEY: &str = "idempotency_key";
