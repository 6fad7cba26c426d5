//! The server itself: a service, its certificates and its layers, put on listeners.
//!
//! Three steps, so that whatever can be wrong is known before anybody can connect: a configuration is understood
//! ([`Config::from_sources`]), everything that it names is opened ([`Server::build`]), and only then are addresses bound
//! ([`Server::bind`]) and served ([`Server::serve`]).

use std::sync::Arc;

use arrowlink_core::{Anonymous, Authenticator, DataService};
use arrowlink_flight::{FlightOptions, FlightService};
use arrowlink_http::HttpService;
use arrowlink_transport::{AcceptOptions, BlockPool, Drained, Front, FrontOptions, ListenAddr, Listener};
use tonic_health::ServingStatus;

use crate::certificates::{self, Certificates};
use crate::config::uploads_name;
use crate::health::standard_services;
use crate::layers::{self, Ending};
use crate::{Config, ConfigError, Schemes, ServerError, datasets};

/// A server that is ready to be put on listeners. Nothing is bound before.
///
/// One server can serve several listeners at once, TCP ports and Unix sockets; TCP speaks TLS unless plaintext was asked
/// for, and never both. What is served is a [`DataService`]: the datasets of the configuration, or anything else.
///
/// ```
/// use arrowlink_server::{Config, Server, TlsConfig};
/// use arrowlink_transport::{Drained, Listener};
/// use tokio::sync::oneshot;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let dir = tempfile::tempdir()?;
/// let config = Config::default().with_tls(TlsConfig::default().with_dir(dir.path()));
/// let server = Server::build(config).await?;
///
/// let listener = Listener::bind(&"127.0.0.1:0".parse()?).await?;
/// let (stop, stopped) = oneshot::channel::<()>();
/// let serving = server.serve(vec![listener], async { drop(stopped.await) });
/// stop.send(()).ok();
/// assert!(matches!(serving.await?, Drained::Complete));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Server {
    config: Config,
    service: Arc<dyn DataService>,
    certificates: Option<Certificates>,
    authenticator: Arc<dyn Authenticator>,
}

impl Server {
    /// Opens everything that `config` names, and makes what is missing: certificates of development, the data folder.
    ///
    /// # Errors
    ///
    /// [`ServerError`] for a dataset that is not there, a data folder or a certificate that cannot be used. A dataset
    /// that is damaged is no error: it is served with what is wrong with it, and that is logged.
    pub async fn build(config: Config) -> Result<Self, ServerError> {
        Self::build_with(config, &Schemes::default()).await
    }

    /// Opens everything as [`build`](Self::build) does, and the datasets of other schemes as `schemes` says.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build), and where a source of one's own fails to open.
    pub async fn build_with(config: Config, schemes: &Schemes) -> Result<Self, ServerError> {
        let service = datasets::open(&config, schemes).await?;
        Self::with_service(config, service).await
    }

    /// Serves `service` instead of what `config` names; its certificates, limits and addresses count as ever.
    ///
    /// The decorators of [`build`](Self::build) are not put around it: a service of one's own that takes writes from
    /// strangers goes into [`Limited`](arrowlink_core::Limited), one that can take long into
    /// [`Deadlines`](arrowlink_core::Deadlines).
    ///
    /// # Errors
    ///
    /// [`ServerError`] for a certificate that cannot be used.
    pub async fn with_service(config: Config, service: Arc<dyn DataService>) -> Result<Self, ServerError> {
        let wanted = config.clone();
        let certificates = tokio::task::spawn_blocking(move || certificates::prepare(&wanted)).await;
        let certificates = certificates.map_err(ServerError::machine)??;
        Ok(Self { config, service, certificates, authenticator: Arc::new(Anonymous::default()) })
    }

    /// Lets `authenticator` say who may call, by gRPC and by plain HTTP: what it refuses is not looked at further. It may take
    /// [`Limits::authentication_timeout`](crate::Limits::authentication_timeout). Health and reflection answer everybody.
    /// Default: [`Anonymous`], everybody may call.
    #[must_use]
    pub fn with_authenticator(mut self, authenticator: Arc<dyn Authenticator>) -> Self {
        self.authenticator = authenticator;
        self
    }

    /// Returns what is served, decorators included: what is called here is answered as it is over the network.
    ///
    /// ```
    /// use arrowlink_core::DataServiceExt as _;
    /// use arrowlink_server::{Config, DatasetConfig, Server};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let readings = DatasetConfig::new("readings".parse()?, "demo://?rows=5");
    /// let config = Config::default().with_insecure(true).with_dataset(readings);
    /// let (_, batches) = Server::build(config).await?.service().read_all(&"readings".parse()?).await?;
    /// assert_eq!(batches[0].num_rows(), 5);
    /// # Ok(())
    /// # }
    /// ```
    pub const fn service(&self) -> &Arc<dyn DataService> {
        &self.service
    }

    /// Returns what the server was told.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Returns the handle by which certificates are read again while the server runs.
    pub fn certificate_reload(&self) -> CertificateReload {
        CertificateReload(self.certificates.clone())
    }

    /// Listens on every configured address, or on none.
    ///
    /// ```
    /// use arrowlink_server::{Config, Server};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let config = Config::default().with_insecure(true).with_listen(["127.0.0.1:0".parse()?]);
    /// let listeners = Server::build(config.clone()).await?.bind().await?;
    /// let taken = listeners[0].local_addr().clone();
    /// assert!(!taken.to_string().ends_with(":0"), "the port that the system chose");
    ///
    /// let error = Server::build(config.with_listen([taken])).await?.bind().await.unwrap_err();
    /// assert!(error.to_string().contains("is taken by another program"));
    /// assert_eq!(error.exit_code(), 69);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ServerError::Listen`] for the first address that cannot be listened on.
    pub async fn bind(&self) -> Result<Vec<Listener>, ServerError> {
        let mut listeners = Vec::with_capacity(self.config.listen.len());
        for addr in &self.config.listen {
            listeners.push(Listener::bind(addr).await.map_err(ServerError::Listen)?);
        }
        Ok(listeners)
    }

    /// Answers what comes to `listeners` until `shutdown` is ready; then takes no new calls and lets running ones
    /// finish within the grace period. Dropping the future cuts every call at once.
    ///
    /// Health says `SERVING` from the start, and `NOT_SERVING` once `shutdown` is ready. All tasks of the server have
    /// ended when this returns, and the listeners are closed.
    ///
    /// # Errors
    ///
    /// [`ServerError::Config`] where a listener would carry plaintext over TCP that was not asked for.
    pub async fn serve(
        self,
        listeners: Vec<Listener>,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<Drained, ServerError> {
        self.refuse_plaintext(&listeners)?;
        let (standard, health) = standard_services().await.map_err(ServerError::machine)?;
        let ending = Ending::default();
        let flight = FlightOptions::default()
            .with_public(self.config.public.iter().cloned())
            .with_read_only(self.config.read_only);
        let flight = FlightService::new(Arc::clone(&self.service), flight);
        let http = self.config.http.options(&self.config.limits);
        let http = http.with_authenticator(Arc::clone(&self.authenticator));
        let http = self.config.http.enabled.then(|| HttpService::new(Arc::clone(&self.service), http));
        let options = front_options(&self.config).with_authenticator(self.authenticator);
        let front = Front::new(self.service, Arc::new(flight), options, standard);
        let service = layers::around(front, http, ending.clone());
        let tls = self.certificates.map(|certificates| certificates.tls);
        health.set(ServingStatus::Serving).await;
        let shutdown = async move {
            shutdown.await;
            health.set(ServingStatus::NotServing).await;
            ending.begin();
        };
        let served =
            arrowlink_transport::serve(listeners, tls, service, accept_options(&self.config), shutdown);
        served.await.map_err(ServerError::Listen)
    }

    /// Returns what people are told about the certificate.
    pub(crate) const fn certificates(&self) -> Option<&Certificates> {
        self.certificates.as_ref()
    }

    /// The listeners may be others than those that were configured: TLS is decided by what they are.
    fn refuse_plaintext(&self, listeners: &[Listener]) -> Result<(), ConfigError> {
        let refused = listeners.iter().map(Listener::local_addr).find(|addr| match addr {
            ListenAddr::Tcp(_) => self.certificates.is_none() && !(self.config.insecure && addr.is_local()),
            _ => false,
        });
        match refused {
            Some(addr) => Err(ConfigError::from_text(format!("`{addr}` would be served in plaintext"))),
            None => Ok(()),
        }
    }
}

/// Reads a server's certificates again. Cloning is cheap.
///
/// ```
/// use arrowlink_server::{Config, Server, TlsConfig};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let dir = tempfile::tempdir()?;
/// let config = Config::default().with_tls(TlsConfig::default().with_dir(dir.path()));
/// let certificates = Server::build(config).await?.certificate_reload();
/// certificates.reload()?;
/// std::fs::write(dir.path().join("server.key"), "not a key")?;
/// assert!(certificates.reload().is_err(), "the old certificate stays in use");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct CertificateReload(Option<Certificates>);

impl CertificateReload {
    /// Reads the files again; connections made from now on see what they hold. This waits for the disk.
    ///
    /// # Errors
    ///
    /// [`ServerError::Certificates`] where they cannot be used; those in use stay in use.
    pub fn reload(&self) -> Result<(), ServerError> {
        match &self.0 {
            Some(certificates) => certificates.tls.reload().map_err(ServerError::Certificates),
            None => Ok(()),
        }
    }
}

/// Takes over what bounds one message and one upload.
fn front_options(config: &Config) -> FrontOptions {
    let max_message_bytes = usize::try_from(config.limits.max_message_bytes).unwrap_or(usize::MAX);
    FrontOptions::new(config.default.clone(), uploads_name())
        .with_max_message_bytes(max_message_bytes)
        .with_idle_timeout(config.limits.stall_timeout)
        .with_exchange_timeout(config.limits.exchange_timeout)
        .with_authentication_timeout(config.limits.authentication_timeout)
        .with_pool(BlockPool::new(usize::try_from(config.limits.max_idle_blocks).unwrap_or(usize::MAX)))
}

/// Takes over what bounds connections, and their HTTP/2; pings stay as transport has them.
fn accept_options(config: &Config) -> AcceptOptions {
    let limits = &config.limits;
    AcceptOptions::default()
        .with_max_connections(limits.max_connections as usize)
        .with_max_concurrent_streams(limits.max_concurrent_streams)
        .with_handshake_timeout(limits.handshake_timeout)
        .with_idle_timeout(limits.idle_timeout)
        .with_stall_timeout(limits.stall_timeout)
        .with_grace(limits.grace)
        .with_http2(config.http2)
}
