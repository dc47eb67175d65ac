//! Events whose time or place has changed since guests were last told, and the households that do
//! not know it yet.

use std::collections::HashSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::audit::Entity;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use web::{I18n, Language, Site, Text};

use super::mail_text::{self, MailKind, MailText};
use super::permissions::{HostOf, Permission};
use super::{Refusal, history, occasions};
use crate::event::{self, Event, PlannedEvent};
use crate::id::{EventId, InvitationId, OccasionId};
use crate::occasion::Occasion;

/// When and where an event is.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
#[schema(as = EventTimeAndPlace)]
pub struct TimeAndPlace {
    /// When it starts.
    pub starts_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
    /// Whether the hour is known.
    pub hour_known: bool,
    /// The name of the place.
    pub venue: String,
    /// The address of the place.
    pub address: String,
}

/// What is stored of an event that has moved.
#[derive(Row)]
struct Stored {
    #[row(flatten)]
    was: TimeAndPlace,
    changed_at: Timestamp,
    dismissed_at: Option<Timestamp>,
}

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
    /// How many people have said that they come.
    pub coming: i64,
    /// Whether hosts decided to tell nobody.
    pub is_dismissed: bool,
    /// The households that do not know it yet; never empty.
    #[serde(skip)]
    pub households: HashSet<InvitationId>,
}

impl From<&Event> for TimeAndPlace {
    fn from(event: &Event) -> Self {
        Self {
            starts_at: event.starts_at,
            ends_at: event.ends_at,
            hour_known: event.hour_known,
            venue: event.venue.clone(),
            address: event.address.clone(),
        }
    }
}

impl TimeAndPlace {
    /// The day, the hours and the place, in the language of `text`.
    pub fn say(&self, text: &Text, zone: &TimeZone) -> String {
        let date = text.date(self.starts_at.to_zoned(zone.clone()).date());
        let when = if self.hour_known {
            let hours = text.time_range_in(zone, self.starts_at, self.ends_at);
            text.with(
                "date-moment",
                [("date", date.into()), ("time", hours.into())],
            )
        } else {
            date
        };
        let address = self.address.lines().map(str::trim);
        let place = [self.venue.as_str()].into_iter().chain(address);
        let place: Vec<&str> = place.filter(|part| !part.is_empty()).collect();
        if place.is_empty() {
            return when;
        }
        format!("{when} · {}", place.join(&text.say("list-comma")))
    }
}

/// Records that an event has changed, so that hosts are asked whether to tell guests. The caller must
/// hold the event's lock.
pub(super) fn note(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    old: &PlannedEvent,
    new: &PlannedEvent,
) -> Result<(), StoreError> {
    let (Some(before), Some(event)) = (old.clone().dated(), new.clone().dated()) else {
        return forget(tx, &new.id);
    };
    let now = TimeAndPlace::from(&event);
    if now == TimeAndPlace::from(&before) {
        return Ok(());
    }
    let mut was = TimeAndPlace::from(&before);
    if let Some(stored) = find(tx, &new.id)?
        && told_since(tx, occasion, &new.id, stored.changed_at)?.is_empty()
    {
        was = stored.was;
    }
    forget(tx, &new.id)?;
    if was == now || affected(tx, &new.id)?.is_empty() {
        return Ok(());
    }
    sql!(
        "INSERT INTO event_told (event, {TimeAndPlace}, changed_at)
         VALUES (:event, {:TimeAndPlace}, :changed_at)",
        event = new.id,
        TimeAndPlace = was,
        changed_at = tx.now()
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

pub(super) fn forget(tx: &mut Tx<'_>, event: &EventId) -> Result<(), StoreError> {
    sql!("DELETE FROM event_told WHERE event = :event", event).run(tx, Rows::AtMostOne)?;
    Ok(())
}

fn find(tx: &mut Tx<'_>, event: &EventId) -> Result<Option<Stored>, StoreError> {
    sql!(
        "SELECT {Stored} FROM event_told WHERE event = :event",
        event
    )
    .maybe(tx)
}

/// The households that may expect the event as it was: somebody has not declined it, and it was sent
/// to them or they have answered.
fn affected(tx: &mut Tx<'_>, event: &EventId) -> Result<HashSet<InvitationId>, StoreError> {
    let found: Vec<(InvitationId,)> = sql!(
        "SELECT DISTINCT invitation.id
         FROM reply JOIN guest ON guest.id = reply.guest
         JOIN invitation ON invitation.id = guest.invitation
         WHERE reply.event = :event AND invitation.archived_at IS NULL
           AND (reply.status IN ('yes', 'undecided', 'waitlisted')
                OR (reply.status <> 'no' AND invitation.sent_at IS NOT NULL))",
        event
    )
    .all(tx)?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// The households that were told of the event since then. A mail that failed, came back or never left
/// the site has told nobody.
fn told_since(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    event: &EventId,
    since: Timestamp,
) -> Result<HashSet<InvitationId>, StoreError> {
    let found: Vec<(InvitationId,)> = sql!(
        "SELECT handed.invitation FROM handed JOIN invitation ON invitation.id = handed.invitation
         WHERE invitation.occasion = :occasion AND handed.kind = 'moved' AND handed.about = :event
           AND handed.state = 'handed' AND handed.at >= :since
         UNION
         SELECT recipient.invitation FROM campaign
         JOIN campaign_recipient AS recipient ON recipient.campaign = campaign.id
         LEFT JOIN mail ON mail.id = recipient.mail
         WHERE campaign.occasion = :occasion AND campaign.kind = 'moved' AND campaign.about = :event
           AND campaign.created_at >= :since AND recipient.state IN ('queued', 'written')
           AND mail.mailbox_at IS NULL
           AND COALESCE(mail.state, 'sent') NOT IN ('failed', 'bounced')",
        occasion,
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
    for event in event::list(tx, occasion)? {
        let Some(stored) = find(tx, &event.id)?.filter(|_| event.ends_at > now) else {
            continue;
        };
        let told = told_since(tx, occasion, &event.id, stored.changed_at)?;
        let mut households = affected(tx, &event.id)?;
        households.retain(|id| !told.contains(id));
        if households.is_empty() {
            continue;
        }
        let (coming,): (i64,) = sql!(
            "SELECT COUNT(*) FROM reply JOIN guest ON guest.id = reply.guest
             JOIN invitation ON invitation.id = guest.invitation
             WHERE reply.event = :event AND reply.status = 'yes'
               AND invitation.archived_at IS NULL",
            event = event.id
        )
        .one(tx)?;
        all.push(Moved {
            now: TimeAndPlace::from(&event),
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

impl Moved {
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
            let values = self.values(&text, occasion);
            for (own, part) in [(&mut subject, "subject"), (&mut body, "body")] {
                let said = mail_text::with_placeholders(&text, MailKind::Moved, part, &values);
                own.set(tag.to_owned(), said);
            }
        }
        MailText {
            kind: MailKind::Moved,
            subject,
            body,
            version: 1,
        }
    }
}
