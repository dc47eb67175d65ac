//! A UDP socket that can stop reading while its endpoint exists.

use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, UdpPoller};

/// A socket that can stop reading. An endpoint stays open after its connections have ended, to
/// handle their late packets. If its socket kept reading, it would take packets that are meant for
/// the next process.
#[derive(Debug)]
pub(super) struct StoppableSocket {
    socket: Arc<dyn AsyncUdpSocket>,
    has_stopped: AtomicBool,
}

impl StoppableSocket {
    pub(super) fn new(socket: Arc<dyn AsyncUdpSocket>) -> Arc<Self> {
        Arc::new(Self {
            socket,
            has_stopped: AtomicBool::new(false),
        })
    }

    pub(super) fn stop_reading(&self) {
        self.has_stopped.store(true, Ordering::Release);
    }
}

impl AsyncUdpSocket for StoppableSocket {
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
        if self.has_stopped.load(Ordering::Acquire) {
            // A stopped socket never reads again, so it wakes no task.
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
