//! Errors and warnings about the rows and columns of an imported list.

use serde::Serialize;
use utoipa::ToSchema;
use web::FieldProblem;

use super::reading::Told;
use super::warning::Warning;
use crate::household_document::table::{Column, Field};

/// The maximum number of errors and warnings that are reported for one household.
pub(super) const MOST_FINDINGS: usize = 100;
/// The most characters of a value that are shown.
const LONGEST_VALUE: usize = 1_000;

/// An error or warning about a list.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = ImportFinding)]
pub struct Finding {
    /// The row number as a spreadsheet shows it; for household documents, the household's number.
    pub row: usize,
    /// The column's name; empty for the household as a whole.
    pub column: String,
    /// Whether this is an error. A household with an error is skipped.
    pub is_error: bool,
    /// An error code, or the name of a warning.
    pub code: &'static str,
    /// The value in the file.
    pub value: String,
    /// The row of the earlier household with which this one has something in common.
    #[serde(skip)]
    pub other_row: Option<usize>,
    /// The error, with the values that its message contains.
    #[serde(skip)]
    pub problem: Option<FieldProblem>,
}

impl Finding {
    /// Builds the error for a word whose meaning is unknown.
    pub(super) fn unknown(row: usize, column: impl Into<Column>, value: &str) -> Self {
        Self::error(row, column, "unknown_option", value)
    }

    pub(super) fn error(
        row: usize,
        column: impl Into<Column>,
        code: &'static str,
        value: &str,
    ) -> Self {
        let column = column.into().word();
        let pointer = format!("/{column}");
        Self {
            row,
            column,
            is_error: true,
            code,
            value: shortened(value),
            other_row: None,
            problem: Some(FieldProblem::new(pointer, code, [])),
        }
    }

    pub(super) fn warning(
        row: usize,
        column: impl Into<Column>,
        warning: Warning,
        value: &str,
    ) -> Self {
        Self {
            row,
            column: column.into().word(),
            is_error: false,
            code: warning.word(),
            value: shortened(value),
            other_row: None,
            problem: None,
        }
    }

    /// Builds the warning for a line that belongs to no list.
    pub(super) fn line(row: usize, text: &str) -> Self {
        Self::told(&Told {
            row,
            column: None,
            warning: Warning::LineLeftOut,
            value: text.to_owned(),
        })
    }

    /// Builds the warning for what the reading of a table says.
    pub(super) fn told(told: &Told) -> Self {
        let column = told.column.as_ref();
        Self {
            row: told.row,
            column: column.map(Column::word).unwrap_or_default(),
            is_error: false,
            code: told.warning.word(),
            value: shortened(&told.value),
            other_row: None,
            problem: None,
        }
    }

    /// Whether this says that something in the list is not imported.
    pub(crate) fn is_left_out(&self) -> bool {
        const LOSSES: [Warning; 11] = [
            Warning::LeftOutAbsent,
            Warning::LineLeftOut,
            Warning::NotChosen,
            Warning::NotRead,
            Warning::LeftOutByHost,
            Warning::ColumnLeftAlone,
            Warning::LeftOut,
            Warning::DigitsLost,
            Warning::UnknownAnswer,
            Warning::NotInvited,
            Warning::UnknownLanguage,
        ];
        LOSSES.iter().any(|loss| loss.word() == self.code)
    }

    /// Builds an error from a rule that was violated. `problem` contains a JSON pointer into the
    /// household document.
    pub(super) fn refused(row: usize, problem: FieldProblem, value: &str) -> Self {
        Self {
            row,
            column: column(&problem.pointer),
            is_error: true,
            code: problem.code,
            value: shortened(value),
            other_row: None,
            problem: Some(problem),
        }
    }
}

fn shortened(value: &str) -> String {
    value.chars().take(LONGEST_VALUE).collect()
}

fn column(pointer: &str) -> String {
    let mut parts = pointer.split('/').skip(1);
    let first = parts.next().unwrap_or_default();
    let field = match first {
        "guests" => {
            let name = parts.nth(1).unwrap_or_default();
            match name {
                "name" | "" => Some(Field::Guest),
                "is_child" => Some(Field::Child),
                "email" => Some(Field::GuestEmail),
                "phone" => Some(Field::GuestPhone),
                "events" => Some(Field::GuestEvents),
                other => Field::find(other),
            }
        }
        "deadline_override" => Some(Field::Deadline),
        "host_message" => Some(Field::Message),
        "host_note" => Some(Field::Note),
        other => Field::find(other),
    };
    match field {
        Some(field) => field.word().to_owned(),
        None => match pointer.rsplit_once("/answers/") {
            Some((_, key)) => format!("question:{key}"),
            None => String::new(),
        },
    }
}
