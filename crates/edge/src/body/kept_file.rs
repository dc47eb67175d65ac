//! Files of medium size that are kept in memory and open. Over an unencrypted connection,
//! `sendfile` sends them without copying; any other connection gets the bytes from memory.

use std::mem;
use std::os::fd::AsFd as _;
use std::sync::Arc;

use bytes::{Buf as _, Bytes};

use super::SendfileRange;
use crate::file_stamp::StampedFile;

/// The part of a file that has not been sent yet.
#[derive(Debug)]
pub struct KeptFile {
    bytes: Bytes,
    file: Arc<StampedFile>,
    place: u64,
}

impl KeptFile {
    /// Prepares the whole file for sending. The open file contained `bytes` when it had its stamp.
    pub(crate) fn new(bytes: Bytes, file: Arc<StampedFile>) -> Self {
        Self {
            bytes,
            file,
            place: 0,
        }
    }

    /// A file that is changed in place must not be sent under the `ETag` of its old content.
    pub(super) fn is_unchanged(&self) -> bool {
        self.file.is_unchanged()
    }

    pub(super) fn left(&self) -> u64 {
        self.bytes.len() as u64
    }

    pub(super) fn take(&mut self) -> Option<Bytes> {
        let bytes = mem::take(&mut self.bytes);
        (!bytes.is_empty()).then_some(bytes)
    }

    pub(super) fn rest(&self) -> SendfileRange<'_> {
        // It may have changed while the response waited for the client.
        let is_unchanged = self.is_unchanged();
        SendfileRange {
            file: is_unchanged.then(|| self.file.file.as_fd()),
            bytes: &self.bytes,
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

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::file_stamp::FileStamp;

    #[test]
    fn the_rest_of_a_file_that_was_changed_comes_from_memory() {
        let old = Bytes::from(vec![b'a'; 100 << 10]);
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&old).unwrap();
        let stamp = FileStamp::of(&file).unwrap();
        let file = Arc::new(StampedFile { file, stamp });
        let mut kept = KeptFile::new(old.clone(), Arc::clone(&file));
        assert!(kept.is_unchanged());
        assert!(kept.rest().file.is_some());
        kept.advance(1_000);
        let rest = kept.rest();
        assert!(rest.file.is_some());
        assert_eq!((rest.place, rest.length), (1_000, old.len() - 1_000));

        // Another length, because a coarse clock may show the same time.
        file.file.set_len(old.len() as u64 + 1).unwrap();
        let rest = kept.rest();
        assert!(rest.file.is_none());
        assert_eq!(rest.bytes, old.slice(1_000..));
    }
}
