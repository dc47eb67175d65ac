//! Credits, with which members book sessions. A paid plan grants them in lots, bookings spend them,
//! and cancellations return them. An append-only ledger contains every change to a lot.

pub mod adjustment;
pub(crate) mod history;

use identity::account::AccountId;
use jiff::{SignedDuration, Span, Timestamp};
use platform::jobs::NewJob;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use web::Site;
use web::codes::Code;

use crate::codes::{CREDIT_FROZEN, QUOTA_EXHAUSTED};
use crate::credit_kind::DOCUMENT_REVIEW;
use crate::order::{self, Order, OrderId, OrderMode, PartyId};
use crate::settings::{self, BookingSettings};

platform::id!(LotId, random, "Credits that were granted together.");
platform::id!(CreditEntryId, "One line of a lot.");

/// The job kind of the mail about credits or a membership that will end soon.
pub(crate) const END: &str = "booking.end";
const WARN_BEFORE_END: SignedDuration = SignedDuration::from_hours(7 * 24);

web::words! {
    /// The reason for a change to credits.
    CreditReason {
        /// The member paid for a plan.
        Granted = "granted" => "credit-granted",
        /// The member booked a session.
        Booked = "booked" => "credit-booked",
        /// The member submitted a document for review.
        Reviewed = "reviewed" => "credit-reviewed",
        /// The member cancelled in time, or the provider cancelled.
        Returned = "returned" => "credit-returned",
        /// The credit was due to be returned, but its lot had expired, so a new lot of one credit
        /// was granted.
        Replaced = "replaced" => "credit-replaced",
        /// Credits were imported from another system.
        Imported = "imported" => "credit-imported",
        /// An administrator has added or taken away credits.
        Adjusted = "adjusted" => "credit-adjusted",
        /// The payment for the credits was refunded in full, or their part of it.
        Refunded = "refunded" => "credit-refunded",
    }
}

/// Credits that were granted together.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
#[schema(as = CreditLot)]
pub struct Lot {
    /// The lot's id.
    pub id: LotId,
    /// The id that represents the owner of the credits. It remains when the owner's account is
    /// erased.
    #[serde(skip)]
    pub party_id: PartyId,
    /// The code of the kind of credits.
    pub credit_kind: String,
    /// How many credits were granted.
    pub granted: i64,
    /// How many of the credits are spent.
    pub used: i64,
    /// The time until which the credits can be spent.
    pub expires_at: Timestamp,
    /// Whether a review that is paid with one of these credits may take place in a call.
    pub review_calls: bool,
}

/// A change to an account's credits, in the ledger.
#[derive(Clone, Debug, Row, Serialize, ToSchema)]
pub struct CreditEntry {
    #[serde(skip)]
    pub id: CreditEntryId,
    /// The number of credits added or, if negative, removed.
    pub delta: i64,
    pub reason: CreditReason,
    /// The id of the order, booking, review or refund that caused the change; for a seat of a class,
    /// that of its booking, a hyphen and the seat's position; for an adjustment, the adjustment's own id.
    pub subject: String,
    /// Why an administrator adjusted the credits; otherwise empty.
    pub note: String,
    pub created_at: Timestamp,
}

/// Grants the credits of a paid order, unless they were already granted.
pub(crate) fn grant(tx: &mut Tx<'_>, site: &Site, order: &Order) -> Result<(), StoreError> {
    let now = tx.now().to_zoned(site.settings.time_zone.clone());
    let span = match order.grant.months {
        0 => Span::new().days(settings::load(tx)?.add_on_days),
        months => Span::new().months(months.clamp(1, 36)),
    };
    let end = now.checked_add(span);
    let end = end.map_err(|_| StoreError::rule("an end of credits beyond all calendars"))?;
    let subject = order.id.to_string();
    for one in &order.grant.grants {
        let granted = one.quantity;
        let lot = Lot {
            id: tx.id(),
            party_id: order.party_id.clone(),
            credit_kind: one.credit_kind.clone(),
            granted,
            used: 0,
            expires_at: end.timestamp(),
            review_calls: order.grant.review_calls,
        };
        insert(tx, &lot, Some(order))?;
        enter(tx, &lot.id, granted, CreditReason::Granted, &subject)?;
    }
    Ok(())
}

pub(crate) fn insert(tx: &mut Tx<'_>, lot: &Lot, order: Option<&Order>) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO credit_lot ({Lot}, order_id, mode) VALUES ({:Lot}, :order, :mode)",
        Lot = lot,
        order = order.map(|order| order.id.clone()),
        mode = order.map_or(OrderMode::Live, |order| order.mode)
    )
    .run(tx, Rows::Exactly(1))?;
    plan_end(tx, &lot.party_id, lot.expires_at)
}

/// The payload of the job that mails a member about the credits and the membership that end at the
/// same instant.
#[derive(Serialize, Deserialize)]
pub(crate) struct Ending {
    pub(crate) party: PartyId,
    /// The instant, in milliseconds since the Unix epoch.
    pub(crate) at: i64,
}

/// Schedules the mail about credits or a membership that ends at `at`, unless the time of the mail
/// has already passed. One mail is about everything that ends at the same instant.
pub(crate) fn plan_end(tx: &mut Tx<'_>, party: &PartyId, at: Timestamp) -> Result<(), StoreError> {
    let run_at = at - WARN_BEFORE_END;
    if run_at <= tx.now() {
        return Ok(());
    }
    let at = at.as_millisecond();
    tx.enqueue(NewJob {
        key: Some(format!("{END} {party} {at}")),
        run_at: Some(run_at),
        ..NewJob::new(END, json!({"party": party, "at": at}))
    })
}

pub(crate) fn enter(
    tx: &mut Tx<'_>,
    lot: &LotId,
    delta: i64,
    reason: CreditReason,
    subject: &str,
) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO credit_entry (id, lot_id, delta, reason, subject, created_at)
         VALUES (:id, :lot, :delta, :reason, :subject, :now)",
        id = tx.id::<CreditEntryId>(),
        lot,
        delta,
        reason,
        subject,
        now = tx.now()
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// A session for which a credit is needed. It takes credits of the kind `kind` and begins at
/// `starts_at`.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The code of the kind of credits.
    pub kind: &'a str,
    pub starts_at: Timestamp,
    pub rules: &'a BookingSettings,
}

impl Wanted<'_> {
    fn suits(self, lot: &Lot) -> bool {
        lot.credit_kind == self.kind && reaches(lot, self.starts_at, self.rules)
    }
}

fn reaches(lot: &Lot, starts_at: Timestamp, rules: &BookingSettings) -> bool {
    starts_at <= lot.expires_at + days(rules.lot_grace_days)
}

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(days * 24)
}

/// Spends a credit on a session. The credit comes from the lot that expires first. Returns `None`
/// if there is no credit for that time.
pub(crate) fn take(
    tx: &mut Tx<'_>,
    account: &AccountId,
    mode: OrderMode,
    booking: &str,
    wanted: Wanted<'_>,
) -> Result<Option<LotId>, StoreError> {
    let reason = CreditReason::Booked;
    take_from(tx, account, mode, booking, reason, |lot| wanted.suits(lot))
}

/// Spends a credit on the review of a document. If `by_call` is true, only a credit whose plan
/// allows calls is spent. Returns `None` if there is no such credit.
pub(crate) fn take_for_review(
    tx: &mut Tx<'_>,
    account: &AccountId,
    mode: OrderMode,
    review: &str,
    by_call: bool,
) -> Result<Option<LotId>, StoreError> {
    let reason = CreditReason::Reviewed;
    take_from(tx, account, mode, review, reason, |lot| {
        is_for_reviews(lot) && (lot.review_calls || !by_call)
    })
}

fn is_for_reviews(lot: &Lot) -> bool {
    lot.credit_kind == DOCUMENT_REVIEW
}

fn take_from(
    tx: &mut Tx<'_>,
    account: &AccountId,
    mode: OrderMode,
    subject: &str,
    reason: CreditReason,
    suits: impl Fn(&Lot) -> bool,
) -> Result<Option<LotId>, StoreError> {
    for lot in lots(tx, account, mode)?.into_iter().filter(suits) {
        let taken = sql!(
            "UPDATE credit_lot SET used = used + 1
             WHERE id = :id AND used < granted AND expires_at > :now AND frozen = 0",
            id = lot.id,
            now = tx.now()
        )
        .run(tx, Rows::AtMostOne)?;
        if taken == 1 {
            enter(tx, &lot.id, -1, reason, subject)?;
            return Ok(Some(lot.id));
        }
    }
    Ok(None)
}

/// The label of the kind of credits in a lot, or the kind's code if the kind no longer exists.
pub(crate) fn label(tx: &mut Tx<'_>, lot: &LotId) -> Result<String, StoreError> {
    let (label,) = sql!(
        "SELECT COALESCE(k.label, l.credit_kind) FROM credit_lot l
         LEFT JOIN credit_kind k ON k.code = l.credit_kind WHERE l.id = :lot",
        lot
    )
    .one(tx)?;
    Ok(label)
}

/// Whether a credit of this lot can pay for a session that begins at this instant.
pub(crate) fn may_begin(
    tx: &mut Tx<'_>,
    lot: &LotId,
    starts_at: Timestamp,
) -> Result<bool, StoreError> {
    let rules = settings::load(tx)?;
    Ok(reaches(&find(tx, lot)?, starts_at, &rules))
}

pub(crate) fn find(tx: &mut Tx<'_>, id: &LotId) -> Result<Lot, StoreError> {
    sql!(
        "SELECT {Lot} FROM credit_lot WHERE id = :id FOR NO KEY UPDATE",
        id
    )
    .one(tx)
}

/// Returns a credit to its lot. If the lot has expired and `is_replaced` is true, a new lot of one
/// credit is granted instead, except while the payment for the lot is disputed or after that
/// dispute was lost.
pub(crate) fn give_back(
    tx: &mut Tx<'_>,
    id: &LotId,
    booking: &str,
    is_replaced: bool,
) -> Result<(), StoreError> {
    let lot = find(tx, id)?;
    let refunded = refunded_order(tx, id)?;
    let is_over = lot.expires_at <= tx.now() && refunded.is_none();
    if is_replaced && is_over && !is_frozen(tx, id)? {
        let new = Lot {
            id: tx.id(),
            party_id: lot.party_id,
            credit_kind: lot.credit_kind,
            granted: 1,
            used: 0,
            expires_at: tx.now() + days(settings::load(tx)?.replaced_days),
            review_calls: lot.review_calls,
        };
        insert(tx, &new, None)?;
        sql!(
            "UPDATE credit_lot SET mode = (SELECT o.mode FROM credit_lot o WHERE o.id = :id)
             WHERE id = :new",
            id,
            new = new.id
        )
        .run(tx, Rows::Exactly(1))?;
        return enter(tx, &new.id, 1, CreditReason::Replaced, booking);
    }
    sql!("UPDATE credit_lot SET used = used - 1 WHERE id = :id", id).run(tx, Rows::Exactly(1))?;
    enter(tx, id, 1, CreditReason::Returned, booking)?;
    match refunded {
        Some(order) => take_unused(tx, &order, booking),
        None => Ok(()),
    }
}

fn refunded_order(tx: &mut Tx<'_>, lot: &LotId) -> Result<Option<OrderId>, StoreError> {
    let found: Option<(OrderId,)> = sql!(
        "SELECT o.id FROM credit_lot l JOIN booking_order o ON o.id = l.order_id
         WHERE l.id = :lot AND o.state = 'refunded'",
        lot
    )
    .maybe(tx)?;
    Ok(found.map(|(id,)| id))
}

/// Whether the payment for a lot is disputed, or was lost in a dispute.
pub(crate) fn is_frozen(tx: &mut Tx<'_>, lot: &LotId) -> Result<bool, StoreError> {
    // A lot that replaces a credit of another lot has no order.
    let (order,): (Option<OrderId>,) =
        sql!("SELECT order_id FROM credit_lot WHERE id = :lot", lot).one(tx)?;
    match order {
        Some(order) => order::is_disputed(tx, &order),
        None => Ok(false),
    }
}

/// Sets whether the credits of an order are frozen. Nobody can spend frozen credits. They are
/// frozen while their payment is being refunded.
pub(crate) fn set_frozen(
    tx: &mut Tx<'_>,
    order: &OrderId,
    is_frozen: bool,
) -> Result<(), StoreError> {
    sql!(
        "UPDATE credit_lot SET frozen = :is_frozen WHERE order_id = :order",
        order,
        is_frozen
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// Takes away the unspent credits of a refunded order. `subject` is the id of the order, or of the
/// booking or review that returned a credit after the refund.
pub(crate) fn take_unused(
    tx: &mut Tx<'_>,
    order: &OrderId,
    subject: &str,
) -> Result<(), StoreError> {
    let found: Vec<Lot> = sql!(
        "SELECT {Lot} FROM credit_lot WHERE order_id = :order AND used < granted
         ORDER BY id FOR NO KEY UPDATE",
        order
    )
    .all(tx)?;
    for lot in found {
        sql!(
            "UPDATE credit_lot SET granted = used WHERE id = :id",
            id = lot.id
        )
        .run(tx, Rows::Exactly(1))?;
        let delta = lot.used - lot.granted;
        enter(tx, &lot.id, delta, CreditReason::Refunded, subject)?;
    }
    Ok(())
}

/// Whether the credit of a booking was returned or replaced.
pub(crate) fn is_back(tx: &mut Tx<'_>, booking: &str) -> Result<bool, StoreError> {
    let (count,): (i64,) = sql!(
        "SELECT COUNT(*) FROM credit_entry
         WHERE subject = :booking AND reason IN ('returned', 'replaced')",
        booking
    )
    .one(tx)?;
    Ok(count > 0)
}

/// The lots of an account that still have credits and have not expired, the first to expire first.
/// Lots whose payment is being refunded, is disputed, or was lost in a dispute are left out. If
/// `mode` is live, so are lots that were bought with test money.
pub fn lots(tx: &mut Tx<'_>, account: &AccountId, mode: OrderMode) -> Result<Vec<Lot>, StoreError> {
    let usable = unspent(tx, account, mode)?.into_iter();
    let usable = usable.filter(|(_, is_frozen)| !is_frozen);
    Ok(usable.map(|(lot, _)| lot).collect())
}

/// Like [`lots`], but includes the lots that cannot be spent now. The `bool` is true for these.
fn unspent(
    tx: &mut Tx<'_>,
    account: &AccountId,
    mode: OrderMode,
) -> Result<Vec<(Lot, bool)>, StoreError> {
    let all: Vec<Unspent> = sql!(
        "SELECT {l: Lot}, l.frozen, l.order_id FROM credit_lot l JOIN money_party p ON p.id = l.party_id
         WHERE p.account_id = :account AND l.used < l.granted AND l.expires_at > :now
           AND (l.mode = 'live' OR :mode = 'test')
         ORDER BY l.expires_at, l.id",
        account,
        mode,
        now = tx.roughly_now()
    )
    .all(tx)?;
    let orders = all.iter().filter_map(|one| one.order_id.as_ref());
    let disputed = order::disputed(tx, orders)?;
    let lots = all.into_iter().map(|one| {
        let order = one.order_id.as_ref();
        let is_frozen = one.frozen || order.is_some_and(|order| disputed.contains(order));
        (one.lot, is_frozen)
    });
    Ok(lots.collect())
}

#[derive(Row)]
struct Unspent {
    #[row(flatten)]
    lot: Lot,
    frozen: bool,
    /// The order that paid for the lot; `None` if the lot replaces a credit of another lot.
    order_id: Option<OrderId>,
}

/// The error for an account that cannot spend a credit on the wanted session: `credit_frozen` if it
/// has a suitable credit whose payment is disputed or being refunded.
pub(crate) fn none_left(
    tx: &mut Tx<'_>,
    account: &AccountId,
    wanted: Wanted<'_>,
    mode: OrderMode,
) -> Result<Code, StoreError> {
    lacking(tx, account, mode, |lot| wanted.suits(lot))
}

/// Like [`none_left`], for the review of a document.
pub(crate) fn no_review_left(
    tx: &mut Tx<'_>,
    account: &AccountId,
    mode: OrderMode,
) -> Result<Code, StoreError> {
    lacking(tx, account, mode, is_for_reviews)
}

fn lacking(
    tx: &mut Tx<'_>,
    account: &AccountId,
    mode: OrderMode,
    suits: impl Fn(&Lot) -> bool,
) -> Result<Code, StoreError> {
    let is_frozen = unspent(tx, account, mode)?
        .iter()
        .any(|(lot, _)| suits(lot));
    Ok(if is_frozen {
        CREDIT_FROZEN
    } else {
        QUOTA_EXHAUSTED
    })
}

/// How many credits an account can spend on the wanted session.
pub fn balance(
    tx: &mut Tx<'_>,
    account: &AccountId,
    wanted: Wanted<'_>,
    mode: OrderMode,
) -> Result<i64, StoreError> {
    let all = lots(tx, account, mode)?.into_iter();
    let all = all.filter(|lot| wanted.suits(lot));
    Ok(all.map(|lot| lot.granted - lot.used).sum())
}

/// How many documents an account can submit for review.
pub(crate) fn reviews_left(
    tx: &mut Tx<'_>,
    account: &AccountId,
    mode: OrderMode,
) -> Result<i64, StoreError> {
    let all = lots(tx, account, mode)?.into_iter().filter(is_for_reviews);
    Ok(all.map(|lot| lot.granted - lot.used).sum())
}

/// Whether an account has a credit that allows a review in a call.
pub(crate) fn allows_calls(
    tx: &mut Tx<'_>,
    account: &AccountId,
    mode: OrderMode,
) -> Result<bool, StoreError> {
    let all = lots(tx, account, mode)?;
    Ok(all
        .iter()
        .any(|lot| is_for_reviews(lot) && lot.review_calls))
}

/// Lists at most `rows` changes to an account's credits before `before`, newest first.
pub fn entries(
    tx: &mut Tx<'_>,
    account: &AccountId,
    before: Option<&(Timestamp, CreditEntryId)>,
    rows: i64,
) -> Result<Vec<CreditEntry>, StoreError> {
    sql!(
        "SELECT {e: CreditEntry} FROM credit_entry e JOIN credit_lot l ON l.id = e.lot_id
         JOIN money_party p ON p.id = l.party_id
         WHERE p.account_id = :account
           AND (e.created_at < :at OR (e.created_at = :at AND e.id < :id))
         ORDER BY e.created_at DESC, e.id DESC LIMIT :rows",
        account,
        at = before.map_or(Timestamp::MAX, |(at, _)| *at),
        id = before.map_or("", |(_, id)| id.as_str()),
        rows
    )
    .all(tx)
}
