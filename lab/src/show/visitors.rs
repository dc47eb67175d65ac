//! Visitors who check every response.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::tungstenite::Message;

use super::place::{HOST, PATIENCE};

/// Between two messages on a WebSocket.
const SAYS: Duration = Duration::from_millis(10);
/// One in so many requests has a body of `BODY` bytes.
const BODIED: usize = 4;
const BODY: usize = 10_000;

/// The requests and messages of all visitors so far, and the errors.
#[derive(Default)]
pub(super) struct Tally {
    asked: AtomicUsize,
    pub(super) answered: AtomicUsize,
    pub(super) opened: AtomicUsize,
    pub(super) messages: AtomicUsize,
    failures: Mutex<Vec<String>>,
}

impl Tally {
    fn failed(&self, failure: &anyhow::Error) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.push(format!("{failure:#}"));
    }

    pub(super) fn failures(&self) -> Vec<String> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.clone()
    }
}

pub(super) trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Duplex for S {}

/// How to connect to the server: in clear text or over TLS.
#[derive(Clone)]
pub(super) enum Entrance {
    Clear(SocketAddr),
    Tls(SocketAddr, TlsConnector),
}

impl Entrance {
    pub(super) async fn open(&self) -> Result<Box<dyn Duplex>> {
        self.open_from(None).await
    }

    /// Connects to the server, from the source address `client` if given.
    pub(super) async fn open_from(&self, client: Option<Ipv4Addr>) -> Result<Box<dyn Duplex>> {
        Ok(match self {
            Self::Clear(address) => Box::new(connect_from(client, *address).await?),
            Self::Tls(address, connector) => {
                let stream = connect_from(client, *address).await?;
                Box::new(
                    connector
                        .connect(ServerName::try_from(HOST)?, stream)
                        .await?,
                )
            }
        })
    }

    fn host(&self) -> &str {
        match self {
            // Requests for the certificate's host would be redirected to HTTPS.
            Self::Clear(_) => "127.0.0.1",
            Self::Tls(..) => HOST,
        }
    }
}

pub(super) async fn connect_from(
    client: Option<Ipv4Addr>,
    address: SocketAddr,
) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if let Some(client) = client {
        socket.bind((client, 0).into())?;
    }
    let stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Makes a TLS handshake for [`HOST`], the certificate's host name.
pub(super) async fn shake_hands(
    address: SocketAddr,
    connector: &TlsConnector,
) -> Result<TlsStream<TcpStream>> {
    let stream = connect_from(None, address).await?;
    Ok(connector
        .connect(ServerName::try_from(HOST)?, stream)
        .await?)
}

/// Makes a TLS client that trusts only these certificates.
pub(super) fn believing(
    certificates: &[CertificateDer<'static>],
    protocol: &[u8],
) -> Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add(certificate.clone())?;
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut configuration = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    configuration.alpn_protocols = vec![protocol.to_vec()];
    Ok(TlsConnector::from(Arc::new(configuration)))
}

pub(super) struct Answer {
    pub(super) head: String,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn says(&self, header: &str) -> bool {
        self.head.to_ascii_lowercase().contains(header)
    }
}

/// Sends a request and reads its response, which must have status 200 and a length.
pub(super) async fn exchange(stream: &mut dyn Duplex, request: &[u8]) -> Result<Answer> {
    let exchanged = async {
        stream.write_all(request).await.context("sending")?;
        stream.flush().await.context("sending")?;
        let mut heard = Vec::with_capacity(1_024);
        let end = loop {
            let count = stream.read_buf(&mut heard).await.context("reading")?;
            ensure!(count > 0, "closed: {:?}", String::from_utf8_lossy(&heard));
            if let Some(end) = heard.windows(4).position(|end| end == b"\r\n\r\n") {
                break end;
            }
        };
        let head = String::from_utf8(heard[..end].to_vec())?;
        ensure!(head.starts_with("HTTP/1.1 200 "), "{head}");
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.parse::<usize>().ok())?
        });
        let whole = end + 4 + length.context("no length")?;
        while heard.len() < whole {
            let count = stream.read_buf(&mut heard).await.context("reading")?;
            ensure!(count > 0, "closed in the middle of a body");
        }
        ensure!(heard.len() == whole, "more came than was asked for");
        let body = String::from_utf8_lossy(&heard[end + 4..]).into_owned();
        Ok(Answer { head, body })
    };
    tokio::time::timeout(PATIENCE, exchanged)
        .await
        .context("no answer in time")?
}

/// Returns the request with this number, and the expected end of its response, which does not
/// depend on the upstream.
pub(super) fn numbered(entrance: &Entrance, number: usize) -> (Vec<u8>, String) {
    let length = if number.is_multiple_of(BODIED) {
        BODY
    } else {
        0
    };
    let method = if length > 0 { "POST" } else { "GET" };
    let path = format!("/api/{number}");
    let host = entrance.host();
    let mut request =
        format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n")
            .into_bytes();
    request.resize(request.len() + length, b'x');
    (request, format!(" {path} {length}"))
}

/// Sends requests until `enough` is set. Each connection is kept open as long as the server
/// permits.
pub(super) async fn asks(entrance: Entrance, tally: Arc<Tally>, enough: Arc<Enough>) {
    while !enough.is_it() {
        let asked = async {
            let mut stream = entrance.open().await.context("connecting")?;
            tally.opened.fetch_add(1, Ordering::Relaxed);
            while !enough.is_it() {
                let number = tally.asked.fetch_add(1, Ordering::Relaxed);
                let (request, expected) = numbered(&entrance, number);
                let answer = exchange(&mut *stream, &request).await?;
                let server = answer.body.strip_suffix(&expected);
                ensure!(
                    matches!(server, Some("one" | "two")),
                    "a wrong answer: {:?}",
                    answer.body
                );
                tally.answered.fetch_add(1, Ordering::Relaxed);
                if answer.says("\r\nconnection: close") {
                    return Ok(());
                }
            }
            Ok(())
        };
        if let Err(failure) = asked.await {
            tally.failed(&failure);
        }
    }
}

/// Sends messages on one WebSocket until `enough` is set, and then closes the WebSocket with a
/// close frame.
pub(super) async fn talks(entrance: Entrance, tally: Arc<Tally>, enough: Arc<Enough>) {
    let talked = async {
        let stream = entrance.open().await.context("connecting")?;
        let url = format!("ws://{}/live/", entrance.host());
        let (mut socket, _) = tokio_tungstenite::client_async(url, stream).await?;
        let mut number = 0;
        while !enough.is_it() {
            let said = Message::text(format!("message {number}"));
            socket.send(said.clone()).await.context("a websocket")?;
            let heard = tokio::time::timeout(PATIENCE, socket.next()).await;
            let heard = heard
                .context("no message in time")?
                .context("a websocket ended")?;
            ensure!(heard? == said, "another message came back");
            tally.messages.fetch_add(1, Ordering::Relaxed);
            number += 1;
            tokio::time::sleep(SAYS).await;
        }
        socket.close(None).await?;
        while let Some(Ok(_)) = socket.next().await {}
        anyhow::Ok(())
    };
    if let Err(failure) = talked.await {
        tally.failed(&failure.context("a websocket"));
    }
}

/// A flag that tells tasks to stop.
#[derive(Default)]
pub(super) struct Enough(std::sync::atomic::AtomicBool);

impl Enough {
    pub(super) fn say(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_it(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
