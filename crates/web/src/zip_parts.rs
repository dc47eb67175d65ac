//! ZIP files that people upload, such as workbooks and documents. Before the directory of such a
//! file is read, its size is checked, because the reader keeps all of it in memory.

pub(crate) mod xml;

use std::io::{self, Read, Seek};

use zip::ZipArchive;

/// The maximum total size of a file's parts when unzipped, in bytes.
pub(crate) const MOST_UNPACKED: u64 = 64 << 20;
const MOST_PARTS: usize = 1_000;
/// The maximum length of a part's name, extra fields and comment together, in bytes.
const MOST_NAME: usize = 4_096;
/// The signature of a directory entry.
const ENTRY: &[u8] = b"PK\x01\x02";
/// The length of a directory entry without its name, extra fields and comment (APPNOTE 4.3.12).
const ENTRY_LENGTH: usize = 46;
/// Where a directory entry says how long its name, extra fields and comment are.
const LENGTHS: [usize; 3] = [28, 30, 32];

/// The reason why a file's parts cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unopened {
    TooLarge,
    Damaged,
}

/// Reads the directory of a ZIP file.
pub(crate) fn open<R: Read + Seek>(mut file: R) -> Result<ZipArchive<R>, Unopened> {
    file.rewind().map_err(|_| Unopened::Damaged)?;
    check_directory(&mut file)?;
    let parts = ZipArchive::new(file).map_err(|_| Unopened::Damaged)?;
    if parts.len() > MOST_PARTS {
        return Err(Unopened::TooLarge);
    }
    Ok(parts)
}

/// Looks for directory entries in the whole file, because a file may say anything about where its
/// directory is and how many entries it has.
fn check_directory(file: &mut impl Read) -> Result<(), Unopened> {
    let (mut seen, mut entries) = (Vec::new(), 0);
    loop {
        let read = file.by_ref().take(1 << 16).read_to_end(&mut seen);
        let is_over = read.map_err(|_: io::Error| Unopened::Damaged)? == 0;
        let starts = seen.windows(ENTRY_LENGTH).enumerate();
        for (_, entry) in starts.filter(|(_, window)| window.starts_with(ENTRY)) {
            entries += 1;
            let lengths =
                LENGTHS.map(|at| usize::from(u16::from_le_bytes([entry[at], entry[at + 1]])));
            if entries > MOST_PARTS || lengths.iter().sum::<usize>() > MOST_NAME {
                return Err(Unopened::TooLarge);
            }
        }
        if is_over {
            return Ok(());
        }
        let looked_at = (seen.len() + 1).saturating_sub(ENTRY_LENGTH);
        seen.drain(..looked_at);
    }
}
