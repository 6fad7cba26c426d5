//! Which certificate the server shows: the operator's own, or one of development on loopback.
//!
//! Deciding ([`plan`]) is apart from doing ([`prepare`]), so that `--check-config` says what would happen and makes
//! nothing. There is no way from a missing certificate to plaintext.

use std::path::PathBuf;

use arrowlink_transport::certificates::{self, CertificateFiles};
use arrowlink_transport::{ListenAddr, ServerTls};

use crate::{Config, ConfigError, ServerError};

/// A certificate that is ready to be shown, and what people are told about it.
#[derive(Clone, Debug)]
pub(crate) struct Certificates {
    pub(crate) tls: ServerTls,
    /// The CA certificate that clients are given, where the server knows it.
    pub(crate) ca: Option<PathBuf>,
    /// Whom it is valid for, where it lies in the folder of certificates.
    pub(crate) names: Vec<String>,
}

/// Reads the certificates that `config` means, and makes those of development where they are missing.
///
/// `None` where nothing is encrypted: plaintext, or Unix sockets alone.
pub(crate) fn prepare(config: &Config) -> Result<Option<Certificates>, ServerError> {
    let Some(plan) = plan(config)? else { return Ok(None) };
    let files = match plan {
        Plan::Own(files) => files,
        Plan::Development(dir) => certificates::development(&dir).map_err(ServerError::Certificates)?,
    };
    let tls = read(&files, config)?;
    let in_folder = config.tls.certificate.is_none();
    let names = if in_folder { certificates::check(&config.tls.dir).names().to_vec() } else { Vec::new() };
    // Beside files that were named one by one there is no telling which CA signed them.
    let has_ca = in_folder && files.ca.exists();
    Ok(Some(Certificates { tls, ca: has_ca.then_some(files.ca), names }))
}

/// Reads a certificate and its key.
pub(crate) fn read(files: &CertificateFiles, config: &Config) -> Result<ServerTls, ServerError> {
    ServerTls::from_files(files, config.tls.client_ca.as_deref())
        .and_then(|tls| tls.with_options(config.tls.options))
        .map_err(ServerError::Certificates)
}

/// What would be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Files of the operator.
    Own(CertificateFiles),
    /// What this folder has, or what is made in it.
    Development(PathBuf),
}

/// Decides without making anything; refuses certificates of development where other machines can connect.
///
/// The order is: files that were named, a pair in the folder that was not made for development, development. `None`
/// where nothing is encrypted.
pub(crate) fn plan(config: &Config) -> Result<Option<Plan>, ServerError> {
    let tcp = || config.listen.iter().filter(|addr| matches!(addr, ListenAddr::Tcp(_)));
    if config.insecure || tcp().next().is_none() {
        return Ok(None);
    }
    let in_dir = CertificateFiles::in_dir(&config.tls.dir);
    if let Some(own) = &config.tls.certificate {
        let files = CertificateFiles { ca: in_dir.ca, cert: own.cert.clone(), key: own.key.clone() };
        return Ok(Some(Plan::Own(files)));
    }
    if in_dir.cert.exists() && in_dir.key.exists() && !config.tls.dir.join(DEVELOPMENT_KEY).exists() {
        return Ok(Some(Plan::Own(in_dir)));
    }
    match tcp().find(|addr| !addr.is_local()) {
        Some(addr) => Err(ConfigError::from_text(format!(
            "`{addr}` can be reached from other machines, whose clients do not trust a certificate of development: \
             give your own by `server.tls.cert` and `server.tls.key`, put `server.crt` and `server.key` into a folder \
             for `--tls-dir`, or listen on 127.0.0.1"
        ))
        .into()),
        None => Ok(Some(Plan::Development(config.tls.dir.clone()))),
    }
}

/// The key of the development CA. A folder that has it was filled for development; an operator's folder has no such key.
const DEVELOPMENT_KEY: &str = "ca.key";
