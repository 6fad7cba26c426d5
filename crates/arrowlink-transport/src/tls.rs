//! TLS for both ends, with errors that name the file and the fix. Nothing here ever falls back to plaintext.
//!
//! Versions 1.2 and 1.3, HTTP/2 (and at servers HTTP/1.1) by ALPN, certificates from files. A file is read when it is named: what is wrong with it
//! is told at the start, or at the reload, and not to the first client.

mod client;
mod failure;
mod options;
mod server;

use std::path::Path;

use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;

use crate::{Error, pem};

pub use client::ClientTls;
pub(crate) use failure::{client_failure, lost_to_alert, server_failure};
pub use options::{CipherPreference, TlsOptions};
pub use server::ServerTls;

/// Reads a certificate chain and its key and makes sure that they belong together.
pub(crate) fn pair(cert: &Path, key: &Path) -> Result<CertifiedKey, Error> {
    let chain = pem::certificates(cert, FIX_CERTIFICATE)?;
    let secret = pem::key(key, FIX_KEY)?;
    CertifiedKey::from_der(chain, secret, &provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            Error::KeyMismatch { cert: cert.to_owned(), key: key.to_owned(), fix: FIX_PAIR }
        }
        other => Error::Unusable { path: key.to_owned(), reason: other.to_string() },
    })
}

/// The one cryptography of the project, whatever a process-wide default says.
fn provider() -> CryptoProvider {
    rustls::crypto::ring::default_provider()
}

/// HTTP/2, as ALPN calls it: what calls need, and what a server prefers.
pub(crate) const HTTP_2: &[u8] = b"h2";
/// HTTP/1.1, as ALPN calls it.
pub(crate) const HTTP_1: &[u8] = b"http/1.1";
const FIX_CERTIFICATE: &str = "check the path, or run `cargo xtask certs` to make a development certificate";
const FIX_KEY: &str = "check the path; the key is the file that was made together with the certificate";
const FIX_PAIR: &str = "use the two files that were made together";
