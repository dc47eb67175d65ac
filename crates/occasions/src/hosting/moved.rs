//! Events whose time or place has changed, or that were cancelled, since guests were last told, and
//! the households that do not know it yet.

use std::collections::{BTreeSet, HashSet};

use jiff::Timestamp;
use platform::audit::Entity;
use platform::{Rows, StoreError, Tx, sql};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use web::{Findings, I18n, Language, Site, Text};

use super::mail_text::{self, MailKind, MailText};
use super::permissions::{HostOf, Permission};
use super::told::{TimeAndPlace, affected, find, told_since};
use super::{Refusal, history, occasions, portals};
use crate::event;
use crate::guest::Reply;
use crate::id::{EventId, InvitationId, OccasionId};
use crate::occasion::Occasion;
use crate::rsvp;
use crate::words::{Access, ActedBy, OccasionStatus, ReplyStatus, Source};

/// An event that has moved, and who does not know it yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = EventThatMoved)]
pub struct Moved {
    /// The event's id.
    pub event: EventId,
    #[serde(skip)]
    pub key: String,
    #[serde(skip)]
    pub name: I18n,
    /// What guests were last told.
    pub was: TimeAndPlace,
    /// What the event says.
    pub now: TimeAndPlace,
    /// How many people have said that they come; of a cancelled event, that they would have come.
    pub coming: i64,
    /// How many people can be asked again: those who said that they come before it changed. Nobody is
    /// asked twice about one change, or about an event that is cancelled or has begun.
    pub askable: i64,
    /// Whether they have been asked again.
    pub is_asked: bool,
    /// Whether hosts decided to tell nobody.
    pub is_dismissed: bool,
    /// The households that do not know it yet; never empty.
    #[serde(skip)]
    pub households: HashSet<InvitationId>,
}

/// The households of which somebody has answered for the event since then.
fn answered_since(
    tx: &mut Tx<'_>,
    event: &EventId,
    since: Timestamp,
) -> Result<HashSet<InvitationId>, StoreError> {
    let found: Vec<(InvitationId,)> = sql!(
        "SELECT DISTINCT guest.invitation FROM reply JOIN guest ON guest.id = reply.guest
         WHERE reply.event = :event AND reply.answered_at >= :since",
        event,
        since
    )
    .all(tx)?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// Finds the events that have moved, are not over, and of which households do not know it yet.
pub fn list(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Vec<Moved>, StoreError> {
    let now = tx.now();
    let mut all = Vec::new();
    for event in event::planned(tx, occasion)? {
        let Some(is) = TimeAndPlace::of(&event).filter(|is| is.ends_at > now) else {
            continue;
        };
        let Some(stored) = find(tx, &event.id)? else {
            continue;
        };
        let since = stored.changed_at.max(stored.asked_at.unwrap_or_default());
        let told = told_since(tx, occasion, &event.id, since)?;
        let mut households = affected(tx, &event.id)?;
        households.retain(|id| !told.contains(id));
        if stored.asked_at.is_some() {
            let answered = answered_since(tx, &event.id, since)?;
            households.retain(|id| !answered.contains(id));
        }
        if households.is_empty() {
            continue;
        }
        let (coming, came_before): (i64, i64) = sql!(
            "SELECT COUNT(CASE WHEN status = 'yes' OR seat_until IS NOT NULL THEN 1 END),
                 COUNT(CASE WHEN status = 'yes' AND COALESCE(answered_at, 0) < :changed_at
                       THEN 1 END)
             FROM (SELECT guest, status, seat_until, answered_at FROM reply WHERE event = :event
                   UNION ALL
                   SELECT guest, status, seat_until, answered_at FROM cancelled_reply
                   WHERE event = :event) AS reply
             JOIN guest ON guest.id = reply.guest
             JOIN invitation ON invitation.id = guest.invitation
             WHERE invitation.archived_at IS NULL",
            event = event.id,
            changed_at = stored.changed_at
        )
        .one(tx)?;
        let is_just_asked = stored.asked_at.is_some_and(|at| at >= stored.changed_at);
        let can_be_asked = !is.is_cancelled && is.starts_at > now && !is_just_asked;
        all.push(Moved {
            askable: if can_be_asked { came_before } else { 0 },
            is_asked: stored.asked_at.is_some(),
            now: is,
            is_dismissed: stored.dismissed_at.is_some(),
            was: stored.was,
            coming,
            households,
            event: event.id,
            key: event.key,
            name: event.name,
        });
    }
    Ok(all)
}

/// Records that hosts tell nobody. The event stays among the open points.
pub fn dismiss(tx: &mut Tx<'_>, host: &HostOf, event: &EventId) -> Result<(), Refusal> {
    host.needs(Permission::Invite)?;
    let occasion = occasions::lock(tx, host)?;
    let all = list(tx, &occasion.id)?;
    if all.iter().all(|moved| moved.event != *event) {
        return Err(Refusal::NotFound);
    }
    sql!(
        "UPDATE event_told SET dismissed_at = :now WHERE event = :event",
        event,
        now = tx.now()
    )
    .run(tx, Rows::Exactly(1))?;
    let entity = Entity::new("event", event.to_string());
    history::record(tx, host, "event.not_told", entity, json!([]))?;
    Ok(())
}

/// Asks everybody again who said that they come, if they can still answer. They keep the seat until
/// answers close, or until the event begins. Meals and food stay. Returns how many people are asked.
pub fn ask_again(tx: &mut Tx<'_>, host: &HostOf, event: &EventId) -> Result<i64, Refusal> {
    host.needs(Permission::Invite)?;
    let occasion = occasions::lock(tx, host)?;
    if occasion.status != OccasionStatus::Published {
        return Err(Refusal::WrongState);
    }
    let all = list(tx, &occasion.id)?;
    let Some(moved) = all.into_iter().find(|moved| moved.event == *event) else {
        return Err(Refusal::NotFound);
    };
    if moved.askable == 0 {
        return Err(Refusal::WrongState);
    }
    let mut findings = Findings::default();
    if occasion.rsvp_deadline.is_some_and(|at| at <= tx.now()) {
        findings.add("/rsvp_deadline", "deadline_over", []);
    }
    findings.finish()?;
    let stored = find(tx, event)?.ok_or(Refusal::NotFound)?;
    event::lock_limited(tx, &occasion.id)?;
    let mut people = 0;
    for id in affected(tx, event)?.into_iter().collect::<BTreeSet<_>>() {
        people += ask_household(tx, host, &id, &moved, stored.changed_at)?;
    }
    sql!(
        "UPDATE event_told SET asked_at = :now, dismissed_at = NULL WHERE event = :event",
        event,
        now = tx.now()
    )
    .run(tx, Rows::Exactly(1))?;
    let entity = Entity::new("event", event.to_string());
    let changes = json!([{ "field": "people", "old": null, "new": people }]);
    history::record(tx, host, "event.asked_again", entity, changes)?;
    Ok(people)
}

fn ask_household(
    tx: &mut Tx<'_>,
    host: &HostOf,
    invitation: &InvitationId,
    moved: &Moved,
    changed_at: Timestamp,
) -> Result<i64, Refusal> {
    let mut snapshot = portals::lock(tx, host, invitation, None)?;
    // Who cannot answer again keeps the answer.
    if snapshot.access != Access::Open {
        return Ok(0);
    }
    let mut after = snapshot.household.guests.clone();
    let mut people = 0;
    for guest in &mut after {
        let Some(reply) = guest.replies.get_mut(&moved.event) else {
            continue;
        };
        let is_of_before = reply.answered_at.is_none_or(|at| at < changed_at);
        if reply.status == ReplyStatus::Yes && is_of_before {
            *reply = Reply {
                seat_until: Some(moved.now.starts_at),
                ..Reply::PENDING
            };
            people += 1;
        }
    }
    if people == 0 {
        return Ok(0);
    }
    let (by, source) = (ActedBy::Host, Source::Web);
    rsvp::write_guests(tx, &snapshot.household, &after, by, source)?;
    let before = std::mem::replace(&mut snapshot.household.guests, after);
    history::finish_guests(tx, host, &mut snapshot, &before)?;
    Ok(people)
}

impl Moved {
    /// The sentence that says what has happened to the event.
    pub fn news(&self, text: &Text, occasion: &Occasion) -> String {
        let id = match (self.was.is_cancelled, self.now.is_cancelled) {
            (_, true) => "send-cancelled",
            (true, false) => "send-back",
            (false, false) if self.was.reads_like(&self.now) => "send-asked",
            (false, false) => "send-moved",
        };
        self.with(id, text, occasion)
    }

    /// The message, from this sentence on. `link` leads to the household's page.
    pub fn message(&self, text: &Text, occasion: &Occasion, link: &str, hosts: &str) -> String {
        let with = |id| self.with(id, text, occasion);
        let mut lines = vec![self.news(text, occasion)];
        if !self.was.is_cancelled && !self.was.reads_like(&self.now) {
            lines.push(with("send-moved-was"));
        }
        if !self.now.is_cancelled {
            lines.push(with("send-moved-now"));
        }
        lines.push(String::new());
        match (self.now.is_cancelled, self.is_asked) {
            (true, _) => {}
            (false, true) => lines.push(with("send-moved-again")),
            (false, false) => lines.push(with("send-moved-answer")),
        }
        lines.extend([link, "", hosts].map(str::to_owned));
        lines.join("\n")
    }

    fn with(&self, id: &str, text: &Text, occasion: &Occasion) -> String {
        let values = self.values(text, occasion);
        text.with(id, values.map(|(name, said)| (name, said.into())))
    }

    /// The names of the event, and what it was and is, as values of a message in the language of
    /// `text`.
    pub fn values(&self, text: &Text, occasion: &Occasion) -> [(&'static str, String); 3] {
        let zone = occasion.zone();
        let name = self.name.pick(text.language(), &occasion.default_language);
        [
            ("event", name.text.to_owned()),
            ("was", self.was.say(text, &zone)),
            ("now", self.now.say(text, &zone)),
        ]
    }

    /// The mail that tells of it, in every language in which there are built-in texts.
    pub(super) fn mail_text(&self, site: &Site, occasion: &Occasion) -> MailText {
        let (mut subject, mut body) = (I18n::default(), I18n::default());
        for tag in site.catalogue.languages() {
            let text = site.catalogue.speak(&Language::of(tag));
            let news = [("news", self.news(&text, occasion))];
            let said = mail_text::with_placeholders(&text, MailKind::Moved, "subject", &news);
            subject.set(tag.to_owned(), said);
            // A paragraph with the link alone becomes a button.
            let said = self.message(&text, occasion, "\n{rsvp_link}", "{hosts}");
            body.set(tag.to_owned(), said);
        }
        MailText {
            subject,
            body,
            ..MailText::unwritten(MailKind::Moved)
        }
    }
}
