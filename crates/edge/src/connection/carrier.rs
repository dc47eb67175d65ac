//! What connections run on.

use std::io::{self, ErrorKind};
use std::task::{Context, Poll, ready};

use http_body::Body as _;
use rustix::net::SendFlags;
use tokio::io::{AsyncRead, AsyncWrite, Interest};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::server::TlsStream;

use crate::body::{Body, Stretch};

/// A stream of bytes both ways.
pub(crate) trait Carrier: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// The socket, where bytes go out as they are written: over it the kernel can send a
    /// file by itself.
    fn bare(&self) -> Option<&TcpStream> {
        None
    }
}

impl Carrier for TcpStream {
    fn bare(&self) -> Option<&TcpStream> {
        Some(self)
    }
}

impl Carrier for UnixStream {}

impl<S: Carrier> Carrier for TlsStream<S> {}

/// An answer whose body the kernel sends: a head, then what is in a file.
pub(super) struct Sending<'a> {
    head: &'a [u8],
    body: Body,
}

impl<'a> Sending<'a> {
    /// Of a body that is in a file.
    pub(super) fn new(head: &'a [u8], body: Body) -> Self {
        Self { head, body }
    }

    pub(super) fn is_done(&self) -> bool {
        self.head.is_empty() && self.body.is_end_stream()
    }

    /// Sends as much as the socket takes at once and it is the turn of.
    pub(super) fn poll_some(
        &mut self,
        socket: &TcpStream,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(socket.poll_write_ready(context))?;
            let sent = if self.head.is_empty() {
                let stretch = ready!(self.body.poll_stretch(context))?;
                let sent = socket.try_io(Interest::WRITABLE, || stretch.send(socket));
                if sent.is_ok() {
                    stretch.end();
                }
                sent.map(|sent| self.body.advance(sent))
            } else {
                // The file follows at once, so the head need not go out alone.
                let flags = SendFlags::MORE | SendFlags::NOSIGNAL;
                let send = || Ok(rustix::net::send(socket, self.head, flags)?);
                let sent = socket.try_io(Interest::WRITABLE, send);
                sent.map(|sent| self.head = self.head.get(sent..).unwrap_or_default())
            };
            match sent {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                done => return Poll::Ready(done),
            }
        }
    }
}

impl Stretch<'_> {
    fn send(&self, socket: &TcpStream) -> io::Result<usize> {
        let mut place = self.place;
        match rustix::fs::sendfile(socket, self.file, Some(&mut place), self.length)? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            sent => Ok(sent),
        }
    }

    /// Others may go first now.
    fn end(self) {
        if let Some(turn) = self.turn {
            turn.pass_on();
        }
    }
}
