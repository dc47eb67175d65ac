//! The people of one invitation with their answers, as its page shows them.

use web::{Form, Spoken, Text};

use super::say::{self, Says};
use super::sheet::Sheet;
use crate::diet::DietaryOption;
use crate::guest::Guest;
use crate::portal::Portal;
use crate::web::guest::Reading;
use crate::web::guest::view::Mark;
use crate::words::{GuestKind, ReplyStatus};

/// One person with the answers.
pub(super) struct PersonRow<'a> {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) about: Vec<String>,
    pub(super) is_above: bool,
    pub(super) choices: Vec<Choice<'a>>,
    pub(super) diets: Vec<(String, String, bool)>,
    pub(super) diet_note: String,
    pub(super) diet_words: String,
}

/// The answer to one event.
pub(super) struct Choice<'a> {
    pub(super) field: String,
    pub(super) event: Spoken<'a>,
    /// `yes`, `no`, `undecided`, or nothing.
    pub(super) chosen: String,
    pub(super) mark: Mark,
    /// What somebody else saved meanwhile.
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
    pub(super) fn to(&self, text: &Text, id: &str, person: &str) -> String {
        let values = [("event", self.event.text.into()), ("person", person.into())];
        text.with(id, values)
    }

    pub(super) fn stored_words(&self, text: &Text) -> Option<String> {
        let mark = self.stored?;
        let value = text.say(mark.message()).into_owned();
        Some(text.with("host-clash-stored", [("value", value.into())]))
    }
}

/// The answers as a form holds them.
pub(super) fn stored(portal: &Portal) -> Form {
    let mut fields = vec![(
        "version".to_owned(),
        portal.household.invitation.version.to_string(),
    )];
    for guest in &portal.household.guests {
        let id = &guest.id;
        for event in portal.invited_events() {
            if let Some(reply) = guest.replies.get(&event.id) {
                let word = match portal.shown(reply.status) {
                    ReplyStatus::Pending => "",
                    // Who waits wanted to come.
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
    }
    fields.into_iter().collect()
}

/// Everybody on the invitation, with what stands in the form.
pub(super) fn people<'a>(says: &Says<'a>, portal: &'a Portal, sheet: &Sheet) -> Vec<PersonRow<'a>> {
    let reading = Reading::new(says.text, portal);
    let stored = stored(portal);
    portal
        .household
        .guests
        .iter()
        .map(|guest| person(says, portal, guest, reading.name(guest), (sheet, &stored)))
        .collect()
}

fn person<'a>(
    says: &Says<'a>,
    portal: &'a Portal,
    guest: &'a Guest,
    title: String,
    (sheet, stored): (&Sheet, &Form),
) -> PersonRow<'a> {
    let text = says.text;
    let id = guest.id.to_string();
    let field = format!("diet.{id}");
    let diets: Vec<(String, String, bool)> = portal
        .diets
        .iter()
        .filter(|option| option.active || guest.diets.contains(&option.key))
        .map(|option: &DietaryOption| {
            let is_on = sheet.form.all(&field).any(|key| key == option.key);
            (
                option.key.clone(),
                says.diet(&portal.diets, &option.key),
                is_on,
            )
        })
        .collect();
    let diet_note = sheet.form.text(&format!("diet_note.{id}")).to_owned();
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
        choices: portal
            .invited_events()
            .filter_map(|event| {
                let reply = guest.replies.get(&event.id)?;
                let field = format!("reply.{id}.{}", event.key);
                let chosen = sheet.form.text(&field).to_owned();
                let mark = say::mark(portal.shown(reply.status));
                Some(Choice {
                    stored: (stored.text(&field) != chosen).then_some(mark),
                    event: says.event(event),
                    field,
                    chosen,
                    mark,
                })
            })
            .collect(),
        diets,
        diet_note,
        diet_words: diet_words.join(&text.say("list-comma")),
        id,
    }
}

/// Child, age, brought along.
fn about(text: &Text, guest: &Guest) -> Vec<String> {
    let mut about = Vec::new();
    match (guest.is_child, guest.child_age) {
        (false, _) => {}
        (true, None) => about.push(text.say("guest-child").into_owned()),
        (true, Some(age)) => about.push(text.with("guest-child-age", [("age", age.into())])),
    }
    if guest.kind == GuestKind::PlusOne {
        about.push(text.say("host-plus-one").into_owned());
    }
    about
}
