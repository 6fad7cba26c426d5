//! Flight SQL's actions: statements are prepared and closed; transactions are refused.

use std::sync::Arc;

use arrow_flight::sql::{
    ActionClosePreparedStatementRequest, ActionCreatePreparedStatementRequest,
    ActionCreatePreparedSubstraitPlanRequest, Any, ProstMessageExt,
};
use arrow_flight::{Action, ActionType, Result as ActionResult};
use arrow_schema::Schema;
use arrowlink_core::{Error, ErrorKind, Result, Target};
use arrowlink_transport::FlightCall;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use prost::Message as _;

use super::prepared::{Answer, Prepared};
use super::transactions::{self, refuse_transaction};
use super::{PREFIX, Sql};
use crate::info;

impl Sql {
    /// Does `action`; `None` where it is not one of Flight SQL.
    pub(super) async fn act(
        &self,
        call: &FlightCall,
        action: &Action,
    ) -> Result<Option<BoxStream<'static, Result<ActionResult>>>> {
        let answer = match action.r#type.as_str() {
            CREATE_STATEMENT => {
                let request: ActionCreatePreparedStatementRequest = unpacked(action)?;
                refuse_transaction(request.transaction_id.as_ref())?;
                let statement = self.statement(call, request.query).await?;
                Some(self.prepare(call, &Prepared::new(statement)).await?)
            }
            CREATE_PLAN => {
                let request: ActionCreatePreparedSubstraitPlanRequest = unpacked(action)?;
                refuse_transaction(request.transaction_id.as_ref())?;
                let no_plan = || Error::new(ErrorKind::InvalidArgument, "there is no plan");
                let plan = Target::Substrait(request.plan.ok_or_else(no_plan)?.plan);
                Some(self.prepare(call, &Prepared::new(plan)).await?)
            }
            CLOSE_STATEMENT => {
                let request: ActionClosePreparedStatementRequest = unpacked(action)?;
                self.bound.forget(Prepared::from_handle(&request.prepared_statement_handle)?.id);
                None
            }
            BEGIN_TRANSACTION | BEGIN_SAVEPOINT | END_TRANSACTION | END_SAVEPOINT => {
                return Err(transactions::unsupported());
            }
            _ => return Ok(None),
        };
        Ok(Some(stream::iter(answer.map(Ok)).boxed()))
    }

    async fn prepare(&self, call: &FlightCall, prepared: &Prepared) -> Result<ActionResult> {
        let description = self.describe(call, &prepared.target).await?;
        let columns = info::shown(call, &description.schema)?;
        let parameters = description.parameters.unwrap_or_else(|| Arc::new(Schema::empty()));
        let parameters = info::shown(call, &parameters)?;
        let answer = Answer::new(prepared, description.effect, &columns, &parameters)?;
        let any = Any {
            type_url: format!("{PREFIX}ActionCreatePreparedStatementResult"),
            value: answer.encode_to_vec().into(),
        };
        Ok(ActionResult { body: any.encode_to_vec().into() })
    }
}

/// Lists the actions with what they take and return.
pub(super) fn types() -> Vec<ActionType> {
    let described =
        |(name, text): (&str, &str)| ActionType { r#type: name.to_owned(), description: text.to_owned() };
    DESCRIBED.into_iter().map(described).collect()
}

/// Reads what an action of Flight SQL asks for.
fn unpacked<M: ProstMessageExt>(action: &Action) -> Result<M> {
    let invalid = || {
        let text = format!("the body of the action `{}` is not what it takes", action.r#type);
        Error::new(ErrorKind::InvalidArgument, text)
    };
    let any = Any::decode(action.body.clone()).map_err(|error| invalid().with_source(error))?;
    any.unpack().map_err(|error| invalid().with_source(error))?.ok_or_else(invalid)
}

const CREATE_STATEMENT: &str = "CreatePreparedStatement";
const CREATE_PLAN: &str = "CreatePreparedSubstraitPlan";
const CLOSE_STATEMENT: &str = "ClosePreparedStatement";
const BEGIN_TRANSACTION: &str = "BeginTransaction";
const BEGIN_SAVEPOINT: &str = "BeginSavepoint";
const END_TRANSACTION: &str = "EndTransaction";
const END_SAVEPOINT: &str = "EndSavepoint";
const DESCRIBED: [(&str, &str); 3] = [
    (
        CREATE_STATEMENT,
        "prepares a statement: takes ActionCreatePreparedStatementRequest, returns ActionCreatePreparedStatementResult",
    ),
    (
        CREATE_PLAN,
        "prepares a Substrait plan: takes ActionCreatePreparedSubstraitPlanRequest, returns \
         ActionCreatePreparedStatementResult",
    ),
    (
        CLOSE_STATEMENT,
        "closes a prepared statement: takes ActionClosePreparedStatementRequest, returns nothing",
    ),
];
