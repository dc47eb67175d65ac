//! What is known of a request when it is served.

mod logged_head;

use std::sync::OnceLock;

use http1::Refusal;

pub(crate) use self::logged_head::LoggedHead;

/// What was found in a request: in its head when it comes, in its body when that breaks off.
#[derive(Debug, Default)]
pub(crate) struct ParseResult<'a> {
    refusal: Option<Refusal>,
    /// What could be read of a head that is refused.
    head: Option<Box<LoggedHead>>,
    broken: Option<&'a BrokenBody>,
}

impl<'a> ParseResult<'a> {
    /// Of a head that is refused, of which so much could be read.
    pub(crate) fn refused(refusal: Refusal, head: LoggedHead) -> Self {
        Self {
            refusal: Some(refusal),
            head: Some(Box::new(head)),
            broken: None,
        }
    }

    /// Of a sound head, whose body may be found to be broken.
    pub(crate) fn of_body(broken: Option<&'a BrokenBody>) -> Self {
        Self {
            broken,
            ..Self::default()
        }
    }

    /// Why it is not let in.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        self.refusal
    }

    /// What could be read of a head that is refused and that nothing else tells of.
    pub(crate) fn take_head(&mut self) -> Option<Box<LoggedHead>> {
        self.head.take()
    }

    /// Why its body broke off, if it did by now.
    pub(crate) fn broken(&self) -> Option<Refusal> {
        self.broken.and_then(BrokenBody::refusal)
    }
}

/// Of a head that somebody else has read.
impl From<Option<Refusal>> for ParseResult<'_> {
    fn from(refusal: Option<Refusal>) -> Self {
        Self {
            refusal,
            ..Self::default()
        }
    }
}

/// Why the body of a request will not end well, if it will not.
#[derive(Debug, Default)]
pub(crate) struct BrokenBody(OnceLock<Refusal>);

impl BrokenBody {
    /// The body breaks off.
    pub(crate) fn note(&self, refusal: Refusal) {
        // The first reason led to all others.
        let _ = self.0.set(refusal);
    }

    fn refusal(&self) -> Option<Refusal> {
        self.0.get().copied()
    }
}
