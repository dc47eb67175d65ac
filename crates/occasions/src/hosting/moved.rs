//! Events whose time or place has changed, or that were cancelled, since guests were last told, and
//! the households that do not know it yet.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use platform::audit::Entity;
use platform::{Rows, StoreError, Tx, sql};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use web::dates::zone_name;
use web::{Findings, I18n, Language, Site, Text};

use super::mail_text::{self, MailText, Piece};
use super::permissions::{HostOf, Permission};
use super::told::{self, affected, find, told_since};
use super::{Refusal, history, occasions, portals};
use crate::event::time_and_place::{self, Knows, News, TimeAndPlace};
use crate::event::{self, PlannedEvent};
use crate::guest::Reply;
use crate::id::{EventId, InvitationId, OccasionId};
use crate::occasion::{self, Occasion};
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
    /// The households that do not know it yet.
    #[serde(skip)]
    pub households: HashSet<InvitationId>,
    #[serde(skip)]
    pub groups: Groups,
    /// The name of the time zone by whose clock guests were told, if it was another.
    #[serde(skip)]
    pub told_in: Option<String>,
    /// Whether these households all know what it was.
    #[serde(skip)]
    pub knows: Knows,
}

/// How many households are to be told of an event that has moved, and how many are not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    /// To be told: somebody said yes before it changed.
    pub yes: i64,
    /// To be told: nobody said yes, and somebody has not answered or is not sure.
    pub open: i64,
    /// Not to be told: everybody declined.
    pub declined: i64,
    /// Not to be told: their invitation, which has not gone out, says how the event is now.
    pub unsent: i64,
}

impl Groups {
    fn load(
        tx: &mut Tx<'_>,
        event: &EventId,
        to_tell: &HashSet<InvitationId>,
    ) -> Result<Self, StoreError> {
        let all: Vec<(InvitationId, i64, i64, i64, Option<Timestamp>)> = sql!(
            "SELECT invitation.id,
                 COUNT(CASE WHEN status IN ('yes', 'waitlisted') OR seat_until IS NOT NULL
                       THEN 1 END),
                 COUNT(CASE WHEN status <> 'no' THEN 1 END),
                 COUNT(CASE WHEN status <> 'pending' THEN 1 END), invitation.sent_at
             FROM (SELECT guest, status, seat_until FROM reply WHERE event = :event
                   UNION ALL
                   SELECT guest, status, seat_until FROM cancelled_reply
                   WHERE event = :event) AS reply
             JOIN guest ON guest.id = reply.guest
             JOIN invitation ON invitation.id = guest.invitation
             WHERE invitation.archived_at IS NULL
             GROUP BY invitation.id, invitation.sent_at",
            event
        )
        .all(tx)?;
        let mut groups = Self::default();
        for (id, yes, not_declined, answered, sent_at) in all {
            let group = match (to_tell.contains(&id), yes, not_declined) {
                (true, 1.., _) => &mut groups.yes,
                (true, _, _) => &mut groups.open,
                (false, _, 0) => &mut groups.declined,
                (false, 0, _) if answered == 0 && sent_at.is_none() => &mut groups.unsent,
                _ => continue,
            };
            *group += 1;
        }
        Ok(groups)
    }
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
    let mut all = list_all(tx, occasion)?;
    all.retain(|moved| !moved.households.is_empty());
    Ok(all)
}

/// Finds the events that have moved and are not over, also those of which everybody knows it.
pub fn list_all(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Vec<Moved>, StoreError> {
    let (now, zone) = (tx.now(), occasion::load(tx, occasion)?.zone());
    let mut all = Vec::new();
    for event in event::planned(tx, occasion)? {
        let Some(is) = TimeAndPlace::of(&event, &zone).filter(|is| is.ends_at > now) else {
            continue;
        };
        let Some(stored) = find(tx, &event.id)? else {
            continue;
        };
        let since = stored.changed_at.max(stored.asked_at.unwrap_or_default());
        let told = told_since(tx, occasion, &event.id, since)?;
        let mut households = affected(tx, &event.id, stored.changed_at)?;
        households.retain(|id| !told.contains(id));
        if stored.asked_at.is_some() {
            let answered = answered_since(tx, &event.id, since)?;
            households.retain(|id| !answered.contains(id));
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
            groups: Groups::load(tx, &event.id, &households)?,
            households,
            told_in: stored.zone,
            knows: told::known(tx, occasion, &event.id, stored.changed_at)?,
            event: event.id,
            key: event.key,
            name: event.name,
        });
    }
    Ok(all)
}

/// Who has not been told that an event is cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Untold {
    /// How many people said yes to it.
    pub(crate) people: i64,
    pub(crate) households: i64,
}

/// Finds who has not been told of each cancelled event that would not be over yet.
pub(crate) fn untold(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
) -> Result<BTreeMap<EventId, Untold>, StoreError> {
    let mut all = BTreeMap::new();
    for moved in list(tx, occasion)? {
        if !moved.now.is_cancelled {
            continue;
        }
        let said_yes: Vec<(InvitationId,)> = sql!(
            "SELECT guest.invitation FROM cancelled_reply AS reply
             JOIN guest ON guest.id = reply.guest
             WHERE reply.event = :event
               AND (reply.status = 'yes' OR reply.seat_until IS NOT NULL)",
            event = moved.event
        )
        .all(tx)?;
        let people = said_yes
            .iter()
            .filter(|(id,)| moved.households.contains(id));
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let untold = Untold {
            people: count(people.count()),
            households: count(moved.households.len()),
        };
        all.insert(moved.event, untold);
    }
    Ok(all)
}

/// Whether a change of an event concerns guests, and there is nobody to tell: everybody who was told
/// of it has declined, or no invitation has gone out.
pub(crate) fn concerns_nobody(
    tx: &mut Tx<'_>,
    host: &HostOf,
    [old, new]: [&PlannedEvent; 2],
) -> Result<bool, StoreError> {
    let (now, zone) = (tx.now(), occasion::load(tx, host.occasion())?.zone());
    let [Some(was), Some(is)] = [old, new].map(|event| TimeAndPlace::of(event, &zone)) else {
        return Ok(false);
    };
    if is.reads_like(&was) || is.ends_at <= now || find(tx, &new.id)?.is_some() {
        return Ok(false);
    }
    let Groups {
        declined, unsent, ..
    } = Groups::load(tx, &new.id, &HashSet::new())?;
    Ok(declined + unsent > 0 && affected(tx, &new.id, now)?.is_empty())
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
    let all = list_all(tx, &occasion.id)?;
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
    for id in affected(tx, event, stored.changed_at)?
        .into_iter()
        .collect::<BTreeSet<_>>()
    {
        people += ask_household(tx, host, &id, &moved, stored.changed_at)?;
    }
    if people == 0 {
        return Ok(0);
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
        if let Some(News { id, was, now }) = self.dated_news(text, occasion) {
            let name = self.name.pick(text.language(), &occasion.default_language);
            let values = [
                ("event", name.text.into()),
                ("was", was.into()),
                ("now", now.into()),
                (
                    "zone",
                    zone_name(&occasion.zone(), self.now.starts_at).into(),
                ),
            ];
            return text.with(id, values);
        }
        let id = match (self.was.is_cancelled, self.now.is_cancelled) {
            (_, true) => "send-cancelled",
            (true, false) => "send-back",
            (false, false) if self.was.reads_like(&self.now) => "send-asked",
            (false, false) if self.ends_otherwise() => "send-end-moved",
            (false, false) => "send-changed",
        };
        self.with(id, text, occasion)
    }

    /// What it names of a day, an hour or a place that has changed. Whoever was told otherwise, or by
    /// the clock of another zone, would read something wrong as old.
    fn dated_news(&self, text: &Text, occasion: &Occasion) -> Option<News> {
        let is_known = self.knows == Knows::TheSame && self.told_in.is_none();
        let takes_place = !self.was.is_cancelled && !self.now.is_cancelled;
        let is_told = is_known && takes_place && !self.was.reads_like(&self.now);
        (is_told && !self.ends_otherwise())
            .then(|| time_and_place::news([&self.was, &self.now], text, &occasion.zone()))
    }

    /// Whether it only ends at another time, for all who are told.
    fn ends_otherwise(&self) -> bool {
        let is_known = self.knows == Knows::TheSame && self.told_in.is_none();
        is_known && self.was.differs_in_end(&self.now)
    }

    /// What has changed: this sentence, what guests were told and what it is now.
    fn change(&self, text: &Text, occasion: &Occasion) -> String {
        let mut lines = vec![self.news(text, occasion)];
        // Who was not told of an earlier change would read what is new to them as old.
        let is_said = self
            .dated_news(text, occasion)
            .is_some_and(|news| !news.was.is_empty() && self.was.end_known == self.now.end_known);
        let names_old = !self.was.is_cancelled && self.knows == Knows::TheSame && !is_said;
        if names_old && !self.was.reads_like(&self.now) {
            lines.push(self.with("send-moved-was", text, occasion));
        }
        if !self.now.is_cancelled {
            lines.push(self.with("send-moved-now", text, occasion));
        }
        lines.join("\n")
    }

    /// What happens to a household's answer; empty if nobody can answer.
    fn answer(&self, text: &Text) -> String {
        let id = match (self.now.is_cancelled, self.is_asked) {
            (true, _) => return String::new(),
            (false, true) => "send-moved-again",
            (false, false) => "send-moved-answer",
        };
        text.say(id).into_owned()
    }

    fn with(&self, id: &str, text: &Text, occasion: &Occasion) -> String {
        let values = self.values(text, occasion);
        text.with(id, values.map(|(name, said)| (name, said.into())))
    }

    /// The names of the event, and what it was and is, as values of a message in the language of
    /// `text`. Of time and place, they name what differs.
    pub fn values(&self, text: &Text, occasion: &Occasion) -> [(&'static str, String); 3] {
        let zone = occasion.zone();
        let name = self.name.pick(text.language(), &occasion.default_language);
        let told_in = self.told_in.as_deref();
        let told_in = told_in.and_then(|name| TimeZone::get(name).ok());
        let [was, now] = time_and_place::say_change(
            [&self.was, &self.now],
            self.knows,
            text,
            &zone,
            told_in.as_ref(),
        );
        [("event", name.text.to_owned()), ("was", was), ("now", now)]
    }

    /// The message that tells of it, in every language of the site and of the hosts' own words. The
    /// placeholders of households stay.
    pub fn message(&self, site: &Site, occasion: &Occasion, own: &MailText) -> MailText {
        let mut said = MailText {
            subject: I18n::default(),
            body: I18n::default(),
            message: I18n::default(),
            ..own.clone()
        };
        let written = [&own.subject, &own.body, &own.message];
        let written = written.into_iter().flat_map(I18n::iter);
        let mut tags: BTreeSet<String> = written.map(|(tag, _)| tag.to_owned()).collect();
        tags.extend(site.catalogue.languages().map(str::to_owned));
        // A household may read a language that only its hosts write.
        tags.extend(occasion.languages.iter().cloned());
        for tag in tags {
            let text = site.catalogue.speak(&Language::of(&tag));
            let values = self.all_values(&text, occasion);
            let (subject, body) = own.in_language(&text, occasion);
            let message = own.message(&text, occasion);
            let mut body = fill(&body, &values);
            if !body.contains(mail_text::LINK) {
                body = with_link(&body);
            }
            said.subject.set(tag.clone(), fill(&subject, &values));
            said.body.set(tag.clone(), body);
            said.message.set(tag, fill(&message, &values));
        }
        said
    }

    fn all_values(&self, text: &Text, occasion: &Occasion) -> Vec<(&'static str, String)> {
        let mut values = self.values(text, occasion).to_vec();
        values.push(("news", self.news(text, occasion)));
        values.push(("change", self.change(text, occasion)));
        values.push(("answer", self.answer(text)));
        values
    }

    /// An event that has moved by a week, to show what a message would say.
    pub fn example(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Option<Self>, StoreError> {
        let events = event::planned(tx, occasion)?;
        let zone = occasion::load(tx, occasion)?.zone();
        let found = events.into_iter().find_map(|event| {
            let now = TimeAndPlace::of(&event, &zone)?;
            let week = SignedDuration::from_hours(7 * 24);
            let mut was = now.clone();
            was.starts_at = was.starts_at.checked_sub(week).ok()?;
            was.ends_at = was.ends_at.checked_sub(week).ok()?;
            Some(Self {
                event: event.id,
                key: event.key,
                name: event.name,
                was,
                now,
                coming: 0,
                askable: 0,
                is_asked: false,
                is_dismissed: false,
                households: HashSet::new(),
                groups: Groups::default(),
                told_in: None,
                knows: Knows::TheSame,
            })
        });
        Ok(found)
    }
}

/// When the event with this id last changed, if it has moved.
pub fn changed_at(tx: &mut Tx<'_>, event: &str) -> Result<Option<Timestamp>, StoreError> {
    let Ok(event) = event.parse::<EventId>() else {
        return Ok(None);
    };
    Ok(find(tx, &event)?.map(|stored| stored.changed_at))
}

/// Adds the link to the household's page, before the hosts' names if the text ends with them.
fn with_link(body: &str) -> String {
    let mut lines: Vec<&str> = body.trim_end().lines().collect();
    match mail_text::sign_off(&lines) {
        Some(at) => drop(lines.splice(at..at, [mail_text::LINK, ""])),
        None => lines.extend(["", mail_text::LINK]),
    }
    lines.join("\n")
}

/// Replaces the placeholders that have one of these values. A line in which nothing would stand but
/// empty ones is left out.
fn fill(template: &str, values: &[(&'static str, String)]) -> String {
    let line = |line: &str| {
        let mut said = String::new();
        let mut has_empty = false;
        for piece in mail_text::pieces(line) {
            match piece {
                Piece::Words(words) => said.push_str(words),
                Piece::Placeholder(name) => match values.iter().find(|(known, _)| *known == name) {
                    Some((_, value)) if value.is_empty() => has_empty = true,
                    Some((_, value)) => said.push_str(value),
                    None => said.extend(["{", name, "}"]),
                },
            }
        }
        (!has_empty || !said.trim().is_empty()).then_some(said)
    };
    let lines: Vec<String> = template.lines().filter_map(line).collect();
    lines.join("\n")
}
