//! The line on which readers of a UDP socket follow one another.
//!
//! Whoever wants to read next leaves the end of a line of its own where the present reader
//! finds it (a question). When that stops, it sends there the ends of all who still have
//! connections (the succession), itself the last of them. From then on it reads nothing but
//! what the next one sends it.
//!
//! The other way, whoever reads leaves the end of a stream that ends with it (a sign of
//! life), and the ends of those who have connections yet, so that the next one knows at once
//! when it has gone without a word, and never takes it for gone because it is busy. Of
//! several who wait, the one that takes away the sign of a dead reader is the next.
//!
//! The processes may be different versions of the program: how things are written here
//! stays as it is, or gets another mark.

use std::io::{self, IoSlice};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use tokio::io::Interest;

use crate::listen::Succession;

use super::elders::Elder;
use super::ends::{self, receive, send};
use super::names::Surname;

/// The first byte of a question.
const QUESTION: u8 = b'?';
/// The first byte of a succession. What follows are surnames, one for each line.
const SUCCEEDS: u8 = 1;
/// The first byte of a sign of life, whose own end comes before those lines.
const READS: u8 = b'!';
/// So many finish what they have at once; of more, the eldest are left out. Connections
/// are finished within half a minute, and so often nobody is replaced.
const MOST: usize = ends::MOST - 1;
/// How often is asked again where there was no room for the question.
const AGAIN: Duration = Duration::from_secs(1);

/// The line as one of those has it who read the socket, or want to.
pub(super) struct Line {
    /// Where questions are sent, and signs of life come.
    ask: UnixDatagram,
    /// Where questions come, and signs of life are sent.
    hear: tokio::net::UnixDatagram,
    /// Ends with this.
    _life: UnixStream,
    end: OwnedFd,
}

/// Of somebody who reads.
struct Sign {
    /// Ends with it.
    end: OwnedFd,
    elders: Vec<Elder>,
}

impl Line {
    /// Within a runtime.
    pub(super) fn new(Succession { ask, hear }: Succession) -> io::Result<Self> {
        hear.set_nonblocking(true)?;
        let (life, end) = UnixStream::pair()?;
        Ok(Self {
            ask,
            hear: tokio::net::UnixDatagram::from_std(hear)?,
            _life: life,
            end: end.into(),
        })
    }

    /// Asks whoever reads the socket to pass it on, and waits until it does or has gone.
    /// Where nobody has said that it reads, it has gone once `silence` has. Gives those who
    /// have read before; from now on this one reads.
    pub(super) async fn succeed<F>(&self, silence: impl Fn() -> F) -> io::Result<Vec<Elder>>
    where
        F: Future<Output = ()>,
    {
        let (here, there) = UnixDatagram::pair()?;
        here.set_nonblocking(true)?;
        let here = tokio::net::UnixDatagram::from_std(here)?;
        let asking = async {
            // Those who asked and have gone may have left no room.
            while let Err(error) = send(&self.ask, &[IoSlice::new(&[QUESTION])], &[there.as_fd()]) {
                tracing::debug!(%error, "whoever reads a UDP socket could not be asked for it");
                tokio::time::sleep(AGAIN).await;
            }
            let heard = || heard(&here).map_err(io::Error::from);
            here.async_io(Interest::READABLE, heard).await
        };
        let elders = tokio::select! {
            biased;
            elders = asking => elders?,
            left = self.left(silence) => heard(&here).or(left)?,
        };
        // One whose ends do not come is taken away as well.
        while let Ok(Some(_)) | Err(Errno::MFILE) = self.sign(RecvFlags::empty()) {}
        self.leave(&self.end, &elders);
        Ok(elders)
    }

    /// Passes the socket on to the first that has asked for it and is still there. True:
    /// from now on that one reads it.
    pub(super) fn pass_on(&self, elders: &[Elder], own: &Elder) -> bool {
        loop {
            let mut lines = Vec::new();
            let mut mark = [0];
            match receive(&self.hear, &mut mark, &mut lines, RecvFlags::empty()) {
                Ok(_) => {}
                // One whose line did not come cannot be told anything.
                Err(Errno::INTR | Errno::MFILE) => continue,
                Err(_) => return false,
            }
            let (Some(line), [QUESTION]) = (lines.pop(), mark) else {
                continue;
            };
            let present = elders.iter().filter(|elder| elder.is_there());
            let mut all: Vec<&Elder> = present.chain([own]).collect();
            all.drain(..all.len().saturating_sub(MOST));
            let lines: Vec<_> = all.iter().map(|elder| elder.line()).collect();
            let said = said(SUCCEEDS, &all);
            // Our end is none of the reader's then.
            let _ = self.sign(RecvFlags::empty());
            if send(&line, &[IoSlice::new(&said)], &lines).is_ok() {
                return true;
            }
            self.leave(&self.end, elders);
        }
    }

    /// Waits until somebody asks for the socket and `pass_on` passes it on.
    pub(super) async fn passed_on(&self, pass_on: impl Fn() -> bool) -> io::Result<()> {
        let pass_on = || {
            let is_passed = pass_on();
            is_passed
                .then_some(())
                .ok_or(io::ErrorKind::WouldBlock.into())
        };
        self.hear.async_io(Interest::READABLE, pass_on).await
    }

    /// Waits until nobody reads it, and nobody else will. Gives those of whom the last one
    /// knew.
    async fn left<F>(&self, silence: impl Fn() -> F) -> io::Result<Vec<Elder>>
    where
        F: Future<Output = ()>,
    {
        loop {
            let sign = match self.sign(RecvFlags::PEEK) {
                Ok(Some(sign)) => sign,
                Ok(None) => {
                    silence().await;
                    // Somebody may have begun meanwhile.
                    if let Ok(None) = self.sign(RecvFlags::PEEK) {
                        return Ok(Vec::new());
                    }
                    continue;
                }
                Err(error) => {
                    tracing::debug!(%error, "whoever reads a UDP socket cannot be made out");
                    tokio::time::sleep(AGAIN).await;
                    continue;
                }
            };
            if is_alive(&sign.end) {
                ended(sign.end).await?;
                continue;
            }
            // So many ends are open once.
            drop(sign);
            match self.sign(RecvFlags::empty()) {
                // Somebody else was faster, and reads it already.
                Ok(Some(Sign { end, elders })) if is_alive(&end) => self.leave(&end, &elders),
                Ok(Some(Sign { elders, .. })) => {
                    // One that was put back too late comes before that of a later reader.
                    if let Ok(None) = self.sign(RecvFlags::PEEK) {
                        return Ok(elders);
                    }
                }
                // Somebody has it, or it is lost with its ends: what comes next tells.
                Ok(None) | Err(_) => {}
            }
        }
    }

    /// What was left by whoever reads.
    fn sign(&self, flags: RecvFlags) -> Result<Option<Sign>, Errno> {
        let mut said = [0; 1 + MOST * Surname::SIZE];
        let mut lines = Vec::new();
        let length = match receive(&self.ask, &mut said, &mut lines, flags) {
            Err(Errno::AGAIN) => return Ok(None),
            received => received?,
        };
        let Some([READS, surnames @ ..]) = said.get(..length) else {
            return Ok(None);
        };
        let mut lines = lines.into_iter();
        let sign = lines.next().map(|end| Sign {
            end,
            elders: read(surnames, lines),
        });
        Ok(sign)
    }

    fn leave(&self, end: &OwnedFd, elders: &[Elder]) {
        let elders: Vec<_> = elders.iter().collect();
        let lines = elders.iter().map(|elder| elder.line());
        let ends: Vec<_> = [end.as_fd()].into_iter().chain(lines).collect();
        if let Err(error) = send(&self.hear, &[IoSlice::new(&said(READS, &elders))], &ends) {
            tracing::debug!(%error, "nobody hears who reads a UDP socket");
        }
    }
}

/// The surnames of these, behind a mark.
fn said(mark: u8, elders: &[&Elder]) -> Vec<u8> {
    let surnames = elders.iter().flat_map(|elder| elder.surname.written());
    [mark].into_iter().chain(surnames).collect()
}

/// Those who are called so, at these lines.
fn read(surnames: &[u8], lines: impl Iterator<Item = OwnedFd>) -> Vec<Elder> {
    let surnames = surnames.as_chunks().0.iter().copied().map(Surname::read);
    let elders = surnames.zip(lines.map(UnixDatagram::from));
    elders
        .map(|(surname, line)| Elder::new(surname, line))
        .collect()
}

fn is_alive(sign: &impl AsFd) -> bool {
    let heard = recv(sign, &mut [0], RecvFlags::DONTWAIT);
    matches!(heard, Err(Errno::AGAIN | Errno::INTR))
}

async fn ended(sign: OwnedFd) -> io::Result<()> {
    let sign = UnixStream::from(sign);
    sign.set_nonblocking(true)?;
    let sign = tokio::net::UnixStream::from_std(sign)?;
    let has_ended = || {
        (!is_alive(&sign))
            .then_some(())
            .ok_or(io::ErrorKind::WouldBlock.into())
    };
    sign.async_io(Interest::READABLE, has_ended).await
}

fn heard(line: &tokio::net::UnixDatagram) -> Result<Vec<Elder>, Errno> {
    let mut said = [0; 1 + MOST * Surname::SIZE];
    let mut lines = Vec::new();
    let length = match receive(line, &mut said, &mut lines, RecvFlags::empty()) {
        // The socket is ours all the same: what comes for those who are missing is lost.
        Err(Errno::MFILE) => return Ok(Vec::new()),
        received => received?,
    };
    Ok(match said.get(..length) {
        Some([SUCCEEDS, surnames @ ..]) => read(surnames, lines.into_iter()),
        // It writes what we cannot read: what comes for it is lost.
        _ => Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use futures_util::poll;

    use super::super::ends::tests::send_too_many;
    use super::*;

    /// Somebody who has connections, and where it hears what comes for it.
    fn reader() -> (Elder, UnixDatagram) {
        let (here, there) = UnixDatagram::pair().unwrap();
        (Elder::new(Surname::draw(), there), here)
    }

    /// The line, as each of those has it who have the socket.
    struct Kept(Succession);

    impl Kept {
        fn new() -> Self {
            let (ask, hear) = UnixDatagram::pair().unwrap();
            Self(Succession { ask, hear })
        }

        fn line(&self) -> Line {
            let Succession { ask, hear } = &self.0;
            let (ask, hear) = (ask.try_clone().unwrap(), hear.try_clone().unwrap());
            Line::new(Succession { ask, hear }).unwrap()
        }

        /// One that reads, for nobody else does.
        async fn first(&self) -> Line {
            let line = self.line();
            assert!(line.succeed(|| ready(())).await.unwrap().is_empty());
            line
        }
    }

    fn surnames(elders: &[Elder]) -> Vec<Surname> {
        elders.iter().map(|elder| elder.surname).collect()
    }

    #[tokio::test]
    async fn who_has_gone_gets_nothing_and_who_waits_hears_of_all_others() {
        let kept = Kept::new();
        let (own, _line) = reader();
        let first = kept.first().await;
        assert!(!first.pass_on(&[], &own), "it asked itself, and has it");
        // It asked, and did not wait.
        let gone = kept.line();
        assert!(poll!(Box::pin(gone.succeed(pending))).is_pending());
        assert!(!first.pass_on(&[], &own));
        let next = kept.line();
        let waits = next.succeed(pending);
        tokio::pin!(waits);
        assert!(poll!(waits.as_mut()).is_pending());
        let ((here, line), (gone, _)) = (reader(), reader());
        assert!(first.pass_on(&[here, gone], &own));
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
        let kept = Kept::new();
        let first = kept.first().await;
        let (mut elders, lines): (Vec<_>, Vec<_>) = (0..MOST + 2).map(|_| reader()).unzip();
        let next = kept.line();
        let waits = next.succeed(pending);
        tokio::pin!(waits);
        assert!(poll!(waits.as_mut()).is_pending());
        let own = elders.pop().unwrap();
        assert!(first.pass_on(&elders, &own));
        elders.push(own);
        assert_eq!(surnames(&waits.await.unwrap()), surnames(&elders[2..]));
        drop(lines);
    }

    #[tokio::test]
    async fn who_is_busy_is_waited_for_and_who_dies_is_followed_at_once() {
        let kept = Kept::new();
        let mut reads = kept.first().await;
        for _ in 0..3 {
            let next = kept.line();
            {
                // Whoever reads answers nothing.
                let mut waits = Box::pin(next.succeed(|| ready(())));
                for _ in 0..10 {
                    assert!(poll!(waits.as_mut()).is_pending());
                    tokio::task::yield_now().await;
                }
                drop(reads);
                assert!(waits.await.unwrap().is_empty());
            }
            reads = next;
        }
    }

    #[tokio::test]
    async fn of_several_who_wait_for_a_dead_one_one_is_the_next() {
        let kept = Kept::new();
        let first = kept.first().await;
        let (one, other) = (kept.line(), kept.line());
        let mut waits = [&one, &other].map(|line| Box::pin(line.succeed(pending)));
        for waiting in &mut waits {
            assert!(poll!(waiting.as_mut()).is_pending());
        }
        drop(first);
        let [mut waits_one, mut waits_other] = waits;
        let is_one = tokio::select! {
            elders = &mut waits_one => elders.unwrap().is_empty(),
            elders = &mut waits_other => !elders.unwrap().is_empty(),
        };
        // The next one stays for ever, as far as the last one knows.
        let last = if is_one {
            &mut waits_other
        } else {
            &mut waits_one
        };
        for _ in 0..10 {
            assert!(poll!(last.as_mut()).is_pending());
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn who_was_passed_the_socket_is_no_longer_taken_for_its_elder() {
        let kept = Kept::new();
        let (first, next, last) = (kept.first().await, kept.line(), kept.line());
        let (own, _line) = reader();
        let mut waits = Box::pin(next.succeed(pending));
        assert!(poll!(waits.as_mut()).is_pending());
        let mut waits_last = Box::pin(last.succeed(pending));
        assert!(poll!(waits_last.as_mut()).is_pending());
        assert!(first.pass_on(&[], &own));
        // It has no connections to finish, and the next one has not begun.
        drop(first);
        for _ in 0..10 {
            assert!(poll!(waits_last.as_mut()).is_pending());
            tokio::task::yield_now().await;
        }
        assert_eq!(surnames(&waits.await.unwrap()), [own.surname]);
        assert!(poll!(waits_last.as_mut()).is_pending());
    }

    #[tokio::test]
    async fn a_sign_that_was_put_back_too_late_is_nobodys() {
        let kept = Kept::new();
        let (first, next, last) = (kept.first().await, kept.line(), kept.line());
        let (own, _line) = reader();
        let mut waits = Box::pin(next.succeed(pending));
        assert!(poll!(waits.as_mut()).is_pending());
        // Somebody has taken it, and puts it back just before the next one leaves its own.
        let early = last.sign(RecvFlags::empty()).unwrap().unwrap();
        assert!(first.pass_on(&[], &own));
        waits.await.unwrap();
        let late = last.sign(RecvFlags::empty()).unwrap().unwrap();
        for sign in [early, late] {
            last.leave(&sign.end, &sign.elders);
        }
        drop(first);
        let mut waits = Box::pin(last.succeed(pending));
        for _ in 0..10 {
            assert!(poll!(waits.as_mut()).is_pending());
            tokio::task::yield_now().await;
        }
        drop(next);
        assert_eq!(surnames(&waits.await.unwrap()), [own.surname]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_sign_that_does_not_come_whole_is_looked_at_again() {
        let kept = Kept::new();
        let (_, end) = UnixStream::pair().unwrap();
        send_too_many(&kept.0.hear, READS, end.as_fd());
        let line = kept.line();
        let began = tokio::time::timeout(AGAIN * 10, line.succeed(|| ready(())));
        assert!(began.await.is_err());
    }
}
