//! What waits for somebody in bookings: the numbers in the menu, and what their pages begin with.

use identity::account::AccountId;
use jiff::SignedDuration;
use platform::id::Id as _;
use platform::{StoreError, Tx, sql};
use web::{Site, Text};

use crate::{finding, no_show_claim, order, payout, refund_request, request, review};

/// The path of a provider's calendar.
pub(crate) const CALENDAR: &str = "/me/slots";
const BOOKINGS: &str = "/me/slots/bookings";
const OWN: &str = "/me/bookings";
/// A request that is older than this waits for administrators too.
const UNANSWERED: SignedDuration = SignedDuration::from_hours(48);

/// Some things of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ToDo {
    /// The page of the menu that shows the number.
    menu: &'static str,
    /// The page where they are done.
    href: &'static str,
    /// A message that says `$count` of them.
    label: &'static str,
    count: i64,
}

impl ToDo {
    /// The path of the page where they are done, and what waits.
    pub(crate) fn line(&self, text: &Text) -> (&'static str, String) {
        (
            self.href,
            text.with(self.label, [("count", self.count.into())]),
        )
    }
}

pub(crate) fn lines(all: &[ToDo], text: &Text) -> Vec<(&'static str, String)> {
    all.iter().map(|one| one.line(text)).collect()
}

/// What waits, of what is listed: menu's page, page, message, count.
fn list<const N: usize>(all: [(&'static str, &'static str, &'static str, i64); N]) -> Vec<ToDo> {
    let all = all.into_iter().filter(|(.., count)| *count > 0);
    let all = all.map(|(menu, href, label, count)| ToDo {
        menu,
        href,
        label,
        count,
    });
    all.collect()
}

/// What a member has to pay or to answer.
pub(crate) fn of_member(tx: &mut Tx<'_>, account: &str) -> Result<Vec<ToDo>, StoreError> {
    let (unpaid, claims): (i64, i64) = sql!(
        "SELECT (SELECT COUNT(*) FROM booking
                 WHERE member_id = :account AND state = 'pending_payment' AND starts_at > :now),
             (SELECT COUNT(*) FROM claim c JOIN booking b ON b.id = c.booking_id
              WHERE c.state = 'open' AND c.claimant = 'provider' AND b.member_id = :account)",
        account,
        now = tx.roughly_now()
    )
    .one(tx)?;
    Ok(list([
        (OWN, OWN, "to-do-unpaid", unpaid),
        (OWN, "/me/bookings?when=past", "to-do-claims", claims),
    ]))
}

/// What providers have to say about the sessions that they gave.
pub(crate) fn of_sessions(tx: &mut Tx<'_>, account: &str) -> Result<Vec<ToDo>, StoreError> {
    let (claims, outcomes): (i64, i64) = sql!(
        "SELECT (SELECT COUNT(*) FROM claim c JOIN booking b ON b.id = c.booking_id
                 JOIN provider p ON p.id = b.provider_id
                 WHERE c.state = 'open' AND c.claimant = 'member' AND p.account_id = :account),
             (SELECT COUNT(*) FROM booking b JOIN provider p ON p.id = b.provider_id
              WHERE p.account_id = :account AND b.state = 'confirmed' AND b.ends_at <= :now)",
        account,
        now = tx.roughly_now()
    )
    .one(tx)?;
    Ok(list([
        (CALENDAR, BOOKINGS, "to-do-claims", claims),
        (CALENDAR, BOOKINGS, "to-do-outcomes", outcomes),
    ]))
}

/// What members ask of a provider.
pub(crate) fn of_requests(tx: &mut Tx<'_>, account: &str) -> Result<Vec<ToDo>, StoreError> {
    let account = AccountId::from_text(account.to_owned());
    let requests = request::view::count_asked(tx, &account)?;
    let documents = review::view::count_to_write(tx, &account)?;
    Ok(list([
        (request::ASKED, request::ASKED, "to-do-requests", requests),
        (review::ASKED, review::ASKED, "to-do-documents", documents),
    ]))
}

/// What waits for administrators of sessions.
pub(crate) fn of_all_sessions(tx: &mut Tx<'_>) -> Result<Vec<ToDo>, StoreError> {
    let (requests, claims): (i64, i64) = sql!(
        "SELECT (SELECT COUNT(*) FROM booking_request
                 WHERE state = 'pending' AND created_at < :before),
             (SELECT COUNT(*) FROM claim WHERE state = 'disputed')",
        before = tx.roughly_now() - UNANSWERED
    )
    .one(tx)?;
    let (asked, page) = ("/admin/sessions/requests", no_show_claim::PAGE);
    Ok(list([
        (page, page, "to-do-disputes", claims),
        (asked, asked, "to-do-unanswered", requests),
    ]))
}

/// What waits for administrators of money.
pub(crate) fn of_money(tx: &mut Tx<'_>) -> Result<Vec<ToDo>, StoreError> {
    let refunds = refund_request::count_open(tx)?;
    let (findings, payouts) = (finding::count_open(tx)?, payout::count_pending(tx)?);
    let (refund, payout, orders) = ("/admin/refunds", "/admin/payouts", "/admin/orders");
    let in_dispute = order::in_dispute(tx)?.len();
    let in_dispute = i64::try_from(in_dispute).unwrap_or(i64::MAX);
    let disputed = "/admin/orders?state=disputed";
    let batches =
        sql!("SELECT COUNT(*) FROM payout_batch WHERE state IN ('draft', 'approved', 'sent')");
    let (batches,): (i64,) = tx.one(batches, &[])?;
    Ok(list([
        (orders, disputed, "to-do-disputed", in_dispute),
        (refund, refund, "to-do-refunds", refunds),
        (finding::PAGE, finding::PAGE, "to-do-findings", findings),
        (payout, payout, "to-do-payouts", payouts),
        (payout, payout, "to-do-batches", batches),
    ]))
}

/// The numbers of the menu, as its entries find them.
pub(crate) mod counts {
    use super::{Site, StoreError, ToDo, Tx};

    type Counts = Result<Vec<(&'static str, i64)>, StoreError>;

    fn of(all: &[ToDo]) -> Vec<(&'static str, i64)> {
        all.iter().map(|one| (one.menu, one.count)).collect()
    }

    pub(crate) fn member(tx: &mut Tx<'_>, _: &Site, account: &str) -> Counts {
        Ok(of(&super::of_member(tx, account)?))
    }

    pub(crate) fn calendar(tx: &mut Tx<'_>, _: &Site, account: &str) -> Counts {
        Ok(of(&super::of_sessions(tx, account)?))
    }

    pub(crate) fn requests(tx: &mut Tx<'_>, _: &Site, account: &str) -> Counts {
        Ok(of(&super::of_requests(tx, account)?))
    }

    pub(crate) fn sessions(tx: &mut Tx<'_>, _: &Site, _: &str) -> Counts {
        Ok(of(&super::of_all_sessions(tx)?))
    }

    pub(crate) fn money(tx: &mut Tx<'_>, _: &Site, _: &str) -> Counts {
        Ok(of(&super::of_money(tx)?))
    }
}
