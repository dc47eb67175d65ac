//! Why a household has not answered everything, from what is known of its invitation, and what hosts
//! can do about it.

use std::collections::HashMap;

use jiff::Timestamp;
use platform::key::Key;
use platform::mail::Address;
use platform::mail::suppression::{self, Cause, Suppression};
use platform::store::Row;
use platform::{Tx, sql};
use serde::Serialize;
use utoipa::ToSchema;
use web::{I18n, words};

use super::handed::Channel;
use super::invitations::{self, Bookkeeping};
use super::listing::filter::Answered;
use super::listing::{self, InvitationFilter, InvitationRow};
use super::permissions::{HostOf, Permission};
use super::{Refusal, occasions, portals, sizes, suppressions};
use crate::event;
use crate::form_event::{self, FormEvent};
use crate::guest::Guest;
use crate::id::InvitationId;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::phone::Phone;
use crate::words::{Access, LockMode, OccasionStatus, ReplyStatus, Response};

/// Why the household has not answered everything: the first reason that is true, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = UnansweredReason)]
pub enum Reason {
    /// The household has no email address, telephone number or postal address.
    NoContact,
    /// The invitation was not marked as sent, and nobody opened it.
    NotSent,
    /// Mail to the household's address came back.
    Bounced,
    /// The household asked for no more mail.
    Unsubscribed,
    /// The household marked a mail as spam.
    Complained,
    /// Administrators have stopped mail to the household's address.
    MailStopped,
    /// Hosts have locked the household's answers.
    Locked,
    /// The household's own deadline is over.
    OwnDeadline,
    /// The invitation was sent and never opened.
    NeverOpened,
    /// Some of the household have answered.
    Partial,
    /// Somebody tried to save the form for answers, and it was refused.
    SaveRefused,
    /// The form for answers was opened and not saved.
    FormOpened,
    /// The invitation was opened, and nobody has answered.
    Opened,
}

/// What hosts can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = UnansweredStep)]
pub enum Step {
    Print,
    Send,
    /// Correct the email address.
    Mend,
    Whatsapp,
    Call,
    /// Let the household answer again.
    OpenAgain,
    Remind,
}

/// Why a household has not answered everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Unanswered {
    pub reason: Reason,
    pub step: Step,
    /// When that was: when mail was stopped, when the own deadline ended, when the invitation was
    /// sent or last opened. Null if only the day is known.
    pub at: Option<Timestamp>,
    /// The day of the refused save, or the last day on which the form was opened, in the occasion's
    /// time zone. The hour is not stored.
    pub day: Option<String>,
    /// How often the form was opened.
    pub openings: Option<i64>,
    /// What was missing when the save was refused: `name`, or the key of a question; null if that is
    /// not known.
    pub field: Option<String>,
    /// The title of that question.
    pub field_title: Option<I18n>,
    /// How many people have answered everything that they were asked.
    pub answered: usize,
    /// How many people were asked.
    pub people: usize,
    /// The names of those whose answers are open.
    pub open: Vec<String>,
    /// How many others without a name there are among those.
    #[serde(skip)]
    pub unnamed: usize,
    /// By which channel the invitation was sent, if that is known.
    #[serde(skip)]
    pub sent_by: Option<Channel>,
    /// Whether a mail server said that the address does not exist.
    #[serde(skip)]
    pub is_no_address: bool,
    /// Whether all of these have said "not sure".
    #[serde(skip)]
    pub is_unsure: bool,
    /// The events that are open, if all of the household have answered for others.
    #[serde(skip)]
    pub open_events: Vec<I18n>,
}

/// Returns why the household has not answered everything. Returns `None` if it has, or if nobody can
/// answer because the occasion is no longer or not yet published, its answers are over for everybody,
/// or the invitation is archived.
pub fn explain(
    snapshot: &InvitationSnapshot,
    kept: &Bookkeeping,
    suppressions: &[Suppression],
    form: Option<&FormEvent>,
) -> Option<Unanswered> {
    let (occasion, invitation) = (&snapshot.occasion, &snapshot.household.invitation);
    if occasion.status != OccasionStatus::Published
        || invitation.archived_at.is_some()
        || snapshot.events.is_empty()
        || snapshot.response() == Response::Complete
    {
        return None;
    }
    let details = &invitation.details;
    let phone = details.phone.as_deref();
    let suppression = suppressions.iter().max_by_key(|one| one.cause);
    let is_reachable = details.email.is_some() || phone.is_some() || details.address.is_some();
    let is_opened = kept.last_opened_at.is_some() || form.is_some();
    let reason = reason(&Known {
        is_reachable,
        is_sent: kept.sent_at.is_some(),
        is_opened,
        stopped: suppression.map(|one| one.cause),
        is_locked: details.lock_mode == LockMode::Locked,
        access: snapshot.access,
        has_own_deadline: details.deadline_override.is_some(),
        response: snapshot.response(),
        is_refused: form.is_some_and(|form| form.refused_on.is_some()),
        has_form: form.is_some(),
    })?;
    let at = match reason {
        Reason::Bounced | Reason::Unsubscribed | Reason::Complained | Reason::MailStopped => {
            suppression.map(|one| one.last_at)
        }
        Reason::OwnDeadline => details.deadline_override,
        Reason::NeverOpened => kept.sent_at,
        Reason::Partial | Reason::Opened => kept.last_opened_at,
        Reason::NoContact
        | Reason::NotSent
        | Reason::Locked
        | Reason::SaveRefused
        | Reason::FormOpened => None,
    };
    let is_read = phone.is_some_and(|typed| {
        let phone = Phone::read(typed, occasion.home_country());
        phone.e164.is_some()
    });
    let asked = snapshot.household.guests.iter();
    let asked = asked.filter(|guest| !guest.replies.is_empty());
    let is_open = |guest: &&Guest| {
        let mut replies = guest.replies.values();
        replies.any(|reply| snapshot.effective_status(reply.status).is_open())
    };
    let open: Vec<&Guest> = asked.clone().filter(is_open).collect();
    let people = asked.count();
    let unnamed = open.iter().filter(|guest| guest.name.is_empty()).count();
    let replies = || open.iter().flat_map(|guest| guest.replies.values());
    let statuses = || replies().map(|reply| snapshot.effective_status(reply.status));
    let is_unsure = statuses().all(|status| status != ReplyStatus::Pending);
    let open_events: Vec<I18n> = snapshot
        .open_events()
        .map(|event| event.name.clone())
        .collect();
    let is_any_settled = open_events.len() < snapshot.invited_events().count();
    let refused = form.filter(|_| reason == Reason::SaveRefused);
    let opened = form.filter(|_| reason == Reason::FormOpened);
    let question = refused.and_then(|form| form.missing_question(&snapshot.questions));
    let name = refused.filter(|form| form.is_name_missing());
    let field = name.map(|form| form.refused_field.clone());
    Some(Unanswered {
        reason,
        step: step(reason, phone.is_some(), is_read),
        at,
        day: refused
            .and_then(|form| form.refused_on.clone())
            .or_else(|| opened.map(|form| form.last_opened.clone())),
        openings: opened.map(|form| form.openings),
        field: field.or_else(|| question.map(|question| question.key.clone())),
        field_title: question.map(|question| question.title.clone()),
        answered: people - open.len(),
        people,
        sent_by: kept.sent_by.filter(|one| *one != Channel::Other),
        is_no_address: suppression.is_some_and(|one| one.cause == Cause::HardBounce),
        unnamed,
        is_unsure,
        open_events: if is_any_settled {
            open_events
        } else {
            Vec::new()
        },
        open: open
            .into_iter()
            .map(|guest| guest.name.clone())
            .filter(|name| !name.is_empty())
            .collect(),
    })
}

/// What decides why a household has not answered everything.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Known {
    /// Whether there is an email address, a telephone number or a postal address.
    is_reachable: bool,
    is_sent: bool,
    is_opened: bool,
    /// Why mail to the household's address is stopped.
    stopped: Option<Cause>,
    is_locked: bool,
    access: Access,
    has_own_deadline: bool,
    response: Response,
    /// Whether the last save was refused.
    is_refused: bool,
    /// Whether the form for answers was opened.
    has_form: bool,
}

/// The first reason that is true. The deadline of everybody explains nothing about one household.
fn reason(known: &Known) -> Option<Reason> {
    Some(match known.stopped {
        _ if !known.is_reachable && !known.is_opened => Reason::NoContact,
        _ if !known.is_sent && !known.is_opened => Reason::NotSent,
        Some(Cause::SoftBounce | Cause::HardBounce) => Reason::Bounced,
        Some(Cause::Unsubscribe) => Reason::Unsubscribed,
        Some(Cause::Complaint) => Reason::Complained,
        Some(Cause::Manual) => Reason::MailStopped,
        None if known.is_locked => Reason::Locked,
        None if known.access == Access::Closed && !known.has_own_deadline => return None,
        None if known.access == Access::Closed => Reason::OwnDeadline,
        None if !known.is_opened => Reason::NeverOpened,
        None if known.response == Response::Partial => Reason::Partial,
        None if known.is_refused => Reason::SaveRefused,
        None if known.has_form => Reason::FormOpened,
        None => Reason::Opened,
    })
}

words! {
    /// What households that have not answered everything have in common.
    Group {
        Unreached = "unreached" => "host-unanswered-unreached",
        NotSent = "unsent" => "host-unanswered-unsent",
        NotOpened = "unopened" => "host-unanswered-unopened",
        Opened = "opened" => "host-unanswered-no-answer",
        Partial = "partial" => "host-response-partial",
        Closed = "closed" => "host-unanswered-closed",
    }
}

impl Group {
    /// Nobody can answer where there is no reason.
    fn of(reason: Option<Reason>) -> Self {
        match reason {
            Some(
                Reason::NoContact
                | Reason::Bounced
                | Reason::Unsubscribed
                | Reason::Complained
                | Reason::MailStopped,
            ) => Self::Unreached,
            Some(Reason::NotSent) => Self::NotSent,
            Some(Reason::NeverOpened) => Self::NotOpened,
            Some(
                Reason::Locked
                | Reason::OwnDeadline
                | Reason::SaveRefused
                | Reason::FormOpened
                | Reason::Opened,
            ) => Self::Opened,
            Some(Reason::Partial) => Self::Partial,
            None => Self::Closed,
        }
    }
}

/// What is stored of an invitation beside its row in lists.
#[derive(Row)]
struct Stored {
    id: InvitationId,
    is_reachable: bool,
    is_locked: bool,
    has_form: bool,
}

/// The group of each of these households.
fn groups(
    tx: &mut Tx<'_>,
    key: &Key,
    host: &HostOf,
    rows: &[InvitationRow],
) -> Result<HashMap<InvitationId, Group>, Refusal> {
    let occasion = occasions::load(tx, host)?;
    let may_answer =
        occasion.status == OccasionStatus::Published && !event::list(tx, &occasion.id)?.is_empty();
    let blocked = suppression::blocked_in(tx, occasion.id.as_str())?;
    let stored: Vec<Stored> = sql!(
        "SELECT id, (email IS NOT NULL OR phone IS NOT NULL OR address IS NOT NULL) AS is_reachable,
             (lock_mode = 'locked') AS is_locked,
             EXISTS (SELECT 1 FROM form_event WHERE form_event.invitation = invitation.id)
                 AS has_form
         FROM invitation WHERE occasion = :occasion AND archived_at IS NULL",
        occasion = occasion.id
    )
    .all(tx)?;
    let stored: HashMap<InvitationId, Stored> = stored
        .into_iter()
        .map(|one| (one.id.clone(), one))
        .collect();
    let of = |row: &InvitationRow| {
        let stored = stored.get(&row.id).filter(|_| may_answer)?;
        let address = row
            .email
            .as_deref()
            .and_then(|one| one.parse::<Address>().ok());
        reason(&Known {
            is_reachable: stored.is_reachable,
            is_sent: row.sent_at.is_some(),
            is_opened: row.last_opened_at.is_some() || stored.has_form,
            stopped: address.and_then(|address| blocked.find(key, &address)),
            is_locked: stored.is_locked,
            access: row.access,
            has_own_deadline: row.deadline_override.is_some(),
            response: row.response,
            // These two are told apart within a group only.
            is_refused: false,
            has_form: stored.has_form,
        })
    };
    Ok(rows
        .iter()
        .map(|row| (row.id.clone(), Group::of(of(row))))
        .collect())
}

/// The maximum number of households of which a page says why.
pub const AT_ONCE: usize = 50;

/// A household that has not answered everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Household {
    pub id: InvitationId,
    pub name: String,
    /// The telephone number as it was typed; empty if there is none.
    pub phone: String,
    pub open_count: i64,
    pub group: Group,
    /// Why; `None` if nobody can answer.
    pub why: Option<Unanswered>,
}

/// The households that have not answered everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Households {
    /// By name, beginning with the one that was asked for.
    pub list: Vec<Household>,
    /// How many there are in all.
    pub total: usize,
    /// How many there are in each group, without those that have none.
    pub groups: Vec<(Group, usize)>,
    /// How many of them have their invitation.
    pub owing: i64,
}

/// Finds at most [`AT_ONCE`] households that have not answered everything, of one group or of all,
/// after the first `skipped`, and why. `key` hashes email addresses, to look them up in the
/// suppression list.
pub fn list(
    tx: &mut Tx<'_>,
    key: &Key,
    host: &HostOf,
    wanted: Option<Group>,
    skipped: usize,
) -> Result<Households, Refusal> {
    host.needs(Permission::Invite)?;
    host.needs(Permission::SeeContacts)?;
    let filter = InvitationFilter {
        response: Some(Answered::Pending),
        ..InvitationFilter::default()
    };
    let rows = listing::all_invitations(tx, host, &filter)?;
    let total = rows.len();
    let group_of = groups(tx, key, host, &rows)?;
    let group_of = |id: &InvitationId| group_of.get(id).copied().unwrap_or(Group::Closed);
    let count = |group: &Group| {
        rows.iter()
            .filter(|row| group_of(&row.id) == *group)
            .count()
    };
    let groups = Group::ALL.iter().map(|group| (*group, count(group)));
    let groups = groups.filter(|(_, n)| *n > 0).collect();
    let is_wanted = |row: &InvitationRow| wanted.is_none_or(|group| group == group_of(&row.id));
    let mut list = Vec::new();
    for row in rows
        .iter()
        .filter(|row| is_wanted(row))
        .skip(skipped)
        .take(AT_ONCE)
    {
        let snapshot = portals::load(tx, host, &row.id)?;
        let invitation = &snapshot.household.invitation;
        let held = suppressions::list(tx, key, host, invitation)?.unwrap_or_default();
        let kept = invitations::bookkeeping(tx, &row.id)?;
        let form = form_event::find(tx, &row.id)?;
        list.push(Household {
            why: explain(&snapshot, &kept, &held, form.as_ref()),
            phone: invitation.details.phone.clone().unwrap_or_default(),
            open_count: kept.open_count,
            group: group_of(&row.id),
            name: row.household.clone(),
            id: row.id.clone(),
        });
    }
    Ok(Households {
        list,
        total,
        groups,
        owing: sizes::owing(tx, host.occasion())?,
    })
}

/// After a complaint, no message is written without a word before.
fn step(reason: Reason, has_phone: bool, is_read: bool) -> Step {
    match reason {
        Reason::NotSent => Step::Send,
        Reason::Bounced => Step::Mend,
        Reason::Unsubscribed | Reason::MailStopped if is_read => Step::Whatsapp,
        Reason::Unsubscribed | Reason::MailStopped | Reason::Complained if has_phone => Step::Call,
        Reason::NoContact | Reason::Unsubscribed | Reason::MailStopped | Reason::Complained => {
            Step::Print
        }
        Reason::Locked | Reason::OwnDeadline => Step::OpenAgain,
        Reason::NeverOpened
        | Reason::Partial
        | Reason::SaveRefused
        | Reason::FormOpened
        | Reason::Opened => Step::Remind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_wants_no_mail_is_reached_in_the_next_way() {
        for (reason, has_phone, is_read, expected) in [
            (Reason::Unsubscribed, true, true, Step::Whatsapp),
            (Reason::Unsubscribed, true, false, Step::Call),
            (Reason::Unsubscribed, false, false, Step::Print),
            (Reason::Complained, true, true, Step::Call),
            (Reason::Complained, false, false, Step::Print),
        ] {
            assert_eq!(step(reason, has_phone, is_read), expected, "{reason:?}");
        }
    }
}
