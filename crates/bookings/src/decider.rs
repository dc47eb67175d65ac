//! Who decides between the two sides of a session: any administrator, but nobody their own case as long
//! as there is an administrator outside it.

use identity::grant::{self, ADMIN};
use identity::session::signed_in::SignedIn;
use platform::{StoreError, Tx};

use crate::booking::Booking;
use crate::provider;
use crate::settings::is_administrator;

/// What an administrator is to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decider {
    /// Neither of its two sides.
    Outside,
    /// A side, where no administrator is outside.
    SideAlone,
    /// A side, so that another administrator decides.
    Side,
}

impl Decider {
    pub(crate) fn may_decide(self) -> bool {
        self != Self::Side
    }
}

/// What a person is to a session; `None` for who administers nothing.
pub(crate) fn of(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    booking: &Booking,
) -> Result<Option<Decider>, StoreError> {
    if !who.is_in_browser() || !is_administrator(tx, who)? {
        return Ok(None);
    }
    let provider = provider::account_of(tx, &booking.provider_id)?;
    let sides = [booking.member_id.as_ref(), provider.as_ref()];
    if !sides.contains(&Some(&who.account().id)) {
        return Ok(Some(Decider::Outside));
    }
    let all = grant::list_ranked(tx, ADMIN)?;
    let is_other = all.iter().any(|one| !sides.contains(&Some(&one.account)));
    Ok(Some(if is_other {
        Decider::Side
    } else {
        Decider::SideAlone
    }))
}
