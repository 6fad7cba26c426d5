//! Why a TLS handshake failed, in words for whoever has to repair it.
//!
//! The two ends know different things. A client that refuses a certificate knows why; its server hears of an alert, a
//! word or two that the client may keep to itself. Each end is told what it can do about it, and what TLS itself said.

use std::error::Error as StdError;
use std::io;
use std::path::Path;

use arrowlink_core::{Error, ErrorKind};
use rustls::{AlertDescription, CertificateError, InvalidMessage};
use rustls_pki_types::UnixTime;
use time::OffsetDateTime;

use crate::x509::minute;

/// What a client is told when the handshake with `address` failed; `ca` is the file it trusts.
///
/// A certificate that is not accepted is `Unauthenticated`: trying again does not help. The rest is `Unavailable`.
pub(crate) fn client_failure(error: &io::Error, address: &str, ca: &Path) -> Error {
    let ca = ca.display();
    let unauthenticated = |text: String| Error::new(ErrorKind::Unauthenticated, text);
    match tls_error(error) {
        Some(rustls::Error::InvalidCertificate(reason)) => match reason {
            CertificateError::Expired => {
                unauthenticated(format!("the certificate of `{address}` expired; renew it on the server"))
            }
            CertificateError::ExpiredContext { not_after, .. } => unauthenticated(format!(
                "the certificate of `{address}` expired on {}: renew it on the server, a development certificate by \
                 `cargo xtask certs`",
                moment(*not_after)
            )),
            CertificateError::NotValidYetContext { not_before, .. } => unauthenticated(format!(
                "the certificate of `{address}` is not valid before {}: is this machine's clock right?",
                moment(*not_before)
            )),
            CertificateError::NotValidForNameContext { presented, .. } => unauthenticated(format!(
                "the certificate of `{address}` is not for that host: connect by one of its names ({}), or give the \
                 server a certificate for this one",
                presented.iter().map(|name| plain_name(name)).collect::<Vec<_>>().join(", ")
            )),
            CertificateError::UnknownIssuer | CertificateError::BadSignature => unauthenticated(format!(
                "the certificate of `{address}` is not signed by the CA in `{ca}`: copy the server's `ca.crt` and use \
                 that, or check that this is the server you mean"
            )),
            other => unauthenticated(format!("the certificate of `{address}` is not accepted: {other}")),
        },
        Some(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) => Error::new(
            ErrorKind::Unavailable,
            format!("`{address}` does not speak TLS: there is a plaintext server on that port"),
        ),
        Some(rustls::Error::NoApplicationProtocol) => Error::new(
            ErrorKind::Unavailable,
            format!("`{address}` speaks TLS and not HTTP/2: it is not an ArrowLink server"),
        ),
        Some(rustls::Error::AlertReceived(alert)) => refused_by_server(address, *alert),
        Some(other) => {
            Error::new(ErrorKind::Unavailable, format!("the TLS handshake with `{address}` failed"))
                .with_source(other.to_string())
        }
        None => Error::new(
            ErrorKind::Unavailable,
            format!(
                "`{address}` ended the connection during the TLS handshake: does it speak TLS on that port?"
            ),
        )
        .with_source(error.to_string()),
    }
}

/// What a server logs when the handshake of a client failed.
pub(crate) fn server_failure(error: &io::Error) -> String {
    match tls_error(error) {
        Some(rustls::Error::AlertReceived(alert)) => rejected_by_client(*alert),
        Some(rustls::Error::NoCertificatesPresented) => {
            "the client showed no certificate and this server asks for one".to_owned()
        }
        Some(rustls::Error::InvalidCertificate(reason)) => {
            format!("the client's certificate is not accepted: {reason}")
        }
        Some(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
            "the client does not speak TLS".to_owned()
        }
        Some(rustls::Error::NoApplicationProtocol) => {
            "the client offers neither HTTP/2 (`h2`) nor HTTP/1.1 (`http/1.1`) by ALPN".to_owned()
        }
        Some(other) => other.to_string(),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the client ended the connection in the middle of the handshake".to_owned()
        }
        None => error.to_string(),
    }
}

/// What a client is told when a connection that had begun was lost with `text`, where a TLS alert is why.
///
/// A server judges the client's certificate after the client's side of the handshake is over, so that its alert meets
/// the first call; by then HTTP/2 has kept the words alone.
pub(crate) fn lost_to_alert(address: &str, text: &str) -> Option<Error> {
    let named = |alert: &AlertDescription| text.contains(&format!("alert: {alert:?}"));
    ALERTS.into_iter().find(named).map(|alert| refused_by_server(address, alert))
}

/// Finds what TLS itself said among the causes of an error.
fn tls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

/// What a client is told when the server ended TLS with an alert.
fn refused_by_server(address: &str, alert: AlertDescription) -> Error {
    match alert {
        AlertDescription::CertificateRequired => Error::new(
            ErrorKind::Unauthenticated,
            format!("`{address}` asks for a client certificate: give one that its client CA signed"),
        ),
        alert if ALERTS.contains(&alert) => Error::new(
            ErrorKind::Unauthenticated,
            format!(
                "`{address}` does not accept the client certificate ({alert:?}): use one that its client CA signed"
            ),
        ),
        other => {
            Error::new(ErrorKind::Unavailable, format!("`{address}` refused the TLS handshake ({other:?})"))
        }
    }
}

fn rejected_by_client(alert: AlertDescription) -> String {
    let why = match alert {
        AlertDescription::UnknownCA | AlertDescription::DecryptError => {
            "it does not trust the CA that signed it; give it this server's `ca.crt`"
        }
        AlertDescription::CertificateExpired => "it is expired by the client's clock",
        AlertDescription::BadCertificate => {
            "it is not valid for the host name the client used, or is damaged"
        }
        AlertDescription::CertificateUnknown | AlertDescription::UnsupportedCertificate => {
            "it did not say why"
        }
        _ => return format!("the client ended the handshake ({alert:?})"),
    };
    format!("the client rejected this server's certificate ({alert:?}): {why}")
}

/// rustls lists names as `DnsName("localhost")`: takes what is between the quotes.
fn plain_name(presented: &str) -> &str {
    let inner = presented.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(presented);
    inner.trim_matches('"')
}

fn moment(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    OffsetDateTime::from_unix_timestamp(seconds).map_or_else(|_| format!("{seconds}"), minute)
}

/// The alerts by which one side refuses the certificate of the other.
const ALERTS: [AlertDescription; 8] = [
    AlertDescription::CertificateRequired,
    AlertDescription::UnknownCA,
    AlertDescription::BadCertificate,
    AlertDescription::CertificateExpired,
    AlertDescription::CertificateRevoked,
    AlertDescription::CertificateUnknown,
    AlertDescription::DecryptError,
    AlertDescription::AccessDenied,
];
