//! Checks the fields of a request head before the crate h3 decodes them, because h3 accepts
//! repeated and misplaced pseudo-header fields.
//!
//! Most fields are indices into the static table (RFC 9204, appendix A), and the others have
//! literal names. Bytes that this module cannot parse are left to h3, which cannot decode them
//! either.

use std::ops::RangeInclusive;

/// Indices of pseudo-header fields in the static table.
const AUTHORITY: u64 = 0;
const PATH: u64 = 1;
const METHODS: RangeInclusive<u64> = 15..=21;
const SCHEMES: RangeInclusive<u64> = 22..=23;
const STATUSES: [RangeInclusive<u64>; 2] = [24..=28, 63..=71];
/// The Huffman code of a colon, with which a Huffman-coded name may begin (RFC 7541, appendix B).
const COLON: u8 = 0b101_1100;

/// A bit for each pseudo-header field of a request.
const METHOD: u8 = 1;
const SCHEME: u8 = 2;
const HOST: u8 = 4;
const TARGET: u8 = 8;
const PROTOCOL: u8 = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Header,
    Pseudo(u8),
    /// A pseudo-header field that is not allowed in a request.
    Misplaced,
}

/// Whether every pseudo-header field is allowed in a request, comes before all headers, and occurs
/// at most once (RFC 9114, section 4.3). Trailers must not contain any.
pub(super) fn are_in_order(section: &[u8], is_head: bool) -> bool {
    let mut rest = section;
    if integer(&mut rest, 8).is_none() || integer(&mut rest, 7).is_none() {
        return true;
    }
    let mut seen = 0;
    let mut is_begun = !is_head;
    while let Some(field) = next(&mut rest) {
        match field {
            Field::Header => is_begun = true,
            Field::Pseudo(kind) => {
                if is_begun || seen & kind != 0 {
                    return false;
                }
                seen |= kind;
            }
            Field::Misplaced => return false,
        }
    }
    true
}

/// Whether a field section requires the dynamic table (RFC 9204, section 4.5.1.1). That table is
/// always empty here, and h3 does not check this.
pub(super) fn needs_table(section: &[u8]) -> bool {
    let mut rest = section;
    integer(&mut rest, 8).is_some_and(|inserts| inserts > 0)
}

/// RFC 9204, section 4.5. `None` at the end, and for bytes that h3 cannot decode either.
fn next(rest: &mut &[u8]) -> Option<Field> {
    let first = *rest.first()?;
    if first & 0x80 != 0 {
        let index = integer(rest, 6)?;
        return (first & 0x40 != 0).then(|| of_table(index));
    }
    if first & 0x40 != 0 {
        let index = integer(rest, 4)?;
        string(rest, 7)?;
        return (first & 0x10 != 0).then(|| of_table(index));
    }
    if first & 0x20 != 0 {
        let is_packed = first & 0x08 != 0;
        let name = string(rest, 3)?;
        string(rest, 7)?;
        return Some(if is_packed {
            spelt_packed(name)
        } else {
            spelt(name)
        });
    }
    None
}

fn of_table(index: u64) -> Field {
    match index {
        AUTHORITY => Field::Pseudo(HOST),
        PATH => Field::Pseudo(TARGET),
        index if METHODS.contains(&index) => Field::Pseudo(METHOD),
        index if SCHEMES.contains(&index) => Field::Pseudo(SCHEME),
        index if STATUSES.iter().any(|all| all.contains(&index)) => Field::Misplaced,
        _ => Field::Header,
    }
}

fn spelt(name: &[u8]) -> Field {
    match name {
        b":method" => Field::Pseudo(METHOD),
        b":scheme" => Field::Pseudo(SCHEME),
        b":authority" => Field::Pseudo(HOST),
        b":path" => Field::Pseudo(TARGET),
        b":protocol" => Field::Pseudo(PROTOCOL),
        [b':', ..] => Field::Misplaced,
        _ => Field::Header,
    }
}

/// Clients use the static table for pseudo-header fields, so a literal one counts as misplaced.
fn spelt_packed(name: &[u8]) -> Field {
    match name.first() {
        Some(first) if first >> 1 == COLON => Field::Misplaced,
        _ => Field::Header,
    }
}

/// An integer with a prefix of `bits` bits (RFC 7541, section 5.1).
fn integer(rest: &mut &[u8], bits: u32) -> Option<u64> {
    let most = (1_u64 << bits) - 1;
    let mut value = u64::from(byte(rest)?) & most;
    if value < most {
        return Some(value);
    }
    let mut shift = 0;
    loop {
        let digit = byte(rest)?;
        let more = u64::from(digit & 0x7f).checked_shl(shift)?;
        value = value.checked_add(more)?;
        if digit & 0x80 == 0 {
            return Some(value);
        }
        shift += 7;
    }
}

fn string<'a>(rest: &mut &'a [u8], bits: u32) -> Option<&'a [u8]> {
    let length = usize::try_from(integer(rest, bits)?).ok()?;
    let (string, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(string)
}

fn byte(rest: &mut &[u8]) -> Option<u8> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field section with the method GET, the scheme https, the authority `a`, the path `/`, and
    /// the field lines in `more`.
    fn head(more: &[&[u8]]) -> Vec<u8> {
        let begin: &[&[u8]] = &[&[0, 0, 0xd1, 0xd7], b"\x50\x01a", &[0xc1]];
        [begin, more].concat().concat()
    }

    #[test]
    fn each_comes_once_before_all_headers() {
        let accept: &[u8] = &[0xdd];
        let agent: &[u8] = b"\x5f\x50\x03any";
        let spelt: &[u8] = b"\x21x\x01y";
        for (more, expected) in [
            (&[][..], true),
            (&[accept, agent, spelt], true),
            // Repeated :path, :method, :authority and :scheme.
            (&[&[0xc1][..]], false),
            (&[&[0xd4]], false),
            (&[b"\x50\x01b"], false),
            (&[&[0xd6]], false),
            // Literal names.
            (&[b"\x25:path\x01/"], false),
            (&[b"\x27\x02:protocol\x01x"], true),
            (&[accept, b"\x27\x02:protocol\x01x"], false),
            (&[b"\x23:xy\x01x"], false),
            // `:status`, from both parts of the static table that contain it.
            (&[&[0xd9]], false),
            (&[&[0xff, 0x00]], false),
            // `user-agent`, with a two-byte index like the second `:status`.
            (&[&[0xff, 0x20]], true),
            // ":path", Huffman-coded.
            (&[b"\x2c\xb9\x58\xd3\x3f\x01/"], false),
            // Lines that this module cannot parse and leaves to h3.
            (&[&[0x10]], true),
            (&[&[0x80]], true),
            (&[&[0x50, 0x7f]], true),
        ] {
            assert_eq!(are_in_order(&head(more), true), expected, "{more:x?}");
        }
        // A header before a pseudo-header field.
        let late = [&[0, 0][..], accept, &[0xd1]].concat();
        assert!(!are_in_order(&late, true));
    }

    #[test]
    fn trailers_have_none() {
        assert!(are_in_order(b"\0\0\x21x\x01y", false));
        assert!(!are_in_order(&[0, 0, 0xd1], false));
    }

    #[test]
    fn only_one_table_is_there() {
        assert!(!needs_table(&head(&[])) && !needs_table(&[]));
        for begin in [&[1][..], &[0xfe], &[0xff, 0]] {
            assert!(needs_table(&[begin, &head(&[])[1..]].concat()));
        }
    }

    #[test]
    fn anything_is_looked_at_to_its_end() {
        for length in 0..8 {
            for byte in 0..=u8::MAX {
                are_in_order(&[vec![0, 0], vec![byte; length]].concat(), true);
                are_in_order(&vec![byte; length], false);
            }
        }
    }
}
