//! The frame of pages for people who are signed in.

use askama::Template;
use axum::response::Response;
use platform::{StoreError, Tx};
use web::page::{Account, Entry, Kind, Navigation, Page, Section};
use web::{Problem, Site, Text, Theme};

use super::{invites, leaving, people, slug, suppressed};
use crate::grant::{self, Scope};
use crate::invite;
use crate::signed_in::{self, SignedIn};

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
        Ok((signed_in::owner(tx, asking.clone())?.is_some(), rank))
    };
    let (may_operate, rank) = site.store.read(look).await?;
    let may_invite = rank.is_some_and(|rank| invite::may_offer(rank, invite::MEMBER));
    let mut section = Section::of_site(site, text, here, may_operate);
    let people = rank.map(|_| ("people-title", people::HERE));
    let invites = may_invite.then_some(("account-invites", invites::HERE));
    let more = [("slug-title", slug::HERE), ("account-data", leaving::HERE)]
        .into_iter()
        .chain(people)
        .chain(rank.map(|_| ("suppressed-title", suppressed::HERE)))
        .chain(invites);
    section.entries.extend(more.map(|(label, href)| Entry {
        label: text.say(label).into_owned(),
        href: href.to_owned(),
        current: href == here,
        ..Entry::default()
    }));
    let sections = [section];
    Ok(web::page(Page {
        title: &format!("{title} – {}", site.settings.name),
        body,
        text,
        theme: Theme::PLAIN,
        kind: Kind::Host(Navigation {
            heading: None,
            sections: &sections,
            more: None,
            strip: None,
            account: Some(Account {
                name: &who.account().display_name,
                csrf,
            }),
        }),
    }))
}
