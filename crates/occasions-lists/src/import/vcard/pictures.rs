//! Drops the pictures of contacts while a file arrives, so that they take no memory.

/// The properties whose values are pictures, sounds or keys.
const DROPPED: [&str; 4] = ["PHOTO", "LOGO", "SOUND", "KEY"];
/// The most bytes of a line by which it is told what the line is.
const HEAD: usize = 512;

/// What becomes of the line that is being read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Fate {
    /// Its beginning does not say it yet.
    #[default]
    Open,
    Kept,
    Dropped,
}

/// Keeps everything of a file but the values of pictures, sounds and keys. Their names stay, so that
/// they are counted.
#[derive(Debug, Default)]
pub(in super::super) struct WithoutPictures {
    kept: Vec<u8>,
    /// The beginning of the line, while its fate is open.
    head: Vec<u8>,
    fate: Fate,
    /// Whether the last property is dropped.
    is_dropping: bool,
    /// Whether the last property is written as quoted-printable.
    is_quoted: bool,
}

impl WithoutPictures {
    pub(in super::super) fn push(&mut self, part: &[u8]) {
        for piece in part.split_inclusive(|byte| *byte == b'\n') {
            match self.fate {
                Fate::Open => {
                    self.head.extend_from_slice(piece);
                    self.decide(piece.ends_with(b"\n"));
                }
                Fate::Kept => self.kept.extend_from_slice(piece),
                Fate::Dropped => {}
            }
            if piece.ends_with(b"\n") {
                self.fate = Fate::Open;
            }
        }
    }

    /// How many bytes are kept.
    pub(in super::super) fn kept(&self) -> usize {
        self.kept.len()
    }

    pub(in super::super) fn finish(mut self) -> Vec<u8> {
        if self.fate == Fate::Open {
            self.decide(true);
        }
        self.kept
    }

    /// Decides on the line as soon as its beginning suffices.
    fn decide(&mut self, is_over: bool) {
        let Some(first) = self.head.first().copied() else {
            return;
        };
        // A line of quoted-printable that ends in `=` goes on in the next one, whatever that holds.
        let is_soft = self.is_quoted && !self.is_dropping && {
            let end = self
                .kept
                .iter()
                .rposition(|byte| !byte.is_ascii_whitespace());
            end.is_some_and(|end| self.kept[end] == b'=')
        };
        let is_more = matches!(first, b' ' | b'\t')
            || (self.is_dropping && self.head.trim_ascii().is_empty());
        if is_soft || is_more {
            return self.end(if self.is_dropping && !is_soft {
                Fate::Dropped
            } else {
                Fate::Kept
            });
        }
        if let Some(colon) = self.head.iter().position(|byte| *byte == b':') {
            let property = String::from_utf8_lossy(&self.head[..colon]).to_ascii_uppercase();
            let mut parts = property.split(';');
            let name = parts.next().unwrap_or_default();
            let name = name
                .rsplit('.')
                .next()
                .unwrap_or_default()
                .trim()
                .to_owned();
            let is_data = |part: &str| matches!(part, "BASE64" | "ENCODING=BASE64" | "ENCODING=B");
            let parts: Vec<&str> = parts.map(str::trim).collect();
            self.is_dropping =
                DROPPED.contains(&name.as_str()) || parts.iter().any(|part| is_data(part));
            self.is_quoted = parts.iter().any(|part| part.ends_with("QUOTED-PRINTABLE"));
            if self.is_dropping {
                self.kept.extend_from_slice(name.as_bytes());
                self.kept.extend_from_slice(b";BASE64:\n");
                return self.end(Fate::Dropped);
            }
            return self.end(Fate::Kept);
        }
        if !is_over && self.head.len() < HEAD {
            return;
        }
        // Some programs do not fold the lines of a picture.
        let is_data = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=\r\n".contains(byte);
        self.is_dropping &= self.head.iter().all(is_data);
        self.end(if self.is_dropping {
            Fate::Dropped
        } else {
            Fate::Kept
        });
    }

    fn end(&mut self, fate: Fate) {
        if fate == Fate::Kept {
            self.kept.extend_from_slice(&self.head);
        }
        self.head.clear();
        self.fate = fate;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of a text that arrives in parts of this size.
    fn left(text: &str, size: usize) -> String {
        let mut all = WithoutPictures::default();
        for part in text.as_bytes().chunks(size) {
            all.push(part);
        }
        String::from_utf8(all.finish()).unwrap()
    }

    #[test]
    fn pictures_leave_and_everything_else_stays() {
        let long = "QUJD".repeat(500);
        let text = format!(
            "BEGIN:VCARD\r\nVERSION:2.1\r\nPHOTO;JPEG;ENCODING=BASE64:{long}\r\n {long}\r\n\r\n\
             TEL;CELL:1\r\nitem1.LOGO;ENCODING=b;TYPE=png:{long}\r\n{long}\r\nNOTE;ENCODING=\
             QUOTED-PRINTABLE:the=\r\nKEY: below the mat=\r\n PHOTO:\r\nURL:http://a?b=\r\n\
             X-DATA;BASE64:{long}\r\nADR:;;a\r\n b;;;;\r\nPHOTO:data:image/png;base64,{long}\r\n\
             ADR;LABEL=\"{}\":;;c;;;;\r\nEND:VCARD",
            "a street ".repeat(100)
        );
        let wanted = format!(
            "BEGIN:VCARD\r\nVERSION:2.1\r\nPHOTO;BASE64:\nTEL;CELL:1\r\nLOGO;BASE64:\nNOTE;ENCODING=\
             QUOTED-PRINTABLE:the=\r\nKEY: below the mat=\r\n PHOTO:\r\nURL:http://a?b=\r\n\
             X-DATA;BASE64:\nADR:;;a\r\n b;;;;\r\nPHOTO;BASE64:\nADR;LABEL=\"{}\":;;c;;;;\r\nEND:VCARD",
            "a street ".repeat(100)
        );
        for size in [1, 3, 64, 1_000_000] {
            assert_eq!(left(&text, size), wanted, "{size}");
        }
    }
}
