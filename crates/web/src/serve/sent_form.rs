//! A copy of a form that a browser sends. If the store cannot save, the error page shows from it
//! what was typed, whatever the handler has read of the form.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, Method};
use http_body::{Frame, SizeHint};
use platform::request;

use crate::csrf;
use crate::form::Form;
use crate::form_body::MOST_BYTES;
use crate::media_type;
use crate::problem::{self, Kept, Problem};
use crate::state::Site;

pub(super) struct SentForm {
    content_type: HeaderValue,
    body: Shared,
}

type Shared = Arc<Mutex<Copied>>;

/// A body, and its beginning as far as it was read.
struct Copied {
    body: Body,
    read: Vec<Bytes>,
    bytes: usize,
    is_over: bool,
}

impl SentForm {
    /// Begins to copy the request's body while it is read. `None` if the request is no form, or if
    /// another site sent it: a person must not send such a form again from a page of this site.
    pub(super) fn copy(site: &Site, request: &mut Request) -> Option<Self> {
        let headers = request.headers();
        let kinds = [media_type::URLENCODED, media_type::MULTIPART];
        let is_form = request.method() == Method::POST
            && kinds.iter().any(|kind| media_type::is(headers, kind))
            && csrf::check_sender(headers, site.url()).is_ok();
        let content_type = headers.get(CONTENT_TYPE).filter(|_| is_form)?.clone();
        let body = Arc::new(Mutex::new(Copied {
            body: std::mem::take(request.body_mut()),
            read: Vec::new(),
            bytes: 0,
            is_over: false,
        }));
        *request.body_mut() = Body::new(Copying(Arc::clone(&body)));
        Some(Self { content_type, body })
    }

    /// The form without secrets, whose rest is read now. It can be sent again if it is whole, has
    /// no file and no secret, and `may_repeat` is true.
    pub(super) async fn keep(self, may_repeat: bool) -> Option<Kept> {
        while let Some(Ok(_)) = poll_fn(|context| copied(&self.body).poll(context)).await {
            if copied(&self.body).bytes > MOST_BYTES {
                break;
            }
        }
        let (read, is_whole) = {
            let copied = copied(&self.body);
            let is_whole = copied.is_over && copied.bytes <= MOST_BYTES;
            (copied.read.concat(), is_whole)
        };
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, self.content_type)]);
        let (mut form, is_everything) = if media_type::is(&headers, media_type::URLENCODED) {
            (Form::parse(&read).ok().filter(|_| is_whole)?, true)
        } else {
            let mut request = Request::new(Body::from(read));
            *request.headers_mut() = headers;
            Form::of_beginning(request).await
        };
        let fields = form.0.len();
        form.0.retain(|(name, _)| !is_secret(name));
        let can_repeat = may_repeat && is_everything && form.0.len() == fields;
        let csrf = can_repeat.then(|| form.text(csrf::FIELD).to_owned());
        Some(Kept { form, csrf })
    }
}

/// Whether the error page shows what was typed, and whether it can offer to send it again. A form
/// of which nobody knows whether it was saved must not be sent again without a look.
pub(super) fn is_kept(problem: &Problem) -> Option<bool> {
    match problem.code {
        "outcome_unknown" => Some(false),
        _ => problem::says_unsaved(problem).then_some(true),
    }
    .filter(|_| problem.kept.is_none())
}

/// Whether a field has a password, a passkey's proof, a token, or a code of a second factor or an
/// invitation.
fn is_secret(name: &str) -> bool {
    let parts = ["password", "passkey", "credential", "token", "secret"];
    name == "code" || parts.iter().any(|part| name.contains(part))
}

fn copied(body: &Shared) -> MutexGuard<'_, Copied> {
    body.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Copied {
    fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                let data = frame.data_ref().cloned().unwrap_or_default();
                self.bytes = self.bytes.saturating_add(data.len());
                if self.bytes <= MOST_BYTES {
                    request::hold(data.len());
                    self.read.push(data);
                }
            }
            // Of a body that broke off, nobody reads the answer.
            Some(Err(_)) => {}
            None => self.is_over = true,
        }
        Poll::Ready(frame)
    }
}

/// The body that the handler reads.
struct Copying(Shared);

impl HttpBody for Copying {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        copied(&self.0).poll(context)
    }

    fn is_end_stream(&self) -> bool {
        copied(&self.0).body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        copied(&self.0).body.size_hint()
    }
}
