//! An invitation with all data that its household may see, and a few facts that only hosts see.

use std::collections::BTreeMap;
use std::sync::Arc;

use ::web::{Site, SiteUrl};
use jiff::Timestamp;
use platform::{StoreError, Tx};

use crate::announcement::Announcement;
use crate::answer::Answers;
use crate::code::CodeKey;
use crate::diet::DietaryOption;
use crate::event::time_and_place::EventBefore;
use crate::event::{self, Event, SeatsTaken};
use crate::guest::Reply;
use crate::household::{self, Household};
use crate::id::EventId;
use crate::invitation::{self, Invitation, Sought};
use crate::link::LinkKey;
use crate::occasion::{MailPermission, Occasion};
use crate::occasion_page::PageHead;
use crate::own_domain;
use crate::phase::{self, Phase};
use crate::question::Question;
use crate::snapshot::{self, OccasionSnapshot};
use crate::words::{Access, OccasionStatus, ReplyStatus, Response};

/// A household with its occasion and its current access.
#[derive(Clone, Debug)]
pub struct InvitationSnapshot {
    pub occasion: Arc<Occasion>,
    /// All events of the occasion. The household sees only those in `household.events`.
    pub events: Arc<[Event]>,
    /// The cancelled events to which the household was invited.
    pub cancelled: Vec<Event>,
    /// What events were that have changed, unless hosts tell nobody.
    pub before: Arc<[EventBefore]>,
    /// The dietary options that guests can choose.
    pub diets: Arc<[DietaryOption]>,
    /// The hosts' own questions, including the questions for hosts only.
    pub questions: Arc<[Question]>,
    /// The hosts' announcements, in display order.
    pub news: Arc<[Announcement]>,
    /// The pages that the household may read. Their texts are not included.
    pub pages: Arc<[PageHead]>,
    /// The occasion's own host name; `None` if it is not served.
    pub own_host: Option<String>,
    /// The key that signs links to invitations. It computes the links' parameter `k`.
    pub links: LinkKey,
    /// How much mail the site lets the occasion send.
    pub mail_permission: MailPermission,
    /// The taken seats of each event with limited seats.
    pub seats_taken: BTreeMap<EventId, SeatsTaken>,
    pub household: Household,
    /// What the household may do at `now`.
    pub access: Access,
    pub now: Timestamp,
}

/// Why a code does not open its invitation.
#[derive(Debug, thiserror::Error)]
pub enum Closed {
    /// The code is unknown or revoked, or the occasion is a draft. Guests get the same response in
    /// all these cases.
    #[error("no invitation has this code")]
    NotFound,
    /// The occasion is archived.
    #[error("the occasion has ended")]
    Expired,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Loads the invitation that a code opens.
pub fn open(tx: &mut Tx<'_>, key: &CodeKey) -> Result<InvitationSnapshot, Closed> {
    let invitation = invitation::find_by_code(tx, key)?.ok_or(Closed::NotFound)?;
    enter(tx, invitation)
}

/// Like [`open`], but also locks the invitation. `lock_before` takes the locks that come before the
/// invitation's.
pub(crate) fn open_locked(
    tx: &mut Tx<'_>,
    key: &CodeKey,
    lock_before: impl FnOnce(&mut Tx<'_>, &Sought) -> Result<(), Closed>,
) -> Result<InvitationSnapshot, Closed> {
    let sought = invitation::seek(tx, key)?.ok_or(Closed::NotFound)?;
    lock_before(tx, &sought)?;
    let invitation = invitation::lock(tx, &sought.id)?.ok_or(Closed::NotFound)?;
    // If the codes differ, there are two possible reasons. A host has replaced the code since the
    // look-up, or the code belongs to an invitation that was merged into this one.
    let is_same_code = CodeKey::parse(&invitation.code).is_ok_and(|code| code == *key);
    if !is_same_code && invitation::seek(tx, key)?.is_none_or(|found| found.id != sought.id) {
        return Err(Closed::NotFound);
    }
    enter(tx, invitation)
}

/// Builds the snapshot of an invitation for a client that has sent the invitation's code.
pub fn enter(tx: &mut Tx<'_>, invitation: Invitation) -> Result<InvitationSnapshot, Closed> {
    let (household, revision) = household::load_with_revision(tx, invitation)?;
    let invitation = &household.invitation;
    let snapshot = snapshot::load_at(tx, &invitation.occasion, revision)?;
    admit(&snapshot.occasion, invitation.archived_at.is_some())?;
    let seats_taken = seats_taken(tx, &snapshot)?;
    let cancelled = cancelled(tx, &snapshot, &household.invitation)?;
    Ok(with(snapshot, household, cancelled, seats_taken, tx.now()))
}

/// Like [`open`], but also opens invitations of archived occasions. Nothing can be changed in an
/// archived occasion.
pub fn look_back(tx: &mut Tx<'_>, key: &CodeKey) -> Result<InvitationSnapshot, Closed> {
    let invitation = invitation::find_by_code(tx, key)?.ok_or(Closed::NotFound)?;
    let snapshot = snapshot::load(tx, &invitation.occasion)?;
    match admit(&snapshot.occasion, invitation.archived_at.is_some()) {
        Ok(()) | Err(Closed::Expired) => Ok(load(tx, snapshot, invitation)?),
        Err(closed) => Err(closed),
    }
}

/// Checks that codes work in the current state of the occasion and the invitation.
pub fn admit(occasion: &Occasion, archived: bool) -> Result<(), Closed> {
    match occasion.status {
        _ if archived => Err(Closed::NotFound),
        OccasionStatus::Draft => Err(Closed::NotFound),
        OccasionStatus::Archived => Err(Closed::Expired),
        OccasionStatus::Published | OccasionStatus::Closed => Ok(()),
    }
}

/// Builds the snapshot of an invitation in any state, for hosts and for mails.
pub fn load(
    tx: &mut Tx<'_>,
    snapshot: OccasionSnapshot,
    invitation: Invitation,
) -> Result<InvitationSnapshot, StoreError> {
    let seats_taken = seats_taken(tx, &snapshot)?;
    let cancelled = cancelled(tx, &snapshot, &invitation)?;
    let household = household::load(tx, invitation)?;
    Ok(with(snapshot, household, cancelled, seats_taken, tx.now()))
}

/// Builds the snapshot of a household that does not exist, which is invited to all events. Hosts see
/// by it what they have not saved yet.
pub fn made_up(
    tx: &mut Tx<'_>,
    occasion: Occasion,
    name: &str,
) -> Result<InvitationSnapshot, StoreError> {
    let mut snapshot = snapshot::load(tx, &occasion.id)?;
    let household = Household {
        invitation: Invitation {
            occasion: occasion.id.clone(),
            code: "•••••".to_owned(),
            details: invitation::Details {
                household: name.to_owned(),
                ..invitation::Details::default()
            },
            ..Invitation::default()
        },
        guests: Vec::new(),
        events: snapshot.events.iter().map(|one| one.id.clone()).collect(),
        answers: Answers::new(),
    };
    snapshot.occasion = Arc::new(Occasion {
        status: OccasionStatus::Published,
        ..occasion
    });
    let cancelled = snapshot.cancelled.to_vec();
    Ok(with(
        snapshot,
        household,
        cancelled,
        BTreeMap::new(),
        tx.now(),
    ))
}

/// Like [`load`], for many invitations of one occasion, without cancelled events. The snapshots have
/// the invitations' order.
pub fn load_all(
    tx: &mut Tx<'_>,
    snapshot: &OccasionSnapshot,
    invitations: Vec<Invitation>,
) -> Result<Vec<InvitationSnapshot>, StoreError> {
    let seats_taken = seats_taken(tx, snapshot)?;
    let households = household::load_all(tx, invitations, &snapshot.questions)?.into_iter();
    let now = tx.now();
    let all =
        households.map(|one| with(snapshot.clone(), one, Vec::new(), seats_taken.clone(), now));
    Ok(all.collect())
}

fn cancelled(
    tx: &mut Tx<'_>,
    snapshot: &OccasionSnapshot,
    invitation: &Invitation,
) -> Result<Vec<Event>, StoreError> {
    if snapshot.cancelled.is_empty() {
        return Ok(Vec::new());
    }
    let invited = event::cancelled::of_invitation(tx, &invitation.id)?;
    let events = snapshot.cancelled.iter();
    Ok(events
        .filter(|event| invited.contains(&event.id))
        .cloned()
        .collect())
}

fn seats_taken(
    tx: &mut Tx<'_>,
    snapshot: &OccasionSnapshot,
) -> Result<BTreeMap<EventId, SeatsTaken>, StoreError> {
    if snapshot.events.iter().all(|event| event.capacity.is_none()) {
        return Ok(BTreeMap::new());
    }
    let taken = event::seats_taken(tx, &snapshot.occasion.id)?;
    Ok(taken.into_iter().collect())
}

fn with(
    snapshot: OccasionSnapshot,
    household: Household,
    cancelled: Vec<Event>,
    seats_taken: BTreeMap<EventId, SeatsTaken>,
    now: Timestamp,
) -> InvitationSnapshot {
    let OccasionSnapshot {
        occasion,
        events,
        cancelled: _,
        before,
        diets,
        questions,
        news,
        pages,
        own_host,
        links,
        mail_permission,
    } = snapshot;
    InvitationSnapshot {
        access: household.invitation.access(&occasion, now),
        household,
        occasion,
        events,
        cancelled,
        before,
        diets,
        questions,
        news,
        pages,
        own_host,
        links,
        mail_permission,
        seats_taken,
        now,
    }
}

impl InvitationSnapshot {
    /// Returns what an event was if it has changed since somebody of the household said that they may
    /// come, and whether that is what all of them knew.
    pub(crate) fn event_before(&self, event: &Event) -> Option<(&EventBefore, bool)> {
        let before = self.before.iter().find(|before| before.event == event.id)?;
        let guests = self.household.guests.iter();
        let replies = guests.filter_map(|guest| guest.replies.get(&event.id));
        let expects = |reply: &Reply| {
            let is_asked_again = reply.seat_until.is_some();
            let is_older = reply.answered_at.is_some_and(|at| at < before.changed_at);
            let says_no = matches!(reply.status, ReplyStatus::No | ReplyStatus::Pending);
            is_asked_again || (is_older && !says_no)
        };
        let since = before.since.unwrap_or(before.changed_at);
        let knew = |reply: &&Reply| reply.answered_at.is_none_or(|at| at < since);
        let expecting: Vec<&Reply> = replies.filter(|reply| expects(reply)).collect();
        (!expecting.is_empty()).then(|| (before, expecting.iter().all(knew)))
    }

    /// Returns the link to the invitation's page, or to the page `below` it, such as
    /// `/confirmation`.
    pub fn link(&self, below: &str) -> String {
        self.links.below(&self.household.invitation.code, below)
    }

    pub fn link_with(&self, below: &str, name: &str, value: &str) -> String {
        let code = &self.household.invitation.code;
        self.links.below_with(code, below, name, value)
    }

    /// Returns the base URL of the household's links.
    pub fn url(&self, site: &Site) -> SiteUrl {
        own_domain::url(site, self.own_host.as_deref())
    }

    /// Returns the events to which this household is invited, in display order.
    pub fn invited_events(&self) -> impl Iterator<Item = &Event> {
        self.events
            .iter()
            .filter(|event| self.household.events.contains(&event.id))
    }

    /// Whether all that the household was invited to is cancelled.
    pub fn is_cancelled(&self) -> bool {
        !self.cancelled.is_empty() && self.invited_events().next().is_none()
    }

    /// Returns the events that at least one guest of the household has not declined.
    pub fn events_to_attend(&self) -> impl Iterator<Item = &Event> {
        self.invited_events().filter(|event| {
            let guests = self.household.guests.iter();
            let mut replies = guests.filter_map(|guest| guest.replies.get(&event.id));
            replies.any(|reply| reply.status != ReplyStatus::No)
        })
    }

    /// Returns the household's next event. An event stays the next one until the end of the day on
    /// which it begins.
    pub fn next_event(&self) -> Option<&Event> {
        let zone = self.occasion.zone();
        let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
        let today = day(self.now);
        let events = self
            .invited_events()
            .filter(|event| day(event.starts_at) >= today);
        events.min_by_key(|event| event.starts_at)
    }

    /// Returns the phase of the occasion, which is the same for all households.
    pub fn phase(&self) -> Phase {
        let zone = self.occasion.zone();
        Phase::at(self.occasion.status, &self.events, &zone, self.now)
    }

    /// Returns the time until which the page of the invitation stays the same if nobody changes the
    /// invitation. The page changes at the start of the next day, when answers close, when an event
    /// starts, and when the last one is over.
    pub fn reads_alike_until(&self) -> Timestamp {
        let here = self.now.to_zoned(self.occasion.zone());
        let tomorrow = here.tomorrow().and_then(|day| day.start_of_day());
        let tomorrow = tomorrow.map_or(self.now, |day| day.timestamp());
        let invitation = &self.household.invitation;
        let moments = [
            invitation.deadline(&self.occasion),
            invitation.details.open_until,
            phase::over_at(&self.events, &self.occasion.zone()),
        ];
        let begin = self.events.iter().map(|event| event.starts_at);
        let moments = moments.into_iter().flatten().chain(begin);
        let later = moments.filter(|at| *at > self.now);
        later.fold(tomorrow, Timestamp::min)
    }

    /// Whether any event has limited seats.
    pub(crate) fn has_limited_events(&self) -> bool {
        self.events.iter().any(|event| event.capacity.is_some())
    }

    /// Returns how many more seats of an event this household may take; `None` if the event's seats
    /// are unlimited.
    pub fn seats_left(&self, event: &Event) -> Option<i64> {
        let capacity = event.capacity?;
        let taken = self.seats_taken.get(&event.id).copied();
        let is_unapproved = self.household.invitation.is_unapproved;
        Some(taken.unwrap_or_default().remaining(capacity, is_unapproved))
    }

    /// Whether the household is put on the waiting list when an event is full. A household that
    /// waits for approval is not put on it, because anybody can send hundreds of answers without a
    /// code.
    pub fn has_waitlist(&self) -> bool {
        self.occasion.switches.waitlist && self.is_invited()
    }

    /// Whether the household sees what invited households see. A household that answered without a
    /// code sees it once a host has approved the answer.
    pub fn is_invited(&self) -> bool {
        !self.household.invitation.is_unapproved
    }

    /// Returns two values: whether the household sees the wish list, and whether it sees the ways
    /// to give money.
    pub fn gift_lists(&self) -> [bool; 2] {
        let switches = self.occasion.switches;
        [switches.gifts, switches.cash_links].map(|is_on| is_on && self.is_invited())
    }

    /// Whether the household has seats that still need a host's approval.
    pub fn waits_for_seats(&self) -> bool {
        let mut limited = self.events.iter().filter(|event| event.capacity.is_some());
        self.household.invitation.is_unapproved
            && limited.any(|event| {
                let mut replies = self
                    .household
                    .guests
                    .iter()
                    .map(|guest| guest.replies.get(&event.id));
                replies.any(|reply| reply.is_some_and(|reply| reply.status == ReplyStatus::Yes))
            })
    }

    /// Returns the questions that this household is asked, in display order.
    pub fn asked_questions(&self) -> impl Iterator<Item = &Question> {
        self.questions.iter().filter(|question| {
            question.is_for_guests() && self.household.is_concerned(question, &self.events)
        })
    }

    pub fn response(&self) -> Response {
        response(
            self.household
                .guests
                .iter()
                .flat_map(|guest| guest.replies.values())
                .map(|reply| self.effective_status(reply.status)),
        )
    }

    /// The events for which an answer of somebody is missing or undecided.
    pub fn open_events(&self) -> impl Iterator<Item = &Event> {
        let is_open = |event: &&Event| {
            let mut guests = self.household.guests.iter();
            guests.any(|guest| {
                let reply = guest.replies.get(&event.id);
                reply.is_some_and(|reply| self.effective_status(reply.status).is_open())
            })
        };
        self.invited_events().filter(is_open)
    }

    /// Whether answers and dietary requirements can be changed now. Nobody is asked before the
    /// occasion has an event, and so a day.
    pub fn takes_answers(&self) -> bool {
        self.access == Access::Open && !self.events.is_empty() && !self.is_cancelled()
    }

    /// Whether the note can be changed now. Some occasions allow this even after answers have
    /// closed.
    pub fn takes_notes(&self) -> bool {
        let occasion = &self.occasion;
        let late =
            occasion.switches.late_gifts_notes && occasion.status == OccasionStatus::Published;
        late || self.takes_answers()
    }

    pub fn effective_status(&self, status: ReplyStatus) -> ReplyStatus {
        self.occasion.effective_status(status)
    }

    /// Returns the time at which answers close automatically; `None` if they never do.
    pub fn closes_at(&self) -> Option<Timestamp> {
        self.household.invitation.closes_at(&self.occasion)
    }
}

/// Returns whether all, some or none of these replies are given.
pub fn response(replies: impl Iterator<Item = ReplyStatus>) -> Response {
    let (mut answered, mut open) = (false, false);
    for status in replies {
        match status {
            ReplyStatus::Pending => open = true,
            ReplyStatus::Undecided => (answered, open) = (true, true),
            ReplyStatus::Yes | ReplyStatus::No | ReplyStatus::Waitlisted => answered = true,
        }
    }
    match (answered, open) {
        (false, _) => Response::Unanswered,
        (true, true) => Response::Partial,
        (true, false) => Response::Complete,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_derived_from_the_replies() {
        use ReplyStatus::{No, Pending, Undecided, Waitlisted, Yes};
        for (replies, expected) in [
            (vec![], Response::Unanswered),
            (vec![Pending, Pending], Response::Unanswered),
            (vec![Pending, Yes], Response::Partial),
            (vec![Undecided], Response::Partial),
            (vec![Yes, Undecided], Response::Partial),
            (vec![Yes, No, Waitlisted], Response::Complete),
        ] {
            assert_eq!(response(replies.iter().copied()), expected, "{replies:?}");
        }
    }
}
