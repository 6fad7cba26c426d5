//! The buffers of an encrypted connection, and which ciphers are preferred.

use std::ops::RangeInclusive;
use std::sync::Arc;

use rustls::CipherSuite::{
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS13_AES_128_GCM_SHA256,
    TLS13_AES_256_GCM_SHA384,
};
use rustls::SupportedCipherSuite;
use rustls::crypto::CryptoProvider;

use super::provider;

/// How an encrypted connection reads, sends and encrypts; for either end.
///
/// # Defaults
///
/// A read buffer of 64 KiB, a send buffer of 256 KiB, [`CipherPreference::Fast`].
///
/// ```
/// use arrowlink_transport::{CipherPreference, ClientTls, TlsOptions, certificates};
///
/// let dir = tempfile::tempdir()?;
/// let files = certificates::development(dir.path())?;
/// let options = TlsOptions::default().with_ciphers(CipherPreference::Strong).with_read_buffer_bytes(256 << 10);
/// let tls = ClientTls::from_ca_file(&files.ca)?.with_options(options)?;
/// assert_eq!(tls.options().read_buffer_bytes(), 256 << 10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlsOptions {
    read_buffer_bytes: u32,
    send_buffer_bytes: u32,
    ciphers: CipherPreference,
}

impl TlsOptions {
    /// The sizes that the read buffer can have, in bytes. With the least there is no buffer: TLS asks for as much
    /// itself.
    pub const READ_BUFFER_BYTES: RangeInclusive<u32> = 4_096..=16_777_216;
    /// The sizes that the send buffer can have, in bytes. The least is one record.
    pub const SEND_BUFFER_BYTES: RangeInclusive<u32> = 16_384..=0x4000_0000;

    /// Sets [`read_buffer_bytes`](Self::read_buffer_bytes), moved into its range.
    #[must_use]
    pub fn with_read_buffer_bytes(mut self, bytes: u32) -> Self {
        self.read_buffer_bytes =
            bytes.clamp(*Self::READ_BUFFER_BYTES.start(), *Self::READ_BUFFER_BYTES.end());
        self
    }

    /// Sets [`send_buffer_bytes`](Self::send_buffer_bytes), moved into its range.
    #[must_use]
    pub fn with_send_buffer_bytes(mut self, bytes: u32) -> Self {
        self.send_buffer_bytes =
            bytes.clamp(*Self::SEND_BUFFER_BYTES.start(), *Self::SEND_BUFFER_BYTES.end());
        self
    }

    /// Sets [`ciphers`](Self::ciphers).
    #[must_use]
    pub const fn with_ciphers(mut self, ciphers: CipherPreference) -> Self {
        self.ciphers = ciphers;
        self
    }

    /// Returns how many encrypted bytes are read from the socket at a time. TLS alone reads one record, 16 KiB, at most.
    pub const fn read_buffer_bytes(&self) -> u32 {
        self.read_buffer_bytes
    }

    /// Returns how many encrypted bytes may wait for the socket; they are written to it together.
    pub const fn send_buffer_bytes(&self) -> u32 {
        self.send_buffer_bytes
    }

    /// Returns which ciphers come first.
    pub const fn ciphers(&self) -> CipherPreference {
        self.ciphers
    }
}

impl Default for TlsOptions {
    fn default() -> Self {
        Self {
            read_buffer_bytes: 64 << 10,
            send_buffer_bytes: 256 << 10,
            ciphers: CipherPreference::default(),
        }
    }
}

/// Which ciphers come first. All of them stay on offer: a peer that knows only one of them is served.
///
/// The server's preference decides, whatever the client's is; a client's counts at servers of other makers. None of
/// them has a known weakness; [`Strong`](Self::Strong) is for organisations whose rules ask for keys of 256 bits.
///
/// ```
/// use arrowlink_transport::{CipherPreference, TlsOptions};
///
/// assert_eq!(TlsOptions::default().ciphers(), CipherPreference::Fast);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CipherPreference {
    /// The one that this machine's processor is fastest at: AES-128-GCM, then AES-256-GCM, then ChaCha20-Poly1305; the
    /// last first where the processor has no instructions for AES.
    #[default]
    Fast,
    /// Keys of 256 bits: AES-256-GCM and ChaCha20-Poly1305, the faster one first, before AES-128-GCM.
    Strong,
}

impl CipherPreference {
    /// Returns the cryptography with its ciphers in this order, those of TLS 1.3 before those of 1.2.
    pub(super) fn provider(self) -> Arc<CryptoProvider> {
        let mut provider = provider();
        provider
            .cipher_suites
            .sort_by_key(|suite| (suite.tls13().is_none(), self.rank(Algorithm::of(suite))));
        Arc::new(provider)
    }

    /// Returns the place of `algorithm`, the first being the least.
    fn rank(self, algorithm: Algorithm) -> Option<usize> {
        let order = match (self, has_aes()) {
            (Self::Fast, true) => [Algorithm::Aes128, Algorithm::Aes256, Algorithm::ChaCha20],
            (Self::Fast, false) => [Algorithm::ChaCha20, Algorithm::Aes128, Algorithm::Aes256],
            (Self::Strong, true) => [Algorithm::Aes256, Algorithm::ChaCha20, Algorithm::Aes128],
            (Self::Strong, false) => [Algorithm::ChaCha20, Algorithm::Aes256, Algorithm::Aes128],
        };
        order.into_iter().position(|each| each == algorithm)
    }
}

/// What encrypts the records.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Aes128,
    Aes256,
    ChaCha20,
}

impl Algorithm {
    fn of(suite: &SupportedCipherSuite) -> Self {
        match suite.suite() {
            TLS13_AES_128_GCM_SHA256
            | TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
            | TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 => Self::Aes128,
            TLS13_AES_256_GCM_SHA384
            | TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
            | TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 => Self::Aes256,
            _ => Self::ChaCha20,
        }
    }
}

/// Whether the processor has instructions for AES.
fn has_aes() -> bool {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    return std::arch::is_x86_feature_detected!("aes");
    #[cfg(target_arch = "aarch64")]
    return std::arch::is_aarch64_feature_detected!("aes");
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64")))]
    return false;
}
