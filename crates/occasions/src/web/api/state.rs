//! The portal as JSON: the response to a look-up and to a save, and the `current` of a conflict.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;
use web::{I18n, Text};

use crate::answer::{Answer, Answers};
use crate::guest::Guest;
use crate::household::Allowance;
use crate::id::GuestId;
use crate::portal::Portal;
use crate::words::{Access, AskedOf, GuestKind, QuestionKind, ReplyStatus};

/// Everything a household may see of its invitation.
#[derive(Serialize, ToSchema)]
pub(crate) struct PortalState<'a> {
    code: &'a str,
    version: i64,
    access: Access,
    /// RFC 3339; `null` if answers never close by themselves.
    closes_at: Option<String>,
    language: Option<&'a str>,
    household: &'a str,
    host_message: Option<&'a str>,
    occasion: OccasionState<'a>,
    events: Vec<EventState<'a>>,
    allowance: Allowance,
    guests: Vec<GuestState<'a>>,
    /// The hosts' questions.
    questions: Vec<QuestionState<'a>>,
    /// Answers of the household as a whole, by key of the question.
    answers: BTreeMap<&'a str, &'a Answer>,
    note: NoteState<'a>,
}

#[derive(Serialize, ToSchema)]
struct OccasionState<'a> {
    slug: &'a str,
    title: &'a str,
    hosts: &'a str,
    time_zone: &'a str,
    languages: &'a [String],
}

#[derive(Serialize, ToSchema)]
struct EventState<'a> {
    key: &'a str,
    name: &'a str,
    starts_at: String,
    ends_at: String,
    venue: &'a str,
    address: &'a str,
}

#[derive(Serialize, ToSchema)]
struct GuestState<'a> {
    #[schema(value_type = String)]
    id: &'a GuestId,
    name: &'a str,
    kind: GuestKind,
    is_child: bool,
    age: Option<i64>,
    answered_at: Option<String>,
    /// Replies by key of the event.
    replies: BTreeMap<&'a str, ReplyStatus>,
    diets: &'a [String],
    diet_note: Option<&'a str>,
    /// Answers to the hosts' questions, by key.
    answers: BTreeMap<&'a str, &'a Answer>,
}

/// A question of the hosts.
#[derive(Serialize, ToSchema)]
struct QuestionState<'a> {
    key: &'a str,
    asked_of: AskedOf,
    kind: QuestionKind,
    title: &'a str,
    help: &'a str,
    choices: Vec<ChoiceState<'a>>,
    /// Keys of the events it is about; all events if empty.
    events: &'a [String],
    /// Whether guests who come must answer it.
    required: bool,
    /// Whether only guests who say yes are asked.
    coming_only: bool,
}

#[derive(Serialize, ToSchema)]
struct ChoiceState<'a> {
    key: &'a str,
    label: &'a str,
}

#[derive(Serialize, ToSchema)]
struct NoteState<'a> {
    text: &'a str,
    version: i64,
}

pub(crate) fn of<'a>(portal: &'a Portal, text: &Text) -> PortalState<'a> {
    let occasion = &portal.occasion;
    let invitation = &portal.household.invitation;
    let say = |texts: &'a I18n| texts.pick(text.language(), &occasion.default_language).text;
    PortalState {
        code: &invitation.code,
        version: invitation.version,
        access: portal.access,
        closes_at: portal.closes_at().map(|at| at.to_string()),
        language: invitation.details.language.as_deref(),
        household: &invitation.details.household,
        host_message: some(&invitation.details.host_message),
        occasion: OccasionState {
            slug: &occasion.slug,
            title: say(&occasion.title),
            hosts: say(&occasion.hosts),
            time_zone: &occasion.time_zone,
            languages: &occasion.languages,
        },
        events: portal
            .invited_events()
            .map(|event| EventState {
                key: &event.key,
                name: say(&event.name),
                starts_at: event.starts_at.to_string(),
                ends_at: event.ends_at.to_string(),
                venue: &event.venue,
                address: &event.address,
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
                key: &question.key,
                asked_of: question.asked_of,
                kind: question.kind,
                title: say(&question.title),
                help: say(&question.help),
                choices: question
                    .choices
                    .iter()
                    .map(|choice| ChoiceState {
                        key: &choice.key,
                        label: say(&choice.label),
                    })
                    .collect(),
                events: &question.events,
                required: question.required,
                coming_only: question.coming_only,
            })
            .collect(),
        answers: answers(portal, &portal.household.answers),
        note: NoteState {
            text: &invitation.note,
            version: invitation.note_version,
        },
    }
}

pub(crate) fn body(portal: &Portal, text: &Text) -> String {
    serde_json::to_string(&of(portal, text)).unwrap_or_default()
}

fn guest_state<'a>(portal: &'a Portal, guest: &'a Guest) -> GuestState<'a> {
    GuestState {
        id: &guest.id,
        name: &guest.name,
        kind: guest.kind,
        is_child: guest.is_child,
        age: guest.child_age,
        answered_at: guest.answered_at().map(|at| at.to_string()),
        replies: portal
            .events
            .iter()
            .filter_map(|event| {
                let reply = guest.replies.get(&event.id)?;
                Some((event.key.as_str(), portal.effective_status(reply.status)))
            })
            .collect(),
        diets: &guest.diets,
        diet_note: some(&guest.diet_note),
        answers: answers(portal, &guest.answers),
    }
}

fn answers<'a>(portal: &'a Portal, given: &'a Answers) -> BTreeMap<&'a str, &'a Answer> {
    portal
        .asked_questions()
        .filter_map(|question| Some((question.key.as_str(), given.get(&question.id)?)))
        .collect()
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
