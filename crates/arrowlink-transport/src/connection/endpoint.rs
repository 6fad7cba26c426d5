//! Addresses that a client can connect to.
//!
//! | address | speaks |
//! |---|---|
//! | `https://HOST[:PORT]` | TLS, to a server whose CA is given |
//! | `http://HOST[:PORT]` | plaintext, where that is allowed and the host is this machine |
//! | `unix:///PATH` | plaintext |
//!
//! An address has no path, query or user: what looks like one is refused, rather than dropped.

use std::net::{IpAddr, Ipv6Addr};
use std::path::PathBuf;

use arrowlink_core::{Error, ErrorKind};
use http::Uri;
use http::uri::{Authority, Scheme};

use super::options::{ConnectOptions, Plaintext};
use crate::tls::ClientTls;

/// Where a connection goes, with what it takes.
#[derive(Clone, Debug)]
pub(super) enum Endpoint {
    Tls { host: String, port: u16, tls: ClientTls },
    Plaintext { host: String, port: u16 },
    Unix(PathBuf),
    Memory,
}

impl Endpoint {
    pub(super) fn parse(text: &str, options: &ConnectOptions) -> Result<Self, Error> {
        if let Some(path) = text.strip_prefix("unix://").filter(|path| path.starts_with('/')) {
            return Ok(Self::Unix(path.into()));
        }
        let uri: Uri = text.parse().map_err(|_| invalid(text))?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(|| invalid(text))?;
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            // The text is not shown: there may be a password in it.
            return Err(Error::new(ErrorKind::InvalidArgument, HAS_USER));
        }
        if uri.path() != "/" || uri.query().is_some() {
            return Err(invalid(text));
        }
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = uri.port_u16().unwrap_or(DEFAULT_PORT);
        match (uri.scheme_str(), &options.tls) {
            (Some("https"), Some(tls)) => Ok(Self::Tls { host, port, tls: tls.clone() }),
            (Some("https"), None) => Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "`{text}` needs the file of the CA that signed the server's certificate, usually `certs/ca.crt`"
                ),
            )),
            (Some("http"), _) => plaintext(text, host, port, options),
            _ => Err(invalid(text)),
        }
    }

    pub(super) const fn scheme(&self) -> Scheme {
        match self {
            Self::Tls { .. } => Scheme::HTTPS,
            Self::Plaintext { .. } | Self::Unix(_) | Self::Memory => Scheme::HTTP,
        }
    }

    /// What requests call the server.
    pub(super) fn authority(&self) -> Authority {
        let text = match self {
            Self::Tls { host, port, .. } | Self::Plaintext { host, port } => match host.parse::<Ipv6Addr>() {
                Ok(addr) => format!("[{addr}]:{port}"),
                Err(_) => format!("{host}:{port}"),
            },
            Self::Unix(_) | Self::Memory => "localhost".to_owned(),
        };
        text.parse().unwrap_or_else(|_| Authority::from_static("localhost"))
    }
}

fn plaintext(text: &str, host: String, port: u16, options: &ConnectOptions) -> Result<Endpoint, Error> {
    let local = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|addr| addr.is_loopback());
    if options.plaintext == Plaintext::Loopback && local {
        return Ok(Endpoint::Plaintext { host, port });
    }
    let fix = if local { "use `https://`, or allow plaintext on this machine" } else { "use `https://`" };
    Err(Error::new(ErrorKind::InvalidArgument, format!("`{text}` would send everything in plaintext: {fix}")))
}

pub(super) fn invalid(text: &str) -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        format!("`{text}` is not the address of a server: use `https://HOST:PORT` or `unix:///PATH`"),
    )
}

/// The port of an address that names none.
pub const DEFAULT_PORT: u16 = 50051;
const HAS_USER: &str = "the address of a server has no user before an `@`: use `https://HOST:PORT`";
