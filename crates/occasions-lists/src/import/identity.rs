//! By what the rows of a list are recognised when the same list comes again, whatever was mended in
//! between.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use web::sheet::read::Line;

use super::gathered::Gathered;
use crate::household_document::Record;
use crate::household_document::table::{Column, Field};
use crate::row_reference::{DIGITS, RowReference};

const NAMES_AND_CONTACTS: [Field; 19] = [
    Field::Household,
    Field::Group,
    Field::Names,
    Field::Guest,
    Field::Title,
    Field::FirstName,
    Field::MiddleName,
    Field::LastName,
    Field::Suffix,
    Field::Partner,
    Field::PartnerTitle,
    Field::PartnerFirst,
    Field::PartnerLast,
    Field::PartnerSuffix,
    Field::Email,
    Field::Phone,
    Field::Contact,
    Field::GuestEmail,
    Field::GuestPhone,
];

/// Names each household of a table by its rows. `rows` are numbered from 1.
pub(super) fn name_rows(households: &mut [Gathered], columns: &[Column], rows: &[Line]) {
    let named: Vec<bool> = columns
        .iter()
        .map(|column| match column {
            Column::Field(field) => NAMES_AND_CONTACTS.contains(field),
            Column::Person(_) => true,
            Column::Skip | Column::Reply(_) | Column::Invited(_) | Column::Answer(_) => false,
        })
        .collect();
    // Whoever says that a column is something else wants its cells read anew.
    let read_as: Vec<String> = columns.iter().map(Column::word).collect();
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for one in households {
        let cells = |row: usize| {
            let line = row.checked_sub(1).and_then(|place| rows.get(place));
            line.map_or(&[][..], |(_, cells)| cells)
        };
        let first = cells(one.row).iter().zip(&named);
        let first = first
            .filter(|(_, is_named)| **is_named)
            .map(|(cell, _)| cell.as_str());
        let names = unique(hash(first), &mut times);
        let mut places = one.guest_rows.clone();
        places.push(one.row);
        places.sort_unstable();
        places.dedup();
        let all = places.iter().flat_map(|row| cells(*row).iter());
        let all = all.map(String::as_str);
        one.key.clone_from(&names);
        one.reference = Some(RowReference {
            names,
            content: hash(all.chain(read_as.iter().map(String::as_str))),
        });
    }
}

/// Names each document by its household, names and contacts.
pub(super) fn name_documents(households: &mut [Gathered]) {
    let mut times = BTreeMap::new();
    for one in households {
        let Record {
            household,
            email,
            phone,
            guests,
            ..
        } = &one.record;
        let own = [household, email, phone]
            .into_iter()
            .map(|part| part.as_deref().unwrap_or_default());
        let parts = own.chain(guests.iter().map(|guest| guest.name.as_str()));
        one.key = unique(hash(parts), &mut times);
    }
}

/// A short hash of a text.
pub(super) fn of_text(text: &str) -> String {
    hash(std::iter::once(text))
}

fn unique(hash: String, times: &mut BTreeMap<String, usize>) -> String {
    let times = times.entry(hash.clone()).or_default();
    *times += 1;
    match times {
        1 => hash,
        times => format!("{hash}-{times}"),
    }
}

fn hash<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        let part = part.trim();
        digest.update(part.len().to_be_bytes());
        digest.update(part);
    }
    let mut hex = String::new();
    for byte in digest.finalize() {
        let _ = write!(hex, "{byte:02x}");
    }
    hex.truncate(DIGITS);
    hex
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row_reference::is_of_row;

    fn reference(names: &str) -> RowReference {
        let mut times = BTreeMap::new();
        let hashed = unique(hash([names].into_iter()), &mut times);
        RowReference {
            names: hashed.clone(),
            content: hashed,
        }
    }

    #[test]
    fn a_reference_of_a_row_is_told_from_a_typed_one() {
        let row = reference("Tan");
        assert!(is_of_row(&row.of_names()) && is_of_row(&row.of_content()));
        for typed in ["row:5", "row:5:6", "T-12", ""] {
            assert!(!is_of_row(typed), "{typed}");
        }
    }

    #[test]
    fn equal_rows_are_told_apart_by_their_order_and_cells_by_their_borders() {
        let mut times = BTreeMap::new();
        let first = unique(hash(["a"].into_iter()), &mut times);
        let second = unique(hash(["a"].into_iter()), &mut times);
        assert_ne!(first, second);
        assert_ne!(hash(["ab", "c"].into_iter()), hash(["a", "bc"].into_iter()));
    }
}
