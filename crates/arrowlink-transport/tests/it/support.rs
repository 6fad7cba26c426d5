//! Servers that own their shutdown, batches, and what was logged.

use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex};

pub(crate) use arrowlink_testkit::{catalog, front, name, stream_of, three_rows};
use arrowlink_transport::{
    AcceptOptions, Body, ConnectOptions, Connection, Dialer, Drained, FrontOptions, ListenAddr, Listener,
    ServerTls, serve,
};
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower::Service;
use tracing_subscriber::fmt::MakeWriter;

/// A server that is joined, and whose panics are re-raised, by [`stop`](Self::stop).
pub(crate) struct Server {
    pub(crate) addr: ListenAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<Drained, arrowlink_transport::Error>>,
}

impl Server {
    /// Serves `service` on `listener`.
    pub(crate) fn start<S, B>(
        listener: Listener,
        tls: Option<ServerTls>,
        service: S,
        options: AcceptOptions,
    ) -> Self
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send + 'static,
        B: Into<Body> + 'static,
    {
        let addr = listener.local_addr().clone();
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            stopped.await.ok();
        };
        let task = tokio::spawn(serve(vec![listener], tls, service, options, shutdown));
        Self { addr, stop, task }
    }

    /// Serves `service` inside the process.
    pub(crate) fn in_memory<S, B>(service: S, options: AcceptOptions) -> (Self, Dialer)
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send + 'static,
        B: Into<Body> + 'static,
    {
        let (listener, dialer) = Listener::in_memory();
        (Self::start(listener, None, service, options), dialer)
    }

    /// Serves `service` on a port of 127.0.0.1 that the system chooses.
    pub(crate) async fn on_loopback<S, B>(tls: Option<ServerTls>, service: S, options: AcceptOptions) -> Self
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send + 'static,
        B: Into<Body> + 'static,
    {
        let listener = Listener::bind(&"127.0.0.1:0".parse().unwrap()).await.unwrap();
        Self::start(listener, tls, service, options)
    }

    pub(crate) fn port(&self) -> u16 {
        match self.addr {
            ListenAddr::Tcp(addr) => addr.port(),
            ref other => panic!("{other} has no port"),
        }
    }

    pub(crate) async fn stop(self) -> Drained {
        drop(self.stop);
        self.task.await.unwrap().unwrap()
    }
}

/// Opens a connection inside the process.
pub(crate) async fn connect(dialer: &Dialer) -> Connection {
    Connection::over(dialer.dial().await.unwrap(), &ConnectOptions::default()).await.unwrap()
}

pub(crate) fn front_options() -> FrontOptions {
    FrontOptions::new(name("default"), name("uploads"))
}

/// Collects what is logged on this thread while the guard lives, a line per event, without times.
#[derive(Clone, Default)]
pub(crate) struct Logged(Arc<Mutex<Vec<u8>>>);

impl Logged {
    pub(crate) fn start() -> (Self, tracing::subscriber::DefaultGuard) {
        let logged = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(logged.clone())
            .with_ansi(false)
            .with_target(false)
            .without_time()
            .finish();
        let guard = tracing::subscriber::set_default(subscriber);
        (logged, guard)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Logged {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Logged {
    /// Waits until `text` was logged, and returns all that was.
    pub(crate) async fn wait_for(&self, text: &str) -> String {
        let logged = async {
            while !self.text().contains(text) {
                tokio::task::yield_now().await;
            }
            self.text()
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), logged)
            .await
            .unwrap_or_else(|_| panic!("`{text}` was not logged, but:\n{}", self.text()))
    }
}
