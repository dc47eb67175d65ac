//! A row of a list.

use platform::text_cleaning::{clean, clean_line};

use crate::household_document::table::{Column, Field};

/// The cells of a row. Each cell is found by the meaning of its column.
pub(super) struct Cells<'a> {
    pub(super) columns: &'a [Column],
    pub(super) cells: &'a [String],
}

impl Cells<'_> {
    /// The cells that are not empty.
    pub(super) fn filled(&self) -> impl Iterator<Item = (&Column, &str)> {
        let cells = self.columns.iter().zip(self.cells);
        let trimmed = cells.map(|(column, cell)| (column, cell.trim()));
        trimmed.filter(|(_, cell)| !cell.is_empty())
    }

    fn all(&self, field: Field) -> impl Iterator<Item = &str> {
        let of_field = self.filled();
        let of_field = of_field.filter(move |(column, _)| **column == Column::Field(field));
        of_field.map(|(_, cell)| cell)
    }

    pub(super) fn line(&self, field: Field) -> String {
        self.all(field).next().map(clean_line).unwrap_or_default()
    }

    pub(super) fn line_of_all(&self, field: Field, between: &str) -> String {
        self.all(field)
            .map(clean_line)
            .collect::<Vec<_>>()
            .join(between)
    }

    pub(super) fn text(&self, field: Field, between: &str) -> String {
        self.all(field).map(clean).collect::<Vec<_>>().join(between)
    }

    pub(super) fn replies(&self) -> impl Iterator<Item = (&String, String)> {
        self.filled().filter_map(|(column, cell)| match column {
            Column::Reply(event) => Some((event, clean_line(cell))),
            _ => None,
        })
    }

    pub(super) fn answers(&self) -> impl Iterator<Item = (&String, String)> {
        self.filled().filter_map(|(column, cell)| match column {
            Column::Answer(key) => Some((key, clean(cell))),
            _ => None,
        })
    }
}
