//! Batches as the body of an answer: encoded when the client has taken what came before.
//!
//! An answer begins when its first rows are encoded, so that what is wrong with a statement, or cannot be written in the
//! format, is a status and not a body that breaks off. What goes wrong later ends the body without its end: a chunked body
//! has no last chunk, a stream of HTTP/2 is reset, and no client takes what came for the whole.

mod compressor;
mod work;

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use arrowlink_core::{
    BatchStream, Chunk, Description, ErrorKind, Plain, ReadOptions, Snapshot, Target, batch_bytes,
};
use arrowlink_formats::{Encoder, Error as FormatError};
use arrowlink_transport::status::to_status;
use arrowlink_transport::{Body, CallRecord, Rope, keeps_views};
use futures::future::FutureExt as _;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use http::{HeaderValue, Method, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::StreamBody;

use crate::caching;
use crate::call::Call;
use crate::etag::etag;
use crate::negotiate::{Coding, Form, choose_coding};
use crate::problem::Problem;
use compressor::Compressor;
use work::Work;

/// Reads `target` and answers with its rows in that form.
pub(crate) async fn answer(
    call: Call,
    target: Target,
    options: ReadOptions,
    form: Form,
) -> Result<Response<Body>, Problem> {
    let Form { format, encode } = form;
    let coding = choose_coding(call.headers(), format)?;
    let keeps_views = keeps_views(call.headers())?;
    let Source { schema, snapshot, batches } = Source::open(&call, target, options).await?;
    let tag = snapshot.and_then(|snapshot| etag(&call, &snapshot, format, keeps_views));
    let plain = (!keeps_views).then(|| Plain::new(&schema).with_hint(KEEP_VIEWS));
    let plain = plain.filter(|plain| !plain.is_unchanged());
    let schema = plain.as_ref().map_or(&schema, Plain::schema);
    let encoder = Encoder::new(format, schema, &encode).map_err(refused)?;
    let compressor = Compressor::new(coding).map_err(refused_by_system)?;
    let work = Work::new(plain, encoder, compressor);
    let mut answer = Response::new(match batches {
        Some(batches) => begun(&call, batches, work).await?,
        None => Body::empty(),
    });
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    caching::mark(&call, headers);
    if coding != Coding::Identity {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    }
    if let Some(tag) = tag {
        headers.insert(header::ETAG, tag);
    }
    Ok(answer)
}

/// Says that a format does not have what is asked for.
pub(crate) fn refused(error: FormatError) -> Problem {
    match error {
        FormatError::Unfit { .. } => {
            let text = format!("{error}: ask for `arrow-stream`, or for other columns");
            Problem::new(StatusCode::NOT_ACCEPTABLE, ErrorKind::InvalidArgument, text)
        }
        other => work::failed(other).into(),
    }
}

fn refused_by_system(error: std::io::Error) -> Problem {
    arrowlink_core::Error::new(ErrorKind::Internal, "no compressor can be made").with_source(error).into()
}

/// What is read, and what the head of the answer says of it.
struct Source {
    schema: SchemaRef,
    snapshot: Option<Snapshot>,
    /// `None` where the head is all that is asked for.
    batches: Option<BatchStream>,
}

impl Source {
    /// Begins to read. For a head alone statements are planned and not carried out, and of datasets no row is computed.
    async fn open(call: &Call, target: Target, options: ReadOptions) -> Result<Self, Problem> {
        let is_head = call.head.method == Method::HEAD;
        if is_head && matches!(target, Target::Sql(_)) {
            let Description { schema, snapshot, .. } =
                call.service.describe(call.ctx.clone(), target).await?;
            return Ok(Self { schema, snapshot, batches: None });
        }
        let batches = call.service.read(call.ctx.clone(), target, options).await?;
        let (schema, snapshot) = (Arc::clone(batches.schema()), batches.snapshot().cloned());
        Ok(Self { schema, snapshot, batches: (!is_head).then_some(batches) })
    }
}

/// Takes the first step, and makes a body of it and those that follow.
async fn begun(call: &Call, batches: BatchStream, work: Work) -> Result<Body, Problem> {
    let request_id = call.ctx.request_id().to_owned();
    let mut rows = Rows { batches, work: Some(work), late: None, record: call.record.clone() };
    let first = rows.step().await?;
    let rest = stream::try_unfold(rows, async |mut rows| Ok(rows.step().await?.map(|rope| (rope, rows))));
    let ropes = stream::iter(first.map(Ok)).chain(rest);
    let frames = ropes
        .try_filter(|rope| std::future::ready(!rope.is_empty()))
        .map_ok(Frame::data)
        .map_err(move |error: arrowlink_core::Error| to_status(&error.with_request_id(request_id.clone())));
    Ok(Body::new(StreamBody::new(frames.boxed())))
}

/// The rows that are still to be sent.
struct Rows {
    batches: BatchStream,
    /// `None` once the end was written.
    work: Option<Work>,
    /// What came after the batches that go out now.
    late: Option<Option<Result<Chunk, arrowlink_core::Error>>>,
    record: CallRecord,
}

impl Rows {
    /// Encodes some rows, or what is at the end. There may be nothing to send of it yet; `None` after the end.
    async fn step(&mut self) -> Result<Option<Rope>, arrowlink_core::Error> {
        let Some(mut work) = self.work.take() else { return Ok(None) };
        if work.is_idle() {
            let turn = self.turn().await?;
            if turn.is_empty() {
                let rope = work.finish().await?;
                return Ok(Some(self.sent(rope)));
            }
            work.begin(turn);
        }
        let (rope, work) = work.step().await?;
        self.work = Some(work);
        Ok(Some(self.sent(rope)))
    }

    fn sent(&self, rope: Rope) -> Rope {
        self.record.add(0, 0, rope.len() as u64);
        rope
    }

    /// Waits for a batch and takes those along that are ready behind it, where they are small; none at the end.
    async fn turn(&mut self) -> Result<Vec<RecordBatch>, arrowlink_core::Error> {
        let mut next = match self.late.take() {
            Some(late) => late,
            None => self.batches.next().await,
        };
        let (mut turn, mut bytes) = (Vec::new(), 0);
        loop {
            let batch = match next {
                None => break,
                Some(Err(error)) if turn.is_empty() => return Err(error),
                Some(Err(_)) => {
                    self.late = Some(next);
                    break;
                }
                Some(Ok(chunk)) => chunk.into_batch(),
            };
            let rows = batch.num_rows() as u64;
            self.record.add(rows, rows * batch.num_columns() as u64, 0);
            bytes += batch_bytes(&batch);
            turn.push(batch);
            if bytes >= TOGETHER_BYTES {
                break;
            }
            let Some(ready) = self.batches.next().now_or_never() else { break };
            next = ready;
        }
        Ok(turn)
    }
}

/// How many bytes of batches go out together, but for the last of them.
const TOGETHER_BYTES: usize = 64 << 10;
/// What a client can do whose rows have no plain form.
const KEEP_VIEWS: &str = "ask for `arrow-stream` with the header `arrowlink-views: keep`";
