//! Follows the messages of one connection: which bytes may be handed on.
//!
//! A pure machine over bytes. However they are split, the same ones are let
//! through and the same refusal is reached, for every decision depends only on
//! the bytes up to one place.

use super::refusal::Refusal;
use super::request::{self, Framed};

/// Digits of a chunk's size that fit into an u64, with room for reckoning.
const CHUNK_DIGITS: u8 = 15;
/// Extensions of all chunks of a body together: nobody uses them in earnest.
const EXTENSIONS: usize = 1_024;
/// Trailers of a body.
const TRAILERS: usize = 4_096;

/// Where in its messages a connection is.
#[derive(Debug)]
pub struct Framing {
    state: State,
    /// Whether the message asks for another protocol.
    asks_upgrade: bool,
    section: Section,
    head_size: usize,
    extensions: usize,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Head,
    Body {
        left: u64,
    },
    ChunkSize {
        digits: u8,
        size: u64,
    },
    ChunkExtension {
        size: u64,
    },
    ChunkSizeEnd {
        size: u64,
    },
    ChunkData {
        left: u64,
    },
    ChunkDataCr,
    ChunkDataLf,
    Trailers,
    /// Between messages, until the answer says which protocol goes on.
    Undecided,
    /// Bytes of another protocol.
    Through,
    /// Nothing is let through any more.
    Refused,
}

/// How far some bytes may be handed on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Followed {
    /// So many from the beginning are cleared.
    pub cleared: usize,
    /// So many heads are among them.
    pub heads: u64,
    /// Why nothing after them ever will be.
    pub refusal: Option<Refusal>,
}

impl Framing {
    /// Between messages; a head may have so many bytes.
    pub fn new(head_size: usize) -> Self {
        Self {
            state: State::Head,
            asks_upgrade: false,
            section: Section::default(),
            head_size,
            extensions: 0,
        }
    }

    /// Of another protocol from the beginning.
    pub fn through() -> Self {
        Self {
            state: State::Through,
            ..Self::new(0)
        }
    }

    /// Whether a head is awaited, or has begun.
    pub fn is_between(&self) -> bool {
        self.state == State::Head
    }

    /// Whether an answer must come before anything else can be judged.
    pub fn is_undecided(&self) -> bool {
        self.state == State::Undecided
    }

    /// Whether the bytes are of another protocol.
    pub fn is_through(&self) -> bool {
        self.state == State::Through
    }

    /// Whether nothing is let through any more.
    pub fn is_refused(&self) -> bool {
        self.state == State::Refused
    }

    /// The answer was made: another protocol goes on, or this one does.
    pub fn decide(&mut self, upgraded: bool) {
        self.state = if upgraded {
            State::Through
        } else {
            State::Head
        };
    }

    /// Lets nothing through any more.
    pub fn refuse(&mut self) {
        self.state = State::Refused;
    }

    /// Goes on with all bytes that came and were not cleared yet.
    pub fn follow(&mut self, bytes: &[u8]) -> Followed {
        let mut followed = Followed::default();
        while let Some(rest) = bytes
            .get(followed.cleared..)
            .filter(|rest| !rest.is_empty())
        {
            match self.step(rest) {
                Ok(Step::Cleared(count)) => followed.cleared += count,
                Ok(Step::Head(length)) => {
                    followed.cleared += length;
                    followed.heads += 1;
                }
                Ok(Step::More) => break,
                Err(refusal) => {
                    self.state = State::Refused;
                    followed.refusal = Some(refusal);
                    break;
                }
            }
        }
        followed
    }

    fn step(&mut self, rest: &[u8]) -> Result<Step, Refusal> {
        let first = rest[0];
        self.state = match self.state {
            State::Head => return self.head(rest),
            State::Trailers => return self.trailers(rest),
            State::Body { left } => {
                let count = taken(rest, left);
                self.state = State::Body {
                    left: left - count as u64,
                };
                if left == count as u64 {
                    self.message_ended();
                }
                return Ok(Step::Cleared(count));
            }
            State::ChunkData { left } => {
                let count = taken(rest, left);
                self.state = match left - count as u64 {
                    0 => State::ChunkDataCr,
                    left => State::ChunkData { left },
                };
                return Ok(Step::Cleared(count));
            }
            State::ChunkSize { digits, size } => match (first, (first as char).to_digit(16)) {
                (_, Some(digit)) if digits < CHUNK_DIGITS => State::ChunkSize {
                    digits: digits + 1,
                    size: size * 16 + u64::from(digit),
                },
                (b';', _) if digits > 0 => self.extension(size)?,
                (b'\r', _) if digits > 0 => State::ChunkSizeEnd { size },
                _ => return Err(Refusal::Chunk),
            },
            State::ChunkExtension { size } => match first {
                b'\r' => State::ChunkSizeEnd { size },
                b'\t' | 0x20..0x7f => self.extension(size)?,
                _ => return Err(Refusal::Chunk),
            },
            State::ChunkSizeEnd { size } if first == b'\n' => match size {
                0 => State::Trailers,
                left => State::ChunkData { left },
            },
            State::ChunkDataCr if first == b'\r' => State::ChunkDataLf,
            State::ChunkDataLf if first == b'\n' => State::ChunkSize { digits: 0, size: 0 },
            State::ChunkSizeEnd { .. } | State::ChunkDataCr | State::ChunkDataLf => {
                return Err(Refusal::Chunk);
            }
            State::Through => return Ok(Step::Cleared(rest.len())),
            State::Undecided | State::Refused => return Ok(Step::More),
        };
        Ok(Step::Cleared(1))
    }

    fn head(&mut self, rest: &[u8]) -> Result<Step, Refusal> {
        let Some(length) = self.section.end(rest, self.head_size)? else {
            return Ok(Step::More);
        };
        // One empty line may come before a request (RFC 9112, section 2.2).
        if length == self.section.skipped() + 2 {
            self.section.after_empty_line()?;
            return self.head(rest);
        }
        let judged = request::judge(&rest[self.section.skipped()..length])?;
        self.section = Section::default();
        self.asks_upgrade = judged.asks_upgrade;
        self.extensions = 0;
        match judged.body {
            Framed::Length(0) => self.message_ended(),
            Framed::Length(left) => self.state = State::Body { left },
            Framed::Chunked => self.state = State::ChunkSize { digits: 0, size: 0 },
        }
        Ok(Step::Head(length))
    }

    fn trailers(&mut self, rest: &[u8]) -> Result<Step, Refusal> {
        let end = self.section.end(rest, TRAILERS);
        let Some(length) = end.map_err(|_| Refusal::Trailers)? else {
            return Ok(Step::More);
        };
        request::judge_trailers(&rest[..length])?;
        self.message_ended();
        Ok(Step::Cleared(length))
    }

    fn extension(&mut self, size: u64) -> Result<State, Refusal> {
        self.extensions += 1;
        if self.extensions > EXTENSIONS {
            return Err(Refusal::Chunk);
        }
        Ok(State::ChunkExtension { size })
    }

    fn message_ended(&mut self) {
        self.section = Section::default();
        self.state = if self.asks_upgrade {
            State::Undecided
        } else {
            State::Head
        };
    }
}

/// What a step found.
enum Step {
    /// So many bytes go on.
    Cleared(usize),
    /// A head of so many bytes goes on.
    Head(usize),
    /// Nothing goes on before more has come.
    More,
}

/// Lines up to an empty one, looked at once however they arrive.
#[derive(Debug, Default)]
pub(super) struct Section {
    /// So many bytes have been looked at.
    seen: usize,
    /// Where the line begins that is being read.
    line: usize,
    /// Whether one line was complete.
    has_lines: bool,
    skips_line: bool,
}

impl Section {
    /// Where it ends, if that has come.
    pub(super) fn end(&mut self, bytes: &[u8], limit: usize) -> Result<Option<usize>, Refusal> {
        let too_large = |has_lines| {
            if has_lines {
                Refusal::HeadTooLarge
            } else {
                Refusal::TargetTooLong
            }
        };
        while let Some(offset) = bytes[self.seen..].iter().position(|byte| *byte == b'\n') {
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

    /// How much stands before the request line.
    fn skipped(&self) -> usize {
        if self.skips_line { 2 } else { 0 }
    }

    fn after_empty_line(&mut self) -> Result<(), Refusal> {
        if self.skips_line {
            return Err(Refusal::EmptyLines);
        }
        self.skips_line = true;
        Ok(())
    }
}

fn taken(bytes: &[u8], most: u64) -> usize {
    usize::try_from(most).map_or(bytes.len(), |most| most.min(bytes.len()))
}
