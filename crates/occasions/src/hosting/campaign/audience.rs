//! The recipients of campaigns, and the households that cannot get mail.

use platform::key::Key;
use platform::mail::suppression::{self, Cause};
use platform::mail::{Address, Stream};
use platform::{StoreError, Tx};
use serde::Serialize;
use utoipa::ToSchema;

use super::Skip;
use crate::hosting::listing::{self, InvitationFilter, InvitationRow};
use crate::hosting::{HostOf, Permission, Refusal};
use crate::id::OccasionId;

/// The mail stream of campaigns, from which every household may unsubscribe.
pub const STREAM: Stream = Stream::Marketing;

/// The number of households that a filter finds, and of mails to them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Audience {
    /// How many households match.
    pub households: i64,
    /// How many mails will be sent.
    pub mails: i64,
    /// How many households have no mail address.
    pub without_address: i64,
    /// How many households have unsubscribed.
    pub unsubscribed: i64,
    /// How many households get no mail because of a bounce or a spam complaint.
    pub bounced: i64,
}

impl Audience {
    /// Counts the households that the filter finds.
    pub fn count(
        tx: &mut Tx<'_>,
        key: &Key,
        host: &HostOf,
        filter: &InvitationFilter,
    ) -> Result<Self, Refusal> {
        host.needs(Permission::Invite)?;
        let mut audience = Self::default();
        for household in Self::households(tx, host, filter)? {
            audience.households += 1;
            let email = household.email.as_deref();
            let number = match skip(tx, key, host.occasion(), email)? {
                None => &mut audience.mails,
                Some(Skip::Unsubscribed) => &mut audience.unsubscribed,
                Some(Skip::Bounced) => &mut audience.bounced,
                Some(_) => &mut audience.without_address,
            };
            *number += 1;
        }
        Ok(audience)
    }

    /// Finds the households that match the filter. Archived households get no mail.
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

/// Returns the reason why this address gets no mail, if any.
pub(in crate::hosting) fn skip(
    tx: &mut Tx<'_>,
    key: &Key,
    occasion: &OccasionId,
    email: Option<&str>,
) -> Result<Option<Skip>, StoreError> {
    let Some(address) = email.and_then(|email| email.parse::<Address>().ok()) else {
        return Ok(Some(Skip::NoAddress));
    };
    let cause = suppression::find_for(tx, key, &address, STREAM, Some(occasion.as_str()))?;
    Ok(cause.map(|cause| match cause {
        Cause::Unsubscribe => Skip::Unsubscribed,
        Cause::SoftBounce | Cause::HardBounce | Cause::Complaint | Cause::Manual => Skip::Bounced,
    }))
}
