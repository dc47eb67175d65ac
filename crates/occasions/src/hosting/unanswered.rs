//! Why a household has not answered everything, from what is known of its invitation, and what hosts
//! can do about it.

use jiff::Timestamp;
use platform::Tx;
use platform::key::Key;
use platform::mail::suppression::{Cause, Suppression};
use serde::Serialize;
use utoipa::ToSchema;
use web::I18n;

use super::invitations::{self, Bookkeeping};
use super::listing::filter::Answered;
use super::listing::{self, InvitationFilter};
use super::permissions::{HostOf, Permission};
use super::{Refusal, portals, sizes, suppressions};
use crate::form_event::{self, FormEvent};
use crate::guest::Guest;
use crate::id::InvitationId;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::phone::Phone;
use crate::words::{Access, LockMode, OccasionStatus, Response};

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
    let (reason, at) = if !is_reachable && !is_opened {
        (Reason::NoContact, None)
    } else if kept.sent_at.is_none() && !is_opened {
        (Reason::NotSent, None)
    } else if let Some(suppression) = suppression {
        let reason = match suppression.cause {
            Cause::SoftBounce | Cause::HardBounce => Reason::Bounced,
            Cause::Unsubscribe => Reason::Unsubscribed,
            Cause::Complaint => Reason::Complained,
            Cause::Manual => Reason::MailStopped,
        };
        (reason, Some(suppression.last_at))
    } else if details.lock_mode == LockMode::Locked {
        (Reason::Locked, None)
    } else if snapshot.access == Access::Closed {
        // The deadline of everybody explains nothing about this household.
        (Reason::OwnDeadline, Some(details.deadline_override?))
    } else if !is_opened {
        (Reason::NeverOpened, kept.sent_at)
    } else if snapshot.response() == Response::Partial {
        (Reason::Partial, kept.last_opened_at)
    } else if form.is_some_and(|form| form.refused_on.is_some()) {
        (Reason::SaveRefused, None)
    } else if form.is_some() {
        (Reason::FormOpened, None)
    } else {
        (Reason::Opened, kept.last_opened_at)
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
        open: open
            .into_iter()
            .map(|guest| guest.name.clone())
            .filter(|name| !name.is_empty())
            .collect(),
    })
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
    /// How many of them have their invitation.
    pub owing: i64,
}

/// Finds at most [`AT_ONCE`] households that have not answered everything, after the first `skipped`,
/// and why. `key` hashes email addresses, to look them up in the suppression list.
pub fn list(
    tx: &mut Tx<'_>,
    key: &Key,
    host: &HostOf,
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
    let mut list = Vec::new();
    for row in rows.into_iter().skip(skipped).take(AT_ONCE) {
        let snapshot = portals::load(tx, host, &row.id)?;
        let invitation = &snapshot.household.invitation;
        let held = suppressions::list(tx, key, host, invitation)?.unwrap_or_default();
        let kept = invitations::bookkeeping(tx, &row.id)?;
        let form = form_event::find(tx, &row.id)?;
        list.push(Household {
            why: explain(&snapshot, &kept, &held, form.as_ref()),
            phone: invitation.details.phone.clone().unwrap_or_default(),
            open_count: kept.open_count,
            name: row.household,
            id: row.id,
        });
    }
    Ok(Households {
        list,
        total,
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
