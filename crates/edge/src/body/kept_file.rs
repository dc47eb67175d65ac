//! Files of medium size that are kept in memory and open. Over an unencrypted connection,
//! `sendfile` sends them without copying; any other connection gets the bytes from memory.

use std::fs::File;
use std::mem;
use std::os::fd::AsFd as _;
use std::sync::Arc;

use bytes::{Buf as _, Bytes};

use super::SendfileRange;

/// The part of a file that has not been sent yet.
#[derive(Debug)]
pub struct KeptFile {
    bytes: Bytes,
    file: Arc<File>,
    place: u64,
    is_unchanged: bool,
}

impl KeptFile {
    /// Prepares the whole file for sending. `is_unchanged` says whether the open file still
    /// contains `bytes`.
    pub(crate) fn new(bytes: Bytes, file: Arc<File>, is_unchanged: bool) -> Self {
        Self {
            bytes,
            file,
            place: 0,
            is_unchanged,
        }
    }

    pub(super) fn is_unchanged(&self) -> bool {
        self.is_unchanged
    }

    pub(super) fn left(&self) -> u64 {
        self.bytes.len() as u64
    }

    pub(super) fn take(&mut self) -> Option<Bytes> {
        let bytes = mem::take(&mut self.bytes);
        (!bytes.is_empty()).then_some(bytes)
    }

    pub(super) fn rest(&self) -> SendfileRange<'_> {
        SendfileRange {
            file: self.file.as_fd(),
            place: self.place,
            length: self.bytes.len(),
            turn: None,
        }
    }

    pub(super) fn advance(&mut self, sent: usize) {
        let sent = sent.min(self.bytes.len());
        self.bytes.advance(sent);
        self.place += sent as u64;
    }
}
