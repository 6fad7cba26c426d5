//! What can go wrong before the first call: certificates, addresses, the certificate folder.
//!
//! Calls themselves fail with [`arrowlink_core::Error`], into which every error here can be turned.

use std::io;
use std::path::PathBuf;

use arrowlink_core::ErrorKind;

/// Why a listener, a certificate or a TLS setup cannot be used.
///
/// ```
/// use arrowlink_transport::{Error, ListenAddr};
///
/// let error: Error = "localhost".parse::<ListenAddr>().unwrap_err();
/// assert!(error.to_string().starts_with("`localhost` is not an address to listen on"));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file that is needed is not there; usually nobody has made it yet, or the path is misspelt.
    #[error("there is no `{}`: {fix}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// How to get it.
        fix: String,
    },
    /// A file is there and cannot be read; usually its permissions.
    #[error("cannot read `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file or folder cannot be written; usually its permissions or a full disk.
    #[error("cannot write `{}`", path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file has no PEM block of the kind that is needed; usually it is DER, or the other file of the pair.
    #[error("`{}` holds no PEM {expected}: it needs a block that begins with `-----BEGIN {label}-----`", path.display())]
    NotPem {
        /// The file.
        path: PathBuf,
        /// What should be in it, in words.
        expected: &'static str,
        /// What the block is called.
        label: &'static str,
    },
    /// Certificate and key are not a pair; usually one of the two was replaced alone.
    #[error("the key in `{}` does not belong to the certificate in `{}`: {fix}", key.display(), cert.display())]
    KeyMismatch {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What to do.
        fix: &'static str,
    },
    /// A certificate's time is over.
    #[error("the certificate in `{}` expired on {at}: {fix}", path.display())]
    Expired {
        /// The certificate's file.
        path: PathBuf,
        /// When, in UTC.
        at: String,
        /// What to do.
        fix: &'static str,
    },
    /// A certificate or key is well-formed and yet of no use here.
    #[error("`{}` cannot be used: {reason}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why, and what to do.
        reason: String,
    },
    /// A text is not an address to listen on.
    #[error(
        "`{text}` is not an address to listen on: use an IP address and a port, such as `127.0.0.1:50051` or `[::]:50051`, or a socket file, `unix:///run/arrowlink.sock`"
    )]
    Address {
        /// The text.
        text: String,
    },
    /// Something else listens on the address; usually another server that still runs.
    #[error(
        "`{addr}` is taken by another program: stop it, or choose another address with `--listen`, for example `{example}`"
    )]
    AddressInUse {
        /// The address.
        addr: String,
        /// Another address.
        example: String,
    },
    /// The address cannot be listened on; usually a port below 1024, or an address that is not this machine's.
    #[error("cannot listen on `{addr}`")]
    Listen {
        /// The address.
        addr: String,
        /// What the operating system said.
        source: io::Error,
    },
}

impl Error {
    /// Returns what the caller can do about it, in the words of the calls' errors.
    ///
    /// ```
    /// use arrowlink_core::ErrorKind;
    /// use arrowlink_transport::ClientTls;
    ///
    /// let error = ClientTls::from_ca_file("nowhere/ca.crt".as_ref()).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::NotFound);
    /// assert_eq!(arrowlink_core::Error::from(error).kind(), ErrorKind::NotFound);
    /// ```
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Missing { .. } => ErrorKind::NotFound,
            Self::Unreadable { .. }
            | Self::NotPem { .. }
            | Self::KeyMismatch { .. }
            | Self::Expired { .. }
            | Self::Unusable { .. }
            | Self::Address { .. } => ErrorKind::InvalidArgument,
            Self::Unwritable { .. } | Self::AddressInUse { .. } | Self::Listen { .. } => {
                ErrorKind::Unavailable
            }
        }
    }
}

impl From<Error> for arrowlink_core::Error {
    fn from(error: Error) -> Self {
        let converted = Self::new(error.kind(), error.to_string());
        match error {
            Error::Unreadable { source, .. }
            | Error::Unwritable { source, .. }
            | Error::Listen { source, .. } => converted.with_source(source),
            Error::Missing { .. }
            | Error::NotPem { .. }
            | Error::KeyMismatch { .. }
            | Error::Expired { .. }
            | Error::Unusable { .. }
            | Error::Address { .. }
            | Error::AddressInUse { .. } => converted,
        }
    }
}
