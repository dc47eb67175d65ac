//! How a row's people are reached: their addresses and telephone numbers.

use super::super::super::warning::Warning;
use super::super::row::Row;
use super::super::{contacts, words};
use super::Household;
use crate::household_document::field::{Column, Field, folded};

pub(super) fn add_contact(
    one: &mut Household,
    row: &Row<'_>,
    at: usize,
    field: Field,
    from: usize,
) {
    let cell = row.cell(at);
    if row.is_own {
        let line = row.line_at(at);
        if !one.set(field, &line) {
            one.told
                .push(row.told(Some(&field.into()), Warning::LeftOut, &line));
        }
        return;
    }
    let has_at = cell.contains('@');
    if field == Field::Email || has_at {
        let mut found = contacts::emails(cell);
        let rest = contacts::take_emails(cell).0;
        if field != Field::Email || rest.chars().filter(char::is_ascii_digit).count() >= 7 {
            let numbers = contacts::phones(&rest);
            found.has_rest = numbers.has_rest || numbers.phones.is_empty() && found.has_rest;
            for phone in numbers.phones {
                add_phone(one, row, Some(at), &phone, from);
            }
        }
        if found.is_mended {
            one.told
                .push(row.told(Some(&field.into()), Warning::EmailMended, cell));
        }
        for email in &found.emails {
            add_email(one, row, Some(at), email);
        }
        let is_name = row.is_part_of_name(&rest);
        if found.emails.is_empty() || (found.has_rest && !is_name) {
            one.note_cell(
                row,
                at,
                if found.emails.is_empty() {
                    Warning::EmailInNote
                } else {
                    Warning::InNote
                },
            );
        }
        return;
    }
    let found = contacts::phones(cell);
    if found.has_lost_digits {
        one.told
            .push(row.told(Some(&field.into()), Warning::DigitsLost, cell));
    }
    for phone in &found.phones {
        add_phone(one, row, Some(at), phone, from);
    }
    if found.has_rest {
        one.note_cell(row, at, Warning::InNote);
    }
}

/// The first address is the household's, the next ones its people's.
pub(super) fn add_email(one: &mut Household, row: &Row<'_>, at: Option<usize>, email: &str) {
    let column = Column::from(Field::Email);
    if !row.is_own && words::is_misspelt(email) {
        let told = row.told(Some(&column), Warning::EmailDoubtful, email);
        one.told.push(told);
    }
    if one
        .lines
        .get(&Field::Email)
        .is_some_and(|known| folded(known) != folded(email))
    {
        let mut guests = one.guests.iter().enumerate();
        let free = guests.position(|(place, guest)| {
            place > 0 && guest.row == row.number && guest.email.is_empty() && !guest.is_child
        });
        if let Some(free) = free {
            email.clone_into(&mut one.guests[free].email);
        } else {
            one.note(row, Some(&column), &row.labelled(at, email));
            let told = row.told(Some(&column), Warning::InNote, email);
            one.told.push(told);
        }
        return;
    }
    one.set(Field::Email, email);
}

pub(super) fn add_phone(
    one: &mut Household,
    row: &Row<'_>,
    at: Option<usize>,
    phone: &str,
    from: usize,
) {
    if one.set(Field::Phone, phone) {
        return;
    }
    // A later row's number is its person's.
    let free = one
        .guests
        .get_mut(from)
        .filter(|guest| guest.phone.is_empty() && from > 0 && !guest.is_child);
    if let Some(guest) = free {
        phone.clone_into(&mut guest.phone);
    } else {
        let column = Column::from(Field::Phone);
        one.note(row, Some(&column), &row.labelled(at, phone));
        let told = row.told(Some(&column), Warning::InNote, phone);
        one.told.push(told);
    }
}
