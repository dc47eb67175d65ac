//! Which household of the occasion a household in a list is, and what the list may change of it.

use std::collections::{BTreeMap, BTreeSet};

use occasions::code::CodeKey;
use occasions::hosting::duplicates::is_full_name;
use occasions::id::InvitationId;
use occasions::phone::Phone;
use occasions::words::ReplyStatus;
use platform::{StoreError, Tx, sql, text_cleaning};
use web::Region;

use super::Options;
use super::choice::Here;
use super::gathered::Gathered;
use super::reading::fits;
use crate::household_document::{Ground, Record};

/// The fewest digits of two telephone numbers that may be one.
const FEWEST_DIGITS: usize = 7;

/// What the import does with a household in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// The household that is here; `None` if the list's becomes a new one.
    pub(super) id: Option<InvitationId>,
    /// Whether the household that is here stays as it is: the host has said so, or the row is as it was
    /// in an earlier list, and somebody may have mended what is here since.
    pub(super) is_left: bool,
    /// Whether the household that is here keeps its names and contacts.
    keeps_names: bool,
    /// What is asked about the two, with what happens without an answer.
    pub(super) asked: Option<Here>,
    /// The name of the household that is here, if it was found by its people. It stays.
    pub(super) people_of: Option<String>,
}

/// The households that are here.
pub(super) struct People {
    /// By the folded names of their guests.
    by_name: BTreeMap<String, BTreeSet<InvitationId>>,
    /// Their names, by telephone numbers in the form of E.164 and by folded email addresses, also of
    /// their guests.
    by_contact: BTreeMap<String, String>,
}

impl People {
    pub(super) fn load(tx: &mut Tx<'_>, ground: &Ground) -> Result<Self, StoreError> {
        let all: Vec<(String, InvitationId)> = sql!(
            "SELECT guest.sort_name, invitation.id FROM guest
             JOIN invitation ON invitation.id = guest.invitation
             WHERE invitation.occasion = :occasion AND invitation.archived_at IS NULL
               AND guest.sort_name <> ''",
            occasion = ground.occasion.id
        )
        .all(tx)?;
        let mut people: BTreeMap<String, BTreeSet<InvitationId>> = BTreeMap::new();
        for (name, id) in all {
            people.entry(name).or_default().insert(id);
        }
        let contacts: Vec<(String, String, String)> = sql!(
            "SELECT household, COALESCE(phone_e164, ''), COALESCE(email, '') FROM invitation
             WHERE occasion = :occasion AND archived_at IS NULL
             UNION
             SELECT invitation.household, COALESCE(guest.phone_e164, ''),
                 COALESCE(guest.email, '')
             FROM guest JOIN invitation ON invitation.id = guest.invitation
             WHERE invitation.occasion = :occasion AND invitation.archived_at IS NULL",
            occasion = ground.occasion.id
        )
        .all(tx)?;
        let mut by_contact = BTreeMap::new();
        for (household, number, email) in contacts {
            for contact in [number, text_cleaning::fold(&email)] {
                if !contact.is_empty() {
                    by_contact.entry(contact).or_insert(household.clone());
                }
            }
        }
        Ok(Self {
            by_name: people,
            by_contact,
        })
    }

    /// The telephone number or email address of a record that a household here has too, and the name
    /// of that household.
    pub(super) fn contact_here<'a>(
        &'a self,
        wanted: &'a Record,
        home: Option<Region>,
    ) -> Option<(&'a str, &'a str)> {
        let guests = wanted.guests.iter();
        let phones = guests.clone().map(|guest| &guest.phone);
        let emails = guests.map(|guest| &guest.email);
        let phones = phones.chain([&wanted.phone]).flatten();
        let emails = emails.chain([&wanted.email]).flatten();
        let phones = phones.filter_map(|typed| Some((typed, Phone::read(typed, home).e164?)));
        let emails = emails.map(|typed| (typed, text_cleaning::fold(typed)));
        phones.chain(emails).find_map(|(typed, contact)| {
            let household = self.by_contact.get(&contact)?;
            Some((typed.as_str(), household.as_str()))
        })
    }

    /// The households with all people whom a record names. Somebody alone needs more than a first name.
    fn of<'a>(&'a self, wanted: &Record) -> impl Iterator<Item = &'a InvitationId> {
        let names = wanted.guests.iter();
        let names = names.map(|guest| text_cleaning::fold(&guest.name));
        let names: BTreeSet<String> = names.filter(|name| !name.is_empty()).collect();
        let is_enough = names.len() > 1 || names.iter().all(|name| is_full_name(name));
        let mut sets: Vec<Option<&BTreeSet<InvitationId>>> =
            names.iter().map(|name| self.by_name.get(name)).collect();
        let first = sets.pop().flatten().filter(|_| is_enough);
        first.into_iter().flatten().filter(move |id| {
            let mut sets = sets.iter();
            sets.all(|set| set.is_some_and(|set| set.contains(id)))
        })
    }
}

impl Known {
    /// Returns what the list wants of a household, of which `before` is here.
    pub(super) fn wanted(
        &self,
        ground: &Ground,
        one: &Gathered,
        before: Option<&Record>,
    ) -> Record {
        let mut wanted = one.record.clone();
        let Some(before) = before else {
            if wanted.events.is_none() {
                wanted.events.clone_from(&one.invited);
            }
            return wanted;
        };
        if let Some(mut events) = before
            .events
            .clone()
            .filter(|_| !one.says_invited.is_empty())
            && wanted.events.is_none()
        {
            one.set_invited(&mut events);
            wanted.events = Some(events);
        }
        // Those who are named may have answered each for himself.
        let names_somebody = before.guests.iter().any(|guest| !guest.name.is_empty());
        let number = [
            wanted.plus_ones.or(before.plus_ones),
            wanted.children.or(before.children),
        ];
        let has_nobody = before.guests.is_empty() && number.into_iter().flatten().sum::<i64>() == 0;
        if !wanted.replies.is_empty() && (names_somebody || has_nobody) {
            let mut lines: Vec<String> = Vec::new();
            lines.extend(wanted.note.take().or_else(|| before.note.clone()));
            for (event, status) in std::mem::take(&mut wanted.replies) {
                let line = reply_line(ground, &event, status);
                if fits(&lines, &line) && lines.iter().all(|known| !known.contains(&line)) {
                    lines.push(line);
                }
            }
            wanted.note = (!lines.is_empty()).then(|| lines.join("\n"));
        }
        if self.people_of.is_some() {
            wanted.household = None;
        }
        if !self.keeps_names {
            return wanted;
        }
        // Somebody may have mended the names since, so those that the row had before come no more.
        let names: Vec<String> = before
            .guests
            .iter()
            .map(|guest| text_cleaning::fold(&guest.name))
            .collect();
        let rows = wanted.guests.drain(..).zip(&one.guest_rows);
        let guests = rows.filter(|(guest, row)| {
            **row != one.row || names.contains(&text_cleaning::fold(&guest.name))
        });
        let guests = guests.map(|(mut guest, row)| {
            if *row == one.row {
                (guest.email, guest.phone) = (None, None);
            }
            guest
        });
        let guests = guests.collect();
        Record {
            household: None,
            email: None,
            phone: None,
            guests,
            ..wanted
        }
    }
}

/// The line of a note that says a reply.
pub(super) fn reply_line(ground: &Ground, event: &str, status: ReplyStatus) -> String {
    format!("{}: {}", ground.event_name(event), status.word())
}

/// Finds the household: by its code, or else by its reference, by its row in an earlier list, or by
/// name and email address. If only the telephone number, the name or the people are the same, the
/// host decides; nothing that is here is overwritten before. The searches by name skip the invitations in `taken`,
/// because other households of the list are those.
pub(super) fn find(
    tx: &mut Tx<'_>,
    ground: &Ground,
    people: &People,
    one: &Gathered,
    options: Options,
    taken: impl Fn(&InvitationId) -> bool,
) -> Result<Known, StoreError> {
    let occasion = &ground.occasion.id;
    let wanted = &one.record;
    if let Some(key) = wanted
        .code
        .as_ref()
        .and_then(|code| CodeKey::parse(code).ok())
    {
        let found: Option<(InvitationId,)> = sql!(
            "SELECT id FROM invitation
             WHERE code_key = :key AND occasion = :occasion AND archived_at IS NULL",
            key,
            occasion
        )
        .maybe(tx)?;
        return Ok(certain(found.map(|(id,)| id)));
    }
    if let Some(reference) = &wanted.reference {
        return Ok(certain(by_reference(tx, ground, reference)?));
    }
    if let Some(row) = &one.reference
        && let Some(id) = by_reference(tx, ground, &row.of_names())?
    {
        let same = by_reference(tx, ground, &row.of_content())?;
        let is_same = same.as_ref() == Some(&id);
        // Rows of namesakes are told apart by their order, which another list may not keep.
        if !is_same && by_reference(tx, ground, &row.of_namesake())?.is_some() {
            let known = Known {
                keeps_names: true,
                ..doubtful(id, one.here, Here::Leave)
            };
            return Ok(known);
        }
        return Ok(Known {
            is_left: is_same && !options.replace_answers,
            keeps_names: true,
            ..certain(Some(id))
        });
    }
    let name = wanted.household.as_deref().unwrap_or_default();
    let same: Vec<(InvitationId, Option<String>, Option<String>)> = sql!(
        "SELECT id, email, phone FROM invitation
         WHERE occasion = :occasion AND sort_name = :name AND archived_at IS NULL ORDER BY id",
        occasion,
        name = text_cleaning::fold(name)
    )
    .all(tx)?;
    let folded = |email: &Option<String>| email.as_deref().map(text_cleaning::fold);
    let (email, number) = (folded(&wanted.email), wanted.phone.as_deref());
    let home = ground.occasion.home_country();
    let mut free = same.iter().filter(|(id, ..)| !taken(id));
    let is_same = |(_, there, phone): &&(InvitationId, Option<String>, Option<String>)| {
        let has_other_phone = || number.is_some() && phone.is_some();
        folded(there) == email && (email.is_some() || !has_other_phone())
    };
    if let Some((id, ..)) = free.clone().find(is_same) {
        let is_one_of_several = email.is_none() && same.iter().filter(is_same).count() > 1;
        return Ok(if is_one_of_several {
            doubtful(id.clone(), one.here, Here::Leave)
        } else {
            certain(Some(id.clone()))
        });
    }
    let by_phone = free.clone().find(|(.., phone)| {
        let numbers = number.zip(phone.as_deref());
        numbers.is_some_and(|(one, other)| is_same_number(one, other, home))
    });
    let (found, usual) = match by_phone {
        Some((id, ..)) => (Some(id), Here::Leave),
        None => (free.next().map(|(id, ..)| id), Here::Add),
    };
    let Some(id) = found else {
        let free = people.of(wanted).find(|id| !taken(id));
        return free.map_or_else(|| Ok(Known::default()), |id| with_people(tx, one, id, home));
    };
    Ok(doubtful(id.clone(), one.here, usual))
}

/// The household that has the people of the list's under another name.
fn with_people(
    tx: &mut Tx<'_>,
    one: &Gathered,
    id: &InvitationId,
    home: Option<Region>,
) -> Result<Known, StoreError> {
    let (household, email, phone): (String, Option<String>, Option<String>) = sql!(
        "SELECT household, email, phone FROM invitation WHERE id = :id",
        id
    )
    .one(tx)?;
    let wanted = &one.record;
    let emails = wanted.email.as_deref().zip(email.as_deref());
    let phones = wanted.phone.as_deref().zip(phone.as_deref());
    let has_email =
        emails.is_some_and(|(one, other)| text_cleaning::fold(one) == text_cleaning::fold(other));
    let has_phone = phones.is_some_and(|(one, other)| is_same_number(one, other, home));
    let usual = if has_email || has_phone {
        Here::Leave
    } else {
        Here::Add
    };
    Ok(Known {
        people_of: Some(household),
        ..doubtful(id.clone(), one.here, usual)
    })
}

/// What the host has decided, or what is usual.
fn doubtful(id: InvitationId, decided: Option<Here>, usual: Here) -> Known {
    let decided = decided.unwrap_or(usual);
    Known {
        id: (decided != Here::Add).then_some(id),
        is_left: decided == Here::Leave,
        asked: Some(usual),
        ..Known::default()
    }
}

fn certain(id: Option<InvitationId>) -> Known {
    Known {
        id,
        ..Known::default()
    }
}

fn by_reference(
    tx: &mut Tx<'_>,
    ground: &Ground,
    reference: &str,
) -> Result<Option<InvitationId>, StoreError> {
    let found: Option<(InvitationId,)> = sql!(
        "SELECT invitation.id FROM invitation_reference
         JOIN invitation ON invitation.id = invitation_reference.invitation
         WHERE invitation_reference.occasion = :occasion
           AND invitation_reference.reference = :reference
           AND invitation.archived_at IS NULL",
        occasion = ground.occasion.id,
        reference
    )
    .maybe(tx)?;
    Ok(found.map(|(id,)| id))
}

/// Whether two numbers are one by the rules of their countries; if one of them cannot be read, by
/// their last digits.
fn is_same_number(one: &str, other: &str, home: Option<Region>) -> bool {
    let read = |typed| Phone::read(typed, home).e164;
    if let (Some(one), Some(other)) = (read(one), read(other)) {
        return one == other;
    }
    let digits = |typed: &str| -> String { typed.chars().filter(char::is_ascii_digit).collect() };
    let (one, other) = (digits(one), digits(other));
    let (one, other) = (one.trim_start_matches('0'), other.trim_start_matches('0'));
    let shorter = one.len().min(other.len());
    shorter >= FEWEST_DIGITS && (one.ends_with(other) || other.ends_with(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_same_with_its_country() {
        let home = Region::find("MY");
        for (one, other, is_same) in [
            ("012-345 6789", "+60 12 345 6789", true),
            ("012-345 6789", "٠١٢٣٤٥٦٧٨٩", true),
            ("0123456789", "0123456789", true),
            ("0123456789", "0123456780", false),
            ("012-345 6789", "+65 9123 4567", false),
            ("6789", "0123456789", false),
            ("", "", false),
            // One that cannot be read.
            ("345 67 89 ask Ann", "+60 12 345 6789", true),
        ] {
            assert_eq!(is_same_number(one, other, home), is_same, "{one} {other}");
        }
    }
}
