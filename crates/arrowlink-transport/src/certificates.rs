//! The certificates of a server that nobody gave any: a development CA and what it signs.
//!
//! A folder (usually `certs/`) holds `ca.crt`, which clients trust, `ca.key`, `server.crt` and `server.key`. Keys are
//! ECDSA P-256, mode 0600 from the first byte on; every file is written aside and renamed, under a lock on the folder,
//! so that two processes that start at once end up with one set. The CA lives ten years and is kept, so that copies of
//! `ca.crt` stay good; the server certificate lives a year and is renewed in its last thirty days.
//!
//! What is half there is completed. What contradicts itself, or was not made here, is refused with what to do and
//! never overwritten.
//!
//! ```
//! use arrowlink_transport::certificates;
//!
//! let dir = tempfile::tempdir()?;
//! let files = certificates::development(dir.path())?;
//! assert!(files.ca.ends_with("ca.crt") && files.key.exists());
//! let report = certificates::check(dir.path());
//! assert!(report.is_good(), "{report}");
//! assert!(report.names().contains(&"localhost".to_owned()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod authority;
mod folder;
mod report;

use std::fs;
use std::path::{Path, PathBuf};

use time::{Duration, OffsetDateTime};

use crate::Error;
use crate::pem;
use crate::x509::Facts;

use authority::{Authority, Leaf, Purpose};
use folder::Folder;

pub use report::{Report, check};

/// Where a server's certificate, its key, and the CA certificate that clients trust are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The CA's certificate, for clients.
    pub ca: PathBuf,
    /// The certificate chain, the server's own first.
    pub cert: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

impl CertificateFiles {
    /// Names the files that [`development`] keeps in `dir`, whether they are there or not.
    ///
    /// ```
    /// use arrowlink_transport::certificates::CertificateFiles;
    ///
    /// let files = CertificateFiles::in_dir("certs".as_ref());
    /// assert_eq!(files.key, std::path::Path::new("certs/server.key"));
    /// ```
    pub fn in_dir(dir: &Path) -> Self {
        Self { ca: dir.join("ca.crt"), cert: dir.join("server.crt"), key: dir.join("server.key") }
    }
}

/// Makes what is missing in `dir`, renews what is about to expire, and returns where the files are.
///
/// Waits up to ten seconds where another process is doing the same.
///
/// The server certificate is for `localhost`, `127.0.0.1`, `::1` and the host's name. A folder that somebody else's
/// tools filled, with a pair that fits together, is left as it is.
///
/// # Errors
///
/// [`Error::Unwritable`] and [`Error::Unreadable`] for the folder; [`Error::KeyMismatch`], [`Error::Expired`] and
/// [`Error::Unusable`] for files that contradict each other and were not made here.
pub fn development(dir: &Path) -> Result<CertificateFiles, Error> {
    let folder = Folder::open(dir)?;
    let files = CertificateFiles::in_dir(dir);
    if !server_needs_work(&folder, &files)? {
        return Ok(files);
    }
    let authority = Authority::in_folder(&folder)?;
    let leaf = Leaf::new(Purpose::Server, host_names(), OffsetDateTime::now_utc(), LEAF_LIFE);
    authority.write_leaf(&folder, &leaf, "server")?;
    Ok(files)
}

/// Makes a folder of its own whose server certificate expired yesterday, for tests.
///
/// ```
/// use arrowlink_transport::certificates;
///
/// let dir = tempfile::tempdir()?;
/// certificates::expired(dir.path())?;
/// assert!(certificates::check(dir.path()).problems()[0].contains("expired on"));
/// certificates::development(dir.path())?;
/// assert!(certificates::check(dir.path()).is_good(), "renewed");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// As [`development`].
pub fn expired(dir: &Path) -> Result<CertificateFiles, Error> {
    let start = OffsetDateTime::now_utc() - Duration::days(10);
    special(dir, &Leaf::new(Purpose::Server, host_names(), start, Duration::days(9)))
}

/// Makes a folder of its own whose server certificate is for `wrong-host.example` alone, for tests.
///
/// ```
/// use arrowlink_transport::certificates;
///
/// let dir = tempfile::tempdir()?;
/// certificates::wrong_host(dir.path())?;
/// let report = certificates::check(dir.path());
/// assert_eq!(report.names(), ["wrong-host.example"]);
/// assert!(report.problems()[0].contains("is not valid for localhost"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// As [`development`].
pub fn wrong_host(dir: &Path) -> Result<CertificateFiles, Error> {
    let names = vec!["wrong-host.example".to_owned()];
    special(dir, &Leaf::new(Purpose::Server, names, OffsetDateTime::now_utc(), LEAF_LIFE))
}

/// Makes a certificate by which a client proves to be `name`, signed by the CA of `dir`; returns certificate and key.
///
/// They are `client.crt` and `client.key` in `dir`, in the place of those that were there.
///
/// ```
/// use arrowlink_transport::{ClientTls, certificates};
///
/// let dir = tempfile::tempdir()?;
/// let files = certificates::client(dir.path(), "ingest")?;
/// ClientTls::with_identity(&files.ca, &files.cert, &files.key)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// As [`development`].
pub fn client(dir: &Path, name: &str) -> Result<CertificateFiles, Error> {
    let folder = Folder::open(dir)?;
    let authority = Authority::in_folder(&folder)?;
    let leaf = Leaf::new(Purpose::Client, vec![name.to_owned()], OffsetDateTime::now_utc(), LEAF_LIFE);
    authority.write_leaf(&folder, &leaf, "client")?;
    Ok(CertificateFiles { ca: dir.join("ca.crt"), cert: dir.join("client.crt"), key: dir.join("client.key") })
}

fn special(dir: &Path, leaf: &Leaf) -> Result<CertificateFiles, Error> {
    let folder = Folder::open(dir)?;
    Authority::in_folder(&folder)?.write_leaf(&folder, leaf, "server")?;
    Ok(CertificateFiles::in_dir(dir))
}

/// Says whether the server's pair must be made; refuses a pair that is wrong and is not ours to replace.
fn server_needs_work(folder: &Folder, files: &CertificateFiles) -> Result<bool, Error> {
    if !files.cert.exists() || !files.key.exists() || !files.ca.exists() {
        let foreign = files.cert.exists() && !is_ours(&files.cert)?;
        if foreign {
            return Err(incomplete(files));
        }
        return Ok(true);
    }
    if !is_ours(&files.cert)? {
        return crate::tls::pair(&files.cert, &files.key).map(|_| false);
    }
    let facts = facts(&files.cert)?;
    let soon = OffsetDateTime::now_utc() + RENEW_BEFORE;
    let authority = facts_soon(&files.ca, soon)?;
    Ok(authority
        || facts.not_after < soon
        || host_names().iter().any(|name| !facts.names.contains(name))
        || crate::tls::pair(&files.cert, &files.key).is_err()
        || report::chain_problem(files).is_some()
        || folder.tighten(&files.key).is_err())
}

fn facts_soon(path: &Path, soon: OffsetDateTime) -> Result<bool, Error> {
    Ok(facts(path)?.not_after < soon)
}

fn incomplete(files: &CertificateFiles) -> Error {
    let missing = [&files.ca, &files.key].into_iter().find(|path| !path.exists()).unwrap_or(&files.key);
    Error::Missing {
        path: missing.clone(),
        fix: format!(
            "`{}` was not made by ArrowLink and is not replaced; put the missing file beside it, or move it away",
            files.cert.display()
        ),
    }
}

fn is_ours(cert: &Path) -> Result<bool, Error> {
    Ok(facts(cert)?.issuer == authority::SUBJECT)
}

fn facts(path: &Path) -> Result<Facts, Error> {
    match pem::certificates(path, FIX)?.first() {
        Some(certificate) => Facts::of(certificate, path),
        None => Err(Error::NotPem { path: path.to_owned(), expected: "certificate", label: "CERTIFICATE" }),
    }
}

/// The names a server of this machine is called by.
fn host_names() -> Vec<String> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
    names.extend(host_name().filter(|name| name != "localhost"));
    names
}

/// The host's name where the system says one that a certificate can hold.
fn host_name() -> Option<String> {
    let text = ["/proc/sys/kernel/hostname", "/etc/hostname"]
        .iter()
        .find_map(|path| fs::read_to_string(path).ok())
        .or_else(|| std::env::var("HOSTNAME").ok())?;
    let name = text.trim().to_ascii_lowercase();
    let valid = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
    (valid && !name.is_empty()).then_some(name)
}

pub(crate) const FIX: &str =
    "run `cargo xtask certs`, or start `arrowlink-server` once, which makes it, and copy it from there";
const LEAF_LIFE: Duration = Duration::days(365);
const RENEW_BEFORE: Duration = Duration::days(30);
