//! Hands descriptors and state over to the program that replaces this one by `exec`.
//!
//! A Unix socket carries the descriptors, and an in-memory file contains the state. Both are
//! written before the `exec`, while nothing reads the socket. The socket's other end becomes the
//! new program's standard input. The new program recognizes the handover because its standard input
//! is a socket that was created by a process with the same pid.

use std::ffi::{CString, OsString};
use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Read, Seek, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::signal::{SigSet, SigmaskHow};
use rustix::fs::MemfdFlags;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags,
    SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg,
    sendmsg, socketpair, sockopt,
};
use serde::{Deserialize, Serialize};

/// Linux permits at most 253 descriptors in a message (unix(7)).
const BATCH: usize = 250;
/// Every version must understand the header, so the fields of [`HandoverHeader`] must never change.
const MARK: &str = "handed over by exec";
const MAX_FILE_BYTES: u64 = 1 << 30;

/// The first line of a handover file.
#[derive(Debug, Serialize, Deserialize)]
struct HandoverHeader {
    mark: String,
    /// The format version of the services' state.
    format: u32,
    /// In bytes. The services' state follows the note.
    note: usize,
    /// Of the descriptors that the caller adds, which are sent before the services' descriptors.
    extra: Vec<String>,
    descriptors: usize,
}

/// The state from the program that ran in this process before the `exec`; see [`receive_handover`].
#[derive(Debug)]
pub struct ReceivedHandover {
    /// The data that the previous program stored for this program.
    pub note: Vec<u8>,
    pub extra: Vec<(String, OwnedFd)>,
    /// The supervisor's state, to be passed to [`Supervisor::resume`](crate::Supervisor::resume).
    pub rest: HandoverState,
}

#[derive(Debug)]
pub struct HandoverState {
    pub(crate) format: u32,
    pub(crate) known: Vec<u8>,
    pub(crate) descriptors: Vec<OwnedFd>,
}

static WAITING: AtomicBool = AtomicBool::new(false);

/// Blocks all signals on this thread until [`Supervisor::run`](crate::Supervisor::run) begins on
/// it. Signals stay pending, even across an `exec`, only while all threads block them. A thread
/// that does not block signals may receive one, which is then lost at the `exec`.
pub fn block_signals() {
    WAITING.store(true, Ordering::Relaxed);
    // All signal numbers are valid, so this cannot fail.
    let _ = SigSet::all().thread_block();
}

/// Unblocks signals. Call this only when tasks already listen for signals, because all signals that
/// arrived while signals were blocked are then delivered.
pub(crate) fn unblock_signals() {
    if WAITING.swap(false, Ordering::Relaxed) {
        let _ = SigSet::all().thread_unblock();
    }
}

/// Receives the state that the previous program handed over before the `exec`. Returns `None` if
/// this process was newly started. Must be called once, early in `main`, after
/// [`shim::run_if_asked`](crate::shim::run_if_asked). This function also restores the standard
/// input that the previous program had.
///
/// Signals stay blocked until [`Supervisor::run`](crate::Supervisor::run) begins. A caller that
/// needs signals must start to listen for them before it calls `run`.
///
/// An error means that the handover could not be read and is lost. A new supervisor then ends the
/// remaining processes and starts them again.
pub fn receive_handover() -> io::Result<Option<ReceivedHandover>> {
    let input = io::stdin();
    let is_ours = || -> rustix::io::Result<bool> {
        Ok(sockopt::socket_type(&input)? == SocketType::SEQPACKET
            && sockopt::socket_peercred(&input)?.pid == rustix::process::getpid())
    };
    if !is_ours().unwrap_or(false) {
        return Ok(None);
    }
    let received = receive(input.as_fd());
    WAITING.store(true, Ordering::Relaxed);
    // The handover must not be read twice, even if its contents are invalid.
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    let mut descriptors = received?.into_iter();
    let (Some(file), Some(before)) = (descriptors.next(), descriptors.next()) else {
        return Err(strange("nothing"));
    };
    rustix::stdio::dup2_stdin(before)?;
    read(File::from(file), descriptors.collect()).map(Some)
}

/// Reads a file from [`PausedSupervisor::handover_file`](crate::PausedSupervisor::handover_file).
/// It contains the whole handover except the descriptors.
pub fn read_handover_file(file: File) -> io::Result<ReceivedHandover> {
    read(file, Vec::new())
}

fn receive(from: BorrowedFd<'_>) -> io::Result<Vec<OwnedFd>> {
    let mut descriptors = Vec::new();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(BATCH))];
    loop {
        let mut rights = RecvAncillaryBuffer::new(&mut space);
        let mut word = [0];
        let heard = recvmsg(
            from,
            &mut [IoSliceMut::new(&mut word)],
            &mut rights,
            RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT,
        )?;
        if heard.bytes == 0 {
            return Ok(descriptors);
        }
        if heard.flags.contains(ReturnFlags::CTRUNC) {
            return Err(strange("fewer descriptors arrived than were sent"));
        }
        for message in rights.drain() {
            if let RecvAncillaryMessage::ScmRights(some) = message {
                descriptors.extend(some);
            }
        }
    }
}

fn read(mut file: File, mut descriptors: Vec<OwnedFd>) -> io::Result<ReceivedHandover> {
    if file.metadata()?.len() > MAX_FILE_BYTES {
        return Err(strange("it is too large"));
    }
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    let end = text.iter().position(|byte| *byte == b'\n');
    let end = end.ok_or_else(|| strange("it has no first line"))?;
    let head: HandoverHeader = serde_json::from_slice(&text[..end])?;
    let mut known = text.split_off(end + 1);
    if head.mark != MARK
        || head.note > known.len()
        || head.descriptors != descriptors.len()
        || head.extra.len() > descriptors.len()
    {
        return Err(strange("it has another format"));
    }
    let rest = descriptors.split_off(head.extra.len());
    Ok(ReceivedHandover {
        extra: head.extra.into_iter().zip(descriptors).collect(),
        rest: HandoverState {
            format: head.format,
            known: known.split_off(head.note),
            descriptors: rest,
        },
        note: known,
    })
}

fn strange(what: &str) -> io::Error {
    let what = format!("cannot read the state that the running program handed over: {what}");
    io::Error::new(io::ErrorKind::InvalidData, what)
}

pub(crate) struct HandoverContents<'a> {
    pub(crate) format: u32,
    pub(crate) known: &'a [u8],
    pub(crate) note: &'a [u8],
    pub(crate) extra: &'a [(&'a str, BorrowedFd<'a>)],
    pub(crate) descriptors: &'a [BorrowedFd<'a>],
}

/// Replaces this process's program by `exec`, and hands the state over to the new program. Returns
/// only if `exec` fails, after restoring the previous state.
pub(crate) fn exec_program(
    program: &Path,
    arguments: &[OsString],
    parcel: &HandoverContents<'_>,
) -> io::Error {
    let input = match rustix::io::fcntl_dupfd_cloexec(io::stdin(), 3) {
        Ok(input) => input,
        // This process has no standard input.
        Err(_) => match File::open("/dev/null") {
            Ok(nothing) => nothing.into(),
            Err(error) => return error,
        },
    };
    let error = match attempt(program, arguments, parcel, input.as_fd()) {
        Ok(never) => match never {},
        Err(error) => error,
    };
    // If this fails, standard input remains a socket without a peer.
    let _ = rustix::stdio::dup2_stdin(&input);
    error
}

fn attempt(
    program: &Path,
    arguments: &[OsString],
    parcel: &HandoverContents<'_>,
    input: BorrowedFd<'_>,
) -> io::Result<std::convert::Infallible> {
    let whole = |text: &[u8]| CString::new(text).map_err(io::Error::from);
    let path = whole(program.as_os_str().as_bytes())?;
    let words = [program.as_os_str()]
        .into_iter()
        .chain(arguments.iter().map(OsString::as_os_str));
    let words: Vec<CString> = words
        .map(|word| whole(word.as_bytes()))
        .collect::<io::Result<_>>()?;

    let file = written(parcel)?;
    let flags = SocketFlags::CLOEXEC;
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?;
    let mut all = vec![file.as_fd(), input];
    all.extend(parcel.extra.iter().map(|(_, descriptor)| *descriptor));
    all.extend(parcel.descriptors);
    for batch in all.chunks(BATCH) {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(BATCH))];
        let mut rights = SendAncillaryBuffer::new(&mut space);
        if !rights.push(SendAncillaryMessage::ScmRights(batch)) {
            return Err(io::Error::other("no room for the descriptors"));
        }
        // Nothing reads the socket before the `exec`, so a blocking send to a full socket would
        // never return.
        let how = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        sendmsg(&ours, &[IoSlice::new(b"+")], &mut rights, how)?;
    }
    // Only this descriptor stays open across the `exec`.
    rustix::stdio::dup2_stdin(&theirs)?;
    // The new program has no signal handlers at first, so a signal would kill it. Blocked signals
    // stay pending until `unblock_signals`.
    let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    let outcome = nix::unistd::execv(&path, &words);
    before.thread_set_mask()?;
    Ok(outcome?)
}

/// Writes the handover, except the descriptors, to a file.
pub(crate) fn written(parcel: &HandoverContents<'_>) -> io::Result<File> {
    let head = HandoverHeader {
        mark: MARK.to_owned(),
        format: parcel.format,
        note: parcel.note.len(),
        extra: parcel
            .extra
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect(),
        descriptors: parcel.extra.len() + parcel.descriptors.len(),
    };
    // The state contains the environments of services. These may be secret, so the state stays in
    // memory and is not written to disk.
    let mut file = File::from(rustix::fs::memfd_create(
        "handed over",
        MemfdFlags::CLOEXEC,
    )?);
    serde_json::to_writer(&file, &head)?;
    file.write_all(b"\n")?;
    file.write_all(parcel.note)?;
    file.write_all(parcel.known)?;
    file.rewind()?;
    Ok(file)
}
