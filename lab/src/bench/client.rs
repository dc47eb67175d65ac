//! A minimal HTTP/1.1 client over one persistent connection. Its simplicity leaves more processor
//! time to the measured server.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

pub(super) struct Client {
    stream: TcpStream,
    received: Vec<u8>,
}

pub(super) struct Answer<'a> {
    pub(super) status: u16,
    /// The response's status line and headers, without the empty line.
    pub(super) head: &'a str,
    pub(super) body: &'a [u8],
}

impl Client {
    pub(super) async fn open(address: SocketAddr) -> Result<Self> {
        Self::over(TcpStream::connect(address).await?)
    }

    pub(super) async fn open_from(source: IpAddr, address: SocketAddr) -> Result<Self> {
        Self::over(open_from(source, address).await?)
    }

    fn over(stream: TcpStream) -> Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Client {
            stream,
            received: Vec::with_capacity(64 * 1024),
        })
    }

    /// Sends a whole request and reads the whole response.
    pub(super) async fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>> {
        self.received.clear();
        self.stream.write_all(request).await?;
        let head = loop {
            self.read_more().await?;
            if let Some(end) = find_end_of_head(&self.received) {
                break end;
            }
        };
        let (status, length) = parse_head(std::str::from_utf8(&self.received[..head])?)?;
        let end = head + 4 + length;
        while self.received.len() < end {
            self.read_more().await?;
        }
        ensure!(self.received.len() == end, "more came than was asked for");
        Ok(Answer {
            status,
            head: std::str::from_utf8(&self.received[..head])?,
            body: &self.received[head + 4..],
        })
    }

    async fn read_more(&mut self) -> Result<()> {
        let count = self.stream.read_buf(&mut self.received).await?;
        ensure!(count > 0, "the server closed the connection");
        Ok(())
    }
}

impl Answer<'_> {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        headers(self.head)
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Fails unless the response has this status. The error contains the response's body.
    pub(super) fn expect(&self, status: u16) -> Result<()> {
        if self.status != status {
            bail!(
                "the answer is {}, not {status}: {}",
                self.status,
                String::from_utf8_lossy(self.body)
            );
        }
        Ok(())
    }
}

/// Opens a connection whose local address is `source`.
pub(super) async fn open_from(source: IpAddr, address: SocketAddr) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(source, 0))?;
    Ok(socket.connect(address).await?)
}

pub(super) fn get(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n").into_bytes()
}

pub(super) fn send_json(method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

pub(super) fn headers(head: &str) -> impl Iterator<Item = (&str, &str)> {
    head.split("\r\n")
        .skip(1)
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name, value.trim()))
}

fn find_end_of_head(received: &[u8]) -> Option<usize> {
    received.windows(4).position(|window| window == b"\r\n\r\n")
}

fn parse_head(head: &str) -> Result<(u16, usize)> {
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .with_context(|| format!("no status in {head}"))?;
    let length = headers(head)
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map(|(_, length)| length.parse())
        .transpose()?;
    match length {
        Some(length) => Ok((status, length)),
        None if matches!(status, 204 | 304) => Ok((status, 0)),
        None => bail!("an answer without a length:\n{head}"),
    }
}
