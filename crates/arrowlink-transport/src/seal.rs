//! Bytes that are given to clients to be brought back: marked with what they are, versioned, and checked.
//!
//! ```text
//! magic            4 bytes
//! version          1
//! body
//! checksum         8 bytes, little-endian: FNV-1a (64 bits) over everything before
//! ```

use arrowlink_core::{Error, ErrorKind, Result};
use bytes::Bytes;

/// One sort of bytes that clients bring back.
///
/// The checksum finds damage and bytes of another origin; it keeps no secret and grants nothing.
///
/// ```
/// use arrowlink_transport::Seal;
///
/// let seal = Seal { noun: "bookmark", magic: *b"\xffABM" };
/// let sealed = seal.seal(b"page 7");
/// assert_eq!(seal.open(&sealed)?, b"page 7");
///
/// let error = seal.open(&sealed[1..]).unwrap_err();
/// assert_eq!(error.message(), "the bookmark was not made here: ask for a new one");
/// # Ok::<(), arrowlink_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Seal {
    /// What errors call it.
    pub noun: &'static str,
    /// What it begins with.
    pub magic: [u8; 4],
}

impl Seal {
    /// Marks `body`.
    pub fn seal(self, body: &[u8]) -> Bytes {
        let mut sealed = Vec::with_capacity(body.len() + Self::OVERHEAD);
        sealed.extend_from_slice(&self.magic);
        sealed.push(VERSION);
        sealed.extend_from_slice(body);
        let checksum = fnv1a(&sealed);
        sealed.extend_from_slice(&checksum.to_le_bytes());
        sealed.into()
    }

    /// Returns the body of what [`seal`](Self::seal) marked.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for what is of another sort or of another version, and for what is damaged. The message says
    /// which of them it is.
    pub fn open(self, sealed: &[u8]) -> Result<&[u8]> {
        let versioned = sealed.strip_prefix(&self.magic).ok_or_else(|| self.invalid("was not made here"))?;
        let (&version, _) = versioned.split_first().ok_or_else(|| self.damaged())?;
        if version != VERSION {
            let what = format!("has version {version}, this server reads version {VERSION}");
            return Err(self.invalid(&what));
        }
        let (checked, checksum) = sealed.split_last_chunk().ok_or_else(|| self.damaged())?;
        match checked.get(self.magic.len() + size_of_val(&version)..) {
            Some(body) if fnv1a(checked) == u64::from_le_bytes(*checksum) => Ok(body),
            _ => Err(self.damaged()),
        }
    }

    /// Returns the error of bytes whose body is not what it should be.
    pub fn damaged(self) -> Error {
        self.invalid("is damaged")
    }

    fn invalid(self, what: &str) -> Error {
        Error::new(ErrorKind::InvalidArgument, format!("the {} {what}: ask for a new one", self.noun))
    }

    /// How many bytes there are beside the body.
    pub const OVERHEAD: usize = 4 + 1 + size_of::<u64>();
}

/// Hashes `bytes`: two that differ in one byte never have the same sum.
pub(crate) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

const VERSION: u8 = 1;
