//! Rows that are the same household.

use std::collections::BTreeMap;

use super::super::super::warning::Warning;
use super::super::counts;
use super::super::row::{Table, Told};
use super::{Household, List};
use crate::household_document::field::{Column, Field, folded};

/// A row with the name and the contact of an earlier one is the same household.
pub(super) fn join_doubles(list: &mut List, table: &Table<'_>) {
    let is_grouped = |one: &Household| one.lines.contains_key(&Field::Code);
    let all = std::mem::take(&mut list.households);
    let mut kept: Vec<Household> = Vec::new();
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    let has_group = table.columns.contains(&Field::Group.into());
    for mut one in all {
        let ways = ways(&one);
        let name = folded(&one.name);
        let earlier = names
            .get(&name)
            .copied()
            .filter(|_| !name.is_empty() && !has_group && !is_grouped(&one));
        if let Some(at) = earlier {
            let is_same = self::ways(&kept[at]).iter().any(|way| ways.contains(way));
            if is_same && !kept[at].lines.contains_key(&Field::Partner) {
                one.told.push(Told {
                    row: one.row,
                    column: Some(Field::Household.into()),
                    warning: Warning::Joined,
                    value: one.name.clone(),
                });
                join(&mut kept[at], one);
                continue;
            }
        }
        names.entry(name).or_insert(kept.len());
        kept.push(one);
    }
    list.households = kept;
}

/// The ways to reach a household: its addresses and its numbers' digits.
fn ways(one: &Household) -> Vec<String> {
    let email = one.lines.get(&Field::Email).map(|email| folded(email));
    let digits = |phone: &String| {
        phone
            .chars()
            .map(counts::plain_digit)
            .filter(char::is_ascii_digit)
            .collect::<String>()
    };
    let phone = one
        .lines
        .get(&Field::Phone)
        .map(digits)
        .filter(|digits| digits.len() >= 6);
    email.into_iter().chain(phone).collect()
}

fn join(one: &mut Household, other: Household) {
    let column = |field: Field| Some(Column::from(field));
    for (field, value) in other.lines {
        if !one.set(field, &value) {
            let number = other.row;
            one.told.push(Told {
                row: number,
                column: column(field),
                warning: Warning::InNote,
                value: value.clone(),
            });
            if !one.notes.contains(&value) {
                one.notes.push(value);
            }
        }
    }
    for guest in other.guests {
        let known = one
            .guests
            .iter_mut()
            .find(|known| folded(&known.name) == folded(&guest.name));
        let Some(known) = known else {
            one.guests.push(guest);
            continue;
        };
        known.diets.extend(guest.diets);
        known.diet_notes.extend(guest.diet_notes);
        for (place, value) in [
            (&mut known.email, guest.email),
            (&mut known.phone, guest.phone),
            (&mut known.kind, guest.kind),
            (&mut known.child, guest.child),
            (&mut known.events, guest.events),
        ] {
            if place.is_empty() {
                *place = value;
            } else if *place != value && !value.is_empty() {
                one.notes.push(value);
            }
        }
        known.is_child |= guest.is_child;
        known.age = known.age.or(guest.age);
        for (there, new) in [
            (&mut known.replies, guest.replies),
            (&mut known.answers, guest.answers),
        ] {
            add_missing(there, new, &mut one.notes);
        }
    }
    add_missing(&mut one.answers, other.answers, &mut one.notes);
    one.replies.extend(other.replies);
    for (event, is_invited) in other.invited {
        *one.invited.entry(event).or_default() |= is_invited;
    }
    for tag in &other.tags {
        one.tag(tag);
    }
    for note in other.notes {
        if !one.notes.contains(&note) {
            one.notes.push(note);
        }
    }
    one.row_notes.extend(other.row_notes);
    one.noted_places = one.noted_places.max(other.noted_places);
    one.told.extend(other.told);
    let has_other =
        |there: Option<i64>, new: Option<i64>| there.is_some() && new.is_some() && there != new;
    let number = |all: &[usize]| all.iter().max().and_then(|most| i64::try_from(*most).ok());
    let children = |one: Option<usize>| one.and_then(|number| i64::try_from(number).ok());
    let totals = (number(&one.totals), number(&other.totals));
    let declared = (
        children(one.declared_children),
        children(other.declared_children),
    );
    for (field, there, new) in [
        (Field::PlusOnes, one.declared, other.declared),
        (Field::Children, declared.0, declared.1),
        (Field::People, totals.0, totals.1),
    ] {
        if has_other(there, new) {
            let value = there.min(new).unwrap_or_default().to_string();
            let (row, warning) = (other.row, Warning::NumberDoubtful);
            one.told.push(Told {
                row,
                column: column(field),
                warning,
                value,
            });
        }
    }
    // The same household says the same number twice.
    let total = one.totals.iter().chain(&other.totals).max().copied();
    one.totals = total.into_iter().collect();
    one.places = one.places.max(other.places);
    one.child_places = one.child_places.max(other.child_places);
    one.declared = one.declared.max(other.declared);
    one.declared_children = one.declared_children.max(other.declared_children);
    one.is_open |= other.is_open;
}

fn add_missing(
    there: &mut Vec<(String, String)>,
    new: Vec<(String, String)>,
    notes: &mut Vec<String>,
) {
    for (key, value) in new {
        match there.iter().find(|(known, _)| *known == key) {
            Some((_, known)) if *known == value => {}
            Some(_) => notes.push(value),
            None => there.push((key, value)),
        }
    }
}

/// "Guest of Tom Baker" is a place in the one household that has exactly that name.
pub(super) fn place_guests(list: &mut List) {
    let all = std::mem::take(&mut list.households);
    let (guests, mut kept): (Vec<_>, Vec<_>) = all
        .into_iter()
        .enumerate()
        .partition(|(_, one)| one.guests.is_empty() && one.lines.contains_key(&Field::Partner));
    for (place, mut guest) in guests {
        let host = guest.lines.remove(&Field::Partner).unwrap_or_default();
        let is_host = |one: &Household| {
            folded(&one.name) == folded(&host)
                || one
                    .guests
                    .iter()
                    .any(|guest| folded(&guest.name) == folded(&host))
        };
        let mut hosts = kept
            .iter()
            .enumerate()
            .filter(|(_, (_, one))| is_host(one))
            .map(|(at, _)| at);
        if let (Some(at), None) = (hosts.next(), hosts.next()) {
            let mut other = std::mem::take(&mut guest);
            let host = &mut kept[at].1;
            let places = host.places.saturating_add(other.places);
            other.lines.remove(&Field::Household);
            join(host, other);
            host.places = places;
            continue;
        }
        guest.name = format!("Guest of {host}");
        let (row, value) = (guest.row, guest.name.clone());
        guest.told.push(Told {
            row,
            column: None,
            warning: Warning::NobodyNamed,
            value,
        });
        kept.push((place, guest));
    }
    kept.sort_by_key(|(place, _)| *place);
    list.households = kept.into_iter().map(|(_, one)| one).collect();
}
