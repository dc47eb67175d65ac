//! The webhook events of countdowns.

use identity::account::AccountId;
use identity::grant;
use jiff::Timestamp;
use platform::{StoreError, Tx};
use serde::Serialize;
use site::webhook::{self, WebhookEvent};
use utoipa::ToSchema;

use crate::countdown::{self, Countdown, CountdownId, Kind, READ, WRITE};
use crate::entry::{self, Entry, EntryId, Statistics};

web::words! {
    /// The events of a countdown to which webhooks can subscribe.
    Event {
        Reset = "countdown.reset" => "countdown-event-reset",
        EntryChanged = "countdown.entry_changed" => "countdown-event-entry-changed",
        EntryDeleted = "countdown.entry_deleted" => "countdown-event-entry-deleted",
        Changed = "countdown.changed" => "countdown-event-changed",
        /// The countdown's day has come.
        Reached = "countdown.reached" => "countdown-event-reached",
    }
}

impl Event {
    const fn declared(self) -> WebhookEvent {
        WebhookEvent {
            name: self.word(),
            label: self.label(),
            read: READ,
            write: &[WRITE],
            concerns: |_, _| Ok(true),
        }
    }
}

pub const EVENTS: &[WebhookEvent] = &[
    Event::Reset.declared(),
    Event::EntryChanged.declared(),
    Event::EntryDeleted.declared(),
    Event::Changed.declared(),
    Event::Reached.declared(),
];

/// Details of an event, in addition to the countdown.
#[derive(Clone, Copy, Debug)]
pub(crate) enum About<'a> {
    Nothing,
    /// The reset that caused the event.
    Entry(&'a Entry),
    /// Whether the event is sent late, because no process was running when the countdown's day
    /// came.
    Late(bool),
}

/// A webhook's message about a countdown.
#[derive(Serialize, ToSchema)]
pub(crate) struct CountdownMessage {
    countdown: Told,
    stats: Statistics,
    /// The reset, if the event is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<ToldEntry>,
    /// For `countdown.reached`: whether no process was running when the day came.
    #[serde(skip_serializing_if = "Option::is_none")]
    late: Option<bool>,
}

/// The countdown.
#[derive(Serialize, ToSchema)]
#[schema(as = ToldCountdown)]
struct Told {
    /// The id of the countdown.
    id: CountdownId,
    /// The title.
    title: String,
    /// The countdown's slug in URLs.
    slug: String,
    kind: Kind,
    /// The day or time to which the countdown counts; empty for a countdown that counts up.
    target: String,
}

/// The reset.
#[derive(Serialize, ToSchema)]
#[schema(as = ToldReset)]
struct ToldEntry {
    /// The id of the reset.
    id: EntryId,
    /// When the countdown was reset.
    reset_at: Timestamp,
    /// The note, if the webhook includes notes.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// Stores messages about an event for the webhooks of all owners. The caller holds the countdown's
/// lock.
pub(crate) fn fire(
    tx: &mut Tx<'_>,
    countdown: &Countdown,
    event: Event,
    about: About<'_>,
) -> Result<(), StoreError> {
    let owners = grant::list(tx, &countdown::scope(&countdown.id))?;
    let owners: Vec<AccountId> = owners.into_iter().map(|owner| owner.account).collect();
    webhook::fire(tx, &event.declared(), owners, |tx, include_notes| {
        let entry = match about {
            About::Entry(entry) => Some(ToldEntry {
                id: entry.id.clone(),
                reset_at: entry.reset_at,
                note: include_notes.then(|| entry.note.clone()),
            }),
            _ => None,
        };
        Ok(CountdownMessage {
            countdown: Told {
                id: countdown.id.clone(),
                title: countdown.title.clone(),
                slug: countdown.slug.clone(),
                kind: countdown.kind,
                target: countdown.target.clone(),
            },
            stats: entry::summary(tx, &countdown.id)?.at(tx.now()),
            entry,
            late: match about {
                About::Late(is_late) => Some(is_late),
                _ => None,
            },
        })
    })
}
