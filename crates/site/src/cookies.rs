//! The cookies of sessions and sign-ins, and the data that a layer adds to each request.

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
use identity::person::{registration, verification};
use identity::session::{Begun, Stay, device};
use identity::sign_in::second_step;

const SESSION: &str = "kd_session";
const DEVICE: &str = "kd_device";
/// The cookie that identifies a browser before anybody signs in.
const BEFORE: &str = "kd_before";
const REGISTERED: &str = "kd_registered";
/// The group link with which the browser came.
const GROUP: &str = "kd_group";
const ONWARD: &str = "kd_onward";
const SECOND_STEP: &str = "kd_mfa";
const PROVIDER: &str = "kd_oauth";

/// The names of the cookies that this module reads. If the site's URL is https, the names begin
/// with `__Host-`.
pub fn names(url: &SiteUrl) -> Vec<String> {
    let prefix = if url.is_secure() { "__Host-" } else { "" };
    let names = [
        SESSION,
        DEVICE,
        BEFORE,
        REGISTERED,
        GROUP,
        ONWARD,
        SECOND_STEP,
        PROVIDER,
    ];
    names.map(|name| format!("{prefix}{name}")).to_vec()
}

pub fn session(headers: &HeaderMap, url: &SiteUrl) -> Option<Secret> {
    cookie::find_secret(headers, url, SESSION).map(Secret::new)
}

/// The secret that identifies a browser in which the account has signed in before.
pub fn device(headers: &HeaderMap, url: &SiteUrl) -> Option<Secret> {
    cookie::find_secret(headers, url, DEVICE).map(Secret::new)
}

/// The secret that identifies the browser before anybody signs in.
pub fn before(headers: &HeaderMap, url: &SiteUrl) -> Option<Secret> {
    cookie::find_secret(headers, url, BEFORE).map(Secret::new)
}

/// Sets the cookie with the secret that identifies the browser before anybody signs in.
pub fn set_before(url: &SiteUrl, secret: &Secret) -> HeaderValue {
    cookie::secret(url, BEFORE, secret.reveal(), Life::Session)
}

/// The secret that identifies the browser in which a person registered an account.
pub fn registered(headers: &HeaderMap, url: &SiteUrl) -> Option<Secret> {
    cookie::find_secret(headers, url, REGISTERED).map(Secret::new)
}

/// Sets the cookie that identifies the browser in which a person registers an account.
pub fn set_registered(url: &SiteUrl, secret: &Secret) -> HeaderValue {
    let lifetime = Life::Seconds(registration::LIFETIME.as_secs());
    cookie::secret(url, REGISTERED, secret.reveal(), lifetime)
}

/// The token of the group link with which the browser came.
pub fn group(headers: &HeaderMap, url: &SiteUrl) -> Option<String> {
    cookie::find_secret(headers, url, GROUP).map(str::to_owned)
}

/// Sets the cookie with the token of a group link, from which registrations are then counted.
pub fn set_group(url: &SiteUrl, token: &str) -> HeaderValue {
    let lifetime = Life::Seconds(verification::LIFETIME.as_secs());
    cookie::secret(url, GROUP, token, lifetime)
}

/// The path to which the browser is redirected after a person who registered in it has confirmed
/// their email address.
pub fn onward(headers: &HeaderMap, url: &SiteUrl) -> Option<String> {
    cookie::find_secret(headers, url, ONWARD).map(str::to_owned)
}

/// Sets the cookie with the path that [`onward`] returns. The caller must ensure that a cookie can
/// contain all characters of the path.
pub fn set_onward(url: &SiteUrl, path: &str) -> HeaderValue {
    let lifetime = Life::Seconds(verification::LIFETIME.as_secs());
    cookie::secret(url, ONWARD, path, lifetime)
}

pub fn forget_onward(url: &SiteUrl) -> HeaderValue {
    cookie::forget(url, ONWARD)
}

/// The browser's token for the second step of a sign-in.
pub fn second_step(headers: &HeaderMap, url: &SiteUrl) -> Option<Secret> {
    cookie::find_secret(headers, url, SECOND_STEP).map(Secret::new)
}

pub fn set_second_step(url: &SiteUrl, token: &Secret) -> HeaderValue {
    let lifetime = Life::Seconds(second_step::LIFETIME.as_secs());
    cookie::secret(url, SECOND_STEP, token.reveal(), lifetime)
}

pub fn forget_second_step(url: &SiteUrl) -> HeaderValue {
    cookie::forget(url, SECOND_STEP)
}

/// The secret that identifies the browser during a sign-in with an external provider.
pub fn provider(headers: &HeaderMap, url: &SiteUrl) -> Option<Secret> {
    cookie::find_secret(headers, url, PROVIDER).map(Secret::new)
}

pub fn set_provider(url: &SiteUrl, secret: &Secret) -> HeaderValue {
    let lifetime = Life::Seconds(linked_identity::LINK_LIFETIME.as_secs());
    cookie::secret(url, PROVIDER, secret.reveal(), lifetime)
}

pub fn forget_provider(url: &SiteUrl) -> HeaderValue {
    cookie::forget(url, PROVIDER)
}

pub fn set_session(url: &SiteUrl, secret: &Secret, stay: Stay) -> HeaderValue {
    let life = match stay {
        Stay::Visit => Life::Session,
        Stay::Remembered => Life::Seconds(stay.idle().as_secs()),
    };
    cookie::secret(url, SESSION, secret.reveal(), life)
}

/// Adds a session cookie with a new secret to the response.
pub fn renewed(mut response: Response, url: &SiteUrl, secret: &Secret, stay: Stay) -> Response {
    let cookie = set_session(url, secret, stay);
    response.headers_mut().append(SET_COOKIE, cookie);
    response
}

/// Returns the `Cookie` header of a request, with its session cookie replaced by one that contains
/// `secret`.
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

/// Like [`renewed`], unless the response already sets a session cookie.
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

pub fn forget_session(url: &SiteUrl) -> HeaderValue {
    cookie::forget(url, SESSION)
}

/// Sets the cookies of a new session, and deletes the cookies that only the sign-in needed.
pub fn set_begun(headers: &mut HeaderMap, url: &SiteUrl, begun: &Begun) {
    let device = begun.device.secret().reveal();
    let lifetime = Life::Seconds(device::LIFETIME.as_secs());
    headers.append(SET_COOKIE, set_session(url, &begun.session, begun.stay));
    headers.append(SET_COOKIE, cookie::secret(url, DEVICE, device, lifetime));
    headers.append(SET_COOKIE, cookie::forget(url, BEFORE));
    headers.append(SET_COOKIE, forget_provider(url));
}

/// Data that [`carry`] adds to each request.
#[derive(Clone)]
pub struct Beside {
    /// The counters that limit how many changes an account makes.
    pub changes: Changes,
    /// The people who must have a second factor.
    pub require_mfa_for: RequireMfaFor,
    renewed: Arc<Mutex<Option<HeaderValue>>>,
}

impl Beside {
    /// Sets the cookie that the response will add to renew the session's cookie.
    pub fn renew(&self, cookie: HeaderValue) {
        *self.renewed.lock().unwrap_or_else(PoisonError::into_inner) = Some(cookie);
    }
}

/// A layer that provides the extractors with [`Beside`], and adds a renewed session cookie to the
/// response unless the response already sets one.
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
