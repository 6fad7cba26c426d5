//! Addresses to listen on, and what listens on them.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::Error;
use crate::peer::{Encryption, Peer};
use crate::unix::UnixSocket;

/// Where a server listens: `127.0.0.1:50051`, `[::]:50051` or `unix:///run/arrowlink.sock`.
///
/// ```
/// use arrowlink_transport::ListenAddr;
///
/// let addr: ListenAddr = "[::1]:50051".parse()?;
/// assert!(addr.is_local());
/// assert!(!"0.0.0.0:50051".parse::<ListenAddr>()?.is_local());
/// assert_eq!("unix:///tmp/a.sock".parse::<ListenAddr>()?.to_string(), "unix:///tmp/a.sock");
/// assert!("50051".parse::<ListenAddr>().is_err());
/// # Ok::<(), arrowlink_transport::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ListenAddr {
    /// An IP address and port; port 0 lets the system choose one.
    Tcp(SocketAddr),
    /// The path of a Unix socket, plaintext by nature, for this user alone.
    Unix(PathBuf),
    /// Inside this process, made by [`Listener::in_memory`]; cannot be parsed.
    Memory,
}

impl ListenAddr {
    /// Returns whether only this machine can reach it: loopback, a Unix socket, or this process.
    ///
    /// What is not local must speak TLS; [`serve`](crate::serve) leaves it to its caller to insist on that.
    ///
    /// ```
    /// use arrowlink_transport::ListenAddr;
    ///
    /// let local = |text: &str| text.parse::<ListenAddr>().unwrap().is_local();
    /// assert!(local("127.0.0.1:50051") && local("[::1]:0") && local("unix:///run/arrowlink.sock"));
    /// assert!(!local("0.0.0.0:50051") && !local("192.0.2.7:50051"));
    /// ```
    pub const fn is_local(&self) -> bool {
        match self {
            Self::Tcp(addr) => addr.ip().is_loopback(),
            Self::Unix(_) | Self::Memory => true,
        }
    }
}

impl FromStr for ListenAddr {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if let Some(path) = text.strip_prefix("unix://").filter(|path| path.starts_with('/')) {
            return Ok(Self::Unix(path.into()));
        }
        text.parse().map(Self::Tcp).map_err(|_| Error::Address { text: text.to_owned() })
    }
}

impl fmt::Display for ListenAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(addr) => addr.fmt(f),
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Memory => f.write_str("memory"),
        }
    }
}

/// Something that listens on a [`ListenAddr`]; dropping it stops that, and removes the file of a Unix socket.
///
/// To be given to [`serve`](crate::serve).
///
/// Over a Unix socket a request's authority is made up: clients of gRPC's C-core and of Java call the server by the path of
/// its socket, which no authority may be, so that `%2Ftmp%2Fa.sock` arrives as `-2Ftmp-2Fa.sock`. What is a host name
/// and its port, such as `localhost:50051`, stays. A path that is Huffman-coded stays too, and its call is refused.
/// Nothing may be routed or allowed by the authority; who calls, the [`Peer`] knows.
///
/// ```
/// use arrowlink_transport::{Error, ListenAddr, Listener};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Error> {
/// let listener = Listener::bind(&"127.0.0.1:0".parse()?).await?;
/// let ListenAddr::Tcp(addr) = listener.local_addr() else { unreachable!() };
/// assert_ne!(addr.port(), 0);
/// assert!(matches!(Listener::bind(listener.local_addr()).await, Err(Error::AddressInUse { .. })));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Listener {
    addr: ListenAddr,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Tcp(TcpListener),
    Unix(UnixSocket),
    Memory(mpsc::Receiver<io::Result<DuplexStream>>),
}

impl Listener {
    /// Begins to listen. Must be called within a tokio runtime.
    ///
    /// A Unix socket gets mode 0600 whatever the umask; a socket file on which nobody answers any more is replaced. Of
    /// listeners that begin at once on the same path, one has it and the others are refused. The folder has to
    /// allow a subfolder to be made for a moment.
    ///
    /// ```
    /// use arrowlink_transport::{ListenAddr, Listener};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("arrowlink.sock");
    /// let listener = Listener::bind(&ListenAddr::Unix(path.clone())).await?;
    /// assert!(path.exists());
    /// drop(listener);
    /// assert!(!path.exists());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::AddressInUse`] and [`Error::Listen`]; [`Error::Address`] for [`ListenAddr::Memory`].
    pub async fn bind(addr: &ListenAddr) -> Result<Self, Error> {
        match addr {
            ListenAddr::Tcp(socket) => {
                let listener = TcpListener::bind(socket).await.map_err(|error| refused(addr, error))?;
                let local = listener.local_addr().map_err(|error| refused(addr, error))?;
                Ok(Self { addr: ListenAddr::Tcp(local), source: Source::Tcp(listener) })
            }
            ListenAddr::Unix(path) => {
                let socket = UnixSocket::bind(path).await.map_err(|error| refused(addr, error))?;
                Ok(Self { addr: addr.clone(), source: Source::Unix(socket) })
            }
            ListenAddr::Memory => Err(Error::Address { text: addr.to_string() }),
        }
    }

    /// Listens inside this process: what the [`Dialer`] connects arrives here, in plaintext.
    pub fn in_memory() -> (Self, Dialer) {
        let (tx, rx) = mpsc::channel(1);
        (Self { addr: ListenAddr::Memory, source: Source::Memory(rx) }, Dialer(tx))
    }

    /// Returns the address it listens on, with the port that the system chose.
    pub const fn local_addr(&self) -> &ListenAddr {
        &self.addr
    }

    /// Waits for the next connection. Cancel safe.
    pub(crate) async fn accept(&mut self) -> io::Result<Accepted> {
        match &mut self.source {
            Source::Tcp(listener) => {
                let (stream, addr) = listener.accept().await?;
                Ok(Accepted::Tcp(stream, addr))
            }
            Source::Unix(socket) => {
                let (stream, credentials) = socket.accept().await?;
                Ok(Accepted::Plain(Box::new(stream), Peer::unix(credentials)))
            }
            Source::Memory(rx) => match rx.recv().await {
                Some(stream) => Ok(Accepted::Plain(Box::new(stream?), Peer::memory())),
                None => std::future::pending().await,
            },
        }
    }
}

/// Connects to a [`Listener::in_memory`]. Clones connect to the same one.
///
/// ```
/// use arrowlink_transport::Listener;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let (listener, dialer) = Listener::in_memory();
/// dialer.dial().await.unwrap();
/// drop(listener);
/// assert_eq!(dialer.dial().await.unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Dialer(mpsc::Sender<io::Result<DuplexStream>>);

impl Dialer {
    /// Opens a connection, to be given to [`Connection::over`](crate::Connection::over).
    ///
    /// Each direction holds 256 KiB. Waits while another connection has not been accepted yet.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::ConnectionRefused`] where the listener is gone.
    pub async fn dial(&self) -> io::Result<DuplexStream> {
        let (near, far) = tokio::io::duplex(DUPLEX_BYTES);
        self.send(Ok(far)).await?;
        Ok(near)
    }

    /// Makes the listener's next `accept` fail with `error`, as one of TCP does when the process has no file descriptor
    /// left; for tests.
    ///
    /// # Errors
    ///
    /// As [`dial`](Self::dial).
    pub async fn fail(&self, error: io::Error) -> io::Result<()> {
        self.send(Err(error)).await
    }

    async fn send(&self, arrival: io::Result<DuplexStream>) -> io::Result<()> {
        self.0.send(arrival).await.map_err(|_| io::ErrorKind::ConnectionRefused.into())
    }
}

/// A connection that has just come.
pub(crate) enum Accepted {
    /// Over TCP, before TLS.
    Tcp(TcpStream, SocketAddr),
    /// Plaintext by nature.
    Plain(Io, Peer),
}

impl Accepted {
    pub(crate) const fn peer(&self) -> Peer {
        match self {
            Self::Tcp(_, addr) => Peer::tcp(*addr, Encryption::None),
            Self::Plain(_, peer) => *peer,
        }
    }
}

/// A connection of any kind, of which nothing but its bytes matters any more.
pub(crate) type Io = Box<dyn ByteStream>;

/// Bytes in both directions.
pub(crate) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

fn refused(addr: &ListenAddr, source: io::Error) -> Error {
    if source.kind() != io::ErrorKind::AddrInUse {
        return Error::Listen { addr: addr.to_string(), source };
    }
    let example = match addr {
        ListenAddr::Tcp(socket) => {
            SocketAddr::new(socket.ip(), socket.port().checked_add(1).unwrap_or(50051)).to_string()
        }
        ListenAddr::Unix(_) | ListenAddr::Memory => "unix:///tmp/arrowlink-2.sock".to_owned(),
    };
    Error::AddressInUse { addr: addr.to_string(), example }
}

/// How many bytes an in-memory connection holds in each direction.
const DUPLEX_BYTES: usize = 256 * 1024;
