//! Lists of invitations and guests. They can be searched, filtered, sorted and paged. The overview
//! page, bulk actions and exports use the same filters.

pub mod filter;
pub mod people;

use jiff::Timestamp;
use platform::store::Row;
use platform::{Tx, sql, text_cleaning};
use serde::{Deserialize, Serialize};
use web::fields::filter::flag_word;
use web::{Direction, List, PageQuery};

use super::permissions::{HostOf, Permission};
use super::{Refusal, occasions};
use crate::code::CodeKey;
use crate::id::InvitationId;
use crate::occasion::Occasion;
use crate::phone::Phone;
use crate::words::{Access, OccasionStatus, Response};
pub use filter::{InvitationFilter, Sort};

#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct InvitationRow {
    pub id: InvitationId,
    /// The code as displayed; `None` for observers.
    pub code: Option<String>,
    pub household: String,
    /// The household's email address; `None` for observers.
    pub email: Option<String>,
    /// Whether the household has an email address.
    pub has_email: bool,
    /// The household's language, if known.
    pub language: Option<String>,
    #[row(json)]
    pub tags: Vec<String>,
    pub access: Access,
    pub response: Response,
    #[row(flatten)]
    pub people: People,
    /// The household's own deadline.
    pub deadline_override: Option<Timestamp>,
    /// Whether the household brings more guests than its allowance permits.
    #[row(rename = "is_over")]
    pub is_over_allowance: bool,
    pub has_note: bool,
    /// The number of replies that are missing or say "not sure".
    pub unsettled: i64,
    /// When the invitation was marked as sent.
    pub sent_at: Option<Timestamp>,
    pub last_opened_at: Option<Timestamp>,
    pub replied_at: Option<Timestamp>,
    pub archived_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i64,
    /// Whether the invitation is approved, if it was created by an answer without a code; `None` if
    /// a host created it.
    pub open: Option<filter::Open>,
    key_number: i64,
    sort_name: String,
    total: i64,
}

/// How many guests gave each answer, for one event or over all events. Each guest counts once. Over
/// all events, only the strongest of a guest's replies counts. From the strongest to the weakest,
/// they are: coming, waitlisted, undecided, pending, not coming.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Row, Serialize, Deserialize, utoipa::ToSchema,
)]
pub struct People {
    /// All guests.
    #[row(rename = "size")]
    pub total: i64,
    /// Coming.
    pub yes: i64,
    /// Not coming.
    pub no: i64,
    /// Not sure.
    pub undecided: i64,
    /// Guests whose answer for at least one of the events is missing.
    pub pending: i64,
    /// Pending guests who declined some events and have not answered for the others.
    pub partial: i64,
    /// Guests who said yes to an event that is already full.
    pub waitlisted: i64,
}

/// The value that rows are sorted by: either a number, largest first, or a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Key {
    number: i64,
    name: String,
    id: String,
}

pub fn invitations(
    tx: &mut Tx<'_>,
    host: &HostOf,
    filter: &InvitationFilter,
    sort: Sort,
    paging: &PageQuery,
) -> Result<List<InvitationRow>, Refusal> {
    let from = paging.key().map_err(|_| Refusal::CursorInvalid)?;
    let rows = find(
        tx,
        host,
        filter,
        sort,
        from,
        paging.direction(),
        paging.rows(),
    )?;
    let total = paging.total(rows.first().map(|line| line.total));
    let list = paging.list(rows, |line| Key {
        number: line.key_number,
        name: line.sort_name.clone(),
        id: line.id.to_string(),
    });
    Ok(List { total, ..list })
}

/// Returns all invitations that match a filter, sorted by name. An occasion has at most 5,000
/// invitations.
pub fn all_invitations(
    tx: &mut Tx<'_>,
    host: &HostOf,
    filter: &InvitationFilter,
) -> Result<Vec<InvitationRow>, Refusal> {
    let (sort, direction) = (Sort::Household, Direction::Forward);
    find(tx, host, filter, sort, None, direction, i64::from(u16::MAX))
}

fn find(
    tx: &mut Tx<'_>,
    host: &HostOf,
    filter: &InvitationFilter,
    sort: Sort,
    from: Option<Key>,
    direction: Direction,
    limit: i64,
) -> Result<Vec<InvitationRow>, Refusal> {
    host.needs(Permission::See)?;
    // Which rows are listed, and in which order, can reveal answers just like the rows themselves.
    if filter.asks_for_answers() || sort == Sort::Replied {
        host.needs(Permission::SeeAnswers)?;
    }
    let occasion = occasions::load(tx, host)?;
    let scene = Scene::of(tx, &occasion);
    let event = filter::event_id(tx, host, filter.event.as_deref())?;
    let words = Words::of(&filter.q, host.may(Permission::SeeContacts), &occasion);
    let tag = filter
        .tag
        .as_ref()
        .map(|tag| json_text(tag))
        .unwrap_or_default();
    let is_back = direction == Direction::Backward;
    let (has_key, key) = (from.is_some(), from.unwrap_or_default());
    let response = filter
        .response
        .map(filter::Answered::word)
        .unwrap_or_default();
    let access = filter.access.map(Access::word).unwrap_or_default();
    let language = filter.language.as_deref().unwrap_or_default();
    let answer = filter::answer_sought(filter.answer.as_deref());
    let open = filter.open.map(filter::Open::word).unwrap_or_default();
    let [is_answered, is_unsettled] = filter.answers_sought();
    let mut lines: Vec<InvitationRow> = sql!(
        "WITH listed AS (
             SELECT invitation.id AS id, invitation.sort_name AS sort_name,
                 CASE WHEN (SELECT COUNT(*) - CASE
                               WHEN COUNT(CASE WHEN guest.is_child = 1 THEN 1 END)
                                    < invitation.children
                               THEN COUNT(CASE WHEN guest.is_child = 1 THEN 1 END)
                               ELSE invitation.children END
                           FROM guest
                           WHERE guest.invitation = invitation.id AND guest.kind = 'plus_one'
                             AND guest.beyond_allowance = 0)
                         > invitation.plus_ones THEN 1 ELSE 0 END AS is_over,
                 CASE WHEN invitation.archived_at IS NOT NULL THEN 'revoked'
                      WHEN :status = 'archived' THEN 'expired'
                      WHEN :status = 'closed' THEN 'closed'
                      WHEN invitation.lock_mode = 'locked' THEN 'locked'
                      WHEN invitation.lock_mode = 'open'
                           AND (invitation.open_until IS NULL
                                OR invitation.open_until > CAST(:now AS BIGINT)) THEN 'open'
                      WHEN COALESCE(invitation.deadline_override, CAST(:deadline AS BIGINT))
                           > CAST(:now AS BIGINT) THEN 'open'
                      ELSE 'closed' END AS access,
                 CASE WHEN open_answer.invitation IS NULL THEN ''
                      WHEN open_answer.approved_note_version = invitation.note_version
                           THEN 'approved'
                      WHEN open_answer.is_duplicate = 1 THEN 'duplicate'
                      ELSE 'waiting' END AS open_state,
                 CASE :sort WHEN 'replied' THEN COALESCE(invitation.replied_at, -1)
                          WHEN 'opened' THEN COALESCE(invitation.last_opened_at, -1)
                          WHEN 'created' THEN invitation.created_at
                          WHEN 'size' THEN (SELECT COUNT(*) FROM guest
                               WHERE guest.invitation = invitation.id
                                 AND (:event = '' OR EXISTS (SELECT 1 FROM reply
                                      WHERE reply.guest = guest.id AND reply.event = :event)))
                          ELSE 0 END AS key_number
             FROM invitation
             LEFT JOIN open_answer ON open_answer.invitation = invitation.id
             WHERE invitation.occasion = :occasion
               AND (invitation.archived_at IS NOT NULL) = (CAST(:is_archived AS BIGINT) = 1)
               AND (:event = '' OR EXISTS (SELECT 1 FROM invitation_event
                    WHERE invitation_event.invitation = invitation.id
                      AND invitation_event.event = :event))
               AND (:word_1 = '' OR replace(search, :word_1, '') <> search
                    OR (:contacts = 'yes'
                        AND replace(contact_search, :word_1, '') <> contact_search)
                    OR (:code <> '' AND code_key = :code))
               AND (:word_2 = '' OR replace(search, :word_2, '') <> search
                    OR (:contacts = 'yes'
                        AND replace(contact_search, :word_2, '') <> contact_search))
               AND (:word_3 = '' OR replace(search, :word_3, '') <> search
                    OR (:contacts = 'yes'
                        AND replace(contact_search, :word_3, '') <> contact_search))
               AND (:word_4 = '' OR replace(search, :word_4, '') <> search
                    OR (:contacts = 'yes'
                        AND replace(contact_search, :word_4, '') <> contact_search))
               AND (:phone = '' OR phone_e164 = :phone
                    OR replace(contact_search, :digits, '') <> contact_search
                    OR replace(search, :digits, '') <> search
                    OR (:code <> '' AND code_key = :code)
                    OR EXISTS (SELECT 1 FROM guest WHERE guest.invitation = invitation.id
                        AND guest.phone_e164 = :phone))
               AND (:language = '' OR language = :language
                    OR (:language = 'none' AND language IS NULL))
               AND (:tag = '' OR replace(tags, :tag, '') <> tags)
               AND (:has_email = '' OR (email IS NOT NULL) = (:has_email = 'yes'))
               AND (:has_contact = '' OR (email IS NOT NULL OR phone IS NOT NULL
                    OR address IS NOT NULL) = (:has_contact = 'yes'))
               AND (:is_opened = '' OR (last_opened_at IS NOT NULL) = (:is_opened = 'yes'))
               AND (:is_sent = '' OR (sent_at IS NOT NULL) = (:is_sent = 'yes'))
               AND (:is_invited = '' OR (sent_at IS NOT NULL OR last_opened_at IS NOT NULL
                    OR open_answer.invitation IS NOT NULL
                    OR (EXISTS (SELECT 1 FROM cancelled_invitation AS off
                                WHERE off.invitation = invitation.id)
                        AND NOT EXISTS (SELECT 1 FROM invitation_event AS invited
                                        WHERE invited.invitation = invitation.id)))
                    = (:is_invited = 'yes'))
               AND (:has_override = ''
                   OR (deadline_override IS NOT NULL) = (:has_override = 'yes'))
               AND (:response <> 'waitlisted' OR EXISTS (SELECT 1 FROM guest
                    JOIN reply ON reply.guest = guest.id
                    WHERE guest.invitation = invitation.id AND reply.status = 'waitlisted'
                      AND (:event = '' OR reply.event = :event)))
               AND (:has_note = '' OR (note <> '') = (:has_note = 'yes'))
               AND (:owes_thanks = '' OR EXISTS (SELECT 1 FROM received_gift
                    WHERE received_gift.household = invitation.id
                      AND received_gift.thanked_at IS NULL) = (:owes_thanks = 'yes'))
               AND (:question = '' OR EXISTS (SELECT 1 FROM answer
                    JOIN question ON question.id = answer.question
                    JOIN guest ON guest.invitation = answer.invitation
                    JOIN reply ON reply.guest = guest.id
                    JOIN event ON event.id = reply.event
                    WHERE answer.invitation = invitation.id AND answer.guest IS NULL
                      AND question.key = :question
                      AND (:answer = '' OR answer.value = :answer
                           OR replace(answer.value, :answer_in_list, '') <> answer.value)
                      AND (question.events = '[]'
                          OR replace(question.events, '\"' || event.key || '\"', '')
                               <> question.events)
                      AND ((question.coming_only = 0 AND reply.status <> 'no')
                           OR reply.status IN ('yes', 'waitlisted'))))
               AND (:is_answered = '' OR CASE WHEN EXISTS (SELECT 1 FROM guest
                    JOIN reply ON reply.guest = guest.id
                    WHERE guest.invitation = invitation.id
                      AND (:event = '' OR reply.event = :event)
                      AND (reply.status IN ('yes', 'waitlisted', 'no')
                           OR (reply.status = 'undecided' AND CAST(:undecided AS BIGINT) = 1)))
                    THEN 'yes' ELSE 'no' END = :is_answered)
               AND (:is_unsettled = '' OR EXISTS (SELECT 1 FROM guest
                    JOIN reply ON reply.guest = guest.id
                    WHERE guest.invitation = invitation.id
                      AND (:event = '' OR reply.event = :event)
                      AND reply.status NOT IN ('yes', 'waitlisted', 'no'))
                    = (:is_unsettled = 'yes'))
               AND (:response <> 'attending' OR EXISTS (SELECT 1 FROM guest
                    JOIN reply ON reply.guest = guest.id
                    WHERE guest.invitation = invitation.id AND reply.status = 'yes'
                      AND (:event = '' OR reply.event = :event)))
               AND (:response <> 'declined' OR (EXISTS (SELECT 1 FROM guest
                        JOIN reply ON reply.guest = guest.id
                        WHERE guest.invitation = invitation.id
                          AND (:event = '' OR reply.event = :event))
                    AND NOT EXISTS (SELECT 1 FROM guest
                        LEFT JOIN reply ON reply.guest = guest.id
                             AND (:event = '' OR reply.event = :event)
                        WHERE guest.invitation = invitation.id
                          AND (reply.status <> 'no'
                               OR (reply.status IS NULL AND :event = '')))))
         ), matching AS (
             SELECT * FROM listed
             WHERE (:access = '' OR access = :access)
               AND (:is_over_allowance = '' OR (is_over = 1) = (:is_over_allowance = 'yes'))
               AND (:open = '' OR open_state = :open OR (:open = 'yes' AND open_state <> '')
                    OR (:open = 'no' AND open_state = '')
                    OR (:open = 'waiting' AND open_state = 'duplicate'))
         ), page AS (
             SELECT matching.*, counted.total AS total
             FROM matching CROSS JOIN (SELECT COUNT(*) AS total FROM matching) AS counted
             WHERE CAST(:has_key AS BIGINT) = 0
                OR (CAST(:is_back AS BIGINT) = 0 AND
                    (key_number < CAST(:key_number AS BIGINT)
                     OR (key_number = CAST(:key_number AS BIGINT) AND sort_name > :key_name)
                     OR (key_number = CAST(:key_number AS BIGINT) AND sort_name = :key_name
                         AND id > :key_id)))
                OR (CAST(:is_back AS BIGINT) = 1 AND
                    (key_number > CAST(:key_number AS BIGINT)
                     OR (key_number = CAST(:key_number AS BIGINT) AND sort_name < :key_name)
                     OR (key_number = CAST(:key_number AS BIGINT) AND sort_name = :key_name
                         AND id < :key_id)))
             ORDER BY CASE WHEN CAST(:is_back AS BIGINT) = 1 THEN key_number ELSE -key_number END,
                 CASE WHEN CAST(:is_back AS BIGINT) = 1 THEN '' ELSE sort_name END,
                 CASE WHEN CAST(:is_back AS BIGINT) = 1 THEN sort_name ELSE '' END DESC,
                 CASE WHEN CAST(:is_back AS BIGINT) = 1 THEN '' ELSE id END,
                 CASE WHEN CAST(:is_back AS BIGINT) = 1 THEN id ELSE '' END DESC
             LIMIT :limit
         ), person AS (
             SELECT page.*, guest.id AS guest,
                 COUNT(CASE WHEN reply.status = 'yes' THEN 1 END) AS yes,
                 COUNT(CASE WHEN reply.status = 'waitlisted' THEN 1 END) AS waitlisted,
                 COUNT(CASE WHEN reply.status = 'undecided' AND CAST(:undecided AS BIGINT) = 1
                            THEN 1 END) AS undecided,
                 COUNT(CASE WHEN reply.status = 'no' THEN 1 END) AS no,
                 COUNT(reply.status) AS replies
             FROM page
             LEFT JOIN guest ON guest.invitation = page.id
             LEFT JOIN reply ON reply.guest = guest.id AND (:event = '' OR reply.event = :event)
             GROUP BY page.id, page.sort_name, page.is_over, page.access, page.open_state,
                 page.key_number, page.total, guest.id
         ), people AS (
             SELECT id, MAX(is_over) AS is_over, MAX(access) AS access,
                 MAX(open_state) AS open_state, MAX(key_number) AS key_number,
                 MAX(total) AS total,
                 COUNT(CASE WHEN guest IS NOT NULL AND (:event = '' OR replies > 0)
                            THEN 1 END) AS size,
                 COUNT(CASE WHEN yes > 0 THEN 1 END) AS yes,
                 COUNT(CASE WHEN yes = 0 AND waitlisted > 0 THEN 1 END) AS waitlisted,
                 COUNT(CASE WHEN yes = 0 AND waitlisted = 0 AND undecided > 0
                            THEN 1 END) AS undecided,
                 COUNT(CASE WHEN no > 0 AND no = replies THEN 1 END) AS no,
                 COUNT(CASE WHEN no > 0 AND no < replies
                                 AND yes + waitlisted + undecided = 0
                            THEN 1 END) AS partial,
                 CAST(SUM(yes + waitlisted + undecided + no) AS BIGINT) AS answered,
                 CAST(SUM(replies - yes - waitlisted - no) AS BIGINT) AS unsettled
             FROM person GROUP BY id
         ), shown AS (
             SELECT invitation.*, people.is_over, people.access, people.key_number,
                 people.total, people.size, people.yes, people.no, people.undecided,
                 people.partial, people.waitlisted, people.unsettled,
                 people.size - people.yes - people.no - people.undecided - people.waitlisted
                     AS pending,
                 CASE WHEN people.answered = 0 THEN 'unanswered'
                      WHEN people.unsettled = 0 THEN 'complete'
                      ELSE 'partial' END AS response,
                 NULLIF(people.open_state, '') AS open,
                 invitation.email IS NOT NULL AS has_email,
                 invitation.note <> '' AS has_note
             FROM people JOIN invitation ON invitation.id = people.id
         )
         SELECT {InvitationRow} FROM shown
         ORDER BY CASE WHEN CAST(:is_back AS BIGINT) = 1 THEN key_number ELSE -key_number END,
             CASE WHEN CAST(:is_back AS BIGINT) = 1 THEN '' ELSE sort_name END,
             CASE WHEN CAST(:is_back AS BIGINT) = 1 THEN sort_name ELSE '' END DESC,
             CASE WHEN CAST(:is_back AS BIGINT) = 1 THEN '' ELSE id END,
             CASE WHEN CAST(:is_back AS BIGINT) = 1 THEN id ELSE '' END DESC",
        occasion = host.occasion(),
        now = scene.now,
        deadline = scene.deadline,
        status = scene.status,
        undecided = scene.undecided,
        event,
        word_1 = words.list[0],
        word_2 = words.list[1],
        word_3 = words.list[2],
        word_4 = words.list[3],
        contacts = words.contacts,
        code = words.code,
        phone = words.phone,
        digits = words.digits,
        response,
        access,
        language,
        tag,
        has_email = flag_word(filter.email),
        has_contact = flag_word(filter.contact),
        is_opened = flag_word(filter.opened),
        is_sent = flag_word(filter.sent),
        is_invited = flag_word(filter.invited),
        has_override = flag_word(filter.r#override),
        is_over_allowance = flag_word(filter.over),
        has_note = flag_word(filter.note),
        owes_thanks = flag_word(filter.thanks),
        is_archived = filter.archived,
        sort = sort.word(),
        has_key,
        key_number = key.number,
        key_name = key.name,
        key_id = key.id,
        limit,
        is_answered,
        is_unsettled,
        question = answer[0],
        answer = answer[1],
        answer_in_list = answer[2],
        is_back,
        open
    )
    .all(tx)?;
    if !host.may(Permission::SeeContacts) {
        for line in &mut lines {
            line.code = None;
            line.email = None;
        }
    }
    Ok(lines)
}

/// The values that are the same for all rows. The query uses them to compute access and answers.
pub(super) struct Scene {
    pub(super) now: Timestamp,
    /// The occasion's deadline in milliseconds since 1970. Without a deadline, the largest possible
    /// number.
    pub(super) deadline: i64,
    pub(super) status: OccasionStatus,
    /// Whether the hosts offer "not sure" as a reply.
    pub(super) undecided: bool,
}

impl Scene {
    pub(super) fn of(tx: &mut Tx<'_>, occasion: &Occasion) -> Self {
        let deadline = occasion.rsvp_deadline;
        Self {
            now: tx.now(),
            deadline: deadline.map_or(i64::MAX, Timestamp::as_millisecond),
            status: occasion.status,
            undecided: occasion.switches.undecided,
        }
    }
}

/// The words of a search, at most four. A row matches if it contains all of them.
pub(super) struct Words {
    pub(super) list: [String; 4],
    /// `yes` if the search includes codes and contact data, otherwise `no`.
    pub(super) contacts: &'static str,
    /// The whole search text, normalized like a code; empty if it cannot be a code.
    pub(super) code: String,
    /// The whole search text as a telephone number (E.164); empty if it is none. There are no words
    /// then.
    pub(super) phone: String,
    /// The digits of that number as they were typed.
    pub(super) digits: String,
}

impl Words {
    pub(super) fn of(typed: &str, contacts: bool, occasion: &Occasion) -> Self {
        let phone = Some(Phone::read(typed, occasion.home_country()))
            .filter(|_| contacts)
            .and_then(|phone| phone.e164)
            .unwrap_or_default();
        let digits = typed.chars().filter(char::is_ascii_digit).collect();
        let folded = match phone.as_str() {
            "" => text_cleaning::fold(&text_cleaning::clean_line(typed)),
            _ => String::new(),
        };
        let mut words = folded.split_whitespace();
        let mut next = || words.next().unwrap_or_default().to_owned();
        let list = [next(), next(), next(), next()];
        let code = CodeKey::parse(typed).ok().filter(|_| contacts);
        Self {
            list,
            contacts: if contacts { "yes" } else { "no" },
            code: code.map(|key| key.as_str().to_owned()).unwrap_or_default(),
            phone,
            digits,
        }
    }
}

/// Returns a string as JSON, to find it in a stored JSON list.
pub(super) fn json_text(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}
