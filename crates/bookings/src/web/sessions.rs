//! The administrators' pages of all sessions and of their figures.

use askama::Template;
use axum::response::Response;
use jiff::ToSpan as _;
use platform::Tx;
use platform::money::Money;
use site::request::PageRequest;
use web::form_state::{Field, FormState};
use web::{Form, Problem, Text, Value};

use super::frame::BookingPage as _;
use super::slots::HERE;
use super::words;
use crate::booking::search::{self, BookingRecord, FirstSteps, Search};
use crate::booking::{After, State};
use crate::choice::{self, Kind, Listed};
use crate::day_range::Days;
use crate::figures::{self, Figures};
use crate::provider::ProviderId;
use crate::settings::Administrator;
use crate::{Refusal, finding, no_show_claim, to_do};

/// The path of the administrators' page of all sessions.
pub(super) const ALL: &str = "/admin/sessions";
const FIGURES: &str = "/admin/sessions/figures";
const FILTERS: [&str; 6] = [
    "state",
    "provider",
    "session_type",
    "member",
    "date_from",
    "date_to",
];

#[derive(Template)]
#[template(path = "sessions/list.html")]
struct ListPage<'a> {
    text: &'a Text,
    form_state: &'a FormState,
    needs: Vec<(&'static str, String)>,
    fields: Vec<Field>,
    is_filtered: bool,
    rows: Vec<Row>,
    next: Option<String>,
    /// Path, message id, and whether the step is done. Empty once somebody has booked.
    steps: Vec<(&'static str, &'static str, bool)>,
    links: &'static [(&'static str, &'static str)],
}

struct Row {
    href: String,
    when: String,
    note: String,
    reason: String,
    class: &'static str,
    state: &'static str,
    is_ahead: bool,
}

const LINKS: &[(&str, &str)] = &[
    (FIGURES, "figures-title"),
    ("/admin/sessions/requests", "request-all"),
    (no_show_claim::PAGE, "claim-all"),
    ("/admin/sessions/reviews", "review-all"),
    ("/admin/orders", "order-all"),
    ("/admin/refunds", "refund-all"),
    (finding::PAGE, "finding-all"),
    ("/admin/orders/exports", "export-all"),
    ("/admin/payouts", "payout-all"),
    ("/admin/plans", "plan-all"),
    ("/admin/rooms", "room-all"),
    ("/admin/sessions/types", "session-type-all"),
    ("/admin/sessions/levels", "level-all"),
    ("/admin/sessions/catalogue", "entry-all"),
    ("/admin/sessions/rubrics", "criterion-all"),
    ("/admin/sessions/settings", "booking-settings"),
];

fn steps(first: FirstSteps) -> Vec<(&'static str, &'static str, bool)> {
    vec![
        (
            "/admin/sessions/settings#presets",
            "session-step-preset",
            first.has_types,
        ),
        ("/admin/people", "session-step-provider", first.has_provider),
        ("/admin/plans", "session-step-plan", first.has_plan),
        ("/admin/rooms", "session-step-room", first.has_room),
    ]
}

/// `GET /admin/sessions`.
pub(super) async fn list(req: PageRequest) -> Result<Response, Problem> {
    let (search, form_state) = match Search::read(&req.query) {
        Ok(search) => (Some(search), FormState::of(req.query.clone())),
        Err(refusal) => {
            let problem = Problem::from(refusal);
            let form_state = FormState::refused(req.query.clone(), &problem, &req.text);
            (None, form_state)
        }
    };
    let paging = req.page_query()?;
    let (after, limit): (Option<After>, i64) = (paging.after()?, paging.rows());
    let zone = words::zone(&req.site, Some(&req.who));
    let site_zone = req.site.settings.time_zone.clone();
    let look = move |tx: &mut Tx<'_>, _: &Administrator| {
        let found = match &search {
            Some(search) => search::list(tx, search, &site_zone, after.as_ref(), limit)?,
            None => Vec::new(),
        };
        let steps = if search::is_first(tx)? {
            Some(search::first_steps(tx)?)
        } else {
            None
        };
        let providers = search::providers(tx)?;
        let waiting = to_do::of_all_sessions(tx)?;
        Ok::<_, Refusal>(((found, waiting), steps, providers, choice::listed(tx)?))
    };
    let ((found, waiting), first, providers, listed) = req.read(look).await?;
    let found = paging.list(found, |one| (one.starts_at, one.id.clone()));
    let (text, now) = (&req.text, req.site.clock.now());
    let row = |one: BookingRecord| {
        let gone = || text.say("session-member-gone").into_owned();
        let member = one.member.clone().unwrap_or_else(gone);
        Row {
            href: format!("/me/bookings/{}", one.id),
            when: words::moment_short(text, &zone, one.starts_at),
            note: [one.title, member, one.provider]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" · "),
            reason: one.cancel_reason,
            class: words::tag(one.state),
            state: one.state.label(),
            is_ahead: matches!(one.state, State::PendingPayment | State::Confirmed)
                && one.starts_at > now,
        }
    };
    let body = ListPage {
        text,
        needs: to_do::lines(&waiting, text),
        fields: fields(text, &form_state, &providers, &listed),
        form_state: &form_state,
        is_filtered: FILTERS.iter().any(|name| !req.query.text(name).is_empty()),
        next: found
            .next_cursor
            .map(|cursor| format!("{ALL}?{}", onward(&req.query, &cursor))),
        rows: found.items.into_iter().map(row).collect(),
        steps: first.map(steps).unwrap_or_default(),
        links: LINKS,
    };
    req.show(HERE, &text.say("session-all"), body).await
}

fn onward(query: &Form, cursor: &str) -> String {
    let mut written = form_urlencoded::Serializer::new(String::new());
    let filters = FILTERS.iter().map(|name| (*name, query.text(name)));
    written.extend_pairs(filters.filter(|(_, value)| !value.is_empty()));
    written.append_pair("cursor", cursor).finish()
}

fn fields(
    text: &Text,
    form_state: &FormState,
    providers: &[(ProviderId, String)],
    listed: &[Listed],
) -> Vec<Field> {
    let any = || (String::new(), text.say("session-any").into_owned());
    let with_any = |items: Vec<(String, String)>| [vec![any()], items].concat();
    let states = State::CHOICES.iter();
    let states = states.map(|(word, label)| ((*word).to_owned(), text.say(label).into_owned()));
    let names = providers
        .iter()
        .map(|(id, name)| (id.to_string(), name.clone()));
    let types = listed.iter().filter(|one| one.kind == Kind::SessionType);
    let types: Vec<_> = types
        .map(|one| (one.code.clone(), one.label.clone()))
        .collect();
    let mut fields = vec![
        form_state.line("member", text.say("session-filter-member")),
        form_state.select(
            "state",
            text.say("session-filter-state"),
            with_any(states.collect()),
        ),
        form_state.select(
            "provider",
            text.say("payout-provider"),
            with_any(names.collect()),
        ),
    ];
    if !types.is_empty() {
        let label = text.say(Kind::SessionType.label());
        fields.push(form_state.select("session_type", label, with_any(types)));
    }
    fields.push(form_state.date("date_from", text.say("session-filter-from")));
    fields.push(form_state.date("date_to", text.say("session-filter-to")));
    fields
}

#[derive(Template)]
#[template(path = "sessions/figures.html")]
struct FiguresPage<'a> {
    text: &'a Text,
    form_state: &'a FormState,
    fields: [Field; 2],
    figures: Vec<(&'static str, String)>,
    /// The money in each currency: the revenue, the payments and the refunds.
    revenue: Vec<Sums>,
    test_revenue: Vec<Sums>,
    owed: Vec<String>,
}

pub(super) struct Sums {
    pub(super) left: String,
    pub(super) captured: String,
    pub(super) refunded: String,
}

impl Sums {
    pub(super) fn of(text: &Text, list: &[figures::Revenue]) -> Vec<Self> {
        let sum = |minor, one: &figures::Revenue| text.money(Money::new(minor, one.currency));
        let rows = list.iter().map(|one| Self {
            left: sum(one.revenue_minor, one),
            captured: sum(one.captured_minor, one),
            refunded: sum(one.refunded_minor, one),
        });
        rows.collect()
    }
}

/// `GET /admin/sessions/figures`: the figures of a range of days, by default of the current month.
pub(super) async fn figures(req: PageRequest) -> Result<Response, Problem> {
    let zone = req.site.settings.time_zone.clone();
    let today = req.site.clock.now().to_zoned(zone.clone()).date();
    let last = today.last_of_month();
    let mut form = req.query.clone();
    if form.find("date_from").is_none() && form.find("date_to").is_none() {
        let first = last
            .checked_add(1.days())
            .and_then(|day| day.checked_sub(1.months()));
        form.set("date_from", first.unwrap_or(today).to_string());
        form.set("date_to", last.to_string());
    }
    let (days, form_state) = match Days::read(&form) {
        Ok(days) => (Some(days), FormState::of(form)),
        Err(refusal) => {
            let problem = Problem::from(refusal);
            (None, FormState::refused(form, &problem, &req.text))
        }
    };
    let look = move |tx: &mut Tx<'_>, _: &Administrator| {
        Ok::<_, Refusal>(match days {
            Some(days) => Some(figures::find(tx, days, &zone)?),
            None => None,
        })
    };
    let (found, text) = (req.read(look).await?, &req.text);
    let money = |list: &[figures::Revenue]| Sums::of(text, list);
    let owed = found.iter().flat_map(|all| &all.owed);
    let owed = owed.map(|one| text.money(Money::new(one.amount_minor, one.currency)));
    let body = FiguresPage {
        text,
        fields: [
            form_state.date("date_from", text.say("session-filter-from")),
            form_state.date("date_to", text.say("session-filter-to")),
        ],
        form_state: &form_state,
        figures: found
            .as_ref()
            .map(|all| labelled(text, all))
            .unwrap_or_default(),
        revenue: found
            .as_ref()
            .map(|all| money(&all.revenue))
            .unwrap_or_default(),
        test_revenue: found
            .as_ref()
            .map(|all| money(&all.test_revenue))
            .unwrap_or_default(),
        owed: owed.collect(),
    };
    req.show(HERE, &text.say("figures-title"), body).await
}

fn labelled(text: &Text, all: &Figures) -> Vec<(&'static str, String)> {
    let share = |bps: Option<i64>, part: Value<'_>, whole: Value<'_>| match bps {
        Some(bps) => text.with(
            "figures-share",
            [
                ("percent", ((bps + 50) / 100).into()),
                ("part", part),
                ("whole", whole),
            ],
        ),
        None => text.say("figures-nothing").into_owned(),
    };
    // Open time is not counted in days of 24 hours.
    let time = |minutes: i64| {
        let (message, count) = match minutes {
            0..120 => ("duration-minutes", minutes),
            _ => ("duration-hours", (minutes + 30) / 60),
        };
        Value::from(text.with(message, [("count", count.into())]))
    };
    let lead = match all.lead_minutes {
        Some(minutes) if minutes >= 2 * 1_440 => {
            text.with("figures-days", [("count", (minutes / 1_440).into())])
        }
        Some(minutes) => text.with("duration-hours", [("count", (minutes / 60).into())]),
        None => text.say("figures-nothing").into_owned(),
    };
    let (open, booked) = (time(all.open_minutes), time(all.booked_minutes));
    let (seats, taken) = (all.seats.into(), all.seats_taken.into());
    let (confirmed, cancelled) = (all.confirmed.into(), all.cancelled.into());
    let mut labelled = vec![(
        "figures-utilisation",
        share(all.utilisation_bps, booked, open),
    )];
    if all.seats > 0 {
        labelled.push(("figures-seats", share(all.seats_bps, taken, seats)));
    }
    let cancellations = share(all.cancellation_bps, cancelled, confirmed);
    labelled.extend([
        ("figures-cancellations", cancellations),
        ("figures-lead", lead),
    ]);
    labelled
}
