//! The memory of a connection that was used once and then left open.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::doors::{Door, Doors};
use super::resident_kib;
use crate::bench::load::figure;

/// The number of connections that are held open.
const CONNECTIONS: usize = 5_000;
/// The wait after the last response, in which buffers are freed.
const SETTLE: Duration = Duration::from_secs(2);
/// The wait after the preceding rows, in which their memory is freed.
const CALM: Duration = Duration::from_secs(15);

pub(super) async fn compare(doors: &Doors) -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        },
    )?;
    let connector = connector(&doors.certificate)?;
    tokio::time::sleep(CALM).await;
    println!("\nMemory, with {CONNECTIONS} connections that asked once");
    for (name, door) in ["nginx", "Kenduri"].into_iter().zip(doors.both()) {
        let idle = resident_kib(&door.server)?;
        let open = async || Ok(TcpStream::connect(door.server.address).await?);
        let plain = held_open(door, "127.0.0.1", open).await?;
        let open = async || open_tls(door.tls, &connector).await;
        let tls = held_open(door, "localhost", open).await?;
        println!(
            "{name:<10} idle {:>6.1} MB, a plain connection {plain:>5.1} KiB, a TLS connection {tls:>5.1} KiB",
            idle * 1024.0 / 1e6
        );
    }
    println!(
        "goals: idle at most nginx + 10 MB, a plain connection 12 KiB, a TLS connection 40 KiB"
    );
    Ok(())
}

/// Returns the memory that each of many open connections adds to a server, in KiB.
async fn held_open<S>(door: &Door, host: &str, open: impl AsyncFn() -> Result<S>) -> Result<f64>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let before = resident_kib(&door.server)?;
    let mut held = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut stream = open().await?;
        ask(&mut stream, host).await?;
        held.push(stream);
    }
    tokio::time::sleep(SETTLE).await;
    let after = resident_kib(&door.server)?;
    Ok((after - before) / figure(held.len()))
}

async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), host: &str) -> Result<()> {
    let request = format!("GET /static/1k.bin HTTP/1.1\r\nHost: {host}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    let mut received = Vec::with_capacity(2_048);
    loop {
        if stream.read_buf(&mut received).await? == 0 {
            bail!("closed: {}", String::from_utf8_lossy(&received));
        }
        let head = received.windows(4).position(|end| end == b"\r\n\r\n");
        if head.is_some_and(|head| received.len() >= head + 4 + (1 << 10)) {
            return Ok(());
        }
    }
}

/// Makes a TLS client that trusts the servers' certificate and does not resume sessions.
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
