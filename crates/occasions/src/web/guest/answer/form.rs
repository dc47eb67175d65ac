//! Renders a household's three forms: for all answers, for dietary requirements only, and for the
//! note only.

use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::Date;
use web::form_state::FormError;
use web::{Form, Text};

use super::super::frame::guest_page;
use super::super::show::Reading;
use super::super::view::{
    Answer, Chips, Choice, Diet, DietRow, Dietary, Mark, NewRow, NoteField, NotePage, Places,
    QuestionField, Row, Seats,
};
use super::press::{BEFORE, PRESS};
use crate::event::Event;
use crate::form_event::{self, FormEvent};
use crate::guest::{Guest, Reply};
use crate::household_change::HouseholdChange;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::words::{AskedOf, GuestKind, ReplyStatus};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// The form with all answers, dietary requirements and the note.
    Answers,
    Diets,
    Note,
}

impl Which {
    /// Returns the last part of the form's path.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Answers => "rsvp",
            Self::Diets => "dietary",
            Self::Note => "notes",
        }
    }

    /// Returns the name under which idempotency keys of this form are stored.
    pub(super) fn route(self) -> &'static str {
        match self {
            Self::Answers => "POST /invite/rsvp",
            Self::Diets => "POST /invite/dietary",
            Self::Note => "POST /invite/notes",
        }
    }

    /// Whether the hosts have switched this form on.
    pub(super) fn is_on(self, snapshot: &InvitationSnapshot) -> bool {
        let switches = snapshot.occasion.switches;
        match self {
            Self::Answers => true,
            Self::Diets => switches.dietary,
            Self::Note => switches.notes,
        }
    }

    /// Removes from `change` the changes to values that are not in this form.
    pub(super) fn keep_own_fields(self, change: &mut HouseholdChange) {
        match self {
            Self::Answers => {}
            Self::Diets => {
                change.note = None;
                change.answers.clear();
                change.remove.clear();
                change.guests.retain(|guest| guest.id.is_some());
                for guest in &mut change.guests {
                    *guest = crate::household_change::GuestUpdate {
                        id: guest.id.take(),
                        diets: guest.diets.take(),
                        diet_note: guest.diet_note.take(),
                        ..Default::default()
                    };
                }
            }
            Self::Note => {
                change.guests.clear();
                change.remove.clear();
                change.answers.clear();
                change.version = None;
            }
        }
    }
}

/// Why a save was refused.
pub(super) enum SaveFailure {
    None,
    /// The store could not save the change at this moment.
    NotSaved,
    /// The browser reports that another site sent the form.
    Elsewhere,
    /// Some fields are invalid. The response gets this status.
    Fields(StatusCode, Vec<FormError>),
}

/// Which values a form shows.
pub(super) enum Shown<'a> {
    /// The stored values, and what is noted about the form.
    First(Option<FormEvent>),
    /// The typed values, and why they were not saved.
    Again(&'a Form, SaveFailure),
}

/// Renders one of the forms.
pub(super) fn show(
    which: Which,
    text: &Text,
    snapshot: &InvitationSnapshot,
    submission: String,
    shown: Shown<'_>,
) -> Response {
    let is_first = matches!(shown, Shown::First(_));
    let (noted, form, trouble) = match shown {
        Shown::First(noted) => (noted, None, SaveFailure::None),
        Shown::Again(form, trouble) => (None, Some(form), trouble),
    };
    let (status, trouble, errors) = match trouble {
        SaveFailure::None => (StatusCode::OK, None, Vec::new()),
        SaveFailure::NotSaved => {
            let words = text.say("answer-failed").into_owned();
            (StatusCode::SERVICE_UNAVAILABLE, Some(words), Vec::new())
        }
        SaveFailure::Elsewhere => {
            let words = text.say("answer-elsewhere").into_owned();
            (StatusCode::FORBIDDEN, Some(words), Vec::new())
        }
        SaveFailure::Fields(status, errors) => (status, None, errors),
    };
    let sheet = Sheet {
        reading: Reading::new(text, snapshot),
        text,
        snapshot,
        form,
    };
    let action = snapshot.link(&format!("/{}", which.path()));
    let common = Common {
        action,
        submission,
        trouble,
        errors,
        is_first,
        noted,
    };
    let mut response = match which {
        Which::Answers => sheet.answers(common),
        Which::Diets => sheet.diets(common),
        Which::Note => sheet.note(common),
    };
    *response.status_mut() = status;
    response
}

struct Common {
    action: String,
    submission: String,
    trouble: Option<String>,
    errors: Vec<FormError>,
    is_first: bool,
    noted: Option<FormEvent>,
}

/// Typed values take precedence over stored ones.
struct Sheet<'a> {
    reading: Reading<'a>,
    text: &'a Text,
    snapshot: &'a InvitationSnapshot,
    form: Option<&'a Form>,
}

impl Sheet<'_> {
    fn answers(&self, common: Common) -> Response {
        let switches = self.snapshot.occasion.switches;
        let invitation = &self.snapshot.household.invitation;
        let zone = self.reading.zone.clone();
        let is_noted = form_event::is_noted(self.snapshot);
        let noted = common.noted.as_ref();
        let body = Answer {
            opened: (is_noted && common.is_first).then(|| self.snapshot.link("/rsvp/opened")),
            noted: if is_noted {
                self.noted(noted)
            } else {
                Vec::new()
            },
            text: self.text,
            frame: self.reading.frame(),
            action: common.action,
            version: self.version(),
            submission: common.submission,
            closing: self.reading.closing(),
            closes_at: self.snapshot.closes_at().map(|at| at.to_string()),
            saved: invitation
                .replied_at
                .map(|at| self.text.moment_short_in(&zone, at)),
            trouble: common.trouble,
            errors: common.errors,
            pressed: self.typed(PRESS),
            before: self.typed(BEFORE),
            people: self.people(),
            new: self.new_rows(),
            places: self.places(),
            has_waitlist: self.snapshot.has_waitlist(),
            hears_of_place: self.reading.hears_of_place(),
            undecided: switches.undecided,
            children: switches.children,
            household: self.household_questions(),
            note: switches.notes.then(|| self.note_field()),
        };
        let title = body.title();
        guest_page(self.text, self.snapshot, &title, body)
    }

    /// Says what hosts are told about this form, and what is stored of it now.
    fn noted(&self, noted: Option<&FormEvent>) -> Vec<String> {
        let text = self.text;
        let day = |day: &str| {
            let day = day.parse::<Date>().map(|day| text.date_short(day));
            day.unwrap_or_default()
        };
        let mut lines = vec![text.say("answer-noted").into_owned()];
        let Some(noted) = noted else {
            return lines;
        };
        let values = [
            ("n", noted.openings.into()),
            ("first", day(&noted.first_opened).into()),
            ("last", day(&noted.last_opened).into()),
        ];
        lines.push(text.with("answer-noted-days", values));
        if let Some(refused_on) = &noted.refused_on {
            let question = noted.missing_question(&self.snapshot.questions);
            let field = match question {
                Some(question) => self.reading.question_title(question).text.to_owned(),
                None if noted.is_name_missing() => text.say("answer-name").into_owned(),
                None => String::new(),
            };
            let id = if field.is_empty() {
                "answer-noted-refused"
            } else {
                "answer-noted-missing"
            };
            let values = [("day", day(refused_on).into()), ("field", field.into())];
            lines.push(text.with(id, values));
        }
        lines
    }

    fn diets(&self, common: Common) -> Response {
        let coming = |guest: &&Guest| {
            guest.replies.values().any(|reply| {
                matches!(
                    self.snapshot.effective_status(reply.status),
                    ReplyStatus::Yes | ReplyStatus::Undecided | ReplyStatus::Waitlisted
                )
            })
        };
        let guests = self.snapshot.household.guests.iter();
        let body = Dietary {
            text: self.text,
            frame: self.reading.frame(),
            action: common.action,
            version: self.version(),
            submission: common.submission,
            trouble: common.trouble,
            errors: common.errors,
            people: guests
                .filter(coming)
                .map(|guest| DietRow {
                    id: guest.id.to_string(),
                    title: self.reading.name(guest),
                    diets: self.chips_of(guest),
                })
                .collect(),
        };
        let title = body.title();
        guest_page(self.text, self.snapshot, &title, body)
    }

    fn note(&self, common: Common) -> Response {
        let body = NotePage {
            text: self.text,
            frame: self.reading.frame(),
            action: common.action,
            submission: common.submission,
            version: self.version(),
            trouble: common.trouble,
            errors: common.errors,
            note: self.note_field(),
        };
        let title = body.title();
        guest_page(self.text, self.snapshot, &title, body)
    }

    /// After a refused save, this is the version of the form that was sent.
    fn version(&self) -> String {
        self.typed("version").map_or_else(
            || self.snapshot.household.invitation.version.to_string(),
            str::to_owned,
        )
    }

    fn typed(&self, field: &str) -> Option<&str> {
        self.form.and_then(|form| form.find(field))
    }

    fn ticked(&self, field: &str) -> bool {
        self.form.is_some_and(|form| form.is_ticked(field))
    }

    fn people(&self) -> Vec<Row<'_>> {
        let above = self.reading.above_allowance();
        let switches = self.snapshot.occasion.switches;
        self.snapshot
            .household
            .guests
            .iter()
            .map(|guest| {
                let id = guest.id.as_str();
                let plus_one = guest.kind == GuestKind::PlusOne;
                let age_field = format!("age.{id}");
                let (child, age) = match self.typed(&age_field) {
                    Some(age) => (self.ticked(&format!("child.{id}")), age.parse().ok()),
                    None => (guest.is_child, age(guest)),
                };
                Row {
                    id: id.to_owned(),
                    title: self.reading.name(guest),
                    name: self
                        .typed(&format!("name.{id}"))
                        .unwrap_or(&guest.name)
                        .to_owned(),
                    plus_one,
                    above: above && plus_one,
                    child,
                    age,
                    removed: self.ticked(&format!("remove.{id}")),
                    choices: self
                        .reading
                        .replies(guest)
                        .map(|(event, mark)| self.choice(guest, event, mark))
                        .collect(),
                    diets: switches.dietary.then(|| self.chips_of(guest)),
                    questions: self.questions(guest),
                }
            })
            .collect()
    }

    fn choice(&self, guest: &Guest, event: &Event, mark: Mark) -> Choice<'_> {
        let field = format!("reply.{}.{}", guest.id, event.key);
        let stored = match mark {
            Mark::Yes | Mark::Waitlisted => "yes",
            Mark::No => "no",
            Mark::Undecided => "undecided",
            Mark::Pending => "",
        };
        let reply = guest.replies.get(&event.id);
        let seats = match mark {
            // A guest who already has a seat needs no second one.
            _ if reply.is_some_and(Reply::is_seated) => Seats::Enough,
            Mark::Yes => Seats::Enough,
            Mark::Waitlisted => Seats::Waiting,
            Mark::No | Mark::Undecided | Mark::Pending => self.seats(event),
        };
        self.choice_of(field, event, stored, seats)
    }

    fn choice_of(
        &self,
        field: String,
        event: &Event,
        stored: &'static str,
        seats: Seats,
    ) -> Choice<'_> {
        let chosen = match self.form {
            Some(form) => chosen(form.text(&field)),
            None => stored,
        };
        // The returned value borrows the event's name. The snapshot's copy of the event lives long
        // enough for this.
        let own = self.snapshot.events.iter().find(|own| own.id == event.id);
        Choice {
            event: own.map_or_else(
                || web::Spoken::plain(""),
                |own| self.reading.event_name(own),
            ),
            hours: self.reading.hours(event),
            field,
            chosen,
            seats,
        }
    }

    /// Names the number of free seats only if this household may need more than are free.
    fn seats(&self, event: &Event) -> Seats {
        let household = &self.snapshot.household;
        let places = household.allowance().plus_ones;
        let wanted = i64::try_from(household.guests.len()).unwrap_or(i64::MAX)
            + (places.allowed - places.used).max(0);
        match self.snapshot.seats_left(event) {
            Some(left) if left <= 0 && self.snapshot.has_waitlist() => Seats::WaitingList,
            Some(left) if left <= 0 => Seats::Full,
            Some(left) if left < wanted => Seats::Left(left),
            _ => Seats::Enough,
        }
    }

    fn new_rows(&self) -> Vec<NewRow<'_>> {
        let free = self
            .places()
            .map_or(0, |places| places.left + places.children_left);
        let room =
            crate::household::GUEST_LIMIT.saturating_sub(self.snapshot.household.guests.len());
        let rows = usize::try_from(free).unwrap_or(0).min(room);
        // Typed rows of new guests are kept, even if there are now more than the household may
        // bring.
        let typed = (0..40)
            .filter(|n| {
                !self
                    .typed(&format!("new.{n}.name"))
                    .unwrap_or_default()
                    .is_empty()
            })
            .max()
            .map_or(0, |n| n + 1);
        (0..rows.max(typed)).map(|n| self.new_row(n)).collect()
    }

    fn new_row(&self, n: usize) -> NewRow<'_> {
        let events: Vec<&Event> = self.snapshot.invited_events().collect();
        let choices = if events.len() > 1 {
            let field = |event: &Event| format!("new.{n}.reply.{}", event.key);
            events
                .iter()
                .map(|event| self.choice_of(field(event), event, "", self.seats(event)))
                .collect()
        } else {
            Vec::new()
        };
        NewRow {
            n,
            name: self
                .typed(&format!("new.{n}.name"))
                .unwrap_or_default()
                .to_owned(),
            comes: self.ticked(&format!("new.{n}.comes")),
            child: match self.form {
                Some(_) => self.ticked(&format!("new.{n}.child")),
                None => self.places().is_some_and(|places| places.is_for_child(n)),
            },
            age: self
                .typed(&format!("new.{n}.age"))
                .and_then(|age| age.parse().ok()),
            choices,
            diets: self.snapshot.occasion.switches.dietary.then(|| {
                let field = |name: &str| format!("new.{n}.{name}");
                self.chips(field("diet"), field("diet_note"), &[], "")
            }),
            questions: self.new_questions(n),
        }
    }

    fn household_questions(&self) -> Vec<QuestionField<'_>> {
        let stored = &self.snapshot.household.answers;
        self.reading
            .questions(AskedOf::Household)
            .map(|question| {
                let field = format!("household.{}", question.key);
                self.reading.asked(question, field, Some(stored), self.form)
            })
            .collect()
    }

    fn questions(&self, guest: &Guest) -> Vec<QuestionField<'_>> {
        let field = |key: &str| format!("answer.{}.{key}", guest.id);
        let questions = self.reading.questions_for(guest);
        questions
            .map(|question| {
                let field = field(&question.key);
                self.reading
                    .asked(question, field, Some(&guest.answers), self.form)
            })
            .collect()
    }

    fn new_questions(&self, n: usize) -> Vec<QuestionField<'_>> {
        self.reading
            .questions(AskedOf::Guest)
            .map(|question| {
                let field = format!("new.{n}.answer.{}", question.key);
                self.reading.asked(question, field, None, self.form)
            })
            .collect()
    }

    fn places(&self) -> Option<Places> {
        let places = self.reading.places();
        // A household that names nobody brings nobody: it is who comes.
        let names_nobody = self.snapshot.household.names_nobody();
        let allowed = places.allowed + places.children_allowed;
        let left = places.left + places.children_left;
        (left > 0 || allowed > 0 && !names_nobody).then_some(places)
    }

    fn chips_of(&self, guest: &Guest) -> Chips<'_> {
        self.chips(
            format!("diet.{}", guest.id),
            format!("diet_note.{}", guest.id),
            &guest.diets,
            &guest.diet_note,
        )
    }

    fn chips(
        &self,
        field: String,
        note_field: String,
        stored: &[String],
        stored_note: &str,
    ) -> Chips<'_> {
        let typed = self.form.filter(|form| form.find(&note_field).is_some());
        let is_on = |key: &str| match typed {
            Some(form) => form.all(&field).any(|chosen| chosen == key),
            None => stored.iter().any(|had| had == key),
        };
        Chips {
            options: self
                .reading
                .diets()
                .filter(|(option, _)| option.active || is_on(&option.key))
                .map(|(option, label)| Diet {
                    key: &option.key,
                    label,
                    on: is_on(&option.key),
                })
                .collect(),
            note: self.typed(&note_field).unwrap_or(stored_note).to_owned(),
            field,
            note_field,
        }
    }

    fn note_field(&self) -> NoteField {
        let invitation = &self.snapshot.household.invitation;
        NoteField {
            value: self.typed("note").unwrap_or(&invitation.note).to_owned(),
            version: self
                .typed("note_version")
                .map_or_else(|| invitation.note_version.to_string(), str::to_owned),
        }
    }
}

fn age(guest: &Guest) -> Option<u8> {
    guest.child_age.and_then(|age| u8::try_from(age).ok())
}

fn chosen(typed: &str) -> &'static str {
    match typed {
        "yes" => "yes",
        "no" => "no",
        "undecided" => "undecided",
        _ => "",
    }
}
