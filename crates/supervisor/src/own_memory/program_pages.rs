//! Unmaps pages of the program that were needed at its start only.
//!
//! A program begins with much that it never needs again: it reads settings, tests its
//! ciphers, makes tables. Whenever a page of it is used, the system maps those around it
//! as well (16 of them; `fault_around_bytes`). They are pages of a file, which the system
//! caches for the next reader, and drops when it needs the memory; but for as
//! long as a process has them mapped, they are counted as its own and taken last.

use std::ffi::{c_int, c_void};
use std::fs;
use std::ops::Range;
use std::ptr;

/// Something that lies among the constants of the program.
static CONSTANT: &str = "constants of the program";

/// Unmaps the pages of the program. Those that are needed again are found where the
/// system keeps files, without a look at the disk unless it had to take them.
pub(super) fn unmap(parts: &[Range<usize>]) {
    for part in parts {
        advise(part, libc::MADV_DONTNEED);
    }
}

/// The code and the constants of the program, where nothing differs from its file. Where
/// this cannot be found out there are none: all stays mapped, as it would be anyway.
pub(super) fn parts() -> Vec<Range<usize>> {
    let code = (parts as fn() -> Vec<Range<usize>> as *const ()).addr();
    let smaps = fs::read_to_string("/proc/self/smaps").unwrap_or_default();
    untouched(&smaps, [code, CONSTANT.as_ptr().addr()])
}

#[expect(unsafe_code, reason = "the system offers it to C alone")]
fn advise(part: &Range<usize>, advice: c_int) {
    // SAFETY: the part is one whole mapping of the file of this program, which nobody may
    // write to, in which the kernel says that nothing differs from the file (`untouched`).
    // The program was mapped when it began, and nothing maps it anew or writes to it
    // afterwards, so that stays true. madvise(2) maps such pages or lets go of them; the next
    // access brings back the same bytes from that file, which the kernel lets nobody write
    // while it runs (ETXTBSY).
    unsafe {
        libc::madvise(
            ptr::with_exposed_provenance_mut::<c_void>(part.start),
            part.len(),
            advice,
        );
    }
}

/// The mappings (proc(5), `smaps`) that hold one of the places, are of a file, cannot be
/// written and differ in nothing from that file: what was adjusted when the program was
/// loaded would be lost.
fn untouched(smaps: &str, places: [usize; 2]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for line in smaps.lines() {
        if let Some((range, is_of_a_file)) = mapping(line) {
            let holds_one = places.iter().any(|place| range.contains(place));
            found.push((range, is_of_a_file && holds_one));
        } else if let Some((_, is_as_in_file)) = found.last_mut() {
            let differs = line.starts_with("Anonymous:") || line.starts_with("Swap:");
            *is_as_in_file &= !differs || line.ends_with(" 0 kB");
        }
    }
    let found = found
        .into_iter()
        .filter(|(_, is_as_in_file)| *is_as_in_file);
    found.map(|(range, _)| range).collect()
}

/// Reads the line with which a mapping begins, and says whether it is of a file and nobody may
/// write to it: `55d0-55d8 r-xp 00000000 fe:00 1234  /usr/bin/kenduri`.
fn mapping(line: &str) -> Option<(Range<usize>, bool)> {
    let mut fields = line.split_ascii_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let address = |text| usize::from_str_radix(text, 16).ok();
    let range = address(start)?..address(end)?;
    let rights = fields.next()?;
    let is_of_a_file = fields.nth(3).is_some_and(|path| path.starts_with('/'));
    Some((
        range,
        is_of_a_file && !rights.contains('w') && rights.ends_with('p'),
    ))
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::{env, thread};

    use super::*;

    const SMAPS: &str = "\
1000-3000 r--p 00000000 fe:00 1234                     /usr/bin/a program
Rss:                   8 kB
Anonymous:             0 kB
Swap:                  0 kB
VmFlags: rd mr mw me
3000-5000 r-xp 00002000 fe:00 1234                     /usr/bin/a program
Anonymous:             0 kB
Swap:                  0 kB
5000-6000 r--p 00004000 fe:00 1234                     /usr/bin/a program
Anonymous:             4 kB
Swap:                  0 kB
6000-7000 r--p 00005000 fe:00 1234                     /usr/bin/a program
Anonymous:             0 kB
Swap:                  4 kB
7000-8000 rw-p 00006000 fe:00 1234                     /usr/bin/a program
Anonymous:             0 kB
Swap:                  0 kB
8000-9000 r--p 00000000 00:00 0
Anonymous:             0 kB
9000-a000 r-xp 00000000 00:00 0                        [vdso]
Anonymous:             0 kB
a000-b000 r--s 00000000 fe:00 1234                     /shared
Anonymous:             0 kB
";

    #[test]
    fn what_differs_from_the_file_stays() {
        assert_eq!(
            untouched(SMAPS, [0x1000, 0x4fff]),
            [0x1000..0x3000, 0x3000..0x5000]
        );
        assert_eq!(
            untouched(SMAPS, [0x3000, 0x3000]),
            [const { 0x3000..0x5000 }],
            "both in one"
        );
        for place in [
            0xfff, 0x5000, 0x6000, 0x7000, 0x8000, 0x9000, 0xa000, 0xb000,
        ] {
            assert!(untouched(SMAPS, [place, place]).is_empty(), "{place:x}");
        }
        assert!(untouched("nonsense\n1-2\n-", [1, 1]).is_empty());
    }

    /// So many KiB of them are mapped (proc(5), `smaps`).
    fn mapped(parts: &[Range<usize>]) -> usize {
        let smaps = fs::read_to_string("/proc/self/smaps").unwrap();
        let mut is_part = false;
        let mut sum = 0;
        for line in smaps.lines() {
            if let Some((range, _)) = mapping(line) {
                is_part = parts.contains(&range);
            } else if let Some(size) = line.strip_prefix("Rss:")
                && is_part
            {
                sum += size
                    .trim()
                    .trim_end_matches(" kB")
                    .parse::<usize>()
                    .unwrap();
            }
        }
        sum
    }

    const MEASURED_ALONE: &str = "KENDURI_TEST_MEASURED_ALONE";

    /// Measured in a process of its own: other tests of this one use pages meanwhile.
    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "it is how the other process knows what it is for"
    )]
    fn what_was_used_once_is_no_longer_counted() {
        if env::var_os(MEASURED_ALONE).is_none() {
            let name = thread::current().name().unwrap().to_owned();
            let alone = Command::new(env::current_exe().unwrap())
                .args(["--exact", &name])
                .env(MEASURED_ALONE, "1")
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&alone.stdout);
            assert!(alone.status.success(), "{said}");
            assert!(said.contains("1 passed"), "{said}");
            return;
        }
        let parts = parts();
        assert_eq!(parts.len(), 2, "code and constants");
        for part in &parts {
            advise(part, libc::MADV_POPULATE_READ);
        }
        let before = mapped(&parts);
        unmap(&parts);
        let after = mapped(&parts);
        assert!(after < before / 2, "{before} KiB, then {after}");
        // And it is still what it was.
        assert_eq!(CONSTANT, ["constants", "of", "the", "program"].join(" "));
    }
}
