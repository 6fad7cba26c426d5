//! Statements and plans that return rows: what they return, and the tickets that execute them.

use arrow_flight::sql::{Command, CommandStatementSubstraitPlan};
use arrow_flight::{FlightDescriptor, FlightInfo};
use arrow_schema::SchemaRef;
use arrowlink_core::{Description, Error, ErrorKind, Result, Target};
use arrowlink_transport::FlightCall;
use bytes::Bytes;

use super::prepared::Prepared;
use super::transactions::refuse_transaction;
use super::{Sql, parameters, place, short};
use crate::info;
use crate::session::Session;

impl Sql {
    /// Says what `command` returns, and gives the ticket that executes it.
    pub(super) async fn statement_info(
        &self,
        call: &FlightCall,
        descriptor: FlightDescriptor,
        command: Command,
    ) -> Result<FlightInfo> {
        let target = self.target(call, command)?;
        let description = self.describe(call, &target).await?;
        parameters::require_bound(&description, &target)?;
        info::flight_info(call, descriptor, &description, &target, &self.options)
    }

    /// Returns the columns that `command` answers with; its parameters need no values for that.
    pub(super) async fn statement_columns(&self, call: &FlightCall, command: Command) -> Result<SchemaRef> {
        let target = self.target(call, command)?;
        let description = self.describe(call, &target).await?;
        info::shown(call, &description.schema)
    }

    /// Returns what `command` reads, in the session of `call`.
    fn target(&self, call: &FlightCall, command: Command) -> Result<Target> {
        match command {
            Command::CommandStatementQuery(command) => {
                refuse_transaction(command.transaction_id.as_ref())?;
                Ok(Target::Sql(place::query(&Session::of(call)?, command.query)))
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
    pub(super) fn change(&self, call: &FlightCall, command: Command) -> Result<Target> {
        match command {
            Command::CommandStatementUpdate(command) => {
                refuse_transaction(command.transaction_id.as_ref())?;
                Ok(Target::Sql(place::query(&Session::of(call)?, command.query)))
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
