//! Cells of a row that no household can keep.

use occasions::words::AskedOf;
use platform::text_cleaning::clean_line;

use super::cells::Cells;
use super::finding::{Finding, MOST_FINDINGS, Warning};
use crate::household_document::Ground;
use crate::household_document::table::{Column, Field, OF_GUEST};

/// If several columns have one of these meanings, their cells are joined.
const JOINED: [Field; 8] = [
    Field::Names,
    Field::Tags,
    Field::Address,
    Field::Message,
    Field::Note,
    Field::Wish,
    Field::Diets,
    Field::DietNote,
];

/// Tells the cells of a row that are left out.
pub(super) struct LeftOut<'a> {
    pub(super) row: usize,
    pub(super) findings: &'a mut Vec<Finding>,
    pub(super) unnamed: &'a mut usize,
}

impl LeftOut<'_> {
    pub(super) fn tell(&mut self, column: impl Into<Column>, cell: &str) {
        self.warn(column.into(), Warning::LeftOut, cell);
    }

    fn warn(&mut self, column: Column, warning: Warning, cell: &str) {
        if self.findings.len() < MOST_FINDINGS {
            let told = Finding::warning(self.row, column, warning, cell);
            self.findings.push(told);
        } else {
            *self.unnamed += 1;
        }
    }

    /// Sets a value that has not been set, and tells one that differs from what stands there.
    pub(super) fn unless_first(&mut self, place: &mut Option<String>, field: Field, text: String) {
        if text.is_empty() {
            return;
        }
        match place {
            None => *place = Some(text),
            Some(known) if *known == text => {}
            Some(_) => self.tell(field, &text),
        }
    }

    /// Tells the cells of columns whose meaning an earlier column has already.
    pub(super) fn repeated(&mut self, row: &Cells<'_>) {
        let filled: Vec<(&Column, &str)> = row.filled().collect();
        for (at, (column, cell)) in filled.iter().enumerate() {
            let is_joined = match column {
                Column::Field(field) => JOINED.contains(field),
                Column::Skip => true,
                Column::Reply(_) | Column::Answer(_) => false,
            };
            let mut earlier = filled[..at].iter();
            let is_other = earlier.any(|(one, there)| one == column && there != cell);
            // A whole name stands before its parts.
            let whole = match column {
                Column::Field(Field::FirstName | Field::LastName) => Some(Field::Guest),
                Column::Field(Field::PartnerFirst | Field::PartnerLast) => Some(Field::Partner),
                _ => None,
            };
            let whole = whole.map(|field| row.line(field)).unwrap_or_default();
            let is_missing = !whole.is_empty() && !whole.contains(&clean_line(cell));
            if (!is_joined && is_other) || is_missing {
                self.tell((*column).clone(), cell);
            }
        }
    }

    /// Tells what is said about guests where a row names no guest, or more than one.
    pub(super) fn of_guests(&mut self, row: &Cells<'_>, ground: &Ground, guests: usize) {
        for (column, cell) in row.filled() {
            let is_of_one = match column {
                Column::Skip | Column::Field(Field::Guest) => false,
                Column::Field(field) => OF_GUEST.contains(field),
                Column::Answer(key) => {
                    let mut asked = ground.questions.iter();
                    asked.any(|one| one.key == *key && one.asked_of == AskedOf::Guest)
                }
                Column::Reply(_) => guests == 0,
            };
            match guests {
                0 if is_of_one => self.tell(column.clone(), cell),
                0 | 1 => {}
                _ if is_of_one => self.warn(column.clone(), Warning::FirstGuest, cell),
                _ => {}
            }
        }
    }
}
