//! The facts that an occasion's numbers are computed from. They are about households and guests,
//! and are read in one pass. Names and texts are not read, because an occasion may have thousands
//! of guests.

use std::collections::HashMap;

use jiff::Timestamp;
use platform::store::Row;
use platform::{StoreError, Tx, sql};

use crate::hosting::listing::People;
use crate::hosting::listing::filter::Open;
use crate::household::Allowance;
use crate::id::{EventId, GuestId, InvitationId};
use crate::invitation::Lock;
use crate::invitation_snapshot::response;
use crate::occasion::Occasion;
use crate::words::{Access, GuestKind, ReplyStatus, Response};

/// All households except archived ones, with their guests.
pub(super) struct Census {
    pub(super) households: Vec<HouseholdFacts>,
    pub(super) guests: Vec<GuestFacts>,
}

pub(super) struct HouseholdFacts {
    pub(super) row: HouseholdRow,
    pub(super) access: Access,
    pub(super) response: Response,
    /// Whether at least one reply is missing or says "not sure".
    pub(super) is_unsettled: bool,
    pub(super) people: People,
    /// Whether the household brings more guests than its allowance permits.
    pub(super) is_over_allowance: bool,
    /// How many guests the household brings.
    pub(super) brought: i64,
    /// Whether hosts invited nobody by name, but a number of people.
    pub(super) names_nobody: bool,
}

#[derive(Row)]
pub(super) struct HouseholdRow {
    id: InvitationId,
    #[row(flatten)]
    lock: Lock,
    pub(super) plus_ones: i64,
    pub(super) children: i64,
    pub(super) has_email: bool,
    pub(super) has_note: bool,
    pub(super) is_opened: bool,
    pub(super) open: Option<Open>,
}

pub(super) struct GuestFacts {
    pub(super) row: GuestRow,
    /// The guest's replies that count: one for each event to which the guest is invited.
    pub(super) replies: Vec<(EventId, ReplyStatus)>,
    /// The guest's answer over all events, as [`People`] counts it.
    pub(super) status: ReplyStatus,
    /// Whether the guest has declined some events and not answered for the others.
    pub(super) is_partial: bool,
    pub(super) answered_at: Option<Timestamp>,
}

#[derive(Row)]
pub(super) struct GuestRow {
    pub(super) id: GuestId,
    invitation: InvitationId,
    pub(super) kind: GuestKind,
    pub(super) is_child: bool,
    #[row(rename = "child_age")]
    pub(super) age: Option<i64>,
    #[row(rename = "beyond_allowance")]
    is_beyond: bool,
    #[row(json)]
    pub(super) diets: Vec<String>,
    pub(super) has_diet_note: bool,
}

#[derive(Row)]
struct ReplyRow {
    #[row(flatten)]
    guest: GuestRow,
    event: Option<EventId>,
    status: Option<ReplyStatus>,
    answered_at: Option<Timestamp>,
}

pub(super) fn take(tx: &mut Tx<'_>, occasion: &Occasion) -> Result<Census, StoreError> {
    let now = tx.now();
    let rows: Vec<HouseholdRow> = sql!(
        "SELECT {HouseholdRow} FROM (
             SELECT invitation.*, invitation.email IS NOT NULL AS has_email,
                 invitation.note <> '' AS has_note,
                 invitation.last_opened_at IS NOT NULL AS is_opened,
                 CASE WHEN open_answer.invitation IS NULL THEN NULL
                      WHEN open_answer.approved_note_version = invitation.note_version
                           THEN 'approved'
                      WHEN open_answer.is_duplicate = 1 THEN 'duplicate'
                      ELSE 'waiting' END AS open
             FROM invitation
             LEFT JOIN open_answer ON open_answer.invitation = invitation.id
             WHERE invitation.occasion = :occasion AND invitation.archived_at IS NULL
         ) AS household",
        occasion = occasion.id
    )
    .all(tx)?;
    let guests = take_guests(tx, occasion)?;
    let mut of: HashMap<&InvitationId, Vec<&GuestFacts>> = HashMap::with_capacity(rows.len());
    for guest in &guests {
        of.entry(&guest.row.invitation).or_default().push(guest);
    }
    let households = rows.into_iter().map(|row| {
        let guests = of.get(&row.id).map_or(&[][..], Vec::as_slice);
        HouseholdFacts::new(row, guests, occasion, now)
    });
    Ok(Census {
        households: households.collect(),
        guests,
    })
}

fn take_guests(tx: &mut Tx<'_>, occasion: &Occasion) -> Result<Vec<GuestFacts>, StoreError> {
    let rows: Vec<ReplyRow> = sql!(
        "SELECT {ReplyRow} FROM (
             SELECT guest.id, guest.invitation, guest.kind, guest.is_child, guest.child_age,
                 guest.beyond_allowance, guest.diets, guest.diet_note <> '' AS has_diet_note,
                 reply.event, reply.status, reply.answered_at
             FROM invitation
             JOIN guest ON guest.invitation = invitation.id
             LEFT JOIN reply ON reply.guest = guest.id
             WHERE invitation.occasion = :occasion AND invitation.archived_at IS NULL
         ) AS answer",
        occasion = occasion.id
    )
    .all(tx)?;
    let mut guests: Vec<GuestFacts> = Vec::new();
    let mut places: HashMap<GuestId, usize> = HashMap::new();
    for row in rows {
        let id = &row.guest.id;
        // SQLite returns the replies of a guest one after the other. In PostgreSQL, replies of
        // other guests may be between them.
        let last = guests.len().wrapping_sub(1);
        let place = match guests.last() {
            Some(guest) if guest.row.id == *id => last,
            _ => *places.entry(id.clone()).or_insert(guests.len()),
        };
        if place == guests.len() {
            guests.push(GuestFacts::new(row.guest));
        }
        if let (Some(event), Some(status)) = (row.event, row.status) {
            let guest = &mut guests[place];
            guest
                .replies
                .push((event, occasion.effective_status(status)));
            guest.answered_at = guest.answered_at.max(row.answered_at);
        }
    }
    for guest in &mut guests {
        let has = |wanted| guest.replies.iter().any(|(_, status)| *status == wanted);
        guest.status = overall(has, guest.replies.is_empty());
        guest.is_partial = guest.status == ReplyStatus::Pending && has(ReplyStatus::No);
    }
    Ok(guests)
}

fn overall(has: impl Fn(ReplyStatus) -> bool, is_uninvited: bool) -> ReplyStatus {
    use ReplyStatus::{No, Pending, Undecided, Waitlisted, Yes};
    let stronger = [Yes, Waitlisted, Undecided, Pending];
    let found = stronger.into_iter().find(|status| has(*status));
    found.unwrap_or(if is_uninvited { Pending } else { No })
}

impl GuestFacts {
    fn new(row: GuestRow) -> Self {
        Self {
            row,
            replies: Vec::new(),
            status: ReplyStatus::Pending,
            is_partial: false,
            answered_at: None,
        }
    }

    /// Whether the guest comes or may come. The kitchen must plan for these guests.
    pub(super) fn is_eating(&self) -> bool {
        matches!(self.status, ReplyStatus::Yes | ReplyStatus::Undecided)
    }
}

impl HouseholdFacts {
    fn new(row: HouseholdRow, guests: &[&GuestFacts], occasion: &Occasion, now: Timestamp) -> Self {
        let replies = || {
            let replies = guests.iter().flat_map(|guest| &guest.replies);
            replies.map(|(_, status)| *status)
        };
        let brought = || {
            let rows = guests.iter().map(|guest| &guest.row);
            rows.filter(|guest| guest.kind == GuestKind::PlusOne && !guest.is_beyond)
        };
        let is_brought = |guest: &&GuestFacts| guest.row.kind == GuestKind::PlusOne;
        let all_brought = guests.iter().copied().filter(is_brought).count();
        let children = brought().filter(|guest| guest.is_child).count();
        let allowed = [row.plus_ones, row.children];
        let places = Allowance::new(allowed, [brought().count(), children]).plus_ones;
        Self {
            access: row.lock.access(occasion, now),
            response: response(replies()),
            is_unsettled: replies().any(ReplyStatus::is_open),
            people: count(guests.iter().map(|guest| (guest.status, guest.is_partial))),
            is_over_allowance: places.used > places.allowed,
            brought: i64::try_from(all_brought).unwrap_or(i64::MAX),
            names_nobody: all_brought > 0 && all_brought == guests.len(),
            row,
        }
    }
}

/// Counts guests by their answers. The second value of each pair is whether the answer is partial.
pub(super) fn count(answers: impl Iterator<Item = (ReplyStatus, bool)>) -> People {
    let mut people = People::default();
    for (status, is_partial) in answers {
        people.total += 1;
        people.partial += i64::from(is_partial);
        *match status {
            ReplyStatus::Yes => &mut people.yes,
            ReplyStatus::No => &mut people.no,
            ReplyStatus::Undecided => &mut people.undecided,
            ReplyStatus::Pending => &mut people.pending,
            ReplyStatus::Waitlisted => &mut people.waitlisted,
        } += 1;
    }
    people
}
