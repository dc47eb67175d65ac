//! The channel between the supervisor process and a worker, for messages with file descriptors. It
//! consists of two connected unix sockets and is created when the worker starts.
//!
//! A message begins with a header of two 4-byte numbers: the length of its JSON and the number of
//! its descriptors. The descriptors follow, at most a hundred at a time, and each time with one
//! byte of data. The JSON comes last.
//!
//! Workers get their listening sockets over the channel, and not as `LISTEN_FDS`: sockets can then
//! follow whenever settings change, and no `unsafe` is needed.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

const MAX_JSON_BYTES: usize = 16 << 20;
const MAX_DESCRIPTORS: usize = 4_096;
/// Linux allows 253 descriptors per system call.
const BATCH: usize = 100;

/// For sending the queued messages and reading the current one.
const HALT_TIME: Duration = Duration::from_secs(5);
/// In the queue of outgoing messages, and in that of received ones.
const MAX_QUEUED: usize = 64;

pub type Parcel<T> = (T, Vec<OwnedFd>);

/// The sender of outgoing messages, the receiver of incoming messages, and a handle with which to
/// halt the channel.
pub type Ends<Out, In> = (mpsc::Sender<Parcel<Out>>, mpsc::Receiver<Parcel<In>>, Halt);

/// Halts this end of the channel between two messages, so that the next program can take over the
/// socket.
#[derive(Debug)]
pub struct Halt {
    stream: Arc<UnixStream>,
    wanted: CancellationToken,
    tasks: [JoinHandle<()>; 2],
}

impl Halt {
    /// Sends the queued messages, finishes reading the current message, and returns the channel's
    /// socket.
    ///
    /// Fails if the other process does not read its messages. The channel cannot be used after a
    /// failure.
    pub async fn halt(self) -> io::Result<OwnedFd> {
        self.wanted.cancel();
        let [sending, receiving] = self.tasks.map(AbortOnDropHandle::new);
        let both = async { tokio::try_join!(sending, receiving) };
        let over = tokio::time::timeout(HALT_TIME, both).await;
        over.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        self.stream.as_fd().try_clone_to_owned()
    }
}

/// Opens one end of the channel. Both queues close when the other process closes the channel.
pub fn open<Out, In>(stream: std::os::unix::net::UnixStream) -> io::Result<Ends<Out, In>>
where
    Out: Serialize + Send + Sync + 'static,
    In: DeserializeOwned + Send + 'static,
{
    let (sender, receiver) = split(stream)?;
    let stream = Arc::clone(&sender.0);
    let (outbox, outgoing) = mpsc::channel(MAX_QUEUED);
    let (incoming, inbox) = mpsc::channel(MAX_QUEUED);
    let wanted = CancellationToken::new();
    let tasks = [
        tokio::spawn(send_all::<Out>(sender, outgoing, wanted.clone())),
        tokio::spawn(receive_all::<In>(receiver, incoming, wanted.clone())),
    ];
    let halt = Halt {
        stream,
        wanted,
        tasks,
    };
    Ok((outbox, inbox, halt))
}

async fn send_all<Out: Serialize + Send + Sync>(
    sender: Sender,
    mut outgoing: mpsc::Receiver<Parcel<Out>>,
    halt: CancellationToken,
) {
    loop {
        let next = tokio::select! {
            biased;
            next = outgoing.recv() => next,
            // The channel was halted, and the queue of outgoing messages is empty.
            () = halt.cancelled() => return,
        };
        let Some((message, descriptors)) = next else {
            return;
        };
        let descriptors: Vec<BorrowedFd<'_>> = descriptors.iter().map(AsFd::as_fd).collect();
        if let Err(error) = sender.send(&message, &descriptors).await {
            tracing::debug!(%error, "a message between supervisor process and worker was not sent");
            return;
        }
    }
}

async fn receive_all<In: DeserializeOwned + Send>(
    mut receiver: Receiver,
    incoming: mpsc::Sender<Parcel<In>>,
    halt: CancellationToken,
) {
    loop {
        let begun = tokio::select! {
            begun = receiver.wait_for_data() => begun,
            () = halt.cancelled() => return,
        };
        let received = match begun {
            Ok(()) => receiver.receive().await,
            Err(error) => Err(error),
        };
        match received {
            Ok(Some(parcel)) => {
                if incoming.send(parcel).await.is_err() {
                    return;
                }
            }
            Ok(None) => return,
            Err(error) => {
                tracing::error!(%error, "cannot read a message between supervisor process and worker, so the channel is closed; if Kenduri does not recover by itself, restart it, and report this");
                return;
            }
        }
    }
}

#[derive(Debug)]
struct Sender(Arc<UnixStream>);

#[derive(Debug)]
struct Receiver(Arc<UnixStream>);

fn split(stream: std::os::unix::net::UnixStream) -> io::Result<(Sender, Receiver)> {
    stream.set_nonblocking(true)?;
    let stream = Arc::new(UnixStream::from_std(stream)?);
    Ok((Sender(Arc::clone(&stream)), Receiver(stream)))
}

impl Sender {
    async fn send(
        &self,
        message: &impl Serialize,
        descriptors: &[BorrowedFd<'_>],
    ) -> io::Result<()> {
        let body = serde_json::to_vec(message)?;
        if body.len() > MAX_JSON_BYTES || descriptors.len() > MAX_DESCRIPTORS {
            return Err(io::Error::other("the message is too long"));
        }
        let mut head = number(body.len()).to_vec();
        head.extend(number(descriptors.len()));
        self.write(&head).await?;
        for batch in descriptors.chunks(BATCH) {
            self.hand_over(batch).await?;
        }
        self.write(&body).await
    }

    async fn hand_over(&self, batch: &[BorrowedFd<'_>]) -> io::Result<()> {
        self.0
            .async_io(Interest::WRITABLE, || {
                let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(BATCH))];
                let mut handed = SendAncillaryBuffer::new(&mut space);
                if !handed.push(SendAncillaryMessage::ScmRights(batch)) {
                    return Err(io::Error::other("no room for descriptors"));
                }
                let mark = [IoSlice::new(b"+")];
                sendmsg(self.0.as_fd(), &mark, &mut handed, SendFlags::NOSIGNAL)?;
                Ok(())
            })
            .await
    }

    async fn write(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.0.writable().await?;
            match self.0.try_write(bytes) {
                Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Receiver {
    /// Or the other process closes the channel.
    async fn wait_for_data(&self) -> io::Result<()> {
        self.0
            .async_io(Interest::READABLE, || {
                let mut first = [0];
                rustix::net::recv(self.0.as_fd(), &mut first, RecvFlags::PEEK)?;
                Ok(())
            })
            .await
    }

    /// `None` if the other process has closed the channel.
    async fn receive<T: DeserializeOwned>(&mut self) -> io::Result<Option<Parcel<T>>> {
        let mut head = [0; 8];
        if !self.read(&mut head).await? {
            return Ok(None);
        }
        let (length, count) = head.split_at(4);
        let (length, count) = (size(length), size(count));
        if length > MAX_JSON_BYTES || count > MAX_DESCRIPTORS {
            return Err(io::Error::other("the message is too long"));
        }
        let mut descriptors = Vec::with_capacity(count);
        for _ in 0..count.div_ceil(BATCH) {
            self.take_over(&mut descriptors).await?;
        }
        let mut body = vec![0; length];
        if descriptors.len() != count || !self.read(&mut body).await? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Some((serde_json::from_slice(&body)?, descriptors)))
    }

    async fn take_over(&self, descriptors: &mut Vec<OwnedFd>) -> io::Result<()> {
        self.0
            .async_io(Interest::READABLE, || {
                let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(BATCH))];
                let mut handed = RecvAncillaryBuffer::new(&mut space);
                let mut mark = [0];
                let mut mark = [IoSliceMut::new(&mut mark)];
                recvmsg(
                    self.0.as_fd(),
                    &mut mark,
                    &mut handed,
                    RecvFlags::CMSG_CLOEXEC,
                )?;
                for message in handed.drain() {
                    if let RecvAncillaryMessage::ScmRights(batch) = message {
                        descriptors.extend(batch);
                    }
                }
                Ok(())
            })
            .await
    }

    /// `false` if the channel closes before the first byte.
    async fn read(&self, bytes: &mut [u8]) -> io::Result<bool> {
        let mut filled = 0;
        while let Some(rest) = bytes.get_mut(filled..)
            && !rest.is_empty()
        {
            self.0.readable().await?;
            match self.0.try_read(rest) {
                Ok(0) if filled == 0 => return Ok(false),
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

fn number(size: usize) -> [u8; 4] {
    u32::try_from(size).unwrap_or(u32::MAX).to_be_bytes()
}

fn size(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .fold(0, |size, byte| size << 8 | usize::from(*byte))
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::UnixStream;

    use tokio::io::AsyncReadExt as _;

    use super::*;

    #[tokio::test]
    async fn messages_and_descriptors_arrive_in_order() {
        let (here, there) = UnixStream::pair().expect("a pair");
        let (sender, _) = split(here).expect("an end");
        let (_, mut receiver) = split(there).expect("an end");
        let pipes: Vec<_> = (0..250)
            .map(|_| UnixStream::pair().expect("a pair"))
            .collect();
        let long = "x".repeat(3 << 20);
        let sending = async {
            let ends: Vec<_> = pipes.iter().map(|(_, end)| end.as_fd()).collect();
            sender.send(&"first", &[]).await.expect("sent");
            sender.send(&long, &ends).await.expect("sent");
            drop(sender);
        };
        let receiving = async {
            let first: Option<(String, _)> = receiver.receive().await.expect("received");
            let (first, none) = first.expect("a message");
            assert_eq!((first.as_str(), none.len()), ("first", 0));
            let second: Option<(String, _)> = receiver.receive().await.expect("received");
            let (second, ends) = second.expect("a message");
            assert_eq!((second.len(), ends.len()), (long.len(), 250));
            ends
        };
        let ((), ends) = tokio::join!(sending, receiving);
        for ((mut pipe, _), end) in pipes.into_iter().zip(ends) {
            let mut end = UnixStream::from(end);
            end.write_all(b"!").expect("written");
            let mut heard = [0];
            pipe.read_exact(&mut heard).expect("read");
        }
    }

    #[tokio::test]
    async fn a_halt_falls_between_two_messages() {
        let (here, there) = UnixStream::pair().expect("a pair");
        let (outbox, _inbox, halt) = open::<String, String>(here).expect("an end");
        let (_outbox, mut inbox, halt_there) = open::<String, String>(there).expect("an end");
        let long = "x".repeat(1 << 20);
        for _ in 0..3 {
            let parcel = (long.clone(), Vec::new());
            outbox.send(parcel).await.expect("room");
        }
        let reading = async {
            for _ in 0..3 {
                let (message, _) = inbox.recv().await.expect("a message");
                assert_eq!(message.len(), long.len());
            }
        };
        let (halted, ()) = tokio::join!(halt.halt(), reading);
        let here = UnixStream::from(halted.expect("a halt"));
        let there = UnixStream::from(halt_there.halt().await.expect("a halt"));
        // The channel must stop only between two messages, never inside one.
        let (outbox, _inbox, _halt) = open::<String, String>(here).expect("an end");
        let (_outbox, mut inbox, _halt_there) = open::<String, String>(there).expect("an end");
        outbox
            .send(("next".to_owned(), Vec::new()))
            .await
            .expect("room");
        let (message, _) = inbox.recv().await.expect("a message");
        assert_eq!(message, "next");
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_read_is_sent_nothing_after_a_halt() {
        let (here, there) = UnixStream::pair().expect("a pair");
        let (outbox, mut inbox, halt) = open::<String, String>(here).expect("an end");
        let long = "x".repeat(4 << 20);
        outbox.send((long.clone(), Vec::new())).await.expect("room");
        let late = halt.halt().await.expect_err("nobody reads");
        assert_eq!(late.kind(), io::ErrorKind::TimedOut);
        assert!(inbox.recv().await.is_none());
        there.set_nonblocking(true).expect("a socket");
        let mut there = tokio::net::UnixStream::from_std(there).expect("a socket");
        let mut read = Vec::new();
        there.read_to_end(&mut read).await.expect("an end");
        assert!(read.len() < long.len(), "{}", read.len());
    }

    #[tokio::test]
    async fn who_has_gone_is_noticed() {
        let (here, there) = UnixStream::pair().expect("a pair");
        let (_sender, mut receiver) = split(there).expect("an end");
        drop(here);
        let nothing: Option<(String, _)> = receiver.receive().await.expect("an end");
        assert!(nothing.is_none());
    }
}
