//! What is in a certificate folder, and what is wrong with it.

use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls_pki_types::{ServerName, UnixTime};
use time::OffsetDateTime;

use super::{CertificateFiles, FIX, facts, host_names};
use crate::pem;
use crate::x509::minute;

/// The findings of [`check`]; its [`Display`](fmt::Display) is a line per finding:
///
/// ```text
/// names        localhost, 127.0.0.1, ::1
/// expires      2027-11-21 06:22 UTC
/// fingerprint  SHA-256 1F:0C:…
/// problem      `certs/server.key` has mode 0644, others can read it: run `chmod 600 certs/server.key`
/// ```
#[derive(Clone, Debug)]
pub struct Report {
    names: Vec<String>,
    expires: Option<String>,
    fingerprint: Option<String>,
    problems: Vec<String>,
}

impl Report {
    /// Returns whether a server can use the folder as it is.
    pub const fn is_good(&self) -> bool {
        self.problems.is_empty()
    }

    /// Returns the names and addresses that the server certificate is valid for.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns when the server certificate expires, such as `2027-11-21 06:22 UTC`.
    pub fn expires(&self) -> Option<&str> {
        self.expires.as_deref()
    }

    /// Returns the SHA-256 of the server certificate, in pairs of hexadecimal digits joined by colons.
    pub fn fingerprint(&self) -> Option<&str> {
        self.fingerprint.as_deref()
    }

    /// Returns what is wrong, each with what to do about it.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "names        {}", self.names.join(", "))?;
        writeln!(f, "expires      {}", self.expires().unwrap_or("unknown"))?;
        write!(f, "fingerprint  SHA-256 {}", self.fingerprint().unwrap_or("unknown"))?;
        for problem in &self.problems {
            write!(f, "\nproblem      {problem}")?;
        }
        Ok(())
    }
}

/// Looks at the folder `dir` without changing it: names, expiry, whether keys fit, who can read them, the chain.
///
/// What is missing or cannot be read is a problem among the others, not an error.
///
/// ```
/// use arrowlink_transport::certificates;
///
/// let dir = tempfile::tempdir()?;
/// assert!(certificates::check(dir.path()).problems()[0].starts_with("there is no `"));
///
/// let files = certificates::development(dir.path())?;
/// std::fs::remove_file(&files.key)?;
/// let report = certificates::check(dir.path());
/// assert!(!report.is_good() && report.expires().is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn check(dir: &Path) -> Report {
    let files = CertificateFiles::in_dir(dir);
    let mut report = Report { names: Vec::new(), expires: None, fingerprint: None, problems: Vec::new() };
    match facts(&files.cert) {
        Ok(facts) => {
            if facts.is_expired() {
                report.problems.push(format!(
                    "the certificate in `{}` expired on {}: run `cargo xtask certs`",
                    files.cert.display(),
                    minute(facts.not_after)
                ));
            }
            report.problems.extend(missing_names(&files, &facts.names));
            report.expires = Some(minute(facts.not_after));
            report.fingerprint = Some(facts.fingerprint);
            report.names = facts.names;
        }
        Err(error) => report.problems.push(error.to_string()),
    }
    report.problems.extend(key_problems(dir, &files));
    report.problems.extend(chain_problem(&files));
    report
}

fn missing_names(files: &CertificateFiles, names: &[String]) -> Option<String> {
    let missing: Vec<String> = host_names().into_iter().filter(|name| !names.contains(name)).collect();
    (!missing.is_empty()).then(|| {
        format!("the certificate in `{}` is not valid for {}", files.cert.display(), missing.join(", "))
    })
}

fn key_problems(dir: &Path, files: &CertificateFiles) -> Vec<String> {
    let mut problems = Vec::new();
    if files.cert.exists()
        && let Err(error) = crate::tls::pair(&files.cert, &files.key)
    {
        problems.push(error.to_string());
    }
    for key in [files.key.clone(), dir.join("ca.key")] {
        let Ok(metadata) = fs::metadata(&key) else { continue };
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            let key = key.display();
            problems.push(format!("`{key}` has mode {mode:04o}, others can read it: run `chmod 600 {key}`"));
        }
    }
    problems
}

/// Says why a client that trusts the folder's CA would refuse the server's certificate for reasons other than its time.
pub(super) fn chain_problem(files: &CertificateFiles) -> Option<String> {
    let (chain, authority) = match (pem::certificates(&files.cert, FIX), pem::certificates(&files.ca, FIX)) {
        (Ok(chain), Ok(authority)) => (chain, authority),
        (Ok(_), Err(error)) => return Some(error.to_string()),
        (Err(_), _) => return None,
    };
    let (end_entity, intermediates) = chain.split_first()?;
    let facts = facts(&files.cert).ok()?;
    let name = ServerName::try_from(facts.names.first()?.clone()).ok()?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(authority);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().ok()?;
    // In the middle of the certificate's life: whether it is over is told apart.
    let life: time::Duration = facts.not_after - facts.not_before;
    let middle: OffsetDateTime = facts.not_before + life / 2;
    let seconds = u64::try_from(middle.unix_timestamp()).unwrap_or_default();
    let at = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
    let verified = verifier.verify_server_cert(end_entity, intermediates, &name, &[], at);
    verified.err().map(|error| {
        format!("`{}` is not signed by `{}` ({error})", files.cert.display(), files.ca.display())
    })
}
