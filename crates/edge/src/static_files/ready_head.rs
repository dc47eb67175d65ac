//! Heads of responses that send a file whole over HTTP/1.1. They are the same for each request of a
//! route, so they are written once.

use std::sync::{Arc, Mutex, Weak};

use bytes::Bytes;
use http::header::{CONNECTION, DATE, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderValue};
use http_body_util::Full;

use crate::body::HeadedBody;
use crate::filters::headers::{Changes, Completion};
use crate::lock::lock;
use crate::request_id::REQUEST_ID;

#[derive(Debug, Default)]
pub(super) struct ReadyHead(Mutex<Option<Written>>);

#[derive(Debug)]
struct Written {
    /// They belong to one route of one plan.
    changes: Weak<Changes>,
    security: Option<HeaderValue>,
    alternative: Option<HeaderValue>,
    head: Bytes,
}

impl ReadyHead {
    /// The response with these headers and bytes; `None` if a route sets what the connection
    /// decides.
    pub(super) fn answer(
        &self,
        headers: &HeaderMap,
        completion: &Completion<'_>,
        bytes: &Bytes,
    ) -> Option<HeadedBody> {
        let mut written = lock(&self.0);
        let head = match &*written {
            Some(written) if written.fits(completion) => written.head.clone(),
            _ => {
                let new = Written::of(headers, completion)?;
                written.insert(new).head.clone()
            }
        };
        drop(written);
        Some(HeadedBody {
            head,
            id: None,
            bytes: Full::new(bytes.clone()),
        })
    }
}

impl Written {
    fn of(headers: &HeaderMap, completion: &Completion<'_>) -> Option<Self> {
        let mut headers = headers.clone();
        headers.remove(REQUEST_ID);
        completion.apply(&mut headers, false);
        let of_connection = [CONNECTION, DATE, TRANSFER_ENCODING, UPGRADE];
        if of_connection.iter().any(|name| headers.contains_key(name)) {
            return None;
        }
        let mut head = b"HTTP/1.1 200 OK\r\n".to_vec();
        http1::write_lines(&headers, &mut head);
        Some(Self {
            changes: completion.changes.map(Arc::downgrade).unwrap_or_default(),
            security: completion.security.clone(),
            alternative: completion.alternative.clone(),
            head: head.into(),
        })
    }

    fn fits(&self, completion: &Completion<'_>) -> bool {
        completion
            .changes
            .is_some_and(|changes| self.changes.as_ptr() == Arc::as_ptr(changes))
            && self.security == completion.security
            && self.alternative == completion.alternative
    }
}
