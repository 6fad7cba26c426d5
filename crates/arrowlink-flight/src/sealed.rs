//! Bytes that are given to clients to be brought back: marked with what they are, versioned, and checked.
//!
//! The check finds damage and bytes of another origin; it keeps no secret and grants nothing.

use arrowlink_core::{Error, ErrorKind, Result};
use bytes::{BufMut as _, Bytes, BytesMut};

/// One sort of bytes that clients bring back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seal {
    /// What errors call it.
    pub(crate) noun: &'static str,
    /// What it begins with.
    pub(crate) magic: [u8; 4],
}

impl Seal {
    /// Marks `body`.
    pub(crate) fn seal(self, body: &[u8]) -> Bytes {
        let mut sealed = BytesMut::with_capacity(body.len() + OVERHEAD);
        sealed.put_slice(&self.magic);
        sealed.put_u8(VERSION);
        sealed.put_slice(body);
        let checksum = checksum(&sealed);
        sealed.put_u64_le(checksum);
        sealed.freeze()
    }

    /// Returns the body of what [`seal`](Self::seal) marked.
    pub(crate) fn open(self, sealed: &Bytes) -> Result<Bytes> {
        let marked = sealed.len() >= OVERHEAD && sealed.starts_with(&self.magic);
        let version = sealed.get(self.magic.len()).copied().filter(|_| marked);
        match version {
            None => Err(self.invalid("was not made here")),
            Some(VERSION) => self.checked(sealed),
            Some(version) => {
                Err(self
                    .invalid(&format!("is of version {version}, and this server makes version {VERSION}")))
            }
        }
    }

    fn checked(self, sealed: &Bytes) -> Result<Bytes> {
        let end = sealed.len() - size_of::<u64>();
        let (marked, sum) = (sealed.slice(..end), sealed.slice(end..));
        match checksum(&marked).to_le_bytes() == sum[..] {
            true => Ok(marked.slice(self.magic.len() + 1..)),
            false => Err(self.invalid("is damaged")),
        }
    }

    /// What is wrong with bytes of this sort, and what to do.
    pub(crate) fn invalid(self, what: &str) -> Error {
        Error::new(ErrorKind::InvalidArgument, format!("the {} {what}: ask for a new one", self.noun))
    }
}

/// FNV-1a with 64 bits: two that differ in one byte never have the same.
fn checksum(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

const VERSION: u8 = 1;
/// Magic, version and checksum.
const OVERHEAD: usize = 4 + 1 + size_of::<u64>();
