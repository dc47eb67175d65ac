//! Finds the empty line that ends a message's head or trailers.

use super::refusal::Refusal;

/// Finds the end of a head or of trailers. Examines each byte only once, even if the bytes arrive
/// in several parts.
#[derive(Debug, Default)]
pub(super) struct Section {
    /// The number of examined bytes.
    seen: usize,
    /// Where the current line begins.
    line: usize,
    has_lines: bool,
    skips_line: bool,
}

impl Section {
    /// The position after the empty line; `None` if it has not arrived.
    pub(super) fn end(&mut self, bytes: &[u8], limit: usize) -> Result<Option<usize>, Refusal> {
        let too_large = |has_lines| {
            if has_lines {
                Refusal::HeadTooLarge
            } else {
                Refusal::TargetTooLong
            }
        };
        if self.seen == 0 && bytes.len() <= limit && is_one_section(bytes) {
            *self = Self {
                seen: bytes.len(),
                line: bytes.len(),
                has_lines: true,
                skips_line: self.skips_line,
            };
            return Ok(Some(bytes.len()));
        }
        while let Some(offset) = memchr::memchr(b'\n', &bytes[self.seen..]) {
            let end = self.seen + offset;
            if end >= limit {
                return Err(too_large(self.has_lines));
            }
            if end == self.line || bytes[end - 1] != b'\r' {
                return Err(Refusal::LineEnd);
            }
            let is_empty = end == self.line + 1;
            self.seen = end + 1;
            self.line = end + 1;
            if is_empty {
                return Ok(Some(end + 1));
            }
            self.has_lines = true;
        }
        self.seen = bytes.len();
        if bytes.len() > limit {
            return Err(too_large(self.has_lines));
        }
        Ok(None)
    }

    /// Like [`end`](Self::end), but permits one empty line before a head (RFC 9112, section 2.2).
    /// Afterwards, [`skipped`](Self::skipped) returns the length of that line.
    pub(super) fn head_end(
        &mut self,
        bytes: &[u8],
        limit: usize,
    ) -> Result<Option<usize>, Refusal> {
        loop {
            let end = self.end(bytes, limit)?;
            if end != Some(self.skipped() + 2) {
                return Ok(end);
            }
            if self.skips_line {
                return Err(Refusal::EmptyLines);
            }
            self.skips_line = true;
        }
    }

    pub(super) fn skipped(&self) -> usize {
        if self.skips_line { 2 } else { 0 }
    }
}

/// Whether `bytes` are complete lines with one empty line, at the end, as most heads are when they
/// arrive. A pass over all bytes is faster than a search for the end of each line.
fn is_one_section(bytes: &[u8]) -> bool {
    let Some(lines) = bytes.strip_suffix(b"\r\n\r\n") else {
        return false;
    };
    let [first, second, rest @ ..] = lines else {
        return false;
    };
    // Numbers have no branches, so many bytes are compared at once.
    let triples = lines.iter().zip(&lines[1..]).zip(rest);
    let odd = triples.fold(0, |odd, ((line_end, carriage), last)| {
        let is_bare = u8::from(*carriage != b'\r');
        let is_empty = u8::from(*line_end == b'\n');
        odd | (u8::from(*last == b'\n') & (is_bare | is_empty))
    });
    odd == 0 && *first != b'\n' && *second != b'\n' && !lines.ends_with(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One byte more at each call, so that no call finds a complete section at once.
    fn end_by_bytes(bytes: &[u8], limit: usize) -> Result<Option<usize>, Refusal> {
        let mut section = Section::default();
        for length in 1..=bytes.len() {
            let end = section.head_end(&bytes[..length], limit)?;
            if end.is_some() {
                return Ok(end);
            }
        }
        Ok(None)
    }

    #[test]
    fn a_section_ends_at_the_same_place_however_it_arrives() {
        let pieces: [&[u8]; 6] = [b"a", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"Name: value"];
        let most = pieces.len().pow(5);
        for number in 0..most {
            let chosen =
                (0..5).map(|place| pieces[number / pieces.len().pow(place) % pieces.len()]);
            let bytes: Vec<u8> = chosen.flatten().copied().collect();
            for limit in [8, 1_024] {
                let at_once = Section::default().head_end(&bytes, limit);
                let by_bytes = end_by_bytes(&bytes, limit);
                // The larger of two faults may be seen first.
                assert_eq!(at_once.is_err(), by_bytes.is_err(), "{bytes:?}");
                if let Ok(end) = at_once {
                    assert_eq!(Ok(end), by_bytes, "{bytes:?}");
                }
            }
        }
    }
}
