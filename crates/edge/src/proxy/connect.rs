//! Connections to servers, over TCP and over Unix sockets.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rustix::net::{RecvFlags, recv};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

use super::resolved::ResolvedName;
use super::settings::ServerAddress;

#[derive(Debug)]
enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// A connection to a server.
///
/// When the server stops reading, writes appear to succeed, because the response must still be
/// read: a server that refuses a body responds and then closes the connection (RFC 9112, section
/// 9.6). If there is no response, the read fails.
#[derive(Debug)]
pub(super) struct Stream {
    socket: Socket,
    /// Whether the server accepts no more bytes.
    is_deaf: bool,
    /// Whether the next read asks the kernel if the server has closed the connection.
    looks: bool,
}

impl Stream {
    /// Opens a connection. `name` keeps the addresses of the server's host name.
    pub(super) async fn connect(
        address: &ServerAddress,
        name: &Arc<ResolvedName>,
    ) -> io::Result<Self> {
        let socket = match address {
            ServerAddress::Tcp { host, port, .. } => {
                let stream = name.connect(host, *port).await?;
                // Without this option, small requests are delayed. A failure to set it only costs
                // time.
                let _ = stream.set_nodelay(true);
                Socket::Tcp(stream)
            }
            ServerAddress::Unix { path, owner } => {
                let stream = UnixStream::connect(path).await?;
                if let Some(owner) = owner {
                    check_owner(&stream, *owner)?;
                }
                Socket::Unix(stream)
            }
        };
        Ok(Self {
            socket,
            is_deaf: false,
            looks: false,
        })
    }

    /// Makes the next read ask the kernel whether the server has closed the connection. Tokio
    /// notices a close only when it next polls for events.
    pub(super) fn look(&mut self) {
        self.looks = true;
    }

    pub(super) fn is_deaf(&self) -> bool {
        self.is_deaf
    }

    fn lost(error: &io::Error) -> bool {
        matches!(
            error.kind(),
            io::ErrorKind::BrokenPipe
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::NotConnected
        )
    }

    /// Whether the server closed it, or sent something although no request is running.
    fn is_unusable(&self) -> bool {
        let mut byte = [0_u8; 1];
        let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        let peeked = match &self.socket {
            Socket::Tcp(socket) => recv(socket, &mut byte[..], flags),
            Socket::Unix(socket) => recv(socket, &mut byte[..], flags),
        };
        !matches!(peeked, Err(rustix::io::Errno::AGAIN))
    }

    fn written(&mut self, length: usize, done: io::Result<usize>) -> io::Result<usize> {
        match done {
            Err(error) if Self::lost(&error) => {
                self.is_deaf = true;
                Ok(length)
            }
            done => done,
        }
    }
}

/// `SO_PEERCRED` (unix(7)) tells the owner even if the path is a link.
fn check_owner(stream: &UnixStream, owner: u32) -> io::Result<()> {
    let found = stream.peer_cred()?.uid();
    if found == owner {
        return Ok(());
    }
    let why = format!("the socket belongs to user {found}, not to user {owner}");
    Err(io::Error::new(io::ErrorKind::PermissionDenied, why))
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if std::mem::take(&mut this.looks) && this.is_unusable() {
            return Poll::Ready(Ok(()));
        }
        match &mut this.socket {
            Socket::Tcp(socket) => Pin::new(socket).poll_read(context, buffer),
            Socket::Unix(socket) => Pin::new(socket).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let done = ready!(match &mut this.socket {
            Socket::Tcp(socket) => Pin::new(socket).poll_write(context, bytes),
            Socket::Unix(socket) => Pin::new(socket).poll_write(context, bytes),
        });
        Poll::Ready(this.written(bytes.len(), done))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let done = ready!(match &mut this.socket {
            Socket::Tcp(socket) => Pin::new(socket).poll_write_vectored(context, slices),
            Socket::Unix(socket) => Pin::new(socket).poll_write_vectored(context, slices),
        });
        let length = slices.iter().map(|slice| slice.len()).sum();
        Poll::Ready(this.written(length, done))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().socket {
            Socket::Tcp(socket) => Pin::new(socket).poll_flush(context),
            Socket::Unix(socket) => Pin::new(socket).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().socket {
            Socket::Tcp(socket) => Pin::new(socket).poll_shutdown(context),
            Socket::Unix(socket) => Pin::new(socket).poll_shutdown(context),
        }
    }
}
