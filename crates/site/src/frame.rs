//! The frame of pages for people who are signed in.

use std::pin::Pin;

use askama::Template;
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::tz::TimeZone;
use platform::{StoreError, Tx};
use web::page::{Account, Action, Entry, Kind, Navigation, OwnFrame, Page, Section, Strip};
use web::{Problem, Site, Text, Theme, csrf};

use crate::{addresses, cookies};
use identity::credential::planned_reset;
use identity::grant::{self, Role, Scope};
use identity::notification;
use identity::people::invite;
use identity::session::signed_in::{self, SignedIn};

/// Shows a page to somebody, with the way to the site's other pages. `here` is its address
/// there, and `title` a title without the site's name.
pub async fn show<B: Template>(
    site: &Site,
    text: &Text,
    (who, csrf): (&SignedIn, &str),
    (here, title): (&str, &str),
    body: B,
) -> Result<Response, Problem> {
    let asking = who.clone();
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let rank = grant::rank_in(tx, &asking, &Scope::site())?;
        let id = &asking.account().id;
        let unread = notification::count_unread(tx, id)?;
        Ok((rank, planned_reset::due(tx, id)?, unread))
    };
    let (rank, reset_at, unread) = site.store.read(look).await?;
    let mut sections = sections(site, text, here, rank);
    let entries = sections.iter_mut().flat_map(|section| &mut section.entries);
    for entry in entries.filter(|entry| entry.href == addresses::NOTICES && unread > 0) {
        entry.count = Some(text.number(unread));
    }
    let warning = reset_at.map(|at| {
        let zone = TimeZone::get(&who.account().time_zone);
        let zone = zone.unwrap_or_else(|_| site.settings.time_zone.clone());
        let at = text.moment_short(&at.to_zoned(zone));
        text.with("account-factors-reset-at", [("at", at.into())])
    });
    let label = text.say("account-factors-keep");
    let fields = [("_csrf", csrf)];
    let strip = warning.as_deref().map(|words| Strip {
        words,
        action: Some(Action {
            label: &label,
            href: addresses::KEEP_FACTORS,
            fields: &fields,
        }),
    });
    Ok(web::page(Page {
        title: &format!("{title} – {}", site.settings.name),
        body,
        text,
        theme: Theme::PLAIN,
        kind: Kind::Host(Navigation {
            heading: None,
            sections: &sections,
            more: None,
            strip,
            account: Some(Account {
                name: &who.account().display_name,
                csrf,
            }),
        }),
    }))
}

/// The frame of whoever shows a session, for pages that no handler makes.
pub(crate) fn find(
    site: Site,
    headers: HeaderMap,
    text: Text,
) -> Pin<Box<dyn Future<Output = Option<OwnFrame>> + Send>> {
    Box::pin(async move {
        let secret = cookies::session(&headers, site.url())?;
        let shown = secret.clone();
        let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
            let Some(visit) = signed_in::by_session(tx, &shown)? else {
                return Ok(None);
            };
            let rank = grant::rank_in(tx, &visit.who, &Scope::site())?;
            Ok(Some((visit.who, rank)))
        };
        let (who, rank) = site.store.read(look).await.ok().flatten()?;
        Some(OwnFrame {
            sections: sections(&site, &text, "", rank),
            name: who.account().display_name.clone(),
            csrf: csrf::token(secret.reveal(), &site.random),
        })
    })
}

/// The way to the pages that belong to nothing but the site, for somebody with this rank in it:
/// what is their own, and what they administer. `here` is the address of the page that is shown.
pub fn sections(site: &Site, text: &Text, here: &str, rank: Option<Role>) -> Vec<Section> {
    let entry = |(label, href): (&str, &str)| Entry {
        label: text.say(label).into_owned(),
        href: href.to_owned(),
        current: href == here,
        ..Entry::default()
    };
    let mut own = Section::of_site(site, text, here, false);
    own.title = Some(text.say("host-yours").into_owned());
    own.entries.extend(
        [
            ("notification-title", addresses::NOTICES),
            ("profile-title", addresses::PROFILE),
            ("slug-title", addresses::SLUG),
            ("trusted-title", addresses::TRUSTED),
            ("shared-title", addresses::SHARED),
            ("account-data", addresses::DATA),
        ]
        .map(entry),
    );
    let Some(rank) = rank else {
        return vec![own];
    };
    let may_invite = invite::may_offer(rank, invite::MEMBER);
    let administered = [
        ("people-title", addresses::PEOPLE),
        ("suppressed-title", addresses::SUPPRESSED),
    ]
    .into_iter()
    .chain(may_invite.then_some(("account-invites", addresses::INVITES)))
    .chain((rank == grant::OWNER).then_some(("look-title", addresses::LOOK)))
    .chain((rank == grant::OWNER).then_some(("host-server", "/admin/server")));
    let administered = Section {
        title: Some(text.say("host-site").into_owned()),
        entries: administered.map(entry).collect(),
    };
    vec![own, administered]
}
