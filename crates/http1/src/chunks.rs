//! Decodes chunked bodies incrementally (RFC 9112, section 7.1).

use bytes::{Buf as _, Bytes};
use http::{HeaderMap, HeaderValue};
use httparse::Status;

use super::names::header_name;
use super::refusal::Refusal;
use super::request::judge_trailers;
use super::section::Section;
use super::size_limits::LINES;

/// More hexadecimal digits could overflow a u64.
const MAX_SIZE_DIGITS: u8 = 15;

#[derive(Debug)]
pub struct Chunks {
    state: State,
    rules: &'static Rules,
    extensions: usize,
    section: Section,
    trailers: Vec<u8>,
}

#[derive(Debug)]
struct Rules {
    /// Of all chunk extensions together, in bytes. Their content is ignored.
    extensions: usize,
    trailers: usize,
    /// Whether blanks are permitted after a chunk size. Some servers write them.
    has_blanks: bool,
    /// Whether trailers are refused if they contain fields that are only permitted in a head.
    is_strict: bool,
}

const OF_REQUEST: Rules = Rules {
    extensions: 1_024,
    trailers: 4_096,
    has_blanks: false,
    is_strict: true,
};
const OF_ANSWER: Rules = Rules {
    extensions: 16 << 10,
    trailers: 16 << 10,
    has_blanks: true,
    is_strict: false,
};

#[derive(Debug, Clone, Copy)]
enum State {
    Size {
        digits: u8,
        size: u64,
    },
    /// The decoder has read a chunk size and ignores the rest of the line, which is empty or an
    /// extension.
    Extension {
        size: u64,
        is_named: bool,
    },
    SizeEnd {
        size: u64,
    },
    Data {
        left: u64,
    },
    DataCr,
    DataLf,
    Trailers,
    End,
}

impl Default for State {
    fn default() -> Self {
        Self::Size { digits: 0, size: 0 }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub enum Decoded {
    Data(Bytes),
    /// The end of the body, with the trailers if there are any.
    End(Option<HeaderMap>),
}

impl Chunks {
    /// Creates a decoder for request bodies. The rules are strict, so no other recipient can
    /// interpret an accepted body differently.
    pub fn of_request() -> Self {
        Self::under(&OF_REQUEST)
    }

    /// Creates a decoder for response bodies. The rules are lenient, because servers deviate from
    /// the standard.
    pub fn of_answer() -> Self {
        Self::under(&OF_ANSWER)
    }

    fn under(rules: &'static Rules) -> Self {
        Self {
            state: State::default(),
            rules,
            extensions: 0,
            section: Section::default(),
            trailers: Vec::new(),
        }
    }

    pub fn is_over(&self) -> bool {
        matches!(self.state, State::End)
    }

    /// Takes the next part of the body from `came`. Returns `None` if more bytes are needed.
    pub fn next(&mut self, came: &mut Bytes) -> Result<Option<Decoded>, Refusal> {
        while let Some(&first) = came.first() {
            self.state = match self.state {
                State::Data { left } => {
                    let most = usize::try_from(left).unwrap_or(usize::MAX);
                    let data = came.split_to(most.min(came.len()));
                    self.state = match left - data.len() as u64 {
                        0 => State::DataCr,
                        left => State::Data { left },
                    };
                    return Ok(Some(Decoded::Data(data)));
                }
                State::Trailers => return self.trailers(came),
                State::End => return Ok(Some(Decoded::End(None))),
                State::Size { digits, size } => match (first, char::from(first).to_digit(16)) {
                    (_, Some(digit)) if digits < MAX_SIZE_DIGITS => State::Size {
                        digits: digits + 1,
                        size: size * 16 + u64::from(digit),
                    },
                    (b'\r', _) if digits > 0 => State::SizeEnd { size },
                    (b';', _) if digits > 0 => self.extension(size, true)?,
                    (b' ' | b'\t', _) if digits > 0 && self.rules.has_blanks => {
                        self.extension(size, false)?
                    }
                    _ => return Err(Refusal::Chunk),
                },
                State::Extension { size, is_named } => match first {
                    b'\r' => State::SizeEnd { size },
                    b';' => self.extension(size, true)?,
                    b' ' | b'\t' => self.extension(size, is_named)?,
                    0x20..0x7f if is_named => self.extension(size, true)?,
                    _ => return Err(Refusal::Chunk),
                },
                State::SizeEnd { size: 0 } if first == b'\n' => State::Trailers,
                State::SizeEnd { size } if first == b'\n' => State::Data { left: size },
                State::DataCr if first == b'\r' => State::DataLf,
                State::DataLf if first == b'\n' => State::default(),
                State::SizeEnd { .. } | State::DataCr | State::DataLf => {
                    return Err(Refusal::Chunk);
                }
            };
            came.advance(1);
        }
        Ok(None)
    }

    fn extension(&mut self, size: u64, is_named: bool) -> Result<State, Refusal> {
        self.extensions += 1;
        if self.extensions > self.rules.extensions {
            return Err(Refusal::Chunk);
        }
        Ok(State::Extension { size, is_named })
    }

    fn trailers(&mut self, came: &mut Bytes) -> Result<Option<Decoded>, Refusal> {
        let before = self.trailers.len();
        self.trailers.extend_from_slice(came);
        let end = self.section.end(&self.trailers, self.rules.trailers);
        let Some(end) = end.map_err(|_| Refusal::Trailers)? else {
            came.clear();
            return Ok(None);
        };
        came.advance(end - before);
        self.state = State::End;
        let section = &self.trailers[..end];
        if end == 2 {
            return Ok(Some(Decoded::End(None)));
        }
        if self.rules.is_strict {
            judge_trailers(section)?;
        }
        let trailers = read(section).ok_or(Refusal::Trailers)?;
        Ok(Some(Decoded::End(Some(trailers))))
    }
}

fn read(section: &[u8]) -> Option<HeaderMap> {
    let mut lines = [httparse::EMPTY_HEADER; LINES];
    let Ok(Status::Complete((length, lines))) = httparse::parse_headers(section, &mut lines) else {
        return None;
    };
    let mut trailers = HeaderMap::with_capacity(lines.len());
    for line in lines {
        let name = header_name(line.name.as_bytes())?;
        trailers.append(name, HeaderValue::from_bytes(line.value).ok()?);
    }
    (length == section.len()).then_some(trailers)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes a body that arrives in pieces of `piece` bytes. Returns the data, the trailers, and
    /// how many bytes follow the body.
    fn decoded(body: &[u8], piece: usize) -> Result<Option<(Vec<u8>, HeaderMap, usize)>, Refusal> {
        let (mut chunks, mut data, mut at) = (Chunks::of_answer(), Vec::new(), 0);
        while at < body.len() {
            let end = body.len().min(at + piece);
            let mut came = Bytes::copy_from_slice(&body[at..end]);
            at = end;
            while let Some(part) = chunks.next(&mut came)? {
                match part {
                    Decoded::Data(more) => data.extend_from_slice(&more),
                    Decoded::End(trailers) => {
                        let behind = came.len() + body.len() - at;
                        return Ok(Some((data, trailers.unwrap_or_default(), behind)));
                    }
                }
            }
            assert!(came.is_empty(), "what is not understood yet is kept inside");
        }
        Ok(None)
    }

    #[test]
    fn a_body_is_the_same_however_it_comes() {
        for (body, is) in [
            ("0\r\n\r\n", Ok(Some(("", 0, 0)))),
            ("5\r\nhello\r\n0\r\n\r\n", Ok(Some(("hello", 0, 0)))),
            (
                "5\r\nhello\r\n00A\r\n, somebody\r\n000\r\n\r\n",
                Ok(Some(("hello, somebody", 0, 0))),
            ),
            ("2\r\n\r\n\r\n0\r\n\r\n", Ok(Some(("\r\n", 0, 0)))),
            (
                "5;a=b;c\r\nhello\r\n0 ; d\r\n\r\n",
                Ok(Some(("hello", 0, 0))),
            ),
            ("5 \r\nhello\r\n0\r\n\r\nmore", Ok(Some(("hello", 0, 4)))),
            ("0\r\nX-Sum: 1\r\nX-B: 2\r\n\r\n", Ok(Some(("", 2, 0)))),
            ("", Ok(None)),
            ("5", Ok(None)),
            ("5\r\nhel", Ok(None)),
            ("5\r\nhello\r\n0\r\nX-Sum: 1\r\n", Ok(None)),
            ("5\nhello\r\n0\r\n\r\n", Err(Refusal::Chunk)),
            ("5 a\r\nhello\r\n0\r\n\r\n", Err(Refusal::Chunk)),
            ("5;a\nb\r\nhello\r\n0\r\n\r\n", Err(Refusal::Chunk)),
            ("5\r\nhello0\r\n\r\n", Err(Refusal::Chunk)),
            ("4\r\nhello\r\n0\r\n\r\n", Err(Refusal::Chunk)),
            ("\r\nhello\r\n0\r\n\r\n", Err(Refusal::Chunk)),
            ("-5\r\nhello\r\n0\r\n\r\n", Err(Refusal::Chunk)),
            ("+5\r\nhello\r\n0\r\n\r\n", Err(Refusal::Chunk)),
            ("0x5\r\nhello\r\n0\r\n\r\n", Err(Refusal::Chunk)),
            (
                "10000000000000005\r\nhello\r\n0\r\n\r\n",
                Err(Refusal::Chunk),
            ),
            ("0\r\nno trailer\r\n\r\n", Err(Refusal::Trailers)),
        ] {
            for piece in 1..=body.len().max(1) {
                let found = decoded(body.as_bytes(), piece);
                let found = found.map(|found| {
                    found.map(|(data, trailers, behind)| {
                        (String::from_utf8(data).unwrap(), trailers.len(), behind)
                    })
                });
                let is = is.map(|is| {
                    is.map(|(data, trailers, behind)| (data.to_owned(), trailers, behind))
                });
                assert_eq!(found, is, "{body:?} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn what_nobody_reads_has_an_end() {
        let extension = format!("5;{}\r\n", "a".repeat(OF_ANSWER.extensions));
        assert_eq!(decoded(extension.as_bytes(), 1_000), Err(Refusal::Chunk));
        let trailers = format!("0\r\nA: {}", "b".repeat(OF_ANSWER.trailers));
        assert_eq!(decoded(trailers.as_bytes(), 1_000), Err(Refusal::Trailers));
    }
}
