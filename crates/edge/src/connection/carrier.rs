//! What connections run on.

use std::io::{self, ErrorKind};
use std::os::fd::BorrowedFd;
use std::task::{Context, Poll, ready};

use rustix::net::SendFlags;
use tokio::io::{AsyncRead, AsyncWrite, Interest};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::server::TlsStream;

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
    file: BorrowedFd<'a>,
    /// How far the file is sent, and how far it is to be.
    place: u64,
    end: u64,
}

impl<'a> Sending<'a> {
    pub(super) fn new(head: &'a [u8], file: BorrowedFd<'a>, length: usize) -> Self {
        Self {
            head,
            file,
            place: 0,
            end: length as u64,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.head.is_empty() && self.place == self.end
    }

    /// Sends as much as the socket takes at once.
    pub(super) fn poll_some(
        &mut self,
        socket: &TcpStream,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(socket.poll_write_ready(context))?;
            match socket.try_io(Interest::WRITABLE, || self.some(socket)) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                done => return Poll::Ready(done),
            }
        }
    }

    fn some(&mut self, socket: &TcpStream) -> io::Result<()> {
        if !self.head.is_empty() {
            // The file follows at once, so the head need not go out alone.
            let flags = SendFlags::MORE | SendFlags::NOSIGNAL;
            let sent = rustix::net::send(socket, self.head, flags)?;
            self.head = self.head.get(sent..).unwrap_or_default();
            if !self.head.is_empty() {
                return Ok(());
            }
        }
        let left = usize::try_from(self.end - self.place).unwrap_or(usize::MAX);
        match rustix::fs::sendfile(socket, self.file, Some(&mut self.place), left)? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}
