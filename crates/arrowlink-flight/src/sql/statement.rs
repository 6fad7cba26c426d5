//! Statements and plans that return rows: what they return, and the tickets that execute them.

use arrow_flight::sql::{Command, CommandStatementSubstraitPlan};
use arrow_flight::{FlightDescriptor, FlightInfo};
use arrow_schema::SchemaRef;
use arrowlink_core::{Description, Error, ErrorKind, Query, Result, Target};
use arrowlink_transport::FlightCall;
use bytes::Bytes;

use super::prepared::Prepared;
use super::transactions::refuse_transaction;
use super::{Sql, parameters, short};
use crate::info;

impl Sql {
    /// Says what `command` returns, and gives the ticket that executes it.
    pub(super) async fn statement_info(
        &self,
        call: &FlightCall,
        descriptor: FlightDescriptor,
        command: Command,
    ) -> Result<FlightInfo> {
        let target = self.target(call, command).await?;
        let description = self.describe(call, &target).await?;
        parameters::require_bound(&description, &target)?;
        info::flight_info(call, descriptor, &description, &target, &self.options)
    }

    /// Returns the columns that `command` answers with; its parameters need no values for that.
    pub(super) async fn statement_columns(&self, call: &FlightCall, command: Command) -> Result<SchemaRef> {
        let target = self.target(call, command).await?;
        let description = self.describe(call, &target).await?;
        info::shown(call, &description.schema)
    }

    /// Returns what `command` reads, in the session of `call`.
    async fn target(&self, call: &FlightCall, command: Command) -> Result<Target> {
        match command {
            Command::CommandStatementQuery(command) => {
                refuse_transaction(command.transaction_id.as_ref())?;
                self.statement(call, command.query).await
            }
            Command::CommandStatementSubstraitPlan(command) => plan(command),
            Command::CommandPreparedStatementQuery(command) => {
                self.bound_target(&command.prepared_statement_handle)
            }
            other => {
                let text = format!("`{}` returns no rows: send it by `DoPut`", short(other.type_url()));
                Err(Error::new(ErrorKind::InvalidArgument, text))
            }
        }
    }

    /// Returns what `command` changes, in the session of `call`.
    pub(super) async fn change(&self, call: &FlightCall, command: Command) -> Result<Target> {
        match command {
            Command::CommandStatementUpdate(command) => {
                refuse_transaction(command.transaction_id.as_ref())?;
                self.statement(call, command.query).await
            }
            Command::CommandStatementSubstraitPlan(command) => plan(command),
            Command::CommandPreparedStatementUpdate(command) => {
                self.bound_target(&command.prepared_statement_handle)
            }
            other => {
                let text = format!("nothing can be uploaded to `{}`", short(other.type_url()));
                Err(Error::new(ErrorKind::InvalidArgument, text))
            }
        }
    }

    /// Returns the statement `text`, in the session of `call`.
    pub(super) async fn statement(&self, call: &FlightCall, text: String) -> Result<Target> {
        let mut query = Query::new(text);
        query.default_schema = self.default_schema(call).await?;
        Ok(Target::Sql(query))
    }

    /// Says what `target` returns and does.
    pub(super) async fn describe(&self, call: &FlightCall, target: &Target) -> Result<Description> {
        self.service.describe(call.ctx.clone(), target.clone()).await
    }

    /// Returns what a handle stands for, with the values that are in it, or else those that were last bound to it.
    fn bound_target(&self, handle: &Bytes) -> Result<Target> {
        let mut prepared = Prepared::from_handle(handle)?;
        let kept = self.bound.of(prepared.id);
        if let Some(query) = prepared.query_mut().filter(|query| query.parameters.is_none()) {
            query.parameters = kept;
        }
        Ok(prepared.target)
    }
}

fn plan(command: CommandStatementSubstraitPlan) -> Result<Target> {
    refuse_transaction(command.transaction_id.as_ref())?;
    let no_plan = || Error::new(ErrorKind::InvalidArgument, "the command has no plan");
    Ok(Target::Substrait(command.plan.ok_or_else(no_plan)?.plan))
}
