//! A body in chunks that came whole with its head: most such answers of programs that do
//! not know how long they will be.

use bytes::Bytes;

/// Digits of a chunk's size: what came at once is never as large as these can say.
const DIGITS: usize = 7;

/// The body, if these bytes are all of it and nothing else (RFC 9112, section 7.1). Chunks
/// that have extensions, and trailers, are for the engine.
pub(super) fn joined(came: &Bytes) -> Option<Bytes> {
    let mut chunks: Vec<&[u8]> = Vec::new();
    let mut rest = &came[..];
    loop {
        let (size, begun) = size(rest)?;
        if size == 0 {
            let is_all = begun == b"\r\n";
            return is_all.then(|| match chunks[..] {
                [one] => came.slice_ref(one),
                _ => chunks.concat().into(),
            });
        }
        let (chunk, ended) = begun.split_at_checked(size)?;
        rest = ended.strip_prefix(b"\r\n")?;
        chunks.push(chunk);
    }
}

/// The size of the next chunk, and what comes after its line.
fn size(line: &[u8]) -> Option<(usize, &[u8])> {
    let end = line.iter().position(|byte| !byte.is_ascii_hexdigit())?;
    let (digits, rest) = line.split_at(end);
    let rest = rest.strip_prefix(b"\r\n")?;
    if !(1..=DIGITS).contains(&digits.len()) {
        return None;
    }
    let digits = std::str::from_utf8(digits).ok()?;
    Some((usize::from_str_radix(digits, 16).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_evidently_whole_is_joined() {
        for (came, body) in [
            ("0\r\n\r\n", Some("")),
            ("5\r\nhello\r\n0\r\n\r\n", Some("hello")),
            (
                "5\r\nhello\r\n00A\r\n, somebody\r\n000\r\n\r\n",
                Some("hello, somebody"),
            ),
            ("2\r\n\r\n\r\n0\r\n\r\n", Some("\r\n")),
            ("", None),
            ("5", None),
            ("5\r\nhel", None),
            ("5\r\nhello\r\n", None),
            ("5\r\nhello\r\n0\r\n", None),
            ("5\r\nhello\r\n0\r\n\r\nmore", None),
            ("5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n", None),
            ("5;a=b\r\nhello\r\n0\r\n\r\n", None),
            ("5 \r\nhello\r\n0\r\n\r\n", None),
            ("5\nhello\r\n0\r\n\r\n", None),
            ("5\r\nhello0\r\n\r\n", None),
            ("4\r\nhello\r\n0\r\n\r\n", None),
            ("\r\nhello\r\n0\r\n\r\n", None),
            ("-5\r\nhello\r\n0\r\n\r\n", None),
            ("+5\r\nhello\r\n0\r\n\r\n", None),
            ("0x5\r\nhello\r\n0\r\n\r\n", None),
            ("10000000000000005\r\nhello\r\n0\r\n\r\n", None),
        ] {
            let joined = joined(&Bytes::copy_from_slice(came.as_bytes()));
            assert_eq!(joined.as_deref(), body.map(str::as_bytes), "{came:?}");
        }
    }
}
