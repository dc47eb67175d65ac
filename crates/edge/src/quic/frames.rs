//! Checks the frames of an HTTP/3 stream before the crate h3 reads them.
//!
//! h3 buffers whole frames. It interprets an empty DATA frame, or a stream that ends within a
//! frame, as a proper end. This module is a pure state machine over bytes, and passes on only
//! pieces that are safe for h3.

use bytes::{Bytes, BytesMut};

use super::fields;

/// Two integers of up to eight bytes (RFC 9114, section 7.1).
const MAX_HEADER_BYTES: usize = 16;
const MAX_UNKNOWN_BYTES: u64 = 64 * 1_024;

const DATA: u64 = 0x0;
const HEADERS: u64 = 0x1;
/// The types that h3 handles, and those of HTTP/2 that HTTP/3 reserves (RFC 9114, section 7.2).
const KNOWN: [u64; 10] = [HEADERS, 0x2, 0x3, 0x4, 0x5, 0x6, 0x7, 0x8, 0x9, 0xd];
/// `WEBTRANSPORT_STREAM`. A frame of this type states no length and ends with the stream.
const ENDLESS: u64 = 0x41;

/// RFC 9114, section 6.2.1.
const CONTROL: u64 = 0x0;

/// Checks one stream. The bytes may arrive in pieces of any size.
#[derive(Debug)]
pub(crate) struct Frames {
    state: Expected,
    /// The first `filled` bytes of the current frame's header, which consists of type and length.
    header: [u8; MAX_HEADER_BYTES],
    filled: usize,
    /// The maximum size in bytes of a frame that is buffered whole.
    largest: u64,
    /// How many bytes may still arrive in frames of unknown types; `None` for no limit.
    unknown: Option<u64>,
    /// The received part of the field section.
    section: BytesMut,
    /// True until the head has arrived. Any later field section contains trailers.
    awaits_head: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// The type of a unidirectional stream.
    Purpose,
    Header,
    Payload {
        left: u64,
    },
    /// A head or trailers. They are checked when they are complete.
    Section {
        left: u64,
    },
    Skipped {
        left: u64,
    },
    /// The rest of a stream that does not consist of frames.
    Through,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FrameFault {
    #[error("the stream ends within a frame")]
    CutOff,
    /// A frame that must be buffered whole is too large.
    #[error("a frame is too large")]
    TooLarge,
    #[error("too much came in unknown frames")]
    TooMuchUnknown,
    #[error("a frame of another protocol")]
    Foreign,
    /// A pseudo-header field is repeated or misplaced.
    #[error("a pseudo-header field comes twice, or where it does not belong")]
    Fields,
    /// The head refers to the dynamic table, which is not supported.
    #[error("a head needs a table that is empty")]
    Table,
}

impl Frames {
    /// Checks a request stream. `head_size` is the maximum size of an encoded head, in bytes.
    pub(crate) fn of_request(head_size: usize) -> Self {
        Self {
            state: Expected::Header,
            header: [0; MAX_HEADER_BYTES],
            filled: 0,
            largest: head_size as u64,
            unknown: Some(MAX_UNKNOWN_BYTES),
            section: BytesMut::new(),
            awaits_head: true,
        }
    }

    /// Checks a unidirectional stream. h3 reads frames only on the control stream.
    pub(crate) fn of_one_direction(frame_size: usize) -> Self {
        Self {
            state: Expected::Purpose,
            unknown: None,
            ..Self::of_request(frame_size)
        }
    }

    /// Takes the next piece for h3 from `held`. Returns `None` if more bytes must arrive first.
    pub(crate) fn next(&mut self, held: &mut Bytes) -> Result<Option<Bytes>, FrameFault> {
        while !held.is_empty() {
            match self.state {
                Expected::Through => return Ok(Some(std::mem::take(held))),
                Expected::Payload { left } => {
                    let piece = held.split_to(whole(left).min(held.len()));
                    let left = left - piece.len() as u64;
                    self.state = if left == 0 {
                        Expected::Header
                    } else {
                        Expected::Payload { left }
                    };
                    return Ok(Some(piece));
                }
                Expected::Section { left } => {
                    let piece = held.split_to(whole(left).min(held.len()));
                    let left = left - piece.len() as u64;
                    if left > 0 {
                        self.section.extend_from_slice(&piece);
                        self.state = Expected::Section { left };
                    } else {
                        self.state = Expected::Header;
                        return self.fields(piece).map(Some);
                    }
                }
                Expected::Skipped { left } => {
                    let skipped = whole(left).min(held.len());
                    let _ = held.split_to(skipped);
                    let left = left - skipped as u64;
                    self.state = if left == 0 {
                        Expected::Header
                    } else {
                        Expected::Skipped { left }
                    };
                }
                Expected::Purpose | Expected::Header => {
                    self.header[self.filled] = held.split_to(1)[0];
                    self.filled += 1;
                    if let Some(piece) = self.begun()? {
                        return Ok(Some(piece));
                    }
                }
            }
        }
        Ok(None)
    }

    /// Checks that the stream may end here.
    pub(crate) fn end(&self) -> Result<(), FrameFault> {
        let is_between = match self.state {
            Expected::Through | Expected::Purpose => true,
            Expected::Header => self.filled == 0,
            Expected::Payload { .. } | Expected::Section { .. } | Expected::Skipped { .. } => false,
        };
        is_between.then_some(()).ok_or(FrameFault::CutOff)
    }

    fn fields(&mut self, piece: Bytes) -> Result<Bytes, FrameFault> {
        let section = if self.section.is_empty() {
            piece
        } else {
            self.section.extend_from_slice(&piece);
            std::mem::take(&mut self.section).freeze()
        };
        if fields::needs_table(&section) {
            return Err(FrameFault::Table);
        }
        let is_head = std::mem::take(&mut self.awaits_head);
        fields::are_in_order(&section, is_head)
            .then_some(section)
            .ok_or(FrameFault::Fields)
    }

    /// Passes on a complete frame header, or skips its frame.
    fn begun(&mut self) -> Result<Option<Bytes>, FrameFault> {
        let numbers = &self.header[..self.filled];
        let Some((first, rest)) = variable_length_integer(numbers) else {
            return Ok(None);
        };
        if self.state == Expected::Purpose {
            self.state = if first == CONTROL {
                Expected::Header
            } else {
                Expected::Through
            };
            return Ok(Some(self.taken()));
        }
        if first == ENDLESS {
            return Err(FrameFault::Foreign);
        }
        let Some((length, _)) = variable_length_integer(rest) else {
            return Ok(None);
        };
        if first == DATA {
            self.state = Expected::Payload { left: length };
        } else if KNOWN.contains(&first) {
            if length > self.largest {
                return Err(FrameFault::TooLarge);
            }
            self.state = if first == HEADERS {
                Expected::Section { left: length }
            } else {
                Expected::Payload { left: length }
            };
        } else {
            if let Some(unknown) = &mut self.unknown {
                let cost = length.saturating_add(self.filled as u64);
                *unknown = unknown
                    .checked_sub(cost)
                    .ok_or(FrameFault::TooMuchUnknown)?;
            }
            self.state = Expected::Skipped { left: length };
        }
        let is_kept = !matches!(self.state, Expected::Skipped { .. });
        if length == 0 {
            self.state = Expected::Header;
        }
        let numbers = self.taken();
        // Only an empty DATA frame is skipped. Frames of other types have a meaning even when
        // empty.
        let is_said = is_kept && (first != DATA || length > 0);
        Ok(is_said.then_some(numbers))
    }

    fn taken(&mut self) -> Bytes {
        let taken = Bytes::copy_from_slice(&self.header[..self.filled]);
        self.filled = 0;
        taken
    }
}

fn whole(left: u64) -> usize {
    usize::try_from(left).unwrap_or(usize::MAX)
}

/// RFC 9000, section 16.
fn variable_length_integer(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (first, _) = bytes.split_first()?;
    let (digits, rest) = bytes.split_at_checked(1 << (first >> 6))?;
    let value = digits
        .iter()
        .fold(0, |value, digit| value << 8 | u64::from(*digit));
    // The two highest bits of the first byte encode how many bytes the integer has.
    let bits = 8 * digits.len() - 2;
    Some((value & ((1 << bits) - 1), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: &[u8], payload: &[u8]) -> Vec<u8> {
        let length = u16::try_from(payload.len()).unwrap() | 0x4000;
        [kind, &length.to_be_bytes(), payload].concat()
    }

    /// The pieces that the checker passes on when `bytes` arrive in chunks of `at_once` bytes.
    fn pieces(
        mut frames: Frames,
        bytes: &[u8],
        at_once: usize,
    ) -> (Vec<u8>, Result<(), FrameFault>) {
        let mut handed = Vec::new();
        for chunk in bytes.chunks(at_once) {
            let mut held = Bytes::copy_from_slice(chunk);
            loop {
                match frames.next(&mut held) {
                    Ok(Some(piece)) => handed.extend_from_slice(&piece),
                    Ok(None) => break,
                    Err(fault) => return (handed, Err(fault)),
                }
            }
        }
        (handed, frames.end())
    }

    #[test]
    fn known_frames_pass_and_the_rest_is_left_out() {
        let head = frame(&[1], b"\0ead");
        let data = frame(&[0], b"data");
        let unknown = frame(&[0x40, 0x21], b"anything");
        let stream = [
            unknown.clone(),
            head.clone(),
            frame(&[0], b""),
            data.clone(),
            unknown.clone(),
            frame(&[0x40, 0x21], b""),
            data.clone(),
        ]
        .concat();
        let expected = [head, data.clone(), data].concat();
        for at_once in [1, 2, 3, 7, 64, 4096] {
            let passed = pieces(Frames::of_request(100), &stream, at_once);
            assert_eq!(passed, (expected.clone(), Ok(())), "{at_once}");
        }
    }

    #[test]
    fn no_piece_reaches_over_a_frame() {
        let mut frames = Frames::of_request(100);
        let bytes = [frame(&[1], b"\0ead"), frame(&[0], b"data")].concat();
        let mut held = Bytes::from(bytes);
        let mut sizes = Vec::new();
        while let Some(piece) = frames.next(&mut held).unwrap() {
            sizes.push(piece.len());
        }
        assert_eq!(sizes, [3, 4, 3, 4]);
    }

    #[test]
    fn a_stream_ends_between_frames_only() {
        let whole = frame(&[0], b"data");
        for length in 0..=whole.len() {
            let expected = if length == 0 || length == whole.len() {
                Ok(())
            } else {
                Err(FrameFault::CutOff)
            };
            let (_, end) = pieces(Frames::of_request(100), &whole[..length], 4096);
            assert_eq!(end, expected, "{length}");
        }
    }

    #[test]
    fn what_is_too_large_is_seen_by_its_number() {
        let large = [1, 0x80, 0xff, 0xff, 0xff];
        let foreign = [0x40, 0x41];
        let unknown = [0x21, 0x80, 0xff, 0xff, 0xff];
        for (bytes, fault) in [
            (large.as_slice(), FrameFault::TooLarge),
            (&foreign, FrameFault::Foreign),
            (&unknown, FrameFault::TooMuchUnknown),
        ] {
            let (handed, end) = pieces(Frames::of_request(100), bytes, 1);
            assert_eq!((handed, end), (Vec::new(), Err(fault)));
        }
        // The limit does not apply to DATA frames, which are not buffered.
        let data = [0, 0x80, 0xff, 0xff, 0xff];
        let (handed, end) = pieces(Frames::of_request(100), &data, 1);
        assert_eq!((handed, end), (data.to_vec(), Err(FrameFault::CutOff)));
    }

    #[test]
    fn of_streams_in_one_direction_only_the_control_stream_has_frames() {
        let settings = frame(&[4], b"settings");
        let control = [vec![0], frame(&[0x40, 0x21], &[7; 200]), settings.clone()].concat();
        let passed = pieces(Frames::of_one_direction(100), &control, 3);
        assert_eq!(passed, ([vec![0], settings].concat(), Ok(())));
        let other = [2, 0xff, 0xff, 0xff];
        let passed = pieces(Frames::of_one_direction(100), &other, 1);
        assert_eq!(passed, (other.to_vec(), Ok(())));
    }
}
