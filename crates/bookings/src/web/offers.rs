//! The public pages of the offered slots: those of all providers, and those of one.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use platform::Tx;
use platform::money::{Currency, Money};
use web::form_state::{Control, Field, FormState};
use web::{Findings, Form, PageQuery, Problem, Site, Text, ZonedPage, zone};

use super::session_list;
use super::slot_page::plain;
use super::visitor::{self, AskedPage, Asker};
use super::visitor_zone::VisitorZone;
use super::{choices, words};
use crate::browse::{self, Filter, Offered};
use crate::choice::{self, Kind, Listed};
use crate::credit_kind::{self, CreditKind};
use crate::slot::Place;
use crate::{Refusal, settings};

const DAYS: i64 = 7;
const MOST: u32 = 60;
/// The filters that are not folded away. The lists of choices are further filters.
const SHOWN: [&str; 3] = ["kind", "location_kind", "max_price"];
const FOLDED: [&str; 3] = ["area", "min_minutes", "credit_kind"];

/// The provider whose slots a page shows. All fields are empty on the page that shows the slots of
/// all providers.
#[derive(Default)]
pub(super) struct Provider {
    /// The slug of the provider's page.
    pub(super) address: String,
    pub(super) name: String,
    pub(super) bio: String,
    /// The mean of the provider's ratings; empty if it is not public.
    pub(super) rating: String,
}

impl Provider {
    fn path(&self) -> String {
        match self.address.as_str() {
            "" => "/book".to_owned(),
            address => format!("/book/{address}"),
        }
    }
}

#[derive(Template)]
#[template(path = "book.html")]
struct ListPage<'a> {
    text: &'a Text,
    form_state: &'a FormState,
    title: String,
    bio: String,
    rating: String,
    path: String,
    fields: Vec<Field>,
    folded: Vec<Field>,
    is_open: bool,
    zone: &'a VisitorZone,
    zone_line: String,
    zone_change: String,
    days: Vec<Day>,
    is_filtered: bool,
    /// A text about the next free slot, and a link to its day, for a page that lists no slots.
    next: Option<(String, String)>,
    /// The link to the rest of these days, if the page cannot show all of their slots.
    more: Option<String>,
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

/// `GET /book`: the sessions that providers offer in their hours. Where there are none, or if
/// the address asks for days or kinds of times, the free times of a week.
pub(super) async fn list(asked: AskedPage) -> Result<Response, Problem> {
    let (site, text, asker) = (&asked.site, &asked.text, asked.asker());
    let query = Form::parse(asked.uri.query().unwrap_or_default().as_bytes())?;
    if !asks_for_times(&query)
        && let Some(page) = session_list::page(site, text, asker).await?
    {
        return Ok(page);
    }
    list_page(site, text, asker, Provider::default()).await
}

fn asks_for_times(query: &Form) -> bool {
    let mut names = ["from", "cursor"].into_iter().chain(filters());
    names.any(|name| !query.text(name).is_empty())
}

/// The parameters that say which times are meant.
fn filters() -> impl Iterator<Item = &'static str> {
    let names = SHOWN.into_iter().chain(FOLDED);
    names.chain(Kind::ALL.iter().map(|kind| kind.word()))
}

#[derive(Clone)]
struct Asked {
    query: Form,
    /// The slug of the provider's page; empty for all providers.
    provider: String,
    zone: TimeZone,
    today: Date,
    first: Date,
    is_signed_in: bool,
}

impl Asked {
    fn filter(&self, currency: Currency, findings: &mut Findings) -> Filter {
        let mut query = self.query.clone();
        let price = query.text("max_price").trim();
        if !price.is_empty() {
            let price = Money::parse(price, currency).filter(|price| price.minor >= 0);
            if price.is_none() {
                findings.add("/max_price", "price_invalid", []);
            }
            let minor = price.map(|price| price.minor.to_string());
            query.set("max_price", minor.unwrap_or_default());
        }
        if !self.query.text("from").is_empty() && self.query.text("from").parse::<Date>().is_err() {
            findings.add("/from", "date_invalid", []);
        }
        let start = |day: Date| day.to_zoned(self.zone.clone()).map(|at| at.timestamp());
        Filter {
            title: query.text("kind").to_owned(),
            provider: self.provider.clone(),
            from: start(self.first).ok(),
            until: start(self.end()).ok(),
            ..Filter::read(&query, findings)
        }
    }

    fn end(&self) -> Date {
        self.first.checked_add(DAYS.days()).unwrap_or(Date::MAX)
    }

    fn is_set(&self, names: &[&str]) -> bool {
        names.iter().any(|name| !self.query.text(name).is_empty())
    }

    fn is_filtered(&self) -> bool {
        filters().any(|name| self.is_set(&[name]))
    }

    fn from(&self, path: &str, day: Date, cursor: Option<&str>) -> String {
        let set = filters().map(|name| (name, self.query.text(name)));
        let mut written = form_urlencoded::Serializer::new(String::new());
        written.append_pair("from", &day.to_string());
        written.extend_pairs(set.filter(|(_, value)| !value.is_empty()));
        let zone = Some(self.query.text(zone::PARAMETER)).filter(|zone| !zone.is_empty());
        written.extend_pairs(zone.map(|zone| (zone::PARAMETER, zone)));
        written.extend_pairs(cursor.map(|cursor| ("cursor", cursor)));
        format!("{path}?{}", written.finish())
    }
}

struct Found {
    slots: Vec<Offered>,
    more: Option<String>,
    next: Option<Offered>,
    titles: Vec<String>,
    listed: Vec<Listed>,
    kinds: Vec<CreditKind>,
    currency: String,
    /// The list of slots is then empty.
    problem: Option<Problem>,
}

fn find(tx: &mut Tx<'_>, asked: &Asked, paging: &PageQuery) -> Result<Found, Refusal> {
    let (rules, mut findings) = (settings::load(tx)?, Findings::default());
    visitor::check(&rules, asked.is_signed_in)?;
    let mut filter = asked.filter(rules.currency(), &mut findings);
    filter.check(tx, &mut findings)?;
    let mut found = Found {
        slots: Vec::new(),
        more: None,
        next: None,
        titles: browse::titles(tx)?,
        listed: choice::listed(tx)?,
        kinds: credit_kind::all(tx)?,
        currency: rules.currency,
        problem: None,
    };
    if let Err(wrong) = findings.finish() {
        found.problem = Some(Refusal::from(wrong).into());
        return Ok(found);
    }
    let paging = paging.clone().under(&filter);
    filter.after = paging.after()?;
    let slots = browse::list(tx, &filter, paging.rows())?;
    let list = paging.list(slots, |one| (one.slot.starts_at, one.slot.id.clone()));
    (found.slots, found.more) = (list.items, list.next_cursor);
    if found.more.is_none() {
        filter.after = None;
        (filter.from, filter.until) = (filter.until, None);
        found.next = browse::list(tx, &filter, 1)?.into_iter().next();
    }
    Ok(found)
}

pub(super) async fn list_page(
    site: &Site,
    text: &Text,
    asker: Asker<'_>,
    provider: Provider,
) -> Result<Response, Problem> {
    let (zone, now) = (&asker.zone.zone, site.clock.now());
    let (path, today) = (provider.path(), now.to_zoned(zone.clone()).date());
    let query = asker.uri.query().unwrap_or_default();
    let mut paging = PageQuery::read(query)?;
    paging.limit = MOST;
    let query = Form::parse(query.as_bytes())?;
    let first = query.text("from").parse().unwrap_or(today).max(today);
    let asked = Asked {
        query,
        provider: provider.address,
        zone: zone.clone(),
        today,
        first,
        is_signed_in: asker.is_signed_in(),
    };
    let (sent, part) = (asked.clone(), paging.clone());
    let look = move |tx: &mut Tx<'_>| find(tx, &sent, &part);
    let found = site.store.read(look).await?;
    let is_part = !asked.query.text("cursor").is_empty();
    let form_state = form_state(text, &asked, found.problem.as_ref());
    let day_of = |one: &Offered| one.slot.starts_at.to_zoned(zone.clone()).date();
    let next = found.next.as_ref().map(day_of);
    let title = match provider.name.as_str() {
        "" => text.say("booking-title").into_owned(),
        name => text.with("booking-title-with", [("name", name.into())]),
    };
    let (zone_line, zoned) = asker.zone.page(text, now);
    let last = asked.end().yesterday().unwrap_or(first);
    let whole = (first, last);
    let days = (
        found.slots.first().filter(|_| is_part).map(day_of),
        found
            .slots
            .last()
            .filter(|_| found.more.is_some())
            .map(day_of),
    );
    let (from, to) = (days.0.unwrap_or(whole.0), days.1.unwrap_or(whole.1));
    let body = ListPage {
        text,
        fields: fields(text, &form_state, &found),
        folded: folded(text, &form_state, &found.kinds),
        is_open: asked.is_set(&FOLDED),
        form_state: &form_state,
        bio: provider.bio,
        rating: provider.rating,
        is_filtered: asked.is_filtered(),
        zone: asker.zone,
        zone_line,
        zone_change: asker.zone_change(),
        more: found
            .more
            .as_ref()
            .map(|cursor| asked.from(&path, first, Some(cursor))),
        later: next.map(|day| {
            let day = if found.slots.is_empty() {
                day
            } else {
                asked.end()
            };
            asked.from(&path, day, None)
        }),
        next: next.map(|day| {
            let when = text.weekday_and_day(day);
            (
                text.with("booking-nothing-next", [("day", when.into())]),
                asked.from(&path, day, None),
            )
        }),
        earlier: if is_part {
            Some(asked.from(&path, first, None))
        } else {
            (first > asked.today).then(|| {
                let day = first.checked_sub(DAYS.days()).unwrap_or(today);
                asked.from(&path, day.max(today), None)
            })
        },
        days: by_day(text, asker.zone, &zoned, from, to, &found.slots),
        title: title.clone(),
        path,
    };
    let page = plain(site, text, &title, body);
    Ok(match found.problem {
        Some(problem) => (problem.status, page).into_response(),
        None => page,
    })
}

fn form_state(text: &Text, asked: &Asked, problem: Option<&Problem>) -> FormState {
    let mut form = asked.query.clone();
    if form.text("from").is_empty() {
        form.set("from", asked.first.to_string());
    }
    match problem {
        Some(problem) => FormState::refused(form, problem, text),
        None => FormState::of(form),
    }
}

fn fields(text: &Text, form_state: &FormState, found: &Found) -> Vec<Field> {
    let mut fields = Vec::new();
    if found.titles.len() > 1 {
        let all = (String::new(), text.say("booking-kind-all").into_owned());
        let titles = found.titles.iter();
        let titles = titles.map(|title| (title.clone(), title.clone()));
        let titles = std::iter::once(all).chain(titles);
        fields.push(form_state.select("kind", text.say("booking-kind"), titles));
    }
    fields.extend(choices::selects(
        text,
        form_state,
        &found.listed,
        "choice-all",
    ));
    let places = [Place::Online, Place::InPerson, Place::Phone];
    let places = places.map(|place| (place.word(), place.label()));
    fields.push(select(
        text,
        form_state,
        "location_kind",
        "booking-where",
        &places,
    ));
    fields.push(form_state.date("from", text.say("booking-from")));
    let currency = found.currency.as_str();
    let price = text.with("booking-max-price", [("currency", currency.into())]);
    let price = form_state.field("max_price", price, Control::Line("text", "off"));
    fields.push(price);
    fields
}

fn folded(text: &Text, form_state: &FormState, kinds: &[CreditKind]) -> Vec<Field> {
    let lengths = [30, 45, 60, 90, 120].map(|minutes| {
        let length = words::length_of(text, minutes);
        (minutes.to_string(), length)
    });
    let any = (String::new(), text.say("choice-all").into_owned());
    let lengths = std::iter::once(any.clone()).chain(lengths);
    let kinds = kinds.iter().filter(|kind| kind.active);
    let kinds = kinds.map(|kind| (kind.code.clone(), kind.label.clone()));
    let kinds = std::iter::once(any).chain(kinds);
    vec![
        form_state.line("area", text.say("booking-area")),
        form_state.select("min_minutes", text.say("booking-min-length"), lengths),
        form_state.select("credit_kind", text.say("booking-way"), kinds),
    ]
}

fn select(
    text: &Text,
    form_state: &FormState,
    name: &str,
    label: &'static str,
    options: &[(&str, &'static str)],
) -> Field {
    let all = [("", "choice-all")];
    let options = all.iter().chain(options);
    let options = options.map(|(value, id)| ((*value).to_owned(), text.say(id).into_owned()));
    form_state.select(name, text.say(label), options)
}

/// Consecutive days without slots become one entry.
fn by_day(
    text: &Text,
    visitor: &VisitorZone,
    zoned: &ZonedPage<'_>,
    from: Date,
    to: Date,
    found: &[Offered],
) -> Vec<Day> {
    let zone = &visitor.zone;
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
    let all = from.series(1.day()).take_while(|day| *day <= to);
    for day in all {
        let of_day = |one: &&Offered| one.slot.starts_at.to_zoned(zone.clone()).date() == day;
        let rows: Vec<Row> = found
            .iter()
            .filter(of_day)
            .map(|one| row(text, visitor, zoned, one))
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

fn row(text: &Text, visitor: &VisitorZone, zoned: &ZonedPage<'_>, one: &Offered) -> Row {
    let slot = &one.slot;
    let mut length = words::length(text, slot.starts_at, slot.ends_at);
    let place = slot.place_zone();
    let place = place.filter(|place| visitor.differs(place, slot.starts_at));
    if slot.is_class() {
        length = format!("{length} · {}", words::seats(text, slot));
    }
    Row {
        href: visitor.keep(&format!("/book/{}", slot.id)),
        time: match place {
            Some(place) => text.subject_in(&place, slot.starts_at),
            None => zoned.time(slot.starts_at),
        },
        title: slot.title.clone(),
        note: match one.provider.as_str() {
            "" => length,
            name => text.with(
                "booking-row",
                [("length", length.into()), ("name", name.into())],
            ),
        },
        price: words::price(text, slot.price(), one.credit_label.as_deref()),
    }
}
