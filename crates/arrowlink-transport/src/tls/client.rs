//! The client's side: which CA is trusted, and who the client is.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};
use rustls_pki_types::ServerName;
use tokio::io::BufReader;
use tokio::net::TcpStream;
use tokio_rustls::{Connect, TlsConnector};

use super::{HTTP_2, TlsOptions, pair};
use crate::certificates::FIX;
use crate::{Error, pem};

/// Which server certificates a client trusts: those signed by one CA file and no others.
///
/// The certificates of the operating system play no part: a server is trusted because its CA was given. Cloning is
/// cheap. A connection that is refused says whether the certificate is expired, for another host, or of another CA.
///
/// ```
/// use arrowlink_transport::{ClientTls, ConnectOptions, certificates};
///
/// let dir = tempfile::tempdir()?;
/// let files = certificates::development(dir.path())?;
/// let options = ConnectOptions::default().with_tls(ClientTls::from_ca_file(&files.ca)?);
/// assert_eq!(options.tls.unwrap().ca(), files.ca);
///
/// let error = ClientTls::from_ca_file("nowhere/ca.crt".as_ref()).unwrap_err();
/// assert!(error.to_string().starts_with("there is no `nowhere/ca.crt`: run `cargo xtask certs`"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ClientTls {
    sources: Arc<Sources>,
    config: Arc<ClientConfig>,
}

#[derive(Clone, Debug)]
struct Sources {
    ca: PathBuf,
    /// Certificate and key.
    identity: Option<(PathBuf, PathBuf)>,
    options: TlsOptions,
}

impl ClientTls {
    /// Trusts the certificates in `ca` and what they signed.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`], which says how the file is made, [`Error::Unreadable`], [`Error::NotPem`] and
    /// [`Error::Unusable`].
    pub fn from_ca_file(ca: &Path) -> Result<Self, Error> {
        Self::new(Sources { ca: ca.to_owned(), identity: None, options: TlsOptions::default() })
    }

    /// As [`from_ca_file`](Self::from_ca_file), and shows the certificate `cert` to servers that ask for one.
    ///
    /// # Errors
    ///
    /// As [`from_ca_file`](Self::from_ca_file), for each of the files; [`Error::KeyMismatch`].
    pub fn with_identity(ca: &Path, cert: &Path, key: &Path) -> Result<Self, Error> {
        let identity = Some((cert.to_owned(), key.to_owned()));
        Self::new(Sources { ca: ca.to_owned(), identity, options: TlsOptions::default() })
    }

    /// Sets how its connections read, send and encrypt; the files are read again for it.
    ///
    /// # Errors
    ///
    /// As [`with_identity`](Self::with_identity).
    pub fn with_options(self, options: TlsOptions) -> Result<Self, Error> {
        Self::new(Sources { options, ..Sources::clone(&self.sources) })
    }

    fn new(sources: Sources) -> Result<Self, Error> {
        let config = Arc::new(sources.load()?);
        Ok(Self { sources: Arc::new(sources), config })
    }

    /// Returns the file of the CA.
    pub fn ca(&self) -> &Path {
        &self.sources.ca
    }

    /// Returns how its connections read, send and encrypt.
    pub fn options(&self) -> TlsOptions {
        self.sources.options
    }

    /// Begins a handshake with the server `name`.
    ///
    /// What is read is buffered below TLS, which alone would ask for each record; what is written is not.
    pub(crate) fn connect(
        &self,
        name: ServerName<'static>,
        stream: TcpStream,
    ) -> Connect<BufReader<TcpStream>> {
        let options = self.options();
        let stream = BufReader::with_capacity(options.read_buffer_bytes() as usize, stream);
        let limit = options.send_buffer_bytes() as usize;
        let connector = TlsConnector::from(Arc::clone(&self.config));
        connector.connect_with(name, stream, |session| session.set_buffer_limit(Some(limit)))
    }
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientTls").field("sources", &self.sources).finish_non_exhaustive()
    }
}

impl Sources {
    fn load(&self) -> Result<ClientConfig, Error> {
        let builder = trusting(&self.ca, self.options)?;
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some((cert, key)) => {
                let shown = SingleCertAndKey::from(pair(cert, key)?);
                builder.with_client_cert_resolver(Arc::new(shown))
            }
        };
        config.alpn_protocols = vec![HTTP_2.to_vec()];
        Ok(config)
    }
}

fn trusting(ca: &Path, options: TlsOptions) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, Error> {
    let unusable = |error: rustls::Error| Error::Unusable { path: ca.to_owned(), reason: error.to_string() };
    let mut roots = RootCertStore::empty();
    for certificate in pem::certificates(ca, FIX)? {
        roots.add(certificate).map_err(unusable)?;
    }
    let builder = ClientConfig::builder_with_provider(options.ciphers().provider())
        .with_safe_default_protocol_versions()
        .map_err(unusable)?;
    Ok(builder.with_root_certificates(roots))
}
