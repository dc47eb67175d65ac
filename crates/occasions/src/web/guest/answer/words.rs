//! Turns refusals into errors at form fields. Also turns typed values into text that guests can
//! copy.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::Value;
use web::form_state::FormError;
use web::{FieldProblem, Form, Text};

use super::super::parse_form::ParsedForm;
use super::super::show::Reading;
use super::super::view::Typed;
use super::form::SaveFailure;
use crate::answer::Answers;
use crate::household::Places;
use crate::household_change::GuestUpdate;
use crate::id::GuestId;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::refusal::Refusal;
use crate::words::ReplyStatus;

/// Converts the refusal of a save into errors at the form's fields.
pub(super) fn trouble(
    text: &Text,
    snapshot: &InvitationSnapshot,
    parsed: &ParsedForm,
    refusal: &Refusal,
) -> SaveFailure {
    let first_new = || {
        parsed
            .first_new()
            .unwrap_or_else(|| "new.0.name".to_owned())
    };
    let one = |field: String, words: String| {
        SaveFailure::Fields(StatusCode::CONFLICT, vec![FormError { field, words }])
    };
    let places = |id, places: &Places| {
        let left = (places.allowed - places.used).max(0);
        text.with(
            id,
            [("allowed", places.allowed.into()), ("left", left.into())],
        )
    };
    match refusal {
        Refusal::Answers(fields) => SaveFailure::Fields(
            StatusCode::UNPROCESSABLE_ENTITY,
            fields
                .iter()
                .map(|error| field(text, snapshot, parsed, error))
                .collect(),
        ),
        Refusal::PlusOneLimit(_)
            if Reading::new(text, snapshot).places().is_for_children_only() =>
        {
            let field = grown(snapshot, parsed).unwrap_or_else(first_new);
            one(field, text.say("complaint-only-children").into_owned())
        }
        Refusal::PlusOneLimit(left) => one(first_new(), places("complaint-plus-ones", left)),
        Refusal::ChildrenLimit(left) => one(first_new(), places("complaint-children", left)),
        Refusal::GuestLimit => one(
            first_new(),
            text.with(
                "complaint-guests",
                [("n", crate::household::GUEST_LIMIT.into())],
            ),
        ),
        Refusal::EventFull { event, left } => full(text, snapshot, parsed, event, *left),
        Refusal::NamedGuest => one(
            String::new(),
            text.say("complaint-named-guest").into_owned(),
        ),
        _ => SaveFailure::NotSaved,
    }
}

/// The name field of a guest who is no longer a child, if no new guest is in the form.
fn grown(snapshot: &InvitationSnapshot, parsed: &ParsedForm) -> Option<String> {
    if parsed.first_new().is_some() {
        return None;
    }
    let was_child = |id: &GuestId| {
        let mut guests = snapshot.household.guests.iter();
        guests.any(|guest| guest.id == *id && guest.is_child)
    };
    let index = parsed.change.guests.iter().position(|guest| {
        guest.is_child == Some(false) && guest.id.as_ref().is_some_and(was_child)
    })?;
    Some(parsed.field(&format!("/guests/{index}/name")))
}

/// Shown at the first guest who is new or says yes to the event.
fn full(
    text: &Text,
    snapshot: &InvitationSnapshot,
    parsed: &ParsedForm,
    key: &str,
    left: i64,
) -> SaveFailure {
    let reading = Reading::new(text, snapshot);
    let name = snapshot
        .events
        .iter()
        .find(|event| event.key == key)
        .map(|event| reading.event_name(event).text.to_owned())
        .unwrap_or_default();
    let words = text.with(
        "complaint-full",
        [("event", name.into()), ("left", left.into())],
    );
    let field = parsed
        .change
        .guests
        .iter()
        .position(|guest| {
            guest.id.is_none() || guest.replies.get(key) == Some(&crate::words::ReplyStatus::Yes)
        })
        .map_or_else(String::new, |index| {
            parsed.field(&format!("/guests/{index}/replies/{key}"))
        });
    SaveFailure::Fields(StatusCode::CONFLICT, vec![FormError { field, words }])
}

fn field(
    text: &Text,
    snapshot: &InvitationSnapshot,
    parsed: &ParsedForm,
    error: &FieldProblem,
) -> FormError {
    if let Some((_, key)) = error.pointer.rsplit_once("answers/") {
        return FormError {
            field: parsed.field(&error.pointer),
            words: about_question(text, snapshot, key, error.code),
        };
    }
    let last = error.pointer.rsplit('/').next().unwrap_or_default();
    let words = match (last, error.code) {
        ("name", "required") => text.say("complaint-name-required").into_owned(),
        ("name", "too_long") => text.with("complaint-name-long", [("n", 100.into())]),
        ("age" | "is_child", _) => text.say("complaint-age").into_owned(),
        ("diet_note", "dietary_note_required") => text.say("complaint-diet-note").into_owned(),
        ("diet_note", _) => text.with("complaint-too-long", [("n", 500.into())]),
        ("diets", _) => text.say("complaint-diet-unknown").into_owned(),
        ("text", _) => text.with(
            "complaint-too-long",
            [("n", crate::rsvp::NOTE_LIMIT.into())],
        ),
        (key, "event_not_invited") => {
            let reading = Reading::new(text, snapshot);
            let event = snapshot.events.iter().find(|event| event.key == key);
            let name = event.map_or(key, |event| reading.event_name(event).text);
            text.with("complaint-not-invited", [("event", name.into())])
        }
        _ => text.say("complaint-choice").into_owned(),
    };
    FormError {
        field: parsed.field(&error.pointer),
        words,
    }
}

fn about_question(text: &Text, snapshot: &InvitationSnapshot, key: &str, code: &str) -> String {
    let found = snapshot
        .asked_questions()
        .find(|question| question.key == key);
    let (Some(question), false) = (found, code == "unknown_field") else {
        return text.say("complaint-question-gone").into_owned();
    };
    let id = match code {
        "required" => "complaint-question-required",
        "too_long" => "complaint-question-long",
        "date_invalid" => "complaint-question-date",
        "invalid" | "out_of_range" => "complaint-question-number",
        _ => "complaint-question-choice",
    };
    let title = Reading::new(text, snapshot).question_title(question).text;
    let limit = crate::question::ANSWER_LIMIT;
    text.with(id, [("question", title.into()), ("n", limit.into())])
}

/// Lists the typed values that differ from the stored values. The household can copy them.
pub(super) fn typed(
    text: &Text,
    snapshot: &InvitationSnapshot,
    form: &Form,
    parsed: &ParsedForm,
) -> Vec<Typed> {
    let reading = Reading::new(text, snapshot);
    let mut lines = Vec::new();
    let mut add = |what: String, words: String| lines.push(Typed { what, words });
    for (index, wanted) in parsed.change.guests.iter().enumerate() {
        let known = wanted.id.as_ref().and_then(|id| {
            snapshot
                .household
                .guests
                .iter()
                .find(|guest| guest.id == *id)
        });
        let name = known.map_or_else(
            || newcomer(text, wanted, index),
            |guest| reading.name(guest),
        );
        let typed = wanted.name.as_deref().map(str::trim).unwrap_or_default();
        match known {
            None => add(text.say("answer-bring").into_owned(), name.clone()),
            Some(guest) if !typed.is_empty() && typed != guest.name => {
                let about = text.with("conflict-name", [("name", name.as_str().into())]);
                add(about, typed.to_owned());
            }
            Some(_) => {}
        }
        for event in snapshot.invited_events() {
            let Some(status) = wanted.replies.get(&event.key) else {
                continue;
            };
            let stored = known.and_then(|guest| guest.replies.get(&event.id));
            if stored.is_some_and(|reply| reply.status == *status) {
                continue;
            }
            let event_name = reading.event_name(event);
            let comma = text.say("list-comma");
            add(format!("{name}{comma}{event_name}"), reply(text, *status));
        }
        let (diets, note) = known.map_or((&[][..], ""), |guest| (&guest.diets, &guest.diet_note));
        let needs = needs(&reading, wanted, diets, note);
        if !needs.is_empty() {
            let about = text.with("answer-diets-for", [("name", name.as_str().into())]);
            add(about, needs.join(&text.say("list-comma")));
        }
    }
    for (index, wanted) in parsed.change.guests.iter().enumerate() {
        let known = wanted.id.as_ref();
        let known = known.and_then(|id| {
            snapshot
                .household
                .guests
                .iter()
                .find(|guest| guest.id == *id)
        });
        let name = known.map_or_else(
            || newcomer(text, wanted, index),
            |guest| reading.name(guest),
        );
        let none = Answers::new();
        let stored = known.map_or(&none, |guest| &guest.answers);
        lines.extend(answers(&reading, &wanted.answers, stored, Some(&name)));
    }
    let stored = &snapshot.household.answers;
    lines.extend(answers(&reading, &parsed.change.answers, stored, None));
    lines.extend(note(text, form, &snapshot.household.invitation.note));
    lines
}

fn answers(
    reading: &Reading<'_>,
    typed: &BTreeMap<String, Value>,
    stored: &Answers,
    name: Option<&str>,
) -> Vec<Typed> {
    let (text, snapshot) = (reading.text, reading.snapshot);
    let default = &snapshot.occasion.default_language;
    let differing = snapshot.asked_questions().filter_map(|question| {
        let answer = question.read(typed.get(&question.key)?).ok()??;
        if stored.get(&question.id) == Some(&answer) {
            return None;
        }
        let title = reading.question_title(question).text;
        let comma = text.say("list-comma");
        Some(Typed {
            what: name.map_or_else(|| title.to_owned(), |name| format!("{name}{comma}{title}")),
            words: question.say(&answer, text, default),
        })
    });
    differing.collect()
}

fn needs(reading: &Reading<'_>, wanted: &GuestUpdate, diets: &[String], note: &str) -> Vec<String> {
    let chosen = wanted.diets.as_deref().unwrap_or(diets);
    let own_words = wanted.diet_note.as_deref().map_or(note, str::trim);
    if chosen == diets && own_words == note {
        return Vec::new();
    }
    let labels = reading
        .diets()
        .filter(|(option, _)| chosen.contains(&option.key));
    let own_words = (!own_words.is_empty()).then(|| own_words.to_owned());
    labels
        .map(|(_, label)| label.text.to_owned())
        .chain(own_words)
        .collect()
}

/// Lists the values of a form whose code no longer works. The list contains no stored names of
/// guests, because only a valid code may reveal names.
pub(super) fn of_a_stranger(text: &Text, form: &Form, parsed: &ParsedForm) -> Vec<Typed> {
    let people = parsed.change.guests.iter().enumerate();
    let mut lines: Vec<Typed> = people
        .map(|(index, wanted)| {
            let replies = wanted.replies.values().map(|status| reply(text, *status));
            let own_words = wanted.diet_note.iter().map(|words| words.trim().to_owned());
            let answers = wanted.answers.values().filter_map(Value::as_str);
            let words: Vec<String> = replies
                .chain(own_words)
                .chain(answers.map(str::to_owned))
                .filter(|words| !words.is_empty())
                .collect();
            Typed {
                what: newcomer(text, wanted, index),
                words: words.join(&text.say("list-comma")),
            }
        })
        .collect();
    for answer in parsed.change.answers.values().filter_map(Value::as_str) {
        lines.push(Typed {
            what: text.say("question-household").into_owned(),
            words: answer.to_owned(),
        });
    }
    lines.extend(note(text, form, ""));
    lines
}

fn newcomer(text: &Text, wanted: &GuestUpdate, index: usize) -> String {
    match wanted.name.as_deref().map(str::trim) {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => text.with("answer-new-person", [("n", (index + 1).into())]),
    }
}

fn reply(text: &Text, status: ReplyStatus) -> String {
    text.say(&format!("reply-{}", status.word())).into_owned()
}

fn note(text: &Text, form: &Form, stored: &str) -> Option<Typed> {
    let note = form.text("note").trim();
    (!note.is_empty() && note != stored).then(|| Typed {
        what: text.say("note-title").into_owned(),
        words: note.to_owned(),
    })
}
