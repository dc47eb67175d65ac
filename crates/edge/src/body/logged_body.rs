//! Response bodies whose end is recorded in the access log.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Method;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::{Body, SendfileRange, has_no_body};
use crate::access_log::Entry;

/// A response body. Its log line is written exactly once: when the body ends, when it fails, or
/// when it is dropped because the client disconnected.
#[derive(Debug)]
pub struct LoggedBody<B: HttpBody> {
    body: B,
    sent: u64,
    /// The log entry; `None` once its line has been written.
    entry: Option<Box<Entry>>,
}

impl<B: HttpBody> LoggedBody<B> {
    pub fn new(body: B, entry: Box<Entry>) -> Self {
        Self {
            body,
            sent: 0,
            entry: Some(entry),
        }
    }

    pub(crate) fn body(&self) -> &B {
        &self.body
    }

    fn end(&mut self, why: &str) {
        if let Some(entry) = self.entry.take() {
            entry.end(self.sent, why);
        }
    }
}

impl LoggedBody<Body> {
    /// See [`Body::poll_stretch`].
    pub(crate) fn poll_stretch(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<SendfileRange<'_>>> {
        self.body.poll_stretch(context)
    }

    pub(crate) fn failed(&mut self, error: &io::Error) {
        self.end(&error.to_string());
    }

    /// Records that `sent` bytes of the last part were sent.
    pub(crate) fn advance(&mut self, sent: usize) {
        self.body.advance(sent);
        self.sent += sent as u64;
        if self.body.is_end_stream() {
            self.end("");
        }
    }
}

impl<B> HttpBody for LoggedBody<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: ToString,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.get_mut();
        let frame = ready!(Pin::new(&mut this.body).poll_frame(context));
        match &frame {
            None => this.end(""),
            Some(Err(error)) => this.end(&error.to_string()),
            Some(Ok(frame)) => {
                this.sent += frame.data_ref().map_or(0, |data| data.len() as u64);
                // hyper might not poll the body again.
                if this.body.is_end_stream() {
                    this.end("");
                }
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B: HttpBody> Drop for LoggedBody<B> {
    fn drop(&mut self) {
        let Some(entry) = self.entry.take() else {
            return;
        };
        // hyper does not poll a body that is at its end.
        let is_whole = is_without_body(&entry) || self.body.is_end_stream();
        entry.end(
            self.sent,
            if is_whole { "" } else { "the client went away" },
        );
    }
}

fn is_without_body(entry: &Entry) -> bool {
    entry.method == Some(Method::HEAD) || has_no_body(entry.status)
}
