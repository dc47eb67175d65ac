//! Messages between processes, with ends of lines in them.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

/// So many ends go with a message: those of all who finish what they have, and one more.
pub(super) const MOST: usize = 17;

/// Sends a message, and these ends with it; never waits.
pub(super) fn send(
    line: &impl AsFd,
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

/// Takes the next message, and puts the ends that came with it to the others. `MFILE`: they
/// did not all come, for descriptors are used up.
pub(super) fn receive(
    line: &impl AsFd,
    bytes: &mut [u8],
    lines: &mut Vec<OwnedFd>,
    flags: RecvFlags,
) -> Result<usize, Errno> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut handed = RecvAncillaryBuffer::new(&mut space);
    let flags = flags | RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
    let received = recvmsg(line, &mut [IoSliceMut::new(bytes)], &mut handed, flags)?;
    for message in handed.drain() {
        if let RecvAncillaryMessage::ScmRights(came) = message {
            lines.extend(came);
        }
    }
    if received.flags.contains(ReturnFlags::CTRUNC) {
        return Err(Errno::MFILE);
    }
    Ok(received.bytes)
}

#[cfg(test)]
pub(super) mod tests {
    use std::os::unix::net::UnixDatagram;

    use super::*;

    /// Sends a message with more ends than anybody takes, which looks to who receives it as
    /// any message does when descriptors are used up.
    pub(crate) fn send_too_many(line: &impl AsFd, mark: u8, end: BorrowedFd<'_>) {
        // There is room for some more than are wanted.
        const TOO_MANY: usize = 2 * MOST;
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(TOO_MANY))];
        let mut handed = SendAncillaryBuffer::new(&mut space);
        let ends = [end; TOO_MANY];
        assert!(handed.push(SendAncillaryMessage::ScmRights(&ends)));
        let flags = SendFlags::empty();
        sendmsg(line, &[IoSlice::new(&[mark])], &mut handed, flags).unwrap();
    }

    #[test]
    fn a_message_whose_ends_did_not_all_come_is_no_message() {
        let (here, there) = UnixDatagram::pair().unwrap();
        send_too_many(&here, b'!', here.as_fd());
        let received = receive(&there, &mut [0], &mut Vec::new(), RecvFlags::PEEK);
        assert_eq!(received, Err(Errno::MFILE));
        assert!(receive(&there, &mut [0], &mut Vec::new(), RecvFlags::empty()).is_err());
        send(&here, &[IoSlice::new(b"!")], &[here.as_fd(); MOST]).unwrap();
        let mut lines = Vec::new();
        let received = receive(&there, &mut [0], &mut lines, RecvFlags::empty());
        assert_eq!((received, lines.len()), (Ok(1), MOST));
    }
}
