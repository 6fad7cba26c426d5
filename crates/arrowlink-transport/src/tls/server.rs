//! The server's side: a certificate that can be replaced while connections run.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::server::{ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{RootCertStore, ServerConfig};
use tokio::io::BufReader;
use tokio::net::TcpStream;
use tokio_rustls::{Accept, TlsAcceptor};

use super::{HTTP_1, HTTP_2, TlsOptions, pair, provider};
use crate::certificates::CertificateFiles;
use crate::x509::{Facts, minute};
use crate::{Error, pem};

/// The certificate a server shows, and which client certificates it asks for. Clones share the certificate.
///
/// Offers TLS 1.2 and 1.3 with `h2` and `http/1.1` by ALPN, in this order. Connections that run keep the certificate they began with.
///
/// ```
/// use arrowlink_transport::{ServerTls, certificates};
///
/// let dir = tempfile::tempdir()?;
/// let files = certificates::development(dir.path())?;
/// let tls = ServerTls::from_files(&files, None)?;
/// std::fs::write(&files.key, "not a key")?;
/// assert!(tls.reload().is_err(), "the old certificate stays in use");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ServerTls {
    sources: Arc<Sources>,
    current: Arc<RwLock<Arc<ServerConfig>>>,
}

#[derive(Debug)]
struct Sources {
    cert: PathBuf,
    key: PathBuf,
    client_ca: Option<PathBuf>,
    options: TlsOptions,
}

impl ServerTls {
    /// Reads certificate and key; with `client_ca`, only clients with a certificate signed by it may connect.
    ///
    /// Names are not compared: a server may be given a certificate for hosts it does not know of.
    ///
    /// ```
    /// use arrowlink_transport::{ClientTls, Error, ServerTls, certificates};
    ///
    /// let dir = tempfile::tempdir()?;
    /// let files = certificates::development(dir.path())?;
    /// let ours = certificates::client(dir.path(), "ingest")?;
    /// ServerTls::from_files(&files, Some(&files.ca))?;
    /// ClientTls::with_identity(&ours.ca, &ours.cert, &ours.key)?;
    ///
    /// let expired = certificates::expired(&dir.path().join("expired"))?;
    /// assert!(matches!(ServerTls::from_files(&expired, None), Err(Error::Expired { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Missing`], [`Error::Unreadable`] and [`Error::NotPem`] for a file, [`Error::KeyMismatch`] for the two,
    /// [`Error::Expired`] for the certificate, [`Error::Unusable`] for what TLS does not take.
    pub fn from_files(files: &CertificateFiles, client_ca: Option<&Path>) -> Result<Self, Error> {
        let sources = Sources {
            cert: files.cert.clone(),
            key: files.key.clone(),
            client_ca: client_ca.map(Path::to_owned),
            options: TlsOptions::default(),
        };
        Self::new(sources)
    }

    /// Sets how its connections read, send and encrypt; the files are read again for it. Clones that were made before
    /// keep what they have.
    ///
    /// # Errors
    ///
    /// As [`from_files`](Self::from_files).
    pub fn with_options(self, options: TlsOptions) -> Result<Self, Error> {
        let Sources { cert, key, client_ca, .. } = &*self.sources;
        let (cert, key, client_ca) = (cert.clone(), key.clone(), client_ca.clone());
        Self::new(Sources { cert, key, client_ca, options })
    }

    fn new(sources: Sources) -> Result<Self, Error> {
        let config = sources.load()?;
        Ok(Self { sources: Arc::new(sources), current: Arc::new(RwLock::new(config)) })
    }

    /// Returns how its connections read, send and encrypt.
    pub fn options(&self) -> TlsOptions {
        self.sources.options
    }

    /// Reads the files again; connections made from now on see what they hold.
    ///
    /// # Errors
    ///
    /// As [`from_files`](Self::from_files); what was in use stays in use then.
    pub fn reload(&self) -> Result<(), Error> {
        let config = self.sources.load()?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    /// Begins a handshake with the certificate that a connection that begins now is shown.
    ///
    /// What is read is buffered below TLS, which alone would ask for each record; what is written is not.
    pub(crate) fn accept(&self, stream: TcpStream) -> Accept<BufReader<TcpStream>> {
        let config = Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner));
        let options = self.options();
        let stream = BufReader::with_capacity(options.read_buffer_bytes() as usize, stream);
        let limit = options.send_buffer_bytes() as usize;
        TlsAcceptor::from(config).accept_with(stream, |session| session.set_buffer_limit(Some(limit)))
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTls").field("sources", &self.sources).finish_non_exhaustive()
    }
}

impl Sources {
    fn load(&self) -> Result<Arc<ServerConfig>, Error> {
        let certified = pair(&self.cert, &self.key)?;
        self.refuse_expired(&certified)?;
        let resolver: Arc<dyn ResolvesServerCert> = Arc::new(SingleCertAndKey::from(certified));
        let builder = ServerConfig::builder_with_provider(self.options.ciphers().provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::Unusable { path: self.cert.clone(), reason: error.to_string() })?;
        let builder = match &self.client_ca {
            None => builder.with_no_client_auth(),
            Some(path) => builder.with_client_cert_verifier(client_verifier(path)?),
        };
        let mut config = builder.with_cert_resolver(resolver);
        config.alpn_protocols = vec![HTTP_2.to_vec(), HTTP_1.to_vec()];
        config.ignore_client_order = true;
        Ok(Arc::new(config))
    }

    fn refuse_expired(&self, certified: &CertifiedKey) -> Result<(), Error> {
        let Some(certificate) = certified.cert.first() else { return Ok(()) };
        let facts = Facts::of(certificate, &self.cert)?;
        if facts.is_expired() {
            return Err(Error::Expired {
                path: self.cert.clone(),
                at: minute(facts.not_after),
                fix: FIX_EXPIRED,
            });
        }
        Ok(())
    }
}

fn client_verifier(path: &Path) -> Result<Arc<dyn rustls::server::danger::ClientCertVerifier>, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in pem::certificates(path, FIX_CLIENT_CA)? {
        roots
            .add(certificate)
            .map_err(|error| Error::Unusable { path: path.to_owned(), reason: error.to_string() })?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(provider()))
        .build()
        .map_err(|error| Error::Unusable { path: path.to_owned(), reason: error.to_string() })
}

const FIX_EXPIRED: &str = "renew it, or run `cargo xtask certs` for a development certificate";
const FIX_CLIENT_CA: &str = "it is the CA that signed the certificates of the clients; check the path";
