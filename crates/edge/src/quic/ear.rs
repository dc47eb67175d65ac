//! A UDP socket that can be told to read nothing more, while it still sends.

use std::fmt;
use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, Runtime as _, TokioRuntime, UdpPoller};

/// The socket as the engine has it. Once it is deaf, every datagram is left to whoever
/// else has the socket: a process that takes over, or the next endpoint of this one.
pub(super) struct Ear {
    socket: Arc<dyn AsyncUdpSocket>,
    is_deaf: AtomicBool,
}

impl Ear {
    /// Within a runtime.
    pub(super) fn new(socket: UdpSocket) -> io::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            socket: TokioRuntime.wrap_udp_socket(socket)?,
            is_deaf: AtomicBool::new(false),
        }))
    }

    /// Reads nothing more, whatever comes.
    pub(super) fn close(&self) {
        self.is_deaf.store(true, Ordering::Release);
    }
}

impl fmt::Debug for Ear {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Ear")
            .field("is_deaf", &self.is_deaf)
            .finish_non_exhaustive()
    }
}

impl AsyncUdpSocket for Ear {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Arc::clone(&self.socket).create_io_poller()
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.socket.try_send(transmit)
    }

    fn poll_recv(
        &self,
        context: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        if self.is_deaf.load(Ordering::Acquire) {
            // Nobody needs to be woken: it never hears again.
            return Poll::Pending;
        }
        self.socket.poll_recv(context, buffers, meta)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.socket.max_transmit_segments()
    }

    fn max_receive_segments(&self) -> usize {
        self.socket.max_receive_segments()
    }

    fn may_fragment(&self) -> bool {
        self.socket.may_fragment()
    }
}
