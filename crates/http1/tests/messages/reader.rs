//! Reads requests like a server, and records which bytes it accepts.

use bytes::{Buf as _, Bytes};
use http1::{Decoded, Heads, Refusal, RequestBody};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Followed {
    pub(crate) cleared: usize,
    pub(crate) heads: u64,
    /// Why the reader refuses the remaining bytes.
    pub(crate) refusal: Option<Refusal>,
}

pub(crate) struct Reader {
    heads: Heads,
    body: Option<RequestBody>,
    asks_upgrade: bool,
    /// Whether the reader waits for a response, because the response may switch protocols.
    is_undecided: bool,
    came: Bytes,
    taken: usize,
    pub(crate) followed: Followed,
    pub(crate) bodies: Vec<u8>,
}

impl Reader {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            heads: Heads::new(limit),
            body: None,
            asks_upgrade: false,
            is_undecided: false,
            came: Bytes::new(),
            taken: 0,
            followed: Followed::default(),
            bodies: Vec::new(),
        }
    }

    /// Whether the next byte would begin a request head.
    pub(crate) fn is_between(&self) -> bool {
        self.body.is_none() && self.followed.refusal.is_none()
    }

    pub(crate) fn follow(&mut self, more: &[u8]) {
        self.came = [&self.came[..], more].concat().into();
        while self.followed.refusal.is_none() && !self.is_undecided {
            let before = self.came.len();
            let step = self.step();
            self.taken += before - self.came.len();
            match step {
                Ok(true) => self.followed.cleared = self.taken,
                Ok(false) => break,
                Err(refusal) => self.followed.refusal = Some(refusal),
            }
        }
    }

    /// Records that the response did not switch protocols.
    pub(crate) fn goes_on(&mut self) {
        self.is_undecided = false;
        self.follow(&[]);
    }

    /// Reads the next part of the input. Returns `false` if it is incomplete.
    fn step(&mut self) -> Result<bool, Refusal> {
        let Some(body) = &mut self.body else {
            let Some(head) = self.heads.next(&self.came)? else {
                return Ok(false);
            };
            self.came.advance(head.length);
            self.followed.heads += 1;
            self.asks_upgrade = head.asks_upgrade;
            self.body = Some(head.body);
            self.ended();
            return Ok(true);
        };
        match body.next(&mut self.came)? {
            None => return Ok(false),
            Some(Decoded::Data(data)) => self.bodies.extend_from_slice(&data),
            Some(Decoded::End(_)) => {}
        }
        self.ended();
        Ok(true)
    }

    fn ended(&mut self) {
        if self.body.take_if(|body| body.is_over()).is_some() {
            self.is_undecided = self.asks_upgrade;
        }
    }
}
