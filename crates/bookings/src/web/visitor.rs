//! The visitors who look at the offered slots, and the limit on their requests.

use std::sync::{Arc, OnceLock};

use axum::extract::{FromRef, FromRequestParts, Request};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, request};
use axum::middleware::Next;
use axum::response::Response;
use identity::account::AccountId;
use identity::session::signed_in::SignedIn;
use jiff::SignedDuration;
use platform::limits::{Limit, Limits, Rule};
use site::asking::{AnyCaller, Viewer};
use web::cookie::{self, Life};
use web::{Facts, Problem, Site, Text, Wishes, ZoneWishes, shared};

use super::visitor_zone::VisitorZone;
use crate::Refusal;
use crate::settings::{self, BookingSettings};

/// The real numbers come from the settings. The number here is never reached.
const RULES: &[Rule] = &[Rule {
    count: u32::MAX,
    per: SignedDuration::from_mins(1),
}];
const KEYS: usize = 20_000;

/// How many times as often as one browser a whole network may look.
const BROWSERS: u32 = 10;
/// Visitors without a cookie share their network's count. From this part of it on, many are behind
/// the network, and each gets a cookie; before, pages stay the same for everybody.
const BUSY: u32 = 4;
const COOKIE: &str = "kd_browse";
const COOKIE_KEY: &str = "bookings.browse";
const COOKIE_LIFE: Life = Life::Seconds(86_400);

/// The counters. They are attached to each request for slots as an extension.
#[derive(Clone, Debug)]
pub(super) struct BrowseLimit(Limit);

impl BrowseLimit {
    pub(super) fn of(limits: &Limits) -> Self {
        Self(limits.limit("slots", RULES, KEYS))
    }
}

/// Somebody who looks at the slots on a page.
#[derive(Debug)]
pub(super) struct Visitor(pub(super) Viewer);

/// Who asks for a list, and with which address.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) uri: &'a Uri,
    /// `None` for somebody who is not signed in.
    pub(super) account: Option<&'a AccountId>,
    pub(super) zone: &'a VisitorZone,
}

impl Asker<'_> {
    pub(super) fn is_signed_in(&self) -> bool {
        self.account.is_some()
    }

    /// A link to the page on which another zone is chosen for the page that was asked for.
    pub(super) fn zone_change(&self) -> String {
        let asked = self.uri.path_and_query();
        self.zone
            .change(asked.map_or("/book", |asked| asked.as_str()))
    }
}

/// A request for a public page of sessions, with what all of these pages need.
pub(super) struct AskedPage {
    pub(super) site: Site,
    pub(super) text: Text,
    pub(super) uri: Uri,
    account: Option<AccountId>,
    zone: VisitorZone,
}

impl AskedPage {
    pub(super) fn asker(&self) -> Asker<'_> {
        Asker {
            uri: &self.uri,
            account: self.account.as_ref(),
            zone: &self.zone,
        }
    }
}

impl<S> FromRequestParts<S> for AskedPage
where
    Site: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, state: &S) -> Result<Self, Problem> {
        let Visitor(viewer) = Visitor::from_request_parts(parts, state).await?;
        let (site, who) = (Site::from_ref(state), viewer.who.as_ref());
        let wishes = Wishes::read(&parts.uri, &parts.headers);
        let zones = ZoneWishes::read(&parts.uri, &parts.headers);
        Ok(Self {
            text: site.speak_public(&wishes),
            zone: VisitorZone::find(&site, who, &zones).await?,
            account: who.map(|who| who.account().id.clone()),
            uri: parts.uri.clone(),
            site,
        })
    }
}

/// Somebody who looks at the slots through the API, perhaps with a token.
#[derive(Debug)]
pub(super) struct ApiVisitor(pub(super) Option<SignedIn>);

impl<S> FromRequestParts<S> for Visitor
where
    Site: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, state: &S) -> Result<Self, Problem> {
        let viewer = Viewer::from_request_parts(parts, state).await?;
        count(parts, &Site::from_ref(state), viewer.who.as_ref()).await?;
        Ok(Self(viewer))
    }
}

impl<S> FromRequestParts<S> for ApiVisitor
where
    Site: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, state: &S) -> Result<Self, Problem> {
        let AnyCaller(who) = AnyCaller::from_request_parts(parts, state).await?;
        count(parts, &Site::from_ref(state), who.as_ref()).await?;
        Ok(Self(who))
    }
}

/// The cookie that a visitor gets with the response.
#[derive(Clone, Debug, Default)]
struct NewCookie(Arc<OnceLock<HeaderValue>>);

/// A middleware that sets the cookie by which a visitor's requests are counted, where [`count`] has
/// made one.
pub(super) async fn remember(mut request: Request, next: Next) -> Response {
    let cookie = NewCookie::default();
    request.extensions_mut().insert(cookie.clone());
    let mut response = next.run(request).await;
    if let Some(value) = cookie.0.get() {
        response.headers_mut().append(SET_COOKIE, value.clone());
        shared::keep_private(&mut response);
    }
    response
}

/// The browser that the request's cookie names. Only this site makes such cookies.
fn browser<'a>(headers: &'a HeaderMap, site: &Site) -> Option<&'a str> {
    let cookie = cookie::find_secret(headers, site.url(), COOKIE)?;
    let (browser, signature) = cookie.split_once('.')?;
    let is_ours = site.keys.key(COOKIE_KEY).verify(&[browser], signature);
    is_ours.then_some(browser)
}

fn new_cookie(site: &Site) -> HeaderValue {
    let browser = platform::id::generate_random(&site.random);
    let signature = site.keys.key(COOKIE_KEY).sign(&[&browser]);
    let value = format!("{browser}.{signature}");
    cookie::secret(site.url(), COOKIE, &value, COOKIE_LIFE)
}

/// Counts a request by the browser's cookie, or without one by the network. All browsers of a
/// network together may look [`BROWSERS`] times as often.
///
/// Not of a signed-in person's browser, nor of this machine, where a proxy or front end may run.
async fn count(parts: &request::Parts, site: &Site, who: Option<&SignedIn>) -> Result<(), Problem> {
    let outside = || Problem::internal("a handler stands outside web::serve");
    let facts: &Facts = parts.extensions.get().ok_or_else(outside)?;
    if who.is_some_and(SignedIn::is_in_browser) || facts.client.is_loopback() {
        return Ok(());
    }
    let limit: &BrowseLimit = parts.extensions.get().ok_or_else(outside)?;
    let network = facts.network().to_string();
    let rules = site.store.read(settings::load).await?;
    let most = u32::try_from(rules.browse_minute_limit).unwrap_or(u32::MAX);
    let now = site.clock.now();
    let take = |key: &str, most: u32| limit.0.take_of(key, most, now);
    let browser = browser(&parts.headers, site);
    let key = browser.map_or_else(|| network.clone(), |browser| format!("browser {browser}"));
    take(&key, most)
        .and_then(|()| take(&format!("all of {network}"), most.saturating_mul(BROWSERS)))
        .map_err(Refusal::from)
        .map_err(Problem::from)?;
    if browser.is_none()
        && take(&format!("without a cookie {network}"), most / BUSY).is_err()
        && let Some(cookie) = parts.extensions.get::<NewCookie>()
    {
        let _ = cookie.0.set(new_cookie(site));
    }
    Ok(())
}

/// Refuses a caller who is not signed in with 401, unless the settings let everybody see the slots.
pub(super) fn check(rules: &BookingSettings, is_signed_in: bool) -> Result<(), Refusal> {
    if rules.browse_public || is_signed_in {
        return Ok(());
    }
    Err(unauthenticated())
}

pub(super) fn unauthenticated() -> Refusal {
    Refusal::Problem(Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated"))
}
