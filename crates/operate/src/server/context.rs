//! The data that every operator's page needs: the owner, the owner's language and time zone, and
//! the layout.

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use identity::grant::administrator::{self, Owner};
use identity::session::signed_in::SignedIn;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::StoreError;
use site::asking::{PageUser, Reader};
use site::frame;
use web::language::COMPLETE;
use web::page::Page;
use web::{Language, Problem, Site, Text, Theme, Wishes};

pub(super) const HERE: &str = "/admin/server";

/// The owner who requests a page, with the data for rendering it.
pub(super) struct AdminContext {
    pub(super) site: Site,
    pub(super) owner: Owner,
    pub(super) csrf: String,
    pub(super) text: Text,
    pub(super) now: Timestamp,
    zone: TimeZone,
    facts: frame::Facts,
}

impl FromRequestParts<Site> for AdminContext {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Problem> {
        let Reader { who, csrf, .. } = Reader::from_request_parts(parts, site).await?;
        let wishes = Wishes::read(&parts.uri, &parts.headers);
        Self::of(site, who, csrf, &wishes).await
    }
}

impl AdminContext {
    /// Builds the context for a signed-in person. Responds with "not found" if the person does not
    /// own the installation.
    pub(super) async fn of(
        site: &Site,
        who: SignedIn,
        csrf: String,
        wishes: &Wishes,
    ) -> Result<Self, Problem> {
        let place = site.clone();
        let look = move |tx: &mut platform::Tx<'_>| -> Result<_, StoreError> {
            match administrator::owner(tx, who.clone())? {
                Some(owner) => Ok(Some((owner, frame::Facts::find(tx, &place, &who)?))),
                None => Ok(None),
            }
        };
        let found = site.store.read(look).await?;
        let (owner, facts) = found.ok_or_else(Problem::not_found)?;
        let account = owner.who().account();
        let tag = wishes.choose(&COMPLETE, Some(&account.locale), COMPLETE[0]);
        let zone = TimeZone::get(&account.time_zone);
        Ok(Self {
            text: site.catalogue.speak(&Language::of(tag)),
            zone: zone.unwrap_or_else(|_| site.settings.time_zone.clone()),
            now: site.clock.now(),
            site: site.clone(),
            owner,
            facts,
            csrf,
        })
    }

    /// Formats a time in the owner's time zone.
    pub(super) fn moment(&self, at: Timestamp) -> String {
        self.text.moment_short_in(&self.zone, at)
    }

    /// Formats the time that has passed since `at`.
    pub(super) fn ago(&self, at: Timestamp) -> String {
        span(&self.text, self.now.duration_since(at).as_secs())
    }

    /// Renders a page, with headers that prevent caching.
    pub(super) fn page<B: Template>(&self, title: &str, body: B) -> Response {
        let user = PageUser {
            who: self.owner.who(),
            csrf: &self.csrf,
        };
        let frame = self.facts.frame(&self.site, &self.text, user, HERE);
        let mut response = web::page(Page {
            title: &format!("{title} – {}", self.site.settings.name),
            body,
            text: &self.text,
            theme: Theme::PLAIN,
            kind: frame.kind(&self.site),
        });
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// Formats a duration in its largest unit.
pub(super) fn span(text: &Text, seconds: i64) -> String {
    let (id, n) = match seconds.max(0) {
        n @ 0..60 => ("server-seconds", n),
        n @ 60..3_600 => ("server-minutes", n / 60),
        n @ 3_600..86_400 => ("server-hours", n / 3_600),
        n => ("server-days", n / 86_400),
    };
    text.with(id, [("n", n.into())])
}
