//! Who is at the other end of a connection.

use std::fmt;
use std::net::SocketAddr;

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

/// The process and user that opened a Unix socket, as the system vouches for them.
///
/// They are those of the moment it connected: the process may since have ended or handed the socket on, and its
/// number may be another's.
///
/// ```
/// use arrowlink_transport::{PeerCredentials, Peer};
///
/// let credentials = PeerCredentials::new(1000, 100).with_pid(812);
/// assert_eq!((credentials.uid(), credentials.gid(), credentials.pid()), (1000, 100, Some(812)));
///
/// let peer = Peer::unix(Some(credentials));
/// assert_eq!(peer.to_string(), "unix:pid=812,uid=1000");
/// assert_eq!(peer.credentials(), Some(credentials));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerCredentials {
    uid: u32,
    gid: u32,
    pid: Option<u32>,
}

impl PeerCredentials {
    /// Names a user and a group by their numbers.
    pub const fn new(uid: u32, gid: u32) -> Self {
        Self { uid, gid, pid: None }
    }

    /// Names the process too.
    pub const fn with_pid(self, pid: u32) -> Self {
        Self { pid: Some(pid), ..self }
    }

    /// Takes what the system told of a socket.
    pub(crate) fn told(found: UCred) -> Self {
        let pid = found.pid().and_then(|pid| pid.try_into().ok()).filter(|pid| *pid != 0);
        Self { uid: found.uid(), gid: found.gid(), pid }
    }

    /// Returns the number of the user.
    pub const fn uid(&self) -> u32 {
        self.uid
    }

    /// Returns the number of the user's group.
    pub const fn gid(&self) -> u32 {
        self.gid
    }

    /// Returns the number of the process; `None` where the system does not tell, or has no number for it here: a
    /// process of another container may have none.
    pub const fn pid(&self) -> Option<u32> {
        self.pid
    }
}

impl fmt::Display for PeerCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(pid) = self.pid {
            write!(f, "pid={pid},")?;
        }
        write!(f, "uid={}", self.uid)
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
