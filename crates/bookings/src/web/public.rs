//! The public pages of the offered slots, and booking one of them.

use askama::Template;
use axum::extract::{FromRequestParts as _, Path, Request, State};
use axum::http::Uri;
use axum::response::Response;
use identity::account::AccountId;
use identity::session::signed_in::{Confirmed, SignedIn};
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use platform::{StoreError, Tx};
use site::Context;
use site::asking::Viewer;
use site::part::{Part, PublicPage, Tile};
use site::request::FormPost;
use site::signed_out::Entrance;
use web::form_state::{self, Field, FormState};
use web::state::{Label, MenuItem};
use web::{Form, Problem, Site, Text, Wishes};

use super::slot_page::{SlotReader, plain, signed_out_page, slot_page};
use super::{choices, words};
use crate::book::{self, NewBooking};
use crate::booking;
use crate::browse::{self, Filter, Offered};
use crate::choice::{self, Choice};
use crate::slot::SlotId;
use crate::{Refusal, feedback};

/// The number of days on a page, and the maximum number of slots.
const DAYS: i64 = 7;
const MOST: i64 = 60;

pub(crate) fn offers(tx: &mut Tx<'_>) -> Result<Vec<MenuItem>, StoreError> {
    let item = MenuItem {
        href: "/book".to_owned(),
        label: Label::Message("booking-menu"),
    };
    let is_offered = !browse::list(tx, &Filter::default(), 1)?.is_empty();
    Ok(is_offered.then_some(item).into_iter().collect())
}

pub(crate) fn pages(tx: &mut Tx<'_>) -> Result<Vec<PublicPage>, StoreError> {
    let all = offers(tx)?.into_iter().map(|item| PublicPage {
        path: item.href,
        changed_at: None,
    });
    Ok(all.collect())
}

/// Finds the next free slot, for the site's home page.
pub(crate) fn first_parts(
    tx: &mut Tx<'_>,
    site: &Site,
    text: &Text,
    _: Option<&AccountId>,
) -> Result<Vec<Part>, StoreError> {
    let next = browse::list(tx, &Filter::default(), 1)?.into_iter().next();
    let tile = next.map(|next| {
        let at = next
            .slot
            .starts_at
            .to_zoned(site.settings.time_zone.clone());
        Part::Tile(Tile {
            href: "/book".to_owned(),
            label: text.say("booking-title").into_owned(),
            note: text.with("booking-next", [("when", text.moment(&at).into())]),
        })
    });
    Ok(tile.into_iter().collect())
}

/// The query parameters of the list of slots.
struct Asked {
    kind: String,
    choice: Choice,
    from: Date,
    provider: String,
}

impl Asked {
    fn read(uri: &Uri, provider: &str, today: Date) -> Result<Self, Problem> {
        let query = Form::parse(uri.query().unwrap_or_default().as_bytes())?;
        let from = query.text("from").parse().unwrap_or(today);
        Ok(Self {
            kind: query.text("kind").to_owned(),
            choice: choices::read_choice(&query),
            from: from.max(today),
            provider: provider.to_owned(),
        })
    }

    fn path(&self) -> String {
        match self.provider.as_str() {
            "" => "/book".to_owned(),
            provider => format!("/book/{provider}"),
        }
    }

    /// The URL of the list that begins on `day`, with the same filter.
    fn from(&self, day: Date) -> String {
        let kind = Some(("kind", self.kind.as_str())).filter(|(_, kind)| !kind.is_empty());
        let choices = choice::Kind::ALL
            .iter()
            .filter_map(|kind| Some((kind.word(), self.choice.of(*kind)?.as_str())));
        let filter = kind.into_iter().chain(choices);
        let filter = filter.map(|(name, value)| format!("&{name}={}", words::percent(value)));
        format!("{}?from={day}{}", self.path(), filter.collect::<String>())
    }
}

#[derive(Template)]
#[template(path = "book.html")]
struct ListPage<'a> {
    text: &'a Text,
    title: String,
    bio: String,
    /// The mean of the provider's ratings; empty if it is not public.
    rating: String,
    path: String,
    kinds: Vec<(String, bool)>,
    filters: Vec<Field>,
    from: Date,
    zone: String,
    days: Vec<Day>,
    is_filtered: bool,
    /// The time and the link of the next free slot; only if the page lists no slot.
    next: Option<(String, String)>,
    earlier: Option<String>,
    later: Option<String>,
}

struct Day {
    title: String,
    count: String,
    rows: Vec<Row>,
}

struct Row {
    href: String,
    time: String,
    title: String,
    note: String,
    price: String,
}

/// `GET /book`.
pub(super) async fn list(
    State(site): State<Site>,
    wishes: Wishes,
    uri: Uri,
    viewer: Viewer,
) -> Result<Response, Problem> {
    list_page(
        &site,
        &site.speak_public(&wishes),
        &uri,
        viewer.who.as_ref(),
        None,
    )
    .await
}

async fn list_page(
    site: &Site,
    text: &Text,
    uri: &Uri,
    who: Option<&SignedIn>,
    provider: Option<(String, String, String, String)>,
) -> Result<Response, Problem> {
    let (zone, now) = (words::zone(site, who), site.clock.now());
    let today = now.to_zoned(zone.clone()).date();
    let (address, name, bio, rating) = provider.unwrap_or_default();
    let asked = Asked::read(uri, &address, today)?;
    let start = |day: Date| day.to_zoned(zone.clone()).map(|at| at.timestamp());
    let end = asked.from.checked_add(DAYS.days()).unwrap_or(Date::MAX);
    let filter = Filter {
        title: asked.kind.clone(),
        provider: address,
        choice: asked.choice.clone(),
        from: start(asked.from).ok(),
        until: start(end).ok(),
        after: None,
    };
    let look = move |tx: &mut Tx<'_>| -> Result<_, Refusal> {
        choice::check_filter(tx, &filter.choice)?;
        let found = browse::list(tx, &filter, MOST)?;
        let later = Filter {
            from: filter.until,
            until: None,
            ..filter.clone()
        };
        let next = browse::list(tx, &later, 1)?.into_iter().next();
        Ok((found, next, browse::titles(tx)?, choice::listed(tx)?))
    };
    let (found, next, titles, listed) = site.store.read(look).await?;
    let days = by_day(text, &zone, asked.from, &found);
    let day_of = |one: &Offered| one.slot.starts_at.to_zoned(zone.clone()).date();
    let next = next.as_ref().map(day_of);
    let title = match name.as_str() {
        "" => text.say("booking-title").into_owned(),
        name => text.with("booking-title-with", [("name", name.into())]),
    };
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes())?;
    let form_state = FormState::of(query);
    let body = ListPage {
        text,
        filters: choices::selects(text, &form_state, &listed, "choice-all"),
        bio,
        rating,
        is_filtered: !asked.kind.is_empty() || asked.choice != Choice::default(),
        path: asked.path(),
        kinds: titles
            .into_iter()
            .map(|title| (title.clone(), title == asked.kind))
            .collect(),
        from: asked.from,
        zone: words::zone_name(&zone, now),
        later: next.map(|day| asked.from(if found.is_empty() { day } else { end })),
        next: next.map(|day| {
            let when = text.weekday_and_day(day);
            (
                text.with("booking-nothing-next", [("day", when.into())]),
                asked.from(day),
            )
        }),
        earlier: (asked.from > today).then(|| {
            let day = asked.from.checked_sub(DAYS.days()).unwrap_or(today);
            asked.from(day.max(today))
        }),
        days,
        title: title.clone(),
    };
    Ok(plain(site, text, &title, body))
}

/// Groups slots by day. Consecutive days without slots become one entry.
fn by_day(text: &Text, zone: &TimeZone, from: Date, found: &[Offered]) -> Vec<Day> {
    let mut days = Vec::new();
    let mut empty: Vec<Date> = Vec::new();
    let close = |empty: &mut Vec<Date>, days: &mut Vec<Day>| {
        let title = match empty.as_slice() {
            [] => return,
            [day] => text.weekday_and_day(*day),
            [first, .., last] => text.with(
                "booking-days",
                [
                    ("from", text.weekday(*first).into()),
                    ("to", text.weekday(*last).into()),
                ],
            ),
        };
        empty.clear();
        days.push(Day {
            title,
            count: text.say("booking-nothing-free").into_owned(),
            rows: Vec::new(),
        });
    };
    for offset in 0..DAYS {
        let Ok(day) = from.checked_add(offset.days()) else {
            break;
        };
        let of_day = |one: &&Offered| one.slot.starts_at.to_zoned(zone.clone()).date() == day;
        let rows: Vec<Row> = found
            .iter()
            .filter(of_day)
            .map(|one| row(text, zone, one))
            .collect();
        if rows.is_empty() {
            empty.push(day);
            continue;
        }
        close(&mut empty, &mut days);
        days.push(Day {
            title: text.weekday_and_day(day),
            count: text.with("booking-count-free", [("count", rows.len().into())]),
            rows,
        });
    }
    if !days.is_empty() {
        close(&mut empty, &mut days);
    }
    days
}

fn row(text: &Text, zone: &TimeZone, one: &Offered) -> Row {
    let slot = &one.slot;
    let length = words::length(text, slot.starts_at, slot.ends_at);
    Row {
        href: format!("/book/{}", slot.id),
        time: text.time(&slot.starts_at.to_zoned(zone.clone())),
        title: slot.title.clone(),
        note: match one.provider.as_str() {
            "" => length,
            name => text.with(
                "booking-row",
                [("length", length.into()), ("name", name.into())],
            ),
        },
        price: words::price(text, slot),
    }
}

/// `GET /book/{which}`: a slot by its id, or a provider by their slug.
pub(super) async fn one(
    State(accounts): State<Context>,
    Path(which): Path<String>,
    wishes: Wishes,
    uri: Uri,
    viewer: Viewer,
    request: Request,
) -> Result<Response, Problem> {
    let site = &accounts.site;
    let text = site.speak_public(&wishes);
    if let Ok(id) = which.parse::<SlotId>() {
        // People come back from signing in with what they had chosen.
        let query = Form::parse(uri.query().unwrap_or_default().as_bytes())?;
        let form_state = FormState::of(query);
        let Some(who) = &viewer.who else {
            let (mut parts, _) = request.into_parts();
            let entrance = Entrance::from_request_parts(&mut parts, &accounts).await?;
            return signed_out_page(&accounts, entrance, &id, &form_state, "").await;
        };
        let reader = SlotReader::Member(who, &viewer.csrf);
        return slot_page(site, &text, reader, &id, &form_state).await;
    }
    let asked = which.clone();
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let Some((id, name, bio)) = browse::provider(tx, &asked)? else {
            return Ok(None);
        };
        Ok(Some((name, bio, feedback::rating(tx, &id)?)))
    };
    let found = site.store.read(look).await?;
    let (name, bio, rating) = found.ok_or_else(Problem::not_found)?;
    let rating = rating.map(|(tenths, count)| {
        let values = [
            ("whole", (tenths / 10).into()),
            ("tenth", (tenths % 10).into()),
            ("count", count.into()),
        ];
        text.with("feedback-mean", values)
    });
    list_page(
        site,
        &text,
        &uri,
        viewer.who.as_ref(),
        Some((which, name, bio, rating.unwrap_or_default())),
    )
    .await
}

/// `POST /book/{which}`.
pub(super) async fn book(posted: FormPost) -> Result<Response, Problem> {
    let req = &posted.req;
    let id: SlotId = req.id("which")?;
    let choice = choices::read_choice(&posted.form);
    let new = NewBooking {
        session_type: choice.session_type,
        level: choice.level,
        entry: choice.entry,
        slot_id: id.clone(),
        slot_version: posted.form.number("version").ok().flatten().unwrap_or(-1),
        note: posted.form.text("note").to_owned(),
    };
    let site = req.site.clone();
    let change = move |tx: &mut Tx<'_>, member: &Confirmed| -> Result<String, Refusal> {
        let booked = book::book(tx, &site, member, &new)?;
        Ok(match booked.order {
            Some(order) if booked.booking.state == booking::State::PendingPayment => {
                format!("/pay/{}", order.id)
            }
            _ => format!("{}?done=booked", crate::notice::page(&booked.booking)),
        })
    };
    form_state::answer(posted.once(change).await, async |problem| {
        if problem.code == "email_unverified" {
            return Err(problem);
        }
        let form_state = FormState::refused(posted.form.clone(), &problem, &req.text);
        let reader = SlotReader::Member(&req.who, &req.csrf);
        slot_page(&req.site, &req.text, reader, &id, &form_state).await
    })
    .await
}
