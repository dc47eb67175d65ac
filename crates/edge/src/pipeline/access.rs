//! Decides whether a request may be forwarded to its route's target.

use http::header::{CACHE_CONTROL, CONTENT_LENGTH, SET_COOKIE, WWW_AUTHENTICATE};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};

use crate::app::{AuthDecision, Question};
use crate::body::{Answer, Body};
use crate::client_info::ClientInfo;
use crate::context::Running;
use crate::cookies;
use crate::filters::auth::{Access, Ask, Denied, WRONG_PASSWORD, vouch};
use crate::filters::forwarding::remove;
use crate::filters::headers::is_for_caches;
use crate::filters::rate_limit::{Admitted, Limiter};
use crate::route::NormalPath;

use super::{Exchange, bare, later};
use crate::context::WorkerContext;

pub(super) struct AccessRefusal {
    pub(super) answer: Answer,
    /// The outcome to report to the route's rate limit.
    outcome: Option<&'static str>,
}

impl AccessRefusal {
    fn of(answer: Answer) -> Self {
        Self {
            answer,
            outcome: None,
        }
    }

    /// Reports an outcome to the rate limit, which counts only the outcomes in its configuration.
    pub(super) fn report(&self, limit: &Limiter, admitted: Admitted) {
        if let Some(outcome) = self.outcome {
            limit.report(admitted, &HeaderValue::from_static(outcome));
        }
    }
}

/// Checks whether a request may be forwarded. If it may not, the error is the response to it.
///
/// For a permitted request, removes the credentials, adds the headers from the access checks, and
/// returns the headers for the response.
pub(super) async fn admit(
    exchange: &mut Exchange<'_>,
    access: &Access,
    path: &NormalPath<'_>,
) -> Result<Option<Box<HeaderMap>>, AccessRefusal> {
    let Exchange {
        here,
        running,
        info,
        ..
    } = *exchange;
    let request = &mut *exchange.request;
    if !access.networks.admit(info.client) {
        return Err(AccessRefusal::of(bare(StatusCode::FORBIDDEN)));
    }
    if let Some(basic) = &access.basic {
        let passwords = &here.shared.passwords;
        let admitted = passwords
            .admit(basic, info.client, request.headers_mut())
            .await;
        admitted.map_err(|denied| denied_by(denied, basic.challenge()))?;
    }
    let target = match request.uri().query() {
        Some(query) => format!("{}?{query}", path.as_str()),
        None => path.as_str().to_owned(),
    };
    if let Some(ask) = &access.ask {
        let (method, headers) = (method_to_check(request.method()), request.headers());
        let question = Ask::question(method, &target, headers, &info.host);
        let question = question.ok_or_else(|| AccessRefusal::of(bare(StatusCode::BAD_REQUEST)))?;
        let said = ask_authorization_server(here, running, ask, info, question).await?;
        vouch(request.headers_mut(), &ask.copy, &said);
    }
    ask_app(here, access, info, &target, request).await
}

/// A WebSocket begins with `CONNECT` over HTTP/2 (RFC 8441, section 5), but counts as `GET`.
fn method_to_check(method: &Method) -> &Method {
    if *method == Method::CONNECT {
        &Method::GET
    } else {
        method
    }
}

fn denied_by(denied: Denied, challenge: &HeaderValue) -> AccessRefusal {
    let answer = match denied {
        Denied::TooOften(time) => later(StatusCode::TOO_MANY_REQUESTS, time),
        Denied::Busy(time) => later(StatusCode::SERVICE_UNAVAILABLE, time),
        Denied::Unknown | Denied::Wrong => {
            let mut answer = bare(StatusCode::UNAUTHORIZED);
            let headers = answer.headers_mut();
            headers.insert(WWW_AUTHENTICATE, challenge.clone());
            answer
        }
    };
    AccessRefusal {
        answer,
        outcome: (denied == Denied::Wrong).then_some(WRONG_PASSWORD),
    }
}

async fn ask_authorization_server(
    here: &WorkerContext,
    running: &Running,
    ask: &Ask,
    info: &ClientInfo,
    mut question: Request<Body>,
) -> Result<HeaderMap, AccessRefusal> {
    here.cdn_id.mark(question.headers_mut());
    let no_answer = || AccessRefusal::of(bare(StatusCode::BAD_GATEWAY));
    let upstream = running.upstream(&ask.upstream).ok_or_else(no_answer)?;
    let path = ask.path.clone();
    let said = here.pool.forward(upstream, question, info, path).await;
    let said = said.map_err(|error| {
        tracing::warn!(
            request_id = %info.id,
            %error,
            upstream = &*ask.upstream,
            "the server in access.ask did not answer, so the request was refused; start it, or correct access.ask.to"
        );
        AccessRefusal::of(match error.retry_after() {
            Some(time) => later(error.status(), time),
            None => bare(error.status()),
        })
    })?;
    let status = said.status();
    if status.is_success() {
        return Ok(said.into_parts().0.headers);
    }
    if Ask::is_no(status) {
        return Err(AccessRefusal::of(said));
    }
    tracing::warn!(
        request_id = %info.id,
        status = status.as_u16(),
        upstream = &*ask.upstream,
        "the server in access.ask sent a status that neither allows nor refuses, so the request was refused; let it answer 2xx, 401 or 403"
    );
    Err(no_answer())
}

async fn ask_app(
    here: &WorkerContext,
    access: &Access,
    info: &ClientInfo,
    target: &str,
    request: &mut Request<Body>,
) -> Result<Option<Box<HeaderMap>>, AccessRefusal> {
    let Some(who) = &access.sign_in else {
        return Ok(None);
    };
    let (Some(app), Ok(target)) = (here.app.clone(), PathAndQuery::try_from(target)) else {
        return Err(AccessRefusal::of(bare(StatusCode::SERVICE_UNAVAILABLE)));
    };
    let question = Question {
        who: who.clone(),
        method: method_to_check(request.method()).clone(),
        target,
        headers: request.headers().clone(),
        info: info.clone(),
    };
    match app.judge(question).await {
        AuthDecision::Refuse(answer) => Err(AccessRefusal::of(answer)),
        AuthDecision::Pass(pass) => {
            let headers = request.headers_mut();
            vouch(headers, &pass.vouched, &pass.headers);
            for cookie in &pass.without_cookies {
                cookies::remove(headers, cookie);
            }
            Ok((!pass.answer.is_empty()).then(|| Box::new(pass.answer)))
        }
    }
}

/// Adds headers to a response. A cookie makes the response personal, so the response's caching
/// headers (RFC 9111, section 5.2.2, and RFC 9213) become `private, no-store`.
pub(super) fn give(answer: &mut Answer, given: &HeaderMap) {
    let headers = answer.headers_mut();
    if given.contains_key(SET_COOKIE) {
        remove(headers, is_for_caches);
        let personal = HeaderValue::from_static("private, no-store");
        headers.insert(CACHE_CONTROL, personal);
    }
    for (name, value) in given {
        if *name != CONTENT_LENGTH {
            headers.append(name, value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    #[test]
    fn an_answer_that_gets_a_cookie_is_for_nobody_else() {
        let public = HeaderMap::from_iter([
            (
                CACHE_CONTROL,
                HeaderValue::from_static("public, max-age=60"),
            ),
            (
                HeaderName::from_static("cdn-cache-control"),
                HeaderValue::from_static("max-age=600"),
            ),
        ]);
        let answer = |given: &HeaderMap| {
            let mut answer = bare(StatusCode::OK);
            *answer.headers_mut() = public.clone();
            answer
                .headers_mut()
                .append(CACHE_CONTROL, HeaderValue::from_static("immutable"));
            give(&mut answer, given);
            answer.into_parts().0.headers
        };
        let cookie = HeaderMap::from_iter([(SET_COOKIE, HeaderValue::from_static("session=1"))]);
        let personal = answer(&cookie);
        assert_eq!(personal[SET_COOKIE], "session=1");
        let control: Vec<_> = personal.get_all(CACHE_CONTROL).iter().collect();
        assert_eq!(control, ["private, no-store"]);
        assert!(!personal.contains_key("cdn-cache-control"));
        let name = HeaderName::from_static("x-more");
        let other = answer(&HeaderMap::from_iter([(
            name,
            HeaderValue::from_static("1"),
        )]));
        assert_eq!(other[CACHE_CONTROL], "public, max-age=60");
        assert_eq!(other["cdn-cache-control"], "max-age=600");
    }
}
