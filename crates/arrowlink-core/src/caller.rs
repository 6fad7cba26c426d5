//! Who wants to be let in: what he says of himself, and what is known of where he comes from.
//!
//! Nothing of it is decided yet: that is for an [`Authenticator`](crate::Authenticator), and what it decides is an
//! [`Identity`](crate::Identity).

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;

/// A caller that is not known yet.
///
/// More may be known of callers one day; what is not known of one is empty.
///
/// ```
/// use arrowlink_core::{Caller, Credentials};
///
/// let caller = Caller::new(Credentials::Bearer("sesame".into())).with_addr("192.0.2.1:40000".parse().unwrap());
/// assert!(caller.certificates.is_empty());
/// assert!(!format!("{caller:?}").contains("sesame"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Caller {
    /// What it says of itself.
    pub credentials: Credentials,
    /// Where it comes from over TCP: its own address, or that of the last proxy. Default: not known, as over a Unix socket.
    pub addr: Option<SocketAddr>,
    /// Which process it is, over a Unix socket. Default: not known, as over TCP.
    pub process: Option<PeerCredentials>,
    /// The certificate that it showed and TLS has verified, in DER, and after it those that it sent along. Default: none, as
    /// where the server asks for none.
    pub certificates: Arc<[Bytes]>,
}

impl Caller {
    /// Makes one of which nothing is known but what it says.
    pub fn new(credentials: Credentials) -> Self {
        Self { credentials, ..Self::default() }
    }

    /// Sets [`credentials`](Self::credentials).
    #[must_use]
    pub fn with_credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = credentials;
        self
    }

    /// Sets [`addr`](Self::addr).
    #[must_use]
    pub const fn with_addr(mut self, addr: SocketAddr) -> Self {
        self.addr = Some(addr);
        self
    }

    /// Sets [`process`](Self::process).
    #[must_use]
    pub const fn with_process(mut self, process: PeerCredentials) -> Self {
        self.process = Some(process);
        self
    }

    /// Sets [`certificates`](Self::certificates).
    #[must_use]
    pub fn with_certificates(mut self, certificates: Arc<[Bytes]>) -> Self {
        self.certificates = certificates;
        self
    }
}

/// What a caller says about itself.
///
/// ```
/// use arrowlink_core::Credentials;
///
/// let ali = Credentials::Basic { user: "ali".into(), password: "sesame".into() };
/// assert_eq!(format!("{ali:?}"), "Basic { user: \"ali\", .. }");
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credentials {
    /// Nothing.
    #[default]
    Nothing,
    /// A name and a password, as HTTP's `Basic` has them.
    Basic {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
    /// A token, usually one that [`Authenticator::token`](crate::Authenticator::token) gave.
    Bearer(String),
    /// Something in a scheme of neither, as it stands in `authorization`.
    Other(String),
}

/// Passwords and tokens are not shown.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("Nothing"),
            Self::Basic { user, .. } => f.debug_struct("Basic").field("user", user).finish_non_exhaustive(),
            Self::Bearer(_) => f.debug_tuple("Bearer").finish_non_exhaustive(),
            Self::Other(_) => f.debug_tuple("Other").finish_non_exhaustive(),
        }
    }
}

/// The process and user that opened a Unix socket, as the system vouches for them.
///
/// They are those of the moment it connected: the process may since have ended or handed the socket on, and its
/// number may be another's.
///
/// ```
/// use arrowlink_core::PeerCredentials;
///
/// let credentials = PeerCredentials::new(1000, 100).with_pid(812);
/// assert_eq!((credentials.uid(), credentials.gid(), credentials.pid()), (1000, 100, Some(812)));
/// assert_eq!(credentials.to_string(), "pid=812,uid=1000");
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
