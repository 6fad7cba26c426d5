//! The client's side: which CA is trusted, and who the client is.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};

use super::{ALPN, pair, provider};
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
    config: Arc<ClientConfig>,
    ca: PathBuf,
}

impl ClientTls {
    /// Trusts the certificates in `ca` and what they signed.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`], which says how the file is made, [`Error::Unreadable`], [`Error::NotPem`] and
    /// [`Error::Unusable`].
    pub fn from_ca_file(ca: &Path) -> Result<Self, Error> {
        let config = trusting(ca)?.with_no_client_auth();
        Ok(Self::new(config, ca))
    }

    /// As [`from_ca_file`](Self::from_ca_file), and shows the certificate `cert` to servers that ask for one.
    ///
    /// # Errors
    ///
    /// As [`from_ca_file`](Self::from_ca_file), for each of the files; [`Error::KeyMismatch`].
    pub fn with_identity(ca: &Path, cert: &Path, key: &Path) -> Result<Self, Error> {
        let chain = pair(cert, key)?.cert;
        let secret = pem::key(key, FIX)?;
        let config = trusting(ca)?
            .with_client_auth_cert(chain, secret)
            .map_err(|error| Error::Unusable { path: cert.to_owned(), reason: error.to_string() })?;
        Ok(Self::new(config, ca))
    }

    fn new(mut config: ClientConfig, ca: &Path) -> Self {
        config.alpn_protocols = vec![ALPN.to_vec()];
        Self { config: Arc::new(config), ca: ca.to_owned() }
    }

    pub(crate) fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }

    /// Returns the file of the CA.
    pub fn ca(&self) -> &Path {
        &self.ca
    }
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientTls").field("ca", &self.ca).finish_non_exhaustive()
    }
}

fn trusting(ca: &Path) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, Error> {
    let unusable = |error: rustls::Error| Error::Unusable { path: ca.to_owned(), reason: error.to_string() };
    let mut roots = RootCertStore::empty();
    for certificate in pem::certificates(ca, FIX)? {
        roots.add(certificate).map_err(unusable)?;
    }
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(unusable)?;
    Ok(builder.with_root_certificates(roots))
}
