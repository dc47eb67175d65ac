//! Where one frame of a websocket ends and the next begins (RFC 6455, section 5.2):
//! only there a word of ours may stand.

/// A stream of frames, as far as it has been followed.
#[derive(Debug, Clone, Default)]
pub(super) struct Frames {
    /// Bytes of this frame's head that were seen; 0 between two frames.
    seen: usize,
    /// The bytes its head has beside the first two: of the length, and of the mask.
    length_bytes: usize,
    mask_bytes: usize,
    /// Of its payload.
    left: u64,
    is_closing: bool,
}

const CLOSE: u8 = 8;

impl Frames {
    /// Whether the next byte begins a frame.
    pub(super) fn is_between(&self) -> bool {
        self.seen == 0
    }

    /// Whether the last word was said.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closing && self.is_between()
    }

    /// Follows what passes.
    pub(super) fn follow(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let taken = self.step(bytes);
            bytes = &bytes[taken..];
        }
    }

    /// How many of these bytes belong to the frame that has begun.
    pub(super) fn rest_of_frame(&self, bytes: &[u8]) -> usize {
        if self.is_between() {
            return 0;
        }
        self.clone().step(bytes)
    }

    /// Follows up to the end of a frame, and tells how many bytes that were.
    fn step(&mut self, bytes: &[u8]) -> usize {
        let mut taken = 0;
        while self.seen < 2 + self.length_bytes + self.mask_bytes {
            let Some(byte) = bytes.get(taken) else {
                return taken;
            };
            taken += 1;
            self.head(*byte);
        }
        let piece = usize::try_from(self.left).unwrap_or(usize::MAX);
        let piece = piece.min(bytes.len() - taken);
        self.left -= piece as u64;
        if self.left == 0 {
            self.seen = 0;
            self.length_bytes = 0;
            self.mask_bytes = 0;
        }
        taken + piece
    }

    fn head(&mut self, byte: u8) {
        match self.seen {
            0 => self.is_closing |= byte & 0x0f == CLOSE,
            1 => {
                let short = byte & 0x7f;
                self.mask_bytes = if byte & 0x80 == 0 { 0 } else { 4 };
                (self.length_bytes, self.left) = match short {
                    126 => (2, 0),
                    127 => (8, 0),
                    short => (0, short.into()),
                };
            }
            place if place < 2 + self.length_bytes => {
                self.left = self.left << 8 | u64::from(byte);
            }
            _ => {}
        }
        self.seen += 1;
    }
}

/// A frame that says that this end goes away (1001, section 7.4.1). Clients are told
/// without a mask, servers with one.
pub(super) fn going_away(mask: Option<[u8; 4]>) -> Vec<u8> {
    let code = 1001_u16.to_be_bytes();
    match mask {
        None => vec![0x80 | CLOSE, 2, code[0], code[1]],
        Some(mask) => {
            let hidden = [code[0] ^ mask[0], code[1] ^ mask[1]];
            [&[0x80 | CLOSE, 0x80 | 2], &mask[..], &hidden].concat()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(opcode: u8, is_masked: bool, length: usize) -> Vec<u8> {
        let masked = if is_masked { 0x80 } else { 0 };
        let mut bytes = vec![0x80 | opcode];
        if length < 126 {
            bytes.push(masked | u8::try_from(length).unwrap());
        } else if let Ok(middle) = u16::try_from(length) {
            bytes.push(masked + 126);
            bytes.extend(middle.to_be_bytes());
        } else {
            bytes.push(masked + 127);
            bytes.extend((length as u64).to_be_bytes());
        }
        if is_masked {
            bytes.extend([1, 2, 3, 4]);
        }
        // Looks like the beginning of a frame that never ends.
        bytes.resize(bytes.len() + length, 0xff);
        bytes
    }

    proptest! {
        #[test]
        fn ends_are_found_however_the_bytes_come(
            frames in proptest::collection::vec(
                (0_u8..3, any::<bool>(), prop_oneof![0_usize..200, 65_500..65_600_usize]), 1..6),
            piece in 1_usize..5_000,
        ) {
            let mut follower = Frames::default();
            for (opcode, is_masked, length) in frames {
                let bytes = frame(opcode, is_masked, length);
                let whole = bytes.len();
                let mut sent = 0;
                for piece in bytes.chunks(piece) {
                    let more = [piece, &bytes[sent + piece.len()..], &[0x81, 0]].concat();
                    if sent > 0 {
                        prop_assert!(!follower.is_between());
                        prop_assert_eq!(follower.rest_of_frame(&more), whole - sent);
                    }
                    follower.follow(piece);
                    sent += piece.len();
                }
                prop_assert!(follower.is_between());
                prop_assert!(!follower.is_closed());
            }
            follower.follow(&frame(CLOSE, true, 2));
            prop_assert!(follower.is_closed());
        }
    }

    #[test]
    fn servers_read_what_is_said_to_them() {
        let mut follower = Frames::default();
        for bytes in [going_away(None), going_away(Some([9, 8, 7, 6]))] {
            follower.follow(&bytes);
            assert!(follower.is_closed());
        }
        assert_eq!(going_away(Some([9, 8, 7, 6]))[6..], [3 ^ 9, 0xe9 ^ 8]);
    }
}
