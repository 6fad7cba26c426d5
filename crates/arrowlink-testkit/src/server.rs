//! Servers of the data calls that own their shutdown, and certificates that go with the test.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arrowlink_core::DataService;
use arrowlink_flight::{FlightOptions, FlightService};
use arrowlink_transport::certificates::{CertificateFiles, development};
use arrowlink_transport::{
    AcceptOptions, Drained, Error, Front, FrontOptions, ListenAddr, Listener, ServerTls, serve,
};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::service::Routes;

use crate::name;

/// A server that is joined, and whose panics are re-raised, by [`stop`](Self::stop).
#[derive(Debug)]
pub struct Server {
    addr: ListenAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<Drained, Error>>,
}

impl Server {
    /// Serves `service` over TLS on a port of 127.0.0.1 that the system chooses.
    pub async fn start(service: Arc<dyn DataService>, certificates: &Certificates) -> Self {
        Self::start_at(&"127.0.0.1:0".parse().unwrap(), service, certificates).await
    }

    /// Serves `service` over TLS at `addr`.
    pub async fn start_at(
        addr: &ListenAddr,
        service: Arc<dyn DataService>,
        certificates: &Certificates,
    ) -> Self {
        let listener = Listener::bind(addr).await.unwrap();
        Self::on(listener, Some(certificates.server_tls()), service)
    }

    /// Serves `service` on `listener`, in plaintext without `tls`.
    pub fn on(listener: Listener, tls: Option<ServerTls>, service: Arc<dyn DataService>) -> Self {
        Self::on_front(listener, tls, front(service))
    }

    /// Lets `front` answer on `listener`, in plaintext without `tls`.
    pub fn on_front(listener: Listener, tls: Option<ServerTls>, front: Front) -> Self {
        let addr = listener.local_addr().clone();
        let (stop, stopped) = oneshot::channel();
        let options = AcceptOptions::default().with_grace(Duration::from_millis(1));
        let task = tokio::spawn(serve(vec![listener], tls, front, options, async {
            stopped.await.ok();
        }));
        Self { addr, stop, task }
    }

    /// Returns where it listens.
    pub const fn addr(&self) -> &ListenAddr {
        &self.addr
    }

    /// Returns where clients find it.
    pub fn uri(&self) -> String {
        match &self.addr {
            ListenAddr::Tcp(addr) => format!("https://localhost:{}", addr.port()),
            other => other.to_string(),
        }
    }

    /// Ends it, its running calls too.
    pub async fn stop(self) {
        drop(self.stop);
        self.task.await.unwrap().unwrap();
    }
}

/// Development certificates in a folder of their own.
#[derive(Debug)]
pub struct Certificates {
    files: CertificateFiles,
    _folder: TempDir,
}

impl Certificates {
    /// Makes them.
    #[expect(clippy::new_without_default, reason = "every test wants its own")]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { files: development(folder.path()).unwrap(), _folder: folder }
    }

    /// Returns the file that clients trust.
    pub fn ca(&self) -> &Path {
        &self.files.ca
    }

    /// Returns what a server shows.
    pub fn server_tls(&self) -> ServerTls {
        ServerTls::from_files(&self.files, None).unwrap()
    }
}

/// Answers the data calls from `service`: `default` without a name, uploads to `uploads`.
pub fn front(service: Arc<dyn DataService>) -> Front {
    front_with(service, FrontOptions::new(name("default"), name("uploads")))
}

/// Answers the small service and Flight from `service`, by `options`.
pub fn front_with(service: Arc<dyn DataService>, options: FrontOptions) -> Front {
    let flight = FlightService::new(Arc::clone(&service), FlightOptions::default());
    Front::new(service, Arc::new(flight), options, Routes::default())
}
