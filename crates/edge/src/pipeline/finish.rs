//! Completes the headers of every response.

use std::sync::Arc;

use http::header::{CACHE_CONTROL, CONNECTION};
use http::{HeaderMap, HeaderValue, StatusCode, Version};

use super::RequestOutcome;
use crate::body::{Answer, Body};
use crate::cache::is_for_shared_caches;
use crate::client_info::ClientInfo;
use crate::context::{Peer, WorkerContext};
use crate::filters::headers::{self, Changes, Completion};
use crate::route::Target;

pub(super) fn finish(
    here: &WorkerContext,
    peer: &Peer,
    info: &ClientInfo,
    version: Version,
    answer: &mut Answer,
    outcome: &RequestOutcome,
) {
    if let Body::Headed(headed) = answer.body_mut() {
        headed.id = Some(info.id.clone());
        return close_if_draining(here, answer.headers_mut());
    }
    let is_switch = answer.status() == StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    let route = outcome.route.as_ref();
    let is_of_app = route.is_some_and(|route| matches!(route.target, Target::App));
    let is_shared = (is_of_app || outcome.is_of_app) && is_for_shared_caches(headers);
    let is_restricted = route.is_some_and(|route| route.access.is_some()) || outcome.has_pass;
    if is_shared && is_restricted {
        // The app does not know that others may not see this page.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store, private"));
    }
    // Other caches would send the ID with their responses to other requests. So a page of the app
    // that they may keep has none.
    if !is_shared {
        headers::identify(headers, &info.id);
    }
    if peer.front.is_none() {
        // The route's header changes do not apply to pages of the app that replace missing files.
        let route = route.filter(|route| !(route.falls_back && outcome.is_of_app));
        let changes = route.map(|route| &route.headers);
        completion(here, peer, info, changes).apply(headers, outcome.is_instead);
        if let Some(cors) = &outcome.cors {
            cors.complete(headers);
        }
    }
    if version >= Version::HTTP_2 {
        // HTTP/2 and HTTP/3 have no `Connection` header (RFC 9113, section 8.2.2).
        headers.remove(CONNECTION);
    } else if !is_switch {
        close_if_draining(here, headers);
    }
}

pub(super) fn completion<'a>(
    here: &WorkerContext,
    peer: &Peer,
    info: &ClientInfo,
    changes: Option<&'a Arc<Changes>>,
) -> Completion<'a> {
    Completion {
        changes,
        security: here.shared.transport_security(info),
        alternative: here.shared.alternative(peer, info),
    }
}

fn close_if_draining(here: &WorkerContext, headers: &mut HeaderMap) {
    if here.drain.is_cancelled() {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
}
