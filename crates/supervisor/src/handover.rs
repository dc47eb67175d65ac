//! Hands descriptors and state to the program that this process becomes by `exec`.
//!
//! Descriptors travel through a socket whose other end is the new program's
//! standard input; what is known travels in a file in memory beside them. All of
//! it is there before the `exec`, so no reader is needed while it is written. The
//! new program knows that it was handed something by its standard input alone: a
//! socket that this very process has made.

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

/// How many descriptors are sent at once; the system takes 253.
const BATCH: usize = 250;
/// What comes first in the file. Whatever changes between two versions of the program, this and
/// [`HandoverHeader`] stay as they are.
const MARK: &str = "handed over by exec";
/// More than this is not taken, in bytes.
const LARGEST: u64 = 1 << 30;

/// What else is in the file, as its first line.
#[derive(Debug, Serialize, Deserialize)]
struct HandoverHeader {
    mark: String,
    /// Of what is known of the services.
    format: u32,
    /// How long the note is, in bytes; then comes what is known of the services.
    note: usize,
    /// How the program's own descriptors are called, which come before those of the services.
    extra: Vec<String>,
    /// How many descriptors there are.
    descriptors: usize,
}

/// What a program was handed by the one that it was before; see [`receive_handover`].
#[derive(Debug)]
pub struct ReceivedHandover {
    /// What the program wrote for itself.
    pub note: Vec<u8>,
    /// Its own descriptors, as it called them.
    pub extra: Vec<(String, OwnedFd)>,
    /// Everything else, for [`Supervisor::resume`](crate::Supervisor::resume).
    pub rest: HandoverState,
}

/// What a supervisor left for the next one in the same process.
#[derive(Debug)]
pub struct HandoverState {
    pub(crate) format: u32,
    pub(crate) known: Vec<u8>,
    pub(crate) descriptors: Vec<OwnedFd>,
}

/// Whether signals are blocked until a task listens.
static WAITING: AtomicBool = AtomicBool::new(false);

/// No signal reaches this thread any more until [`Supervisor::run`](crate::Supervisor::run)
/// begins on it: it waits, if all threads keep it out, also for the program that this process
/// becomes. Signals that other threads receive are lost with them.
pub fn block_signals() {
    WAITING.store(true, Ordering::Relaxed);
    // The system knows all of these signals.
    let _ = SigSet::all().thread_block();
}

/// From now on signals are listened for: those that came since the other program was left too.
pub(crate) fn unblock_signals() {
    if WAITING.swap(false, Ordering::Relaxed) {
        let _ = SigSet::all().thread_unblock();
    }
}

/// Takes what this process, as the program that it was before, has handed over; nothing: it has
/// just been started. It is to be asked once, early in `main`, after
/// [`shim::run_if_asked`](crate::shim::run_if_asked); standard input is then what it was.
///
/// Signals wait until [`Supervisor::run`](crate::Supervisor::run) begins: a caller that wants to hear of
/// them listens before.
///
/// An error says that something was handed over which cannot be read. It is lost; a supervisor
/// that is made anew ends what runs, and starts it.
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
    // Never read twice, whatever was in it.
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    let mut descriptors = received?.into_iter();
    let (Some(file), Some(before)) = (descriptors.next(), descriptors.next()) else {
        return Err(strange("nothing"));
    };
    rustix::stdio::dup2_stdin(before)?;
    read(File::from(file), descriptors.collect()).map(Some)
}

/// Reads what [`PausedSupervisor::handover_file`](crate::PausedSupervisor::handover_file) has written: all that would be
/// handed over, but for the descriptors.
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
            return Err(strange("fewer descriptors than were sent"));
        }
        for message in rights.drain() {
            if let RecvAncillaryMessage::ScmRights(some) = message {
                descriptors.extend(some);
            }
        }
    }
}

fn read(mut file: File, mut descriptors: Vec<OwnedFd>) -> io::Result<ReceivedHandover> {
    if file.metadata()?.len() > LARGEST {
        return Err(strange("too much"));
    }
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    let end = text.iter().position(|byte| *byte == b'\n');
    let end = end.ok_or_else(|| strange("no first line"))?;
    let head: HandoverHeader = serde_json::from_slice(&text[..end])?;
    let mut known = text.split_off(end + 1);
    if head.mark != MARK
        || head.note > known.len()
        || head.descriptors != descriptors.len()
        || head.extra.len() > descriptors.len()
    {
        return Err(strange("something else"));
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
    let what = format!("what this program was handed by itself cannot be read: {what}");
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// What is handed over.
pub(crate) struct HandoverContents<'a> {
    pub(crate) format: u32,
    pub(crate) known: &'a [u8],
    pub(crate) note: &'a [u8],
    pub(crate) extra: &'a [(&'a str, BorrowedFd<'a>)],
    pub(crate) descriptors: &'a [BorrowedFd<'a>],
}

/// Becomes another program, which finds the parcel. It comes back only if that fails; then
/// everything is as it was.
pub(crate) fn exec_program(
    program: &Path,
    arguments: &[OsString],
    parcel: &HandoverContents<'_>,
) -> io::Error {
    let input = match rustix::io::fcntl_dupfd_cloexec(io::stdin(), 3) {
        Ok(input) => input,
        // There is none.
        Err(_) => match File::open("/dev/null") {
            Ok(nothing) => nothing.into(),
            Err(error) => return error,
        },
    };
    let error = match attempt(program, arguments, parcel, input.as_fd()) {
        Ok(never) => match never {},
        Err(error) => error,
    };
    // Should this fail as well, standard input is a socket that has ended.
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
        // There is no reader yet: a full socket would block without end.
        let how = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        sendmsg(&ours, &[IoSlice::new(b"+")], &mut rights, how)?;
    }
    // It stays open across the `exec`, and nothing else does.
    rustix::stdio::dup2_stdin(&theirs)?;
    // The other program does not listen for signals at first, and would be ended by them: they
    // wait. See `unblock_signals`.
    let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    let outcome = nix::unistd::execv(&path, &words);
    before.thread_set_mask()?;
    Ok(outcome?)
}

/// All of it but the descriptors, in a file.
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
    // In memory: the environments of services are in it, which belong on no disk.
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
