//! How readers of a UDP socket follow one another, and how the later one hands to those
//! before it what comes for them.
//!
//! Whoever wants to read next leaves the end of a line where the present reader finds it
//! (a question). When that stops, it sends over this line the ends of all who still have
//! connections there (the succession), itself the last of them. From then on it reads
//! nothing but what the next one sends it. Nothing waits for anybody: what finds no room
//! is lost, as datagrams are, and whoever has gone is left out.
//!
//! The processes may be different versions of the program: how things are written here
//! stays as it is, or gets another mark.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixDatagram;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use tokio::io::Interest;

use super::names::Surname;

/// The first byte of a question.
const QUESTION: u8 = b'?';
/// The first byte of a succession. What follows are surnames, one for each line.
const SUCCEEDS: u8 = 1;
/// So many finish what they have at once; of more, the eldest are left out. Connections
/// are finished within half a minute, and so often nobody is replaced.
const MOST: usize = 16;
/// How often is asked again where there was no room for the question.
const AGAIN: Duration = Duration::from_secs(1);

/// Somebody who read the socket before, and finishes what it has.
#[derive(Debug)]
pub(super) struct Elder {
    pub(super) surname: Surname,
    line: UnixDatagram,
    has_gone: AtomicBool,
}

impl Elder {
    /// The one that reads the other end of this line.
    pub(super) fn new(surname: Surname, line: UnixDatagram) -> Self {
        Self {
            surname,
            line,
            has_gone: AtomicBool::new(false),
        }
    }

    /// Whether it has connections yet.
    pub(super) fn is_there(&self) -> bool {
        // Nothing is handed to it, which it does not mind.
        self.hand(&[]);
        !self.has_gone.load(Ordering::Relaxed)
    }

    /// Hands it something, if it is there and has room.
    pub(super) fn hand(&self, pieces: &[IoSlice<'_>]) {
        if self.has_gone.load(Ordering::Relaxed) {
            return;
        }
        match send(&self.line, pieces, &[]) {
            Ok(()) | Err(Errno::AGAIN | Errno::NOBUFS | Errno::MSGSIZE | Errno::INTR) => {}
            Err(_) => self.has_gone.store(true, Ordering::Relaxed),
        }
    }
}

/// Passes the socket on to the first that has asked for it and is still there. True: from
/// now on that one reads it.
pub(super) fn pass_on(hear: &impl AsFd, elders: &[Elder], own: &Elder) -> bool {
    loop {
        let mut lines = Vec::new();
        let mut mark = [0];
        match receive(hear, &mut mark, &mut lines) {
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(_) => return false,
        }
        let (Some(line), [QUESTION]) = (lines.pop(), mark) else {
            continue;
        };
        let present = elders.iter().filter(|elder| elder.is_there());
        let mut all: Vec<&Elder> = present.chain([own]).collect();
        all.drain(..all.len().saturating_sub(MOST));
        let mut said = vec![SUCCEEDS];
        said.extend(all.iter().flat_map(|elder| elder.surname.written()));
        let lines: Vec<_> = all.iter().map(|elder| elder.line.as_fd()).collect();
        if send(&line.into(), &[IoSlice::new(&said)], &lines).is_ok() {
            return true;
        }
    }
}

/// Asks whoever reads the socket to pass it on, and waits until it does, or until
/// `silence`: it has gone without a word. Gives those who have read before.
pub(super) async fn succeed(
    ask: &UnixDatagram,
    silence: impl Future<Output = ()>,
) -> io::Result<Vec<Elder>> {
    let (here, there) = UnixDatagram::pair()?;
    here.set_nonblocking(true)?;
    let here = tokio::net::UnixDatagram::from_std(here)?;
    let asking = async {
        // Those who asked and have gone may have left no room.
        while let Err(error) = send(ask, &[IoSlice::new(&[QUESTION])], &[there.as_fd()]) {
            tracing::debug!(%error, "whoever reads a UDP socket could not be asked for it");
            tokio::time::sleep(AGAIN).await;
        }
        let heard = || heard(&here).map_err(io::Error::from);
        here.async_io(Interest::READABLE, heard).await
    };
    tokio::select! {
        biased;
        elders = asking => elders,
        () = silence => Ok(heard(&here).unwrap_or_default()),
    }
}

fn heard(line: &tokio::net::UnixDatagram) -> Result<Vec<Elder>, Errno> {
    let mut said = [0; 1 + MOST * Surname::SIZE];
    let mut lines = Vec::new();
    let length = receive(line, &mut said, &mut lines)?;
    let surnames = match said.get(..length) {
        Some([SUCCEEDS, surnames @ ..]) => surnames,
        // It writes what we cannot read: what comes for it is lost.
        _ => &[],
    };
    let surnames = surnames.as_chunks().0.iter().copied().map(Surname::read);
    let lines = lines.into_iter().map(UnixDatagram::from);
    let elders = surnames.zip(lines);
    Ok(elders
        .map(|(surname, line)| Elder::new(surname, line))
        .collect())
}

fn send(
    line: &UnixDatagram,
    pieces: &[IoSlice<'_>],
    lines: &[BorrowedFd<'_>],
) -> Result<(), Errno> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut handed = SendAncillaryBuffer::new(&mut space);
    if !lines.is_empty() && !handed.push(SendAncillaryMessage::ScmRights(lines)) {
        return Err(Errno::MSGSIZE);
    }
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    sendmsg(line, pieces, &mut handed, flags).map(drop)
}

fn receive(line: &impl AsFd, bytes: &mut [u8], lines: &mut Vec<OwnedFd>) -> Result<usize, Errno> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut handed = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
    let received = recvmsg(line, &mut [IoSliceMut::new(bytes)], &mut handed, flags)?;
    for message in handed.drain() {
        if let RecvAncillaryMessage::ScmRights(came) = message {
            lines.extend(came);
        }
    }
    Ok(received.bytes)
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    /// Somebody who reads, and where it hears what comes for it.
    fn reader() -> (Elder, UnixDatagram) {
        let (here, there) = UnixDatagram::pair().unwrap();
        (Elder::new(Surname::draw(), there), here)
    }

    fn surnames(elders: &[Elder]) -> Vec<Surname> {
        elders.iter().map(|elder| elder.surname).collect()
    }

    #[tokio::test]
    async fn who_has_gone_gets_nothing_and_who_waits_hears_of_all_others() {
        let (ask, hear) = UnixDatagram::pair().unwrap();
        let (own, _line) = reader();
        assert!(!pass_on(&hear, &[], &own));
        // It asked, and did not wait.
        assert!(succeed(&ask, ready(())).await.unwrap().is_empty());
        assert!(!pass_on(&hear, &[], &own));
        assert!(succeed(&ask, ready(())).await.unwrap().is_empty());
        let waits = succeed(&ask, pending());
        tokio::pin!(waits);
        assert!(futures_util::poll!(waits.as_mut()).is_pending());
        let ((here, line), (gone, _)) = (reader(), reader());
        assert!(pass_on(&hear, &[here, gone], &own));
        let elders = waits.await.unwrap();
        assert_eq!(elders.len(), 2);
        assert_eq!(elders[1].surname, own.surname);
        elders[0].hand(&[IoSlice::new(b"for "), IoSlice::new(b"you")]);
        let mut heard = [0; 9];
        // It was asked before whether it is there.
        let heard = loop {
            match line.recv(&mut heard).unwrap() {
                0 => {}
                length => break &heard[..length],
            }
        };
        assert_eq!(heard, b"for you");
    }

    #[tokio::test]
    async fn of_too_many_the_eldest_are_left_out() {
        let (ask, hear) = UnixDatagram::pair().unwrap();
        let (mut elders, lines): (Vec<_>, Vec<_>) = (0..MOST + 2).map(|_| reader()).unzip();
        let waits = succeed(&ask, pending());
        tokio::pin!(waits);
        assert!(futures_util::poll!(waits.as_mut()).is_pending());
        let own = elders.pop().unwrap();
        assert!(pass_on(&hear, &elders, &own));
        elders.push(own);
        assert_eq!(surnames(&waits.await.unwrap()), surnames(&elders[2..]));
        drop(lines);
    }
}
