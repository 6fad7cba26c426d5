//! A server that speaks as much of S3, Google's XML interface and Azure's as is needed to read: GET and HEAD with ranges,
//! lists in pages of two, and failures where a test asks for them.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::stream;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

/// What is done instead of answering a request for a file.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Failure {
    /// This status, without a body.
    Status(u16),
    /// Half of the body, then the connection is closed.
    Cut,
}

/// The beginning of buckets that are not there.
pub(crate) const NO_BUCKET: &str = "no-bucket";

/// The server; it ends when this is dropped.
pub(crate) struct ObjectServer {
    addr: SocketAddr,
    state: Arc<State>,
    _task: AbortOnDropHandle<()>,
}

#[derive(Default)]
struct State {
    objects: Mutex<BTreeMap<String, Object>>,
    failures: Mutex<VecDeque<Failure>>,
    /// Whether every request fails.
    is_down: AtomicBool,
    /// Method, path, and whether it was signed.
    requests: Mutex<Vec<(String, String, Option<String>)>>,
}

#[derive(Clone)]
struct Object {
    bytes: Bytes,
    /// Counts the times that it was written.
    version: usize,
}

impl ObjectServer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let task = AbortOnDropHandle::new(tokio::spawn(serve(listener, Arc::clone(&state))));
        Self { addr, state, _task: task }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Writes an object, as `bucket/key`.
    pub(crate) fn put(&self, path: &str, bytes: impl Into<Bytes>) -> &Self {
        let mut objects = self.state.objects.lock().unwrap();
        let version = objects.get(path).map_or(0, |before| before.version) + 1;
        objects.insert(path.to_owned(), Object { bytes: bytes.into(), version });
        self
    }

    /// Answers the next `times` requests for files in this way.
    pub(crate) fn fail(&self, times: usize, failure: Failure) {
        self.state.failures.lock().unwrap().extend(std::iter::repeat_n(failure, times));
    }

    /// Answers every further request with 503, those for the state of files and for lists too.
    pub(crate) fn go_down(&self) {
        self.state.is_down.store(true, Ordering::Relaxed);
    }

    /// Answers all further requests as they should be.
    pub(crate) fn recover(&self) {
        self.state.is_down.store(false, Ordering::Relaxed);
        self.state.failures.lock().unwrap().clear();
    }

    /// Returns the key ids that requests were signed with.
    pub(crate) fn signatures(&self) -> Vec<Option<String>> {
        self.state.requests.lock().unwrap().iter().map(|(_, _, signed)| signed.clone()).collect()
    }

    /// Returns how many requests there were for the bytes of files.
    pub(crate) fn gets(&self) -> usize {
        self.requests("GET")
    }

    /// Returns how many requests there were for the state of files.
    pub(crate) fn heads(&self) -> usize {
        self.requests("HEAD")
    }

    fn requests(&self, wanted: &str) -> usize {
        self.state.requests.lock().unwrap().iter().filter(|(method, _, _)| method == wanted).count()
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let state = Arc::clone(&state);
        connections.spawn(async move {
            let service = service_fn(move |request| {
                let answer = state.answer(&request);
                async { Ok::<_, Infallible>(answer) }
            });
            // A connection that was cut on purpose is an error here.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

type Body = BoxBody<Bytes, std::io::Error>;

impl State {
    fn answer(&self, request: &Request<Incoming>) -> Response<Body> {
        // Google's clients escape all but letters and digits.
        let path = request.uri().path().trim_matches('/');
        let path = path.replace("%2F", "/").replace("%2D", "-").replace("%2E", ".");
        let signed = request.headers().get(header::AUTHORIZATION).map(|value| {
            let value = value.to_str().unwrap();
            let (_, rest) = value.split_once("Credential=").unwrap();
            rest.split('/').next().unwrap().to_owned()
        });
        self.requests.lock().unwrap().push((request.method().to_string(), path.clone(), signed));
        if self.is_down.load(Ordering::Relaxed) {
            return empty(StatusCode::SERVICE_UNAVAILABLE);
        }
        if path.starts_with(NO_BUCKET) {
            return told(StatusCode::NOT_FOUND, "NoSuchBucket", "The specified bucket does not exist");
        }
        if !path.contains('/') {
            return self.list(&path, request.uri().query().unwrap_or_default());
        }
        let failure = (request.method() == Method::GET).then(|| self.failures.lock().unwrap().pop_front());
        let failure = failure.flatten();
        if let Some(Failure::Status(status)) = failure {
            return told(
                StatusCode::from_u16(status).unwrap(),
                "SlowDown",
                "Please reduce your request rate.",
            );
        }
        let Some(object) = self.objects.lock().unwrap().get(&path).cloned() else {
            return empty(StatusCode::NOT_FOUND);
        };
        let size = object.bytes.len();
        let range =
            request.headers().get(header::RANGE).map(|range| parse_range(range.to_str().unwrap(), size));
        let (start, end) = range.unwrap_or((0, size));
        if start >= end && range.is_some() {
            return told(
                StatusCode::RANGE_NOT_SATISFIABLE,
                "InvalidRange",
                "The requested range is not there",
            );
        }
        let mut answer = Response::builder()
            .status(if range.is_some() { 206 } else { 200 })
            .header(header::ETAG, format!("\"{}-{}\"", path.len(), object.version))
            .header(header::LAST_MODIFIED, format!("Mon, 01 Jan 2024 00:00:{:02} GMT", object.version))
            .header(header::CONTENT_LENGTH, end - start);
        if range.is_some() {
            answer = answer.header(header::CONTENT_RANGE, format!("bytes {start}-{}/{size}", end - 1));
        }
        let bytes = object.bytes.slice(start..end);
        let body = match failure {
            _ if request.method() == Method::HEAD => full(Bytes::new()),
            None => full(bytes),
            Some(_) => cut(bytes.slice(..bytes.len() / 2)),
        };
        answer.body(body).unwrap()
    }

    /// Two objects a page, so that listings have several.
    fn list(&self, bucket: &str, query: &str) -> Response<Body> {
        let value = |key: &str| {
            let value = query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
            value.unwrap_or_default().replace("%2F", "/").replace("%3D", "=")
        };
        let is_azure = value("comp") == "list";
        let (prefix, after) = (
            format!("{bucket}/{}", value("prefix")),
            value(if is_azure { "marker" } else { "continuation-token" }),
        );
        let objects = self.objects.lock().unwrap();
        let mut matching = objects.iter().filter(|(key, _)| key.starts_with(&prefix) && **key > after);
        let page: Vec<_> = matching.by_ref().take(2).collect();
        let next = matching.next().map(|_| page.last().unwrap().0.as_str());
        let list = if is_azure { azure_list } else { s3_list };
        Response::new(full(Bytes::from(list(bucket, &page, next))))
    }
}

/// A page of ListObjectsV2, which is also what Google's XML interface answers.
fn s3_list(bucket: &str, page: &[(&String, &Object)], next: Option<&str>) -> String {
    let mut xml = String::from("<ListBucketResult>");
    for (key, Object { bytes, version }) in page {
        xml += &format!(
            "<Contents><Key>{}</Key><Size>{}</Size><ETag>&quot;{}-{version}&quot;</ETag>\
             <LastModified>2024-01-01T00:00:{version:02}.000Z</LastModified></Contents>",
            &key[bucket.len() + 1..],
            bytes.len(),
            key.len(),
        );
    }
    if let Some(next) = next {
        xml += &format!("<NextContinuationToken>{next}</NextContinuationToken>");
    }
    xml + "</ListBucketResult>"
}

/// A page of Azure's List Blobs, whose entity tags stand without quotes, as they do not in the headers of a blob.
fn azure_list(bucket: &str, page: &[(&String, &Object)], next: Option<&str>) -> String {
    let mut xml = String::from("<EnumerationResults><Blobs>");
    for (key, Object { bytes, version }) in page {
        xml += &format!(
            "<Blob><Name>{}</Name><Properties><Last-Modified>Mon, 01 Jan 2024 00:00:{version:02} GMT</Last-Modified>\
             <Etag>{}-{version}</Etag><Content-Length>{}</Content-Length>\
             <Content-Type>application/octet-stream</Content-Type></Properties></Blob>",
            &key[bucket.len() + 1..],
            key.len(),
            bytes.len(),
        );
    }
    xml + &format!("</Blobs><NextMarker>{}</NextMarker></EnumerationResults>", next.unwrap_or_default())
}

/// Reads `bytes=5-9`, `bytes=5-` and `bytes=-5`; the end is exclusive.
fn parse_range(range: &str, size: usize) -> (usize, usize) {
    let (start, end) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
    match (start.parse::<usize>(), end.parse::<usize>()) {
        (Ok(start), Ok(end)) => (start, size.min(end + 1)),
        (Ok(start), Err(_)) => (start, size),
        (Err(_), last) => (size - last.unwrap().min(size), size),
    }
}

/// An error as S3 writes it.
fn told(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code>\n<Message>{message}</Message></Error>\n"
    );
    let mut answer = Response::new(full(Bytes::from(xml)));
    *answer.status_mut() = status;
    answer
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut answer = Response::new(full(Bytes::new()));
    *answer.status_mut() = status;
    answer
}

fn full(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never| match never {}).boxed()
}

fn cut(bytes: Bytes) -> Body {
    let gone = Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
    StreamBody::new(stream::iter([Ok(Frame::data(bytes)), gone])).boxed()
}
