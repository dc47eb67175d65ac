//! Findings. A finding is a disagreement between the site's records and a gateway's, or between two
//! of the site's own records. Each finding has one remedy, which is safe to apply. Closed findings
//! are kept.

use identity::account::AccountId;
use jiff::{SignedDuration, Timestamp};
use platform::jobs::NewJob;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::administrator_alert::{self, AlertKind};
use crate::order::{GatewayName, OrderId};

platform::id!(FindingId, random, "One finding.");

/// The job kind of the job that tells administrators of open findings.
pub const KIND: &str = "booking.findings";
/// The path of the page of findings.
pub(crate) const PAGE: &str = "/admin/orders/reconcile";
/// Many findings disappear by themselves earlier.
const TELL_AFTER: SignedDuration = SignedDuration::from_mins(10);
const BETWEEN_NOTICES: SignedDuration = SignedDuration::from_hours(1);

web::words! {
    /// The kind of a finding.
    FindingKind {
        /// The gateway has a payment for an order of this site, but the site has no record of the
        /// payment.
        MissingHere = "missing_here" => "finding-missing-here",
        /// The site has a record of a payment that the gateway does not know.
        MissingThere = "missing_there" => "finding-missing-there",
        /// A payment whose amount differs from its order's was not refunded.
        AmountMismatch = "amount_mismatch" => "finding-amount-mismatch",
        /// An order's state does not agree with its payments and refunds.
        StateMismatch = "state_mismatch" => "finding-state-mismatch",
        /// A second payment for an order was not refunded.
        DuplicateCapture = "duplicate_capture" => "finding-duplicate-capture",
        /// The gateway reported a payment or refund for an order that this site does not know.
        UnmatchedEvent = "unmatched_event" => "finding-unmatched-event",
        /// A refund failed, so the payer has not received the money.
        RefundDrift = "refund_drift" => "finding-refund-drift",
        /// The amount that a provider is owed is not the amount in the booking.
        PayoutDrift = "payout_drift" => "finding-payout-drift",
        /// The nightly check has found that the site's records contradict each other.
        Contradiction = "contradiction" => "finding-contradiction",
    }
}

impl FindingKind {
    /// The message id of the remedy.
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::MissingHere | Self::MissingThere => "finding-ask-gateway",
            Self::AmountMismatch | Self::DuplicateCapture => "finding-pay-back",
            Self::StateMismatch => "finding-follow-payments",
            Self::UnmatchedEvent => "finding-read-again",
            Self::RefundDrift => "finding-refund-again",
            Self::PayoutDrift => "finding-owe-again",
            Self::Contradiction => "finding-verify-again",
        }
    }

    /// A finding about an event for an unknown order stays closed.
    fn reopens(self) -> bool {
        self != Self::UnmatchedEvent
    }
}

web::words! {
    /// The state of a finding.
    FindingState {
        /// A person must apply the remedy, unless the finding disappears by itself.
        Open = "open" => "finding-open",
        /// The finding disappeared by itself.
        Healed = "healed" => "finding-healed",
        /// A person has applied its remedy.
        Applied = "applied" => "finding-applied",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
#[row(table = "finding")]
#[schema(as = BookingFinding)]
pub struct Finding {
    pub id: FindingId,
    pub kind: FindingKind,
    /// The id of the payment, order, refund, event or booking that the finding is about; for a
    /// contradiction, the text of the nightly check.
    pub subject: String,
    pub order_id: Option<OrderId>,
    pub gateway: Option<GatewayName>,
    pub state: FindingState,
    /// How often it was found.
    pub times: i64,
    /// When the finding was last opened.
    pub found_at: Timestamp,
    pub settled_at: Option<Timestamp>,
    /// The account that applied the remedy; null if nobody has.
    pub settled_by: Option<AccountId>,
}

/// Stores a finding, or opens it again if it was closed. Administrators are told of it later.
pub(crate) fn note(
    tx: &mut Tx<'_>,
    kind: FindingKind,
    subject: &str,
    order_id: Option<OrderId>,
    gateway: Option<GatewayName>,
) -> Result<(), StoreError> {
    let new = Finding {
        id: tx.id(),
        kind,
        subject: subject.to_owned(),
        order_id,
        gateway,
        state: FindingState::Open,
        times: 1,
        found_at: tx.now(),
        settled_at: None,
        settled_by: None,
    };
    let mut is_new = tx.insert_new(&new)?;
    if !is_new {
        let reopened = sql!(
            "UPDATE finding SET state = 'open', times = times + 1, found_at = :now,
                 settled_at = NULL, settled_by = NULL
             WHERE kind = :kind AND subject = :subject
               AND (state = 'healed' OR state = 'applied' AND :reopens = 1)",
            kind,
            subject,
            reopens = kind.reopens(),
            now = tx.now()
        )
        .run(tx, Rows::AtMostOne)?;
        is_new = reopened == 1;
    }
    if is_new {
        let (told,): (Timestamp,) =
            tx.one(sql!("SELECT findings_told_at FROM booking_setting"), &[])?;
        let at = (tx.now() + TELL_AFTER).max(told + BETWEEN_NOTICES);
        tx.enqueue(NewJob {
            key: Some(KIND.to_owned()),
            run_at: Some(at),
            ..NewJob::new(KIND, json!({}))
        })?;
    }
    Ok(())
}

/// Closes the open findings of a kind if `is_gone` returns true for them.
pub(crate) fn heal(
    tx: &mut Tx<'_>,
    kind: FindingKind,
    is_gone: impl Fn(&Finding) -> bool,
) -> Result<(), StoreError> {
    let open: Vec<Finding> = sql!(
        "SELECT {Finding} FROM finding WHERE kind = :kind AND state = 'open'",
        kind
    )
    .all(tx)?;
    for one in open.iter().filter(|one| is_gone(one)) {
        sql!(
            "UPDATE finding SET state = 'healed', settled_at = :now
             WHERE id = :id AND state = 'open'",
            id = one.id,
            now = tx.now()
        )
        .run(tx, Rows::AtMostOne)?;
    }
    Ok(())
}

/// Tells administrators how many findings are open, at most once an hour.
pub(crate) fn tell(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let open = count_open(tx)?;
    if open == 0 {
        return Ok(());
    }
    let now = tx.now();
    let may = sql!(
        "UPDATE booking_setting SET findings_told_at = :now WHERE findings_told_at <= :before",
        now,
        before = now - BETWEEN_NOTICES
    )
    .run(tx, Rows::AtMostOne)?;
    if may == 0 {
        return Ok(());
    }
    // The text of a notice is no number, so that the message cannot choose the plural.
    let notice = match open {
        1 => "booking-notice-finding",
        _ => "booking-notice-findings",
    };
    administrator_alert::raise_total(tx, AlertKind::Findings, notice, open)
}

pub fn count_open(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    let count = sql!("SELECT COUNT(*) FROM finding WHERE state = 'open'");
    let (count,): (i64,) = tx.one(count, &[])?;
    Ok(count)
}

pub fn find(tx: &mut Tx<'_>, id: &FindingId) -> Result<Option<Finding>, StoreError> {
    tx.find(id)
}

/// Marks a finding as settled by a person. Returns `false` if it was settled meanwhile.
pub(crate) fn settle(tx: &mut Tx<'_>, id: &FindingId, by: &AccountId) -> Result<bool, StoreError> {
    let settled = sql!(
        "UPDATE finding SET state = 'applied', settled_at = :now, settled_by = :by
         WHERE id = :id AND state = 'open'",
        id,
        by,
        now = tx.now()
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(settled == 1)
}

/// The sort key of findings.
pub type Newest = (Timestamp, FindingId);

/// Lists the findings in this state, newest first.
pub fn list(
    tx: &mut Tx<'_>,
    state: FindingState,
    before: Option<&Newest>,
    rows: i64,
) -> Result<Vec<Finding>, StoreError> {
    sql!(
        "SELECT {Finding} FROM finding
         WHERE state = :state AND (found_at < :at OR (found_at = :at AND id < :id))
         ORDER BY found_at DESC, id DESC LIMIT :rows",
        state,
        at = before.map_or(Timestamp::MAX, |(at, _)| *at),
        id = before.map_or("", |(_, id)| id.as_str()),
        rows
    )
    .all(tx)
}
