//! What a household's form for answers went through before it was saved: when it was opened, and when
//! a save was refused. Hosts read in it why there is no answer.
//!
//! It is noted in memory and written by the task that writes page views (`first_opened.rs`), so no
//! request waits for it. It holds days instead of times, and names of fields instead of what somebody
//! typed. An opening counts only if the page's script or a sent form confirms it, because programs that
//! preview links open pages too.
//!
//! It is deleted by the next accepted save, when hosts switch it off, when answers close for good, and
//! together with the dietary requirements.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use jiff::civil::Date;
use platform::store::Row;
use platform::{Rows, Store, StoreError, Tx, sql};
use serde::Serialize;
use utoipa::ToSchema;
use web::FieldProblem;

use crate::id::{InvitationId, OccasionId};
use crate::invitation_snapshot::InvitationSnapshot;
use crate::question::Question;
use crate::words::{OccasionStatus, Response};

/// Events of further households are dropped.
const WAITING: usize = 10_000;
/// Small, so that saves of answers do not wait long for the writer.
const PIECE: usize = 100;

/// The name of the field for a guest's name.
pub const NAME: &str = "name";
const ANSWERS: &str = "answers/";

/// What is stored about a household's form. All days are those of the occasion's time zone.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
pub struct FormEvent {
    /// The first day on which the form was opened, such as `2026-11-20`.
    pub first_opened: String,
    /// The last day on which the form was opened.
    pub last_opened: String,
    /// How often the form was opened.
    pub openings: i64,
    /// The last day on which a save was refused; null if none was.
    pub refused_on: Option<String>,
    /// What was missing then: `name`, or `answers/` and the key of a question; empty if that is not
    /// kept.
    pub refused_field: String,
}

/// What happened to a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormUse {
    /// The page's script ran in a browser.
    Opened,
    /// The form was sent, so somebody had opened it.
    Sent,
    /// A save was refused because of this field; empty if the field is not told.
    Refused(String),
}

impl FormEvent {
    fn of(day: String, what: FormUse) -> Self {
        let openings = i64::from(what == FormUse::Opened);
        let (refused_on, refused_field) = match what {
            FormUse::Refused(field) => (Some(day.clone()), field),
            FormUse::Opened | FormUse::Sent => (None, String::new()),
        };
        Self {
            first_opened: day.clone(),
            last_opened: day,
            openings,
            refused_on,
            refused_field,
        }
    }

    /// Adds what happened later. Days in this format are ordered as texts.
    fn join(&mut self, later: Self) {
        self.first_opened = later
            .first_opened
            .min(std::mem::take(&mut self.first_opened));
        self.last_opened = later.last_opened.max(std::mem::take(&mut self.last_opened));
        self.openings += later.openings;
        if later.refused_on.is_some() && later.refused_on >= self.refused_on {
            self.refused_on = later.refused_on;
            self.refused_field = later.refused_field;
        }
    }

    /// Without script, nothing but a sent form shows that the form was opened. That counts as one
    /// opening a day.
    fn after(stored: Option<Self>, mut noted: Self) -> Self {
        let is_new_day = stored
            .as_ref()
            .is_none_or(|stored| stored.last_opened < noted.last_opened);
        if noted.openings == 0 && is_new_day {
            noted.openings = 1;
        }
        match stored {
            Some(mut stored) => {
                stored.join(noted);
                stored
            }
            None => noted,
        }
    }

    /// Returns the question that was missing, if guests are asked it.
    pub fn missing_question<'a>(&self, asked: &'a [Question]) -> Option<&'a Question> {
        let key = self.refused_field.strip_prefix(ANSWERS)?;
        let mut asked = asked.iter();
        asked.find(|question| question.key == key && question.is_for_guests())
    }

    pub fn is_name_missing(&self) -> bool {
        self.refused_field == NAME
    }
}

/// Returns the name of the field that hosts are told of after a refused save: the first that was
/// missing. It is never one of dietary requirements, or a question that only hosts see.
pub fn missing_field(snapshot: &InvitationSnapshot, wrong: &[FieldProblem]) -> String {
    let missing = wrong.iter().filter(|field| field.code == "required");
    let mut named = missing.filter_map(|field| {
        if let Some((_, key)) = field.pointer.rsplit_once(ANSWERS) {
            let mut asked = snapshot.asked_questions();
            return asked
                .any(|question| question.key == key)
                .then(|| format!("{ANSWERS}{key}"));
        }
        let last = field.pointer.rsplit('/').next();
        (last == Some(NAME)).then(|| NAME.to_owned())
    });
    named.next().unwrap_or_default()
}

/// Whether it is noted what happens to this household's form.
pub fn is_noted(snapshot: &InvitationSnapshot) -> bool {
    snapshot.occasion.form_events
        && snapshot.occasion.status == OccasionStatus::Published
        && snapshot.response() != Response::Complete
}

#[derive(Clone, Debug)]
struct Noted {
    /// When the first of these events happened.
    since: Timestamp,
    event: FormEvent,
}

impl Noted {
    fn join(&mut self, later: Self) {
        self.since = self.since.min(later.since);
        self.event.join(later.event);
    }
}

/// The events that have not been written yet.
#[derive(Debug, Default)]
pub struct FormEvents(Mutex<HashMap<InvitationId, Noted>>);

impl FormEvents {
    pub fn note(&self, snapshot: &InvitationSnapshot, what: FormUse) {
        if !is_noted(snapshot) {
            return;
        }
        let day: Date = snapshot.now.to_zoned(snapshot.occasion.zone()).date();
        let noted = Noted {
            since: snapshot.now,
            event: FormEvent::of(day.to_string(), what),
        };
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let id = &snapshot.household.invitation.id;
        if waiting.len() < WAITING || waiting.contains_key(id) {
            add(&mut waiting, id.clone(), noted);
        }
    }

    /// Writes the collected events. Those that cannot be written are kept for the next call.
    pub(crate) async fn write(&self, store: &Store) -> Result<(), StoreError> {
        let mut gathered: Vec<(InvitationId, Noted)> = {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.drain().collect()
        };
        // Invitations are locked in the order of their ids.
        gathered.sort_by(|(left, _), (right, _)| left.cmp(right));
        for (start, piece) in (0..).step_by(PIECE).zip(gathered.chunks(PIECE)) {
            let piece = piece.to_vec();
            let written = store.write(move |tx| {
                for (invitation, noted) in &piece {
                    write_one(tx, invitation, noted)?;
                }
                Ok::<_, StoreError>(())
            });
            let written = written.await;
            if written.is_err() {
                let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                for (invitation, noted) in &gathered[start..] {
                    add(&mut waiting, invitation.clone(), noted.clone());
                }
                return written;
            }
        }
        Ok(())
    }
}

fn add(waiting: &mut HashMap<InvitationId, Noted>, id: InvitationId, noted: Noted) {
    match waiting.get_mut(&id) {
        Some(there) => there.join(noted),
        None => {
            waiting.insert(id, noted);
        }
    }
}

/// The household may have saved since, or hosts may have switched this off or closed the occasion.
fn write_one(tx: &mut Tx<'_>, invitation: &InvitationId, noted: &Noted) -> Result<(), StoreError> {
    let since = noted.since;
    let open: Option<(OccasionId,)> = sql!(
        "SELECT occasion FROM invitation
         WHERE id = :invitation AND archived_at IS NULL
           AND (replied_at IS NULL OR replied_at < :since)
         FOR NO KEY UPDATE",
        invitation,
        since
    )
    .maybe(tx)?;
    let Some((occasion,)) = open else {
        return Ok(());
    };
    let kept: Option<(i64,)> = sql!(
        "SELECT version FROM occasion
         WHERE id = :occasion AND status = 'published' AND form_events = 1",
        occasion
    )
    .maybe(tx)?;
    if kept.is_none() {
        return Ok(());
    }
    let stored = find(tx, invitation)?;
    let event = FormEvent::after(stored, noted.event.clone());
    put(tx, invitation, &event)
}

fn put(tx: &mut Tx<'_>, invitation: &InvitationId, event: &FormEvent) -> Result<(), StoreError> {
    delete(tx, invitation)?;
    sql!(
        "INSERT INTO form_event (invitation, {FormEvent}) VALUES (:invitation, {:FormEvent})",
        invitation,
        FormEvent = event
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

pub fn find(tx: &mut Tx<'_>, invitation: &InvitationId) -> Result<Option<FormEvent>, StoreError> {
    sql!(
        "SELECT {FormEvent} FROM form_event WHERE invitation = :invitation",
        invitation
    )
    .maybe(tx)
}

/// The caller must hold the invitation's lock.
pub(crate) fn delete(tx: &mut Tx<'_>, invitation: &InvitationId) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM form_event WHERE invitation = :invitation",
        invitation
    )
    .run_later(tx, Rows::AtMostOne)
}

/// Deletes the events of all households of an occasion. The caller must hold the occasion's lock.
/// Returns how many households had some.
pub(crate) fn delete_all(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<u64, StoreError> {
    sql!(
        "DELETE FROM form_event
         WHERE invitation IN (SELECT id FROM invitation WHERE occasion = :occasion)",
        occasion
    )
    .run(tx, Rows::Any)
}

/// Moves the events of an invitation to the one with which it is merged. The caller must hold the
/// locks of both.
pub(crate) fn hand_over(
    tx: &mut Tx<'_>,
    from: &InvitationId,
    into: &InvitationId,
) -> Result<(), StoreError> {
    let Some(leaving) = find(tx, from)? else {
        return Ok(());
    };
    delete(tx, from)?;
    let event = match find(tx, into)? {
        Some(mut staying) => {
            staying.join(leaving);
            staying
        }
        None => leaving,
    };
    put(tx, into, &event)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(day: &str, what: FormUse) -> FormEvent {
        FormEvent::of(format!("2026-11-{day}"), what)
    }

    #[test]
    fn openings_are_counted_once_with_script_and_once_a_day_without() {
        let opened = FormEvent::after(None, event("18", FormUse::Opened));
        let sent = FormEvent::after(Some(opened), event("18", FormUse::Sent));
        assert_eq!(sent.openings, 1, "the script had said so");
        let sent = FormEvent::after(Some(sent), event("20", FormUse::Sent));
        assert_eq!(sent.openings, 2);
        assert_eq!(sent.first_opened, "2026-11-18");
        assert_eq!(sent.last_opened, "2026-11-20");
        let alone = FormEvent::after(None, event("18", FormUse::Refused(String::new())));
        assert_eq!((alone.openings, alone.refused_on.is_some()), (1, true));
    }

    #[test]
    fn the_last_refused_save_is_kept() {
        let mut first = event("18", FormUse::Refused("answers/dish".to_owned()));
        first.join(event("20", FormUse::Opened));
        assert_eq!(first.refused_field, "answers/dish");
        first.join(event("20", FormUse::Refused(String::new())));
        assert_eq!(first.refused_on.as_deref(), Some("2026-11-20"));
        assert_eq!(first.refused_field, "", "the last one named no field");
        first.join(event("17", FormUse::Refused(NAME.to_owned())));
        assert_eq!(first.refused_on.as_deref(), Some("2026-11-20"));
    }
}
