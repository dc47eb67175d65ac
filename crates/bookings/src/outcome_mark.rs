//! The people who say what became of a session.

use identity::grant::ADMIN;
use identity::notification::{self, NewNotification};
use jiff::{SignedDuration, Timestamp};
use platform::audit::Entity;
use platform::{StoreError, Tx};
use serde_json::json;
use web::Site;

use crate::booking::no_show::{self as booking_claim, Claim, ClaimState};
use crate::booking::{Booking, Party, PartyTo, State};
use crate::codes::{OUTCOME_CLOSED, OUTCOME_CONTESTED, OUTCOME_TOO_EARLY, PAYOUT_STATE};
use crate::feedback_criterion::Author;
use crate::outcome::{Outcome, end};
use crate::{Refusal, feedback, no_show_claim, notice, settings};

/// A session can be marked as missed from this long after its start.
const MISSED: SignedDuration = SignedDuration::from_mins(10);

/// The outcomes that this person can mark now.
pub(crate) fn offered(
    tx: &mut Tx<'_>,
    booking: &Booking,
    party: Party,
) -> Result<Vec<Outcome>, StoreError> {
    let (hours, now) = (settings::load(tx)?.outcome_hours, tx.roughly_now());
    let claim = booking_claim::of_booking(tx, &booking.id)?;
    let has_said = feedback::find(tx, &booking.id, Author::Member)?.is_some();
    let may_claim = party != Party::Member || !has_said;
    let all = offered_beside(claim.as_ref(), booking, party, now, hours);
    Ok(all.into_iter().filter(|_| may_claim).collect())
}

/// The outcomes that this person can mark now, beside the latest claim about the session. Members
/// cannot mark any after they gave feedback, and administrators decide an unsettled claim instead, with
/// a sum and a reason. `hours` is the time for marking after the session.
pub(crate) fn offered_beside(
    claim: Option<&Claim>,
    booking: &Booking,
    party: Party,
    now: Timestamp,
    hours: i64,
) -> Vec<Outcome> {
    let may_mark = claim.is_none_or(|claim| match party {
        Party::Administrator => !claim.state.is_unsettled(),
        Party::Member | Party::Provider => claim.state == ClaimState::Withdrawn,
    });
    let all = Outcome::ALL.iter().copied();
    // A provider may say that a session took place that was completed by itself.
    let is_new = |one: &Outcome| {
        one.state() != booking.state || party == Party::Provider && booking.outcome_by.is_none()
    };
    all.filter(is_new)
        .filter(|_| may_mark)
        .filter(|one| check(booking, party, *one, now, hours).is_ok())
        .collect()
}

/// Whether this person can mark the outcome now. `hours` is the time for marking after the session.
pub(crate) fn check(
    booking: &Booking,
    party: Party,
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
    outcome: Outcome,
    note: &str,
) -> Result<Booking, Refusal> {
    let old = &party.booking;
    if old.state == outcome.state() && old.outcome_by.is_some() {
        return Ok(old.clone());
    }
    let hours = settings::load(tx)?.outcome_hours;
    check(old, party.party, outcome, tx.now(), hours)?;
    match party.party {
        Party::Member => {
            no_show_claim::make(tx, site, party, note)?;
            return Ok(old.clone());
        }
        Party::Provider => no_show_claim::correct(tx, party, outcome)?,
        Party::Administrator => no_show_claim::settle_by_mark(tx, party)?,
    }
    let Some(booking) = end(tx, old, outcome, Some(party.party))? else {
        return Err(PAYOUT_STATE.into());
    };
    let entity = Entity::new("booking", booking.id.to_string());
    let changes = json!([{"field": "state", "old": old.state, "new": booking.state}]);
    party
        .requester
        .record(tx, entity, "booking.outcome", changes)?;
    if party.party == Party::Provider && outcome == Outcome::NoShowMember {
        no_show_claim::make_of_provider(tx, site, party, &booking, note)?;
    } else {
        tell(tx, site, &booking)?;
    }
    Ok(booking)
}

/// If the provider missed the session, administrators are notified too.
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
