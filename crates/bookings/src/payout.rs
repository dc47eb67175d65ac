//! The amounts that providers are owed for their sessions. An item is approved, put into a batch
//! and paid, in this order. A paid item never changes.

pub mod batch;
mod class_sum;
mod hold_back;
mod own;
mod provider_rate;

use identity::account::AccountId;
use identity::session::signed_in::SignedIn;
use identity::session::sudo;
use jiff::{SignedDuration, Timestamp};
use platform::audit::Entity;
use platform::money::{Currency, Money};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use site::resource::Parent as _;
use utoipa::ToSchema;
use web::{Findings, Site};

use crate::booking::{Booking, BookingId, State, no_show, seat};
use crate::codes::{CLAIM_OPEN, PAYOUT_STATE};
use crate::provider::{Provider, ProviderId};
use crate::settings::{self, Administrator};
use crate::{Refusal, credit, order};

use batch::BatchId;
pub(crate) use hold_back::{hold_back, is_decided};
pub use own::{Before, list_of};
pub use provider_rate::{
    RATE_FIELDS, Rate, RatedProvider, change_rate, find_rate, list_rates, rate,
};

platform::id!(PayoutId, random, "One sum that a provider is owed.");

const PURPOSE: &str = "bookings.payout-reference";
/// The reason that programs read of items that were changed because of a dispute.
const DISPUTE: &str = "dispute";
/// The maximum length of a reason, in characters.
const REASON: usize = 300;
/// The maximum length of a bank reference, in characters.
const REFERENCE: usize = 200;

web::words! {
    /// The state of a payout item.
    PayoutState {
        /// Nobody has approved it yet.
        Pending = "pending" => "payout-pending",
        /// It goes into the next batch.
        Approved = "approved" => "payout-approved",
        /// It is in a batch that is not settled yet.
        Batched = "batched" => "payout-batched",
        /// The provider has the money.
        Paid = "paid" => "payout-paid",
        /// An administrator has refused it.
        Rejected = "rejected" => "payout-rejected",
    }
}

web::words! {
    /// What an administrator does with a payout item.
    PayoutStep {
        Approve = "approve" => "payout-approve",
        Reject = "reject" => "payout-reject",
        /// Makes the item pending again.
        Reopen = "reopen" => "payout-reopen",
        /// Adds a negative item that corrects a paid one.
        Correct = "correct" => "payout-correct",
    }
}

/// A sum that a provider is owed for a session. If the sum is negative, it is an adjustment of a
/// paid item.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
#[row(table = "payout_item")]
#[schema(as = PayoutItem)]
pub struct Payout {
    pub id: PayoutId,
    #[serde(skip)]
    pub provider_id: ProviderId,
    pub booking_id: BookingId,
    /// The amount in minor units; negative for an adjustment.
    pub amount_minor: i64,
    /// The currency (ISO 4217).
    pub currency: Currency,
    pub state: PayoutState,
    pub is_adjustment: bool,
    /// Why it was rejected or adjusted.
    pub reason: String,
    /// The time from which a batch may contain the item.
    pub available_at: Timestamp,
    pub batch_id: Option<BatchId>,
    #[serde(skip)]
    pub approved_by: Option<AccountId>,
    /// Whether it was held back, or takes a payout back, because of a dispute.
    #[serde(skip)]
    pub is_disputed: bool,
    pub created_at: Timestamp,
}

impl Payout {
    pub fn amount(&self) -> Money {
        Money::new(self.amount_minor, self.currency)
    }
}

/// A payout item with the names of its provider and its session.
#[derive(Clone, Debug, Row, Serialize, ToSchema)]
#[schema(as = PayoutItemView)]
pub struct PayoutView {
    #[serde(flatten)]
    #[row(flatten)]
    pub item: Payout,
    /// The provider's name.
    pub provider: String,
    /// The session's title.
    pub title: String,
    pub starts_at: Timestamp,
    /// The number of unsettled claims about the session, 0 or 1. While it is 1, the item cannot be
    /// approved.
    pub open_claims: i64,
}

/// A share of an amount, in hundredths of a percent, rounded down.
pub(crate) fn part_of(amount_minor: i64, share_bps: i64) -> i64 {
    let part = i128::from(amount_minor) * i128::from(share_bps) / 10_000;
    i64::try_from(part).unwrap_or(0)
}

/// Creates the payout item of a booking whose outcome is known, or adapts the item to a changed
/// outcome. Returns `false` if an administrator has already decided about the item.
pub(crate) fn owe(tx: &mut Tx<'_>, booking: &Booking) -> Result<bool, StoreError> {
    let share = match booking.state {
        State::Completed => 10_000,
        State::NoShowMember => booking.no_show_bps,
        State::Cancelled if booking.is_late => booking.no_show_bps,
        _ => 0,
    };
    let amount_minor = if booking.is_class {
        class_sum::of(tx, booking)?
    } else {
        part_of(booking.payout_minor, share)
    };
    let found: Option<Payout> = sql!(
        "SELECT {Payout} FROM payout_item
         WHERE booking_id = :booking AND is_adjustment = 0 FOR NO KEY UPDATE",
        booking = booking.id
    )
    .maybe(tx)?;
    match found {
        Some(item) if item.state != PayoutState::Pending => return Ok(false),
        Some(item) if amount_minor == 0 => {
            tx.delete::<Payout>(&item.id)?;
        }
        Some(item) => tx.update(&Payout {
            amount_minor,
            ..item
        })?,
        None if amount_minor == 0 => {}
        None => {
            let days = settings::load(tx)?.payout_days;
            let is_disputed = is_disputed(tx, booking)?;
            let item = Payout {
                id: tx.id(),
                provider_id: booking.provider_id.clone(),
                booking_id: booking.id.clone(),
                amount_minor,
                currency: booking.payout_currency,
                state: if is_disputed {
                    PayoutState::Rejected
                } else {
                    PayoutState::Pending
                },
                is_adjustment: false,
                reason: if is_disputed { DISPUTE } else { "" }.to_owned(),
                available_at: booking.ends_at + SignedDuration::from_hours(24 * days),
                batch_id: None,
                approved_by: None,
                is_disputed,
                created_at: tx.now(),
            };
            tx.insert(&item)?;
        }
    }
    Ok(true)
}

/// The values that are sent with a step. Each step needs only some of them.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = PayoutStepValues)]
pub struct StepValues {
    /// Why an item is rejected or corrected, 1–300 characters.
    pub reason: String,
    /// The amount by which a paid item is corrected, in minor units.
    pub amount_minor: i64,
}

/// Performs a step on an item. Returns the item, or the adjustment that was added to it.
pub fn step(
    tx: &mut Tx<'_>,
    by: &Administrator,
    id: &PayoutId,
    step: PayoutStep,
    values: &StepValues,
) -> Result<Payout, Refusal> {
    let who: &SignedIn = &by.requester().who;
    sudo::require::<Refusal>(tx, who)?;
    let old = tx.lock::<Payout>(id)?.ok_or(Refusal::NotFound)?;
    let mut findings = Findings::default();
    let mut new = old.clone();
    match (step, old.state) {
        (PayoutStep::Approve, PayoutState::Pending) => {
            if no_show::is_unsettled(tx, &old.booking_id)? {
                return Err(CLAIM_OPEN.into());
            }
            new.state = PayoutState::Approved;
            new.approved_by = Some(who.account().id.clone());
        }
        (PayoutStep::Reject, PayoutState::Pending | PayoutState::Approved) => {
            new.state = PayoutState::Rejected;
            new.approved_by = None;
            new.is_disputed = false;
            new.reason = findings.line("/reason", &values.reason, 1, REASON);
        }
        (PayoutStep::Reopen, PayoutState::Rejected) => {
            if old.is_adjustment {
                check_adjustment(tx, &old)?;
            }
            new.state = PayoutState::Pending;
            new.reason = String::new();
            new.is_disputed = false;
        }
        (PayoutStep::Correct, PayoutState::Paid) if !old.is_adjustment => {
            let left = left(tx, &old)?;
            if !(1..=left).contains(&values.amount_minor) {
                let most = Money::new(left, old.currency);
                crate::amount_range::add_amount_range(&mut findings, "/amount_minor", most);
            }
            new = adjustment(tx, &old, -values.amount_minor);
            new.reason = findings.line("/reason", &values.reason, 1, REASON);
        }
        _ => return Err(PAYOUT_STATE.into()),
    }
    findings.finish()?;
    if new.id == old.id {
        tx.update(&new)?;
    } else {
        tx.insert(&new)?;
    }
    let changes = json!([{"field": "state", "old": old.state, "new": new.state},
        {"field": "amount_minor", "old": old.amount_minor, "new": new.amount_minor}]);
    let entity = Entity::new("payout_item", new.id.to_string());
    by.record(tx, entity, "payout.step", changes)?;
    Ok(new)
}

/// Rejected adjustments do not count.
fn left(tx: &mut Tx<'_>, item: &Payout) -> Result<i64, StoreError> {
    let (adjusted,): (i64,) = sql!(
        "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM payout_item
         WHERE booking_id = :booking AND is_adjustment = 1 AND state <> 'rejected'",
        booking = item.booking_id
    )
    .one(tx)?;
    Ok(item.amount_minor + adjusted)
}

fn lock_sent(tx: &mut Tx<'_>, booking: &BookingId) -> Result<Option<Payout>, StoreError> {
    sql!(
        "SELECT {Payout} FROM payout_item
         WHERE booking_id = :booking AND is_adjustment = 0 AND state IN ('batched', 'paid')
         FOR NO KEY UPDATE",
        booking
    )
    .maybe(tx)
}

fn check_adjustment(tx: &mut Tx<'_>, adjustment: &Payout) -> Result<(), Refusal> {
    let left = match lock_sent(tx, &adjustment.booking_id)? {
        Some(item) => left(tx, &item)?,
        None => 0,
    };
    if left + adjustment.amount_minor < 0 {
        return Err(PAYOUT_STATE.into());
    }
    Ok(())
}

fn adjustment(tx: &mut Tx<'_>, paid: &Payout, amount_minor: i64) -> Payout {
    Payout {
        id: tx.id(),
        amount_minor,
        state: PayoutState::Pending,
        is_adjustment: true,
        available_at: tx.now(),
        batch_id: None,
        approved_by: None,
        is_disputed: false,
        created_at: tx.now(),
        ..paid.clone()
    }
}

fn is_disputed(tx: &mut Tx<'_>, booking: &Booking) -> Result<bool, StoreError> {
    if let Some(order) = &booking.order_id {
        return order::is_disputed(tx, order);
    }
    for lot in seat::lots(tx, booking)? {
        if credit::is_frozen(tx, &lot)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Holds back a session's payout if `is_disputed` is true: the payment for the session is disputed,
/// or was lost in a dispute. Releases the payout if `is_disputed` is false.
pub(crate) fn follow_dispute(
    tx: &mut Tx<'_>,
    booking: &BookingId,
    is_disputed: bool,
) -> Result<(), StoreError> {
    if is_disputed {
        hold(tx, booking)
    } else {
        release(tx, booking)
    }
}

fn hold(tx: &mut Tx<'_>, booking: &BookingId) -> Result<(), StoreError> {
    sql!(
        "UPDATE payout_item SET state = 'rejected', reason = :dispute, is_disputed = 1,
             approved_by = NULL
         WHERE booking_id = :booking AND is_adjustment = 0
           AND state IN ('pending', 'approved')",
        booking,
        dispute = DISPUTE
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

fn release(tx: &mut Tx<'_>, booking: &BookingId) -> Result<(), StoreError> {
    sql!(
        "UPDATE payout_item SET state = 'pending', reason = '', is_disputed = 0
         WHERE booking_id = :booking AND is_adjustment = 0
           AND state = 'rejected' AND is_disputed = 1",
        booking
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// Adds a pending item that takes back a payout that is already in a batch or paid, because the
/// payment for its session was lost in a dispute.
pub(crate) fn take_back(tx: &mut Tx<'_>, booking: &BookingId) -> Result<(), StoreError> {
    let Some(paid) = lock_sent(tx, booking)? else {
        return Ok(());
    };
    let left = left(tx, &paid)?;
    if left > 0 {
        let mut item = adjustment(tx, &paid, -left);
        DISPUTE.clone_into(&mut item.reason);
        item.is_disputed = true;
        tx.insert(&item)?;
    }
    Ok(())
}

/// The sort key of lists of payouts.
pub type After<I> = (Timestamp, I);

/// Lists at most `rows` items in this state, oldest first. `after` is the last item of the previous
/// page.
pub fn list(
    tx: &mut Tx<'_>,
    state: PayoutState,
    after: Option<&After<PayoutId>>,
    rows: i64,
) -> Result<Vec<PayoutView>, StoreError> {
    sql!(
        "SELECT {i: Payout}, p.display_name AS provider, b.title AS title,
             b.starts_at AS starts_at,
             (SELECT COUNT(*) FROM claim c WHERE c.booking_id = i.booking_id
              AND c.state IN ('open', 'disputed')) AS open_claims
         FROM payout_item i JOIN provider p ON p.id = i.provider_id
         JOIN booking b ON b.id = i.booking_id
         WHERE i.state = :state AND (i.created_at > :at OR (i.created_at = :at AND i.id > :id))
         ORDER BY i.created_at, i.id LIMIT :rows",
        state,
        at = after.map_or(Timestamp::MIN, |(at, _)| *at),
        id = after.map_or("", |(_, id)| id.as_str()),
        rows
    )
    .all(tx)
}

/// How many items nobody has approved or rejected yet.
pub fn count_pending(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    let count = sql!("SELECT COUNT(*) FROM payout_item WHERE state = 'pending'");
    let (count,): (i64,) = tx.one(count, &[])?;
    Ok(count)
}

pub fn find(tx: &mut Tx<'_>, id: &PayoutId) -> Result<Option<PayoutView>, StoreError> {
    sql!(
        "SELECT {i: Payout}, p.display_name AS provider, b.title AS title,
             b.starts_at AS starts_at,
             (SELECT COUNT(*) FROM claim c WHERE c.booking_id = i.booking_id
              AND c.state IN ('open', 'disputed')) AS open_claims
         FROM payout_item i JOIN provider p ON p.id = i.provider_id
         JOIN booking b ON b.id = i.booking_id
         WHERE i.id = :id",
        id
    )
    .maybe(tx)
}

/// The sum of a provider's items in each currency and state.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
#[schema(as = PayoutTotal)]
pub struct Total {
    /// The currency (ISO 4217).
    pub currency: Currency,
    pub state: PayoutState,
    /// The sum in minor units.
    pub amount_minor: i64,
}

pub fn totals(tx: &mut Tx<'_>, provider: &ProviderId) -> Result<Vec<Total>, StoreError> {
    sql!(
        "SELECT currency, state, CAST(SUM(amount_minor) AS BIGINT) AS amount_minor FROM payout_item
         WHERE provider_id = :provider AND state <> 'rejected'
         GROUP BY currency, state ORDER BY currency, state",
        provider
    )
    .all(tx)
}

/// Sets the destination of a provider's payouts, such as a bank account. An empty text removes it.
pub fn set_reference(
    tx: &mut Tx<'_>,
    site: &Site,
    provider: &Provider,
    reference: &str,
) -> Result<(), Refusal> {
    sudo::require::<Refusal>(tx, &provider.requester().who)?;
    let mut findings = Findings::default();
    let reference = findings.line("/reference", reference, 0, REFERENCE);
    findings.finish()?;
    let id = &provider.profile.id;
    let place = ["provider", "payout_ref", id.as_str()];
    let key = site.keys.key(PURPOSE);
    let sealed =
        (!reference.is_empty()).then(|| key.seal(tx.random(), &place, reference.as_bytes()));
    sql!(
        "UPDATE provider SET payout_ref = :sealed WHERE id = :id",
        id,
        sealed
    )
    .run(tx, Rows::Exactly(1))?;
    let entity = Entity::new("provider", id.to_string());
    provider
        .requester()
        .record(tx, entity, "provider.payout_reference_changed", json!([]))?;
    Ok(())
}

pub fn has_reference(tx: &mut Tx<'_>, provider: &ProviderId) -> Result<bool, StoreError> {
    let (count,): (i64,) = sql!(
        "SELECT COUNT(*) FROM provider WHERE id = :provider AND payout_ref IS NOT NULL",
        provider
    )
    .one(tx)?;
    Ok(count > 0)
}

/// Decrypts a bank reference. If the key file cannot decrypt it, the result is empty.
pub(crate) fn open_reference(site: &Site, provider: &ProviderId, sealed: &[u8]) -> String {
    let place = ["provider", "payout_ref", provider.as_str()];
    let plain = site.keys.key(PURPOSE).open(&place, sealed);
    String::from_utf8(plain.unwrap_or_default()).unwrap_or_default()
}
