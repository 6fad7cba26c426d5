//! What a ticket has between its head and its checksum: target and options as a Protobuf message.
//!
//! The numbers of the fields are for ever: a field that is not known is skipped, so that one which changes what is read is
//! a new version of the ticket.

use arrow_array::RecordBatch;
use arrowlink_core::{Error, ErrorKind, Result};
use arrowlink_core::{Name, Position, Query, ReadOptions, Snapshot, Target};
use arrowlink_ipc::{EncodeOptions, Limits, read_stream, write_stream};
use bytes::Bytes;
use prost::{Message, Oneof};

use super::{FORGED, Ticket, invalid};

#[derive(Clone, PartialEq, Message)]
pub(super) struct Body {
    #[prost(oneof = "Wanted", tags = "1, 2, 3")]
    target: Option<Wanted>,
    #[prost(message, optional, tag = "4")]
    projection: Option<Columns>,
    #[prost(uint64, optional, tag = "5")]
    limit: Option<u64>,
    #[prost(uint64, tag = "6")]
    skip: u64,
    #[prost(uint32, optional, tag = "7")]
    part: Option<u32>,
    #[prost(bytes = "bytes", optional, tag = "8")]
    snapshot: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "9")]
    resume: Option<Bytes>,
    #[prost(bool, tag = "10")]
    follow: bool,
    #[prost(bool, tag = "11")]
    positions: bool,
    #[prost(bytes = "bytes", optional, tag = "12")]
    query: Option<Bytes>,
    #[prost(fixed64, optional, tag = "13")]
    schema: Option<u64>,
}

#[derive(Clone, PartialEq, Oneof)]
enum Wanted {
    #[prost(string, tag = "1")]
    Name(String),
    #[prost(message, tag = "2")]
    Sql(Statement),
    #[prost(bytes = "bytes", tag = "3")]
    Substrait(Bytes),
}

#[derive(Clone, PartialEq, Message)]
struct Statement {
    #[prost(string, tag = "1")]
    text: String,
    /// An Arrow stream of one batch.
    #[prost(bytes = "bytes", optional, tag = "2")]
    parameters: Option<Bytes>,
    #[prost(string, optional, tag = "3")]
    default_schema: Option<String>,
}

/// A message of its own, because no columns are not all of them.
#[derive(Clone, PartialEq, Message)]
struct Columns {
    #[prost(string, repeated, tag = "1")]
    names: Vec<String>,
}

impl TryFrom<&Ticket> for Body {
    type Error = Error;

    fn try_from(ticket: &Ticket) -> Result<Self> {
        let Ticket { target, options, positions, query, schema } = ticket;
        Ok(Self {
            target: Some(Wanted::try_from(target)?),
            projection: options.projection.as_deref().map(|names| Columns { names: names.to_vec() }),
            limit: options.limit,
            skip: options.skip,
            part: options.part,
            snapshot: options.snapshot.as_ref().map(|snapshot| snapshot.as_bytes().clone()),
            resume: options.resume.as_ref().map(|position| position.as_bytes().clone()),
            follow: options.follow,
            positions: *positions,
            query: query.clone(),
            schema: *schema,
        })
    }
}

impl TryFrom<Body> for Ticket {
    type Error = Error;

    fn try_from(body: Body) -> Result<Self> {
        let target = body.target.ok_or_else(|| invalid(FORGED))?;
        let mut options = ReadOptions::default().with_skip(body.skip).with_follow(body.follow);
        options.projection = body.projection.map(|columns| columns.names.into());
        options.limit = body.limit;
        options.part = body.part;
        options.snapshot = body.snapshot.map(Snapshot::new);
        options.resume = body.resume.map(Position::new);
        let mut ticket = Self::new(target.try_into()?, options).with_positions(body.positions);
        ticket.query = body.query;
        ticket.schema = body.schema;
        Ok(ticket)
    }
}

impl TryFrom<&Target> for Wanted {
    type Error = Error;

    fn try_from(target: &Target) -> Result<Self> {
        Ok(match target {
            Target::Name(name) => Self::Name(name.to_string()),
            Target::Sql(query) => Self::Sql(Statement::try_from(query)?),
            Target::Substrait(plan) => Self::Substrait(plan.clone()),
            _ => return Err(Error::new(ErrorKind::Unsupported, "the target has no form in a ticket")),
        })
    }
}

impl TryFrom<Wanted> for Target {
    type Error = Error;

    fn try_from(wanted: Wanted) -> Result<Self> {
        Ok(match wanted {
            Wanted::Name(name) => {
                Self::Name(Name::new(&name).map_err(|error| invalid(FORGED).with_source(error))?)
            }
            Wanted::Sql(statement) => Self::Sql(statement.try_into()?),
            Wanted::Substrait(plan) => Self::Substrait(plan),
        })
    }
}

impl TryFrom<&Query> for Statement {
    type Error = Error;

    fn try_from(query: &Query) -> Result<Self> {
        let parameters = query.parameters.as_ref().map(written).transpose()?;
        let (text, default_schema) = (query.text.clone(), query.default_schema.clone());
        Ok(Self { text, parameters, default_schema })
    }
}

impl TryFrom<Statement> for Query {
    type Error = Error;

    fn try_from(statement: Statement) -> Result<Self> {
        let mut query = Self::new(statement.text);
        query.parameters = statement.parameters.map(read).transpose()?;
        query.default_schema = statement.default_schema;
        Ok(query)
    }
}

fn written(parameters: &RecordBatch) -> Result<Bytes> {
    let segments = write_stream(&parameters.schema(), [parameters], &EncodeOptions::default())
        .map_err(|error| invalid("the parameters have no form in a ticket").with_source(error))?;
    let mut bytes = Vec::new();
    segments.iter().for_each(|segment| bytes.extend_from_slice(segment));
    Ok(bytes.into())
}

/// Reads the batch of parameters, for which nothing is allocated that a ticket could not have.
fn read(parameters: Bytes) -> Result<RecordBatch> {
    let limits = Limits::default()
        .with_max_message_bytes(Ticket::MAX_BYTES)
        .with_max_decompressed_bytes(Ticket::MAX_BYTES)
        .with_max_dictionary_bytes(Ticket::MAX_BYTES);
    let (_, batches) =
        read_stream(parameters, &limits).map_err(|error| invalid(FORGED).with_source(error))?;
    match <[RecordBatch; 1]>::try_from(batches) {
        Ok([batch]) => Ok(batch),
        Err(_) => Err(invalid(FORGED)),
    }
}
