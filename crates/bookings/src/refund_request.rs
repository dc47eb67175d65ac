//! Requests for a refund: the payer of an order asks for the money back. Where the site's policy
//! grants it, all of it goes back at once; otherwise administrators answer.

use identity::account::AccountId;
use identity::notification::{self, NewNotification};
use identity::session::sudo;
use jiff::Timestamp;
use platform::audit::Entity;
use platform::money::Money;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use site::proof::Requester;
use utoipa::ToSchema;
use web::{Findings, Problem, Site};

use crate::codes::REFUND_REQUEST_SETTLED;
use crate::order::{self, Order, OrderId};
use crate::refund::manual::{self, Clause};
use crate::settings::Administrator;
use crate::{Refusal, notice, refund};

/// The path of the administrators' list.
pub(crate) const PAGE: &str = "/admin/refunds";
/// The maximum length of a text, and the minimum length of the reason for a refusal, in characters.
const TEXT: usize = 500;
const SHORTEST: usize = 5;

platform::id!(RefundRequestId, random, "One request for an order's money.");

web::words! {
    #[schema(as = BookingRefundRequestState)]
    RefundRequestState {
        /// Administrators have not answered yet.
        Open = "open" => "refund-request-open",
        /// Money goes back.
        Granted = "granted" => "refund-request-granted",
        /// Nothing goes back.
        Refused = "refused" => "refund-request-refused",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
#[row(table = "refund_request")]
#[schema(as = BookingRefundRequest)]
pub struct RefundRequest {
    pub id: RefundRequestId,
    pub order_id: OrderId,
    /// What the payer wrote, 5–500 characters.
    pub text: String,
    pub state: RefundRequestState,
    /// What goes back, in minor units; 0 unless the request is granted.
    pub amount_minor: i64,
    /// The administrators' answer, up to 500 characters.
    pub reason: String,
    #[serde(skip)]
    pub decided_by: Option<AccountId>,
    pub decided_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// A request as administrators read it.
#[derive(Clone, Debug, Row, Serialize, ToSchema)]
#[schema(as = BookingRefundRequestRecord)]
pub struct RefundRequestRecord {
    #[serde(flatten)]
    #[row(flatten)]
    pub request: RefundRequest,
    /// The plan's name, or the booking's title.
    pub title: String,
    /// The payer's name; null after their account was erased.
    pub payer: Option<String>,
    /// How many credits the order granted; 0 for a booking.
    pub credits: i64,
    /// How many of them are used.
    pub credits_used: i64,
}

/// How the payer of an order gets money back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The policy grants it: all that is left of the payment goes back.
    AtOnce,
    /// Administrators answer.
    Ask,
}

/// How the payer of an order can ask for money now; `None` if nothing is left of the payment, if the
/// session is to come, so that cancelling it gives money back, and no seat of it was given back late, or
/// if a request is open.
pub(crate) fn way(tx: &mut Tx<'_>, order: &Order) -> Result<Option<Way>, StoreError> {
    if !order.is_paid() || refund::left_of_order(tx, order)? <= 0 {
        return Ok(None);
    }
    let latest = find_latest(tx, &order.id)?;
    if latest.is_some_and(|one| one.state == RefundRequestState::Open) {
        return Ok(None);
    }
    Ok(match manual::clause(tx, order)? {
        Clause::Unused => Some(Way::AtOnce),
        Clause::ToCome if has_late_seats(tx, order)? => Some(Way::Ask),
        Clause::ToCome => None,
        Clause::Late | Clause::Used | Clause::CancelledLate | Clause::Over | Clause::None => {
            Some(Way::Ask)
        }
    })
}

/// Whether seats of a class that the order pays for were given back late.
fn has_late_seats(tx: &mut Tx<'_>, order: &Order) -> Result<bool, StoreError> {
    let (late,): (i64,) = sql!(
        "SELECT COUNT(*) FROM booking_seat t JOIN booking b ON b.id = t.booking_id
         WHERE b.order_id = :order AND t.state = 'cancelled' AND t.is_late = 1",
        order = order.id
    )
    .one(tx)?;
    Ok(late > 0)
}

/// The latest request for an order's money.
pub(crate) fn find_latest(
    tx: &mut Tx<'_>,
    order: &OrderId,
) -> Result<Option<RefundRequest>, StoreError> {
    sql!(
        "SELECT {RefundRequest} FROM refund_request WHERE order_id = :order
         ORDER BY created_at DESC, id DESC LIMIT 1",
        order
    )
    .maybe(tx)
}

/// Counts the requests that nobody has answered.
pub(crate) fn count_open(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    let count = sql!("SELECT COUNT(*) FROM refund_request WHERE state = 'open'");
    let (count,): (i64,) = tx.one(count, &[])?;
    Ok(count)
}

/// Lists the open requests, the oldest first. `after` is the last one of the previous page.
pub fn list(
    tx: &mut Tx<'_>,
    after: Option<&(Timestamp, RefundRequestId)>,
    rows: i64,
) -> Result<Vec<RefundRequestRecord>, StoreError> {
    sql!(
        "SELECT {r: RefundRequest}, COALESCE(n.name, b.title, '') AS title,
             a.display_name AS payer,
             (SELECT CAST(COALESCE(SUM(l.granted), 0) AS BIGINT) FROM credit_lot l
              WHERE l.order_id = o.id) AS credits,
             (SELECT CAST(COALESCE(SUM(l.used), 0) AS BIGINT) FROM credit_lot l
              WHERE l.order_id = o.id) AS credits_used
         FROM refund_request r JOIN booking_order o ON o.id = r.order_id
         JOIN money_party p ON p.id = o.party_id LEFT JOIN account a ON a.id = p.account_id
         LEFT JOIN booking b ON b.order_id = o.id LEFT JOIN plan n ON n.id = o.plan_id
         WHERE r.state = 'open' AND (r.created_at > :at OR (r.created_at = :at AND r.id > :id))
         ORDER BY r.created_at, r.id LIMIT :rows",
        at = after.map_or(Timestamp::MIN, |(at, _)| *at),
        id = after.map_or("", |(_, id)| id.as_str()),
        rows
    )
    .all(tx)
}

/// What a payer's request led to.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = BookingRefundAnswer)]
pub struct Asked {
    /// What goes back at once, in minor units; 0 if administrators answer.
    pub amount_minor: i64,
    /// The request; null if the money goes back at once.
    pub request: Option<RefundRequest>,
}

/// Asks for the money of an own order. While a request is open, another one changes nothing. Refuses
/// with 422 `refund_not_eligible` where nothing can be asked for.
pub fn ask(
    tx: &mut Tx<'_>,
    site: &Site,
    by: &Requester,
    order: &OrderId,
    text: &str,
) -> Result<Asked, Refusal> {
    let payer = &by.who.account().id;
    order::own(tx, payer, order)?.ok_or(Refusal::NotFound)?;
    order::lock(tx, order)?;
    let order = order::own(tx, payer, order)?.ok_or(Refusal::NotFound)?;
    let open = find_latest(tx, &order.id)?.filter(|one| one.state == RefundRequestState::Open);
    if open.is_some() {
        return Ok(Asked {
            amount_minor: 0,
            request: open,
        });
    }
    match way(tx, &order)? {
        None => Err(not_eligible(tx, &order)?),
        Some(Way::AtOnce) => pay_back(tx, by, &order),
        Some(Way::Ask) => insert(tx, site, by, &order, text),
    }
}

fn not_eligible(tx: &mut Tx<'_>, order: &Order) -> Result<Refusal, StoreError> {
    let clause = manual::clause(tx, order)?;
    let problem = Problem::from(crate::codes::REFUND_NOT_ELIGIBLE);
    Ok(Refusal::Problem(problem.with("clause", clause.word())))
}

fn pay_back(tx: &mut Tx<'_>, by: &Requester, order: &Order) -> Result<Asked, Refusal> {
    let back = refund::request_of_order(tx, order, manual::POLICY)?;
    // The credits are frozen now. One that was spent meanwhile changes what the policy says.
    if manual::clause(tx, order)? != Clause::Unused {
        return Err(not_eligible(tx, order)?);
    }
    let amount_minor = back.map_or(0, |back| back.minor);
    record(tx, by, order, "refund.asked", amount_minor)?;
    Ok(Asked {
        amount_minor,
        request: None,
    })
}

fn insert(
    tx: &mut Tx<'_>,
    site: &Site,
    by: &Requester,
    order: &Order,
    text: &str,
) -> Result<Asked, Refusal> {
    let mut findings = Findings::default();
    let text = findings.text("/text", text, TEXT);
    if text.chars().count() < SHORTEST {
        findings.add("/text", "too_short", [("min", SHORTEST.into())]);
    }
    findings.finish()?;
    let request = RefundRequest {
        id: tx.id(),
        order_id: order.id.clone(),
        text,
        state: RefundRequestState::Open,
        amount_minor: 0,
        reason: String::new(),
        decided_by: None,
        decided_at: None,
        created_at: tx.now(),
    };
    tx.insert(&request)?;
    record(tx, by, order, "refund.asked", 0)?;
    let told = NewNotification {
        kind: "refund-request-notice",
        about: &by.who.account().display_name,
        href: PAGE,
    };
    notice::tell_administrators(tx, site, told)?;
    Ok(Asked {
        amount_minor: 0,
        request: Some(request),
    })
}

/// An administrator's answer to a request.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BookingRefundDecision)]
pub struct Decision {
    /// What goes back, in minor units, at most what is left of the payment; 0 refuses the request.
    pub amount_minor: i64,
    /// The reason, 5–500 characters; may be omitted where money goes back. The payer reads it.
    #[serde(default)]
    pub reason: String,
    /// If the refund takes the order's unused credits away, how many were used when the sum was
    /// decided; another number is refused with 409 `credits_changed`. If null, the credits stay.
    #[serde(default)]
    pub credits_used: Option<i64>,
}

/// Answers an open request, as an administrator.
pub fn decide(
    tx: &mut Tx<'_>,
    site: &Site,
    by: &Administrator,
    id: &RefundRequestId,
    new: &Decision,
) -> Result<RefundRequest, Refusal> {
    let who = &by.requester().who;
    sudo::require::<Refusal>(tx, who)?;
    let found: RefundRequest = tx.find(id)?.ok_or(Refusal::NotFound)?;
    order::lock(tx, &found.order_id)?;
    let (request, order): (RefundRequest, _) = (tx.load(id)?, order::find(tx, &found.order_id)?);
    let order = order.ok_or(Refusal::NotFound)?;
    if request.state != RefundRequestState::Open {
        return Err(REFUND_REQUEST_SETTLED.into());
    }
    let left = refund::left_of_order(tx, &order)?;
    let mut findings = Findings::default();
    if !(0..=left).contains(&new.amount_minor) {
        let most = Money::new(left, order.currency);
        crate::amount_range::add_amount_range(&mut findings, "/amount_minor", most);
    }
    let is_granted = new.amount_minor > 0;
    let least = if is_granted { 0 } else { SHORTEST };
    let reason = findings.line("/reason", &new.reason, least, TEXT);
    findings.finish()?;
    let request = RefundRequest {
        state: if is_granted {
            RefundRequestState::Granted
        } else {
            RefundRequestState::Refused
        },
        amount_minor: new.amount_minor,
        reason,
        decided_by: Some(who.account().id.clone()),
        decided_at: Some(tx.now()),
        ..request
    };
    tx.update(&request)?;
    if is_granted {
        let reason = match request.reason.as_str() {
            "" => ASKED,
            reason => reason,
        };
        let by_account = Some(&who.account().id);
        let payment = refund::settling(tx, &order)?.ok_or(Refusal::NotFound)?;
        let refund = refund::reserve(tx, &payment, new.amount_minor, reason, by_account)?;
        if let Some(used) = new.credits_used {
            refund::credits::take_with(tx, &order.id, &refund, used)?;
        }
    }
    let action = if is_granted {
        "refund.requested"
    } else {
        "refund.refused"
    };
    record(tx, by.requester(), &order, action, request.amount_minor)?;
    tell(tx, site, &order, &request)?;
    Ok(request)
}

/// The reason that is stored in refunds that were asked for and granted without a reason.
pub(crate) const ASKED: &str = "asked";

fn tell(
    tx: &mut Tx<'_>,
    site: &Site,
    order: &Order,
    request: &RefundRequest,
) -> Result<(), StoreError> {
    let (account,): (Option<AccountId>,) = sql!(
        "SELECT account_id FROM money_party WHERE id = :party",
        party = order.party_id
    )
    .one(tx)?;
    let href = format!("/pay/{}", order.id);
    let (subject, said) = match request.state {
        RefundRequestState::Granted => {
            ("refund-request-mail-granted", "refund-request-said-granted")
        }
        _ => ("refund-request-mail-refused", "refund-request-said-refused"),
    };
    // A refused request names what was paid.
    let sum = match request.state {
        RefundRequestState::Granted => Money::new(request.amount_minor, order.currency),
        _ => order.amount(),
    };
    notice::mail(tx, site, account.as_ref(), |text| {
        let values = [
            ("sum", text.money(sum).into()),
            ("about", text.money(sum).into()),
            ("site", site.settings.name.as_str().into()),
        ];
        let mut body = text.with(said, &values);
        if !request.reason.is_empty() {
            body = format!("{body}\n\n“{}”", request.reason);
        }
        let page = site.url().join(&href);
        let body = format!("{body}\n\n{page}\n\n{}\n", site.settings.name);
        (text.with(subject, &values), body)
    })?;
    let Some(account) = account else {
        return Ok(());
    };
    let about = notice::sum(tx, site, Some(&account), sum)?;
    let told = NewNotification {
        kind: subject,
        about: &about,
        href: &href,
    };
    notification::tell_on_site(tx, &account, told)
}

/// Not the texts, because the log outlives accounts.
fn record(
    tx: &mut Tx<'_>,
    by: &Requester,
    order: &Order,
    action: &'static str,
    amount_minor: i64,
) -> Result<(), StoreError> {
    let changes = json!([{"field": "amount_minor", "old": null, "new": amount_minor}]);
    by.record(
        tx,
        Entity::new("order", order.id.to_string()),
        action,
        changes,
    )
}

/// Exports the requests of an account's owner.
pub(crate) fn export(tx: &mut Tx<'_>, account: &AccountId) -> Result<Value, StoreError> {
    let all: Vec<RefundRequest> = sql!(
        "SELECT {r: RefundRequest} FROM refund_request r JOIN booking_order o ON o.id = r.order_id
         JOIN money_party p ON p.id = o.party_id
         WHERE p.account_id = :account ORDER BY r.created_at, r.id",
        account
    )
    .all(tx)?;
    Ok(json!(all))
}

/// Erases the texts of the requests of an account's owner.
pub(crate) fn erase(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    sql!(
        "UPDATE refund_request SET text = '', reason = ''
         WHERE order_id IN (SELECT o.id FROM booking_order o JOIN money_party p ON p.id = o.party_id
                            WHERE p.account_id = :account)",
        account
    )
    .run(tx, Rows::Any)?;
    sql!(
        "UPDATE refund_request SET decided_by = NULL WHERE decided_by = :account",
        account
    )
    .run(tx, Rows::Any)?;
    Ok(())
}
