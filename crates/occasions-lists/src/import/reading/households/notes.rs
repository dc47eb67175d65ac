//! What stands in a household's note, and whose it is.

use std::collections::BTreeSet;

use super::super::super::warning::Warning;
use super::super::row::{Row, Told};
use super::{Guest, Household, LONGEST_NOTE};
use crate::household_document::field::{Column, Field};

impl Household {
    /// Keeps a text in the note that is about the people of a row.
    pub(super) fn note_of_row(&mut self, row: &Row<'_>, column: Option<&Column>, text: &str) {
        let text = text.trim();
        self.note(row, column, text);
        self.row_notes.push((text.to_owned(), row.number));
    }

    /// Where the rows of a household have other people and say other things, their notes say whose
    /// they are.
    pub(super) fn name_row_notes(&mut self) {
        let all = std::mem::take(&mut self.row_notes);
        for note in &mut self.notes {
            let same = all.iter().filter(|(text, _)| text == note);
            let rows: BTreeSet<usize> = same.map(|(_, row)| *row).collect();
            let is_theirs = |guest: &&Guest| rows.contains(&guest.row);
            let (own, others): (Vec<&Guest>, Vec<&Guest>) = self.guests.iter().partition(is_theirs);
            let names = own.iter().map(|guest| guest.name.as_str());
            let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
            if !names.is_empty() && !others.is_empty() {
                *note = format!("{}: {note}", names.join(", "));
            }
        }
    }
}

/// Whether a note of these lines has room for one more.
pub(crate) fn fits(notes: &[String], line: &str) -> bool {
    let length: usize = notes.iter().map(|note| note.chars().count() + 1).sum();
    length + line.chars().count() <= LONGEST_NOTE
}

/// Leaves as much in the note as fits, and names the rest.
pub(super) fn fit_note(one: &mut Household) {
    let (row, mut kept) = (one.row, Vec::new());
    for note in std::mem::take(&mut one.notes) {
        if kept.contains(&note) {
            continue;
        }
        if fits(&kept, &note) {
            kept.push(note);
        } else {
            one.told.push(Told {
                row,
                column: Some(Field::Note.into()),
                warning: Warning::LeftOut,
                value: note,
            });
        }
    }
    one.notes = kept;
}
