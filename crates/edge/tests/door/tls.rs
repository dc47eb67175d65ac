use std::path::Path;

use edge::{CertificateFiles, TlsSettings};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::AlertDescription;
use rustls_pki_types::ServerName;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::certificates::trusting;
use super::*;

pub(crate) use super::certificates::files;

pub(crate) fn secured(certificates: Vec<CertificateFiles>) -> Settings {
    let mut settings = clear(ListenSettings::default());
    settings.listen.https = vec![local()];
    settings.tls = TlsSettings {
        certificates,
        self_signed: ["localhost".to_owned()].into(),
        hsts: Some(Duration::from_mins(5)),
    };
    settings
}

pub(crate) async fn handshake(
    address: SocketAddr,
    chain: &Path,
    protocol: &[u8],
    name: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    handshake_on(connect(address).await, chain, protocol, name).await
}

/// Performs a TLS handshake on a stream after other bytes.
pub(crate) async fn handshake_on(
    stream: TcpStream,
    chain: &Path,
    protocol: &[u8],
    name: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let connector = TlsConnector::from(Arc::new(trusting(chain, protocol)));
    connector.connect(name, stream).await
}

async fn get(address: SocketAddr, chain: &Path, name: &str, host: &str) -> String {
    let mut stream = handshake(address, chain, b"http/1.1", name).await.unwrap();
    let bytes = format!("GET /seen HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(bytes.as_bytes()).await.unwrap();
    all(&mut stream).await
}

#[tokio::test]
async fn each_name_is_shown_its_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let exact = files(folder.path(), "exact", &["a.example", "b.example"]);
    let wild = files(folder.path(), "wild", &["*.a.example"]);
    let (_, app) = scene();
    let edge = start(secured(vec![wild.clone(), exact.clone()]), &app);
    let address = edge.https_addresses()[0];
    for (name, chain) in [
        ("a.example", &exact.chain),
        ("B.example", &exact.chain),
        ("c.a.example", &wild.chain),
    ] {
        let answer = get(address, chain, name, name).await;
        assert!(
            answer.contains(" 200 ") && answer.contains("scheme=https"),
            "{answer}"
        );
        assert!(
            answer.contains("strict-transport-security: max-age=300"),
            "{answer}"
        );
    }
    edge.stop().await;
}

#[tokio::test]
async fn an_unknown_name_is_told_so_and_sees_no_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path(), "a", &["a.example", "*.a.example"]);
    let (_, app) = scene();
    let edge = start(secured(vec![files.clone()]), &app);
    let address = edge.https_addresses()[0];
    for name in ["other.example", "x.y.a.example", "example"] {
        let refused = handshake(address, &files.chain, b"h2", name)
            .await
            .unwrap_err();
        let why = refused.get_ref().and_then(|why| why.downcast_ref());
        let expected = rustls::Error::AlertReceived(AlertDescription::UnrecognisedName);
        assert_eq!(why, Some(&expected), "{refused}");
    }
    edge.stop().await;
}

#[tokio::test]
async fn a_host_of_another_certificate_is_misdirected() {
    let folder = tempfile::tempdir().unwrap();
    let first = files(folder.path(), "first", &["a.example", "b.example"]);
    let second = files(folder.path(), "second", &["c.example"]);
    let wild = files(folder.path(), "wild", &["*.a.example"]);
    let (_, app) = scene();
    let edge = start(secured(vec![first.clone(), second, wild.clone()]), &app);
    let address = edge.https_addresses()[0];
    for (name, chain, host, status) in [
        ("a.example", &first.chain, "a.example", 200),
        ("a.example", &first.chain, "b.example:443", 200),
        ("a.example", &first.chain, "c.example", 421),
        ("a.example", &first.chain, "d.example", 421),
        ("a.example", &first.chain, "b.a.example", 421),
        ("b.a.example", &wild.chain, "c.a.example", 200),
        ("b.a.example", &wild.chain, "a.example", 421),
    ] {
        let answer = get(address, chain, name, host).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{name} {host}: {answer}"
        );
    }
    edge.stop().await;
}

#[tokio::test]
async fn a_certificate_that_changes_is_swapped_and_a_broken_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let old = files(folder.path(), "a", &["a.example"]);
    let first = folder.path().join("first.pem");
    std::fs::copy(&old.chain, &first).unwrap();
    let (_, app) = scene();
    let edge = start(secured(vec![old.clone()]), &app);
    let address = edge.https_addresses()[0];
    std::fs::write(&old.key, "no key").unwrap();
    std::fs::write(folder.path().join("seen"), "").unwrap();
    // The certificate and the key do not match, so every check of the files keeps the old
    // certificate.
    let until = std::time::Instant::now() + Duration::from_millis(1_500);
    while std::time::Instant::now() < until {
        assert!(
            get(address, &first, "a.example", "a.example")
                .await
                .contains(" 200 ")
        );
    }
    files(folder.path(), "a", &["a.example"]);
    let swapped = async {
        while handshake(address, &old.chain, b"http/1.1", "a.example")
            .await
            .is_err()
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, swapped).await.unwrap();
    assert!(
        handshake(address, &first, b"http/1.1", "a.example")
            .await
            .is_err()
    );
    edge.stop().await;
}

#[tokio::test]
async fn what_comes_in_the_clear_is_sent_to_tls() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path(), "a", &["a.example"]);
    let (_, app) = scene();
    let edge = start(secured(vec![files]), &app);
    let (http, port) = (edge.http_addresses()[0], edge.https_addresses()[0].port());
    let bytes = |host: &str| {
        format!("POST /x?y HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").into_bytes()
    };
    let moved = exchange(http, &bytes("A.example:8080")).await;
    assert!(moved.starts_with("HTTP/1.1 308 "), "{moved}");
    assert!(
        moved.contains(&format!("location: https://a.example:{port}/x?y\r\n")),
        "{moved}"
    );
    assert!(!moved.contains("strict-transport"), "{moved}");
    let stays = exchange(http, &bytes("b.example")).await;
    assert!(stays.starts_with("HTTP/1.1 404 "), "{stays}");
    edge.stop().await;
}

#[tokio::test]
async fn who_comes_in_the_clear_is_sent_where_others_reach_it() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path(), "a", &["a.example"]);
    let (_, app) = scene();
    let mut settings = secured(vec![files]);
    settings.listen.https = vec![local(), ListenAddress::Everywhere(0), local()];
    settings.listen.http3 = false;
    let edge = start(settings, &app);
    let everywhere = edge.https_addresses().into_iter();
    let [reached] = everywhere
        .filter(|address| address.ip().is_unspecified())
        .collect::<Vec<_>>()[..]
    else {
        panic!("one address for everybody");
    };
    let bytes = b"GET /x HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n";
    let moved = exchange(edge.http_addresses()[0], bytes).await;
    let location = format!("location: https://a.example:{}/x\r\n", reached.port());
    assert!(moved.contains(&location), "{moved}");
    edge.stop().await;
}

#[tokio::test]
async fn files_that_are_no_pair_are_an_error_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut files_a = files(folder.path(), "a", &["a.example"]);
    let files_b = files(folder.path(), "b", &["b.example"]);
    files_a.key = files_b.key;
    let (_, app) = scene();
    let started = try_start(secured(vec![files_a]), 1, Inherited::default(), &app);
    let text = started.map(|_| ()).unwrap_err().to_string();
    assert!(
        text.contains("a.pem and ") && text.contains("b.key do not belong together"),
        "{text}"
    );
}

#[tokio::test]
async fn localhost_has_a_certificate_that_nobody_vouches_for() {
    let (_, app) = scene();
    let edge = start(secured(Vec::new()), &app);
    let address = edge.https_addresses()[0];
    let folder = tempfile::tempdir().unwrap();
    let other = files(folder.path(), "a", &["localhost"]);
    let refused = handshake(address, &other.chain, b"h2", "localhost")
        .await
        .unwrap_err();
    let why = refused
        .get_ref()
        .and_then(|why| why.downcast_ref::<rustls::Error>());
    assert!(
        matches!(why, Some(rustls::Error::InvalidCertificate(_))),
        "{refused}"
    );
    edge.stop().await;
}

/// Starts an edge with two certificates: one from an authority for `a.example`, and one in a file
/// for `b.example`. The authority's root certificate is in `root.pem`.
fn with_issued(folder: &Path, written: &str) -> Edge {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    std::fs::write(folder.join("root.pem"), authority.pem()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &authority).unwrap();
    // The folder for an authority's certificates.
    let kept = folder.join("acme/127.0.0.1%3A1");
    std::fs::create_dir_all(&kept).unwrap();
    let pem = format!("{}{}", key.serialize_pem(), leaf.pem());
    std::fs::write(kept.join("a.example.certificate.pem"), pem).unwrap();
    files(folder, "b", &["b.example"]);
    let text = format!(
        "[listen]\n{written}\n\
         acme = {{ email = \"a@a.example\", directory = \"https://127.0.0.1:1\", force = true }}\n\
         [[tls.certificate]]\nchain = \"b.pem\"\nkey = \"b.key\"\n\
         [[route]]\nhost = \"a.example\"\nto = \"app\"\n[[route]]\nto = \"app\"\n"
    );
    let ground = edge::PlanContext {
        folder,
        data: folder,
        services: &[],
    };
    let plan = edge::Plan::check(&toml::from_str(&text).unwrap(), &ground).unwrap();
    let (_, app) = scene();
    Edge::start(plan, Options::default(), Some(&app)).unwrap()
}

#[tokio::test]
async fn browsers_are_told_to_remember_https_for_a_day_where_nobody_said_otherwise() {
    let both = "http = [\"127.0.0.1:0\"]\nhttps = [\"127.0.0.1:0\"]\n[tls]";
    let alone = "http = []\nhttps = [\"127.0.0.1:0\"]\n[tls]";
    let (day, year) = (Some("max-age=86400"), Some("max-age=31536000"));
    for (written, of_authority, of_file) in [
        (both.to_owned(), day, None),
        // With these settings, the edge does not redirect clear-text requests to HTTPS.
        (alone.to_owned(), None, None),
        (format!("{both}\nhsts = \"0\""), None, None),
        (format!("{both}\nhsts = \"365d\""), year, year),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let edge = with_issued(folder.path(), &written);
        let address = edge.https_addresses()[0];
        for (name, root, expected) in [
            ("a.example", "root.pem", of_authority),
            ("b.example", "b.pem", of_file),
        ] {
            let answer = get(address, &folder.path().join(root), name, name).await;
            let mut lines = answer.split("\r\n");
            let said = lines.find_map(|line| line.strip_prefix("strict-transport-security: "));
            assert_eq!(said, expected, "{written} {name}: {answer}");
        }
        edge.stop().await;
    }
}

/// The TLS error of a client that sends no host name, connects to an IP address, and trusts the
/// certificate in `chain`.
async fn without_a_name(address: SocketAddr, chain: &Path) -> Option<rustls::Error> {
    let name = address.ip().to_string();
    let shaken = handshake(address, chain, b"http/1.1", &name).await;
    let why = shaken.err()?;
    why.get_ref()?.downcast_ref().cloned()
}

fn is_not_valid_for_name(why: Option<&rustls::Error>) -> bool {
    use rustls::CertificateError::{NotValidForName, NotValidForNameContext};
    matches!(
        why,
        Some(rustls::Error::InvalidCertificate(
            NotValidForName | NotValidForNameContext { .. }
        ))
    )
}

#[tokio::test]
async fn who_names_no_host_is_shown_the_certificate_of_the_address_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let first = files(folder.path(), "first", &["a.example"]);
    let (_, app) = scene();
    let edge = start(secured(vec![first.clone()]), &app);
    let address = edge.https_addresses()[0];
    let refused = rustls::Error::AlertReceived(AlertDescription::UnrecognisedName);
    assert_eq!(without_a_name(address, &first.chain).await, Some(refused));
    let own = files(folder.path(), "own", &[&address.ip().to_string()]);
    let mut settings = secured(vec![first.clone(), own.clone()]);
    settings.listen = edge.plan().listen().clone();
    edge.apply(settings.plan()).unwrap();
    let mut stream = handshake(address, &own.chain, b"http/1.1", &address.ip().to_string())
        .await
        .unwrap();
    stream.write_all(request("/").as_bytes()).await.unwrap();
    assert!(answer(&mut stream).await.ends_with("hello"));
    drop(stream);
    edge.stop().await;
}

#[tokio::test]
async fn who_names_no_host_is_shown_the_default_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let first = files(folder.path(), "first", &["a.example"]);
    let mut second = files(folder.path(), "second", &["b.example"]);
    second.is_default = true;
    let (_, app) = scene();
    let edge = start(secured(vec![first, second.clone()]), &app);
    let address = edge.https_addresses()[0];
    let why = without_a_name(address, &second.chain).await;
    assert!(is_not_valid_for_name(why.as_ref()), "{why:?}");
    edge.stop().await;
}

#[tokio::test]
async fn who_names_no_host_is_shown_a_self_signed_certificate_where_there_is_no_other() {
    let (_, app) = scene();
    let edge = start(secured(Vec::new()), &app);
    let folder = tempfile::tempdir().unwrap();
    let other = files(folder.path(), "a", &["localhost"]);
    let why = without_a_name(edge.https_addresses()[0], &other.chain).await;
    assert!(
        matches!(why, Some(rustls::Error::InvalidCertificate(_))),
        "{why:?}"
    );
    edge.stop().await;
}
