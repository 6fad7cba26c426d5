//! The development CA: made once, kept, and asked for signatures.
//!
//! It can sign certificates of servers and clients and no further CAs. Its certificate is renewed under the same key and
//! subject, so that what it signed before stays good for clients that get the new one.

use std::fs;
use std::net::IpAddr;

use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, SanType, SerialNumber,
};
use time::{Duration, OffsetDateTime};

use super::folder::Folder;
use crate::Error;

/// A CA whose certificate and key are in a folder.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Takes the CA of `folder`, and makes it where there is none or where its time is nearly over.
    ///
    /// The key comes first on the disk: a key without a certificate is a start that was interrupted, and goes on.
    pub(super) fn in_folder(folder: &Folder) -> Result<Self, Error> {
        let (cert, key) = (folder.path("ca.crt"), folder.path("ca.key"));
        if cert.exists() && !key.exists() {
            let reason = format!(
                "`{}` is missing, so nothing can be signed in its name; bring the key back, or move both away to get a \
                 new CA, whose certificate every client then needs",
                key.display()
            );
            return Err(Error::Unusable { path: cert, reason });
        }
        let pair = if key.exists() { stored_key(folder)? } else { new_key(folder, "ca.key")? };
        let params = params();
        if !cert.exists() || expires_soon(folder)? {
            let certificate =
                params.self_signed(&pair).map_err(|error| unusable(folder, "ca.crt", &error))?;
            folder.write("ca.crt", certificate.pem().as_bytes(), PUBLIC)?;
        }
        Ok(Self { issuer: Issuer::new(params, pair) })
    }

    /// Makes a key and a certificate and writes them as `stem.key` and `stem.crt`.
    pub(super) fn write_leaf(&self, folder: &Folder, leaf: &Leaf, stem: &str) -> Result<(), Error> {
        let name = format!("{stem}.crt");
        let params = leaf.params(folder, &name)?;
        let pair = new_key(folder, &format!("{stem}.key"))?;
        let signed =
            params.signed_by(&pair, &self.issuer).map_err(|error| unusable(folder, &name, &error))?;
        folder.write(&name, signed.pem().as_bytes(), PUBLIC)
    }
}

/// What a certificate below the CA is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    Server,
    Client,
}

/// A certificate to be signed.
#[derive(Debug)]
pub(super) struct Leaf {
    purpose: Purpose,
    names: Vec<String>,
    start: OffsetDateTime,
    life: Duration,
}

impl Leaf {
    pub(super) const fn new(
        purpose: Purpose,
        names: Vec<String>,
        start: OffsetDateTime,
        life: Duration,
    ) -> Self {
        Self { purpose, names, start, life }
    }

    fn params(&self, folder: &Folder, file: &str) -> Result<CertificateParams, Error> {
        let mut params = dated(self.start, self.life);
        params.distinguished_name = match self.purpose {
            Purpose::Server => distinguished("ArrowLink server"),
            Purpose::Client => distinguished(self.names.first().map_or("", String::as_str)),
        };
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![match self.purpose {
            Purpose::Server => ExtendedKeyUsagePurpose::ServerAuth,
            Purpose::Client => ExtendedKeyUsagePurpose::ClientAuth,
        }];
        params.use_authority_key_identifier_extension = true;
        for name in &self.names {
            params.subject_alt_names.push(match name.parse::<IpAddr>() {
                Ok(addr) => SanType::IpAddress(addr),
                Err(_) => SanType::DnsName(
                    Ia5String::try_from(name.as_str()).map_err(|error| unusable(folder, file, &error))?,
                ),
            });
        }
        Ok(params)
    }
}

fn params() -> CertificateParams {
    let mut params = dated(OffsetDateTime::now_utc(), LIFE);
    params.distinguished_name = distinguished(COMMON_NAME);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// Parameters valid from an hour before `start`, for clocks that go differently, for `life`.
fn dated(start: OffsetDateTime, life: Duration) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.not_before = start - Duration::hours(1);
    params.not_after = start + life;
    let nanoseconds = OffsetDateTime::now_utc().unix_timestamp_nanos();
    params.serial_number = Some(SerialNumber::from_slice(&nanoseconds.to_be_bytes()[8..]));
    params
}

fn distinguished(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

fn new_key(folder: &Folder, file: &str) -> Result<KeyPair, Error> {
    let pair = KeyPair::generate().map_err(|error| unusable(folder, file, &error))?;
    folder.write(file, pair.serialize_pem().as_bytes(), SECRET)?;
    Ok(pair)
}

fn stored_key(folder: &Folder) -> Result<KeyPair, Error> {
    let (cert, key) = (folder.path("ca.crt"), folder.path("ca.key"));
    let text = fs::read_to_string(&key).map_err(|source| Error::Unreadable { path: key.clone(), source })?;
    let pair = KeyPair::from_pem(&text).map_err(|_| Error::NotPem {
        path: key.clone(),
        expected: "private key",
        label: "PRIVATE KEY",
    })?;
    if cert.exists() {
        crate::tls::pair(&cert, &key)?;
        if super::facts(&cert)?.subject != SUBJECT {
            let reason =
                "it is not a CA that ArrowLink made; sign the server's certificate with your own tools"
                    .to_owned();
            return Err(Error::Unusable { path: cert, reason });
        }
    }
    folder.tighten(&key)?;
    Ok(pair)
}

fn expires_soon(folder: &Folder) -> Result<bool, Error> {
    let facts = super::facts(&folder.path("ca.crt"))?;
    Ok(facts.not_after < OffsetDateTime::now_utc() + super::RENEW_BEFORE)
}

fn unusable(folder: &Folder, file: &str, error: &rcgen::Error) -> Error {
    Error::Unusable { path: folder.path(file), reason: error.to_string() }
}

/// What every certificate signed by this CA says its issuer is.
pub(super) const SUBJECT: &str = "CN=ArrowLink development CA";
const COMMON_NAME: &str = "ArrowLink development CA";
const LIFE: Duration = Duration::days(3650);
const PUBLIC: u32 = 0o644;
const SECRET: u32 = 0o600;
