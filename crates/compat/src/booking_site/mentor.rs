//! A provider's bookings, feedback and payouts, and the feedback that members read.

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, put};
use bookings::booking::{self, Booking, BookingId, BookingView, Party, PartyTo};
use bookings::feedback::{self, Feedback, PartyToFeedback};
use bookings::feedback_criterion::{self, Author, Criterion, Kind};
use bookings::payout::{self, PayoutState, PayoutView};
use bookings::provider::Provider;
use bookings::{Refusal, settings};
use jiff::Timestamp;
use platform::{StoreError, Tx};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use site::Context;
use site::call::Call;
use site::proof::Requester;
use web::json::Received;
use web::{Input, Json, Problem};

use super::repeated_request;
use super::view::{ALL, BookingShown};

const FEEDBACKS: &str = "/api/mentor/feedbacks";

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route("/api/mentor/bookings", get(bookings))
        .route(FEEDBACKS, get(list_written).post(give))
        .route("/api/mentor/feedbacks/{id}", put(change))
        .route("/api/mentee/feedbacks", get(list_received))
        .route("/api/mentor/payouts", get(payouts))
        .route("/api/mentor/payout-stats", get(payout_stats))
}

#[derive(Serialize)]
struct Asked {
    upcoming: Vec<BookingShown>,
    past: Vec<BookingShown>,
}

async fn bookings(call: Call) -> Result<Json<Asked>, Problem> {
    let look = |tx: &mut Tx<'_>, provider: &Provider| {
        let (id, hours) = (&provider.profile.id, settings::load(tx)?.outcome_hours);
        let upcoming = booking::list_of_provider(tx, id)?;
        let mut past = booking::list_begun(tx, id, hours)?;
        past.retain(|one| upcoming.iter().all(|other| other.id != one.id));
        Ok::<_, Refusal>(Asked {
            upcoming: shown(tx, upcoming)?,
            past: shown(tx, past)?,
        })
    };
    Ok(Json(call.read(look).await?))
}

/// Converts a booking to the format for providers and administrators, with the member's name.
pub(super) fn with_member(view: BookingView) -> BookingShown {
    let member = view.member.clone();
    BookingShown::from(view).with_member(member)
}

fn shown(tx: &mut Tx<'_>, all: Vec<Booking>) -> Result<Vec<BookingShown>, StoreError> {
    let views = BookingView::list(tx, all)?.into_iter();
    Ok(views.map(with_member).collect())
}

#[derive(Serialize)]
struct FeedbackShown {
    id: String,
    booking_id: String,
    author: &'static str,
    rating: i64,
    /// The scores, by the labels of the criteria.
    scores: Map<String, Value>,
    /// The answers in words, by the labels of the criteria.
    answers: Map<String, Value>,
    verdict: Option<&'static str>,
    comments: String,
    /// The number of times that the author changed the feedback, which is also its version.
    revisions: i64,
    created_at: Timestamp,
}

impl FeedbackShown {
    fn of(one: Feedback, criteria: &[Criterion]) -> Self {
        let labelled = |id: &str, value: Value| {
            let known = criteria.iter().find(|known| known.id.as_str() == id);
            known.map(|known| (known.label.clone(), value))
        };
        let scores = one.scores.into_iter();
        let answers = one.answers.into_iter();
        Self {
            id: one.id.to_string(),
            booking_id: one.booking_id.to_string(),
            author: one.author.word(),
            rating: one.rating,
            scores: scores
                .filter_map(|one| labelled(&one.criterion, one.score.into()))
                .collect(),
            answers: answers
                .filter_map(|one| labelled(&one.criterion, one.text.into()))
                .collect(),
            verdict: one.verdict.map(feedback::Verdict::word),
            comments: one.text,
            revisions: one.revisions,
            created_at: one.created_at,
        }
    }

    fn list(tx: &mut Tx<'_>, all: Vec<Feedback>) -> Result<Vec<Self>, StoreError> {
        let criteria = feedback_criterion::list(tx)?;
        let shown = all.into_iter().map(|one| Self::of(one, &criteria));
        Ok(shown.collect())
    }
}

/// A provider's feedback about a session. The booking determines the member.
#[derive(Clone, Deserialize)]
struct Sent {
    #[serde(default)]
    booking_id: Option<BookingId>,
    rating: Option<i64>,
    verdict: Option<String>,
    comments: Option<String>,
    /// Scores from 0 to 5, by the criteria's labels or ids.
    scores: Option<Map<String, Value>>,
    /// Answers in words, by the criteria's labels or ids.
    answers: Option<Map<String, Value>>,
    /// The value of `revisions` on which this change is based.
    revisions: Option<i64>,
}

impl Sent {
    fn read(&self, tx: &mut Tx<'_>) -> Result<Input, StoreError> {
        let mut fields = Map::new();
        let mut set = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                fields.insert(name.to_owned(), value);
            }
        };
        set("rating", self.rating.map(Value::from));
        set("verdict", self.verdict.clone().map(Value::from));
        set("text", self.comments.clone().map(Value::from));
        let criteria = feedback_criterion::list(tx)?;
        for (list, kind, name, said) in [
            ("scores", Kind::Score, "score", &self.scores),
            ("answers", Kind::Text, "text", &self.answers),
        ] {
            let by_id = said.iter().flatten().map(|(label, value)| {
                let mut of_kind = criteria
                    .iter()
                    .filter(|one| (one.author, one.kind) == (Author::Provider, kind));
                let known = of_kind.find(|one| one.label.eq_ignore_ascii_case(label));
                // An unknown label is passed on as an id, so that validation refuses it.
                let id = known.map_or(label.as_str(), |one| one.id.as_str());
                json!({"criterion": id, name: value})
            });
            let by_id: Value = by_id.collect();
            set(list, said.is_some().then_some(by_id));
        }
        Ok(Input::Json(fields))
    }
}

fn renamed(mut problem: Problem) -> Problem {
    for error in &mut problem.errors {
        if error.pointer == "/text" {
            "/comments".clone_into(&mut error.pointer);
        }
    }
    problem
}

async fn list_written(call: Call) -> Result<Json<Vec<FeedbackShown>>, Problem> {
    let who = call.requester.clone();
    let look = move |tx: &mut Tx<'_>, _: &Provider| {
        let all = feedback::list_of_providers(tx, &who.who.account().id, Party::Provider)?;
        Ok::<_, Refusal>(FeedbackShown::list(tx, all)?)
    };
    Ok(Json(call.read(look).await?))
}

async fn list_received(call: Call) -> Result<Json<Vec<FeedbackShown>>, Problem> {
    let look = |tx: &mut Tx<'_>, who: &Requester| {
        let all = feedback::list_of_providers(tx, &who.who.account().id, Party::Member)?;
        Ok(FeedbackShown::list(tx, all)?)
    };
    Ok(Json(call.read(look).await?))
}

async fn give(call: Call, body: Received<Sent>) -> Result<Response, Problem> {
    let (sent, site, who) = (body.value, call.site.clone(), call.requester.clone());
    let Some(booking) = sent.booking_id.clone() else {
        return Err(Problem::fields().field("/booking_id", "required", []));
    };
    let change = move |tx: &mut Tx<'_>, _: &Provider| {
        let party = PartyTo::lock(tx, &who, &booking)?;
        if party.party != Party::Provider {
            return Err(Refusal::NotFound);
        }
        let input = sent.read(tx)?;
        let given = feedback::give(tx, &site, &party, &input)?;
        Ok(FeedbackShown::of(given, &feedback_criterion::list(tx)?))
    };
    repeated_request::post(&call, FEEDBACKS, &body.bytes, StatusCode::CREATED, change)
        .await
        .map_err(renamed)
}

async fn change(call: Call, Json(sent): Json<Sent>) -> Result<Json<FeedbackShown>, Problem> {
    let change = move |tx: &mut Tx<'_>, of: &PartyToFeedback| {
        if of.party.party != Party::Provider {
            return Err(Refusal::NotFound);
        }
        let seen = sent.revisions.unwrap_or(of.feedback.revisions);
        let input = sent.read(tx)?;
        let changed = feedback::change(tx, &of.party, &of.feedback, seen, &input)?;
        Ok(FeedbackShown::of(changed, &feedback_criterion::list(tx)?))
    };
    Ok(Json(call.write(change).await.map_err(renamed)?))
}

/// The amount that a provider is owed for a session. Only the status `paid` means that the money
/// was sent.
#[derive(Serialize)]
pub(super) struct PayoutShown {
    id: String,
    booking_id: String,
    mentor_name: String,
    title: String,
    starts_at: Timestamp,
    /// The amount in minor units; negative for an adjustment.
    amount_minor: i64,
    currency: String,
    status: &'static str,
    reason: String,
    available_at: Timestamp,
}

impl From<PayoutView> for PayoutShown {
    fn from(view: PayoutView) -> Self {
        let item = view.item;
        Self {
            id: item.id.to_string(),
            booking_id: item.booking_id.to_string(),
            mentor_name: view.provider,
            title: view.title,
            starts_at: view.starts_at,
            amount_minor: item.amount_minor,
            currency: item.currency.to_string(),
            status: item.state.word(),
            reason: item.reason,
            available_at: item.available_at,
        }
    }
}

async fn payouts(call: Call) -> Result<Json<Vec<PayoutShown>>, Problem> {
    let look = |tx: &mut Tx<'_>, provider: &Provider| {
        Ok::<_, Refusal>(payout::list_of(tx, &provider.profile.id, None, ALL)?)
    };
    let all = call.read(look).await?.into_iter();
    Ok(Json(all.map(PayoutShown::from).collect()))
}

#[derive(Default, Serialize)]
struct Stats {
    currency: String,
    pending_minor: i64,
    approved_minor: i64,
    batched_minor: i64,
    paid_minor: i64,
}

async fn payout_stats(call: Call) -> Result<Json<Vec<Stats>>, Problem> {
    let look = |tx: &mut Tx<'_>, provider: &Provider| {
        Ok::<_, Refusal>(payout::totals(tx, &provider.profile.id)?)
    };
    let mut all: Vec<Stats> = Vec::new();
    for total in call.read(look).await? {
        let currency = total.currency.to_string();
        if all.last().is_none_or(|last| last.currency != currency) {
            all.push(Stats {
                currency,
                ..Stats::default()
            });
        }
        let Some(stats) = all.last_mut() else {
            continue;
        };
        match total.state {
            PayoutState::Pending => stats.pending_minor = total.amount_minor,
            PayoutState::Approved => stats.approved_minor = total.amount_minor,
            PayoutState::Batched => stats.batched_minor = total.amount_minor,
            PayoutState::Paid => stats.paid_minor = total.amount_minor,
            PayoutState::Rejected => {}
        }
    }
    Ok(Json(all))
}
