//! Who is at the other end of a connection.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use arrowlink_core::PeerCredentials;
use bytes::Bytes;
use tokio::net::unix::UCred;

/// The other end of a connection, in the extensions of every request that comes over it.
///
/// ```
/// use arrowlink_transport::{Encryption, Peer};
///
/// let peer = Peer::tcp("127.0.0.1:40000".parse().unwrap(), Encryption::Tls);
/// assert_eq!(peer.to_string(), "127.0.0.1:40000");
/// assert_eq!(peer.encryption(), Encryption::Tls);
/// ```
///
/// Over a Unix socket it is a process of this host:
///
/// ```
/// use arrowlink_core::PeerCredentials;
/// use arrowlink_transport::Peer;
///
/// let credentials = PeerCredentials::new(1000, 100).with_pid(812);
/// let peer = Peer::unix(Some(credentials));
/// assert_eq!(peer.to_string(), "unix:pid=812,uid=1000");
/// assert_eq!(peer.credentials(), Some(credentials));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Peer(Medium);

impl Peer {
    /// Describes a peer that came over TCP; it is shown as its address.
    pub const fn tcp(addr: SocketAddr, encryption: Encryption) -> Self {
        Self(Medium::Tcp(addr, encryption))
    }

    /// Describes a process of this host that came over a Unix socket; it is shown as `unix:pid=812,uid=1000`, or as
    /// `unix` where the system does not tell who it is.
    pub const fn unix(credentials: Option<PeerCredentials>) -> Self {
        Self(Medium::Unix(credentials))
    }

    /// Describes a caller inside this process; it is shown as `memory`.
    pub const fn memory() -> Self {
        Self(Medium::Memory)
    }

    /// Returns the remote address; `None` for Unix sockets and callers inside the process.
    pub const fn addr(&self) -> Option<SocketAddr> {
        match self.0 {
            Medium::Tcp(addr, _) => Some(addr),
            Medium::Unix(_) | Medium::Memory => None,
        }
    }

    /// Returns who came over a Unix socket; `None` for other connections and where the system does not tell.
    pub const fn credentials(&self) -> Option<PeerCredentials> {
        match self.0 {
            Medium::Unix(credentials) => credentials,
            Medium::Tcp(..) | Medium::Memory => None,
        }
    }

    /// Returns whether what passes between the two ends is encrypted.
    pub const fn encryption(&self) -> Encryption {
        match self.0 {
            Medium::Tcp(_, encryption) => encryption,
            Medium::Unix(_) | Medium::Memory => Encryption::None,
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Medium::Tcp(addr, _) => addr.fmt(f),
            Medium::Unix(Some(credentials)) => write!(f, "unix:{credentials}"),
            Medium::Unix(None) => f.write_str("unix"),
            Medium::Memory => f.write_str("memory"),
        }
    }
}

/// Takes what the system told of a socket.
pub(crate) fn told(found: UCred) -> PeerCredentials {
    let credentials = PeerCredentials::new(found.uid(), found.gid());
    match found.pid().and_then(|pid| pid.try_into().ok()).filter(|pid| *pid != 0) {
        Some(pid) => credentials.with_pid(pid),
        None => credentials,
    }
}

/// The certificates by which a client was let in, in the extensions of every request that comes over its connection; not
/// there where it showed none.
///
/// They are in DER: the client's own, then those that it sent along. TLS has verified that the client has the key, that an
/// authority of [`ServerTls::from_files`](crate::ServerTls::from_files) signed it, and when it ends. Whose it is, somebody else
/// decides, usually an [`Authenticator`](arrowlink_core::Authenticator).
///
/// ```
/// use arrowlink_transport::PeerCertificates;
///
/// let shown = PeerCertificates::from_iter([b"the client's".to_vec(), b"an authority's".to_vec()]);
/// assert_eq!(&shown.certificates()[0][..], b"the client's");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerCertificates(Arc<[Bytes]>);

impl PeerCertificates {
    /// Returns the certificates; the first is the client's own.
    pub const fn certificates(&self) -> &Arc<[Bytes]> {
        &self.0
    }
}

impl<T: Into<Bytes>> FromIterator<T> for PeerCertificates {
    fn from_iter<I: IntoIterator<Item = T>>(certificates: I) -> Self {
        Self(certificates.into_iter().map(Into::into).collect())
    }
}

/// Whether a connection is encrypted.
///
/// ```
/// use arrowlink_transport::{Encryption, Peer};
///
/// assert_eq!(Peer::unix(None).encryption(), Encryption::None);
/// assert_eq!(Peer::unix(None).to_string(), "unix");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encryption {
    /// It is not: a Unix socket, the same process, or TCP where the operator asked for it.
    None,
    /// By TLS.
    Tls,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Medium {
    Tcp(SocketAddr, Encryption),
    Unix(Option<PeerCredentials>),
    Memory,
}
