//! The certificate folder: made, kept, renewed, repaired, and refused where it contradicts itself.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use arrowlink_transport::certificates::{self, CertificateFiles};
use arrowlink_transport::{ClientTls, ServerTls};
use expect_test::expect;
use time::OffsetDateTime;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn contents(files: &CertificateFiles) -> [String; 3] {
    [&files.ca, &files.cert, &files.key].map(|path| fs::read_to_string(path).unwrap())
}

/// Replaces the folder by what a name stands for, so that a text can be compared.
fn without(text: &str, dir: &Path) -> String {
    text.replace(&dir.display().to_string(), "DIR")
}

#[test]
fn makes_a_folder_that_passes_its_own_check() {
    let dir = tempfile::tempdir().unwrap();
    let certs = dir.path().join("a/certs");
    let files = certificates::development(&certs).unwrap();

    let report = certificates::check(&certs);
    assert!(report.is_good(), "{report}");
    assert_eq!(report.names()[..3], ["localhost", "127.0.0.1", "::1"]);
    assert_eq!(report.fingerprint().unwrap().len(), 32 * 3 - 1);
    assert_eq!((mode(&files.key), mode(&certs.join("ca.key"))), (0o600, 0o600));
    ServerTls::from_files(&files, None).unwrap();
    ClientTls::from_ca_file(&files.ca).unwrap();
}

#[test]
fn keeps_what_is_valid() {
    let dir = tempfile::tempdir().unwrap();
    let files = certificates::development(dir.path()).unwrap();
    let before = contents(&files);
    certificates::development(dir.path()).unwrap();
    assert_eq!(contents(&files), before);
}

#[test]
fn renews_an_expired_server_certificate_and_keeps_the_ca() {
    let dir = tempfile::tempdir().unwrap();
    let files = certificates::expired(dir.path()).unwrap();
    let [ca, cert, _] = contents(&files);
    assert!(!certificates::check(dir.path()).is_good());

    certificates::development(dir.path()).unwrap();
    let [ca_now, cert_now, _] = contents(&files);
    assert_eq!(ca_now, ca, "copies of ca.crt stay good");
    assert_ne!(cert_now, cert);
    assert!(certificates::check(dir.path()).is_good());
}

/// What a development CA signs, and itself, with a subject and `days` to live.
fn expiring(subject: &str, days: i64) -> rcgen::CertificateParams {
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, subject);
    params.not_after = OffsetDateTime::now_utc() + time::Duration::days(days);
    params
}

fn authority(days: i64) -> rcgen::CertificateParams {
    let mut params = expiring("ArrowLink development CA", days);
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
    params
}

/// Whether a server certificate that expires in `days` is made anew.
fn is_renewed(days: i64) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let files = certificates::development(dir.path()).unwrap();
    let key = rcgen::KeyPair::from_pem(&fs::read_to_string(dir.path().join("ca.key")).unwrap()).unwrap();
    let issuer = rcgen::Issuer::new(authority(3650), key);
    let mut leaf = expiring("ArrowLink server", days);
    for name in certificates::check(dir.path()).names() {
        leaf.subject_alt_names.push(match name.parse() {
            Ok(addr) => rcgen::SanType::IpAddress(addr),
            Err(_) => rcgen::SanType::DnsName(name.as_str().try_into().unwrap()),
        });
    }
    let key = rcgen::KeyPair::from_pem(&fs::read_to_string(&files.key).unwrap()).unwrap();
    fs::write(&files.cert, leaf.signed_by(&key, &issuer).unwrap().pem()).unwrap();
    assert!(certificates::check(dir.path()).is_good(), "{}", certificates::check(dir.path()));

    let before = contents(&files);
    certificates::development(dir.path()).unwrap();
    assert!(certificates::check(dir.path()).is_good());
    let after = contents(&files);
    assert_eq!(after[0], before[0], "copies of ca.crt stay good");
    after[1] != before[1]
}

#[test]
fn renews_a_certificate_in_its_last_thirty_days() {
    assert!(!is_renewed(31));
    assert!(is_renewed(29));
}

#[test]
fn renews_the_ca_in_its_last_thirty_days_under_the_same_key() {
    let dir = tempfile::tempdir().unwrap();
    let files = certificates::development(dir.path()).unwrap();
    let secret = fs::read_to_string(dir.path().join("ca.key")).unwrap();
    let old = authority(29).self_signed(&rcgen::KeyPair::from_pem(&secret).unwrap()).unwrap().pem();
    fs::write(&files.ca, &old).unwrap();
    certificates::development(dir.path()).unwrap();
    assert_ne!(fs::read_to_string(&files.ca).unwrap(), old);
    assert_eq!(fs::read_to_string(dir.path().join("ca.key")).unwrap(), secret);
    assert!(certificates::check(dir.path()).is_good(), "{}", certificates::check(dir.path()));
}

#[test]
fn renews_a_certificate_that_is_not_for_this_host() {
    let dir = tempfile::tempdir().unwrap();
    certificates::wrong_host(dir.path()).unwrap();
    let problems = certificates::check(dir.path()).problems().join("\n");
    assert!(problems.contains("is not valid for localhost, 127.0.0.1, ::1"), "{problems}");
    certificates::development(dir.path()).unwrap();
    assert!(certificates::check(dir.path()).is_good());
}

#[test]
fn completes_a_folder_whose_making_was_interrupted_anywhere() {
    for lost in
        [&["server.crt"][..], &["server.key"], &["server.crt", "server.key"], &["ca.crt", "server.crt"]]
    {
        let dir = tempfile::tempdir().unwrap();
        certificates::development(dir.path()).unwrap();
        for file in lost {
            fs::remove_file(dir.path().join(file)).unwrap();
        }
        certificates::development(dir.path()).unwrap();
        let report = certificates::check(dir.path());
        assert!(report.is_good(), "without {lost:?}: {report}");
    }
}

#[test]
fn replaces_a_key_that_does_not_belong_to_its_own_certificate() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let files = certificates::development(dir.path()).unwrap();
    let others = certificates::development(other.path()).unwrap();
    fs::copy(&others.key, &files.key).unwrap();
    let report = certificates::check(dir.path());
    expect!["the key in `DIR/server.key` does not belong to the certificate in `DIR/server.crt`: use the two files that were made together"]
        .assert_eq(&without(&report.problems().join("\n"), dir.path()));
    certificates::development(dir.path()).unwrap();
    assert!(certificates::check(dir.path()).is_good());
}

#[test]
fn reports_a_key_that_others_can_read_and_repairs_it() {
    let dir = tempfile::tempdir().unwrap();
    let files = certificates::development(dir.path()).unwrap();
    fs::set_permissions(&files.key, fs::Permissions::from_mode(0o644)).unwrap();
    let report = certificates::check(dir.path());
    expect!["`DIR/server.key` has mode 0644, others can read it: run `chmod 600 DIR/server.key`"]
        .assert_eq(&without(&report.problems().join("\n"), dir.path()));
    certificates::development(dir.path()).unwrap();
    assert_eq!(mode(&files.key), 0o600);
}

#[test]
fn reports_a_certificate_of_another_ca() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let files = certificates::development(dir.path()).unwrap();
    let others = certificates::development(other.path()).unwrap();
    fs::copy(&others.ca, &files.ca).unwrap();
    let report = certificates::check(dir.path());
    expect!["`DIR/server.crt` is not signed by `DIR/ca.crt` (invalid peer certificate: BadSignature)"]
        .assert_eq(&without(&report.problems().join("\n"), dir.path()));
}

#[test]
fn refuses_a_ca_whose_key_is_another_ones() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let files = certificates::development(dir.path()).unwrap();
    certificates::development(other.path()).unwrap();
    fs::copy(other.path().join("ca.key"), dir.path().join("ca.key")).unwrap();
    fs::remove_file(&files.cert).unwrap();
    let error = certificates::development(dir.path()).unwrap_err();
    expect!["the key in `DIR/ca.key` does not belong to the certificate in `DIR/ca.crt`: use the two files that were made together"]
        .assert_eq(&without(&error.to_string(), dir.path()));
}

#[test]
fn says_what_to_do_when_the_key_of_the_ca_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let files = certificates::development(dir.path()).unwrap();
    fs::remove_file(dir.path().join("ca.key")).unwrap();
    certificates::development(dir.path()).unwrap();
    fs::remove_file(&files.cert).unwrap();
    let error = certificates::development(dir.path()).unwrap_err();
    expect!["`DIR/ca.crt` cannot be used: `DIR/ca.key` is missing, so nothing can be signed in its name; bring the key back, or move both away to get a new CA, whose certificate every client then needs"]
        .assert_eq(&without(&error.to_string(), dir.path()));
}

#[test]
fn never_replaces_a_certificate_that_was_made_elsewhere() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let files = certificates::development(dir.path()).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["db.example".to_owned()]).unwrap();
    let cert = params.self_signed(&key).unwrap().pem();
    fs::write(&files.cert, &cert).unwrap();
    fs::write(&files.key, key.serialize_pem()).unwrap();
    certificates::development(dir.path()).unwrap();
    assert_eq!(fs::read_to_string(&files.cert).unwrap(), cert);

    let others = certificates::development(other.path()).unwrap();
    fs::copy(&others.key, &files.key).unwrap();
    certificates::development(dir.path()).unwrap_err();
    fs::remove_file(&files.key).unwrap();
    let error = certificates::development(dir.path()).unwrap_err();
    expect!["there is no `DIR/server.key`: `DIR/server.crt` was not made by ArrowLink and is not replaced; put the missing file beside it, or move it away"]
        .assert_eq(&without(&error.to_string(), dir.path()));
    assert_eq!(fs::read_to_string(&files.cert).unwrap(), cert);
}

#[test]
fn lets_many_start_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let cas: Vec<String> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| contents(&certificates::development(dir.path()).unwrap())[0].clone()))
            .collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    assert!(cas.iter().all(|ca| *ca == cas[0]));
    assert!(certificates::check(dir.path()).is_good());
}

#[test]
fn leaves_nothing_but_its_files_and_the_lock() {
    let dir = tempfile::tempdir().unwrap();
    certificates::development(dir.path()).unwrap();
    let mut names: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, [".lock", "ca.crt", "ca.key", "server.crt", "server.key"]);
}

#[test]
fn reports_an_empty_folder() {
    let dir = tempfile::tempdir().unwrap();
    expect![[r#"
        names        
        expires      unknown
        fingerprint  SHA-256 unknown
        problem      there is no `DIR/server.crt`: run `cargo xtask certs`, or start `arrowlink-server` once, which makes it, and copy it from there"#]]
    .assert_eq(&without(&certificates::check(dir.path()).to_string(), dir.path()));
}
