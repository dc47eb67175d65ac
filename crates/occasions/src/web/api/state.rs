//! A household's invitation as JSON. It is the response to requests that read or save the
//! invitation. After a version conflict, the error response contains it in the field `current`.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;
use web::{I18n, Text};

use crate::answer::{Answer, Answers};
use crate::event::Event;
use crate::form_event::FormEvent;
use crate::guest::Guest;
use crate::household::Allowance;
use crate::id::GuestId;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::words::{Access, AskedOf, GuestKind, QuestionKind, ReplyStatus};

/// Everything that a household may see of its invitation.
#[derive(Serialize, ToSchema)]
pub(crate) struct PortalState<'a> {
    /// The code of the invitation.
    code: &'a str,
    /// The version of the invitation. Each change increases it.
    version: i64,
    access: Access,
    /// When answers close (RFC 3339); `null` if they never close automatically.
    closes_at: Option<String>,
    /// The household's language; null if it is not known.
    language: Option<&'a str>,
    /// The name of the household.
    household: &'a str,
    /// The hosts' message to this household.
    host_message: Option<&'a str>,
    /// The occasion.
    occasion: OccasionState<'a>,
    /// The events to which the household is invited.
    events: Vec<EventState<'a>>,
    /// The events to which the household was invited, and which the hosts have cancelled; missing if
    /// there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cancelled_events: Vec<EventState<'a>>,
    allowance: Allowance,
    /// The guests on the invitation.
    guests: Vec<GuestState<'a>>,
    /// The hosts' questions.
    questions: Vec<QuestionState<'a>>,
    /// The answers to the questions that are asked once per household, by the question's key.
    answers: BTreeMap<&'a str, &'a Answer>,
    /// The household's note to the hosts.
    note: NoteState<'a>,
    /// The hosts' announcements: first the pinned ones, then the others. Within both groups the
    /// newest comes first.
    announcements: Vec<AnnouncementState<'a>>,
    /// What the hosts are told of the form for answers until it is saved: on which days it was opened
    /// in a browser, and what was missing if it could not be saved. Only responses that read the
    /// invitation contain this, and only if something is noted.
    #[serde(skip_serializing_if = "Option::is_none")]
    form_events: Option<FormEvent>,
}

impl PortalState<'_> {
    pub(crate) fn with_form_events(mut self, noted: Option<FormEvent>) -> Self {
        self.form_events = noted;
        self
    }
}

#[derive(Serialize, ToSchema)]
struct AnnouncementState<'a> {
    /// The announcement's id.
    id: &'a str,
    /// The announcement's title, in the reader's language.
    title: &'a str,
    /// The announcement's text, in the reader's language.
    body: &'a str,
    /// Whether the announcement is pinned, so that it comes before newer ones.
    pinned: bool,
    /// The time from which guests see the announcement (RFC 3339).
    published_at: Option<String>,
    /// When the text changed after it was published (RFC 3339); null if it did not change.
    changed_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct OccasionState<'a> {
    /// The occasion's slug.
    slug: &'a str,
    /// The occasion's title, in the reader's language.
    title: &'a str,
    /// The hosts' names, in the reader's language.
    hosts: &'a str,
    /// The IANA name of the occasion's time zone.
    time_zone: &'a str,
    /// The languages of the occasion's pages, as BCP 47 tags.
    languages: &'a [String],
}

#[derive(Serialize, ToSchema)]
struct EventState<'a> {
    /// The key of the event.
    key: &'a str,
    /// The event's name, in the reader's language.
    name: &'a str,
    /// When the event starts (RFC 3339).
    starts_at: String,
    /// When the event ends (RFC 3339); null if that is not known.
    ends_at: Option<String>,
    /// Whether the hour is known. If not, the event lasts from midnight to midnight of the
    /// occasion's time zone.
    hour_known: bool,
    /// Whether the end is known.
    end_known: bool,
    /// The name of the venue.
    venue: &'a str,
    /// The address of the venue.
    address: &'a str,
}

#[derive(Serialize, ToSchema)]
struct GuestState<'a> {
    /// The id of the guest.
    id: &'a GuestId,
    /// The guest's name.
    name: &'a str,
    kind: GuestKind,
    /// Whether the guest is a child.
    is_child: bool,
    /// The age of a child in years, 0–17, if known.
    age: Option<i64>,
    /// When the last reply for the guest was given (RFC 3339).
    answered_at: Option<String>,
    /// Replies by event key.
    replies: BTreeMap<&'a str, ReplyStatus>,
    /// Keys of dietary options.
    diets: &'a [String],
    /// The guest's note about food; null if there is none.
    diet_note: Option<&'a str>,
    /// Answers to the hosts' questions, by the question's key.
    answers: BTreeMap<&'a str, &'a Answer>,
}

/// A question that the hosts ask.
#[derive(Serialize, ToSchema)]
struct QuestionState<'a> {
    /// The key of the question.
    key: &'a str,
    asked_of: AskedOf,
    kind: QuestionKind,
    /// The text of the question, in the reader's language.
    title: &'a str,
    /// An explanation, in the reader's language; empty if there is none.
    help: &'a str,
    /// The choices, if the question has any.
    choices: Vec<ChoiceState<'a>>,
    /// Keys of the events that the question is about; all events if empty.
    events: &'a [String],
    /// Whether guests who come must answer the question.
    required: bool,
    /// Whether only guests who say yes are asked.
    coming_only: bool,
}

#[derive(Serialize, ToSchema)]
struct ChoiceState<'a> {
    /// The key of the choice.
    key: &'a str,
    /// The text of the choice, in the reader's language.
    label: &'a str,
}

#[derive(Serialize, ToSchema)]
struct NoteState<'a> {
    /// The note; empty if there is none.
    text: &'a str,
    /// The version of the note.
    version: i64,
}

/// Returns an invitation's state. Its texts are in the language of `text`.
pub(crate) fn of<'a>(snapshot: &'a InvitationSnapshot, text: &Text) -> PortalState<'a> {
    let occasion = &snapshot.occasion;
    let invitation = &snapshot.household.invitation;
    let say = |texts: &'a I18n| texts.pick(text.language(), &occasion.default_language).text;
    let event = |event: &'a Event| EventState {
        key: &event.key,
        name: say(&event.name),
        starts_at: event.starts_at.to_string(),
        ends_at: event.known_end().map(|at| at.to_string()),
        hour_known: event.hour_known,
        end_known: !event.is_open_ended(),
        venue: &event.venue,
        address: &event.address,
    };
    PortalState {
        code: &invitation.code,
        version: invitation.version,
        access: snapshot.access,
        closes_at: snapshot.closes_at().map(|at| at.to_string()),
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
        events: snapshot.invited_events().map(event).collect(),
        cancelled_events: snapshot.cancelled.iter().map(event).collect(),
        allowance: snapshot.household.allowance(),
        guests: snapshot
            .household
            .guests
            .iter()
            .map(|guest| guest_state(snapshot, guest))
            .collect(),
        questions: snapshot
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
        answers: answers(snapshot, &snapshot.household.answers),
        note: NoteState {
            text: &invitation.note,
            version: invitation.note_version,
        },
        announcements: snapshot
            .news
            .iter()
            .map(|one| AnnouncementState {
                id: one.id.as_str(),
                title: say(&one.title),
                body: say(&one.body),
                pinned: one.pinned,
                published_at: one.published_at.map(|at| at.to_string()),
                changed_at: one.changed_at.map(|at| at.to_string()),
            })
            .collect(),
        form_events: None,
    }
}

/// Returns an invitation's state as a JSON body.
pub(crate) fn body(snapshot: &InvitationSnapshot, text: &Text) -> String {
    serde_json::to_string(&of(snapshot, text)).unwrap_or_default()
}

fn guest_state<'a>(snapshot: &'a InvitationSnapshot, guest: &'a Guest) -> GuestState<'a> {
    GuestState {
        id: &guest.id,
        name: &guest.name,
        kind: guest.kind,
        is_child: guest.is_child,
        age: guest.child_age,
        answered_at: guest.answered_at().map(|at| at.to_string()),
        replies: snapshot
            .events
            .iter()
            .filter_map(|event| {
                let reply = guest.replies.get(&event.id)?;
                Some((event.key.as_str(), snapshot.effective_status(reply.status)))
            })
            .collect(),
        diets: &guest.diets,
        diet_note: some(&guest.diet_note),
        answers: answers(snapshot, &guest.answers),
    }
}

fn answers<'a>(
    snapshot: &'a InvitationSnapshot,
    given: &'a Answers,
) -> BTreeMap<&'a str, &'a Answer> {
    snapshot
        .asked_questions()
        .filter_map(|question| Some((question.key.as_str(), given.get(&question.id)?)))
        .collect()
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
