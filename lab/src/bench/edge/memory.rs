//! Measures the memory use of a server: when idle, for each idle or watching client, and for each
//! hostile client that keeps the server waiting.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::app::EVENTS;
use super::doors::{Door, Doors};
use super::results::Measured;
use super::rows::STATIC;
use crate::bench::load::figure;
use crate::bench::server::Server;

const HELD_CONNECTIONS: usize = 2_000;
const WATCHERS: usize = 1_000;
/// For freeing buffers after the last response.
const SETTLE: Duration = Duration::from_secs(2);

/// Their number, and the bytes that each of them sends.
type Hostile = (usize, &'static [u8]);

/// Most send an incomplete request and then nothing more.
const HOSTILE: [Hostile; 4] = [
    (1_000, b"GET /tcp/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "),
    (
        1_000,
        b"POST /tcp/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\nabc",
    ),
    // These clients request a response but do not read it.
    (
        500,
        b"GET /tcp/page/4m.bin HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    ),
    (1_250, b"GET / HTTP/1.1\r\nHo"),
];

#[derive(Clone, Copy)]
pub(super) enum Held {
    Nothing,
    Plain,
    Tls,
    Watchers,
    Hostile,
}

impl Held {
    pub(super) const ALL: [Self; 5] = [
        Self::Nothing,
        Self::Plain,
        Self::Tls,
        Self::Watchers,
        Self::Hostile,
    ];

    pub(super) fn name(self) -> String {
        let hostile: usize = HOSTILE.iter().map(|(count, _)| count).sum();
        match self {
            Self::Nothing => "memory when idle".to_owned(),
            Self::Plain => "memory of an idle connection".to_owned(),
            Self::Tls => "memory of an idle connection, TLS".to_owned(),
            Self::Watchers => "memory of a watcher of events (SSE)".to_owned(),
            Self::Hostile => format!("memory of {hostile} slow and hostile clients"),
        }
    }

    pub(super) async fn compare(self, doors: &Doors) -> Result<Measured> {
        let connector = connector(&doors.certificate)?;
        let [mut nginx, mut haproxy, mut ours] = [0.0; 3];
        let figures = [&mut nginx, &mut haproxy, &mut ours];
        for ((door, figure), is_proxy) in doors
            .of(true)
            .into_iter()
            .flatten()
            .zip(figures)
            .zip([false, true, false])
        {
            // `HAProxy` cannot serve files.
            let path = if is_proxy { "/tcp/" } else { STATIC.path };
            *figure = self.of(door, path, &connector).await?;
        }
        let (unit, goal) = match self {
            Self::Nothing => ("MiB", "nginx + 10 MiB"),
            Self::Plain => ("KiB", "≤ 6 KiB"),
            Self::Tls => ("KiB", "≤ 16 KiB"),
            Self::Watchers => ("KiB", "≤ 12 KiB"),
            Self::Hostile => ("MiB", "≤ 64 MiB"),
        };
        Ok(Measured {
            name: self.name(),
            unit,
            nginx,
            haproxy: Some(haproxy),
            ours,
            goal: goal.to_owned(),
            is_rate: false,
            instructions: None,
        })
    }

    async fn of(self, door: &Door, path: &str, connector: &TlsConnector) -> Result<f64> {
        let plain = async || Ok(TcpStream::connect(door.server.address).await?);
        let page = |host: &str| format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        match self {
            Self::Nothing => Ok(resident_kib(&door.server)? / 1_024.0),
            Self::Plain => {
                held_open(door, HELD_CONNECTIONS, &page("127.0.0.1"), 1 << 10, plain).await
            }
            Self::Tls => {
                let tls = async || open_tls(door.tls, connector).await;
                held_open(door, HELD_CONNECTIONS, &page("localhost"), 1 << 10, tls).await
            }
            Self::Watchers => {
                let events = format!("GET {EVENTS} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
                held_open(door, WATCHERS, &events, 1, plain).await
            }
            Self::Hostile => hostile(door).await,
        }
    }
}

/// Memory per connection, in KiB. On each, the client has sent a request and received the
/// response's head and `body` bytes of its body.
async fn held_open<S>(
    door: &Door,
    count: usize,
    request: &str,
    body: usize,
    open: impl AsyncFn() -> Result<S>,
) -> Result<f64>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let before = resident_kib(&door.server)?;
    let mut held = Vec::new();
    for _ in 0..count {
        let mut stream = open().await?;
        stream.write_all(request.as_bytes()).await?;
        stream.flush().await?;
        held.push(stream);
    }
    for stream in &mut held {
        receive(stream, body).await?;
    }
    tokio::time::sleep(SETTLE).await;
    let after = resident_kib(&door.server)?;
    Ok((after - before) / figure(held.len()))
}

async fn receive(stream: &mut (impl AsyncRead + Unpin), body: usize) -> Result<()> {
    let mut received = Vec::with_capacity(2_048);
    loop {
        if stream.read_buf(&mut received).await? == 0 {
            bail!("closed: {}", String::from_utf8_lossy(&received));
        }
        let head = received.windows(4).position(|end| end == b"\r\n\r\n");
        if head.is_some_and(|head| received.len() >= head + 4 + body) {
            return Ok(());
        }
    }
}

/// In total, in MiB.
async fn hostile(door: &Door) -> Result<f64> {
    let before = resident_kib(&door.server)?;
    let mut held = Vec::new();
    for (count, begun) in HOSTILE {
        for _ in 0..count {
            let mut stream = TcpStream::connect(door.server.address).await?;
            stream.write_all(begun).await?;
            held.push(stream);
        }
    }
    tokio::time::sleep(SETTLE).await;
    Ok((resident_kib(&door.server)? - before) / 1_024.0)
}

fn resident_kib(server: &Server) -> Result<f64> {
    Ok(usize::try_from(server.resident()?).map_or(f64::NAN, figure) / 1024.0)
}

/// A TLS client that trusts the servers' certificate and does not resume sessions.
pub(super) fn connector(certificate: &Path) -> Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate)?)?;
    let mut configuration =
        ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
    configuration.resumption = Resumption::disabled();
    Ok(TlsConnector::from(Arc::new(configuration)))
}

/// Connects to a server and makes a TLS handshake.
pub(super) async fn open_tls(
    address: SocketAddr,
    connector: &TlsConnector,
) -> Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").context("a name")?;
    Ok(connector.connect(name, stream).await?)
}
