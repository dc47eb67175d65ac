//! The list of guests. It has a row for each guest on each invitation.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use platform::store::Row;
use platform::{StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use web::fields::filter::flag_word;
use web::fields::{as_typed, choice, either};
use web::{Direction, Field, Findings, Form, List, PageQuery, Text, words};

use super::filter::{self, UNANSWERED, answer_sought};
use super::{Scene, Words, json_text};
use crate::guest;
use crate::hosting::permissions::{HostOf, Permission};
use crate::hosting::{Refusal, occasions};
use crate::id::{EventId, GuestId, InvitationId};
use crate::words::{GuestKind, ReplyStatus};

/// A filter for guests; omitted fields match everything.
///
/// Each field has the name of its query parameter.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    utoipa::IntoParams,
)]
#[serde(deny_unknown_fields, default)]
#[schema(as = GuestFilter)]
#[into_params(parameter_in = Query)]
pub struct GuestFilter {
    /// Words to find in the name of the guest or household. Hosts who may see contact data also
    /// find email addresses.
    pub q: String,
    /// The guest's answer for the event in `event`. Without `event`, the answer over all events.
    pub status: Option<Status>,
    /// The key of an event to which the guest is invited.
    pub event: Option<String>,
    /// The key of a dietary requirement that the guest has.
    pub diet: Option<String>,
    /// The key of a question to guests, such as `bus`. Matches guests who have answered the
    /// question and, according to their replies, are still asked it. `bus:late` matches only the
    /// answer `late`. `!bus` matches guests who are asked and have not answered.
    pub answer: Option<String>,
    /// Whether the guest wrote a note about food.
    pub diet_note: Option<bool>,
    /// Whether the guest is a child.
    pub child: Option<bool>,
    /// The age group of a child.
    pub band: Option<Band>,
    /// True for guests whom the household brings; false for guests whom the hosts listed by name.
    pub plus_one: Option<bool>,
}

/// The filter's fields, in the order in which the page shows them. Each field has the name of its
/// query parameter.
pub const FIELDS: &[Field] = web::fields! { GuestFilter:
    q: as_typed(),
    status: choice().optional().label("host-filter-status"),
    event: as_typed().optional().label("host-filter-event"),
    diet: as_typed().optional().label("host-filter-diet"),
    band: choice().optional().label("host-filter-band"),
    answer: as_typed().optional().label("host-filter-answer"),
    child: either("host-filter-child-yes", "host-filter-child-no").label("host-filter-child"),
    plus_one: either("host-filter-plus-one-yes", "host-filter-plus-one-no")
        .label("host-filter-plus-one"),
    diet_note: either("host-filter-diet-note-yes", "host-filter-diet-note-no")
        .label("host-filter-diet-note"),
};

words! {
    /// A guest's answer, as lists and statistics count it.
    #[schema(as = GuestStatus)]
    Status {
        /// Coming.
        Yes = "yes" => "reply-yes",
        /// Not coming.
        No = "no" => "reply-no",
        /// Not sure.
        Undecided = "undecided" => "reply-undecided",
        /// Guests whose answer for at least one of the events is missing.
        Pending = "pending" => "host-response-pending",
        /// Pending guests who declined some events and gave no answer for the others.
        Partial = "partial" => "host-person-partial",
        /// Pending guests who have not answered at all.
        Unanswered = "unanswered" => "reply-pending",
        /// Guests who said yes to an event that is already full.
        Waitlisted = "waitlisted" => "reply-waitlisted",
        /// Coming or not sure. The kitchen plans for these guests.
        Eating = "eating" => "host-status-eating",
    }
}

words! {
    /// Age groups of children, for planning chairs and menus.
    #[schema(as = AgeBand)]
    Band {
        /// 0–2.
        Baby = "0-2" => "host-children-band",
        /// 3–6.
        Small = "3-6" => "host-children-band",
        /// 7–12.
        School = "7-12" => "host-children-band",
        /// 13–17.
        Teen = "13-17" => "host-children-band",
        /// The age is unknown.
        Unknown = "unknown" => "host-children-unknown",
    }
}

impl Band {
    pub fn of(age: Option<i64>) -> Self {
        match age {
            Some(..=2) => Self::Baby,
            Some(3..=6) => Self::Small,
            Some(7..=12) => Self::School,
            Some(13..) => Self::Teen,
            None => Self::Unknown,
        }
    }

    /// For `Unknown` both are −1, which is no child's age.
    fn ages(self) -> (i64, i64) {
        match self {
            Self::Baby => (0, 2),
            Self::Small => (3, 6),
            Self::School => (7, 12),
            Self::Teen => (13, 17),
            Self::Unknown => (-1, -1),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Person {
    pub id: GuestId,
    /// The guest's name; empty if the household brings the guest and has given no name.
    pub name: String,
    pub guest_of: String,
    pub invitation: InvitationId,
    pub household: String,
    /// How the guest came onto the invitation: the hosts listed the guest by name, or the household
    /// brings the guest.
    pub kind: GuestKind,
    pub is_child: bool,
    #[row(rename = "child_age")]
    pub age: Option<i64>,
    /// Whether a host has allowed this guest beyond the household's allowance.
    #[row(rename = "beyond")]
    pub is_beyond: bool,
    /// The guest's reply to the filter's event. Without an event in the filter, the reply over all
    /// events.
    pub status: ReplyStatus,
    /// Whether the guest has declined some events and given no answer for the others.
    pub is_partial: bool,
    pub answered_at: Option<Timestamp>,
    #[row(json)]
    pub diets: Vec<String>,
    pub diet_note: String,
    /// The tags of the household.
    #[row(json)]
    pub tags: Vec<String>,
    sort_name: String,
    total: i64,
}

impl Person {
    pub fn shown_name(&self, text: &Text) -> String {
        guest::shown_name(&self.name, &self.guest_of, text)
    }

    /// Whether the guest comes or may come. The kitchen must plan for these guests.
    pub fn is_eating(&self) -> bool {
        matches!(self.status, ReplyStatus::Yes | ReplyStatus::Undecided)
    }
}

impl GuestFilter {
    pub fn read(query: &Form) -> Result<Self, Refusal> {
        let mut findings = Findings::default();
        let filter = web::fields::filter::read(FIELDS, query, &mut findings);
        findings.finish()?;
        Ok(filter)
    }

    pub fn query(&self) -> Form {
        web::fields::filter::query(FIELDS, self)
    }
}

/// Returns one page of the guest list, sorted by name.
pub fn people(
    tx: &mut Tx<'_>,
    host: &HostOf,
    filter: &GuestFilter,
    paging: &PageQuery,
) -> Result<List<Person>, Refusal> {
    let from: Option<(String, String)> = paging.key().map_err(|_| Refusal::CursorInvalid)?;
    let rows = find(tx, host, filter, from, paging.direction(), paging.rows())?;
    let total = paging.total(rows.first().map(|person| person.total));
    let list = paging.list(rows, |person| {
        (person.sort_name.clone(), person.id.to_string())
    });
    Ok(List { total, ..list })
}

/// Returns all guests who match a filter. An occasion has at most 20,000 guests.
pub fn all_people(
    tx: &mut Tx<'_>,
    host: &HostOf,
    filter: &GuestFilter,
) -> Result<Vec<Person>, Refusal> {
    find(
        tx,
        host,
        filter,
        None,
        Direction::Forward,
        i64::from(u16::MAX),
    )
}

fn find(
    tx: &mut Tx<'_>,
    host: &HostOf,
    filter: &GuestFilter,
    from: Option<(String, String)>,
    direction: Direction,
    limit: i64,
) -> Result<Vec<Person>, Refusal> {
    host.needs(Permission::See)?;
    let occasion = occasions::load(tx, host)?;
    let scene = Scene::of(tx, &occasion);
    let event = filter::event_id(tx, host, filter.event.as_deref())?;
    let words = Words::of(&filter.q, host.may(Permission::SeeContacts), &occasion);
    let status = filter.status.map(Status::word).unwrap_or_default();
    let diet = filter
        .diet
        .as_ref()
        .map(|key| json_text(key))
        .unwrap_or_default();
    let band = filter.band.map(Band::word).unwrap_or_default();
    let (youngest, oldest) = filter.band.map(Band::ages).unwrap_or_default();
    let is_back = direction == Direction::Backward;
    let (has_key, (name, id)) = (from.is_some(), from.unwrap_or_default());
    let unanswered = filter.answer.as_deref();
    let unanswered = unanswered.and_then(|word| word.strip_prefix(UNANSWERED));
    let answer = filter.answer.as_deref().filter(|_| unanswered.is_none());
    let answer = answer_sought(answer);
    Ok(sql!(
        "WITH listed AS (
             SELECT guest.id AS id, guest.sort_name AS sort_name,
                 (SELECT 2 * MAX(CASE WHEN reply.status = 'yes' THEN 5
                                      WHEN reply.status = 'waitlisted' THEN 4
                                      WHEN reply.status = 'undecided'
                                           AND CAST(:undecided AS BIGINT) = 1 THEN 3
                                      WHEN reply.status = 'no' THEN 1
                                      ELSE 2 END)
                         + MAX(CASE WHEN reply.status = 'no' THEN 1 ELSE 0 END)
                  FROM reply
                  WHERE reply.guest = guest.id AND (:event = '' OR reply.event = :event)
                 ) AS standing
             FROM invitation
             JOIN guest ON guest.invitation = invitation.id
             WHERE invitation.occasion = :occasion AND invitation.archived_at IS NULL
               AND (:word_1 = '' OR replace(guest.sort_name, :word_1, '') <> guest.sort_name
                    OR replace(lower(guest.diet_note), :word_1, '') <> lower(guest.diet_note)
                    OR replace(invitation.sort_name, :word_1, '') <> invitation.sort_name
                    OR (:contacts = 'yes' AND
                        (replace(contact_search, :word_1, '') <> contact_search
                         OR replace(lower(guest.email), :word_1, '') <> lower(guest.email))))
               AND (:word_2 = '' OR replace(guest.sort_name, :word_2, '') <> guest.sort_name
                    OR replace(lower(guest.diet_note), :word_2, '') <> lower(guest.diet_note)
                    OR replace(invitation.sort_name, :word_2, '') <> invitation.sort_name
                    OR (:contacts = 'yes' AND
                        (replace(contact_search, :word_2, '') <> contact_search
                         OR replace(lower(guest.email), :word_2, '') <> lower(guest.email))))
               AND (:word_3 = '' OR replace(guest.sort_name, :word_3, '') <> guest.sort_name
                    OR replace(lower(guest.diet_note), :word_3, '') <> lower(guest.diet_note)
                    OR replace(invitation.sort_name, :word_3, '') <> invitation.sort_name)
               AND (:word_4 = '' OR replace(guest.sort_name, :word_4, '') <> guest.sort_name
                    OR replace(lower(guest.diet_note), :word_4, '') <> lower(guest.diet_note)
                    OR replace(invitation.sort_name, :word_4, '') <> invitation.sort_name)
               AND (:phone = '' OR guest.phone_e164 = :phone OR invitation.phone_e164 = :phone
                    OR replace(contact_search, :digits, '') <> contact_search)
               AND (:diet = '' OR replace(guest.diets, :diet, '') <> guest.diets)
               AND (:band = '' OR (guest.is_child = 1 AND
                    ((:band = 'unknown' AND guest.child_age IS NULL)
                     OR (guest.child_age >= CAST(:youngest AS BIGINT)
                         AND guest.child_age <= CAST(:oldest AS BIGINT)))))
               AND (:has_diet_note = '' OR (guest.diet_note <> '') = (:has_diet_note = 'yes'))
               AND (:is_child = '' OR (guest.is_child = 1) = (:is_child = 'yes'))
               AND (:is_plus_one = '' OR (guest.kind = 'plus_one') = (:is_plus_one = 'yes'))
               AND (:question = '' OR EXISTS (SELECT 1 FROM answer
                    JOIN question ON question.id = answer.question
                    JOIN reply ON reply.guest = answer.guest
                    JOIN event ON event.id = reply.event
                    WHERE answer.guest = guest.id AND question.key = :question
                      AND (:answer = '' OR answer.value = :answer
                           OR replace(answer.value, :answer_in_list, '') <> answer.value)
                      AND (question.events = '[]'
                          OR replace(question.events, '\"' || event.key || '\"', '')
                               <> question.events)
                      AND ((question.coming_only = 0 AND reply.status <> 'no')
                           OR reply.status IN ('yes', 'waitlisted'))))
               AND (:unanswered = '' OR (
                    EXISTS (SELECT 1 FROM question
                        JOIN event ON event.occasion = question.occasion
                        JOIN reply ON reply.event = event.id
                        WHERE question.occasion = :occasion AND question.key = :unanswered
                          AND reply.guest = guest.id
                          AND (question.events = '[]'
                              OR replace(question.events, '\"' || event.key || '\"', '')
                                   <> question.events)
                          AND ((question.coming_only = 0 AND reply.status <> 'no')
                               OR reply.status IN ('yes', 'waitlisted')))
                    AND NOT EXISTS (SELECT 1 FROM answer
                        JOIN question ON question.id = answer.question
                        WHERE answer.guest = guest.id AND question.key = :unanswered)))
         ), answering AS (
             SELECT id, sort_name,
                 CASE WHEN standing >= 10 THEN 'yes' WHEN standing >= 8 THEN 'waitlisted'
                      WHEN standing >= 6 THEN 'undecided' WHEN standing <= 3 THEN 'no'
                      ELSE 'pending' END AS status,
                 CASE WHEN standing = 5 THEN 1 ELSE 0 END AS is_partial
             FROM listed WHERE :event = '' OR standing IS NOT NULL
         ), matching AS (
             SELECT * FROM answering
             WHERE (:status = '' OR status = :status
                    OR (:status = 'partial' AND is_partial = 1)
                    OR (:status = 'unanswered' AND status = 'pending' AND is_partial = 0)
                    OR (:status = 'eating' AND status IN ('yes', 'undecided')))
         ), page AS (
             SELECT matching.*, counted.total AS total
             FROM matching CROSS JOIN (SELECT COUNT(*) AS total FROM matching) AS counted
             WHERE CAST(:has_key AS BIGINT) = 0
                OR (CAST(:is_back AS BIGINT) = 0
                    AND (sort_name > :key_name OR (sort_name = :key_name AND id > :key_id)))
                OR (CAST(:is_back AS BIGINT) = 1
                    AND (sort_name < :key_name OR (sort_name = :key_name AND id < :key_id)))
             ORDER BY CASE WHEN CAST(:is_back AS BIGINT) = 1 THEN '' ELSE sort_name END,
                 CASE WHEN CAST(:is_back AS BIGINT) = 1 THEN sort_name ELSE '' END DESC,
                 CASE WHEN CAST(:is_back AS BIGINT) = 1 THEN '' ELSE id END,
                 CASE WHEN CAST(:is_back AS BIGINT) = 1 THEN id ELSE '' END DESC
             LIMIT :limit
         ), shown AS (
             SELECT page.id, guest.name, guest.invitation, invitation.household, guest.kind,
                 guest.is_child, guest.child_age, guest.beyond_allowance AS beyond, page.status,
                 page.is_partial, guest.diets, guest.diet_note, invitation.tags,
                 page.sort_name, page.total,
                 (SELECT MAX(reply.answered_at) FROM reply
                  WHERE reply.guest = page.id AND (:event = '' OR reply.event = :event)
                 ) AS answered_at,
                 CASE WHEN guest.name <> '' THEN ''
                      ELSE COALESCE((SELECT other.name FROM guest AS other
                           WHERE other.invitation = guest.invitation AND other.name <> ''
                           ORDER BY other.position, other.id LIMIT 1),
                           invitation.household) END AS guest_of
             FROM page
             JOIN guest ON guest.id = page.id
             JOIN invitation ON invitation.id = guest.invitation
         )
         SELECT {Person} FROM shown
         ORDER BY CASE WHEN CAST(:is_back AS BIGINT) = 1 THEN '' ELSE sort_name END,
             CASE WHEN CAST(:is_back AS BIGINT) = 1 THEN sort_name ELSE '' END DESC,
             CASE WHEN CAST(:is_back AS BIGINT) = 1 THEN '' ELSE id END,
             CASE WHEN CAST(:is_back AS BIGINT) = 1 THEN id ELSE '' END DESC",
        occasion = host.occasion(),
        undecided = scene.undecided,
        event,
        word_1 = words.list[0],
        word_2 = words.list[1],
        word_3 = words.list[2],
        word_4 = words.list[3],
        contacts = words.contacts,
        phone = words.phone,
        digits = words.digits,
        status,
        diet,
        band,
        youngest,
        oldest,
        has_diet_note = flag_word(filter.diet_note),
        is_child = flag_word(filter.child),
        is_plus_one = flag_word(filter.plus_one),
        has_key,
        key_name = name,
        key_id = id,
        limit,
        question = answer[0],
        answer = answer[1],
        answer_in_list = answer[2],
        unanswered = unanswered.unwrap_or_default(),
        is_back
    )
    .all(tx)?)
}

/// Returns a guest's replies in the order of the events. Each reply comes with the event's key.
pub fn replies(
    tx: &mut Tx<'_>,
    guest: &GuestId,
) -> Result<Vec<(String, EventId, ReplyStatus)>, StoreError> {
    tx.all(
        sql!(
            "SELECT event.key, event.id, reply.status FROM reply
             JOIN event ON event.id = reply.event
             WHERE reply.guest = $1 ORDER BY event.starts_at, event.position, event.id"
        ),
        &[guest],
    )
}

/// Returns the pairs of a guest and an event to which the guest said yes.
pub fn coming(tx: &mut Tx<'_>, host: &HostOf) -> Result<BTreeSet<(GuestId, EventId)>, Refusal> {
    host.needs(Permission::SeeAnswers)?;
    let found: Vec<(GuestId, EventId)> = sql!(
        "SELECT reply.guest, reply.event FROM reply
         JOIN guest ON guest.id = reply.guest
         JOIN invitation ON invitation.id = guest.invitation
         WHERE invitation.occasion = :occasion AND invitation.archived_at IS NULL
           AND reply.status = 'yes'",
        occasion = host.occasion()
    )
    .all(tx)?;
    Ok(found.into_iter().collect())
}

/// Returns what each guest replied to each event to which the guest is invited.
pub fn all_replies(
    tx: &mut Tx<'_>,
    host: &HostOf,
) -> Result<BTreeMap<(GuestId, EventId), ReplyStatus>, Refusal> {
    host.needs(Permission::SeeAnswers)?;
    let found: Vec<(GuestId, EventId, ReplyStatus)> = sql!(
        "SELECT reply.guest, reply.event, reply.status FROM reply
         JOIN guest ON guest.id = reply.guest
         JOIN invitation ON invitation.id = guest.invitation
         WHERE invitation.occasion = :occasion AND invitation.archived_at IS NULL",
        occasion = host.occasion()
    )
    .all(tx)?;
    let pairs = found.into_iter();
    Ok(pairs
        .map(|(guest, event, status)| ((guest, event), status))
        .collect())
}
