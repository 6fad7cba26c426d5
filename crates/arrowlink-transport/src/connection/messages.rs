//! Flight's calls without batches, from the client's side: what there is, what is behind it, and actions.

use arrow_flight::{Action, Criteria, FlightDescriptor, FlightInfo, Result as ActionResult};
use arrowlink_core::{BatchStream, CallContext, Description, EntryStream, Error, ErrorKind, Name, Target};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use prost::Message;

use super::call::{ended, within};
use super::flight::announcing;
use super::{Connection, ResponseBody, TransferOptions};
use crate::flow::Flow;
use crate::outgoing::Outgoing;
use crate::receive::{Messages, Shape};
use crate::{Ticket, description, frame};

/// A ticket of some Flight server, and where it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FlightTicket {
    /// What the server wrote, which means nothing to others.
    pub ticket: Bytes,
    /// Where the rows are; on the server that gave it where there is none.
    pub locations: Vec<String>,
}

impl Connection {
    /// Lists what there is by `ListFlights`: names that begin with `prefix`. Waits until the server has begun to answer.
    ///
    /// # Errors
    ///
    /// As [`do_get`](Self::do_get), and so does the stream end. An entry that the server says is broken is none of them.
    pub async fn list_flights(
        &self,
        ctx: &CallContext,
        prefix: &str,
        options: &TransferOptions,
    ) -> Result<EntryStream, Error> {
        let criteria = Criteria { expression: prefix.to_owned().into() };
        let infos = self.ask(LIST_FLIGHTS, "FlightInfo", &criteria, ctx, options).await?;
        let deadline = ctx.deadline();
        let entries = stream::try_unfold(infos, move |mut infos| async move {
            let info = within(deadline, next::<FlightInfo>(&mut infos, "FlightInfo")).await?;
            Ok(info.map(|info| (info, infos)))
        });
        Ok(entries.and_then(|info| std::future::ready(description::entry(&info))).boxed())
    }

    /// Says what is behind `target`, by `GetFlightInfo`.
    ///
    /// A name is a path, SQL alone a command in UTF-8; whatever has more to it is a command that is an encoded [`Ticket`].
    ///
    /// # Errors
    ///
    /// As [`do_get`](Self::do_get); `LimitExceeded` and `Unsupported` for a target that no [`Ticket`] can have.
    pub async fn get_flight_info(
        &self,
        ctx: &CallContext,
        target: &Target,
        options: &TransferOptions,
    ) -> Result<Description, Error> {
        let descriptor = match target {
            Target::Name(name) => FlightDescriptor::new_path(vec![name.to_string()]),
            Target::Sql(query) if query.parameters.is_none() && query.default_schema.is_none() => {
                FlightDescriptor::new_cmd(query.text.clone())
            }
            _ => FlightDescriptor::new_cmd(Ticket::new(target.clone(), Default::default()).encode()?),
        };
        description::described(&self.flight_info(ctx, &descriptor, options).await?)
    }

    /// Says what is at `path`, and by which tickets a server that may not be ArrowLink gives its rows.
    ///
    /// The rows are those of [`do_get_opaque`](Self::do_get_opaque) for each ticket, one after the other.
    ///
    /// # Errors
    ///
    /// As [`do_get`](Self::do_get).
    pub async fn flight_tickets(
        &self,
        ctx: &CallContext,
        path: &str,
        options: &TransferOptions,
    ) -> Result<(Description, Vec<FlightTicket>), Error> {
        let descriptor = FlightDescriptor::new_path(vec![path.to_owned()]);
        let info = self.flight_info(ctx, &descriptor, options).await?;
        let description = description::described(&info)?;
        let tickets = info.endpoint.into_iter().map(|endpoint| FlightTicket {
            ticket: endpoint.ticket.unwrap_or_default().ticket,
            locations: endpoint.location.into_iter().map(|location| location.uri).collect(),
        });
        Ok((description, tickets.collect()))
    }

    /// Reads what a server that may not be ArrowLink gives for a ticket of its own, by `DoGet`.
    ///
    /// # Errors
    ///
    /// As [`do_get`](Self::do_get).
    pub async fn do_get_opaque(
        &self,
        ctx: &CallContext,
        ticket: &FlightTicket,
        options: &TransferOptions,
    ) -> Result<BatchStream, Error> {
        self.get(ctx, &ticket.ticket, options).await.map(|(batches, _)| batches)
    }

    async fn flight_info(
        &self,
        ctx: &CallContext,
        descriptor: &FlightDescriptor,
        options: &TransferOptions,
    ) -> Result<FlightInfo, Error> {
        within(ctx.deadline(), async {
            let mut infos = self.ask(GET_FLIGHT_INFO, "FlightInfo", descriptor, ctx, options).await?;
            let info: Option<FlightInfo> = next(&mut infos, "FlightInfo").await?;
            let Some(info) = info else { return Err(Error::new(ErrorKind::Corrupt, NO_INFO)) };
            // What comes after the one message is how the call ended.
            next::<FlightInfo>(&mut infos, "FlightInfo").await?;
            Ok(info)
        })
        .await
    }

    /// Removes the dataset `name` by the action `drop`.
    ///
    /// # Errors
    ///
    /// As [`do_get`](Self::do_get).
    pub async fn drop_dataset(
        &self,
        ctx: &CallContext,
        name: &Name,
        options: &TransferOptions,
    ) -> Result<(), Error> {
        let action = Action::new("drop", name.to_string());
        within(ctx.deadline(), async {
            let mut results = self.ask(DO_ACTION, "Result", &action, ctx, options).await?;
            while next::<ActionResult>(&mut results, "Result").await?.is_some() {}
            Ok(())
        })
        .await
    }

    /// Sends a request of one message, and waits for the head of the answer.
    async fn ask(
        &self,
        path: &'static str,
        answer: &'static str,
        message: &impl Message,
        ctx: &CallContext,
        options: &TransferOptions,
    ) -> Result<Messages<ResponseBody>, Error> {
        let message = stream::iter([Ok(frame::encoded(message)?)]).boxed();
        let request = announcing(path, ctx, options)?.map(|()| Outgoing::request(message));
        let flow = Flow::default();
        flow.offered();
        let response = within(ctx.deadline(), self.send(request, &flow, options)).await?;
        Ok(self.messages(response, Shape::Whole(answer), options))
    }
}

/// Reads the next message of an answer; `None` where it ended as its server meant it to.
async fn next<M: Message + Default>(
    messages: &mut Messages<ResponseBody>,
    name: &str,
) -> Result<Option<M>, Error> {
    let Some(message) = messages.next().await? else { return ended(messages.trailers()).map(|()| None) };
    let message = M::decode(message.payload()).map_err(|error| {
        Error::new(ErrorKind::Corrupt, format!("the server sent a message that is not a `{name}`"))
            .with_source(error)
    })?;
    Ok(Some(message))
}

const LIST_FLIGHTS: &str = "/arrow.flight.protocol.FlightService/ListFlights";
const GET_FLIGHT_INFO: &str = "/arrow.flight.protocol.FlightService/GetFlightInfo";
const DO_ACTION: &str = "/arrow.flight.protocol.FlightService/DoAction";
const NO_INFO: &str = "the server described nothing, and did not say why";
