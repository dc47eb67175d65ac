//! The cards on a person's start page that list their bookings and sessions, and their reviews.

use identity::grant;
use identity::session::signed_in::SignedIn;
use jiff::tz::TimeZone;
use platform::{StoreError, Tx, sql};
use site::own_card::{Begin, OwnCard, OwnLine, Side};
use web::{Site, Text};

use super::own::HERE;
use super::{public, words};
use crate::provider::{PROVIDER, ProviderId};
use crate::review::view;
use crate::settings::is_administrator;
use crate::{booking, credit, finding, gateway, notice, payout, review, slot};

const TIMES: Begin = Begin {
    title: "slot-begin",
    text: "slot-begin-text",
    href: "/me/slots/new",
    icon: "M2.5 4h11v9.5h-11zM2.5 7h11M5.5 2.5v3M10.5 2.5v3M8 8.5v3.5M6.2 10.2h3.6",
};
const BOOK: Begin = Begin {
    title: "booking-begin",
    text: "booking-begin-text",
    href: "/book",
    icon: "M2.5 4h11v9.5h-11zM2.5 7h11M5.5 2.5v3M10.5 2.5v3M6 10.5l1.5 1.5L10.5 9",
};

const SUBMIT: Begin = Begin {
    title: "review-new",
    text: "review-begin-text",
    href: "/me/reviews/new",
    icon: "M4 2.5h5l3 3v8H4zM9 2.5v3h3M6 8.5h4M6 11h4",
};

/// Builds the cards of the reviews, and that of the next sessions that the person has booked or
/// provides. For a provider without any, it lists the next free times instead.
pub(crate) fn find(
    tx: &mut Tx<'_>,
    site: &Site,
    who: &SignedIn,
    text: &Text,
) -> Result<Vec<OwnCard>, StoreError> {
    let account = &who.account().id;
    let mut all = booking::list(tx, account, false, &booking::Part::first(100))?;
    let provider: Option<(ProviderId,)> = sql!(
        "SELECT id FROM provider WHERE account_id = :account",
        account
    )
    .maybe(tx)?;
    if let Some((provider,)) = &provider {
        all.extend(booking::list_of_provider(tx, provider)?);
    }
    all.sort_by_key(|one| one.starts_at);
    let zone = words::zone(site, Some(who));
    let mut lines = if is_administrator(tx, who)? {
        to_do(tx, text)?
    } else {
        Vec::new()
    };
    lines.extend(all.iter().take(2).map(|one| OwnLine {
        label: one.title.clone(),
        href: notice::page(one),
        note: text.moment_short(&one.starts_at.to_zoned(zone.clone())),
        side: Side::Tag(
            words::tag(one.state),
            text.say(one.state_label()).into_owned(),
        ),
    }));
    let mut begins = Vec::new();
    if public::is_offered(tx)? {
        begins.push(BOOK);
    }
    let is_provider = grant::may_in_site(tx, who, PROVIDER)?;
    if is_provider {
        begins.push(TIMES);
    }
    let provider = provider.filter(|_| is_provider && lines.is_empty());
    let bookings = if let Some((provider,)) = provider {
        let (count, free) = slot::next_free(tx, &provider)?;
        let lines = free.into_iter().map(|slot| OwnLine {
            href: format!("/me/slots/{}", slot.id),
            note: text.moment_short(&slot.starts_at.to_zoned(zone.clone())),
            label: slot.title,
            side: Side::Tag("no", text.say("slot-available").into_owned()),
        });
        OwnCard {
            title: "slot-mine",
            lines: lines.collect(),
            all: (count, "/me/slots"),
            begins,
        }
    } else {
        OwnCard {
            title: "booking-mine",
            lines,
            all: (all.len(), HERE),
            begins,
        }
    };
    let mut cards = vec![bookings];
    cards.extend(reviews(tx, site, who, text, &zone)?);
    Ok(cards)
}

/// Builds the card of the reviews that the person waits for or has got, and of those to write.
fn reviews(
    tx: &mut Tx<'_>,
    site: &Site,
    who: &SignedIn,
    text: &Text,
    zone: &TimeZone,
) -> Result<Vec<OwnCard>, StoreError> {
    let account = &who.account().id;
    let begins = if credit::reviews_left(tx, account, gateway::mode(site))? > 0 {
        vec![SUBMIT]
    } else {
        Vec::new()
    };
    let asked = if grant::may_in_site(tx, who, PROVIDER)? {
        view::list_to_write(tx, account)?
    } else {
        Vec::new()
    };
    let card = |title, path, all: Vec<review::Review>, begins| OwnCard {
        title,
        lines: all
            .iter()
            .take(2)
            .map(|one| line(one, text, zone))
            .collect(),
        all: (all.len(), path),
        begins,
    };
    Ok(vec![
        card(
            "review-mine",
            review::OWN,
            view::list_own(tx, account)?,
            begins,
        ),
        card("review-asked", review::ASKED, asked, Vec::new()),
    ])
}

fn line(one: &review::Review, text: &Text, zone: &TimeZone) -> OwnLine {
    OwnLine {
        label: one.goal.clone(),
        href: one.page(),
        note: text.moment_short(&one.created_at.to_zoned(zone.clone())),
        side: Side::Tag(
            super::reviews::tag(one.state),
            text.say(one.state.label()).into_owned(),
        ),
    }
}

/// What waits for an administrator: findings, and payouts to approve. Nothing is shown as 0.
fn to_do(tx: &mut Tx<'_>, text: &Text) -> Result<Vec<OwnLine>, StoreError> {
    let counts = [
        ("finding-all", finding::PAGE, finding::count_open(tx)?),
        (
            "payout-to-approve",
            "/admin/payouts",
            payout::count_pending(tx)?,
        ),
    ];
    let counts = counts.into_iter().filter(|(.., count)| *count > 0);
    let lines = counts.map(|(label, href, count)| OwnLine {
        label: text.say(label).into_owned(),
        href: href.to_owned(),
        note: String::new(),
        side: Side::Tag("wait", text.number(count)),
    });
    Ok(lines.collect())
}
