//! Households of a list that are perhaps one with an earlier one of it.

use std::collections::{BTreeMap, BTreeSet};

use occasions::hosting::duplicates::is_full_name;
use occasions::phone::Phone;
use platform::text_cleaning::fold;
use web::Region;

use super::choice;
use super::finding::Finding;
use super::gathered::Gathered;
use super::warning::Warning;
use crate::household_document::Record;
use crate::household_document::table::Field;

/// The fewest digits by which two numbers that cannot be read are one.
const FEWEST_DIGITS: usize = 6;

/// The households that a list names before another, by what they may have in common.
#[derive(Default)]
pub(super) struct Earlier {
    /// By the folded names of their people.
    people: BTreeMap<String, BTreeSet<usize>>,
    /// By their folded names.
    names: BTreeMap<String, usize>,
    /// By telephone numbers and addresses, also of their people.
    contacts: BTreeMap<String, usize>,
    /// Their rows and names.
    all: Vec<(usize, String)>,
}

impl Earlier {
    /// Says with which earlier household one may be the same, and remembers it.
    pub(super) fn alike(&mut self, one: &Gathered, home: Option<Region>) -> Option<Finding> {
        let here = self.all.len();
        let household = choice::name(&one.record);
        let folded = fold(&household);
        let people = self.same_people(&one.record, here);
        let mut contact = None;
        for way in ways(&one.record, home) {
            let known = *self.contacts.entry(way).or_insert(here);
            contact = contact.or(Some(known).filter(|known| *known != here));
        }
        // A document says itself which household it is.
        let is_row = one.reference.is_some() && one.record.code.is_none();
        let name = match self.names.get(&folded) {
            Some(known) if !folded.is_empty() => Some(*known),
            _ => None,
        };
        self.names.entry(folded.clone()).or_insert(here);
        self.all.push((one.row, household.clone()));
        let is_other = |known: &usize| fold(&self.all[*known].1) != folded;
        let ways = [
            (name.filter(|_| is_row), Warning::SameName),
            (people.filter(is_other), Warning::SamePeople),
            (
                contact.filter(|known| is_row && is_other(known)),
                Warning::SameContact,
            ),
        ];
        let mut ways = ways.into_iter();
        let (known, warning) = ways.find_map(|(known, warning)| Some((known?, warning)))?;
        let (row, other) = self.all.get(known)?;
        let value = format!("{household} · {other}");
        let finding = Finding::warning(one.row, Field::Household, warning, &value);
        Some(Finding {
            other_row: Some(*row),
            ..finding
        })
    }

    /// Returns the first household that has all people whom a record names, and remembers these.
    /// Somebody alone needs more than a first name.
    fn same_people(&mut self, record: &Record, here: usize) -> Option<usize> {
        let guests = record.guests.iter();
        let folded: BTreeSet<String> = guests
            .map(|guest| fold(&guest.name))
            .filter(|name| !name.is_empty())
            .collect();
        let is_enough = folded.len() > 1 || folded.iter().all(|name| is_full_name(name));
        let mut shared: Option<BTreeSet<usize>> = None;
        for name in folded {
            let with_name = self.people.entry(name).or_default();
            shared = Some(match shared {
                Some(shared) => &shared & &*with_name,
                None => with_name.clone(),
            });
            with_name.insert(here);
        }
        let first = shared.unwrap_or_default().into_iter().next();
        first.filter(|_| is_enough)
    }
}

fn ways(record: &Record, home: Option<Region>) -> BTreeSet<String> {
    let guests = record.guests.iter();
    let phones = guests.clone().map(|guest| &guest.phone);
    let emails = guests.map(|guest| &guest.email);
    let phones = phones.chain([&record.phone]).flatten();
    let emails = emails.chain([&record.email]).flatten();
    let number = |typed: &String| {
        let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
        let is_enough = digits.len() >= FEWEST_DIGITS;
        let read = Phone::read(typed, home).e164;
        read.or(Some(digits).filter(|_| is_enough))
    };
    let numbers = phones.filter_map(number);
    numbers.chain(emails.map(|email| fold(email))).collect()
}
