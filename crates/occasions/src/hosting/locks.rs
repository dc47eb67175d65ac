//! Locks and reopens a household's answers. Also predicts for how many households a change would
//! close answers, and for how many it would reopen them.

use std::collections::HashSet;

use jiff::Timestamp;
use platform::{Tx, sql};
use serde::{Deserialize, Serialize};

use super::history::{self, Ending};
use super::permissions::{HostOf, Permission};
use super::{Refusal, When, occasions, portals};
use crate::id::InvitationId;
use crate::invitation::{self, Details, Invitation};
use crate::invitation_snapshot::InvitationSnapshot;
use crate::occasion::Occasion;
use crate::words::{Access, LockMode};
use web::fields::{self, choice, line, moment};
use web::{Field, Findings};

/// The fields that this module changes. The history uses them to name the changed fields.
pub(crate) const FIELDS: &[Field] = web::fields! { Details:
    lock_mode: choice().label("host-access"),
    open_until: moment().optional().label("host-field-open-until"),
    lock_reason: line(200).label("host-field-reason").secret(),
};

/// A request to open a household's answers again.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Opening {
    /// The version of the invitation that the client has read.
    pub version: Option<i64>,
    /// `true` opens answers regardless of the deadline. With `false`, the deadline decides.
    pub open: bool,
    /// If `open` is set, the time until which answers stay open. If omitted, answers stay open
    /// until the occasion closes.
    pub until: Option<When>,
}

/// How many households could no longer answer after a change, and how many could answer again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Effect {
    /// How many households can answer now and could not after the change.
    pub closes: i64,
    /// How many households cannot answer now and could after the change.
    pub reopens: i64,
}

/// Locks a household's answers, regardless of the deadline. The reason is visible only to hosts.
pub fn lock(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &InvitationId,
    version: Option<i64>,
    reason: &str,
) -> Result<InvitationSnapshot, Refusal> {
    host.needs(Permission::Invite)?;
    let snapshot = portals::lock(tx, host, id, version)?;
    let mut fields = Findings::default();
    let reason = fields.line("/reason", reason, 0, 200);
    fields.finish()?;
    set(tx, host, snapshot, LockMode::Locked, None, reason)
}

/// Lets a household answer again. Answers then close at the deadline, or stay open regardless of
/// the deadline.
pub fn unlock(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &InvitationId,
    opening: &Opening,
) -> Result<InvitationSnapshot, Refusal> {
    host.needs(Permission::Invite)?;
    let snapshot = portals::lock(tx, host, id, opening.version)?;
    let mut fields = Findings::default();
    let zone = snapshot.occasion.zone();
    let until = match &opening.until {
        Some(_) if !opening.open => {
            fields.add("/until", "not_allowed", []);
            None
        }
        Some(when) => fields.when("/until", when, &zone),
        None => None,
    };
    fields.finish()?;
    let mode = if opening.open {
        LockMode::Open
    } else {
        LockMode::Auto
    };
    set(tx, host, snapshot, mode, until, String::new())
}

fn set(
    tx: &mut Tx<'_>,
    host: &HostOf,
    mut snapshot: InvitationSnapshot,
    mode: LockMode,
    until: Option<Timestamp>,
    reason: String,
) -> Result<InvitationSnapshot, Refusal> {
    let invitation = &mut snapshot.household.invitation;
    let old = invitation.details.clone();
    invitation.details.lock_mode = mode;
    invitation.details.open_until = until;
    invitation.details.lock_reason = reason;
    let new = invitation.details.clone();
    let changes = fields::difference(FIELDS, &old, &new);
    if changes.is_empty() {
        return Ok(snapshot);
    }
    let id = invitation.id.clone();
    invitation::update_details(tx, &id, &new)?;
    let (action, what) = match mode {
        LockMode::Locked => ("invitation.locked", "locked"),
        LockMode::Auto | LockMode::Open => ("invitation.unlocked", "unlocked"),
    };
    let ending = Ending {
        action,
        what,
        changes: changes.into(),
        moves_seats: false,
    };
    history::finish_invitation(tx, host, &mut snapshot.household, ending)?;
    portals::load(tx, host, &id)
}

/// Counts the households that could no longer answer with this deadline of the occasion, and those
/// that could answer again.
pub fn effect_of_deadline(
    tx: &mut Tx<'_>,
    host: &HostOf,
    deadline: Option<Timestamp>,
) -> Result<Effect, Refusal> {
    let before = occasions::load(tx, host)?;
    let mut after = before.clone();
    after.rsvp_deadline = deadline;
    let all = list(tx, host)?;
    Ok(compare(
        tx.now(),
        all.iter().map(|one| ((&before, one), (&after, one))),
    ))
}

/// Counts the households that could no longer answer after a change to these invitations, and those
/// that could answer again.
pub fn effect_on(
    tx: &mut Tx<'_>,
    host: &HostOf,
    ids: &[InvitationId],
    change: impl Fn(&mut Invitation),
) -> Result<Effect, Refusal> {
    let occasion = occasions::load(tx, host)?;
    let meant: HashSet<&InvitationId> = ids.iter().collect();
    let before = list(tx, host)?
        .into_iter()
        .filter(|one| meant.contains(&one.id));
    let pairs: Vec<(Invitation, Invitation)> = before
        .map(|one| {
            let mut after = one.clone();
            change(&mut after);
            (one, after)
        })
        .collect();
    let now = tx.now();
    Ok(compare(
        now,
        pairs
            .iter()
            .map(|(before, after)| ((&occasion, before), (&occasion, after))),
    ))
}

type Seen<'a> = (&'a Occasion, &'a Invitation);

fn compare<'a>(now: Timestamp, pairs: impl Iterator<Item = (Seen<'a>, Seen<'a>)>) -> Effect {
    let is_open =
        |(occasion, invitation): Seen<'_>| invitation.access(occasion, now) == Access::Open;
    pairs.fold(Effect::default(), |mut effect, (before, after)| {
        match (is_open(before), is_open(after)) {
            (true, false) => effect.closes += 1,
            (false, true) => effect.reopens += 1,
            _ => {}
        }
        effect
    })
}

fn list(tx: &mut Tx<'_>, host: &HostOf) -> Result<Vec<Invitation>, Refusal> {
    Ok(sql!(
        "SELECT {Invitation} FROM invitation
         WHERE occasion = :occasion AND archived_at IS NULL",
        occasion = host.occasion()
    )
    .all(tx)?)
}
