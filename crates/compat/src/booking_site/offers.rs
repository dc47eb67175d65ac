//! The companies, plans and bookable slots that the older booking site offers.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use bookings::browse::{self, Filter, Offered};
use bookings::choice::{Choice, Choices};
use bookings::plan::{self, Plan};
use bookings::{Refusal, catalogue, gateway, settings};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use platform::{StoreError, Tx};
use serde::Serialize;
use site::Callers::{self, Anybody};
use site::Context;
use site::call::Call;
use site::proof::Requester;
use web::{Findings, Form, Json, Pages, Problem, Site};

use super::view::{Sets, Times, page};

const BROWSE: &str = "/api/mentee/slots/browse";
const AVAILABLE: &str = "/api/available-slots";

pub(super) fn pages() -> Pages<Context, Callers> {
    Pages::default()
        .get("/api/companies", Anybody, companies)
        .get("/api/pricing-plans", Anybody, plans)
        .get("/api/payment/config", Anybody, payment_config)
}

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route(BROWSE, get(async |call| slots(call, BROWSE).await))
        .route(AVAILABLE, get(async |call| slots(call, AVAILABLE).await))
}

/// An entry of the catalogue. Its `id` is the entry's slug, which the front end uses everywhere.
#[derive(Serialize)]
pub(super) struct Company {
    id: String,
    name: String,
    category: String,
    interview_tracks: Vec<String>,
    difficulty_levels: Vec<String>,
    description: String,
    logo_url: Option<String>,
}

impl From<catalogue::CatalogueEntry> for Company {
    fn from(entry: catalogue::CatalogueEntry) -> Self {
        Self {
            id: entry.slug,
            name: entry.name,
            category: entry.category,
            interview_tracks: entry.tracks,
            difficulty_levels: entry.levels,
            description: entry.description,
            logo_url: Some(entry.logo_url).filter(|url| !url.is_empty()),
        }
    }
}

async fn companies(State(site): State<Site>) -> Result<Json<Vec<Company>>, Problem> {
    let all = site.store.read(catalogue::offered).await?;
    Ok(Json(all.into_iter().map(Company::from).collect()))
}

#[derive(Serialize)]
pub(super) struct PlanShown {
    plan_id: String,
    name: String,
    /// The price in minor units.
    price: i64,
    currency: String,
    duration_months: i64,
    features: Vec<String>,
    /// The number of credits of each kind.
    limits: BTreeMap<String, i64>,
    display_order: i64,
}

impl From<Plan> for PlanShown {
    fn from(plan: Plan) -> Self {
        let lines = plan.description.lines().map(str::trim);
        Self {
            features: lines
                .filter(|line| !line.is_empty())
                .map(str::to_owned)
                .collect(),
            limits: plan
                .grants
                .into_iter()
                .map(|one| (one.credit_kind, one.quantity))
                .collect(),
            plan_id: plan.id.to_string(),
            name: plan.name,
            price: plan.price_minor,
            currency: plan.currency.to_string(),
            duration_months: plan.months,
            display_order: plan.position,
        }
    }
}

async fn plans(State(site): State<Site>) -> Result<Json<Vec<PlanShown>>, Problem> {
    let all = site.store.read(plan::offered).await?;
    Ok(Json(all.into_iter().map(PlanShown::from).collect()))
}

#[derive(Serialize)]
struct PaymentConfig {
    /// The public key with which the front end opens Razorpay's window; empty without Razorpay.
    key_id: String,
    /// The currency of the offered plans; that of sessions if there are no plans, or several
    /// currencies.
    currency: String,
    mode: &'static str,
}

async fn payment_config(State(site): State<Site>) -> Result<Json<PaymentConfig>, Problem> {
    let look = |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let rules = settings::load(tx)?;
        let mut currencies = plan::offered(tx)?.into_iter().map(|plan| plan.currency);
        let first = currencies.next();
        // Only where all plans have one currency is it theirs.
        let of_plans = first.filter(|first| currencies.all(|other| other == *first));
        Ok(of_plans.unwrap_or(rules.currency()))
    };
    let currency = site.store.read(look).await?;
    Ok(Json(PaymentConfig {
        key_id: gateway::KEY_ID.of(&site.declared.settings).to_owned(),
        currency: currency.to_string(),
        mode: gateway::MODE.of(&site.declared.settings),
    }))
}

#[derive(Serialize)]
struct OfferedShown {
    id: String,
    #[serde(flatten)]
    times: Times,
    #[serde(flatten)]
    sets: Sets,
    /// The public note. A slot's other note is shown only after booking.
    preparation_notes: String,
    title: String,
    /// The provider's name; empty if the site reveals providers only after booking.
    mentor_name: String,
    price_minor: i64,
    currency: String,
    takes_credit: bool,
    slot_version: i64,
}

impl OfferedShown {
    fn of(offered: Offered, choices: Choices) -> Self {
        let slot = offered.slot;
        Self {
            id: slot.id.to_string(),
            times: Times::of(slot.starts_at, slot.ends_at, &slot.time_zone),
            sets: choices.into(),
            preparation_notes: slot.public_note,
            title: slot.title,
            mentor_name: offered.provider,
            price_minor: slot.price_minor,
            currency: slot.currency.to_string(),
            takes_credit: slot.credit_kind.is_some(),
            slot_version: slot.version,
        }
    }
}

/// One page of the slots that can be booked, with a link to the next page in the header `Link`.
async fn slots(call: Call, path: &'static str) -> Result<Response, Problem> {
    let (query, paging) = (call.query(), call.page_query()?);
    let (choice, period) = (read_choice(&query), read_period(&call, &query)?);
    let mut filter = Filter {
        choice,
        from: period.0,
        until: period.1,
        has_seats: true,
        ..Filter::default()
    };
    let paging = paging.under(&filter);
    filter.after = paging.after()?;
    let rows = paging.rows();
    let look = move |tx: &mut Tx<'_>, _: &Requester| browse::list_with_choices(tx, &filter, rows);
    let found = call.read(look).await.map_err(renamed)?;
    let list = paging.list(found, |(one, _)| (one.slot.starts_at, one.slot.id.clone()));
    Ok(page(
        list.map(|(offered, choices)| OfferedShown::of(offered, choices)),
        path,
        &query,
    ))
}

fn read_choice(query: &Form) -> Choice {
    let read = |name| Some(query.text(name).to_owned()).filter(|code| !code.is_empty());
    Choice {
        session_type: read("interview_type"),
        level: read("experience_level"),
        entry: read("company_id"),
        track: None,
    }
}

/// In the caller's time zone. The range includes its last day.
fn read_period(
    call: &Call,
    query: &Form,
) -> Result<(Option<Timestamp>, Option<Timestamp>), Problem> {
    let zone = TimeZone::get(&call.who.account().time_zone);
    let zone = zone.unwrap_or_else(|_| call.site.settings.time_zone.clone());
    let mut findings = Findings::default();
    let mut read = |name: &str, last: bool| -> Option<Timestamp> {
        let text = Some(query.text(name)).filter(|text| !text.is_empty())?;
        let day = text.parse::<Date>().ok();
        let day = day.and_then(|day| if last { day.tomorrow().ok() } else { Some(day) });
        let at = day.and_then(|day| day.to_zoned(zone.clone()).ok());
        if at.is_none() {
            findings.add(&format!("/{name}"), "date_invalid", []);
        }
        at.map(|at| at.timestamp())
    };
    let period = (read("date_from", false), read("date_to", true));
    if let (Some(from), Some(until)) = period
        && until <= from
    {
        findings.add("/date_to", "date_invalid", []);
    }
    let finished: Result<(), Refusal> = findings.finish().map_err(Refusal::from);
    finished?;
    Ok(period)
}

/// Renames the fields in a refusal to their names in the older booking site's API.
pub(super) fn renamed(mut problem: Problem) -> Problem {
    for error in &mut problem.errors {
        let name = match error.pointer.as_str() {
            "/session_type" => "/interview_type",
            "/session_types" => "/interview_types",
            "/level" => "/experience_level",
            "/levels" => "/experience_levels",
            "/entry" => "/company_id",
            "/track" => "/interview_track",
            "/entries" => "/company_specializations",
            "/slot_ids" => "/preferred_slots",
            "/note" => "/additional_notes",
            "/time" => "/start_time",
            "/minutes" => "/end_time",
            "/location" => "/meeting_link",
            "/public_note" => "/preparation_notes",
            _ => continue,
        };
        name.clone_into(&mut error.pointer);
    }
    problem
}
