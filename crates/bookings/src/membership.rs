//! Memberships: paid plans open a tier for some months, and some credits can only be used by
//! members of a tier.

use identity::account::AccountId;
use jiff::{Span, Timestamp};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::Serialize;
use utoipa::ToSchema;
use web::{Problem, Site};

use crate::codes::TIER_REQUIRED;
use crate::order::{self, Order, OrderId, OrderMode, PartyId};
use crate::{Refusal, credit, credit_kind};

#[derive(Clone, Debug, PartialEq, Eq, Row)]
struct Period {
    order_id: OrderId,
    party_id: PartyId,
    tier: i64,
    starts_at: Timestamp,
    ends_at: Timestamp,
    /// The months of all periods that extend each other are counted from this start.
    first_start: Timestamp,
    months: i64,
}

/// A membership of an account.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
pub struct Membership {
    /// The order that opened the membership.
    pub order_id: OrderId,
    /// The name of the plan.
    pub plan: String,
    /// The tier, at least 1.
    pub tier: i64,
    /// When the membership begins.
    pub starts_at: Timestamp,
    /// When the membership ends.
    pub ends_at: Timestamp,
    /// Whether documents can be reviewed in a call during the membership.
    pub review_calls: bool,
}

/// The memberships of an account that have not ended, in the order of their starts. Those that were
/// refunded or are disputed are left out. If `mode` is live, so are those that were bought with
/// test money.
pub fn of_account(
    tx: &mut Tx<'_>,
    account: &AccountId,
    mode: OrderMode,
) -> Result<Vec<Membership>, StoreError> {
    let all: Vec<Membership> = sql!(
        "SELECT m.order_id, COALESCE(n.name, '') AS plan, m.tier, m.starts_at, m.ends_at, o.review_calls
         FROM membership m JOIN money_party p ON p.id = m.party_id
         JOIN booking_order o ON o.id = m.order_id LEFT JOIN plan n ON n.id = o.plan_id
         WHERE p.account_id = :account AND m.ends_at > :now AND o.state IN ('paid', 'partially_refunded')
             AND (o.mode = 'live' OR :mode = 'test')
         ORDER BY m.starts_at, m.order_id",
        account,
        mode,
        now = tx.roughly_now()
    )
    .all(tx)?;
    let mut valid = Vec::new();
    for one in all {
        if !order::is_disputed(tx, &one.order_id)? {
            valid.push(one);
        }
    }
    Ok(valid)
}

/// The membership of an account that ends at this instant, unless another membership of the same or
/// a higher tier continues.
pub(crate) fn ending(
    tx: &mut Tx<'_>,
    account: &AccountId,
    at: Timestamp,
    mode: OrderMode,
) -> Result<Option<Membership>, StoreError> {
    let all = of_account(tx, account, mode)?;
    let ends = all.iter().filter(|one| one.ends_at == at);
    let highest = ends.max_by_key(|one| one.tier).cloned();
    Ok(highest.filter(|one| {
        !all.iter()
            .any(|other| other.tier >= one.tier && other.starts_at <= at && other.ends_at > at)
    }))
}

/// Whether an account may use credits of a kind now.
pub(crate) fn covers(
    tx: &mut Tx<'_>,
    account: &AccountId,
    kind: &str,
    mode: OrderMode,
) -> Result<bool, StoreError> {
    let needed = credit_kind::min_tier(tx, kind)?;
    if needed == 0 {
        return Ok(true);
    }
    let now = tx.roughly_now();
    let all = of_account(tx, account, mode)?;
    Ok(all
        .iter()
        .any(|one| one.tier >= needed && one.starts_at <= now))
}

/// Whether an account has a membership now whose plan allows reviews in a call.
pub(crate) fn allows_calls(
    tx: &mut Tx<'_>,
    account: &AccountId,
    mode: OrderMode,
) -> Result<bool, StoreError> {
    let now = tx.roughly_now();
    let all = of_account(tx, account, mode)?;
    Ok(all
        .iter()
        .any(|one| one.review_calls && one.starts_at <= now))
}

/// Refuses with 403 `tier_required` if [`covers`] is false. The error names a plan that opens the
/// required tier.
pub(crate) fn check(
    tx: &mut Tx<'_>,
    account: &AccountId,
    kind: &str,
    mode: OrderMode,
) -> Result<(), Refusal> {
    if covers(tx, account, kind, mode)? {
        return Ok(());
    }
    let needed = credit_kind::min_tier(tx, kind)?;
    let mut problem = Problem::from(TIER_REQUIRED);
    if let Some(plan) = first_plan(tx, needed)? {
        problem = problem.with("plan", plan);
    }
    Err(Refusal::Problem(problem.with("upgrade_url", "/book/plans")))
}

/// The plan on sale with the lowest tier of at least `tier`.
fn first_plan(tx: &mut Tx<'_>, tier: i64) -> Result<Option<String>, StoreError> {
    let found: Option<(String,)> = sql!(
        "SELECT name FROM plan
         WHERE active = 1 AND tier >= :tier AND (sale_limit = 0 OR sold < sale_limit)
         ORDER BY tier, position, id LIMIT 1",
        tier
    )
    .maybe(tx)?;
    Ok(found.map(|(name,)| name))
}

/// Opens the membership that a paid order grants. It begins when the last membership of the same or
/// a higher tier ends, or now if there is none.
pub(crate) fn open(tx: &mut Tx<'_>, site: &Site, order: &Order) -> Result<(), StoreError> {
    let now = tx.now();
    let last: Option<Period> = sql!(
        "SELECT {m: Period} FROM membership m JOIN booking_order o ON o.id = m.order_id
         WHERE m.party_id = :party AND m.tier >= :tier AND m.ends_at > :now AND o.state IN ('paid', 'partially_refunded')
             AND (o.mode = 'live' OR :mode = 'test')
         ORDER BY m.ends_at DESC, m.order_id LIMIT 1",
        party = order.party_id,
        tier = order.grant.tier,
        mode = order.mode,
        now
    )
    .maybe(tx)?;
    let starts_at = last.as_ref().map_or(now, |last| last.ends_at);
    let same = last.filter(|last| last.tier == order.grant.tier);
    let (first_start, before) = same.map_or((starts_at, 0), |last| (last.first_start, last.months));
    let months = before + order.grant.months.clamp(1, 36);
    let first = first_start.to_zoned(site.settings.time_zone.clone());
    let ends_at = first.checked_add(Span::new().months(months));
    let ends_at = ends_at.map_err(|_| StoreError::rule("a membership beyond all calendars"))?;
    let period = Period {
        order_id: order.id.clone(),
        party_id: order.party_id.clone(),
        tier: order.grant.tier,
        starts_at,
        ends_at: ends_at.timestamp(),
        first_start,
        months,
    };
    sql!(
        "INSERT INTO membership ({Period}) VALUES ({:Period})",
        Period = period
    )
    .run(tx, Rows::Exactly(1))?;
    credit::plan_end(tx, &period.party_id, period.ends_at)
}
