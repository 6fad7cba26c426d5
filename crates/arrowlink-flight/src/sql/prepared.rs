//! Prepared statements: their handles hold all there is to know, so that any server of the same tables can execute them.
//!
//! Clients that were made before handles could change execute the handle that they prepared: for those, the last values
//! that were bound to it are kept for a while ([`Bound`](super::bound::Bound)).

use arrow_schema::Schema;
use arrowlink_core::{Effect, Query, ReadOptions, Result, Target};
use arrowlink_transport::{Seal, Ticket};
use bytes::{Bytes, BytesMut};
use uuid::Uuid;

use super::encoding;

/// A statement or plan that was prepared, with the values that were bound to it.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    /// Tells apart statements of the same text.
    pub(super) id: Uuid,
    pub(super) target: Target,
}

impl Prepared {
    /// Prepares a statement or a plan.
    pub(super) fn new(target: Target) -> Self {
        Self { id: Uuid::now_v7(), target }
    }

    /// Puts all of it into a handle.
    pub(super) fn handle(&self) -> Result<Bytes> {
        let ticket = Ticket::new(self.target.clone(), ReadOptions::default()).encode()?;
        let mut body = BytesMut::from(&self.id.as_bytes()[..]);
        body.extend_from_slice(&ticket);
        Ok(SEAL.seal(&body))
    }

    /// Reads a handle.
    pub(super) fn from_handle(handle: &[u8]) -> Result<Self> {
        let (id, ticket) = SEAL.open(handle)?.split_first_chunk().ok_or_else(|| SEAL.damaged())?;
        let ticket = Ticket::decode(ticket).map_err(|error| SEAL.damaged().with_source(error))?;
        Ok(Self { id: Uuid::from_bytes(*id), target: ticket.target })
    }

    /// Returns the statement, or `None` of a plan.
    pub(super) const fn query_mut(&mut self) -> Option<&mut Query> {
        match &mut self.target {
            Target::Sql(query) => Some(query),
            _ => None,
        }
    }
}

/// What is answered to a statement that was prepared: `arrow-flight`'s message does not know yet that a statement can
/// say whether it is an update.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Answer {
    #[prost(bytes = "bytes", tag = "1")]
    prepared_statement_handle: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    dataset_schema: Bytes,
    #[prost(bytes = "bytes", tag = "3")]
    parameter_schema: Bytes,
    #[prost(bool, optional, tag = "4")]
    is_update: Option<bool>,
}

impl Answer {
    /// Says what was prepared, with `columns` and `parameters` as the client sees them. What changes something has no
    /// columns, which is how older clients tell.
    pub(super) fn new(
        prepared: &Prepared,
        effect: Effect,
        columns: &Schema,
        parameters: &Schema,
    ) -> Result<Self> {
        let change = effect == Effect::Change;
        Ok(Self {
            prepared_statement_handle: prepared.handle()?,
            dataset_schema: if change { Bytes::new() } else { encoding::schema(columns)? },
            parameter_schema: encoding::schema(parameters)?,
            is_update: Some(change),
        })
    }
}

const SEAL: Seal = Seal { noun: "prepared statement's handle", magic: *b"\xffALP" };
