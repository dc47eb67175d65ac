//! A minimal edge that serves challenge responses and certificates like the real one.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use edge::acme::{ACME_TLS, Acme, Challenges, Issued};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

/// A running edge. It is closed with the test's runtime.
pub(crate) struct Door {
    pub(crate) http: SocketAddr,
    pub(crate) https: SocketAddr,
    pub(crate) inside: Arc<Inside>,
}

#[derive(Debug)]
pub(crate) struct Inside {
    shown: Mutex<Option<(Arc<Challenges>, Arc<Issued>)>>,
    /// All challenge responses so far, by token. They stay available, because an authority requests
    /// a response several times, even after the ACME client has stopped.
    remembered: Mutex<HashMap<String, Arc<str>>>,
    /// Whether all requests for a challenge response fail.
    pub(crate) is_silent: AtomicBool,
    /// Each request for an HTTP challenge response adds a permit.
    pub(crate) asked: Semaphore,
    /// Each served challenge response takes a permit, or waits for one.
    pub(crate) answers: Semaphore,
}

impl Door {
    pub(crate) async fn open() -> Self {
        let http = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let https = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let inside = Arc::new(Inside {
            shown: Mutex::new(None),
            remembered: Mutex::default(),
            is_silent: AtomicBool::new(false),
            asked: Semaphore::new(0),
            answers: Semaphore::new(Semaphore::MAX_PERMITS / 2),
        });
        let door = Self {
            http: http.local_addr().unwrap(),
            https: https.local_addr().unwrap(),
            inside: Arc::clone(&inside),
        };
        tokio::spawn(serve_http(http, Arc::clone(&inside)));
        tokio::spawn(serve_https(https, inside));
        door
    }

    pub(crate) fn show(&self, acme: &Acme) {
        let shown = (Arc::clone(acme.challenges()), Arc::clone(acme.issued()));
        *self.inside.shown.lock().unwrap() = Some(shown);
    }
}

async fn serve_http(listener: TcpListener, inside: Arc<Inside>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(answer(stream, Arc::clone(&inside)));
    }
}

async fn answer(mut stream: TcpStream, inside: Arc<Inside>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap();
    let text = path
        .strip_prefix("/.well-known/acme-challenge/")
        .filter(|_| !inside.is_silent.load(Ordering::SeqCst))
        .and_then(|token| inside.find_text(token));
    inside.asked.add_permits(1);
    inside.answers.acquire().await.unwrap().forget();
    let (status, text) = text
        .as_deref()
        .map_or(("404 Not Found", ""), |text| ("200 OK", text));
    let length = text.len();
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{text}");
    drop(stream.write_all(answer.as_bytes()).await);
}

impl Inside {
    fn find_text(&self, token: &str) -> Option<Arc<str>> {
        let shown = self.shown.lock().unwrap();
        let text = shown
            .as_ref()
            .and_then(|(challenges, _)| challenges.http_01(token));
        let mut remembered = self.remembered.lock().unwrap();
        if let Some(text) = text {
            remembered.insert(token.to_owned(), text);
        }
        remembered.get(token).cloned()
    }
}

async fn serve_https(listener: TcpListener, inside: Arc<Inside>) {
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(inside);
    config.alpn_protocols = vec![ACME_TLS.to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                drop(stream.shutdown().await);
            }
        });
    }
}

impl ResolvesServerCert for Inside {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let shown = self.shown.lock().unwrap();
        let (challenges, issued) = shown.as_ref()?;
        let name = hello.server_name()?;
        let wants_proof = hello.alpn().is_some_and(|mut offered| {
            offered.next() == Some(ACME_TLS) && offered.next().is_none()
        });
        if !wants_proof {
            return issued.find(name);
        }
        (!self.is_silent.load(Ordering::SeqCst))
            .then(|| challenges.tls_alpn_01(name))
            .flatten()
    }
}
