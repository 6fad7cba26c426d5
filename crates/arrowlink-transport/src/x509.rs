//! What a certificate says: names, times, issuer, fingerprint.
//!
//! For people alone, in reports and errors; whether a certificate is accepted is decided by TLS.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;

use rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256;
use rustls_pki_types::CertificateDer;
use time::OffsetDateTime;
use time::macros::format_description;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::Error;

/// The parts of a certificate that matter here.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// DNS names and addresses it is valid for.
    pub(crate) names: Vec<String>,
    pub(crate) not_before: OffsetDateTime,
    pub(crate) not_after: OffsetDateTime,
    /// Whom it is about, such as `CN=ArrowLink server`.
    pub(crate) subject: String,
    /// Who signed it.
    pub(crate) issuer: String,
    /// The SHA-256 of the whole certificate.
    pub(crate) fingerprint: String,
}

impl Facts {
    /// Reads a certificate that came from `path`.
    pub(crate) fn of(certificate: &CertificateDer<'_>, path: &Path) -> Result<Self, Error> {
        let unusable = |reason: String| Error::Unusable { path: path.to_owned(), reason };
        let (_, parsed) = X509Certificate::from_der(certificate)
            .map_err(|error| unusable(format!("its certificate is damaged ({error})")))?;
        let names = parsed
            .subject_alternative_name()
            .map_err(|error| unusable(format!("its subject alternative names are damaged ({error})")))?
            .map(|extension| extension.value.general_names.iter().filter_map(name).collect())
            .unwrap_or_default();
        Ok(Self {
            names,
            not_before: parsed.validity().not_before.to_datetime(),
            not_after: parsed.validity().not_after.to_datetime(),
            subject: parsed.subject().to_string(),
            issuer: parsed.issuer().to_string(),
            fingerprint: fingerprint(certificate),
        })
    }

    /// Returns whether the certificate's time is over.
    pub(crate) fn is_expired(&self) -> bool {
        self.not_after <= OffsetDateTime::now_utc()
    }
}

/// Writes a time as `2026-11-21 06:22 UTC`.
pub(crate) fn minute(time: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    time.to_offset(time::UtcOffset::UTC).format(format).unwrap_or_else(|_| time.to_string())
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(dns) => Some((*dns).to_owned()),
        GeneralName::IPAddress(bytes) => match **bytes {
            [a, b, c, d] => Some(Ipv4Addr::new(a, b, c, d).to_string()),
            ref bytes => <[u8; 16]>::try_from(bytes).ok().map(|bytes| Ipv6Addr::from(bytes).to_string()),
        },
        _ => None,
    }
}

fn fingerprint(certificate: &[u8]) -> String {
    let Some(suite) = TLS13_AES_128_GCM_SHA256.tls13() else { return String::new() };
    let digest = suite.common.hash_provider.hash(certificate);
    digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}
