//! Who takes part: whose server, whose client, and what is between them.

use std::fmt;

/// Whose program it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Maker {
    /// ArrowLink.
    Ours,
    /// arrow-flight, as it comes.
    Stock,
    /// arrow-flight, with the allocator of ArrowLink's programs.
    StockMimalloc,
    /// pyarrow.flight.
    PyArrow,
    /// A plain socket.
    Raw,
}

/// What is between server and client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Plaintext over loopback.
    Tcp,
    /// A Unix socket.
    Unix,
    /// TLS over loopback.
    Tls,
}

/// A server and a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Party {
    pub(crate) server: Maker,
    pub(crate) client: Maker,
    pub(crate) way: Way,
}

impl Party {
    /// Both ends by the same maker.
    pub(crate) const fn both(maker: Maker, way: Way) -> Self {
        Self { server: maker, client: maker, way }
    }

    /// An unchanged pyarrow client of ArrowLink's server.
    pub(crate) const fn pyarrow_at_ours(way: Way) -> Self {
        Self { server: Maker::Ours, client: Maker::PyArrow, way }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.server == self.client {
            write!(f, "{} both ends, {}", self.server, self.way)
        } else {
            write!(f, "{} server, {} client, {}", self.server, self.client, self.way)
        }
    }
}

impl fmt::Display for Maker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ours => "ArrowLink",
            Self::Stock => "arrow-flight",
            Self::StockMimalloc => "arrow-flight with mimalloc",
            Self::PyArrow => "pyarrow",
            Self::Raw => "raw socket",
        })
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "TCP",
            Self::Unix => "Unix",
            Self::Tls => "TLS",
        })
    }
}
