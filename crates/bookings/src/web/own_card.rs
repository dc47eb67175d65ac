//! The cards on a person's start page. A member sees bookings and credits, a provider sees sessions
//! and owed amounts, and an administrator sees tasks. Reviews have their own cards.

use identity::grant;
use identity::session::signed_in::SignedIn;
use jiff::tz::TimeZone;
use platform::money::Money;
use platform::{StoreError, Tx, sql};
use site::own_card::{Begin, OwnCard, OwnLine, Side};
use web::{Site, Text};

use super::own::HERE;
use super::slots::bookings::BOOKINGS;
use super::{public, words};
use crate::booking::{self, Booking, Part, State};
use crate::credit::{self, Lot};
use crate::credit_kind::Labels;
use crate::payout::{self, PayoutState};
use crate::provider::{PROVIDER, ProviderId};
use crate::review::view;
use crate::settings::is_administrator;
use crate::{browse, gateway, member, notice, request, review, to_do};

const LINES: i64 = 2;
/// How many lines of a card are shown.
const SHOWN: usize = 4;
/// How many bookings are read for [`LINES`] lines, because a member may have several of one class.
const BOOKINGS_READ: i64 = 8;

const TIMES: Begin = Begin {
    title: "slot-begin",
    text: "slot-begin-text",
    href: "/me/slots",
    icon: "M2.5 4h11v9.5h-11zM2.5 7h11M5.5 2.5v3M10.5 2.5v3M8 8.5v3.5M6.2 10.2h3.6",
};
const BOOK: Begin = Begin {
    title: "booking-begin",
    text: "booking-begin-text",
    href: "/book",
    icon: "M2.5 4h11v9.5h-11zM2.5 7h11M5.5 2.5v3M10.5 2.5v3M6 10.5l1.5 1.5L10.5 9",
};

const SET_UP: Begin = Begin {
    title: "session-all",
    text: "session-begin-text",
    href: "/admin/sessions",
    icon: "M2.5 4h11v9.5h-11zM2.5 7h11M5.5 2.5v3M10.5 2.5v3M5.5 10.3h5",
};

const SUBMIT: Begin = Begin {
    title: "review-new",
    text: "review-begin-text",
    href: "/me/reviews/new",
    icon: "M4 2.5h5l3 3v8H4zM9 2.5v3h3M6 8.5h4M6 11h4",
};

/// Builds the cards of a member, of a provider, of an administrator and of the reviews. A card
/// without lines is not shown, but its links for starting something are.
pub(crate) fn find(
    tx: &mut Tx<'_>,
    site: &Site,
    who: &SignedIn,
    text: &Text,
) -> Result<Vec<OwnCard>, StoreError> {
    let zone = words::zone(site, Some(who));
    let is_offered = public::is_offered(tx)?;
    let begins = |begin, is_shown| if is_shown { vec![begin] } else { Vec::new() };
    let mut cards = vec![OwnCard {
        begins: begins(BOOK, is_offered),
        ..of_member(tx, site, who, text, &zone)?
    }];
    if grant::may_in_site(tx, who, PROVIDER)? {
        cards.push(of_provider(tx, who, text, &zone)?);
    }
    if is_administrator(tx, who)? {
        let lines = administrators(tx, text)?;
        cards.push(OwnCard {
            title: "booking-to-do",
            all: (
                if lines.len() > SHOWN { lines.len() } else { 0 },
                "/admin/sessions",
            ),
            lines,
            begins: begins(SET_UP, !is_offered),
        });
    }
    cards.extend(reviews(tx, site, who, text, &zone)?);
    Ok(cards)
}

fn of_member(
    tx: &mut Tx<'_>,
    site: &Site,
    who: &SignedIn,
    text: &Text,
    zone: &TimeZone,
) -> Result<OwnCard, StoreError> {
    let account = &who.account().id;
    let mut lines = Vec::new();
    let read = booking::list(tx, account, false, &Part::first(BOOKINGS_READ))?;
    for one in of_one_date(read).iter().take(2) {
        let place = booking::place_zone(tx, one)?;
        let mut at = words::moment_short_at(text, zone, place.as_ref(), one.starts_at);
        if one.seats > 1 {
            let seats = text.with("class-seats", [("count", one.seats.into())]);
            at = format!("{at} · {seats}");
        }
        lines.push(session(one, text, at, booking::provider_name(tx, one)?));
    }
    let lots = credit::lots(tx, account, gateway::mode(site))?;
    lines.extend(credits(&lots, &Labels::load(tx)?, text, zone));
    Ok(OwnCard {
        title: "booking-mine",
        lines,
        all: (booking::count_coming(tx, account)?, HERE),
        begins: Vec::new(),
    })
}

/// A booking for each slot, with the seats of all: the first that still has to be paid, or else the
/// first.
fn of_one_date(read: Vec<Booking>) -> Vec<Booking> {
    let mut dates: Vec<Booking> = Vec::new();
    for one in read {
        let Some(date) = dates.iter_mut().find(|date| date.slot_id == one.slot_id) else {
            dates.push(one);
            continue;
        };
        let seats = date.seats + one.seats;
        if one.state == State::PendingPayment && date.state != State::PendingPayment {
            *date = one;
        }
        date.seats = seats;
    }
    dates
}

fn credits(lots: &[Lot], labels: &Labels, text: &Text, zone: &TimeZone) -> Vec<OwnLine> {
    let mut kinds: Vec<&str> = Vec::new();
    for lot in lots {
        if !kinds.contains(&lot.credit_kind.as_str()) {
            kinds.push(&lot.credit_kind);
        }
    }
    let lines = kinds.into_iter().filter_map(|kind| {
        let of_kind = lots.iter().filter(|lot| lot.credit_kind == kind);
        let end = of_kind.clone().map(|lot| lot.expires_at).min()?;
        let count: i64 = of_kind.map(|lot| lot.granted - lot.used).sum();
        let end = text.date_short(end.to_zoned(zone.clone()));
        Some(OwnLine {
            label: words::credits(text, count, labels.label(kind)),
            href: "/me/credits".to_owned(),
            note: text.with("credit-until", [("date", end.into())]),
            side: Side::Nothing,
        })
    });
    lines.collect()
}

/// Today's sessions or else the next one. A card that would be empty lists the next free slots.
fn of_provider(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    text: &Text,
    zone: &TimeZone,
) -> Result<OwnCard, StoreError> {
    let account = &who.account().id;
    let found: Option<(ProviderId,)> = sql!(
        "SELECT id FROM provider WHERE account_id = :account",
        account
    )
    .maybe(tx)?;
    let mut card = OwnCard {
        title: "slot-mine",
        lines: Vec::new(),
        all: (0, BOOKINGS),
        begins: vec![TIMES],
    };
    let Some((provider,)) = found else {
        return Ok(card);
    };
    let first = booking::list_with_provider(tx, &provider, false, &Part::first(2))?;
    let today = tx.roughly_now().to_zoned(zone.clone()).date();
    let is_today = |one: &&Booking| one.starts_at.to_zoned(zone.clone()).date() == today;
    let count = first.iter().filter(is_today).count().max(1);
    for one in first.iter().take(count) {
        let place = booking::place_zone(tx, one)?;
        let from = one.starts_at;
        let at = notice::at_place(text, zone, place.as_ref(), from, |zone| {
            if is_today(&one) {
                text.time_range_in(zone, from, one.ends_at)
            } else {
                words::moment_short(text, zone, from)
            }
        });
        let name = member::name(tx, one.member_id.as_ref())?;
        card.lines.push(session(one, text, at, name));
    }
    card.all.0 = booking::count_coming_of(tx, &provider)?;
    let waiting = request::view::count_asked(tx, account)?;
    card.lines
        .extend(waits(text, "request-asked", request::ASKED, waiting));
    for sum in owed(tx, &provider)? {
        card.lines.push(OwnLine {
            label: text.say("payout-owed").into_owned(),
            href: "/me/slots/payouts".to_owned(),
            note: String::new(),
            side: Side::Figure(text.money(sum), String::new()),
        });
    }
    if card.lines.is_empty() {
        let (count, free) = browse::next_free(tx, &provider)?;
        card.all = (count, "/me/slots");
        let lines = free.into_iter().map(|slot| OwnLine {
            href: match &slot.offer_id {
                Some(offer) => format!("/me/offers/{offer}"),
                None => format!("/me/slots/{}", slot.id),
            },
            note: words::moment_short(text, zone, slot.starts_at),
            label: slot.title,
            side: Side::Tag("no", text.say("slot-available").into_owned()),
        });
        card.lines = lines.collect();
    }
    Ok(card)
}

fn owed(tx: &mut Tx<'_>, provider: &ProviderId) -> Result<Vec<Money>, StoreError> {
    let mut sums: Vec<Money> = Vec::new();
    for total in payout::totals(tx, provider)? {
        if total.state == PayoutState::Paid {
            continue;
        }
        match sums.iter_mut().find(|sum| sum.currency == total.currency) {
            Some(sum) => sum.minor += total.amount_minor,
            None => sums.push(Money::new(total.amount_minor, total.currency)),
        }
    }
    sums.retain(|sum| sum.minor > 0);
    Ok(sums)
}

fn session(one: &Booking, text: &Text, at: String, with: String) -> OwnLine {
    let note = [at, with];
    OwnLine {
        label: one.title.clone(),
        href: notice::page(one),
        note: note
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<String>>()
            .join(" · "),
        side: Side::Tag(
            words::tag(one.state),
            text.say(one.state_label()).into_owned(),
        ),
    }
}

fn waits(text: &Text, label: &str, href: &str, count: i64) -> Option<OwnLine> {
    (count > 0).then(|| OwnLine {
        label: text.say(label).into_owned(),
        href: href.to_owned(),
        note: String::new(),
        side: Side::Tag("wait", text.number(count)),
    })
}

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
        view::to_write(tx, account, LINES)?
    } else {
        (Vec::new(), 0)
    };
    let card = |title, path, (first, count): (Vec<review::Review>, usize), begins| OwnCard {
        title,
        lines: first.iter().map(|one| line(one, text, zone)).collect(),
        all: (count, path),
        begins,
    };
    let own = view::own(tx, account, LINES)?;
    Ok(vec![
        card("review-mine", review::OWN, own, begins),
        card("review-asked", review::ASKED, asked, Vec::new()),
    ])
}

fn line(one: &review::Review, text: &Text, zone: &TimeZone) -> OwnLine {
    OwnLine {
        label: one.goal.clone(),
        href: one.page(),
        note: text.moment_short_in(zone, one.created_at),
        side: Side::Tag(
            super::reviews::tag(one.state),
            text.say(one.state.label()).into_owned(),
        ),
    }
}

fn administrators(tx: &mut Tx<'_>, text: &Text) -> Result<Vec<OwnLine>, StoreError> {
    let mut waiting = to_do::of_all_sessions(tx)?;
    waiting.extend(to_do::of_money(tx)?);
    let lines = to_do::lines(&waiting, text).into_iter();
    Ok(lines
        .map(|(href, label)| OwnLine {
            label,
            href: href.to_owned(),
            note: String::new(),
            side: Side::Nothing,
        })
        .collect())
}
