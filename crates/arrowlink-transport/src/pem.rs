//! Certificates and keys from PEM files, with errors that name the file.
//!
//! A file may hold other blocks, too: a key file that begins with its certificate is as good as one without.

use std::fs;
use std::io;
use std::path::Path;

use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::Error;

/// Reads every certificate of a file, in order; at least one.
pub(crate) fn certificates(path: &Path, fix: &str) -> Result<Vec<CertificateDer<'static>>, Error> {
    let text = read(path, fix)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) | Err(_) => {
            Err(Error::NotPem { path: path.to_owned(), expected: "certificate", label: "CERTIFICATE" })
        }
    }
}

/// Reads the first private key of a file.
pub(crate) fn key(path: &Path, fix: &str) -> Result<PrivateKeyDer<'static>, Error> {
    let text = read(path, fix)?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|_| Error::NotPem {
        path: path.to_owned(),
        expected: "private key",
        label: "PRIVATE KEY",
    })
}

fn read(path: &Path, fix: &str) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => Error::Missing { path: path.to_owned(), fix: fix.to_owned() },
        _ => Error::Unreadable { path: path.to_owned(), source },
    })
}
