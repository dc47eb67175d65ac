//! The administrators' statistics. They cover all days or, if the query contains `date_from` and
//! `date_to`, a range of days in the site's time zone.

use axum::Router;
use axum::routing::get;
use bookings::Refusal;
use bookings::day_range::Days;
use bookings::figures::{self, Figures, Owed, ProviderFigures, Revenue};
use bookings::settings::Administrator;
use platform::{StoreError, Tx};
use serde::Serialize;
use site::Context;
use site::call::Call;
use web::{Json, Problem};

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route("/api/admin/mentor-analytics", get(list_mentors))
        .route("/api/admin/booking-analytics", get(show_bookings))
        .route("/api/admin/revenue-tracking", get(show_revenue))
}

async fn compute<T: Send + 'static>(
    call: &Call,
    find: impl Fn(&mut Tx<'_>, Days, &jiff::tz::TimeZone) -> Result<T, StoreError>
    + Send
    + Sync
    + 'static,
) -> Result<Json<T>, Problem> {
    let days = Days::read(&call.query())?;
    let zone = call.site.settings.time_zone.clone();
    let look = move |tx: &mut Tx<'_>, _: &Administrator| Ok::<_, Refusal>(find(tx, days, &zone)?);
    Ok(Json(call.read(look).await?))
}

#[derive(Serialize)]
struct MentorFigures {
    mentor_id: String,
    mentor_name: String,
    total_slots: i64,
    total_bookings: i64,
    completed: i64,
    cancelled: i64,
    no_shows: i64,
}

impl From<ProviderFigures> for MentorFigures {
    fn from(found: ProviderFigures) -> Self {
        Self {
            mentor_id: found.provider_id.to_string(),
            mentor_name: found.display_name,
            total_slots: found.slots,
            total_bookings: found.bookings,
            completed: found.completed,
            cancelled: found.cancelled,
            no_shows: found.no_shows,
        }
    }
}

async fn list_mentors(call: Call) -> Result<Json<Vec<MentorFigures>>, Problem> {
    compute(&call, |tx, days, zone| {
        let all = figures::of_providers(tx, days, zone)?.into_iter();
        Ok(all.map(MentorFigures::from).collect())
    })
    .await
}

#[derive(Serialize)]
struct BookingFigures {
    total_slots: i64,
    booked_slots: i64,
    total_bookings: i64,
    cancelled: i64,
    /// The share of used slots, in hundredths of a percent; null if there are no slots.
    utilisation_bps: Option<i64>,
    /// The share of cancelled bookings, in hundredths of a percent; null if there are no bookings.
    cancellation_bps: Option<i64>,
    lead_minutes: Option<i64>,
}

impl From<Figures> for BookingFigures {
    fn from(found: Figures) -> Self {
        Self {
            total_slots: found.slots,
            booked_slots: found.slots_used,
            total_bookings: found.confirmed,
            cancelled: found.cancelled,
            utilisation_bps: found.slots_bps(),
            cancellation_bps: found.cancellation_bps,
            lead_minutes: found.lead_minutes,
        }
    }
}

async fn show_bookings(call: Call) -> Result<Json<BookingFigures>, Problem> {
    compute(&call, |tx, days, zone| {
        Ok(figures::find(tx, days, zone)?.into())
    })
    .await
}

/// Money in minor units, for each currency.
#[derive(Serialize)]
struct MoneyFigures {
    revenue: Vec<Revenue>,
    test_revenue: Vec<Revenue>,
    owed: Vec<Owed>,
}

async fn show_revenue(call: Call) -> Result<Json<MoneyFigures>, Problem> {
    compute(&call, |tx, days, zone| {
        let found = figures::find(tx, days, zone)?;
        Ok(MoneyFigures {
            revenue: found.revenue,
            test_revenue: found.test_revenue,
            owed: found.owed,
        })
    })
    .await
}
