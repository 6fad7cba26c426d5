//! What clients of Flight bring along: tickets, handles, sessions and commands, and what must hold of the answers.

use std::sync::Arc;

use arbitrary::{Arbitrary, Result, Unstructured};
use arrow_array::RecordBatch;
use arrow_flight::sql::{Any, CommandPreparedStatementQuery, ProstMessageExt as _};
use arrow_flight::{Action, FlightDescriptor};
use arrowlink_core::{
    CallContext, Catalog, Description, Echo, ErrorKind, MemoryDataset, MemoryStore, NounKind, Position,
    Query, ReadOptions, Snapshot, Target,
};
use arrowlink_flight::{FlightOptions, FlightService};
use arrowlink_testkit::{FLIGHT_SQL_MESSAGES, Maker, Statements, WithStatements, name, three_rows};
use arrowlink_transport::{FlightCall, FlightHandler as _, Ticket};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use futures::TryStreamExt as _;
use http::{HeaderMap, HeaderValue, header};
use prost::Message as _;

use crate::types::types;
use crate::use_batch;

/// What is asked: bytes behind a valid mark and checksum, and bytes of them that were changed.
#[derive(Debug)]
pub struct Input {
    asked: Asked,
    changes: Vec<(u16, u8)>,
}

#[derive(Debug)]
enum Asked {
    Ticket(Box<Ticket>),
    Sealed([u8; 4], Vec<u8>),
    Handle([u8; 16], Box<Ticket>),
    Command(&'static str, Vec<u8>),
    Action(usize, Vec<u8>),
}

impl<'a> Arbitrary<'a> for Input {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        let changes = (0..input.int_in_range(0..=3)?).map(|_| input.arbitrary()).collect::<Result<_>>()?;
        let asked = match input.int_in_range(0..=4)? {
            0 => Asked::Ticket(Box::new(ticket(input)?)),
            1 => Asked::Sealed(*input.choose(&[*b"\xffALT", *b"\xffALP", *b"\xffALS"])?, rest(input)?),
            2 => Asked::Handle(input.arbitrary()?, Box::new(ticket(input)?)),
            3 => Asked::Command(input.choose(&FLIGHT_SQL_MESSAGES)?, rest(input)?),
            _ => Asked::Action(input.arbitrary()?, rest(input)?),
        };
        Ok(Self { asked, changes })
    }
}

fn rest(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    Ok(input.bytes(input.len())?.to_vec())
}

fn ticket(input: &mut Unstructured<'_>) -> Result<Ticket> {
    let target = match input.int_in_range(0..=2)? {
        0 => Target::Name(name(input.choose(&["trips", "uploads", "sales.orders", "echo"])?)),
        1 => {
            let mut query = Query::new(input.arbitrary::<String>()?);
            query.default_schema = input.arbitrary()?;
            query.parameters = if input.arbitrary()? { Some(parameters(input)?) } else { None };
            Target::Sql(query)
        }
        _ => Target::Substrait(input.arbitrary::<Vec<u8>>()?.into()),
    };
    let mut options = ReadOptions::default();
    options.projection = input.arbitrary::<Option<Vec<String>>>()?.map(Into::into);
    options.limit = input.arbitrary()?;
    options.skip = input.arbitrary()?;
    options.part = input.arbitrary()?;
    options.snapshot = input.arbitrary::<Option<Vec<u8>>>()?.map(Snapshot::new);
    options.resume = input.arbitrary::<Option<Vec<u8>>>()?.map(Position::new);
    let mut ticket = Ticket::new(target, options).with_positions(input.arbitrary()?);
    ticket.query = input.arbitrary::<Option<Vec<u8>>>()?.map(Bytes::from);
    ticket.schema = input.arbitrary()?;
    if input.arbitrary()? {
        return Ok(promised(ticket));
    }
    Ok(ticket)
}

/// Makes a slice of values for the parameters of a statement, for any number of executions: runs, dictionaries, nulls.
fn parameters(input: &mut Unstructured<'_>) -> Result<RecordBatch> {
    let (types, seed, rows) = (types(input)?, input.arbitrary()?, input.int_in_range(0..=300)?);
    let batch = Maker::new(seed).batch(&types, rows);
    let begin = input.int_in_range(0..=rows)?;
    Ok(batch.slice(begin, input.int_in_range(0..=rows - begin)?))
}

/// Promises the columns that the service returns.
fn promised(ticket: Ticket) -> Ticket {
    let schema = match &ticket.target {
        Target::Sql(query) => Repeated::rows(query).schema(),
        _ => three_rows().schema(),
    };
    ticket.with_schema(&schema).unwrap()
}

/// Asks for what the input says, in all calls that take it; an honest ticket is read back as it was written.
pub fn check(input: &Input) {
    match &input.asked {
        Asked::Ticket(ticket) => {
            let Ok(bytes) = ticket.encode() else { return };
            assert_eq!(&Ticket::decode(&bytes).unwrap(), &**ticket);
            ask(&input.changed(&bytes));
        }
        Asked::Sealed(magic, body) => {
            let bytes = input.changed(&sealed(*magic, body));
            match magic {
                b"\xffALT" => ask(&bytes),
                b"\xffALP" => ask_with_handle(&bytes),
                _ => ask_with_session(&bytes),
            }
        }
        Asked::Handle(id, ticket) => {
            let Ok(ticket) = ticket.encode() else { return };
            ask_with_handle(&input.changed(&sealed(*b"\xffALP", &[&id[..], &ticket].concat())));
        }
        Asked::Command(name, body) => ask(&input.changed(&command(name, body))),
        Asked::Action(number, body) => {
            let body = match number % 2 {
                0 => body.clone(),
                _ => command(FLIGHT_SQL_MESSAGES[number % FLIGHT_SQL_MESSAGES.len()], body),
            };
            act_all(&input.changed(&body));
        }
    }
}

impl Input {
    fn changed(&self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for (at, change) in &self.changes {
            let at = usize::from(*at) % bytes.len().max(1);
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= change;
            }
        }
        bytes
    }
}

/// Takes `bytes` for a ticket and for a command.
pub fn ask(bytes: &[u8]) {
    ask_in(bytes, HeaderMap::new());
}

/// Takes `bytes` for the handle of a prepared statement.
pub fn ask_with_handle(bytes: &[u8]) {
    let handle = Bytes::copy_from_slice(bytes);
    ask(&CommandPreparedStatementQuery { prepared_statement_handle: handle }.as_any().encode_to_vec());
}

/// Takes `bytes` for a session, in which a statement is asked for.
pub fn ask_with_session(bytes: &[u8]) {
    let session = BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let cookie = HeaderValue::try_from(format!("arrow_flight_session_id={session}")).unwrap();
    ask_in(b"select 1", HeaderMap::from_iter([(header::COOKIE, cookie)]));
}

fn ask_in(bytes: &[u8], headers: HeaderMap) {
    let flight = service();
    let call = || FlightCall::new(CallContext::new()).with_headers(headers.clone());
    let descriptor = || FlightDescriptor::new_cmd(bytes.to_vec());
    run(async {
        if let Ok(info) = honest(flight.get_flight_info(call(), descriptor()).await) {
            for endpoint in info.endpoint {
                let ticket = endpoint.ticket.unwrap().ticket;
                read(&flight, call(), ticket).await;
            }
        }
        let _ = honest(flight.get_schema(call(), descriptor()).await);
        read(&flight, call(), Bytes::copy_from_slice(bytes)).await;
        if let Ok(answers) = honest(flight.do_put(call(), descriptor(), None).await) {
            let _ = honest(answers.try_collect::<Vec<_>>().await);
        }
    });
}

async fn read(flight: &FlightService, call: FlightCall, ticket: Bytes) {
    if let Ok(answer) = honest(flight.do_get(call, ticket).await)
        && let Ok(batches) = honest(answer.batches.collect_batches().await)
    {
        batches.iter().for_each(use_batch);
    }
}

/// Does every action with the body `bytes`.
pub fn act_all(bytes: &[u8]) {
    let flight = service();
    let call = || FlightCall::new(CallContext::new());
    run(async {
        for listed in flight.list_actions(call()).await.unwrap() {
            let action = Action::new(listed.r#type, bytes.to_vec());
            if let Ok(results) = honest(flight.do_action(call(), action).await) {
                let _ = honest(results.try_collect::<Vec<_>>().await);
            }
        }
    });
}

/// Whatever is asked, it is no fault of the server.
fn honest<T>(answer: arrowlink_core::Result<T>) -> arrowlink_core::Result<T> {
    let kind = answer.as_ref().err().map(arrowlink_core::Error::kind);
    let error = || answer.as_ref().err().map(arrowlink_core::Error::chain);
    assert!(!matches!(kind, Some(ErrorKind::Internal | ErrorKind::Corrupt)), "{:?}", error());
    answer
}

fn run(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(work);
}

fn service() -> FlightService {
    let trips = MemoryDataset::new(three_rows().schema(), vec![three_rows(); 3]).unwrap();
    let catalog = Catalog::new()
        .with_dataset(name("trips"), Arc::new(trips))
        .with_function(name("echo"), Arc::new(Echo))
        .with_uploads(Arc::new(MemoryStore::new(1 << 20)));
    FlightService::new(WithStatements::new(catalog, Repeated), FlightOptions::default())
}

/// Answers every statement with its parameters.
#[derive(Debug)]
struct Repeated;

impl Repeated {
    fn rows(query: &Query) -> RecordBatch {
        query.parameters.clone().unwrap_or_else(three_rows)
    }
}

impl Statements for Repeated {
    fn describe(&self, query: &Query) -> arrowlink_core::Result<Description> {
        Ok(Description::new(NounKind::Dataset, Self::rows(query).schema()))
    }

    fn read(&self, query: &Query) -> arrowlink_core::Result<RecordBatch> {
        Ok(Self::rows(query))
    }
}

/// Marks `body` as what begins with `magic`, with a checksum that is right.
fn sealed(magic: [u8; 4], body: &[u8]) -> Vec<u8> {
    let mut sealed = [&magic[..], &[1], body].concat();
    let fnv = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let checksum = sealed.iter().fold(0xcbf2_9ce4_8422_2325, fnv);
    sealed.extend(checksum.to_le_bytes());
    sealed
}

fn command(name: &str, body: &[u8]) -> Vec<u8> {
    let type_url = format!("type.googleapis.com/arrow.flight.protocol.sql.{name}");
    Any { type_url, value: Bytes::copy_from_slice(body) }.encode_to_vec()
}
