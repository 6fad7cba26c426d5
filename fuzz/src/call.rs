//! Calls of the front with a body that comes in any pieces and ends in any way, and what must hold of each.

use std::sync::Arc;

use arbitrary::{Arbitrary, Result, Unstructured};
use arrow_array::RecordBatch;
use arrowlink_core::{
    CallContext, Catalog, DataService as _, DataServiceExt as _, Echo, ListOptions, MemoryStore, Name,
};
use arrowlink_ipc::{EncodeOptions, Message, MessageEncoder, write_stream};
use arrowlink_testkit::{Maker, flat_types, front_with};
use arrowlink_transport::{BlockPool, FrontOptions};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::{HeaderMap, Request};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use tonic::{Code, Status};
use tower::Service as _;

use crate::use_batch;

/// Which call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// An upload by Flight.
    DoPut,
    /// An exchange with `echo`.
    DoExchange,
    /// An upload by the small service.
    SendArrowData,
}

/// The body of a request: an honest one that was changed, or any bytes; in pieces.
#[derive(Debug)]
pub struct Input {
    /// What the rows of the honest body are made of; `None` where it is any bytes.
    rows: Option<(u64, u16, u8)>,
    changes: Vec<(u16, u8)>,
    pieces: Vec<u16>,
    end: End,
    bytes: Vec<u8>,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum End {
    Clean,
    Trailers,
    Broken,
}

impl<'a> Arbitrary<'a> for Input {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        let rows = if input.ratio(3, 4)? {
            Some((input.arbitrary()?, input.int_in_range(0..=1500)?, input.int_in_range(1..=3)?))
        } else {
            None
        };
        let changes = (0..input.int_in_range(0..=4)?).map(|_| input.arbitrary()).collect::<Result<_>>()?;
        let pieces = (0..input.int_in_range(0..=6)?).map(|_| input.arbitrary()).collect::<Result<_>>()?;
        let end = input.arbitrary()?;
        Ok(Self { rows, changes, pieces, end, bytes: input.bytes(input.len())?.to_vec() })
    }
}

impl Input {
    /// The bytes of the body; behind an honest one come those of the input.
    fn body(&self, method: Method) -> Bytes {
        let mut body = self.rows.map_or_else(Vec::new, |(seed, rows, batches)| {
            honest(method, &made(seed, rows.into(), batches.into()))
        });
        for (at, change) in &self.changes {
            let at = usize::from(*at) % body.len().max(1);
            if let Some(byte) = body.get_mut(at) {
                *byte ^= change;
            }
        }
        body.extend(&self.bytes);
        body.into()
    }

    /// The body in frames: the sizes of the plan, again and again.
    fn frames(&self, mut body: Bytes) -> Vec<std::result::Result<Frame<Bytes>, Status>> {
        let mut frames = Vec::new();
        let mut plan = self.pieces.iter().cycle();
        while !body.is_empty() {
            let piece = plan.next().map_or(usize::MAX, |piece| usize::from(*piece)).min(body.len());
            // Frames without bytes may come, but not for ever.
            let piece = if piece == 0 && frames.len() % 2 == 1 { 1 } else { piece };
            frames.push(Ok(Frame::data(body.split_to(piece))));
        }
        match self.end {
            End::Clean => {}
            End::Trailers => frames.push(Ok(Frame::trailers(HeaderMap::new()))),
            End::Broken => frames.push(Err(Status::cancelled("lost"))),
        }
        frames
    }

    fn is_honest(&self) -> bool {
        self.rows.is_some()
            && self.changes.iter().all(|(_, change)| *change == 0)
            && self.bytes.is_empty()
            && !matches!(self.end, End::Broken)
    }
}

/// Makes the call, and asserts that it is answered by a status, that what it kept can be used, that no more memory is
/// taken than what arrived deserves, and that all of it comes back.
pub fn check(method: Method, input: &Input) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let code = runtime.unwrap().block_on(call(method, input));
    assert!(code == Code::Ok || !input.is_honest(), "{code:?}");
    assert!(
        code != Code::Ok || !matches!(input.end, End::Broken),
        "what was broken off was taken as a whole"
    );
}

async fn call(method: Method, input: &Input) -> Code {
    let (pool, uploads) = (BlockPool::default(), Arc::new(MemoryStore::new(64 << 20)));
    let store = Arc::<MemoryStore>::clone(&uploads);
    let service = Catalog::new().with_uploads(store).with_function(name("echo"), Arc::new(Echo));
    let options = FrontOptions::new(name("default"), name("rows"))
        .with_max_message_bytes(MAX_MESSAGE_BYTES)
        .with_pool(pool.clone());
    let mut front = front_with(Arc::new(service), options);
    let mut arrived = 0;
    let watched = pool.clone();
    let frames = stream::iter(input.frames(input.body(method))).inspect(move |frame| {
        let held = watched.usage().in_use_bytes;
        assert!(held <= 3 * arrived + 2 * MAX_MESSAGE_BYTES, "{held} bytes held of {arrived}");
        arrived += frame.as_ref().ok().and_then(Frame::data_ref).map_or(0, Bytes::len);
    });
    let request = Request::post(method.path()).header("content-type", "application/grpc");
    let answer = front.call(request.body(StreamBody::new(frames.boxed())).unwrap()).await.unwrap();
    let (head, body) = answer.into_parts();
    let answer = body.collect().await.unwrap();
    let status = Status::from_header_map(&head.headers)
        .or_else(|| answer.trailers().and_then(Status::from_header_map))
        .expect("every call ends with a status");
    assert!(!status.message().contains("panic"), "{status}");
    let kept: Vec<_> =
        uploads.list(CallContext::new(), ListOptions::default()).await.unwrap().collect().await;
    assert_eq!(
        kept.len(),
        usize::from(status.code() == Code::Ok && method != Method::DoExchange),
        "{status}"
    );
    for entry in kept {
        // Under the name that the body says, which may have been changed too.
        let (_, batches) = uploads.read_all(&entry.unwrap().name).await.unwrap();
        batches.iter().for_each(use_batch);
    }
    // What an exchange echoes still lies where it came in.
    drop((front, uploads, answer));
    assert_eq!(pool.usage().in_use_bytes, 0);
    status.code()
}

impl Method {
    const fn path(self) -> &'static str {
        match self {
            Self::DoPut => "/arrow.flight.protocol.FlightService/DoPut",
            Self::DoExchange => "/arrow.flight.protocol.FlightService/DoExchange",
            Self::SendArrowData => "/dataexchange.ArrowDataService/SendArrowData",
        }
    }
}

/// Batches of one schema, which the seed picks.
fn made(seed: u64, rows: usize, batches: usize) -> Vec<RecordBatch> {
    let types = flat_types();
    let picked = [seed, seed / 64].map(|at| types[at as usize % types.len()].clone());
    let mut maker = Maker::new(seed);
    let first = maker.batch(&picked, rows);
    let schema = first.schema();
    let others = (1..batches).map(|_| maker.batch_of(&schema, rows));
    [first].into_iter().chain(others).collect()
}

/// What an honest client sends.
fn honest(method: Method, batches: &[RecordBatch]) -> Vec<u8> {
    let name: &[u8] = if method == Method::DoExchange { b"echo" } else { b"rows" };
    let schema = batches[0].schema();
    if method == Method::SendArrowData {
        let payload = |batch| {
            let segments = write_stream(&schema, [batch], &EncodeOptions::default()).unwrap();
            let payload: Vec<u8> = segments.iter().flat_map(|segment| segment.to_vec()).collect();
            framed(&field(1, &payload))
        };
        return batches.iter().flat_map(payload).collect();
    }
    let mut encoder = MessageEncoder::new(&schema, &EncodeOptions::default()).unwrap();
    let descriptor = [&[8, 1][..], &field(3, name)].concat();
    let mut sent = framed(&[field(1, &descriptor), flight_data(encoder.schema())].concat());
    for batch in batches {
        sent.extend(encoder.encode(batch).unwrap().iter().flat_map(|message| framed(&flight_data(message))));
    }
    sent
}

fn flight_data(message: &Message) -> Vec<u8> {
    let body: Vec<u8> = message.body().iter().flat_map(|buffer| buffer.to_vec()).collect();
    [field(2, message.header()), field(1000, &body)].concat()
}

fn framed(message: &[u8]) -> Vec<u8> {
    [&[0][..], &u32::try_from(message.len()).unwrap().to_be_bytes(), message].concat()
}

fn field(number: u64, bytes: &[u8]) -> Vec<u8> {
    let mut field = varint(number << 3 | 2);
    field.extend(varint(bytes.len() as u64));
    field.extend(bytes);
    field
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 127 {
        bytes.push(value as u8 | 128);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

const MAX_MESSAGE_BYTES: usize = 1 << 20;
