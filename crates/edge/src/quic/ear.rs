//! A UDP socket as the engine has it: who hears what comes to it.

use std::fmt;
use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, Runtime as _, TokioRuntime, UdpPoller};
use rustix::io::Errno;
use tokio::io::Interest;

use super::elders::Elder;
use super::letter;
use super::line::Line;
use super::names::{Addressee, Surname};

/// The socket of one endpoint. At first it is read: what comes for those who have read
/// it before is handed to them. When it was passed on, the next one hands over what
/// comes for us. Sent is on the socket itself, always.
pub(super) struct Ear {
    socket: Arc<dyn AsyncUdpSocket>,
    elders: Arc<[Elder]>,
    /// How those who read it later know us.
    own: Elder,
    /// Where they hand over what comes for us.
    line: tokio::net::UnixDatagram,
    has_passed_on: AtomicBool,
    is_deaf: AtomicBool,
}

impl Ear {
    /// Within a runtime.
    pub(super) fn new(
        socket: UdpSocket,
        surname: Surname,
        elders: Arc<[Elder]>,
    ) -> io::Result<Self> {
        let (here, there) = UnixDatagram::pair()?;
        here.set_nonblocking(true)?;
        Ok(Self {
            socket: TokioRuntime.wrap_udp_socket(socket)?,
            elders,
            own: Elder::new(surname, there),
            line: tokio::net::UnixDatagram::from_std(here)?,
            has_passed_on: AtomicBool::new(false),
            is_deaf: AtomicBool::new(false),
        })
    }

    /// Passes the socket on to the first that has asked for it, if there is one. True:
    /// from now on it reads, and hands over what is ours.
    pub(super) fn pass_on(&self, line: &Line) -> bool {
        let is_passed = line.pass_on(&self.elders, &self.own);
        if is_passed {
            self.has_passed_on.store(true, Ordering::Release);
        }
        is_passed
    }

    /// Whether any of those who have read it before is still there.
    pub(super) fn has_elders(&self) -> bool {
        self.elders.iter().any(Elder::is_there)
    }

    /// Whether somebody else reads it now.
    pub(super) fn has_passed_on(&self) -> bool {
        self.has_passed_on.load(Ordering::Acquire)
    }

    /// Hears nothing more, whatever comes.
    pub(super) fn close(&self) {
        self.is_deaf.store(true, Ordering::Release);
    }

    /// Leaves what is for the engine.
    fn sort(&self, buffer: &mut [u8], meta: &mut RecvMeta) {
        let (mut kept, mut begin) = (0, 0);
        // Several of one sender may have come in one piece, of which only the last is
        // shorter.
        while let Some(rest) = buffer.get(begin..meta.len).filter(|rest| !rest.is_empty()) {
            let end = begin + rest.len().min(meta.stride.max(1));
            if self.is_ours(&buffer[begin..end], meta) {
                buffer.copy_within(begin..end, kept);
                kept += end - begin;
            }
            begin = end;
        }
        meta.len = kept;
    }

    /// Whether the engine may look at it. If it is for somebody who was here before, it
    /// has been handed over; and the engine would reset what it does not know.
    fn is_ours(&self, datagram: &[u8], meta: &RecvMeta) -> bool {
        match Addressee::of(datagram) {
            Addressee::Of(surname) if surname == self.own.surname => true,
            Addressee::Of(surname) => {
                let mut elders = self.elders.iter();
                let elder = elders.find(|elder| elder.surname == surname);
                if let Some(elder) = elder {
                    letter::send(elder, datagram, meta);
                }
                // It may be a name that a client has chosen for its first word.
                elder.is_none() && datagram.first().is_some_and(|first| first & 0x80 != 0)
            }
            Addressee::Anybody => true,
            Addressee::Nobody => false,
        }
    }

    fn poll_line(
        &self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
        meta: &mut RecvMeta,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.line.poll_recv_ready(context))?;
            let received = self.line.try_io(Interest::READABLE, || {
                letter::receive(&self.line, buffer).map_err(io::Error::from)
            });
            match received {
                Ok(Some(letter)) => {
                    *meta = letter;
                    return Poll::Ready(Ok(1));
                }
                Ok(None) => {}
                // It is the system that has none left, or an error that would come again.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == Errno::INTR.kind() => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl fmt::Debug for Ear {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Ear")
            .field("elders", &self.elders)
            .field("has_passed_on", &self.has_passed_on)
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
        if !self.has_passed_on()
            && let Poll::Ready(received) = self.socket.poll_recv(context, buffers, meta)
        {
            let count = received?;
            for (buffer, meta) in buffers.iter_mut().zip(meta).take(count) {
                self.sort(buffer, meta);
            }
            return Poll::Ready(Ok(count));
        }
        // Also before anything can come there: who is woken by it need not be told.
        match (buffers.first_mut(), meta.first_mut()) {
            (Some(buffer), Some(meta)) => self.poll_line(context, buffer, meta),
            _ => Poll::Pending,
        }
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

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn brief(name: &[u8], rest: &[u8]) -> Vec<u8> {
        [&[0x40], name, b"name", rest].concat()
    }

    #[tokio::test]
    async fn what_comes_in_one_piece_is_sorted() {
        let (here, there) = UnixDatagram::pair().unwrap();
        let elder = Elder::new(Surname::read(*b"past"), there);
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let ear = Ear::new(socket, Surname::read(*b"here"), [elder].into()).unwrap();
        let first = [&[0xc0, 0, 0, 0, 1, 8][..], b"anybody.."].concat();
        let all = [
            brief(b"past", b"-one--"),
            brief(b"here", b"-two--"),
            brief(b"past", b"-three"),
            brief(b"none", b"-four-"),
            first.clone(),
            brief(b"here", b"five"),
        ];
        let mut buffer = all.concat();
        let mut meta = RecvMeta {
            len: buffer.len(),
            stride: 15,
            ..RecvMeta::default()
        };
        ear.sort(&mut buffer, &mut meta);
        let ours = [all[1].clone(), first, all[5].clone()].concat();
        assert_eq!(&buffer[..meta.len], ours);
        here.set_nonblocking(true).unwrap();
        let mut letter = [0; 200];
        for expected in [&all[0], &all[2]] {
            let length = here.recv(&mut letter).unwrap();
            assert!(letter[..length].ends_with(expected));
        }
        assert!(here.recv(&mut letter).is_err());
        // Without anything of ours, nothing is left.
        let mut buffer = all[0].clone();
        (meta.len, meta.stride) = (buffer.len(), buffer.len());
        ear.sort(&mut buffer, &mut meta);
        assert_eq!(meta.len, 0);
    }
}
