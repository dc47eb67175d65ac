//! The frame, with the navigation, around the pages for signed-in people.

use std::pin::Pin;

use askama::Template;
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::{StoreError, Tx};
use web::page::{Entry, OwnAccount, OwnFrame, Page, Section, Warning};
use web::state::NavigationGroup;
use web::{Problem, Site, Text, Theme, csrf};

use crate::asking::PageUser;
use crate::{addresses, cookies};
use identity::account::unconfirmed;
use identity::credential::planned_reset;
use identity::grant::{self, Role, Scope};
use identity::notification;
use identity::people::invite;
use identity::session::signed_in::{self, SignedIn};

/// The page that people see after signing in.
pub const HOME: &str = "/me";

/// A person's data that determines the frame around their pages.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The person's rank in the installation.
    pub rank: Option<Role>,
    groups: Vec<NavigationGroup>,
    unread: i64,
    /// When the person's second factors will be removed, if an administrator requested it.
    reset_at: Option<Timestamp>,
    is_pending: bool,
}

impl Facts {
    pub fn find(tx: &mut Tx<'_>, site: &Site, who: &SignedIn) -> Result<Self, StoreError> {
        let id = &who.account().id;
        let mut groups = Vec::new();
        for group in &site.declared.navigation {
            if (group.is_for)(tx, site, &id.to_string())? {
                groups.push(*group);
            }
        }
        Ok(Self {
            rank: grant::rank_in(tx, who, &Scope::site())?,
            groups,
            unread: notification::count_unread(tx, id)?,
            reset_at: planned_reset::due(tx, id)?,
            is_pending: unconfirmed::is_pending(tx, id)?,
        })
    }

    /// Makes the frame for a page. `here` is the path of the page's navigation entry.
    pub fn frame(&self, site: &Site, text: &Text, user: PageUser<'_>, here: &str) -> OwnFrame {
        let unread = (self.unread > 0).then(|| text.number(self.unread));
        OwnFrame {
            site: site.settings.name.clone(),
            sections: self.sections(text, here),
            account: Some(account(user.who, user.csrf, unread)),
            warnings: self.warnings(site, text, user.who),
            notes: self.notes(site, text, here),
        }
    }

    /// First the person's own pages, grouped by domain, then those of the administration.
    fn sections(&self, text: &Text, here: &str) -> Vec<Section> {
        let entry = |(label, href): (&str, &str)| Entry {
            label: text.say(label).into_owned(),
            href: href.to_owned(),
            current: href == here,
            ..Entry::default()
        };
        let section = |title: &str, entries: Vec<Entry>| Section {
            title: Some(text.say(title).into_owned()),
            entries,
        };
        let home = Section {
            title: None,
            entries: vec![entry(("host-home", HOME))],
        };
        let groups = self.groups.chunk_by(|one, next| one.title == next.title);
        let groups = groups.map(|groups| {
            let title = groups.first().map_or("", |group| group.title);
            let links = groups.iter().flat_map(|group| group.links);
            section(
                title,
                links.map(|link| entry((link.label, link.href))).collect(),
            )
        });
        let own = [
            ("profile-title", addresses::PROFILE),
            ("slug-title", addresses::SLUG),
            ("account-security", addresses::SECURITY),
            ("trusted-title", addresses::TRUSTED),
            ("shared-title", addresses::SHARED),
            ("account-data", addresses::DATA),
        ];
        let own = section("host-yours", own.map(entry).into());
        let administered = self.rank.map(|rank| {
            let is_owner = rank == grant::OWNER;
            let may_invite = invite::may_offer(rank, invite::MEMBER);
            let entries = is_owner
                .then_some(("look-title", addresses::LOOK))
                .into_iter()
                .chain([("people-title", addresses::PEOPLE)])
                .chain(may_invite.then_some(("account-invites", addresses::INVITES)))
                .chain([
                    ("suppressed-title", addresses::SUPPRESSED),
                    ("overview-title", addresses::AUDIT),
                ])
                .chain(is_owner.then_some(("host-server", "/admin/server")));
            section("host-site", entries.map(entry).collect())
        });
        [home]
            .into_iter()
            .chain(groups)
            .chain([own])
            .chain(administered)
            .collect()
    }

    /// What those who run the site must know on the pages where they work: that mail or links from
    /// there reach nobody.
    fn notes(&self, site: &Site, text: &Text, here: &str) -> Vec<String> {
        let mut links = self.groups.iter().flat_map(|group| group.links);
        let is_work = here.starts_with("/admin") || links.any(|link| link.href == here);
        if self.rank.is_none() || !is_work {
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
        kind: facts.frame(site, text, user, here).kind(),
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
