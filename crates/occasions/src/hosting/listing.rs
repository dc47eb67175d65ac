//! Lists of invitations and of guests: searched, filtered, sorted, a piece at a
//! time. Dashboard numbers, bulk actions and exports mean by a filter what is
//! written here.

pub mod filter;
pub mod people;

use jiff::Timestamp;
use platform::store::{Bind, FromRow, Row};
use platform::{StoreError, Tx, sql, text_cleaning};
use serde::{Deserialize, Serialize};
use web::{List, Piece, Way};

use super::access::{HostOf, Permission};
use super::{Refusal, occasions};
use crate::code::CodeKey;
use crate::invitation::InvitationId;
use crate::occasion::{Occasion, json};
use crate::words::{Access, OccasionStatus, Response};
pub use filter::{InvitationFilter, Sort};

/// One invitation in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationRow {
    /// Which one.
    pub id: InvitationId,
    /// The code as shown; `None` for observers.
    pub code: Option<String>,
    /// The household's name.
    pub household: String,
    /// Its address; `None` for observers.
    pub email: Option<String>,
    /// Whether it has one.
    pub has_email: bool,
    /// Its language, if known.
    pub language: Option<String>,
    /// Labels.
    pub tags: Vec<String>,
    /// What the household may do now.
    pub access: Access,
    /// How much is answered.
    pub response: Response,
    /// How many people are on it, by answer.
    pub people: People,
    /// Its own deadline.
    pub deadline_override: Option<Timestamp>,
    /// Whether it brought more than it may.
    pub is_over_allowance: bool,
    /// Whether it wrote a note.
    pub has_note: bool,
    /// How many answers are missing or "not sure".
    pub unsettled: i64,
    /// When it was marked as sent.
    pub sent_at: Option<Timestamp>,
    /// When its household last looked.
    pub last_opened_at: Option<Timestamp>,
    /// When it last answered.
    pub replied_at: Option<Timestamp>,
    /// When it was archived.
    pub archived_at: Option<Timestamp>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When anything about it last changed.
    pub updated_at: Timestamp,
    /// Its version.
    pub version: i64,
    /// How it stands with one that came without a code; `None`: a host wrote it.
    pub open: Option<filter::Open>,
    key: Key,
    total: i64,
}

/// People by their answer: each counts once, over all events or for the one
/// event that is looked at. Somebody who says yes to any event comes; else who
/// waits, is not sure or owes an answer for any is counted there; who says no
/// to all, does not come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct People {
    /// All of them.
    pub total: i64,
    /// Coming.
    pub yes: i64,
    /// Not coming.
    pub no: i64,
    /// Not sure.
    pub undecided: i64,
    /// No answer yet, or none for some of the events.
    pub pending: i64,
    /// Of the pending: declined some events and have not answered for the
    /// others.
    pub partial: i64,
    /// Wanted yes; the event is full.
    pub waitlisted: i64,
}

/// Where a line stands in its order: newest or largest first, or by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Key {
    number: i64,
    name: String,
    id: String,
}

impl FromRow for InvitationRow {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let (answered, open): (i64, i64) = (row.column(8)?, row.column(9)?);
        let id: InvitationId = row.column(0)?;
        let email: Option<String> = row.column(3)?;
        let access: String = row.column(6)?;
        Ok(Self {
            code: Some(row.column(1)?),
            household: row.column(2)?,
            has_email: email.is_some(),
            email,
            language: row.column(4)?,
            tags: json(row, 5)?,
            access: Access::find(&access).ok_or_else(|| row.unreadable::<Access>(6))?,
            is_over_allowance: row.column(7)?,
            response: match (answered, open) {
                (0, _) => Response::Unanswered,
                (_, 0) => Response::Complete,
                _ => Response::Partial,
            },
            people: People {
                total: row.column(10)?,
                yes: row.column(11)?,
                no: row.column(12)?,
                undecided: row.column(13)?,
                pending: row.column(14)?,
                partial: row.column(15)?,
                waitlisted: row.column(16)?,
            },
            deadline_override: row.column(17)?,
            has_note: row.column(18)?,
            unsettled: open,
            sent_at: row.column(19)?,
            last_opened_at: row.column(20)?,
            replied_at: row.column(21)?,
            archived_at: row.column(22)?,
            created_at: row.column(23)?,
            updated_at: row.column(24)?,
            version: row.column(25)?,
            key: Key {
                number: row.column(26)?,
                name: row.column(27)?,
                id: id.to_string(),
            },
            total: row.column(28)?,
            open: {
                let word: String = row.column(29)?;
                let mut all = filter::Open::ALL.into_iter();
                all.find(|one| one.word() == word)
            },
            id,
        })
    }
}

/// A piece of the list of invitations.
pub fn invitations(
    tx: &mut Tx<'_>,
    host: &HostOf,
    filter: &InvitationFilter,
    sort: Sort,
    piece: &Piece,
) -> Result<List<InvitationRow>, Refusal> {
    let from = piece.key().map_err(|_| Refusal::CursorInvalid)?;
    let rows = find(tx, host, filter, sort, (from, piece.way()), piece.rows())?;
    let total = rows.first().map(|line| line.total);
    let list = piece.list(rows, |line| line.key.clone());
    // Past the end nobody counts any more.
    Ok(match (total, piece.key::<Key>()) {
        (Some(total), _) => list.of(total),
        (None, Ok(None)) => list.of(0),
        (None, _) => list,
    })
}

/// Every invitation that a filter finds, by name; an occasion holds at most
/// 5,000.
pub fn all_invitations(
    tx: &mut Tx<'_>,
    host: &HostOf,
    filter: &InvitationFilter,
) -> Result<Vec<InvitationRow>, Refusal> {
    let start = (None, Way::Onward);
    find(
        tx,
        host,
        filter,
        Sort::Household,
        start,
        i64::from(u16::MAX),
    )
}

fn find(
    tx: &mut Tx<'_>,
    host: &HostOf,
    filter: &InvitationFilter,
    sort: Sort,
    (from, way): (Option<Key>, Way),
    limit: i64,
) -> Result<Vec<InvitationRow>, Refusal> {
    host.needs(Permission::See)?;
    // What is found, and in which order, says as much as what is shown.
    if filter.asks_for_answers() || sort == Sort::Replied {
        host.needs(Permission::SeeAnswers)?;
    }
    let occasion = occasions::load(tx, host)?;
    let scene = Scene::of(tx, &occasion);
    let event = filter.event_id(tx, host)?;
    let words = Words::of(&filter.search, host.may(Permission::SeeContacts));
    let tag = filter
        .tag
        .as_ref()
        .map(|tag| json_text(tag))
        .unwrap_or_default();
    let is_back = way == Way::Back;
    let (has_key, key) = match from {
        Some(key) => (true, key),
        None => (
            false,
            Key {
                number: 0,
                name: String::new(),
                id: String::new(),
            },
        ),
    };
    let flags = [
        filter::word(filter.has_email),
        filter::word(filter.is_opened),
        filter::word(filter.is_sent),
        filter::word(filter.has_override),
        filter::word(filter.is_over_allowance),
        filter::word(filter.has_note),
    ];
    let response = filter
        .response
        .map(filter::Answered::word)
        .unwrap_or_default();
    let access = filter.access.map(Access::word).unwrap_or_default();
    let language = filter.language.as_deref().unwrap_or_default();
    let answer = filter::answer_sought(filter.answer.as_deref());
    let open = filter.open.map(filter::Open::word).unwrap_or_default();
    let arguments: [&dyn Bind; 35] = [
        host.occasion(),
        &scene.now,
        &scene.deadline,
        &scene.status,
        &scene.undecided,
        &event,
        &words.list[0],
        &words.list[1],
        &words.list[2],
        &words.list[3],
        &words.contacts,
        &words.code,
        &response,
        &access,
        &language,
        &tag,
        &flags[0],
        &flags[1],
        &flags[2],
        &flags[3],
        &flags[4],
        &flags[5],
        &filter.is_archived,
        &sort.word(),
        &has_key,
        &key.number,
        &key.name,
        &key.id,
        &limit,
        &filter::word(filter.is_answered),
        &answer[0],
        &answer[1],
        &answer[2],
        &is_back,
        &open,
    ];
    let mut lines: Vec<InvitationRow> = tx.all(
        sql!(
            "WITH person AS (
                 SELECT guest.id AS id, guest.invitation AS invitation, guest.kind AS kind,
                     guest.is_child AS is_child, guest.beyond_allowance AS beyond,
                     COUNT(CASE WHEN reply.status = 'yes' THEN 1 END) AS yes,
                     COUNT(CASE WHEN reply.status = 'waitlisted' THEN 1 END) AS waitlisted,
                     COUNT(CASE WHEN reply.status = 'undecided' AND CAST($5 AS BIGINT) = 1
                                THEN 1 END) AS undecided,
                     COUNT(CASE WHEN reply.status = 'no' THEN 1 END) AS no,
                     COUNT(reply.status) AS replies
                 FROM invitation
                 JOIN guest ON guest.invitation = invitation.id
                 LEFT JOIN reply ON reply.guest = guest.id AND ($6 = '' OR reply.event = $6)
                 WHERE invitation.occasion = $1
                 GROUP BY guest.id, guest.invitation, guest.kind, guest.is_child,
                     guest.beyond_allowance
             ), people AS (
                 SELECT invitation,
                     COUNT(CASE WHEN $6 = '' OR replies > 0 THEN 1 END) AS size,
                     COUNT(CASE WHEN yes > 0 THEN 1 END) AS yes,
                     COUNT(CASE WHEN yes = 0 AND waitlisted > 0 THEN 1 END) AS waitlisted,
                     COUNT(CASE WHEN yes = 0 AND waitlisted = 0 AND undecided > 0
                                THEN 1 END) AS undecided,
                     COUNT(CASE WHEN no > 0 AND no = replies THEN 1 END) AS no,
                     COUNT(CASE WHEN no > 0 AND no < replies
                                     AND yes + waitlisted + undecided = 0
                                THEN 1 END) AS partial,
                     CAST(SUM(yes + waitlisted + undecided + no) AS BIGINT) AS answered,
                     CAST(SUM(replies - yes - waitlisted - no) AS BIGINT) AS unsettled,
                     COUNT(CASE WHEN kind = 'plus_one' AND beyond = 0 THEN 1 END) AS brought,
                     COUNT(CASE WHEN kind = 'plus_one' AND beyond = 0 AND is_child = 1
                                THEN 1 END) AS brought_children
                 FROM person GROUP BY invitation
             ), listed AS (
                 SELECT invitation.*,
                     COALESCE(people.size, 0) AS size,
                     COALESCE(people.yes, 0) AS yes,
                     COALESCE(people.no, 0) AS no,
                     COALESCE(people.partial, 0) AS partial,
                     COALESCE(people.undecided, 0) AS undecided,
                     COALESCE(people.waitlisted, 0) AS waitlisted,
                     COALESCE(people.answered, 0) AS answered,
                     COALESCE(people.unsettled, 0) AS unsettled,
                     CASE WHEN COALESCE(people.brought, 0)
                             - CASE WHEN COALESCE(people.brought_children, 0) < invitation.children
                                    THEN COALESCE(people.brought_children, 0)
                                    ELSE invitation.children END
                             > invitation.plus_ones THEN 1 ELSE 0 END AS is_over,
                     CASE WHEN invitation.archived_at IS NOT NULL THEN 'revoked'
                          WHEN $4 = 'archived' THEN 'expired'
                          WHEN $4 = 'closed' THEN 'closed'
                          WHEN invitation.lock_mode = 'locked' THEN 'locked'
                          WHEN invitation.lock_mode = 'open'
                               AND (invitation.open_until IS NULL
                                    OR invitation.open_until > CAST($2 AS BIGINT)) THEN 'open'
                          WHEN COALESCE(invitation.deadline_override, CAST($3 AS BIGINT))
                               > CAST($2 AS BIGINT) THEN 'open'
                          ELSE 'closed' END AS access,
                     CASE WHEN open_answer.invitation IS NULL THEN ''
                          WHEN open_answer.approved_note_version = invitation.note_version
                               THEN 'approved'
                          WHEN open_answer.is_duplicate = 1 THEN 'duplicate'
                          ELSE 'waiting' END AS open_state,
                     CASE $24 WHEN 'replied' THEN COALESCE(invitation.replied_at, -1)
                              WHEN 'opened' THEN COALESCE(invitation.last_opened_at, -1)
                              WHEN 'created' THEN invitation.created_at
                              WHEN 'size' THEN COALESCE(people.size, 0)
                              ELSE 0 END AS key_number
                 FROM invitation
                 LEFT JOIN people ON people.invitation = invitation.id
                 LEFT JOIN open_answer ON open_answer.invitation = invitation.id
                 WHERE invitation.occasion = $1
                   AND (invitation.archived_at IS NOT NULL) = (CAST($23 AS BIGINT) = 1)
                   AND ($6 = '' OR EXISTS (SELECT 1 FROM invitation_event
                        WHERE invitation_event.invitation = invitation.id
                          AND invitation_event.event = $6))
                   AND ($7 = '' OR replace(search, $7, '') <> search
                        OR ($11 = 'yes' AND replace(contact_search, $7, '') <> contact_search)
                        OR ($12 <> '' AND code_key = $12))
                   AND ($8 = '' OR replace(search, $8, '') <> search
                        OR ($11 = 'yes' AND replace(contact_search, $8, '') <> contact_search))
                   AND ($9 = '' OR replace(search, $9, '') <> search
                        OR ($11 = 'yes' AND replace(contact_search, $9, '') <> contact_search))
                   AND ($10 = '' OR replace(search, $10, '') <> search
                        OR ($11 = 'yes' AND replace(contact_search, $10, '') <> contact_search))
                   AND ($15 = '' OR language = $15 OR ($15 = 'none' AND language IS NULL))
                   AND ($16 = '' OR replace(tags, $16, '') <> tags)
                   AND ($17 = '' OR (email IS NOT NULL) = ($17 = 'yes'))
                   AND ($18 = '' OR (last_opened_at IS NOT NULL) = ($18 = 'yes'))
                   AND ($19 = '' OR (sent_at IS NOT NULL) = ($19 = 'yes'))
                   AND ($20 = '' OR (deadline_override IS NOT NULL) = ($20 = 'yes'))
                   AND ($22 = '' OR (note <> '') = ($22 = 'yes'))
                   AND ($31 = '' OR EXISTS (SELECT 1 FROM answer
                        JOIN question ON question.id = answer.question
                        JOIN guest ON guest.invitation = answer.invitation
                        JOIN reply ON reply.guest = guest.id
                        JOIN event ON event.id = reply.event
                        WHERE answer.invitation = invitation.id AND answer.guest IS NULL
                          AND question.key = $31
                          AND ($32 = '' OR answer.value = $32
                               OR replace(answer.value, $33, '') <> answer.value)
                          AND (question.events = '[]' OR replace(question.events, '\"' || event.key || '\"', '')
                                   <> question.events)
                          AND ((question.coming_only = 0 AND reply.status <> 'no')
                               OR reply.status IN ('yes', 'waitlisted'))))
             ), matching AS (
                 SELECT * FROM listed
                 WHERE ($14 = '' OR access = $14)
                   AND ($21 = '' OR (is_over = 1) = ($21 = 'yes'))
                   AND ($30 = '' OR (answered > 0) = ($30 = 'yes'))
                   AND ($35 = '' OR open_state = $35 OR ($35 = 'yes' AND open_state <> '')
                        OR ($35 = 'no' AND open_state = '')
                        OR ($35 = 'waiting' AND open_state = 'duplicate'))
                   AND ($13 = ''
                        OR ($13 = 'pending' AND unsettled > 0)
                        OR ($13 = 'attending' AND yes > 0)
                        OR ($13 = 'declined' AND size > 0 AND no = size)
                        OR ($13 = 'unanswered' AND answered = 0)
                        OR ($13 = 'partial' AND answered > 0 AND unsettled > 0)
                        OR ($13 = 'complete' AND answered > 0 AND unsettled = 0))
             )
             SELECT id, code, household, email, language, tags, access, is_over, answered,
                 unsettled, size, yes, no, undecided, size - yes - no - undecided - waitlisted,
                 partial, waitlisted, deadline_override, CASE WHEN note <> '' THEN 1 ELSE 0 END, sent_at,
                 last_opened_at, replied_at, archived_at, created_at, updated_at, version,
                 key_number, sort_name, (SELECT COUNT(*) FROM matching), open_state
             FROM matching
             WHERE CAST($25 AS BIGINT) = 0
                OR (CAST($34 AS BIGINT) = 0 AND
                    (key_number < CAST($26 AS BIGINT)
                     OR (key_number = CAST($26 AS BIGINT) AND sort_name > $27)
                     OR (key_number = CAST($26 AS BIGINT) AND sort_name = $27 AND id > $28)))
                OR (CAST($34 AS BIGINT) = 1 AND
                    (key_number > CAST($26 AS BIGINT)
                     OR (key_number = CAST($26 AS BIGINT) AND sort_name < $27)
                     OR (key_number = CAST($26 AS BIGINT) AND sort_name = $27 AND id < $28)))
             ORDER BY CASE WHEN CAST($34 AS BIGINT) = 1 THEN key_number ELSE -key_number END,
                 CASE WHEN CAST($34 AS BIGINT) = 1 THEN '' ELSE sort_name END,
                 CASE WHEN CAST($34 AS BIGINT) = 1 THEN sort_name ELSE '' END DESC,
                 CASE WHEN CAST($34 AS BIGINT) = 1 THEN '' ELSE id END,
                 CASE WHEN CAST($34 AS BIGINT) = 1 THEN id ELSE '' END DESC
             LIMIT $29"
        ),
        &arguments,
    )?;
    if !host.may(Permission::SeeContacts) {
        for line in &mut lines {
            line.code = None;
            line.email = None;
        }
    }
    Ok(lines)
}

/// What decides about access and answers, besides the rows themselves.
pub(super) struct Scene {
    pub(super) now: Timestamp,
    /// The far future where there is none.
    pub(super) deadline: i64,
    pub(super) status: OccasionStatus,
    /// Whether "not sure" is an answer; switched off, it is none.
    pub(super) undecided: bool,
}

impl Scene {
    pub(super) fn of(tx: &mut Tx<'_>, occasion: &Occasion) -> Self {
        let deadline = occasion.details.rsvp_deadline;
        Self {
            now: tx.now(),
            deadline: deadline.map_or(i64::MAX, Timestamp::as_millisecond),
            status: occasion.status,
            undecided: occasion.details.switches.undecided,
        }
    }
}

/// What was typed to search for: up to four words, all of which must be found.
pub(super) struct Words {
    pub(super) list: [String; 4],
    /// Whether contact data may be searched.
    pub(super) contacts: &'static str,
    /// All of it read as a code, so that look-alikes are found.
    pub(super) code: String,
}

impl Words {
    pub(super) fn of(typed: &str, contacts: bool) -> Self {
        let folded = text_cleaning::fold(&text_cleaning::clean_line(typed));
        let mut words = folded.split_whitespace();
        let mut next = || words.next().unwrap_or_default().to_owned();
        let list = [next(), next(), next(), next()];
        let code = CodeKey::parse(typed).ok().filter(|_| contacts);
        Self {
            list,
            contacts: if contacts { "yes" } else { "no" },
            code: code.map(|key| key.as_str().to_owned()).unwrap_or_default(),
        }
    }
}

/// A text as it stands in a list that is kept as JSON.
pub(super) fn json_text(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}
