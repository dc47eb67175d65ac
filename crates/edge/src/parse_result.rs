//! What parsing a request has found, passed on to where the request is served.

mod logged_head;

use std::sync::OnceLock;

use http1::Refusal;

pub(crate) use self::logged_head::LoggedHead;

/// What parsing found wrong with a request: in its head before the request is served, in its body
/// while the body is read.
#[derive(Debug, Default)]
pub(crate) struct ParseResult<'a> {
    refusal: Option<Refusal>,
    /// The parts of a refused head that could be read.
    head: Option<Box<LoggedHead>>,
    broken: Option<&'a BrokenBody>,
}

impl<'a> ParseResult<'a> {
    /// For a refused head, of which these parts could be read.
    pub(crate) fn refused(refusal: Refusal, head: LoggedHead) -> Self {
        Self {
            refusal: Some(refusal),
            head: Some(Box::new(head)),
            broken: None,
        }
    }

    /// For a valid head, whose body may still turn out to be broken.
    pub(crate) fn of_body(broken: Option<&'a BrokenBody>) -> Self {
        Self {
            broken,
            ..Self::default()
        }
    }

    /// Why the head was refused, if it was.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        self.refusal
    }

    /// Takes the parts of a refused head that could be read, for which there is no request.
    pub(crate) fn take_head(&mut self) -> Option<Box<LoggedHead>> {
        self.head.take()
    }

    /// Why the body broke off, if it has by now.
    pub(crate) fn broken(&self) -> Option<Refusal> {
        self.broken.and_then(BrokenBody::refusal)
    }
}

/// For a head that was parsed elsewhere.
impl From<Option<Refusal>> for ParseResult<'_> {
    fn from(refusal: Option<Refusal>) -> Self {
        Self {
            refusal,
            ..Self::default()
        }
    }
}

/// Why the body of a request breaks off. Empty as long as it does not.
#[derive(Debug, Default)]
pub(crate) struct BrokenBody(OnceLock<Refusal>);

impl BrokenBody {
    /// Records why the body breaks off.
    pub(crate) fn note(&self, refusal: Refusal) {
        // The first reason caused all later ones.
        let _ = self.0.set(refusal);
    }

    fn refusal(&self) -> Option<Refusal> {
        self.0.get().copied()
    }
}
