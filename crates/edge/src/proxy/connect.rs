//! Connections to servers: TCP and unix sockets behind one type.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use rustix::net::{RecvFlags, recv};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

use super::settings::ServerAddress;

/// What happened on a connection, for whoever does not hold it.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// Bytes came since the last request began.
    heard: AtomicBool,
    /// The peer takes no more bytes.
    deaf: AtomicBool,
    /// The next read asks the system itself.
    look: AtomicBool,
}

impl Marks {
    /// Forgets what came before this request.
    pub(super) fn begin(&self) {
        self.heard.store(false, Ordering::Relaxed);
    }

    /// Has the next read ask the system itself whether the peer has closed: the
    /// runtime hears of that only when it next waits for something.
    pub(super) fn look(&self) {
        self.look.store(true, Ordering::Relaxed);
    }

    pub(super) fn heard(&self) -> bool {
        self.heard.load(Ordering::Relaxed)
    }

    pub(super) fn deaf(&self) -> bool {
        self.deaf.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// A connection to a server.
///
/// When the server stops reading, writes seem to succeed: servers that refuse a
/// body answer and close, and the answer is still to be read (RFC 9112, section
/// 9.6). If there is none, reading says so.
#[derive(Debug)]
pub(super) struct Stream {
    socket: Socket,
    marks: Arc<Marks>,
    /// Came already, and is read before what comes.
    came: Bytes,
    sent: Sent,
}

/// Whether what is written was sent already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    No,
    /// All that comes before the next flush.
    Yes,
    /// The same, and some of it has come.
    Begun,
}

impl Stream {
    /// For an engine that is to go on where a request was sent and these bytes came:
    /// it sends the same request again, or so it thinks, and reads them.
    pub(super) fn resumed(self, came: Bytes) -> Self {
        Self {
            came,
            sent: Sent::Yes,
            ..self
        }
    }

    /// Connects; names are looked up each time, so that they may move.
    pub(super) async fn connect(address: &ServerAddress) -> io::Result<Self> {
        let socket = match address {
            ServerAddress::Tcp { host, port, .. } => {
                let stream = TcpStream::connect((host.as_str(), *port)).await?;
                // Small requests leave at once; a refusal here only costs time.
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
            marks: Arc::default(),
            came: Bytes::new(),
            sent: Sent::No,
        })
    }

    pub(super) fn marks(&self) -> &Arc<Marks> {
        &self.marks
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

    /// Whether the peer has closed, or said something nobody asked for.
    fn over(&self) -> bool {
        let mut byte = [0_u8; 1];
        let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        let peeked = match &self.socket {
            Socket::Tcp(socket) => recv(socket, &mut byte[..], flags),
            Socket::Unix(socket) => recv(socket, &mut byte[..], flags),
        };
        !matches!(peeked, Err(rustix::io::Errno::AGAIN))
    }

    /// Whether what is written now was sent already.
    fn seems_sent(&mut self) -> bool {
        if self.sent == Sent::Yes {
            self.sent = Sent::Begun;
        }
        self.sent == Sent::Begun
    }

    fn written(&self, length: usize, done: io::Result<usize>) -> io::Result<usize> {
        match done {
            Err(error) if Self::lost(&error) => {
                self.marks.deaf.store(true, Ordering::Relaxed);
                Ok(length)
            }
            done => done,
        }
    }
}

/// Whose the socket is that took the connection (`SO_PEERCRED`, unix(7)), wherever a link led.
fn check_owner(stream: &UnixStream, owner: u32) -> io::Result<()> {
    let found = stream.peer_cred()?.uid();
    if found == owner {
        return Ok(());
    }
    let why = format!("the socket belongs to user {found}, and not to user {owner}");
    Err(io::Error::new(io::ErrorKind::PermissionDenied, why))
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.sent != Sent::No {
            // Whoever has written is woken.
            return Poll::Pending;
        }
        if !this.came.is_empty() {
            let count = this.came.len().min(buffer.remaining());
            buffer.put_slice(&this.came[..count]);
            this.came.advance(count);
            this.marks.heard.store(true, Ordering::Relaxed);
            return Poll::Ready(Ok(()));
        }
        if this.marks.look.load(Ordering::Relaxed) {
            this.marks.look.store(false, Ordering::Relaxed);
            if this.over() {
                return Poll::Ready(Ok(()));
            }
        }
        let before = buffer.filled().len();
        ready!(match &mut this.socket {
            Socket::Tcp(socket) => Pin::new(socket).poll_read(context, buffer),
            Socket::Unix(socket) => Pin::new(socket).poll_read(context, buffer),
        })?;
        if buffer.filled().len() > before {
            this.marks.heard.store(true, Ordering::Relaxed);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.seems_sent() {
            return Poll::Ready(Ok(bytes.len()));
        }
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
        if this.seems_sent() {
            return Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()));
        }
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
        let this = self.get_mut();
        if this.sent == Sent::Begun {
            this.sent = Sent::No;
            context.waker().wake_by_ref();
        }
        match &mut this.socket {
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
