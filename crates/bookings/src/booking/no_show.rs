//! What one side of a session claims of the other: that it did not come.

use std::collections::BTreeMap;

use identity::account::AccountId;
use jiff::Timestamp;
use platform::store::{IdSet, Row};
use platform::{StoreError, Tx, sql};
use serde::Serialize;
use utoipa::ToSchema;

use super::{BookingId, Party};

platform::id!(ClaimId, random, "One claim that a side did not come.");

web::words! {
    /// The state of a claim.
    #[schema(as = BookingClaimState)]
    ClaimState {
        /// The other side has not answered yet.
        Open = "open" => "claim-open",
        /// The other side agrees.
        Agreed = "agreed" => "claim-agreed",
        /// The two sides disagree. An administrator decides.
        Disputed = "disputed" => "claim-disputed",
        /// An administrator has decided.
        Decided = "decided" => "claim-decided",
        /// The other side did not answer in time, so the claim holds.
        Lapsed = "lapsed" => "claim-lapsed",
        /// The claimant has withdrawn the claim.
        Withdrawn = "withdrawn" => "claim-withdrawn",
    }
}

impl ClaimState {
    /// Whether the claim is neither settled nor withdrawn.
    pub fn is_unsettled(self) -> bool {
        matches!(self, Self::Open | Self::Disputed)
    }
}

/// A claim by one side that the other did not come.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
#[row(table = "claim")]
#[schema(as = BookingClaim)]
pub struct Claim {
    pub id: ClaimId,
    pub booking_id: BookingId,
    /// The side that claims: the member or the provider.
    pub claimant: Party,
    /// What the claimant says, up to 500 characters.
    pub note: String,
    /// The other side may answer until this time.
    pub answer_until: Timestamp,
    /// What the other side says, up to 500 characters.
    pub answer: String,
    pub answered_at: Option<Timestamp>,
    #[serde(skip)]
    pub decided_by: Option<AccountId>,
    /// The administrator's reason, up to 500 characters.
    pub reason: String,
    pub state: ClaimState,
    pub created_at: Timestamp,
}

impl Claim {
    /// The side that is said not to have come.
    pub fn other(&self) -> Party {
        match self.claimant {
            Party::Member => Party::Provider,
            Party::Provider | Party::Administrator => Party::Member,
        }
    }
}

/// The latest claim about a session.
pub fn of_booking(tx: &mut Tx<'_>, booking: &BookingId) -> Result<Option<Claim>, StoreError> {
    sql!(
        "SELECT {Claim} FROM claim WHERE booking_id = :booking
         ORDER BY created_at DESC, id DESC LIMIT 1",
        booking
    )
    .maybe(tx)
}

/// The latest claim about each of these sessions that has one.
pub(crate) fn of_bookings<'a>(
    tx: &mut Tx<'_>,
    bookings: impl Iterator<Item = &'a str>,
) -> Result<BTreeMap<BookingId, Claim>, StoreError> {
    let mut latest = BTreeMap::new();
    for set in IdSet::of(bookings) {
        let found: Vec<Claim> = sql!(
            "SELECT {Claim} FROM claim WHERE booking_id IN ({:IdSet}) ORDER BY created_at, id",
            IdSet = set
        )
        .all(tx)?;
        latest.extend(found.into_iter().map(|one| (one.booking_id.clone(), one)));
    }
    Ok(latest)
}

/// Whether a claim about a session is neither settled nor withdrawn.
pub(crate) fn is_unsettled(tx: &mut Tx<'_>, booking: &BookingId) -> Result<bool, StoreError> {
    let claim = of_booking(tx, booking)?;
    Ok(claim.is_some_and(|claim| claim.state.is_unsettled()))
}
