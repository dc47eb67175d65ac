//! The visitors who look at the offered slots, and the limit on their requests.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::{StatusCode, Uri, request};
use identity::account::AccountId;
use identity::session::signed_in::SignedIn;
use jiff::SignedDuration;
use platform::limits::{Limit, Limits, Rule};
use site::asking::{AnyCaller, Viewer};
use web::{Facts, Problem, Site, Text, Wishes, ZoneWishes};

use super::visitor_zone::VisitorZone;
use crate::Refusal;
use crate::settings::{self, BookingSettings};

/// The real number comes from the settings. The number here is never reached.
const RULES: &[Rule] = &[Rule {
    count: u32::MAX,
    per: SignedDuration::from_mins(1),
}];
const KEYS: usize = 20_000;

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

/// Not of a signed-in person's browser, nor of this machine, where a proxy or front end may run.
async fn count(parts: &request::Parts, site: &Site, who: Option<&SignedIn>) -> Result<(), Problem> {
    let outside = || Problem::internal("a handler stands outside web::serve");
    let facts: &Facts = parts.extensions.get().ok_or_else(outside)?;
    if who.is_some_and(SignedIn::is_in_browser) || facts.client.is_loopback() {
        return Ok(());
    }
    let limit: &BrowseLimit = parts.extensions.get().ok_or_else(outside)?;
    let key = facts.network().to_string();
    let rules = site.store.read(settings::load).await?;
    let most = u32::try_from(rules.browse_minute_limit).unwrap_or(u32::MAX);
    limit
        .0
        .take_of(&key, most, site.clock.now())
        .map_err(Refusal::from)
        .map_err(Problem::from)
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
