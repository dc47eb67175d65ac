//! Limits how many host names may be set, and how many certificates may be ordered. Certificate
//! authorities set limits for each installation. So a single account must not use up the whole
//! limit.

use identity::account::AccountId;
use jiff::{SignedDuration, Timestamp};
use platform::{Rows, StoreError, Tx, sql};

use crate::id::OccasionId;

/// The maximum number of new names per occasion and day.
pub const NAMES_A_DAY: i64 = 5;
/// The maximum number of new names per account and day, counted over all its occasions.
pub const NAMES_A_DAY_OF_ACCOUNT: i64 = 10;
/// The maximum number of certificate orders per account and week, counted over all its occasions.
pub const ORDERS_A_WEEK_OF_ACCOUNT: i64 = 10;
/// The maximum number of certificate orders per day, for all occasions.
pub const ORDERS_A_DAY: i64 = 50;

const DAY: SignedDuration = SignedDuration::from_hours(24);
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

#[derive(Clone, Copy)]
enum Use {
    Name,
    Order,
}

impl Use {
    fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Order => "order",
        }
    }
}

/// Counts a new name. `Err` contains the number of seconds until another name may be set.
pub(super) fn take_name(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    account: &AccountId,
) -> Result<Result<(), u32>, StoreError> {
    lock(tx)?;
    let since = tx.now() - DAY;
    let of_occasion: (i64, Option<Timestamp>) = sql!(
        "SELECT COUNT(*), MIN(used_at) FROM own_domain_use
         WHERE kind = :kind AND used_at > :since AND occasion = :occasion",
        kind = Use::Name.word(),
        since,
        occasion
    )
    .one(tx)?;
    let of_account = of_account(tx, Use::Name, account.as_str(), since)?;
    for ((count, first), most) in [
        (of_occasion, NAMES_A_DAY),
        (of_account, NAMES_A_DAY_OF_ACCOUNT),
    ] {
        if count >= most {
            let wait = first.map_or(DAY, |first| first.duration_since(since));
            return Ok(Err(u32::try_from(wait.as_secs()).unwrap_or(1).max(1)));
        }
    }
    add(tx, Use::Name, occasion, account.as_str()).map(Ok)
}

/// Counts an order for a certificate. Returns false if a limit is reached.
pub(super) fn take_order(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    account: &str,
) -> Result<bool, StoreError> {
    lock(tx)?;
    let now = tx.now();
    let (all,): (i64,) = sql!(
        "SELECT COUNT(*) FROM own_domain_use WHERE kind = :kind AND used_at > :since",
        kind = Use::Order.word(),
        since = now - DAY
    )
    .one(tx)?;
    let (of_account, _) = of_account(tx, Use::Order, account, now - WEEK)?;
    if all >= ORDERS_A_DAY || of_account >= ORDERS_A_WEEK_OF_ACCOUNT {
        return Ok(false);
    }
    add(tx, Use::Order, occasion, account)?;
    Ok(true)
}

/// Deletes the counted actions that are too old to count for any limit.
pub(super) fn tidy(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM own_domain_use WHERE used_at <= :since",
        since = tx.now() - WEEK
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

pub(super) fn forget_account(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    sql!(
        "UPDATE own_domain_use SET account = '' WHERE account = :account",
        account
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// Returns how many actions of an account were counted after `since`, and the time of the first of
/// them.
fn of_account(
    tx: &mut Tx<'_>,
    kind: Use,
    account: &str,
    since: Timestamp,
) -> Result<(i64, Option<Timestamp>), StoreError> {
    sql!(
        "SELECT COUNT(*), MIN(used_at) FROM own_domain_use
         WHERE kind = :kind AND used_at > :since AND account = :account",
        kind = kind.word(),
        since,
        account
    )
    .one(tx)
}

fn lock(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let _: (i64,) = tx.one(
        sql!("SELECT id FROM own_domain_limit WHERE id = 1 FOR NO KEY UPDATE"),
        &[],
    )?;
    Ok(())
}

fn add(tx: &mut Tx<'_>, kind: Use, occasion: &OccasionId, account: &str) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO own_domain_use (kind, account, occasion, used_at)
         VALUES (:kind, :account, :occasion, :now)",
        kind = kind.word(),
        account,
        occasion,
        now = tx.now()
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}
