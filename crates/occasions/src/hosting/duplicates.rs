//! Households that are perhaps one: they have the same people, or are reached by the same telephone
//! number. Hosts put two together with one press, or say that they are two.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use platform::audit::Entity;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql, text_cleaning};
use serde_json::json;

use super::permissions::{HostOf, Permission};
use super::{Refusal, history};
use crate::id::InvitationId;
use crate::invitation;

/// How many pairs are told at once.
const MOST: usize = 20;

/// Two households that are perhaps one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The household that goes to the other, if a host puts them together.
    pub leaving: Twin,
    /// The household that answered, was sent or was there first.
    pub staying: Twin,
    pub same: Same,
}

/// One of two households.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Twin {
    pub id: InvitationId,
    pub household: String,
    pub code: String,
    sent_at: Option<Timestamp>,
    replied_at: Option<Timestamp>,
}

/// What two households have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Same {
    /// All people of one of them, by name.
    People(Vec<String>),
    Phone,
}

#[derive(Row)]
struct SharedName {
    sort_name: String,
    name: String,
    household_name: String,
    named: i64,
    #[row(flatten)]
    twin: Twin,
}

struct Candidate {
    household_name: String,
    named: i64,
    twin: Twin,
    /// The names as they are written, by their folded form.
    names: BTreeMap<String, String>,
}

/// Returns the pairs of households of which one has all people of the other.
pub fn pairs(tx: &mut Tx<'_>, host: &HostOf) -> Result<Vec<Pair>, StoreError> {
    let shared: Vec<SharedName> = sql!(
        "SELECT guest.sort_name, guest.name, invitation.sort_name AS household_name,
             (SELECT COUNT(*) FROM guest AS every
              WHERE every.invitation = invitation.id AND every.sort_name <> '') AS named,
             invitation.id, invitation.household, invitation.code, invitation.sent_at,
             invitation.replied_at
         FROM guest JOIN invitation ON invitation.id = guest.invitation
         WHERE invitation.occasion = :occasion AND invitation.archived_at IS NULL
           AND invitation.unapproved = 0
           AND guest.sort_name IN (
               SELECT one.sort_name FROM guest AS one
               JOIN invitation AS of_one ON of_one.id = one.invitation
               WHERE of_one.occasion = :occasion AND of_one.archived_at IS NULL
                 AND of_one.unapproved = 0 AND one.sort_name <> ''
               GROUP BY one.sort_name HAVING COUNT(DISTINCT of_one.id) > 1)
         ORDER BY invitation.id",
        occasion = host.occasion()
    )
    .all(tx)?;
    let mut candidates: BTreeMap<InvitationId, Candidate> = BTreeMap::new();
    let mut by_name: BTreeMap<String, BTreeSet<InvitationId>> = BTreeMap::new();
    for one in shared {
        let id = one.twin.id.clone();
        let with_name = by_name.entry(one.sort_name.clone()).or_default();
        with_name.insert(id.clone());
        let candidate = candidates.entry(id).or_insert_with(|| Candidate {
            household_name: one.household_name,
            named: one.named,
            twin: one.twin,
            names: BTreeMap::new(),
        });
        candidate.names.insert(one.sort_name, one.name);
    }
    let mut seen = apart(tx, host)?;
    let mut found = Vec::new();
    for ids in by_name.values() {
        // Of many namesakes, each is compared with the next.
        for (one, other) in ids.iter().zip(ids.iter().skip(1)) {
            let pair = candidates.get(one).zip(candidates.get(other));
            if !seen.insert((one.clone(), other.clone())) || found.len() >= MOST {
                continue;
            }
            found.extend(pair.and_then(|(one, other)| of_people(one, other)));
        }
    }
    Ok(found)
}

fn of_people(one: &Candidate, other: &Candidate) -> Option<Pair> {
    let shared: Vec<(&String, &String)> = one
        .names
        .iter()
        .filter(|(folded, _)| other.names.contains_key(*folded))
        .collect();
    let count = i64::try_from(shared.len()).unwrap_or(i64::MAX);
    let is_enough = shared.len() > 1
        || one.household_name == other.household_name
        || shared.iter().all(|(folded, _)| is_full_name(folded));
    if count == 0 || count < one.named.min(other.named) || !is_enough {
        return None;
    }
    let names = shared.into_iter().map(|(_, written)| written.clone());
    let same = Same::People(names.collect());
    Some(Pair::of(one.twin.clone(), other.twin.clone(), same))
}

/// The pairs of which a host said that they are two households, the lower id first.
fn apart(
    tx: &mut Tx<'_>,
    host: &HostOf,
) -> Result<BTreeSet<(InvitationId, InvitationId)>, StoreError> {
    let all: Vec<(InvitationId, InvitationId)> = sql!(
        "SELECT one, other FROM households_apart
         JOIN invitation ON invitation.id = households_apart.one
         WHERE invitation.occasion = :occasion",
        occasion = host.occasion()
    )
    .all(tx)?;
    Ok(all.into_iter().collect())
}

/// Says that two invitations are two households. They are not told as a pair again.
pub fn keep_apart(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &InvitationId,
    from: &InvitationId,
) -> Result<(), Refusal> {
    host.needs(Permission::Invite)?;
    let (one, other) = if id < from { (id, from) } else { (from, id) };
    if one == other {
        return Err(Refusal::WrongState);
    }
    for id in [one, other] {
        let found = invitation::find(tx, id)?;
        found
            .filter(|found| found.occasion == *host.occasion())
            .ok_or(Refusal::NotFound)?;
    }
    sql!(
        "INSERT INTO households_apart (one, other) VALUES (:one, :other)
         ON CONFLICT (one, other) DO NOTHING",
        one,
        other
    )
    .run(tx, Rows::AtMostOne)?;
    let changes = json!([{"field": "apart", "old": null, "new": from}]);
    let entity = Entity::new("invitation", id.to_string());
    history::record(tx, host, "invitation.kept_apart", entity, changes)?;
    Ok(())
}

/// Forgets an invitation that is deleted.
pub fn forget(tx: &mut Tx<'_>, id: &InvitationId) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM households_apart WHERE one = :id OR other = :id",
        id
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// Whether a folded name is more than a first name, which many people share.
pub fn is_full_name(folded: &str) -> bool {
    folded.contains(' ') || (!folded.is_ascii() && text_cleaning::length(folded) > 2)
}

/// Returns the pairs of an invitation with others: by their people, and by a telephone number of the
/// household or of one of its people.
pub fn of_invitation(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &InvitationId,
) -> Result<Vec<Pair>, StoreError> {
    let mut found = pairs(tx, host)?;
    found.retain(|pair| pair.leaving.id == *id || pair.staying.id == *id);
    let all: Vec<Twin> = sql!(
        "SELECT id, household, code, sent_at, replied_at FROM invitation
         WHERE occasion = :occasion AND archived_at IS NULL AND unapproved = 0
           AND (id = :id
             OR phone_e164 IN (SELECT phone_e164 FROM invitation
                 WHERE id = :id AND phone_e164 <> '')
             OR phone_e164 IN (SELECT phone_e164 FROM guest
                 WHERE invitation = :id AND phone_e164 <> '')
             OR id IN (SELECT guest.invitation FROM guest
                 JOIN invitation AS theirs ON theirs.id = guest.invitation
                 WHERE theirs.occasion = :occasion
                   AND (guest.phone_e164 IN (SELECT phone_e164 FROM invitation
                       WHERE id = :id AND phone_e164 <> '')
                     OR guest.phone_e164 IN (SELECT phone_e164 FROM guest
                       WHERE invitation = :id AND phone_e164 <> ''))))
         ORDER BY sort_name, id",
        id,
        occasion = host.occasion()
    )
    .all(tx)?;
    let (own, others): (Vec<Twin>, Vec<Twin>) = all.into_iter().partition(|one| one.id == *id);
    let Some(own) = own.into_iter().next() else {
        return Ok(found);
    };
    let apart = apart(tx, host)?;
    let is_apart = |other: &InvitationId| {
        let pair = if id < other { (id, other) } else { (other, id) };
        apart.contains(&(pair.0.clone(), pair.1.clone()))
    };
    for other in others.into_iter().take(MOST) {
        if is_apart(&other.id) {
            continue;
        }
        let is_told = found
            .iter()
            .any(|pair| pair.leaving.id == other.id || pair.staying.id == other.id);
        if !is_told {
            found.push(Pair::of(own.clone(), other, Same::Phone));
        }
    }
    Ok(found)
}

impl Pair {
    fn of(one: Twin, other: Twin, same: Same) -> Self {
        let rank = |twin: &Twin| (twin.replied_at.is_none(), twin.sent_at.is_none());
        let is_first = (rank(&one), &one.id) <= (rank(&other), &other.id);
        let (staying, leaving) = if is_first { (one, other) } else { (other, one) };
        Self {
            leaving,
            staying,
            same,
        }
    }
}
