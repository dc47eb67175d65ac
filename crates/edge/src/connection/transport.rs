//! The byte streams of connections.

use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::task::{Context, Poll, ready};

use http_body::Body as _;
use rustix::io::Errno;
use rustix::net::SendFlags;
use tokio::io::{AsyncRead, AsyncWrite, Interest};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::server::TlsStream;

use crate::body::{Body, SendfileRange, shorter};

pub(crate) trait Transport: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Returns the socket if its bytes are not encrypted, so `sendfile` can be used.
    fn bare(&self) -> Option<&TcpStream> {
        None
    }

    fn local(&self) -> Option<IpAddr> {
        let local = self.bare()?.local_addr().ok()?;
        Some(local.ip().to_canonical())
    }
}

impl Transport for TcpStream {
    fn bare(&self) -> Option<&TcpStream> {
        Some(self)
    }
}

impl Transport for UnixStream {}

impl<S: Transport> Transport for TlsStream<S> {}

/// A response that is sent with `sendfile`: a head, then a file.
pub(super) struct SendfileAnswer<'a> {
    head: &'a [u8],
    body: Body,
}

impl<'a> SendfileAnswer<'a> {
    pub(super) fn new(head: &'a [u8], body: Body) -> Self {
        Self { head, body }
    }

    pub(super) fn is_done(&self) -> bool {
        self.head.is_empty() && self.body.is_end_stream()
    }

    /// Sends as much as the socket and the available part of the body allow. This may be nothing.
    pub(super) fn poll_some(
        &mut self,
        socket: &TcpStream,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let stretch = match ready!(self.body.poll_stretch(context)) {
            Ok(stretch) => stretch,
            Err(error) => {
                self.body.failed(&error);
                return Poll::Ready(Err(error));
            }
        };
        let head = &mut self.head;
        let sent = socket.try_io(Interest::WRITABLE, || {
            while !head.is_empty() {
                // `MORE` lets the kernel send the head together with the beginning of the file.
                let flags = SendFlags::MORE | SendFlags::NOSIGNAL;
                let sent = rustix::net::send(socket, head, flags)?;
                *head = head.get(sent..).unwrap_or_default();
            }
            stretch.send(socket)
        });
        match sent {
            Ok(sent) => {
                // The permit is passed on, so other connections may be served first.
                if let Some(turn) = stretch.turn {
                    turn.pass_on();
                }
                self.body.advance(sent);
            }
            Err(error) if is_for_now(&error) => {}
            Err(error) => {
                if !is_of_socket(&error) {
                    self.body.failed(&error);
                }
                return Poll::Ready(Err(error));
            }
        }
        Poll::Ready(Ok(()))
    }
}

fn is_for_now(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

fn is_of_socket(error: &io::Error) -> bool {
    !matches!(error.kind(), ErrorKind::UnexpectedEof)
        && Errno::from_io_error(error) != Some(Errno::IO)
}

impl SendfileRange<'_> {
    fn send(&self, socket: &TcpStream) -> io::Result<usize> {
        let mut place = self.place;
        let sent = match self.file {
            Some(file) => rustix::fs::sendfile(socket, file, Some(&mut place), self.length)?,
            None => 0,
        };
        match sent {
            0 if self.bytes.is_empty() => Err(shorter()),
            // The file has just become shorter, or has changed before.
            0 => Ok(rustix::net::send(socket, self.bytes, SendFlags::NOSIGNAL)?),
            sent => Ok(sent),
        }
    }
}
