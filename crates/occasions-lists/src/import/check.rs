//! The preview of an import. It makes the same checks as the import, but writes nothing.

use std::collections::{BTreeMap, BTreeSet};

use occasions::event::Event;
use occasions::hosting::Refusal;
use occasions::hosting::permissions::HostOf;
use occasions::household::{self, GUEST_LIMIT};
use occasions::id::InvitationId;
use occasions::invitation;
use occasions::phone::{self, Phone};
use occasions::words::ReplyStatus;
use platform::{StoreError, Tx, sql, text_cleaning};
use serde::Serialize;
use utoipa::ToSchema;
use web::{Catalogue, Findings};

use super::choice::{self, Choice, ChoiceKind, Here};
use super::earlier::Earlier;
use super::gathered::{Gathered, Gathering};
use super::known::People;
use super::stored::households;
use super::{Finding, Import, ImportId, Options, Outcome, SHOWN, Warning, draft, known, vet};
use crate::household_document::table::{Column, Field};
use crate::household_document::{Ground, GuestRecord, Record, Standing};

/// How many households are named that the list does not have.
const UNLISTED_SHOWN: usize = 20;

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
    /// How many people the households have, named or not.
    pub people: i64,
    /// How many of them nobody names.
    pub names_to_come: i64,
    /// How many households are here that are not in a list of others that are here. They stay.
    pub unlisted: usize,
    /// The names of the first 20 of them.
    pub unlisted_names: Vec<String>,
    /// What only a host can decide, at most 200; without an answer, `chosen` happens.
    pub choices: Vec<Choice>,
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
    Ok(check_all(tx, &ground, &import, gathering)?.0)
}

/// Returns what the import would do, with each household and what becomes of it.
pub(super) fn check_all(
    tx: &mut Tx<'_>,
    ground: &Ground,
    import: &Import,
    gathering: Gathering,
) -> Result<(Check, Vec<(Gathered, Looked)>), StoreError> {
    let mut check = Check {
        total: gathering.households.len(),
        people: gathering.people,
        findings: gathering.findings,
        choices: gathering.choices,
        ..Check::default()
    };
    let mut all = Vec::new();
    let mut taken = BTreeSet::new();
    let people = People::load(tx, ground)?;
    let mut earlier = Earlier::default();
    let home = ground.occasion.home_country();
    for one in gathering.households {
        check.findings.extend(earlier.alike(&one, home));
        let mut looked = look(tx, ground, &people, &one, import.options, &mut taken)?;
        match looked.outcome {
            Outcome::Made => check.made += 1,
            Outcome::Changed => check.changed += 1,
            Outcome::Same => check.same += 1,
            _ => check.faulty += 1,
        }
        check.names_to_come += choice::places(&one.record);
        check.findings.append(&mut looked.findings);
        check.choices.extend(looked.choice.take());
        check.found += one.unnamed;
        all.push((one, looked));
    }
    if !taken.is_empty() {
        let here: Vec<(InvitationId, String)> = sql!(
            "SELECT id, household FROM invitation
             WHERE occasion = :occasion AND archived_at IS NULL ORDER BY sort_name, id",
            occasion = ground.occasion.id
        )
        .all(tx)?;
        let unlisted = here.into_iter().filter(|(id, _)| !taken.contains(id));
        let unlisted: Vec<String> = unlisted.map(|(_, household)| household).collect();
        check.unlisted = unlisted.len();
        check.unlisted_names = unlisted.into_iter().take(UNLISTED_SHOWN).collect();
    }
    check.findings.extend(invited_to(ground, import, &all));
    check.found += check.findings.len();
    check
        .findings
        .sort_by_key(|finding| (rank(finding), finding.row));
    check.findings.truncate(SHOWN);
    check.choices.truncate(SHOWN);
    Ok((check, all))
}

/// Errors come first, then what is not kept. Most lists have many households without an address,
/// which must not hide the rest.
fn rank(finding: &Finding) -> u8 {
    if finding.is_error {
        0
    } else if finding.is_left_out() {
        1
    } else if finding.code == Warning::PhoneUnread.word() {
        3
    } else if finding.code == Warning::NoEmail.word() {
        4
    } else {
        2
    }
}

/// Names the events to which new households are invited because the list has no column of events.
fn invited_to(ground: &Ground, import: &Import, all: &[(Gathered, Looked)]) -> Option<Finding> {
    let says = import.columns.iter().any(|word| Column::says_events(word));
    let made = all
        .iter()
        .filter(|(_, looked)| looked.outcome == Outcome::Made);
    let made: Vec<&Gathered> = made.map(|(one, _)| one).collect();
    if made.is_empty() || import.headings.is_empty() || says || ground.events.len() < 2 {
        return None;
    }
    let keys = ground.events.iter().map(|event| &event.key);
    let keys = keys.filter(|key| {
        let mut invited = made.iter().filter_map(|one| one.invited.as_ref());
        invited.any(|events| events.contains(key))
    });
    let keys: Vec<&str> = keys.map(String::as_str).collect();
    let (warning, value) = (Warning::InvitedTo, keys.join(", "));
    Some(Finding::warning(1, Field::Events, warning, &value))
}

/// What importing one household would do.
pub(super) struct Looked {
    pub(super) outcome: Outcome,
    /// The household as it is here, if the list changes it.
    pub(super) before: Option<Record>,
    /// The household as it will be. If it stays whatever the list says, this is what the list says.
    pub(super) after: Record,
    /// The household that stays.
    pub(super) here: Option<InvitationId>,
    findings: Vec<Finding>,
    choice: Option<Choice>,
}

/// Returns what importing one household would do, together with its errors, warnings and question.
pub(super) fn look(
    tx: &mut Tx<'_>,
    ground: &Ground,
    people: &People,
    one: &Gathered,
    options: Options,
    taken: &mut BTreeSet<InvitationId>,
) -> Result<Looked, StoreError> {
    let mut found = one.findings.clone();
    let matched = known::find(tx, ground, people, one, options, |id| taken.contains(id))?;
    let known = match &matched.id {
        Some(id) => invitation::find(tx, id)?,
        None => None,
    };
    let (mut stored, mut here) = (None, None);
    let (wanted, old, mut outcome) = match known {
        None => (matched.wanted(ground, one, None), None, Outcome::Made),
        Some(known) if matched.is_left => {
            taken.insert(known.id.clone());
            here = Some(known.id);
            (one.record.clone(), None, Outcome::Same)
        }
        Some(known) => {
            taken.insert(known.id.clone());
            let household = household::load(tx, known)?;
            let old = Standing::load(tx, household)?;
            let before = old.record(ground);
            let wanted = matched.wanted(ground, one, Some(&before));
            if wanted.replies.is_empty() {
                for (event, status) in &one.record.replies {
                    let column = Column::Reply(event.clone());
                    let (row, word) = (one.row, status.word());
                    let note = wanted.note.as_deref().unwrap_or_default();
                    let warning = if note.contains(&known::reply_line(ground, event, *status)) {
                        Warning::InNote
                    } else {
                        Warning::LeftOut
                    };
                    found.push(Finding::warning(row, column, warning, word));
                }
            }
            let after = before.merged(&wanted, ground, options.replaces(&old));
            found.extend(kept_food(one, &after));
            found.extend(kept_replies(one, &after));
            let outcome = if after == before {
                Outcome::Same
            } else {
                Outcome::Changed
            };
            stored = Some(before);
            (after, Some(old), outcome)
        }
    };
    if outcome != Outcome::Same {
        let mut findings = Findings::default();
        let vetted = vet::vet(tx, ground, old.as_ref(), &wanted, options, &mut findings)?;
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
    if !matched.is_left {
        found.extend(uninvited(ground, one, &wanted));
        found.extend(only_named(one));
    }
    let name = one.record.household.as_deref().unwrap_or_default();
    if matched.asked.is_some() {
        let column = Field::Household;
        found.push(Finding::warning(
            one.row,
            column,
            Warning::DoubtfulDuplicate,
            name,
        ));
    }
    let contact = people.contact_here(&one.record, ground.occasion.home_country());
    let contact = contact.filter(|_| outcome == Outcome::Made && matched.asked.is_none());
    if let Some((contact, household)) = contact {
        let (warning, value) = (Warning::ContactHere, format!("{contact} · {household}"));
        found.push(Finding::warning(one.row, Field::Household, warning, &value));
    }
    if outcome == Outcome::Made && one.record.email.is_none() {
        let column = Field::Email;
        found.push(Finding::warning(one.row, column, Warning::NoEmail, name));
    }
    if outcome != Outcome::Same {
        found.extend(unread_phones(ground, one, &wanted));
    }
    let is_faulty = found.iter().any(|finding| finding.is_error);
    let choice = matched.asked.map(|usual| Choice {
        key: format!("{}:{}", ChoiceKind::Here.word(), one.key),
        kind: ChoiceKind::Here,
        row: one.row,
        household: name.to_owned(),
        value: match matched.people_of {
            Some(_) => people_and_contacts(&one.record),
            None => contacts(&one.record),
        },
        here: matched.people_of.clone(),
        options: choice::words_of(Here::ALL.iter().map(|one| one.word())),
        chosen: one.here.unwrap_or(usual).word().to_owned(),
        is_answered: one.here.is_some(),
    });
    Ok(Looked {
        before: stored.filter(|_| outcome == Outcome::Changed),
        after: wanted,
        here,
        outcome: if is_faulty { Outcome::Failed } else { outcome },
        findings: found,
        choice,
    })
}

fn contacts(record: &Record) -> String {
    let parts = [&record.phone, &record.email].into_iter().flatten();
    parts.map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn people_and_contacts(record: &Record) -> String {
    let names = record.guests.iter().map(|guest| guest.name.clone());
    let parts = names.chain([contacts(record)]);
    let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
    parts.join(", ")
}

/// Numbers of the list that are kept, and that no link of WhatsApp can use.
fn unread_phones(ground: &Ground, one: &Gathered, wanted: &Record) -> Vec<Finding> {
    let home = ground.occasion.home_country();
    let own = one.record.phone.as_ref();
    let own = own.filter(|own| wanted.phone.as_ref() == Some(own));
    let guests = one.record.guests.iter().zip(&one.guest_rows);
    let guests = guests.map(|(guest, row)| (*row, Field::GuestPhone, guest.phone.as_ref()));
    // What looks like a number of another country is said to be one.
    let code = Warning::PhoneAbroad.word();
    let is_abroad = |typed: &str| {
        let mut abroad = one.findings.iter().filter(|finding| finding.code == code);
        abroad.any(|finding| finding.value.starts_with(typed))
    };
    std::iter::once((one.row, Field::Phone, own))
        .chain(guests)
        .filter_map(|(row, field, typed)| Some((row, field, typed?)))
        .filter(|(.., typed)| !phone::has_lost_digits(typed))
        .filter(|(.., typed)| Phone::read(typed, home).e164.is_none() && !is_abroad(typed))
        .map(|(row, field, typed)| Finding::warning(row, field, Warning::PhoneUnread, typed))
        .collect()
}

/// Pairs each guest of the list, with its row, with the guest of this name in `after`. Guests of the
/// same name are told apart by their order, as the merge does.
fn paired<'a>(
    one: &'a Gathered,
    after: &'a Record,
) -> impl Iterator<Item = (&'a GuestRecord, usize, Option<&'a GuestRecord>)> {
    let folded = |guest: &GuestRecord| text_cleaning::fold(&guest.name);
    let mut there: Vec<(String, &GuestRecord)> =
        after.guests.iter().map(|one| (folded(one), one)).collect();
    let guests = one.record.guests.iter().zip(&one.guest_rows);
    guests.map(move |(guest, row)| {
        let name = folded(guest);
        let at = there.iter().position(|(known, _)| *known == name);
        (guest, *row, at.map(|at| there.remove(at).1))
    })
}

/// Food needs of the list that do not replace those that are here.
fn kept_food(one: &Gathered, after: &Record) -> Vec<Finding> {
    let kept = paired(one, after).filter_map(|(guest, row, there)| {
        let there = there?;
        let is_kept = guest.has_food()
            && (&guest.diets, &guest.diet_note) != (&there.diets, &there.diet_note);
        let words = guest.diets.iter().flatten().chain(&guest.diet_note);
        let words: Vec<&str> = words.map(String::as_str).collect();
        let column = Field::DietNote;
        is_kept.then(|| Finding::warning(row, column, Warning::FoodStays, &words.join(", ")))
    });
    kept.collect()
}

/// Replies of the list that do not replace those that are here.
fn kept_replies(one: &Gathered, after: &Record) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    let mut compare = |row: usize, replies: &BTreeMap<String, ReplyStatus>, there: &GuestRecord| {
        for (event, status) in replies {
            let stored = there.replies.get(event);
            let is_kept = stored.is_some_and(|one| one != status && *one != ReplyStatus::Pending);
            if is_kept && *status != ReplyStatus::Pending {
                let (column, word) = (Column::Reply(event.clone()), status.word());
                let told = Finding::warning(row, column, Warning::ReplyStays, word);
                if !found.contains(&told) {
                    found.push(told);
                }
            }
        }
    };
    for (guest, row, there) in paired(one, after) {
        if let Some(there) = there {
            compare(row, &guest.replies, there);
        }
    }
    for there in after.guests.iter().filter(|guest| guest.name.is_empty()) {
        compare(one.row, &one.record.replies, there);
    }
    found
}

/// A yes of people who are named, where the row counts more than these.
fn only_named(one: &Gathered) -> Option<Finding> {
    let mut guests = one.record.guests.iter().zip(&one.guest_rows);
    let said = guests.find_map(|(guest, row)| {
        let yes = |(_, status): &(&String, &ReplyStatus)| **status == ReplyStatus::Yes;
        let (event, _) = guest.replies.iter().find(yes)?;
        Some((*row, Column::Reply(event.clone())))
    });
    let (row, column) = said.filter(|_| choice::places(&one.record) > 0)?;
    let name = one.record.household.as_deref().unwrap_or_default();
    Some(Finding::warning(row, column, Warning::OnlyNamed, name))
}

/// Replies to events to which the guest would not be invited. They are not stored.
fn uninvited(ground: &Ground, one: &Gathered, wanted: &Record) -> Vec<Finding> {
    let mut found = Vec::new();
    // A household with more guests has an error, and is skipped.
    if one.record.guests.len() > GUEST_LIMIT {
        return found;
    }
    let mut tell = |row: usize,
                    chosen: Option<&Vec<String>>,
                    replies: &BTreeMap<String, ReplyStatus>| {
        let is_invited = |event: &Event| {
            event.open_to_all || chosen.is_none_or(|keys| keys.contains(&event.key))
        };
        for (key, status) in replies {
            let mut events = ground.events.iter();
            let event = events.find(|event| event.key == *key);
            if *status != ReplyStatus::Pending && event.is_some_and(|event| !is_invited(event)) {
                let column = Column::Reply(key.clone());
                let warning = Warning::NotInvited;
                found.push(Finding::warning(row, column, warning, status.word()));
            }
        }
    };
    tell(one.row, wanted.events.as_ref(), &one.record.replies);
    for (guest, row, there) in paired(one, wanted) {
        let chosen = there.and_then(|there| there.events.as_ref());
        tell(row, chosen.or(wanted.events.as_ref()), &guest.replies);
    }
    found
}
