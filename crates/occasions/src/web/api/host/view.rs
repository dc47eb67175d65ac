//! The JSON of responses to hosts.

use std::collections::BTreeMap;

use jiff::Timestamp;
use platform::mail::suppression::Suppression;
use serde::Serialize;
use utoipa::ToSchema;

use super::change_response::{ChangedView, Receipt, Sees};
use crate::answer::{Answer, Answers};
use crate::guest::Guest;
use crate::hosting::guests::Contact as GuestContact;
use crate::hosting::invitations::Bookkeeping;
use crate::hosting::listing::filter::Open;
use crate::hosting::listing::people::Person;
use crate::hosting::listing::{InvitationRow, People};
use crate::hosting::unanswered::Unanswered;
use crate::household::Allowance;
use crate::id::{GuestId, InvitationId, OccasionId};
use crate::invitation_snapshot::InvitationSnapshot;
use crate::occasion::Occasion;
use crate::phone::Phone;
use crate::role::Role;
use crate::words::{Access, GuestKind, LockMode, ReplyStatus, Response};

/// An occasion, and the caller's role in it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OccasionOfHost)]
pub(super) struct OccasionView {
    #[serde(flatten)]
    pub(super) occasion: Occasion,
    pub(super) role: Role,
}

impl ChangedView for OccasionView {
    fn receipt(&self) -> Receipt {
        self.occasion.receipt()
    }
}

impl ChangedView for Occasion {
    fn receipt(&self) -> Receipt {
        Receipt::of_id(&self.id, self.version)
    }
}

/// An invitation with its guests. A field that the caller's role may not see is null. For tokens
/// without `rsvps:read`, answers are omitted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
pub(super) struct InvitationView {
    /// The id of the invitation.
    id: InvitationId,
    /// The id of the occasion.
    occasion: OccasionId,
    /// The version of the invitation. Each change increases it.
    version: i64,
    /// The code that opens the invitation.
    code: Option<String>,
    /// The name of the household.
    household: String,
    /// The opening line of the household's page and mails.
    salutation: Option<String>,
    /// The email address of the household.
    email: Option<String>,
    /// The phone number of the household, as it was typed.
    phone: Option<String>,
    /// The phone number with its country code (E.164), such as `+60123456789`; null if it cannot be
    /// read.
    phone_e164: Option<String>,
    /// The postal address of the household.
    address: Option<String>,
    /// The language of the household's pages and mails; null for the occasion's default language.
    language: Option<String>,
    /// How many additional people the household may bring.
    plus_ones: i64,
    /// How many additional children the household may bring.
    children: i64,
    allowance: Allowance,
    /// The household's own deadline, which replaces the occasion's deadline.
    deadline_override: Option<Timestamp>,
    /// What decides whether answers are open: the deadline or a host.
    lock_mode: LockMode,
    /// If a host keeps answers open, the time until which they are open; null for no limit.
    open_until: Option<Timestamp>,
    /// Why the answers are locked. Only hosts see the reason.
    lock_reason: Option<String>,
    /// The hosts' message to the household, shown on its page.
    host_message: String,
    /// The hosts' note, which only hosts see.
    host_note: Option<String>,
    /// Labels that only hosts see.
    tags: Vec<String>,
    /// The household's note to the hosts.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    access: Access,
    /// How much of the invitation is answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<Response>,
    /// When answers close; null if they never close automatically.
    closes_at: Option<Timestamp>,
    /// When the household last answered; null if it has not answered.
    replied_at: Option<Timestamp>,
    /// When the invitation was archived; null while it is in use.
    archived_at: Option<Timestamp>,
    /// Keys of the events to which the household is invited.
    events: Vec<String>,
    /// The guests on the invitation.
    guests: Vec<GuestView>,
    /// The answers to the questions that are asked once per household, by the question's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    answers: Option<BTreeMap<String, Answer>>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    bookkeeping: Option<BookkeepingView>,
    /// Why mail does not reach the household's address. Only responses with a single invitation
    /// contain this list, and only for callers who may see the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressions: Option<Vec<SuppressionView>>,
    /// Why the household has not answered everything, and what can be done about it. Only responses
    /// with a single invitation contain this, and only for callers who may change invitations and
    /// see answers and contact data.
    #[serde(skip_serializing_if = "Option::is_none")]
    unanswered: Option<Unanswered>,
}

/// Why mail to an invitation's address is suppressed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InvitationSuppression)]
struct SuppressionView {
    /// `soft_bounce`, `unsubscribe`, `hard_bounce`, `complaint` or `manual`.
    cause: &'static str,
    /// When the suppression began. For soft bounces, this is the time of the last bounce.
    since: Timestamp,
}

impl ChangedView for InvitationView {
    fn receipt(&self) -> Receipt {
        Receipt::of_id(&self.id, self.version)
    }
}

/// When an invitation was sent and opened.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InvitationBookkeeping)]
struct BookkeepingView {
    /// When the invitation was sent; null if it has not been sent.
    sent_at: Option<Timestamp>,
    /// When the household first opened its link.
    first_opened_at: Option<Timestamp>,
    /// When the household last opened its link.
    last_opened_at: Option<Timestamp>,
    /// How often the household opened its link.
    open_count: i64,
    /// When the invitation was created.
    created_at: Timestamp,
    /// When the invitation was last changed.
    updated_at: Timestamp,
}

/// A guest on an invitation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Guest)]
pub(super) struct GuestView {
    /// The id of the guest.
    id: GuestId,
    /// The guest's name.
    name: String,
    kind: GuestKind,
    /// Whether the guest is a child.
    is_child: bool,
    /// The age of a child in years, 0–17, if known.
    age: Option<i64>,
    /// Whether the household brings this guest in excess of its allowance.
    beyond_allowance: bool,
    /// Replies by event key.
    #[serde(skip_serializing_if = "Option::is_none")]
    replies: Option<BTreeMap<String, ReplyStatus>>,
    /// Keys of dietary options.
    #[serde(skip_serializing_if = "Option::is_none")]
    diets: Option<Vec<String>>,
    /// The guest's note about food.
    #[serde(skip_serializing_if = "Option::is_none")]
    diet_note: Option<String>,
    /// Answers to the hosts' questions, by the question's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    answers: Option<BTreeMap<String, Answer>>,
    /// The guest's own email address.
    email: Option<String>,
    /// The guest's own phone number.
    phone: Option<String>,
    /// When the last reply for the guest was given.
    answered_at: Option<Timestamp>,
}

/// Returns those parts of an invitation that the caller may see.
pub(super) fn invitation(snapshot: &InvitationSnapshot, sees: Sees) -> InvitationView {
    let stored = &snapshot.household.invitation;
    let details = stored.details.clone();
    let contacts = sees.contacts;
    let shown = |text: String| contacts.then_some(text);
    InvitationView {
        id: stored.id.clone(),
        occasion: stored.occasion.clone(),
        version: stored.version,
        code: shown(stored.code.clone()),
        household: details.household,
        salutation: details.salutation,
        email: details.email.filter(|_| contacts),
        phone_e164: details
            .phone
            .as_deref()
            .filter(|_| contacts)
            .and_then(|typed| Phone::read(typed, snapshot.occasion.home_country()).e164),
        phone: details.phone.filter(|_| contacts),
        address: details.address.filter(|_| contacts),
        language: details.language,
        plus_ones: details.plus_ones,
        children: details.children,
        allowance: snapshot.household.allowance(),
        deadline_override: details.deadline_override,
        lock_mode: details.lock_mode,
        open_until: details.open_until,
        lock_reason: shown(details.lock_reason),
        host_message: details.host_message,
        host_note: shown(details.host_note),
        tags: details.tags,
        note: sees.answers.then(|| stored.note.clone()),
        access: snapshot.access,
        response: sees.answers.then(|| snapshot.response()),
        closes_at: snapshot.closes_at(),
        replied_at: stored.replied_at.filter(|_| sees.answers),
        archived_at: stored.archived_at,
        events: snapshot
            .invited_events()
            .map(|event| event.key.clone())
            .collect(),
        guests: snapshot
            .household
            .guests
            .iter()
            .map(|one| guest(snapshot, one, sees))
            .collect(),
        answers: sees
            .answers
            .then(|| answers(snapshot, &snapshot.household.answers)),
        bookkeeping: None,
        suppressions: None,
        unanswered: None,
    }
}

impl InvitationView {
    /// Adds the times at which the invitation was sent and opened, and the contact data of its
    /// guests.
    pub(super) fn with(
        mut self,
        kept: &Bookkeeping,
        contacts: &BTreeMap<GuestId, GuestContact>,
    ) -> Self {
        self.bookkeeping = Some(BookkeepingView {
            sent_at: kept.sent_at,
            first_opened_at: kept.first_opened_at,
            last_opened_at: kept.last_opened_at,
            open_count: kept.open_count,
            created_at: kept.created_at,
            updated_at: kept.updated_at,
        });
        for guest in &mut self.guests {
            if let Some(contact) = contacts.get(&guest.id) {
                guest.email.clone_from(&contact.email);
                guest.phone.clone_from(&contact.phone);
            }
        }
        self
    }

    /// Adds the reasons why no mail goes to the invitation's email address.
    pub(super) fn with_suppressions(mut self, all: Option<Vec<Suppression>>) -> Self {
        let view = |one: Suppression| SuppressionView {
            cause: one.cause.word(),
            since: one.last_at,
        };
        self.suppressions = all.map(|all| all.into_iter().map(view).collect());
        self
    }

    pub(super) fn with_unanswered(mut self, unanswered: Option<Unanswered>) -> Self {
        self.unanswered = unanswered;
        self
    }

    pub(super) fn into_guest(self, id: &GuestId) -> Option<GuestView> {
        self.guests.into_iter().find(|guest| guest.id == *id)
    }
}

fn guest(snapshot: &InvitationSnapshot, guest: &Guest, sees: Sees) -> GuestView {
    let replies = snapshot.events.iter().filter_map(|event| {
        let reply = guest.replies.get(&event.id)?;
        Some((event.key.clone(), snapshot.effective_status(reply.status)))
    });
    GuestView {
        id: guest.id.clone(),
        name: guest.name.clone(),
        kind: guest.kind,
        is_child: guest.is_child,
        age: guest.child_age,
        beyond_allowance: guest.beyond_allowance,
        replies: sees.answers.then(|| replies.collect()),
        diets: sees.answers.then(|| guest.diets.clone()),
        diet_note: sees.answers.then(|| guest.diet_note.clone()),
        answers: sees.answers.then(|| answers(snapshot, &guest.answers)),
        email: None,
        phone: None,
        answered_at: guest.answered_at().filter(|_| sees.answers),
    }
}

fn answers(snapshot: &InvitationSnapshot, given: &Answers) -> BTreeMap<String, Answer> {
    let questions = snapshot.questions.iter();
    questions
        .filter_map(|question| Some((question.key.clone(), given.get(&question.id)?.clone())))
        .collect()
}

/// An invitation in a list. For tokens without `rsvps:read`, answers are omitted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InvitationLine)]
pub(super) struct LineView {
    /// The id of the invitation.
    id: InvitationId,
    /// The version of the invitation. Each change increases it.
    version: i64,
    /// The invitation's code; null if the caller may not see it.
    code: Option<String>,
    /// The name of the household.
    household: String,
    /// The household's email address; null if there is none, or if the caller may not see it.
    email: Option<String>,
    /// Whether the household has an email address.
    has_email: bool,
    /// The language of the household's pages and mails; null for the occasion's default language.
    language: Option<String>,
    /// Labels that only hosts see.
    tags: Vec<String>,
    access: Access,
    /// How much of the invitation is answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<Response>,
    /// The number of guests on the invitation for each answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    people: Option<People>,
    /// Whether the household brings more people than its allowance permits.
    over_allowance: bool,
    /// Whether the household wrote a note to the hosts.
    #[serde(skip_serializing_if = "Option::is_none")]
    has_note: Option<bool>,
    /// The household's own deadline, which replaces the occasion's deadline.
    deadline_override: Option<Timestamp>,
    /// When the invitation was sent; null if it has not been sent.
    sent_at: Option<Timestamp>,
    /// When the household last opened its link.
    last_opened_at: Option<Timestamp>,
    /// When the household last answered; null if it has not answered.
    replied_at: Option<Timestamp>,
    /// When the invitation was archived; null while it is in use.
    archived_at: Option<Timestamp>,
    /// When the invitation was created.
    created_at: Timestamp,
    /// When the invitation was last changed.
    updated_at: Timestamp,
    /// For an invitation that was created by an answer without a code, whether hosts have approved
    /// it; null if a host created the invitation.
    open: Option<Open>,
}

impl LineView {
    pub(super) fn of(line: InvitationRow, sees: Sees) -> Self {
        Self {
            id: line.id,
            version: line.version,
            code: line.code,
            household: line.household,
            email: line.email,
            has_email: line.has_email,
            language: line.language,
            tags: line.tags,
            access: line.access,
            response: sees.answers.then_some(line.response),
            people: sees.answers.then_some(line.people),
            over_allowance: line.is_over_allowance,
            open: line.open,
            has_note: sees.answers.then_some(line.has_note),
            deadline_override: line.deadline_override,
            sent_at: line.sent_at,
            last_opened_at: line.last_opened_at,
            replied_at: line.replied_at.filter(|_| sees.answers),
            archived_at: line.archived_at,
            created_at: line.created_at,
            updated_at: line.updated_at,
        }
    }
}

/// A guest in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GuestLine)]
pub(super) struct PersonView {
    /// The id of the guest.
    id: GuestId,
    /// The guest's name.
    name: String,
    /// The id of the invitation.
    invitation: InvitationId,
    /// The name of the household.
    household: String,
    kind: GuestKind,
    /// Whether the guest is a child.
    is_child: bool,
    /// The age of a child in years, 0–17, if known.
    age: Option<i64>,
    /// Whether the household brings this guest in excess of its allowance.
    beyond_allowance: bool,
    /// The guest's answer for the event in the query. If the query names no event, this is the
    /// combined answer for all events.
    status: ReplyStatus,
    /// Whether the guest has declined some events and not answered for the others.
    partial: bool,
    /// Keys of dietary options.
    diets: Vec<String>,
    /// The guest's note about food; empty if there is none.
    diet_note: String,
    /// When the last reply for the guest was given.
    answered_at: Option<Timestamp>,
}

impl From<Person> for PersonView {
    fn from(person: Person) -> Self {
        Self {
            id: person.id,
            name: person.name,
            invitation: person.invitation,
            household: person.household,
            kind: person.kind,
            is_child: person.is_child,
            age: person.age,
            beyond_allowance: person.is_beyond,
            status: person.status,
            partial: person.is_partial,
            diets: person.diets,
            diet_note: person.diet_note,
            answered_at: person.answered_at,
        }
    }
}
