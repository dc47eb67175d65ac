//! The page that makes hours of single times that repeat.

use askama::Template;
use axum::response::Response;
use platform::Tx;
use site::request::{FormPost, PageRequest};
use site::resource::pages::PageResource as _;
use web::form_state::FormState;
use web::{Form, Problem, Text, dates};

use super::frame::BookingPage as _;
use super::week_in_words::week_rows;
use super::words;
use crate::hours_of_times::{self, Plan};
use crate::offer::{self, Offer};
use crate::provider::Provider;
use crate::schedule::Schedule;
use crate::slot::Slot;
use crate::{Refusal, credit_kind};

pub(super) const HERE: &str = "/me/hours/of-times";

#[derive(Template)]
#[template(path = "slots/hours_of_times.html")]
struct OfTimesPage<'a> {
    text: &'a Text,
    form_state: &'a FormState,
    submission: String,
    zone: String,
    /// What was made: a sentence, and the address of the offer.
    made: Option<(String, String)>,
    /// When the single times are that stayed.
    left: Vec<String>,
    plans: Vec<PlanRow>,
}

struct PlanRow {
    id: String,
    title: String,
    /// The length and the price.
    length: String,
    week: Vec<(String, String)>,
    /// What will be done, a sentence each.
    effects: Vec<String>,
    /// When the free times are that stay.
    kept: Vec<String>,
}

/// `GET /me/hours/of-times`.
pub(super) async fn show(req: PageRequest) -> Result<Response, Problem> {
    page(&req, &FormState::of(Form::default())).await
}

async fn page(req: &PageRequest, form_state: &FormState) -> Result<Response, Problem> {
    let made = req.query.text("made").to_owned();
    let look = move |tx: &mut Tx<'_>, provider: &Provider| {
        let plans = hours_of_times::plans(tx, provider)?;
        let offers = offer::of_provider(tx, &provider.profile.id)?;
        let made = offers.into_iter().find(|one| one.id.as_str() == made);
        let left = match &made {
            Some(offer) => hours_of_times::left(tx, provider, offer)?,
            None => Vec::new(),
        };
        let kinds = credit_kind::all(tx)?;
        Ok::<_, Refusal>((plans, made, left, kinds, provider.zone()))
    };
    let (plans, made, left, kinds, zone) = req.read(look).await?;
    let (text, now) = (&req.text, req.site.clock.now());
    let when = |slot: &Slot| {
        let place = slot.place_zone();
        words::moment_short_at(text, &zone, place.as_ref(), slot.starts_at)
    };
    let rows = plans.into_iter().map(|plan| {
        let mut kinds = kinds.iter();
        let kind = kinds.find(|kind| Some(&kind.code) == plan.offer.credit_kind.as_ref());
        let lengths = plan.offer.lengths.iter().map(|length| {
            let price = plan.offer.price(length);
            let price = words::price(text, price, kind.map(|kind| kind.label.as_str()));
            format!("{}, {price}", words::length_of(text, length.minutes))
        });
        let length = lengths.collect();
        PlanRow {
            id: plan.id().to_owned(),
            length,
            week: week_rows(text, &plan.week),
            effects: effects(text, &plan),
            kept: plan.kept.iter().map(when).collect(),
            title: plan.offer.title,
        }
    });
    let body = OfTimesPage {
        text,
        form_state,
        submission: req.submission(),
        left: left.iter().map(when).collect(),
        zone: dates::zone_name(&zone, now),
        made: made.map(|offer| said(text, &offer, &req.query)),
        plans: rows.collect(),
    };
    req.show(Schedule::PAGES, &text.say("hours-of-times"), body)
        .await
}

fn said(text: &Text, offer: &Offer, query: &Form) -> (String, String) {
    let count = query.number("replaced").ok().flatten().unwrap_or_default();
    let values = [
        ("title", offer.title.as_str().into()),
        ("count", count.into()),
    ];
    let href = format!("{}/{}", Offer::PAGES, offer.id);
    (text.with("hours-of-times-made", values), href)
}

fn effects(text: &Text, plan: &Plan) -> Vec<String> {
    let days = ("days", plan.offer.horizon_days.into());
    let counts = [
        ("hours-of-times-replaced", plan.replaced.len()),
        ("hours-of-times-booked", plan.booked),
        ("hours-of-times-offered", plan.offered),
        ("hours-of-times-kept", plan.kept.len()),
    ];
    let counts = counts.into_iter().filter(|(_, count)| *count > 0);
    let said = counts.map(|(id, count)| text.with(id, [("count", count.into()), days.clone()]));
    said.collect()
}

/// `POST /me/hours/of-times`.
pub(super) async fn make(posted: FormPost) -> Result<Response, Problem> {
    let id = posted.form.text("of").to_owned();
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        let made = hours_of_times::make(tx, provider, &id)?;
        Ok::<_, Refusal>(format!(
            "{HERE}?made={}&replaced={}",
            made.offer.id, made.replaced
        ))
    };
    posted.save(change, page).await
}
