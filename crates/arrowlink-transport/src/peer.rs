//! Who is at the other end of a connection.

use std::fmt;
use std::net::SocketAddr;

/// The other end of a connection, in the extensions of every request that comes over it.
///
/// ```
/// use arrowlink_transport::{Encryption, Peer};
///
/// let peer = Peer::tcp("127.0.0.1:40000".parse().unwrap(), Encryption::Tls);
/// assert_eq!(peer.to_string(), "127.0.0.1:40000");
/// assert_eq!(peer.encryption(), Encryption::Tls);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Peer {
    addr: Option<SocketAddr>,
    medium: Medium,
    encryption: Encryption,
}

impl Peer {
    /// Describes a peer that came over TCP; it is shown as its address.
    pub const fn tcp(addr: SocketAddr, encryption: Encryption) -> Self {
        Self { addr: Some(addr), medium: Medium::Tcp, encryption }
    }

    /// Describes a process of this host that came over a Unix socket; it is shown as `unix`.
    pub const fn unix() -> Self {
        Self { addr: None, medium: Medium::Unix, encryption: Encryption::None }
    }

    /// Describes a caller inside this process; it is shown as `memory`.
    pub const fn memory() -> Self {
        Self { addr: None, medium: Medium::Memory, encryption: Encryption::None }
    }

    /// Returns the remote address; `None` for Unix sockets and callers inside the process.
    pub const fn addr(&self) -> Option<SocketAddr> {
        self.addr
    }

    /// Returns whether what passes between the two ends is encrypted.
    pub const fn encryption(&self) -> Encryption {
        self.encryption
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.medium, self.addr) {
            (Medium::Tcp, Some(addr)) => addr.fmt(f),
            (Medium::Tcp | Medium::Unix, _) => f.write_str("unix"),
            (Medium::Memory, _) => f.write_str("memory"),
        }
    }
}

/// Whether a connection is encrypted.
///
/// ```
/// use arrowlink_transport::{Encryption, Peer};
///
/// assert_eq!(Peer::unix().encryption(), Encryption::None);
/// assert_eq!(Peer::unix().to_string(), "unix");
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
    Tcp,
    Unix,
    Memory,
}
