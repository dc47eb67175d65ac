//! The cookies of signing in, and what travels beside a request.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use platform::Secret;
use web::SiteUrl;
use web::cookie::{self, Life};

use identity::credential::linked_identity;
use identity::credential::require_mfa::RequireMfaFor;
use identity::limits::changes::Changes;
use identity::person::registration;
use identity::session::{Begun, Stay, device};
use identity::sign_in::second_step;

const SESSION: &str = "kd_session";
const DEVICE: &str = "kd_device";
/// What stands in for a session before there is one.
const BEFORE: &str = "kd_before";
/// What tells the browser that registered an account.
const REGISTERED: &str = "kd_registered";
/// What somebody has between the two steps of a sign-in.
const SECOND_STEP: &str = "kd_mfa";
/// What somebody has who signs in with a provider, until they are in.
const PROVIDER: &str = "kd_oauth";

/// What these cookies are called at this address.
pub fn names(url: &SiteUrl) -> Vec<String> {
    let prefix = if url.is_secure() { "__Host-" } else { "" };
    let names = [SESSION, DEVICE, BEFORE, REGISTERED, SECOND_STEP, PROVIDER];
    names.map(|name| format!("{prefix}{name}")).to_vec()
}

/// The session that a browser shows.
pub fn session(headers: &HeaderMap, url: &SiteUrl) -> Option<Secret> {
    cookie::find_secret(headers, url, SESSION).map(Secret::new)
}

/// The mark by which an account knows the browser.
pub fn device(headers: &HeaderMap, url: &SiteUrl) -> Option<Secret> {
    cookie::find_secret(headers, url, DEVICE).map(Secret::new)
}

/// What a browser was given before anybody signed in.
pub fn before(headers: &HeaderMap, url: &SiteUrl) -> Option<Secret> {
    cookie::find_secret(headers, url, BEFORE).map(Secret::new)
}

/// Gives a browser something to stand in for a session.
pub fn set_before(url: &SiteUrl, secret: &Secret) -> HeaderValue {
    cookie::secret(url, BEFORE, secret.reveal(), Life::Session)
}

/// What a browser was given when somebody registered with it.
pub fn registered(headers: &HeaderMap, url: &SiteUrl) -> Option<Secret> {
    cookie::find_secret(headers, url, REGISTERED).map(Secret::new)
}

/// Marks a browser as the one that somebody registers with.
pub fn set_registered(url: &SiteUrl, secret: &Secret) -> HeaderValue {
    let lifetime = Life::Seconds(registration::LIFETIME.as_secs());
    cookie::secret(url, REGISTERED, secret.reveal(), lifetime)
}

/// What a browser has for the second step.
pub fn second_step(headers: &HeaderMap, url: &SiteUrl) -> Option<Secret> {
    cookie::find_secret(headers, url, SECOND_STEP).map(Secret::new)
}

/// Gives a browser what it needs for the second step.
pub fn set_second_step(url: &SiteUrl, token: &Secret) -> HeaderValue {
    let lifetime = Life::Seconds(second_step::LIFETIME.as_secs());
    cookie::secret(url, SECOND_STEP, token.reveal(), lifetime)
}

/// Takes it away.
pub fn forget_second_step(url: &SiteUrl) -> HeaderValue {
    cookie::forget(url, SECOND_STEP)
}

/// What a browser has for a sign-in with a provider.
pub fn provider(headers: &HeaderMap, url: &SiteUrl) -> Option<Secret> {
    cookie::find_secret(headers, url, PROVIDER).map(Secret::new)
}

/// Gives a browser what it needs for the next step of such a sign-in.
pub fn set_provider(url: &SiteUrl, secret: &Secret) -> HeaderValue {
    let lifetime = Life::Seconds(linked_identity::LINK_LIFETIME.as_secs());
    cookie::secret(url, PROVIDER, secret.reveal(), lifetime)
}

/// Takes it away.
pub fn forget_provider(url: &SiteUrl) -> HeaderValue {
    cookie::forget(url, PROVIDER)
}

/// Gives a browser its session.
pub fn set_session(url: &SiteUrl, secret: &Secret, stay: Stay) -> HeaderValue {
    let life = match stay {
        Stay::Visit => Life::Session,
        Stay::Remembered => Life::Seconds(stay.idle().as_secs()),
    };
    cookie::secret(url, SESSION, secret.reveal(), life)
}

/// An answer that gives a browser the new secret of the session that it goes on in.
pub fn renewed(mut response: Response, url: &SiteUrl, secret: &Secret, stay: Stay) -> Response {
    let cookie = set_session(url, secret, stay);
    response.headers_mut().append(SET_COOKIE, cookie);
    response
}

/// The cookies of a request, with this secret as the session's.
pub fn with_session(headers: &HeaderMap, url: &SiteUrl, secret: &Secret) -> String {
    let prefix = if url.is_secure() { "__Host-" } else { "" };
    let session = format!("{prefix}{SESSION}=");
    let all = headers.get_all(COOKIE).iter();
    let others = all
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .map(str::trim)
        .filter(|pair| !pair.starts_with(&session))
        .map(str::to_owned);
    let own = format!("{session}{}", secret.reveal());
    others.chain([own]).collect::<Vec<_>>().join("; ")
}

/// As [`renewed`], unless the answer has decided about the session itself.
pub fn renewed_unless_set(
    mut response: Response,
    url: &SiteUrl,
    secret: &Secret,
    stay: Stay,
) -> Response {
    let cookie = set_session(url, secret, stay);
    if !sets_same(response.headers(), &cookie) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// Takes a browser's session away.
pub fn forget_session(url: &SiteUrl) -> HeaderValue {
    cookie::forget(url, SESSION)
}

/// Gives a browser all that belongs to a session that has just begun.
pub fn set_begun(headers: &mut HeaderMap, url: &SiteUrl, begun: &Begun) {
    let device = begun.device.secret().reveal();
    let lifetime = Life::Seconds(device::LIFETIME.as_secs());
    headers.append(SET_COOKIE, set_session(url, &begun.session, begun.stay));
    headers.append(SET_COOKIE, cookie::secret(url, DEVICE, device, lifetime));
    headers.append(SET_COOKIE, cookie::forget(url, BEFORE));
    headers.append(SET_COOKIE, forget_provider(url));
}

/// What travels beside a request, put there by [`carry`].
#[derive(Clone)]
pub struct Beside {
    /// The counters of this process.
    pub changes: Changes,
    /// Who must have a second factor.
    pub require_mfa_for: RequireMfaFor,
    renewed: Arc<Mutex<Option<HeaderValue>>>,
}

impl Beside {
    /// Gives the cookie of a session that goes on a new life.
    pub fn renew(&self, cookie: HeaderValue) {
        *self.renewed.lock().unwrap_or_else(PoisonError::into_inner) = Some(cookie);
    }
}

/// A layer that gives extractors the counters, and adds a renewed session cookie
/// to the answer, unless the answer sets one itself.
pub async fn carry(
    State((changes, require_mfa_for)): State<(Changes, RequireMfaFor)>,
    mut request: Request,
    next: Next,
) -> Response {
    let beside = Beside {
        changes,
        require_mfa_for,
        renewed: Arc::default(),
    };
    request.extensions_mut().insert(beside.clone());
    let mut response = next.run(request).await;
    let renewed = beside
        .renewed
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    if let Some(cookie) = renewed.filter(|cookie| !sets_same(response.headers(), cookie)) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

fn sets_same(headers: &HeaderMap, cookie: &HeaderValue) -> bool {
    let name = |value: &HeaderValue| {
        value
            .as_bytes()
            .split(|byte| *byte == b'=')
            .next()
            .map(<[u8]>::to_vec)
    };
    headers
        .get_all(SET_COOKIE)
        .iter()
        .any(|set| name(set) == name(cookie))
}
