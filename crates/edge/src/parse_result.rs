//! Errors that the parser finds in a request, for the code that serves the request.

mod logged_head;

use std::sync::OnceLock;

use http1::Refusal;

pub(crate) use self::logged_head::LoggedHead;

/// Errors that the parser finds in a request. Errors in the head are known before the request is
/// served. Errors in the body are found while the body is read.
#[derive(Debug, Default)]
pub(crate) struct ParseResult<'a> {
    refusal: Option<Refusal>,
    /// The parsed parts of a refused head.
    head: Option<Box<LoggedHead>>,
    broken: Option<&'a BrokenBody>,
}

impl<'a> ParseResult<'a> {
    /// The result for a refused head. `head` contains the parts that could be parsed.
    pub(crate) fn refused(refusal: Refusal, head: LoggedHead) -> Self {
        Self {
            refusal: Some(refusal),
            head: Some(Box::new(head)),
            broken: None,
        }
    }

    /// The result for a valid head. An error in the body may follow.
    pub(crate) fn of_body(broken: Option<&'a BrokenBody>) -> Self {
        Self {
            broken,
            ..Self::default()
        }
    }

    pub(crate) fn refusal(&self) -> Option<Refusal> {
        self.refusal
    }

    pub(crate) fn take_head(&mut self) -> Option<Box<LoggedHead>> {
        self.head.take()
    }

    /// Why the request body ended early; `None` if it did not.
    pub(crate) fn broken(&self) -> Option<Refusal> {
        self.broken.and_then(BrokenBody::refusal)
    }
}

/// The result for a head that hyper or h3 has parsed.
impl From<Option<Refusal>> for ParseResult<'_> {
    fn from(refusal: Option<Refusal>) -> Self {
        Self {
            refusal,
            ..Self::default()
        }
    }
}

/// Why a request body ended early; empty if it did not.
#[derive(Debug, Default)]
pub(crate) struct BrokenBody(OnceLock<Refusal>);

impl BrokenBody {
    pub(crate) fn record(&self, refusal: Refusal) {
        // Only the first reason is kept, because it caused all later ones.
        let _ = self.0.set(refusal);
    }

    fn refusal(&self) -> Option<Refusal> {
        self.0.get().copied()
    }
}
