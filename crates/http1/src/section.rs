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
