//! The webhook events of an occasion. They are sent to its owners. An event contains no names or
//! notes, so erasing a person's data need not change it.

use std::collections::BTreeMap;

use identity::account::AccountId;
use identity::grant;
use jiff::Timestamp;
use platform::{StoreError, Tx};
use serde::Serialize;
use site::webhook::{self, WebhookEvent};
use utoipa::ToSchema;
use utoipa::openapi::OpenApi;

use crate::id::{GuestId, InvitationId, OccasionId};
use crate::invitation_snapshot::InvitationSnapshot;
use crate::role::{self, OCCASION, Role};
use crate::token_scopes::{OCCASION_WRITE, RSVPS_READ};
use crate::words::{ReplyStatus, Source};

/// A household's answers were saved, either by the household itself or by a host.
const REPLY_SAVED: WebhookEvent = event("reply.saved", "host-event-reply-saved");
/// A household opened its invitation for the first time.
const INVITATION_OPENED: WebhookEvent = event("invitation.opened", "host-event-invitation-opened");

pub const EVENTS: &[WebhookEvent] = &[REPLY_SAVED, INVITATION_OPENED];

const fn event(name: &'static str, label: &'static str) -> WebhookEvent {
    WebhookEvent {
        name,
        label,
        read: RSVPS_READ,
        write: &[OCCASION_WRITE, RSVPS_READ],
        concerns: is_owner,
    }
}

fn is_owner(tx: &mut Tx<'_>, account: &AccountId) -> Result<bool, StoreError> {
    let ranks = grant::ranks_of_account(tx, account, &OCCASION)?;
    Ok(ranks
        .iter()
        .any(|(_, rank)| Role::from(*rank) == Role::OccasionOwner))
}

pub(crate) fn describe(api: OpenApi) -> OpenApi {
    let api = webhook::describe::<ReplySaved>(api, &[REPLY_SAVED]);
    webhook::describe::<InvitationOpened>(api, &[INVITATION_OPENED])
}

/// The data of the event `reply.saved`.
#[derive(Serialize, ToSchema)]
struct ReplySaved<'a> {
    /// The id of the occasion.
    occasion: OccasionId,
    /// The id of the invitation.
    invitation: InvitationId,
    /// The invitation's version after the answer.
    version: i64,
    source: Source,
    /// The guests whose answers changed.
    guests: Vec<Answered<'a>>,
}

/// A guest whose answers changed.
#[derive(Serialize, ToSchema)]
#[schema(as = AnsweredGuest)]
pub(crate) struct Answered<'a> {
    /// The id of the guest.
    pub(crate) id: &'a GuestId,
    /// The guest's replies, by event key.
    pub(crate) replies: BTreeMap<&'a str, ReplyStatus>,
}

/// The data of the event `invitation.opened`.
#[derive(Serialize, ToSchema)]
struct InvitationOpened {
    /// The id of the occasion.
    occasion: OccasionId,
    /// The id of the invitation.
    invitation: InvitationId,
    /// When the household opened its link.
    opened_at: Timestamp,
}

/// Sends the event `reply.saved`. The caller must hold the invitation's lock.
pub(crate) fn reply_saved<'a>(
    tx: &mut Tx<'_>,
    snapshot: &'a InvitationSnapshot,
    source: Source,
    answered: impl Fn() -> Vec<Answered<'a>>,
) -> Result<(), StoreError> {
    if !webhook::is_heard(tx)? {
        return Ok(());
    }
    let owners = owners(tx, &snapshot.occasion.id)?;
    webhook::fire(tx, &REPLY_SAVED, owners, |_, _| {
        Ok(ReplySaved {
            occasion: snapshot.occasion.id.clone(),
            invitation: snapshot.household.invitation.id.clone(),
            version: snapshot.household.invitation.version,
            source,
            guests: answered(),
        })
    })
}

/// Sends the event `invitation.opened`. The caller must hold the invitation's lock.
pub(crate) fn invitation_opened(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    invitation: &InvitationId,
    opened_at: Timestamp,
) -> Result<(), StoreError> {
    let owners = owners(tx, occasion)?;
    webhook::fire(tx, &INVITATION_OPENED, owners, |_, _| {
        Ok(InvitationOpened {
            occasion: occasion.clone(),
            invitation: invitation.clone(),
            opened_at,
        })
    })
}

fn owners(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Vec<AccountId>, StoreError> {
    let members = grant::list(tx, &role::scope(occasion))?.into_iter();
    let owners = members.filter(|member| Role::from(member.role) == Role::OccasionOwner);
    Ok(owners.map(|owner| owner.account).collect())
}
