//! Unused credits that are taken away with a refund of a part of what was paid for them. The refund
//! keeps which ones; while it is under way, nobody can spend them.

use platform::money::Money;
use platform::store::Json;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use web::Problem;

use super::Refund;
use crate::Refusal;
use crate::codes::CREDITS_CHANGED;
use crate::credit::{self, CreditReason, Lot, LotId};
use crate::order::OrderId;

/// The unused credits of a lot that a refund pays back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundedCredits {
    lot_id: LotId,
    count: i64,
}

/// How many of an order's credits are used, beside those that a refund under way pays back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub used: i64,
    pub granted: i64,
}

impl Usage {
    pub fn unused(self) -> i64 {
        self.granted - self.used
    }

    /// The share of `paid` that is due to the unused credits, rounded down.
    pub fn share(self, paid: Money) -> Money {
        let part = i128::from(paid.minor) * i128::from(self.unused());
        let part = part.checked_div(i128::from(self.granted)).unwrap_or(0);
        Money::new(i64::try_from(part).unwrap_or(0), paid.currency)
    }
}

pub(crate) fn usage(tx: &mut Tx<'_>, order: &OrderId) -> Result<Usage, StoreError> {
    let lots: Vec<Lot> = sql!(
        "SELECT {Lot} FROM credit_lot WHERE order_id = :order",
        order
    )
    .all(tx)?;
    let promised: i64 = promised(tx, order)?.iter().map(|one| one.count).sum();
    let granted: i64 = lots.iter().map(|lot| lot.granted).sum();
    Ok(Usage {
        used: lots.iter().map(|lot| lot.used).sum(),
        granted: granted - promised,
    })
}

fn promised(tx: &mut Tx<'_>, order: &OrderId) -> Result<Vec<RefundedCredits>, StoreError> {
    let under_way: Vec<Refund> = sql!(
        "SELECT {f: Refund} FROM refund f JOIN payment p ON p.id = f.payment_id
         WHERE p.order_id = :order AND f.state IN ('requested', 'submitted')",
        order
    )
    .all(tx)?;
    Ok(under_way.into_iter().flat_map(|one| one.credits).collect())
}

/// Takes the unused credits of an order with a refund of it, which has just been requested, so that
/// nobody can spend them. Refuses with 409 `credits_changed` if not `used` of them are used: then the
/// sum was decided about other credits.
pub(crate) fn take_with(
    tx: &mut Tx<'_>,
    order: &OrderId,
    refund: &Refund,
    used: i64,
) -> Result<(), Refusal> {
    let lots: Vec<Lot> = sql!(
        "SELECT {Lot} FROM credit_lot WHERE order_id = :order ORDER BY id FOR NO KEY UPDATE",
        order
    )
    .all(tx)?;
    let used_now: i64 = lots.iter().map(|lot| lot.used).sum();
    if used_now != used {
        let problem = Problem::from(CREDITS_CHANGED);
        return Err(Refusal::Problem(problem.with("used", used_now)));
    }
    let promised = promised(tx, order)?;
    let credits = lots.into_iter().map(|lot| {
        let others = promised.iter().filter(|one| one.lot_id == lot.id);
        let count = lot.granted - lot.used - others.map(|one| one.count).sum::<i64>();
        let lot_id = lot.id;
        RefundedCredits { lot_id, count }
    });
    let credits: Vec<_> = credits.filter(|one| one.count > 0).collect();
    sql!(
        "UPDATE refund SET credits = :credits WHERE id = :id",
        id = refund.id,
        credits = Json(credits)
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// Whether the credits of a failed refund are still unused.
pub(crate) fn are_unused(tx: &mut Tx<'_>, refund: &Refund) -> Result<bool, StoreError> {
    for one in &refund.credits {
        let lot = credit::find(tx, &one.lot_id)?;
        if lot.granted - lot.used < one.count {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Takes away the credits of a refund that is processed.
pub(crate) fn take(tx: &mut Tx<'_>, refund: &Refund) -> Result<(), StoreError> {
    for one in &refund.credits {
        let lot = credit::find(tx, &one.lot_id)?;
        let count = one.count.min(lot.granted - lot.used);
        if count > 0 {
            sql!(
                "UPDATE credit_lot SET granted = granted - :count WHERE id = :id",
                id = lot.id,
                count
            )
            .run(tx, Rows::Exactly(1))?;
            let (reason, subject) = (CreditReason::Refunded, refund.id.as_str());
            credit::enter(tx, &lot.id, -count, reason, subject)?;
        }
    }
    Ok(())
}
