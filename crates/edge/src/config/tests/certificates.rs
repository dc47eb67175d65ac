//! Tests of certificates in files, and of the names that they leave to the authority.

use std::fs;
use std::path::Path;

use super::{check_in, plan_of};

/// Writes a certificate and its key into one file.
fn write_pair(path: &Path, hosts: &[&str]) {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let made = rcgen::generate_simple_self_signed(hosts).unwrap();
    let text = made.cert.pem() + &made.signing_key.serialize_pem();
    fs::write(path, text).unwrap();
}

#[test]
fn certificates_that_cannot_be_used_are_told_by_their_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    write_pair(&path("a.pem"), &["a.example"]);
    write_pair(&path("b.pem"), &["b.example"]);
    fs::write(path("empty.pem"), "").unwrap();
    for (chain, key, wrong) in [
        ("a.pem", "a.pem", None),
        ("empty.pem", "a.pem", Some("tls.certificate[0].chain")),
        ("a.pem", "empty.pem", Some("tls.certificate[0].key")),
        ("a.pem", "b.pem", Some("tls.certificate[0].key")),
    ] {
        let text = format!(
            "[listen]\nhttps = [\":443\"]\n[[tls.certificate]]\nchain = \"{chain}\"\nkey = \"{key}\""
        );
        let told = check_in(&text, folder.path()).err().unwrap_or_default();
        let keys: Vec<_> = told.iter().map(|problem| problem.key.as_str()).collect();
        assert_eq!(keys, Vec::from_iter(wrong), "{chain} {key}");
    }
}

#[test]
fn certificates_cover_names_and_the_authority_gets_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    write_pair(&folder.path().join("a.pem"), &["a.example"]);
    let plan = check_in(
        r#"
        [listen]
        https = [":443"]
        [tls]
        acme = { email = "owner@example.org" }
        [[tls.certificate]]
        hosts = ["*.a.example", "B.example"]
        chain = "a.pem"
        key = "a.pem"
        [[route]]
        host = "x.a.example"
        to = "app"
        [[route]]
        host = "b.example"
        to = "app"
        [[route]]
        host = "localhost"
        to = "app"
        [[route]]
        host = "c.example"
        to = "files:."
        try = ["{path}", "{path}/", "/index.html"]
        "#,
        folder.path(),
    )
    .unwrap();
    let names: Vec<_> = plan.authority().unwrap().names.iter().collect();
    assert_eq!(names, ["c.example"]);
    assert_eq!(
        plan.tls().certificates[0].hosts,
        ["*.a.example", "b.example"]
    );
    assert!(plan.warnings().is_empty());
    // A host that is served only in clear text needs no certificate. Any other host without a
    // certificate file gets a self-signed certificate.
    let names: Vec<_> = plan.tls().self_signed.iter().collect();
    assert_eq!(names, ["c.example", "localhost"]);
    assert!(plan_of("").tls().self_signed.is_empty());
}

#[test]
fn certificates_that_say_themselves_whom_they_are_for_cover_names_too() {
    let folder = tempfile::tempdir().unwrap();
    write_pair(&folder.path().join("a.pem"), &["a.example", "*.b.example"]);
    let mut plan = check_in(
        r#"
        [listen]
        https = [":443"]
        [tls]
        acme = { email = "owner@example.org" }
        [[tls.certificate]]
        chain = "a.pem"
        key = "a.pem"
        [[tls.certificate]]
        hosts = ["c.example"]
        chain = "a.pem"
        key = "a.pem"
        [[route]]
        host = "a.example"
        to = "app"
        [[route]]
        host = "*.b.example"
        to = "app"
        [[route]]
        host = "d.example"
        to = "app"
        "#,
        folder.path(),
    )
    .unwrap();
    assert!(plan.warnings().is_empty(), "{:?}", plan.warnings());
    for host in ["A.example", "x.b.example", "c.example", "E.example"] {
        plan.order_for(host);
    }
    let names: Vec<_> = plan.authority().unwrap().names.iter().collect();
    assert_eq!(names, ["d.example", "e.example"]);
    for (host, is_there) in [
        ("d.example", true),
        ("e.example", true),
        ("x.b.example", true),
        ("localhost", true),
        ("b.example", false),
        ("x.y.b.example", false),
    ] {
        assert_eq!(plan.has_certificate(host), is_there, "{host}");
    }
    assert!(!plan_of("").has_certificate("localhost"));
}
