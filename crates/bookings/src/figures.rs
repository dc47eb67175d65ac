//! Figures about the sessions of a range of days: how much of the time was booked, how many sessions
//! were cancelled, and how much money came in.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use platform::money::Currency;
use platform::store::Row;
use platform::{StoreError, Tx, sql};
use serde::Serialize;
use utoipa::ToSchema;

use crate::day_range::Days;
use crate::order::OrderMode;
use crate::provider::ProviderId;
use crate::provider_day;

/// The figures of a range of days.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = BookingFigures)]
pub struct Figures {
    /// The first day, in the site's time zone.
    pub date_from: Option<Date>,
    /// The last day.
    pub date_to: Option<Date>,
    /// The site's IANA time zone.
    pub time_zone: String,
    /// The slots that start in the range and are not deleted.
    pub slots: i64,
    /// How many of these slots are booked, classes by anybody, or belong to a session that is over,
    /// even if somebody did not come.
    pub slots_used: i64,
    /// The minutes of the range in which sessions with one member could take place, or were booked:
    /// open hours and single slots of all providers. Days that are over count as they were then.
    /// Without `date_to`, the range ends with the last slot; no more than 366 days ahead count.
    pub open_minutes: i64,
    /// How many of these minutes are booked.
    pub booked_minutes: i64,
    /// The share of `booked_minutes` in `open_minutes`, in hundredths of a percent; null if nothing
    /// is open.
    pub utilisation_bps: Option<i64>,
    /// The seats of the classes in the range.
    pub seats: i64,
    /// How many of these seats are taken.
    pub seats_taken: i64,
    /// The share of `seats_taken` in `seats`, in hundredths of a percent; null without classes.
    pub seats_bps: Option<i64>,
    /// The bookings of sessions in the range that were ever confirmed.
    pub confirmed: i64,
    /// How many of these bookings were cancelled.
    pub cancelled: i64,
    /// The share of `cancelled` in `confirmed`, in hundredths of a percent; null without bookings.
    pub cancellation_bps: Option<i64>,
    /// The average time from a booking to the start of its session, in minutes; null without
    /// confirmed bookings.
    pub lead_minutes: Option<i64>,
    /// The payments and refunds in the range, for each currency.
    pub revenue: Vec<Revenue>,
    /// The same for test money, which is worth nothing.
    pub test_revenue: Vec<Revenue>,
    /// The amounts that providers are owed at present, for each currency.
    pub owed: Vec<Owed>,
}

impl Figures {
    /// The share of `slots_used` in `slots`, in hundredths of a percent; `None` without slots.
    pub fn slots_bps(&self) -> Option<i64> {
        share(self.slots_used, self.slots)
    }
}

/// The payments and refunds in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
#[schema(as = BookingRevenue)]
pub struct Revenue {
    /// The currency (ISO 4217).
    pub currency: Currency,
    /// The payments that were captured, in minor units.
    pub captured_minor: i64,
    /// The refunds that were processed, in minor units.
    pub refunded_minor: i64,
    /// The captured payments minus the processed refunds, in minor units.
    pub revenue_minor: i64,
}

/// The amount that providers are owed in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
#[schema(as = BookingsOwed)]
pub struct Owed {
    /// The currency (ISO 4217).
    pub currency: Currency,
    /// The sum in minor units.
    pub amount_minor: i64,
}

#[derive(Row)]
struct Counted {
    confirmed: i64,
    cancelled: i64,
    ahead: i64,
    lead_millis: i64,
}

/// Computes the figures of `days` in the site's time zone.
pub fn find(tx: &mut Tx<'_>, days: Days, zone: &TimeZone) -> Result<Figures, StoreError> {
    let (from, until) = days.instants(zone);
    let (slots, slots_used): (i64, i64) = sql!(
        "SELECT COUNT(*),
             CAST(COALESCE(SUM(CASE WHEN state IN ('booked', 'completed') OR seats_taken > 0
                                    THEN 1 ELSE 0 END), 0) AS BIGINT)
         FROM slot WHERE deleted_at IS NULL AND starts_at >= :from AND starts_at < :until",
        from,
        until
    )
    .one(tx)?;
    // A cancelled booking counts as confirmed if it was free or already paid. One that was brought
    // from elsewhere after its session has no lead time.
    let counted: Counted = sql!(
        "SELECT COUNT(*) AS confirmed,
             CAST(COALESCE(SUM(CASE WHEN b.state = 'cancelled' THEN 1 ELSE 0 END), 0) AS BIGINT)
                 AS cancelled,
             CAST(COALESCE(SUM(CASE WHEN b.created_at <= b.starts_at THEN 1 ELSE 0 END), 0)
                  AS BIGINT) AS ahead,
             CAST(COALESCE(SUM(CASE WHEN b.created_at <= b.starts_at
                                    THEN b.starts_at - b.created_at ELSE 0 END), 0) AS BIGINT)
                 AS lead_millis
         FROM booking b LEFT JOIN booking_order o ON o.id = b.order_id
         WHERE b.starts_at >= :from AND b.starts_at < :until
           AND (b.state IN ('confirmed', 'completed', 'no_show_member', 'no_show_provider')
                OR b.state = 'cancelled'
                   AND (b.order_id IS NULL OR o.paid_at <= b.cancelled_at))",
        from,
        until
    )
    .one(tx)?;
    let time = provider_day::of_days(tx, days, zone)?;
    Ok(Figures {
        date_from: days.from,
        date_to: days.to,
        time_zone: zone.iana_name().unwrap_or("UTC").to_owned(),
        slots,
        slots_used,
        open_minutes: time.open_minutes,
        booked_minutes: time.booked_minutes,
        utilisation_bps: share(time.booked_minutes, time.open_minutes),
        seats: time.seats,
        seats_taken: time.seats_taken,
        seats_bps: share(time.seats_taken, time.seats),
        confirmed: counted.confirmed,
        cancelled: counted.cancelled,
        cancellation_bps: share(counted.cancelled, counted.confirmed),
        lead_minutes: counted
            .lead_millis
            .checked_div(counted.ahead)
            .map(|millis| millis / 60_000),
        revenue: revenue(tx, days, zone, OrderMode::Live)?,
        test_revenue: revenue(tx, days, zone, OrderMode::Test)?,
        owed: owed(tx)?,
    })
}

/// The figures of one provider.
#[derive(Clone, Debug, Row)]
pub struct ProviderFigures {
    pub provider_id: ProviderId,
    pub display_name: String,
    /// The slots that start in the range and are not deleted.
    pub slots: i64,
    /// The bookings of sessions in the range that will take place, took place, or were missed by
    /// one side.
    pub bookings: i64,
    pub completed: i64,
    pub cancelled: i64,
    /// The sessions to which one side did not come.
    pub no_shows: i64,
}

/// Computes the figures of each provider who has slots in a range of days, sorted by name.
pub fn of_providers(
    tx: &mut Tx<'_>,
    days: Days,
    zone: &TimeZone,
) -> Result<Vec<ProviderFigures>, StoreError> {
    let (from, until) = days.instants(zone);
    sql!(
        "SELECT p.id AS provider_id, p.display_name, s.slots,
             COALESCE(b.bookings, 0) AS bookings, COALESCE(b.completed, 0) AS completed,
             COALESCE(b.cancelled, 0) AS cancelled, COALESCE(b.no_shows, 0) AS no_shows
         FROM (SELECT provider_id, COUNT(*) AS slots FROM slot
               WHERE deleted_at IS NULL AND starts_at >= :from AND starts_at < :until
               GROUP BY provider_id) s
         JOIN provider p ON p.id = s.provider_id
         LEFT JOIN (SELECT provider_id,
                        COUNT(CASE WHEN state IN ('confirmed', 'completed', 'no_show_member',
                                                  'no_show_provider') THEN 1 END) AS bookings,
                        COUNT(CASE WHEN state = 'completed' THEN 1 END) AS completed,
                        COUNT(CASE WHEN state = 'cancelled' THEN 1 END) AS cancelled,
                        COUNT(CASE WHEN state IN ('no_show_member', 'no_show_provider') THEN 1 END)
                            AS no_shows
                    FROM booking WHERE starts_at >= :from AND starts_at < :until
                    GROUP BY provider_id) b ON b.provider_id = p.id
         ORDER BY p.display_name, p.id",
        from,
        until
    )
    .all(tx)
}

fn share(part: i64, whole: i64) -> Option<i64> {
    part.saturating_mul(10_000).checked_div(whole)
}

fn revenue(
    tx: &mut Tx<'_>,
    days: Days,
    zone: &TimeZone,
    mode: OrderMode,
) -> Result<Vec<Revenue>, StoreError> {
    let (from, until) = days.instants(zone);
    sql!(
        "SELECT l.currency,
             CAST(SUM(CASE WHEN l.kind = 'capture' THEN l.amount_minor ELSE 0 END) AS BIGINT)
                 AS captured_minor,
             CAST(SUM(CASE WHEN l.kind = 'refund' THEN -l.amount_minor ELSE 0 END) AS BIGINT)
                 AS refunded_minor,
             CAST(SUM(l.amount_minor) AS BIGINT) AS revenue_minor
         FROM ledger_entry l JOIN booking_order o ON o.id = l.order_id
         WHERE o.mode = :mode AND l.created_at >= :from AND l.created_at < :until
         GROUP BY l.currency ORDER BY l.currency",
        mode,
        from,
        until
    )
    .all(tx)
}

/// The amounts that wait at present, for each currency.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    /// What is ordered, and can still be paid.
    pub(crate) unpaid: Vec<Owed>,
    /// What the gateways are asked to pay back.
    pub(crate) under_way: Vec<Owed>,
}

pub(crate) fn waiting(tx: &mut Tx<'_>, mode: OrderMode) -> Result<Waiting, StoreError> {
    let unpaid = sql!(
        "SELECT currency, CAST(SUM(amount_minor) AS BIGINT) AS amount_minor FROM booking_order
         WHERE mode = :mode AND state = 'created' AND expires_at > :now
         GROUP BY currency ORDER BY currency",
        mode,
        now = tx.roughly_now()
    )
    .all(tx)?;
    let under_way = sql!(
        "SELECT p.currency, CAST(SUM(f.amount_minor) AS BIGINT) AS amount_minor
         FROM refund f JOIN payment p ON p.id = f.payment_id
         JOIN booking_order o ON o.id = p.order_id
         WHERE o.mode = :mode AND f.state IN ('requested', 'submitted')
         GROUP BY p.currency ORDER BY p.currency",
        mode
    )
    .all(tx)?;
    Ok(Waiting { unpaid, under_way })
}

/// The amounts that providers are owed at present: the sums of all items that are neither paid nor
/// rejected.
pub fn owed(tx: &mut Tx<'_>) -> Result<Vec<Owed>, StoreError> {
    let all = sql!(
        "SELECT currency, CAST(SUM(amount_minor) AS BIGINT) AS amount_minor FROM payout_item
         WHERE state IN ('pending', 'approved', 'batched')
         GROUP BY currency ORDER BY currency"
    );
    tx.all(all, &[])
}
