//! The guests on an invitation's page, with their answers.

use web::form_state::FormState;
use web::{Form, Spoken, Text};

use super::wording::{self, Wording};
use crate::answer::{Answer, Answers};
use crate::diet::DietaryOption;
use crate::guest::Guest;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::question::Question;
use crate::web::guest::Reading;
use crate::web::guest::view::{Mark, QuestionField};
use crate::words::{ActedBy, AskedOf, GuestKind, ReplyStatus};

pub(super) struct PersonRow<'a> {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) about: Vec<String>,
    pub(super) is_above: bool,
    /// What is typed as the name of a guest whom nobody has named; `None` for others.
    pub(super) name: Option<String>,
    /// Whether the guest is to be removed.
    pub(super) is_removed: bool,
    pub(super) choices: Vec<Choice<'a>>,
    pub(super) diets: Vec<(String, String, bool)>,
    pub(super) diet_note: String,
    pub(super) diet_words: String,
    pub(super) questions: Vec<QuestionField<'a>>,
    pub(super) told: Vec<(Spoken<'a>, String)>,
}

/// A guest's reply to an event.
pub(super) struct Choice<'a> {
    pub(super) field: String,
    pub(super) event: Spoken<'a>,
    /// The chosen reply: `yes`, `no`, `undecided`, or empty.
    pub(super) chosen: String,
    pub(super) mark: Mark,
    /// The reply that somebody else has saved in the meantime.
    pub(super) stored: Option<Mark>,
}

impl PersonRow<'_> {
    pub(super) fn diets_summary(&self, text: &Text) -> String {
        let n = self.diets.iter().filter(|(.., is_on)| *is_on).count()
            + usize::from(!self.diet_note.is_empty());
        match n {
            0 => text.say("answer-diets").into_owned(),
            n => text.with("answer-diets-count", [("n", n.into())]),
        }
    }

    pub(super) fn has_diets(&self) -> bool {
        !self.diet_note.is_empty() || self.diets.iter().any(|(.., is_on)| *is_on)
    }
}

impl Choice<'_> {
    /// Whether the guest has a reply that a host can remove.
    pub(super) fn is_answered(&self) -> bool {
        self.mark != Mark::Pending || self.chosen == "pending"
    }

    pub(super) fn to(&self, text: &Text, id: &str, person: &str) -> String {
        let values = [("event", self.event.text.into()), ("person", person.into())];
        text.with(id, values)
    }

    pub(super) fn stored_words(&self, text: &Text) -> Option<String> {
        let mark = self.stored?;
        let value = text.say(mark.message()).into_owned();
        Some(text.with("form-clash-stored", [("value", value.into())]))
    }
}

/// Returns the stored answers as form values.
pub(super) fn stored(snapshot: &InvitationSnapshot) -> Form {
    let mut fields = vec![(
        "version".to_owned(),
        snapshot.household.invitation.version.to_string(),
    )];
    for guest in &snapshot.household.guests {
        let id = &guest.id;
        fields.push((format!("name.{id}"), guest.name.clone()));
        for event in snapshot.invited_events() {
            if let Some(reply) = guest.replies.get(&event.id) {
                let word = match snapshot.effective_status(reply.status) {
                    ReplyStatus::Pending => "",
                    // A guest on the waiting list has said yes.
                    ReplyStatus::Waitlisted => "yes",
                    other => other.word(),
                };
                fields.push((format!("reply.{id}.{}", event.key), word.to_owned()));
            }
        }
        for key in &guest.diets {
            fields.push((format!("diet.{id}"), key.clone()));
        }
        fields.push((format!("diet_note.{id}"), guest.diet_note.clone()));
        let prefix = format!("answer.{id}.");
        fields.extend(given(snapshot, AskedOf::Guest, &guest.answers, &prefix));
    }
    let household = &snapshot.household.answers;
    fields.extend(given(snapshot, AskedOf::Household, household, "household."));
    fields.into_iter().collect()
}

/// Builds the rows of all guests, filled with the values in the form.
pub(super) fn people<'a>(
    wording: &Wording<'a>,
    snapshot: &'a InvitationSnapshot,
    form_state: &FormState,
) -> Vec<PersonRow<'a>> {
    let reading = Reading::new(wording.text, snapshot);
    let stored = stored(snapshot);
    snapshot
        .household
        .guests
        .iter()
        .map(|guest| {
            person(
                wording,
                snapshot,
                guest,
                reading.name(guest),
                form_state,
                &stored,
            )
        })
        .collect()
}

fn given<'a>(
    snapshot: &'a InvitationSnapshot,
    of: AskedOf,
    answers: &'a Answers,
    prefix: &'a str,
) -> impl Iterator<Item = (String, String)> {
    let questions = snapshot.questions.iter();
    let questions = questions.filter(move |question| question.asked_of == of);
    questions.flat_map(move |question| {
        let field = format!("{prefix}{}", question.key);
        let values = match answers.get(&question.id) {
            None => vec![String::new()],
            Some(Answer::Choices(keys)) => keys.clone(),
            Some(answer) => vec![question.field_value(answer)],
        };
        values.into_iter().map(move |value| (field.clone(), value))
    })
}

/// The active ones, also those that only hosts answer, and inactive ones with a stored answer.
fn known<'a>(
    snapshot: &'a InvitationSnapshot,
    of: AskedOf,
    answers: &'a Answers,
) -> impl Iterator<Item = &'a Question> {
    snapshot.questions.iter().filter(move |question| {
        question.asked_of == of && (question.active || answers.contains_key(&question.id))
    })
}

/// Builds the fields of the questions that are asked once per household. Also returns the
/// household's answers to them as text.
pub(super) fn household<'a>(
    wording: &Wording<'a>,
    snapshot: &'a InvitationSnapshot,
    form_state: &FormState,
) -> (Vec<QuestionField<'a>>, Vec<(Spoken<'a>, String)>) {
    let answers = &snapshot.household.answers;
    let questions = || known(snapshot, AskedOf::Household, answers);
    let concerned =
        |question: &&Question| snapshot.household.is_concerned(question, &snapshot.events);
    let fields = questions().filter(concerned).map(|question| {
        let field = format!("household.{}", question.key);
        asked(wording, snapshot, question, field, answers, form_state)
    });
    (
        fields.collect(),
        answer_texts(wording, questions(), answers),
    )
}

fn asked<'a>(
    wording: &Wording<'a>,
    snapshot: &'a InvitationSnapshot,
    question: &'a Question,
    field: String,
    answers: &Answers,
    form_state: &FormState,
) -> QuestionField<'a> {
    let reading = Reading::new(wording.text, snapshot);
    let mut asked = reading.asked(question, field, Some(answers), Some(&form_state.form));
    if form_state.is_clash() {
        let typed: Vec<&str> = form_state.form.all(&asked.field).collect();
        let stored = answers.get(&question.id);
        let value = stored.map(|answer| question.field_value(answer));
        let typed = typed.into_iter().filter(|one| !one.is_empty());
        if value.unwrap_or_default() != typed.collect::<Vec<_>>().join(",") {
            let words = stored.map_or_else(
                || wording.text.say("value-nothing").into_owned(),
                |answer| say(wording, question, answer),
            );
            let values = [("value", words.into())];
            asked.meanwhile = Some(wording.text.with("form-clash-stored", values));
        }
    }
    asked
}

fn answer_texts<'a>(
    wording: &Wording<'a>,
    questions: impl Iterator<Item = &'a Question>,
    answers: &Answers,
) -> Vec<(Spoken<'a>, String)> {
    questions
        .filter_map(|question| {
            let answer = answers.get(&question.id)?;
            Some((
                wording.pick(&question.title),
                say(wording, question, answer),
            ))
        })
        .collect()
}

fn say(wording: &Wording<'_>, question: &Question, answer: &Answer) -> String {
    let default = &wording.occasion.default_language;
    question.say(answer, wording.text, default)
}

fn person<'a>(
    wording: &Wording<'a>,
    snapshot: &'a InvitationSnapshot,
    guest: &'a Guest,
    title: String,
    form_state: &FormState,
    stored: &Form,
) -> PersonRow<'a> {
    let text = wording.text;
    let id = guest.id.to_string();
    let field = format!("diet.{id}");
    let diets: Vec<(String, String, bool)> = snapshot
        .diets
        .iter()
        .filter(|option| option.active || guest.diets.contains(&option.key))
        .map(|option: &DietaryOption| {
            let is_on = form_state.form.all(&field).any(|key| key == option.key);
            (
                option.key.clone(),
                wording.diet(&snapshot.diets, &option.key),
                is_on,
            )
        })
        .collect();
    let typed_name = form_state.form.find(&format!("name.{id}"));
    let is_typed = typed_name.is_some_and(|typed| typed != guest.name);
    let is_unnamed = guest.name.is_empty() || is_typed;
    let diet_note = form_state.form.text(&format!("diet_note.{id}")).to_owned();
    let mut diet_words: Vec<String> = diets
        .iter()
        .filter(|(.., is_on)| *is_on)
        .map(|(_, words, _)| words.clone())
        .collect();
    if !diet_note.is_empty() {
        diet_words.push(diet_note.clone());
    }
    PersonRow {
        title,
        about: about(text, guest),
        is_above: guest.beyond_allowance,
        name: is_unnamed.then(|| typed_name.unwrap_or_default().to_owned()),
        is_removed: form_state.form.is_ticked(&format!("remove.{id}")),
        choices: snapshot
            .invited_events()
            .filter_map(|event| {
                let reply = guest.replies.get(&event.id)?;
                let field = format!("reply.{id}.{}", event.key);
                let chosen = form_state.form.text(&field).to_owned();
                let mark = wording::mark(snapshot.effective_status(reply.status));
                Some(Choice {
                    stored: (stored.text(&field) != chosen).then_some(mark),
                    event: wording.event(event),
                    field,
                    chosen,
                    mark,
                })
            })
            .collect(),
        questions: known(snapshot, AskedOf::Guest, &guest.answers)
            .filter(|question| question.concerns(guest, &snapshot.events))
            .map(|question| {
                let field = format!("answer.{id}.{}", question.key);
                asked(
                    wording,
                    snapshot,
                    question,
                    field,
                    &guest.answers,
                    form_state,
                )
            })
            .collect(),
        told: answer_texts(
            wording,
            known(snapshot, AskedOf::Guest, &guest.answers),
            &guest.answers,
        ),
        diets,
        diet_note,
        diet_words: diet_words.join(&text.say("list-comma")),
        id,
    }
}

fn about(text: &Text, guest: &Guest) -> Vec<String> {
    let mut about = Vec::new();
    match (guest.is_child, guest.child_age) {
        (false, _) => {}
        (true, None) => about.push(text.say("guest-child").into_owned()),
        (true, Some(age)) => about.push(text.with("guest-child-age", [("age", age.into())])),
    }
    if guest.kind == GuestKind::PlusOne {
        let is_nobody = guest.name.is_empty() && guest.added_by == ActedBy::Host;
        let words = if is_nobody {
            "host-no-name-yet"
        } else {
            "host-plus-one"
        };
        about.push(text.say(words).into_owned());
    }
    about
}
