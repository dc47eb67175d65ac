//! A single answer for a whole household. It comes from the occasion's public page, or from a form
//! on another site. It says whether the household comes and with how many people, and may contain a
//! note. With a code, it is saved like any other answer. For answers without a code, see
//! [`crate::open_rsvp`].

use std::collections::BTreeMap;

use platform::audit::RequestFacts;
use platform::{StoreError, Tx, text_cleaning};
use serde::{Deserialize, Serialize};
use web::FieldProblem;

use crate::code::CodeKey;
use crate::event;
use crate::guest::Guest;
use crate::household_change::{GuestUpdate, HouseholdChange, NoteUpdate};
use crate::id::{InvitationId, OccasionId};
use crate::invitation_snapshot::{self, Closed, InvitationSnapshot};
use crate::occasion::to_json;
use crate::refusal::Refusal;
use crate::rsvp::{self, Repeat, Save, Saved};
use crate::words::{GuestKind, ReplyStatus, Source};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub attending: ReplyStatus,
    /// The replies by event key. An event that is not in the map gets no reply. `None` means that
    /// `attending` applies to all events.
    pub replies: Option<BTreeMap<String, ReplyStatus>>,
    /// The number of people who come, including the guests whom the hosts listed by name. `None`
    /// leaves the number unchanged.
    pub party: Option<i64>,
    /// A note to the hosts. If the text is empty, the stored note stays.
    pub wish: String,
}

impl Answer {
    pub(crate) fn says_something(&self) -> bool {
        !text_cleaning::clean(&self.wish).is_empty()
    }
}

/// An answer together with facts about its request.
#[derive(Clone, Debug)]
pub struct IncomingAnswer {
    pub answer: Answer,
    /// Errors of fields that could not be parsed. They are reported together with the other field
    /// errors.
    pub wrong: Vec<FieldProblem>,
    /// The channel through which the answer was sent.
    pub source: Source,
    /// The idempotency key, if the request has one.
    pub repeat: Option<Repeat>,
    pub request: Option<RequestFacts>,
}

/// The result of an answer. Repeating the request returns the same result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The invitation on which the answer was saved.
    pub id: InvitationId,
    /// Whether the invitation had no answer before this one.
    pub is_new: bool,
    /// The value of [`Answer::attending`], or `Waitlisted` if no guest has got a seat and at least
    /// one guest is on a waiting list.
    pub attending: ReplyStatus,
    /// How many of the household's guests come, once this answer is saved.
    pub guests: usize,
    /// The code for later changes. Only set if the answer was sent without a code.
    pub code: Option<String>,
}

impl Outcome {
    /// Returns the result for a household whose answer has just been saved.
    pub(crate) fn of(snapshot: &InvitationSnapshot, attending: ReplyStatus, is_new: bool) -> Self {
        let count = |status: ReplyStatus| {
            let guests = snapshot.household.guests.iter();
            let says = |guest: &&Guest| {
                let mut replies = guest.replies.values();
                replies.any(|reply| reply.status == status)
            };
            guests.filter(says).count()
        };
        let guests = count(ReplyStatus::Yes);
        let only_waits =
            attending == ReplyStatus::Yes && guests == 0 && count(ReplyStatus::Waitlisted) > 0;
        Self {
            id: snapshot.household.invitation.id.clone(),
            is_new,
            attending: if only_waits {
                ReplyStatus::Waitlisted
            } else {
                attending
            },
            guests,
            code: None,
        }
    }

    pub(crate) fn to_json(&self) -> String {
        to_json(self)
    }

    pub(crate) fn from_json(kept: &str) -> Result<Self, StoreError> {
        serde_json::from_str(kept).map_err(|_| StoreError::Column {
            column: "idempotency.body".to_owned(),
            wanted: "the outcome of an answer",
        })
    }
}

/// Saves an answer for all guests of the invitation with the code `key`. The invitation must belong
/// to `occasion`.
pub fn save(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    key: &CodeKey,
    incoming: &IncomingAnswer,
) -> Result<Outcome, Refusal> {
    // The change depends on the household's guests. The locks keep the guests as they are until the
    // change is saved.
    let snapshot = invitation_snapshot::open_locked(tx, key, |tx, sought| {
        if sought.occasion != *occasion {
            return Err(Closed::NotFound);
        }
        Ok(event::lock_limited(tx, occasion)?)
    })?;
    let is_new = snapshot.household.invitation.replied_at.is_none();
    let attending = incoming.answer.attending;
    let save = Save {
        key: key.clone(),
        change: HouseholdChange {
            wrong: incoming.wrong.clone(),
            ..household_change(&snapshot, &incoming.answer)
        },
        source: incoming.source,
        repeat: incoming.repeat.clone(),
        request: incoming.request.clone(),
        needs_version: false,
    };
    let outcome = |after: &InvitationSnapshot| Outcome::of(after, attending, is_new);
    match rsvp::answer(tx, &save, |after| outcome(after).to_json())? {
        Saved::Stored(after) | Saved::Unchanged(after) => Ok(outcome(&after.snapshot)),
        Saved::Again(stored) => Ok(Outcome::from_json(&stored.body)?),
    }
}

/// Each guest whom the hosts named gets the answer's reply. All other people are plus-ones, and
/// missing ones are added. No guest is removed.
fn household_change(snapshot: &InvitationSnapshot, answer: &Answer) -> HouseholdChange {
    let people = &snapshot.household.guests;
    let named = people.iter().filter(|one| one.kind == GuestKind::Named);
    let comes = answer.attending == ReplyStatus::Yes;
    let mut places = answer.party.filter(|_| comes).map(|party| {
        let party = usize::try_from(party).unwrap_or(0);
        party.saturating_sub(named.count())
    });
    let names_nobody = snapshot.household.names_nobody();
    let mut guests = Vec::new();
    for guest in people {
        let is_brought = guest.kind == GuestKind::PlusOne;
        let status = match &mut places {
            Some(0) if is_brought => ReplyStatus::No,
            Some(places) if is_brought => {
                *places -= 1;
                answer.attending
            }
            None if is_brought && comes && !names_nobody => continue,
            _ => answer.attending,
        };
        let events = snapshot.events.iter();
        let invited = events.filter(|event| guest.replies.contains_key(&event.id));
        guests.push(GuestUpdate {
            id: Some(guest.id.clone()),
            replies: invited.map(|event| (event.key.clone(), status)).collect(),
            ..GuestUpdate::default()
        });
    }
    let more = places.unwrap_or(0);
    guests.extend(std::iter::repeat_n(
        GuestUpdate {
            name: Some(String::new()),
            ..GuestUpdate::default()
        },
        more,
    ));
    HouseholdChange {
        // The invitation is locked, so this version cannot be outdated.
        version: Some(snapshot.household.invitation.version),
        guests,
        // An answer with a note is refused if the hosts accept no notes. If only the note were
        // dropped, the guest would not know that it was lost.
        note: answer.says_something().then(|| NoteUpdate {
            text: answer.wish.clone(),
            version: None,
        }),
        ..HouseholdChange::default()
    }
}
