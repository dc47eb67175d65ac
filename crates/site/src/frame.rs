//! The frame, with the navigation, around the pages for signed-in people.

use std::pin::Pin;

use askama::Template;
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::{StoreError, Tx};
use web::page::{Note, OwnAccount, OwnFrame, Page, Warning};
use web::state::Visit;
use web::{Problem, Site, Text, Theme, csrf};

use crate::asking::PageUser;
use crate::domain::Domain;
use crate::menu::OwnMenu;
pub use crate::menu::{HOME, START};
use crate::{addresses, cookies};
use identity::account::unconfirmed;
use identity::credential::planned_reset;
use identity::grant::{self, Role, Scope};
use identity::notification;
use identity::session::signed_in::{self, SignedIn};

/// A person's data that determines the frame around their pages.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The person's rank in the installation.
    pub rank: Option<Role>,
    menu: OwnMenu,
    unread: i64,
    /// When the person's second factors will be removed, if an administrator requested it.
    reset_at: Option<Timestamp>,
    is_pending: bool,
}

impl Facts {
    pub fn find(tx: &mut Tx<'_>, site: &Site, who: &SignedIn) -> Result<Self, StoreError> {
        let id = &who.account().id;
        let rank = grant::rank_in(tx, who, &Scope::site())?;
        Ok(Self {
            rank,
            menu: OwnMenu::find(tx, site, id.as_str(), rank)?,
            unread: notification::count_unread(tx, id)?,
            reset_at: planned_reset::due(tx, id)?,
            is_pending: unconfirmed::is_pending(tx, id)?,
        })
    }

    /// The path of the page where the person starts after signing in.
    pub fn start(&self) -> &str {
        self.menu.start()
    }

    /// Makes the frame for a page. `here` is the path of the page's navigation entry.
    pub fn frame(&self, site: &Site, text: &Text, user: PageUser<'_>, here: &str) -> OwnFrame {
        let unread = (self.unread > 0).then(|| text.number(self.unread));
        let path = Visit::current_path();
        let (sections, tabs) = self.menu.sections(text, &path, here);
        OwnFrame {
            site: site.settings.name.clone(),
            sections,
            tabs,
            is_member: self.menu.is_member(),
            account: Some(account(user.who, user.csrf, unread)),
            warnings: self.warnings(site, text, user.who),
            notes: self.notes(site, text, &path, here),
        }
    }

    /// What those who run the site must know on the pages where they work: that mail or links from
    /// there reach nobody.
    fn notes(&self, site: &Site, text: &Text, path: &str, here: &str) -> Vec<Note> {
        if self.rank.is_none() || !self.menu.is_work(path, here) {
            return Vec::new();
        }
        let private = site.private_note(text, site.url());
        private.into_iter().chain(site.mail_note(text)).collect()
    }

    fn warnings(&self, site: &Site, text: &Text, who: &SignedIn) -> Vec<Warning> {
        let pending = self.is_pending.then(|| Warning {
            words: text.say("account-pending").into_owned(),
            label: text.say("account-check-mail-resend").into_owned(),
            href: "/me/email/verify",
        });
        let reset = self.reset_at.map(|at| {
            let zone = TimeZone::get(&who.account().time_zone);
            let zone = zone.unwrap_or_else(|_| site.settings.time_zone.clone());
            let at = text.moment_short_in(&zone, at);
            Warning {
                words: text.with("account-factors-reset-at", [("at", at.into())]),
                label: text.say("account-factors-keep").into_owned(),
                href: addresses::KEEP_FACTORS,
            }
        });
        pending.into_iter().chain(reset).collect()
    }
}

/// Whether the person works in this domain, and so may start there after signing in.
pub fn works_in(
    tx: &mut Tx<'_>,
    site: &Site,
    domain: &Domain,
    who: &SignedIn,
) -> Result<bool, StoreError> {
    for find in domain.menu.iter().filter_map(|entry| entry.start) {
        let start = find(tx, site, who.account().id.as_str())?;
        if start.is_some_and(|start| start.is_work) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns the data about the signed-in account that the frame shows.
pub fn account(who: &SignedIn, csrf: &str, unread: Option<String>) -> OwnAccount {
    OwnAccount {
        name: who.account().display_name.clone(),
        csrf: csrf.to_owned(),
        unread,
    }
}

/// Renders a page in the frame. `here` is the path of the page's navigation entry; `title` does not
/// contain the site's name.
pub async fn show<B: Template>(
    site: &Site,
    text: &Text,
    user: PageUser<'_>,
    here: &str,
    title: &str,
    body: B,
) -> Result<Response, Problem> {
    let (asking, place) = (user.who.clone(), site.clone());
    let look = move |tx: &mut Tx<'_>| Facts::find(tx, &place, &asking);
    let facts = site.store.read(look).await?;
    Ok(web::page(Page {
        title: &format!("{title} – {}", site.settings.name),
        body,
        text,
        theme: Theme::PLAIN,
        kind: facts.frame(site, text, user, here).kind(site),
    }))
}

/// Makes the frame for the person whose session cookie is in the headers. It is used for error
/// pages, which no handler renders.
pub(crate) fn find(
    site: Site,
    headers: HeaderMap,
    text: Text,
) -> Pin<Box<dyn Future<Output = Option<OwnFrame>> + Send>> {
    Box::pin(async move {
        let secret = cookies::session(&headers, site.url())?;
        let (shown, place) = (secret.clone(), site.clone());
        let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
            let Some(visit) = signed_in::by_session(tx, &shown)? else {
                return Ok(None);
            };
            let facts = Facts::find(tx, &place, &visit.who)?;
            Ok(Some((visit.who, facts)))
        };
        let (who, facts) = site.store.read(look).await.ok().flatten()?;
        let csrf = csrf::token(secret.reveal(), &site.random);
        let user = PageUser {
            who: &who,
            csrf: &csrf,
        };
        Some(facts.frame(&site, &text, user, ""))
    })
}
