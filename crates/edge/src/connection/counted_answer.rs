//! An answer whose end is counted.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::body::{Body, BodyError};
use crate::gate::ConnectionState;

/// A request that is being answered, until its answer is written or given up.
#[derive(Debug)]
pub(crate) struct Watched {
    body: Body,
    ledger: Arc<ConnectionState>,
}

impl Watched {
    /// Its end is written down here.
    pub(crate) fn counted_in(ledger: Arc<ConnectionState>) -> Self {
        Self {
            body: Body::Empty,
            ledger,
        }
    }

    /// The answer is known.
    pub(crate) fn around(mut self, body: Body) -> Self {
        self.body = body;
        self
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.ledger.end();
    }
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
