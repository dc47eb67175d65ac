//! The preview of an import. It makes the same checks as the import, but writes nothing.

use std::collections::BTreeSet;

use occasions::event::Event;
use occasions::hosting::Refusal;
use occasions::hosting::permissions::HostOf;
use occasions::household::{self, GUEST_LIMIT};
use occasions::id::InvitationId;
use occasions::invitation;
use occasions::words::ReplyStatus;
use platform::{StoreError, Tx, text_cleaning};
use serde::Serialize;
use utoipa::ToSchema;
use web::{Catalogue, Findings};

use super::gather::Gathered;
use super::{Finding, Import, ImportId, Options, Outcome, SHOWN, Warning, draft, households, vet};
use crate::household_document::table::{Column, Field};
use crate::household_document::{Ground, GuestRecord, Record, Standing};

/// What the import would do now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
#[schema(as = ImportCheck)]
pub struct Check {
    /// The number of households in the list.
    pub total: usize,
    /// How many households would become new invitations.
    pub made: usize,
    /// How many households would change an existing invitation.
    pub changed: usize,
    /// How many households are already stored as they are in the list.
    pub same: usize,
    /// How many households have errors.
    pub faulty: usize,
    /// Errors first, then warnings; at most 200 in all.
    pub findings: Vec<Finding>,
    /// The number of all errors and warnings.
    pub found: usize,
}

/// Returns what importing the list would do now.
pub fn check(
    tx: &mut Tx<'_>,
    host: &HostOf,
    catalogue: &Catalogue,
    id: &ImportId,
) -> Result<Check, Refusal> {
    let import = draft(tx, host, id)?;
    let ground = Ground::load(tx, host)?;
    let gathering = households(tx, catalogue, &ground, &import)?;
    let mut check = Check {
        total: gathering.households.len(),
        findings: gathering.findings,
        ..Check::default()
    };
    let mut taken = BTreeSet::new();
    for one in gathering.households {
        let (outcome, findings) = look(tx, &ground, &one, import.options, &mut taken)?;
        match outcome {
            Outcome::Made => check.made += 1,
            Outcome::Changed => check.changed += 1,
            Outcome::Same => check.same += 1,
            _ => check.faulty += 1,
        }
        check.findings.extend(findings);
        check.found += one.unnamed;
    }
    check
        .findings
        .extend(invited_to_all(&ground, &import, check.made));
    check.found += check.findings.len();
    check
        .findings
        .sort_by_key(|finding| (rank(finding), finding.row));
    check.findings.truncate(SHOWN);
    Ok(check)
}

/// Errors come first, then what is not kept. Most lists have many households without an address,
/// which must not hide the rest.
fn rank(finding: &Finding) -> u8 {
    const LOSSES: [Warning; 4] = [
        Warning::LeftOut,
        Warning::DigitsLost,
        Warning::UnknownAnswer,
        Warning::LineLeftOut,
    ];
    if finding.is_error {
        0
    } else if LOSSES.iter().any(|loss| loss.word() == finding.code) {
        1
    } else if finding.code == Warning::NoEmail.word() {
        3
    } else {
        2
    }
}

/// Names the events to which new households are invited because the list has no column of events.
fn invited_to_all(ground: &Ground, import: &Import, made: usize) -> Option<Finding> {
    let events = [Field::Events, Field::GuestEvents].map(Field::word);
    let says = import
        .columns
        .iter()
        .any(|column| events.contains(&column.as_str()));
    if made == 0 || import.headings.is_empty() || says || ground.events.len() < 2 {
        return None;
    }
    let keys: Vec<&str> = ground.events.iter().map(|event| &*event.key).collect();
    let (warning, value) = (Warning::AllEvents, keys.join(", "));
    Some(Finding::warning(1, Field::Events, warning, &value))
}

/// Returns what importing one household would do, together with its errors and warnings.
pub(super) fn look(
    tx: &mut Tx<'_>,
    ground: &Ground,
    one: &Gathered,
    options: Options,
    taken: &mut BTreeSet<InvitationId>,
) -> Result<(Outcome, Vec<Finding>), StoreError> {
    let mut found = one.findings.clone();
    let (id, is_doubtful) = vet::find(tx, ground, &one.record, |id| taken.contains(id))?;
    let known = match &id {
        Some(id) => invitation::find(tx, id)?,
        None => None,
    };
    let (wanted, old, mut outcome) = match known {
        None => (one.record.clone(), None, Outcome::Made),
        Some(known) => {
            taken.insert(known.id.clone());
            let household = household::load(tx, known)?;
            let old = Standing::load(tx, household)?;
            let before = old.record(ground);
            let after = before.merged(&one.record, ground, options.replace_answers);
            let outcome = if after == before {
                Outcome::Same
            } else {
                Outcome::Changed
            };
            (after, Some(old), outcome)
        }
    };
    if outcome != Outcome::Same {
        let mut findings = Findings::default();
        let vetted = vet::vet(tx, ground, old.as_ref(), &wanted, options, &mut findings);
        if old.as_ref().is_some_and(|old| vetted.is_already(old)) {
            outcome = Outcome::Same;
        }
        let found_here = findings.finish().err().unwrap_or_default();
        let document = if found_here.is_empty() {
            serde_json::Value::Null
        } else {
            serde_json::to_value(&wanted).unwrap_or_default()
        };
        for problem in found_here {
            let mut parts = problem.pointer.split('/').skip(1);
            let guest = match parts.next() {
                Some("guests") => parts.next().and_then(|index| index.parse::<usize>().ok()),
                _ => None,
            };
            // `wanted` contains the existing invitation's guests first, and then the list's new
            // guests. The index refers to `wanted`.
            let row = guest.and_then(|index| one.guest_rows.get(index));
            // If the document contains no text at the pointer, the error shows the name of the
            // guest or household.
            let name = match guest {
                Some(index) => wanted.guests.get(index).map(|guest| guest.name.clone()),
                None => wanted.household.clone(),
            };
            let typed = document.pointer(&problem.pointer);
            let value = typed
                .and_then(|value| value.as_str())
                .map(str::to_owned)
                .or(name);
            let row = row.copied().unwrap_or(one.row);
            found.push(Finding::refused(row, problem, &value.unwrap_or_default()));
        }
    }
    found.extend(uninvited(ground, one, &wanted));
    let name = one.record.household.as_deref().unwrap_or_default();
    if is_doubtful {
        let column = Field::Household;
        found.push(Finding::warning(
            one.row,
            column,
            Warning::DoubtfulDuplicate,
            name,
        ));
    }
    if outcome == Outcome::Made && one.record.email.is_none() {
        let column = Field::Email;
        found.push(Finding::warning(one.row, column, Warning::NoEmail, name));
    }
    let is_faulty = found.iter().any(|finding| finding.is_error);
    Ok((if is_faulty { Outcome::Failed } else { outcome }, found))
}

/// Replies to events to which the guest would not be invited. They are not stored.
fn uninvited(ground: &Ground, one: &Gathered, wanted: &Record) -> Vec<Finding> {
    let mut found = Vec::new();
    // A household with more guests has an error, and is skipped.
    if one.record.guests.len() > GUEST_LIMIT {
        return found;
    }
    let folded = |guest: &GuestRecord| text_cleaning::fold(&guest.name);
    // Guests of the same name are told apart by their order, as the merge does.
    let mut there: Vec<(String, &GuestRecord)> =
        wanted.guests.iter().map(|one| (folded(one), one)).collect();
    for (guest, row) in one.record.guests.iter().zip(&one.guest_rows) {
        let name = folded(guest);
        let at = there.iter().position(|(known, _)| *known == name);
        let chosen = at.and_then(|at| there.remove(at).1.events.as_ref());
        let chosen = chosen.or(wanted.events.as_ref());
        let is_invited = |event: &Event| {
            event.open_to_all || chosen.is_none_or(|keys| keys.contains(&event.key))
        };
        for (key, status) in &guest.replies {
            let mut events = ground.events.iter();
            let event = events.find(|event| event.key == *key);
            if *status != ReplyStatus::Pending && event.is_some_and(|event| !is_invited(event)) {
                let column = Column::Reply(key.clone());
                let warning = Warning::NotInvited;
                found.push(Finding::warning(*row, column, warning, status.word()));
            }
        }
    }
    found
}
