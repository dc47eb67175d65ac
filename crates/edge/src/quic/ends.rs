//! Messages between processes, with ends of lines in them.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
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

/// Takes the next message, and puts the ends that came with it to the others.
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
    Ok(received.bytes)
}
