//! The administrators' list of all bookings, with its filters.

use identity::account::AccountId;
use identity::people;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::store::Row;
use platform::text_cleaning;
use platform::{StoreError, Tx, sql};
use serde::Serialize;
use utoipa::ToSchema;
use web::{Findings, Form};

use super::{After, BookingId, Party, State};
use crate::Refusal;
use crate::choice::Choice;
use crate::day_range::Days;
use crate::order::OrderId;
use crate::provider::ProviderId;
use crate::slot::SlotId;

/// The filters of the list. An empty filter matches every booking.
#[derive(Clone, Debug, Default)]
pub struct Search {
    state: Option<State>,
    /// The provider's id.
    provider: String,
    /// The account's id, or a part of the member's name or address.
    member: String,
    /// The code of the session type.
    session_type: String,
    days: Days,
}

impl Search {
    /// Reads the filters from a query string. Unknown values are refused with 422.
    pub fn read(query: &Form) -> Result<Self, Refusal> {
        let state = State::find(query.text("state"));
        if state.is_none() && !query.text("state").is_empty() {
            let mut findings = Findings::default();
            findings.add("/state", "unknown_option", []);
            findings.finish()?;
        }
        Ok(Self {
            state,
            provider: query.text("provider").to_owned(),
            member: text_cleaning::clean_line(query.text("member")),
            session_type: query.text("session_type").to_owned(),
            days: Days::read(query)?,
        })
    }
}

/// A booking as an export contains it.
#[derive(Clone, Debug, Row, Serialize)]
pub(crate) struct ExportedBooking {
    #[serde(flatten)]
    #[row(flatten)]
    pub(crate) record: BookingRecord,
    is_class: bool,
    seats: i64,
}

/// A booking as administrators read it.
#[derive(Clone, Debug, Row, Serialize, ToSchema)]
#[schema(as = BookingRecord)]
pub struct BookingRecord {
    pub id: BookingId,
    pub slot_id: SlotId,
    pub provider_id: ProviderId,
    /// The provider's name.
    pub provider: String,
    /// The member's account; null after it was erased.
    pub member_id: Option<AccountId>,
    /// The member's name; null after the account was erased.
    pub member: Option<String>,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    /// The provider's IANA time zone.
    pub time_zone: String,
    pub title: String,
    #[serde(flatten)]
    #[row(flatten)]
    pub choice: Choice,
    pub state: State,
    pub order_id: Option<OrderId>,
    pub cancelled_by: Option<Party>,
    pub cancel_reason: String,
    pub created_at: Timestamp,
    pub version: i64,
}

/// Lists at most `rows` bookings after `after`, the latest session first. `zone` is the time zone
/// of the days in `search`.
pub fn list(
    tx: &mut Tx<'_>,
    search: &Search,
    zone: &TimeZone,
    after: Option<&After>,
    rows: i64,
) -> Result<Vec<BookingRecord>, StoreError> {
    let (from, until) = search.days.instants(zone);
    sql!(
        "SELECT b.id, b.slot_id, b.provider_id, p.display_name AS provider, b.member_id,
             a.display_name AS member, b.starts_at, b.ends_at, b.time_zone, b.title,
             b.session_type, b.level, b.entry, b.track, b.state, b.order_id, b.cancelled_by,
             b.cancel_reason, b.created_at, b.version
         FROM booking b JOIN provider p ON p.id = b.provider_id
         LEFT JOIN account a ON a.id = b.member_id
         LEFT JOIN email e ON e.account_id = a.id AND e.is_primary = 1
         WHERE b.starts_at >= :from AND b.starts_at < :until
           AND (b.starts_at < :at OR (b.starts_at = :at AND b.id < :id))
           AND (:state = '' OR b.state = :state)
           AND (:provider = '' OR b.provider_id = :provider)
           AND (:session_type = '' OR b.session_type = :session_type)
           AND (:member = '' OR b.member_id = :member
                OR a.folded_name LIKE :folded ESCAPE '!'
                OR (a.folded_name IS NULL AND lower(a.display_name) LIKE :pattern ESCAPE '!')
                OR e.canonical LIKE :pattern ESCAPE '!')
         ORDER BY b.starts_at DESC, b.id DESC LIMIT :rows",
        from,
        until,
        at = after.map_or(Timestamp::MAX, |(at, _)| *at),
        id = after.map_or("", |(_, id)| id.as_str()),
        state = search.state.map(State::word).unwrap_or_default(),
        provider = search.provider,
        session_type = search.session_type,
        member = search.member,
        folded = people::pattern(&text_cleaning::fold(&search.member)),
        pattern = people::pattern(&search.member.to_lowercase()),
        rows
    )
    .all(tx)
}

/// Lists bookings in the order of their ids, for exports.
pub(crate) fn all(
    tx: &mut Tx<'_>,
    after: &str,
    rows: i64,
) -> Result<Vec<ExportedBooking>, StoreError> {
    sql!(
        "SELECT b.id, b.slot_id, b.provider_id, p.display_name AS provider, b.member_id,
             a.display_name AS member, b.starts_at, b.ends_at, b.time_zone, b.title,
             b.session_type, b.level, b.entry, b.track, b.state, b.order_id, b.cancelled_by,
             b.cancel_reason, b.created_at, b.version, b.is_class, b.seats
         FROM booking b JOIN provider p ON p.id = b.provider_id
         LEFT JOIN account a ON a.id = b.member_id
         WHERE b.id > :after ORDER BY b.id LIMIT :rows",
        after,
        rows
    )
    .all(tx)
}

/// The ids and names of all providers, for the list's filter.
pub fn providers(tx: &mut Tx<'_>) -> Result<Vec<(ProviderId, String)>, StoreError> {
    let all = sql!("SELECT id, display_name FROM provider ORDER BY display_name, id");
    tx.all(all, &[])
}

/// The first steps of setting up bookings, and whether each is done.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Row)]
pub struct FirstSteps {
    /// Whether there are session types or levels, which a preset adds.
    pub has_types: bool,
    /// Whether somebody has the role of a provider.
    pub has_provider: bool,
    /// Whether there is a plan.
    pub has_plan: bool,
    /// Whether there is a room.
    pub has_room: bool,
}

pub fn first_steps(tx: &mut Tx<'_>) -> Result<FirstSteps, StoreError> {
    sql!(
        "SELECT
             CASE WHEN EXISTS (SELECT 1 FROM session_type) OR EXISTS (SELECT 1 FROM level)
                  THEN 1 ELSE 0 END AS has_types,
             CASE WHEN EXISTS (SELECT 1 FROM role_grant r WHERE r.scope_kind = 'site'
                                   AND r.role = 'provider'
                                   AND (r.expires_at IS NULL OR r.expires_at > :now))
                  THEN 1 ELSE 0 END AS has_provider,
             CASE WHEN EXISTS (SELECT 1 FROM plan) THEN 1 ELSE 0 END AS has_plan,
             CASE WHEN EXISTS (SELECT 1 FROM room) THEN 1 ELSE 0 END AS has_room",
        now = tx.roughly_now()
    )
    .one(tx)
}

/// Whether nobody has ever booked anything.
pub fn is_first(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let found: Option<(BookingId,)> = tx.maybe(sql!("SELECT id FROM booking LIMIT 1"), &[])?;
    Ok(found.is_none())
}
