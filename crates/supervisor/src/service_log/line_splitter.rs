//! Splits a service's output into lines.

/// Longer lines are split.
const MAX_LINE_BYTES: usize = 16 << 10;

/// Splits a stream of bytes into lines, regardless of how the stream is divided into chunks.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    begun: Vec<u8>,
}

impl Splitter {
    /// Creates a splitter that continues another splitter's incomplete line.
    pub(super) fn after(begun: Vec<u8>) -> Self {
        Self { begun }
    }

    pub(super) fn into_begun(self) -> Vec<u8> {
        self.begun
    }

    /// Adds a chunk. Returns the lines that are complete now.
    pub(super) fn split(&mut self, piece: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        let mut rest = piece;
        while !rest.is_empty() {
            let room = MAX_LINE_BYTES - self.begun.len();
            let window = &rest[..rest.len().min(room)];
            if let Some(end) = window.iter().position(|byte| *byte == b'\n') {
                self.begun.extend_from_slice(&rest[..end]);
                rest = &rest[end + 1..];
                lines.push(self.take());
            } else {
                self.begun.extend_from_slice(window);
                rest = &rest[window.len()..];
                // A newline after a line of exactly the maximum length must not yield an empty
                // line.
                if self.begun.len() == MAX_LINE_BYTES {
                    rest = rest.strip_prefix(b"\n").unwrap_or(rest);
                    lines.push(self.take());
                }
            }
        }
        lines
    }

    /// Returns the incomplete last line, if there is one.
    pub(super) fn rest(&mut self) -> Vec<String> {
        if self.begun.is_empty() {
            return Vec::new();
        }
        vec![self.take()]
    }

    fn take(&mut self) -> String {
        let line = self.begun.strip_suffix(b"\r").unwrap_or(&self.begun);
        let text = String::from_utf8_lossy(line).into_owned();
        self.begun.clear();
        self.begun.shrink_to(1 << 10);
        text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_end_with_a_line_feed() {
        let mut splitter = Splitter::default();
        assert_eq!(splitter.split(b"one\r\ntwo\n\nthr"), ["one", "two", ""]);
        assert_eq!(splitter.split(b"ee"), [] as [&str; 0]);
        assert_eq!(splitter.rest(), ["three"]);
        assert_eq!(splitter.rest(), [] as [&str; 0]);
    }

    #[test]
    fn a_line_without_an_end_is_cut() {
        let mut splitter = Splitter::default();
        let lines = splitter.split(&vec![b'x'; 3 * MAX_LINE_BYTES]);
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|line| line.len() == MAX_LINE_BYTES));
        assert_eq!(splitter.split(b"\xff\n"), ["\u{fffd}"]);
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(text in "[ab\n]{0,200}", cuts in prop::collection::vec(1_usize..20, 0..40)) {
            let mut whole = Splitter::default();
            let mut wanted = whole.split(text.as_bytes());
            wanted.extend(whole.rest());
            let (mut splitter, mut lines, mut rest) = (Splitter::default(), Vec::new(), text.as_bytes());
            for cut in cuts {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                lines.extend(splitter.split(piece));
                rest = after;
            }
            lines.extend(splitter.split(rest));
            lines.extend(splitter.rest());
            prop_assert_eq!(lines, wanted);
        }
    }
}
