//! Lets hosts record answers for a household at any time, for example after a telephone call. Each
//! save is logged. A save may exceed the household's allowance or an event's seats only if the host
//! explicitly allows it.

use platform::{Tx, sql};
use serde::Deserialize;

use super::permissions::HostOf;
use super::{Refusal, member_occasions, permissions, portals};
use crate::answer::{self, Answers};
use crate::confirmation;
use crate::event::Seats;
use crate::guest::{Guest, Reply};
use crate::household_change::HouseholdChange;
use crate::household_plan::{self, FieldChange, Rules, asking};
use crate::id::{GuestId, InvitationId};
use crate::invitation_snapshot::InvitationSnapshot;
use crate::rsvp::{self, Commit};
use crate::words::{ActedBy, ReplyStatus, Source};
use web::Findings;

/// Options for a host who saves a household's answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Whether the save may exceed the household's allowance and the events' seats.
    pub may_exceed: bool,
    /// Whether the household gets the confirmation mail that it also gets after its own answers.
    pub mail: bool,
}

/// One guest's reply to one event.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HostReply)]
pub struct OneReply {
    /// The version of the invitation that the client has read. It can be sent in `If-Match`
    /// instead.
    #[serde(default)]
    pub version: Option<i64>,
    /// The answer; `pending` removes the stored answer.
    pub status: ReplyStatus,
    /// Whether the answer is saved even if the event has too few free seats.
    #[serde(default)]
    pub r#override: bool,
    /// Whether the household gets a mail with the stored answers.
    #[serde(default)]
    pub mail: bool,
}

/// Saves all answers, names and dietary requirements of a household on behalf of a host. Works even
/// after the deadline and while answers are locked.
pub fn save(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &InvitationId,
    change: &HouseholdChange,
    overrides: Overrides,
) -> Result<InvitationSnapshot, Refusal> {
    let snapshot = lock(tx, host, id, change.version)?;
    let rules = Rules {
        switches: snapshot.occasion.switches,
        events: &snapshot.events,
        diets: &snapshot.diets,
        questions: &snapshot.questions,
        speaker: ActedBy::Host,
        by: if overrides.may_exceed {
            ActedBy::Host
        } else {
            ActedBy::Household
        },
        now: snapshot.now,
    };
    let mut plan = snapshot.household.plan(change, rules, || tx.id())?;
    for guest in &mut plan.guests {
        let is_new = snapshot
            .household
            .guests
            .iter()
            .all(|old| old.id != guest.id);
        if is_new {
            guest.added_by = ActedBy::Host;
        }
    }
    write(tx, host, snapshot, plan.guests, plan.answers, overrides)
}

/// Saves one guest's reply to one event.
pub fn reply(
    tx: &mut Tx<'_>,
    host: &HostOf,
    guest: &GuestId,
    event: &str,
    version: i64,
    wanted: &OneReply,
) -> Result<InvitationSnapshot, Refusal> {
    let found: Option<(InvitationId,)> =
        sql!("SELECT invitation FROM guest WHERE id = :guest", guest).maybe(tx)?;
    let (id,) = found.ok_or(Refusal::GuestNotFound)?;
    let snapshot = lock(tx, host, &id, Some(version))?;
    let mut guests = snapshot.household.guests.clone();
    let one = guests
        .iter_mut()
        .find(|one| one.id == *guest)
        .ok_or(Refusal::GuestNotFound)?;
    let known = snapshot.events.iter().find(|one| one.key == event);
    let Some(reply) = known.and_then(|event| one.replies.get_mut(&event.id)) else {
        let mut fields = Findings::default();
        fields.add("/event", "event_not_invited", []);
        fields.finish()?;
        return Err(Refusal::GuestNotFound);
    };
    let is_offered = match wanted.status {
        ReplyStatus::Yes | ReplyStatus::No | ReplyStatus::Pending => true,
        ReplyStatus::Undecided => snapshot.occasion.switches.undecided,
        ReplyStatus::Waitlisted => false,
    };
    if !is_offered {
        let mut fields = Findings::default();
        fields.add("/status", "not_allowed", []);
        fields.finish()?;
    }
    if reply.status != wanted.status {
        *reply = Reply::at(wanted.status, snapshot.now);
    }
    let overrides = Overrides {
        may_exceed: wanted.r#override,
        mail: wanted.mail,
    };
    let answers = snapshot.household.answers.clone();
    write(tx, host, snapshot, guests, answers, overrides)
}

/// As in all saves: first the events with limited seats, then the invitation.
fn lock(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &InvitationId,
    version: Option<i64>,
) -> Result<InvitationSnapshot, Refusal> {
    host.needs(permissions::Permission::Invite)?;
    portals::lock(tx, host, id, version)
}

fn write(
    tx: &mut Tx<'_>,
    host: &HostOf,
    mut snapshot: InvitationSnapshot,
    mut after: Vec<Guest>,
    answers: Answers,
    overrides: Overrides,
) -> Result<InvitationSnapshot, Refusal> {
    let seats = if overrides.may_exceed {
        Seats::Beyond
    } else {
        rsvp::settle_seats(&snapshot, &mut after)?;
        Seats::Free
    };
    let before = snapshot.household.clone();
    let questions = &snapshot.questions;
    let mut changes =
        household_plan::differences(&before.guests, &after, &snapshot.events, questions);
    asking::differences(&before.answers, &answers, questions, "", &mut changes);
    if changes.is_empty() {
        return Ok(snapshot);
    }
    rsvp::write_guests(tx, &before, &after, ActedBy::Host, Source::Phone)?;
    let id = &before.invitation.id;
    answer::write(tx, id, None, &before.answers, &answers)?;
    rsvp::seat(tx, &mut snapshot, &after, seats)?;
    snapshot.household.guests = after;
    snapshot.household.answers = answers;
    finish(tx, host, &mut snapshot, &changes, overrides)?;
    if !changes.iter().any(FieldChange::is_of_reply) {
        return Ok(snapshot);
    }
    rsvp::move_up(tx, host.occasion())?;
    // The household may have moved up from the waiting list, so it is loaded again.
    portals::load_changed(tx, host, &before.invitation.id)
}

fn finish(
    tx: &mut Tx<'_>,
    host: &HostOf,
    snapshot: &mut InvitationSnapshot,
    changes: &[FieldChange],
    overrides: Overrides,
) -> Result<(), Refusal> {
    let answered = changes.iter().any(FieldChange::is_of_reply);
    let earlier = snapshot.household.invitation.replied_at;
    let commit = Commit {
        source: Source::Phone,
        action: "rsvp.saved_by_host",
        actor: host.actor(),
        host: Some(host.account()),
        request: host.request(),
        replied_at: answered.then_some(snapshot.now).or(earlier),
    };
    rsvp::commit_answers(tx, snapshot, changes, commit)?;
    // The host decides who gets this mail and what it says. So it is sent only if the site allows
    // the occasion to send mail.
    if overrides.mail && member_occasions::sends_mail(tx, host.occasion())? {
        confirmation::schedule(tx, snapshot, None)?;
    }
    Ok(())
}
