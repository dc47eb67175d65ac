//! The portal as JSON: what a look-up and a save answer, and what a
//! conflict carries in `current`.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;
use web::{I18n, Text};

use crate::guest::{Guest, GuestId};
use crate::household::Allowance;
use crate::portal::Portal;
use crate::question::{Answer, Answers};
use crate::words::{Access, AskedOf, GuestKind, QuestionKind, ReplyStatus};

/// Everything a household may see of its invitation.
#[derive(Serialize, ToSchema)]
pub(crate) struct PortalState {
    code: String,
    version: i64,
    access: Access,
    /// RFC 3339; `null`: never by itself.
    closes_at: Option<String>,
    language: Option<String>,
    household: String,
    host_message: Option<String>,
    occasion: OccasionState,
    events: Vec<EventState>,
    allowance: Allowance,
    guests: Vec<GuestState>,
    /// What hosts ask besides who comes.
    questions: Vec<QuestionState>,
    /// Answers of the whole household, by key of the question.
    answers: BTreeMap<String, Answer>,
    note: NoteState,
}

#[derive(Serialize, ToSchema)]
struct OccasionState {
    slug: String,
    title: String,
    hosts: String,
    time_zone: String,
    languages: Vec<String>,
}

#[derive(Serialize, ToSchema)]
struct EventState {
    key: String,
    name: String,
    starts_at: String,
    ends_at: String,
    venue: String,
    address: String,
}

#[derive(Serialize, ToSchema)]
struct GuestState {
    #[schema(value_type = String)]
    id: GuestId,
    name: String,
    kind: GuestKind,
    is_child: bool,
    age: Option<i64>,
    answered_at: Option<String>,
    /// By key of the event.
    replies: BTreeMap<String, ReplyStatus>,
    diets: Vec<String>,
    diet_note: Option<String>,
    /// To the hosts' questions, by key.
    answers: BTreeMap<String, Answer>,
}

/// What hosts ask besides who comes.
#[derive(Serialize, ToSchema)]
struct QuestionState {
    key: String,
    asked_of: AskedOf,
    kind: QuestionKind,
    title: String,
    help: String,
    choices: Vec<ChoiceState>,
    /// Keys of the events it is about; empty: all of them.
    events: Vec<String>,
    /// Those who come have to answer it.
    required: bool,
    /// Only those who say yes are asked.
    coming_only: bool,
}

#[derive(Serialize, ToSchema)]
struct ChoiceState {
    key: String,
    label: String,
}

#[derive(Serialize, ToSchema)]
struct NoteState {
    text: String,
    version: i64,
}

/// The state of a portal, its texts in the reader's language.
pub(crate) fn of(portal: &Portal, text: &Text) -> PortalState {
    let occasion = &portal.occasion;
    let invitation = &portal.household.invitation;
    let say = |texts: &I18n| {
        texts
            .pick(text.language(), &occasion.default_language)
            .text
            .to_owned()
    };
    PortalState {
        code: invitation.code.clone(),
        version: invitation.version,
        access: portal.access,
        closes_at: portal.closes_at().map(|at| at.to_string()),
        language: invitation.details.language.clone(),
        household: invitation.details.household.clone(),
        host_message: some(&invitation.details.host_message),
        occasion: OccasionState {
            slug: portal.occasion.slug.clone(),
            title: say(&occasion.title),
            hosts: say(&occasion.hosts),
            time_zone: occasion.time_zone.clone(),
            languages: occasion.languages.clone(),
        },
        events: portal
            .invited_events()
            .map(|event| EventState {
                key: event.key.clone(),
                name: say(&event.name),
                starts_at: event.starts_at.to_string(),
                ends_at: event.ends_at.to_string(),
                venue: event.venue.clone(),
                address: event.address.clone(),
            })
            .collect(),
        allowance: portal.household.allowance(),
        guests: portal
            .household
            .guests
            .iter()
            .map(|guest| guest_state(portal, guest))
            .collect(),
        questions: portal
            .asked_questions()
            .map(|question| QuestionState {
                key: question.key.clone(),
                asked_of: question.asked_of,
                kind: question.kind,
                title: say(&question.title),
                help: say(&question.help),
                choices: question
                    .choices
                    .iter()
                    .map(|choice| ChoiceState {
                        key: choice.key.clone(),
                        label: say(&choice.label),
                    })
                    .collect(),
                events: question.events.clone(),
                required: question.required,
                coming_only: question.coming_only,
            })
            .collect(),
        answers: answers(portal, &portal.household.answers),
        note: NoteState {
            text: invitation.note.clone(),
            version: invitation.note_version,
        },
    }
}

/// The same as the text of a JSON body.
pub(crate) fn body(portal: &Portal, text: &Text) -> String {
    serde_json::to_string(&of(portal, text)).unwrap_or_default()
}

fn guest_state(portal: &Portal, guest: &Guest) -> GuestState {
    GuestState {
        id: guest.id.clone(),
        name: guest.name.clone(),
        kind: guest.kind,
        is_child: guest.is_child,
        age: guest.child_age,
        answered_at: guest.answered_at().map(|at| at.to_string()),
        replies: portal
            .events
            .iter()
            .filter_map(|event| {
                let reply = guest.replies.get(&event.id)?;
                Some((event.key.clone(), portal.effective_status(reply.status)))
            })
            .collect(),
        diets: guest.diets.clone(),
        diet_note: some(&guest.diet_note),
        answers: answers(portal, &guest.answers),
    }
}

fn answers(portal: &Portal, given: &Answers) -> BTreeMap<String, Answer> {
    portal
        .asked_questions()
        .filter_map(|question| Some((question.key.clone(), given.get(&question.id)?.clone())))
        .collect()
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
