//! Whom a connection trusts, and what it shows of itself.

use std::path::Path;
use std::sync::Arc;

use arrowlink_core::{Error, ErrorKind, Result};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::PostgresOptions;
use crate::address::{Address, Host};
use crate::credentials::unreadable;

/// How the connections of a database are encrypted.
#[derive(Clone)]
pub(crate) enum Tls {
    /// Not at all: nothing leaves this machine.
    None,
    /// By the certificates of the configuration, with the name of the server checked.
    Verified(MakeRustlsConnect),
}

impl Tls {
    /// Decides it for `address`.
    ///
    /// Fails with `InvalidArgument` where plaintext is asked for past this machine, and where a certificate is none.
    pub(crate) fn new(address: &Address, options: &PostgresOptions) -> Result<Self> {
        if matches!(address.host, Host::Unix(_)) {
            return Ok(Self::None);
        }
        if options.insecure {
            return if address.is_local() { Ok(Self::None) } else { Err(plaintext(address)) };
        }
        let mut roots = RootCertStore::empty();
        match &options.ca {
            Some(file) => {
                for certificate in certificates(file)? {
                    roots.add(certificate).map_err(|error| unusable(file).with_source(error))?;
                }
            }
            None => roots = machine()?,
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::new(ErrorKind::Internal, "TLS cannot be prepared").with_source(error))?
            .with_root_certificates(roots);
        let config = match &options.identity {
            None => builder.with_no_client_auth(),
            Some((cert, key)) => builder
                .with_client_auth_cert(certificates(cert)?, private_key(key)?)
                .map_err(|error| unusable(cert).with_source(error))?,
        };
        Ok(Self::Verified(MakeRustlsConnect::new(config)))
    }
}

/// Returns the authorities that this machine trusts.
fn machine() -> Result<RootCertStore> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let text =
            "this machine trusts no certificate authority: name the one of the database by the key `ca`";
        return Err(Error::new(ErrorKind::InvalidArgument, text));
    }
    Ok(roots)
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let text = std::fs::read(file).map_err(|error| unreadable(file, error))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err(unusable(file)),
        Err(error) => Err(unusable(file).with_source(error)),
    }
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>> {
    let text = std::fs::read(file).map_err(|error| unreadable(file, error))?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| unusable(file).with_source(error))
}

fn unusable(file: &Path) -> Error {
    let text = format!("`{}` is not a certificate or key in PEM that can be used", file.display());
    Error::new(ErrorKind::InvalidArgument, text)
}

fn plaintext(address: &Address) -> Error {
    let text = format!(
        "`{}` would be asked in plaintext past this machine: leave `insecure` out, the server has to offer TLS",
        address.shown()
    );
    Error::new(ErrorKind::InvalidArgument, text)
}
