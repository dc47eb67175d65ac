//! The outcome of a session: it took place, or one side did not come.

use identity::grant::ADMIN;
use identity::notification::{self, NewNotification};
use jiff::{SignedDuration, Timestamp};
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;
use web::Site;

use crate::booking::{self, Booking, Party, PartyTo, State};
use crate::claim::{self, ClaimState};
use crate::criterion::Author;
use crate::order;
use crate::{
    OUTCOME_CLOSED, OUTCOME_CONTESTED, OUTCOME_TOO_EARLY, PAYOUT_STATE, Refusal, credit, feedback,
    notice, payout, refund, room, settings, webhook,
};

/// A session can be marked as missed from this long after its start.
const MISSED: SignedDuration = SignedDuration::from_mins(10);

web::words! {
    /// The outcome of a session.
    #[schema(as = SessionOutcome)]
    Outcome {
        /// The session took place.
        Completed = "completed" => "outcome-completed",
        /// The member did not come.
        NoShowMember = "no_show_member" => "outcome-no-show-member",
        /// The provider did not come.
        NoShowProvider = "no_show_provider" => "outcome-no-show-provider",
    }
}

impl Outcome {
    pub(crate) fn state(self) -> State {
        match self {
            Self::Completed => State::Completed,
            Self::NoShowMember => State::NoShowMember,
            Self::NoShowProvider => State::NoShowProvider,
        }
    }
}

/// The outcomes that this person can mark now.
pub(crate) fn offered(
    tx: &mut Tx<'_>,
    booking: &Booking,
    party: Party,
) -> Result<Vec<Outcome>, StoreError> {
    let (hours, now) = (settings::load(tx)?.outcome_hours, tx.roughly_now());
    let claim = claim::of_booking(tx, &booking.id)?;
    let is_claimed = claim.is_some_and(|claim| claim.state != ClaimState::Withdrawn);
    let has_said = feedback::find(tx, &booking.id, Author::Member)?.is_some();
    let may_claim = !is_claimed && !has_said;
    let all = Outcome::ALL.iter().copied();
    // A provider may say that a session took place that was completed by itself.
    let is_new = |one: &Outcome| {
        one.state() != booking.state || party == Party::Provider && booking.outcome_by.is_none()
    };
    Ok(all
        .filter(is_new)
        .filter(|_| match party {
            Party::Member => may_claim,
            Party::Provider => !is_claimed,
            Party::Administrator => true,
        })
        .filter(|one| check((booking, party), *one, now, hours).is_ok())
        .collect())
}

fn check(
    (booking, party): (&Booking, Party),
    outcome: Outcome,
    now: Timestamp,
    hours: i64,
) -> Result<(), Refusal> {
    let is_over = now > booking.ends_at + SignedDuration::from_hours(hours);
    match (party, outcome) {
        _ if !booking.state.is_held() => return Err(OUTCOME_CLOSED.into()),
        (Party::Administrator, _) => {}
        (Party::Provider, Outcome::NoShowProvider) => return Err(Refusal::Forbidden),
        (Party::Member, Outcome::Completed | Outcome::NoShowMember) => {
            return Err(Refusal::Forbidden);
        }
        _ if is_over => return Err(OUTCOME_CLOSED.into()),
        _ if booking.state == State::NoShowProvider => return Err(OUTCOME_CONTESTED.into()),
        _ => {}
    }
    let from = match outcome {
        Outcome::Completed => booking.ends_at,
        _ => booking.starts_at + MISSED,
    };
    if now < from {
        return Err(OUTCOME_TOO_EARLY.into());
    }
    Ok(())
}

/// Marks the outcome of a session. If a person has already marked the same outcome, nothing
/// changes. If a member says that the provider did not come, that is a claim, and the booking does
/// not change. `note` is what the claimant says.
pub fn mark(
    tx: &mut Tx<'_>,
    site: &Site,
    party: &PartyTo,
    (outcome, note): (Outcome, &str),
) -> Result<Booking, Refusal> {
    let old = &party.booking;
    if old.state == outcome.state() && old.outcome_by.is_some() {
        return Ok(old.clone());
    }
    let hours = settings::load(tx)?.outcome_hours;
    check((old, party.party), outcome, tx.now(), hours)?;
    match party.party {
        Party::Member => {
            claim::make(tx, site, party, note)?;
            return Ok(old.clone());
        }
        Party::Provider => claim::correct(tx, party, outcome)?,
        Party::Administrator => claim::settle_by_mark(tx, party)?,
    }
    let Some(booking) = end(tx, old, outcome, Some(party.party))? else {
        return Err(PAYOUT_STATE.into());
    };
    let entity = ("booking", booking.id.to_string());
    let changes = json!([{"field": "state", "old": old.state, "new": booking.state}]);
    party
        .requester
        .record(tx, entity, "booking.outcome", changes)?;
    if party.party == Party::Provider && outcome == Outcome::NoShowMember {
        claim::make_of_provider(tx, site, party, &booking, note)?;
    } else {
        tell(tx, site, &booking)?;
    }
    Ok(booking)
}

/// Ends a confirmed booking, or corrects its outcome. Returns `None` if an administrator has
/// already decided about the provider's payout. The caller holds the locks of the order and of the
/// booking.
pub(crate) fn end(
    tx: &mut Tx<'_>,
    booking: &Booking,
    outcome: Outcome,
    by: Option<Party>,
) -> Result<Option<Booking>, StoreError> {
    let was = booking.state;
    let mut booking = booking.clone();
    booking.state = outcome.state();
    booking.outcome_by = by;
    if outcome == Outcome::NoShowProvider {
        if let Some(lot) = &booking.credit_lot_id
            && !credit::is_back(tx, booking.id.as_str())?
        {
            credit::give_back(tx, lot, booking.id.as_str(), true)?;
        }
        let order = match &booking.order_id {
            Some(order) => order::find(tx, order)?,
            None => None,
        };
        if let Some(order) = order.filter(order::Order::is_paid) {
            refund::request_of_order(tx, &order, "no_show_provider")?;
        }
    }
    if was == State::Confirmed {
        // If `by` is `None`, the job that completes the session runs this code. A running job must
        // not withdraw itself.
        if by.is_some() {
            booking::withdraw_jobs(tx, &booking)?;
        }
        sql!(
            "UPDATE slot SET state = 'completed', version = version + 1
             WHERE id = :id AND state = 'booked'",
            id = booking.slot_id
        )
        .run(tx, Rows::Exactly(1))?;
        room::release(tx, booking.id.as_str())?;
    }
    booking::save(tx, &mut booking)?;
    if !payout::owe(tx, &booking)? {
        return Ok(None);
    }
    if booking.state == State::Completed && was != State::Completed {
        webhook::tell(tx, &webhook::COMPLETED, &booking)?;
    }
    Ok(Some(booking))
}

/// Notifies the side that, according to the outcome, missed the session. If the provider missed it,
/// administrators are notified too.
fn tell(tx: &mut Tx<'_>, site: &Site, booking: &Booking) -> Result<(), StoreError> {
    let (kind, party) = match booking.state {
        State::NoShowMember => ("booking-notice-no-show-member", Party::Member),
        State::NoShowProvider => ("booking-notice-no-show-provider", Party::Provider),
        _ => return Ok(()),
    };
    let href = notice::page(booking);
    let told = NewNotification {
        kind,
        about: &booking.title,
        href: &href,
    };
    if let Some(account) = notice::account_of(tx, booking, party)? {
        notification::tell(tx, site, &account, told)?;
    }
    if party == Party::Provider {
        notification::tell_site(tx, site, ADMIN, told)?;
    }
    Ok(())
}
