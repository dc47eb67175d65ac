//! The list of sessions that members can book: at the times that providers' hours leave free, or at
//! the dates of classes.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use platform::Tx;
use web::{Form, Problem, Site, Text, ZonedPage};

use super::calendar_purpose::Purpose;
use super::session_calendar;
use super::slot_page::plain;
use super::visitor::{self, AskedPage, Asker};
use super::visitor_zone::VisitorZone;
use super::words;
use crate::browse::{
    self,
    computed_time::{self, KnownTimes, OfferedSession, Start},
};
use crate::{Refusal, plan, settings};

#[derive(Template)]
#[template(path = "book/sessions.html")]
struct SessionsPage<'a> {
    text: &'a Text,
    zone: &'a VisitorZone,
    zone_line: String,
    zone_change: String,
    /// Until when members cancel and lose nothing.
    cancel: String,
    rows: Vec<Row>,
    /// A link to the times that providers offer one by one.
    single_times: Option<String>,
    has_plans: bool,
}

struct Row {
    href: String,
    title: String,
    note: String,
    /// Who gives the session, and where.
    with: String,
    price: String,
    /// How long it lasts, and how many places a class has.
    lengths: String,
    /// The next free time; empty if there is none.
    next: String,
}

enum Found {
    /// The calendar of the session with this slug; `true` if it is the only one.
    One(String, bool),
    /// The sessions, each with its next free time.
    Several(Several),
}

struct Several {
    sessions: Vec<(OfferedSession, Option<Start>)>,
    cancel_minutes: i64,
    has_single_times: bool,
    has_plans: bool,
}

fn find(tx: &mut Tx<'_>, slug: Option<&str>, is_signed_in: bool) -> Result<Option<Found>, Refusal> {
    let rules = settings::load(tx)?;
    visitor::check(&rules, is_signed_in)?;
    let all = computed_time::sessions(tx)?;
    let has_single_times = browse::has_single_times(tx)?;
    let is_only = all.len() == 1 && !has_single_times;
    let sessions = match slug {
        Some(slug) => computed_time::with_slug(&all, slug),
        None => all,
    };
    match sessions.as_slice() {
        [] => return Ok(None),
        [one] if is_only || slug.is_some() => {
            return Ok(Some(Found::One(one.slug.clone(), is_only)));
        }
        _ => {}
    }
    let known = KnownTimes::load(tx, &sessions, None)?;
    let now = tx.roughly_now();
    let with_next = sessions.into_iter().map(|one| {
        let next = known.next(&one, None, now);
        (one, next)
    });
    Ok(Some(Found::Several(Several {
        sessions: with_next.collect(),
        cancel_minutes: rules.cancel_minutes,
        has_single_times,
        has_plans: !plan::offered(tx)?.is_empty(),
    })))
}

/// `GET /book/s/{slug}`: a session's calendar. If several sessions have the title, a list of them.
pub(super) async fn one(Path(slug): Path<String>, asked: AskedPage) -> Result<Response, Problem> {
    let page = choose(&asked.site, &asked.text, asked.asker(), Some(slug)).await?;
    page.ok_or_else(Problem::not_found)
}

/// The list of all sessions, or the calendar of the only one; `None` if there is no session.
pub(super) async fn page(
    site: &Site,
    text: &Text,
    asker: Asker<'_>,
) -> Result<Option<Response>, Problem> {
    choose(site, text, asker, None).await
}

async fn choose(
    site: &Site,
    text: &Text,
    asker: Asker<'_>,
    slug: Option<String>,
) -> Result<Option<Response>, Problem> {
    let is_signed_in = asker.is_signed_in();
    let query = Form::parse(asker.uri.query().unwrap_or_default().as_bytes())?;
    let purpose = Purpose::read(&query)?;
    let look = move |tx: &mut Tx<'_>| find(tx, slug.as_deref(), is_signed_in);
    Ok(match site.store.read(look).await? {
        None => None,
        Some(Found::One(slug, is_only)) => {
            Some(session_calendar::page(site, text, asker, &slug, is_only).await?)
        }
        Some(Found::Several(found)) => Some(list(site, text, asker, &purpose, &found)),
    })
}

fn list(
    site: &Site,
    text: &Text,
    asker: Asker<'_>,
    purpose: &Purpose,
    found: &Several,
) -> Response {
    let (zone, now) = (asker.zone, site.clock.now());
    let (zone_line, zoned) = zone.page(text, now);
    let rows = found.sessions.iter();
    let rows = rows.map(|(session, next)| {
        let href = zone.keep(&purpose.calendar(&session.slug));
        row(text, zone, &zoned, session, href, *next)
    });
    let today = now.to_zoned(zone.zone.clone()).date();
    let body = SessionsPage {
        text,
        zone,
        zone_line,
        zone_change: asker.zone_change(),
        cancel: words::free_to_cancel(text, found.cancel_minutes),
        rows: rows.collect(),
        single_times: found
            .has_single_times
            .then(|| zone.keep(&format!("/book?from={today}"))),
        has_plans: found.has_plans,
    };
    plain(site, text, &text.say("offered-list-title"), body)
}

fn row(
    text: &Text,
    zone: &VisitorZone,
    zoned: &ZonedPage<'_>,
    session: &OfferedSession,
    href: String,
    next: Option<Start>,
) -> Row {
    let offer = &session.offer;
    let lengths = session.lengths();
    let prices = lengths.iter().map(|length| offer.price(length));
    let prices: Vec<_> = prices.collect();
    let cheapest = prices.iter().copied().min_by_key(|price| price.minor);
    let price = cheapest.map_or_else(String::new, |cheapest| {
        let price = words::price(text, cheapest, session.credit_label.as_deref());
        if prices.iter().all(|other| *other == cheapest) {
            price
        } else {
            text.with("offered-from", [("price", price.into())])
        }
    });
    let lengths = lengths.iter();
    let lengths = lengths.map(|length| words::length_of(text, length.minutes));
    let lengths: Vec<String> = lengths.chain(words::places(text, offer)).collect();
    let names: Vec<String> = session.givers().into_iter().map(|one| one.name).collect();
    let place = words::place_of(text, offer.location_kind, &offer.area);
    let with = match names.as_slice() {
        [] => place,
        names => {
            let given = text.with("offered-with", [("names", names.join(", ").into())]);
            format!("{given} · {place}")
        }
    };
    let next = next.map(|next| {
        let place = session.place_zone();
        let when = match place.filter(|place| zone.differs(place, next.at)) {
            Some(place) => text.subject_in(&place, next.at),
            None => words::at_day(text, zoned, &zone.zone, next.at),
        };
        let when = text.with("booking-next", [("when", when.into())]);
        match next.seats {
            Some(seats) => format!("{when} · {}", words::seats_left(text, seats)),
            None => when,
        }
    });
    Row {
        href,
        title: offer.title.clone(),
        note: offer.public_note.clone(),
        with,
        price,
        lengths: lengths.join(" · "),
        next: next.unwrap_or_default(),
    }
}
