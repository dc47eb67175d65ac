//! Finds the recipients of a campaign, and the households that cannot get mail.

use std::collections::HashMap;

use platform::key::Key;
use platform::mail::suppression::{self, Cause};
use platform::mail::{Address, Stream};
use platform::store::Row;
use platform::{StoreError, Tx, sql};
use serde::Serialize;
use utoipa::ToSchema;

use super::Skip;
use crate::hosting::listing::{self, InvitationFilter, InvitationRow};
use crate::hosting::{HostOf, Permission, Refusal};
use crate::id::{GuestId, InvitationId, OccasionId};

/// The mail stream of campaigns. Every recipient may unsubscribe from it.
pub const STREAM: Stream = Stream::Marketing;

/// How many households a filter finds, and how many mails they would get.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Audience {
    /// How many households match.
    pub households: i64,
    /// How many mails will be sent.
    pub mails: i64,
    /// The number of mails to the guests' own addresses. If the campaign does not use these
    /// addresses, this is the number of mails that they would add.
    pub guests: i64,
    /// How many households have no address.
    pub without_address: i64,
    /// How many addresses have unsubscribed from this mail.
    pub unsubscribed: i64,
    /// How many addresses get no mail, because earlier mail bounced or was marked as spam.
    pub bounced: i64,
}

/// A recipient of a campaign: an email address, or a household without an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    pub invitation: InvitationId,
    /// The guest to whose own address the mail goes; `None` if it goes to the household's address.
    pub guest: Option<GuestId>,
    /// Why the recipient gets no mail; `None` if the recipient gets mail.
    pub reason: Option<Skip>,
}

impl Audience {
    /// Counts the households that the filter matches, and the mails that they would get.
    pub fn count(
        tx: &mut Tx<'_>,
        key: &Key,
        host: &HostOf,
        filter: &InvitationFilter,
        to_guests: bool,
    ) -> Result<Self, Refusal> {
        host.needs(Permission::Invite)?;
        let households = Self::households(tx, host, filter)?;
        let mut audience = Self {
            households: i64::try_from(households.len()).unwrap_or(i64::MAX),
            ..Self::default()
        };
        let households: Vec<Household> = households.into_iter().map(Household::from).collect();
        let wider = recipients(tx, key, host.occasion(), &households, true)?;
        for one in wider.iter().filter(|one| one.guest.is_some()) {
            audience.guests += i64::from(one.reason.is_none());
        }
        let found = if to_guests {
            wider
        } else {
            recipients(tx, key, host.occasion(), &households, false)?
        };
        for one in found {
            let number = match one.reason {
                None => &mut audience.mails,
                Some(Skip::Unsubscribed) => &mut audience.unsubscribed,
                Some(Skip::Bounced) => &mut audience.bounced,
                Some(_) => &mut audience.without_address,
            };
            *number += 1;
        }
        Ok(audience)
    }

    /// Returns the households that the filter matches, except archived ones.
    pub(super) fn households(
        tx: &mut Tx<'_>,
        host: &HostOf,
        filter: &InvitationFilter,
    ) -> Result<Vec<InvitationRow>, Refusal> {
        let filter = InvitationFilter {
            archived: false,
            ..filter.clone()
        };
        listing::all_invitations(tx, host, &filter)
    }
}

/// A household that may get mail.
#[derive(Clone, Debug, Row)]
pub struct Household {
    pub id: InvitationId,
    pub email: Option<String>,
}

impl From<InvitationRow> for Household {
    fn from(row: InvitationRow) -> Self {
        Self {
            id: row.id,
            email: row.email,
        }
    }
}

/// Returns the recipients in these households. Each address appears once per household. A household
/// without an address is a recipient too.
pub(in crate::hosting) fn recipients(
    tx: &mut Tx<'_>,
    key: &Key,
    occasion: &OccasionId,
    households: &[Household],
    to_guests: bool,
) -> Result<Vec<Recipient>, StoreError> {
    let mut own = if to_guests {
        guests(tx, occasion)?
    } else {
        HashMap::new()
    };
    let blocked = suppression::blocked(tx, STREAM, occasion.as_str())?;
    let mut found = Vec::new();
    for household in households {
        let mut addresses: Vec<(Option<GuestId>, Address)> = Vec::new();
        let of_household = household.email.clone().map(|email| (None, email));
        let of_guests = own.remove(&household.id).unwrap_or_default();
        let of_guests = of_guests.into_iter().map(|(id, email)| (Some(id), email));
        for (guest, email) in of_household.into_iter().chain(of_guests) {
            let Ok(address) = email.parse::<Address>() else {
                continue;
            };
            let is_new = addresses
                .iter()
                .all(|(_, known)| known.canonical() != address.canonical());
            if is_new {
                addresses.push((guest, address));
            }
        }
        let recipient = |guest, reason| Recipient {
            invitation: household.id.clone(),
            guest,
            reason,
        };
        if addresses.is_empty() {
            found.push(recipient(None, Some(Skip::NoAddress)));
        }
        for (guest, address) in addresses {
            let reason = blocked.find(key, &address).map(reason_of);
            found.push(recipient(guest, reason));
        }
    }
    Ok(found)
}

/// Only guests who have their own email addresses.
fn guests(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
) -> Result<HashMap<InvitationId, Vec<(GuestId, String)>>, StoreError> {
    let found: Vec<(InvitationId, GuestId, String)> = sql!(
        "SELECT guest.invitation, guest.id, guest.email
         FROM guest JOIN invitation ON invitation.id = guest.invitation
         WHERE invitation.occasion = :occasion AND invitation.archived_at IS NULL
           AND guest.email IS NOT NULL
         ORDER BY guest.invitation, guest.position, guest.id",
        occasion
    )
    .all(tx)?;
    let mut guests: HashMap<_, Vec<_>> = HashMap::new();
    for (invitation, guest, email) in found {
        guests.entry(invitation).or_default().push((guest, email));
    }
    Ok(guests)
}

/// Returns why this address gets no mail; `None` if it gets mail.
pub(super) fn skip(
    tx: &mut Tx<'_>,
    key: &Key,
    occasion: &OccasionId,
    email: Option<&str>,
) -> Result<Option<Skip>, StoreError> {
    let Some(address) = email.and_then(|email| email.parse::<Address>().ok()) else {
        return Ok(Some(Skip::NoAddress));
    };
    let cause = suppression::find_for(tx, key, &address, STREAM, Some(occasion.as_str()))?;
    Ok(cause.map(reason_of))
}

fn reason_of(cause: Cause) -> Skip {
    match cause {
        Cause::Unsubscribe => Skip::Unsubscribed,
        Cause::SoftBounce | Cause::HardBounce | Cause::Complaint | Cause::Manual => Skip::Bounced,
    }
}
