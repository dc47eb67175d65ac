//! Which sheets of a file are read, and where their headings are.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Redirect, Response};
use occasions::web::host::request::HostForm;
use web::form_state::FormState;
use web::{Form, Problem, Text};

use crate::import::{self, COMMAS, Change, Commas, ImportId, NO_HEADINGS, OfferedSheet, SHEETS};

/// The part of the page of columns about the sheets.
pub(super) struct SheetsForm {
    pub(super) action: String,
    /// Whether the form is open because something in it is wrong.
    pub(super) is_open: bool,
    /// Whether there are several sheets to tick.
    pub(super) has_ticks: bool,
    pub(super) sheets: Vec<SheetFields>,
    /// The names of the sheets that the spreadsheet does not show; often empty.
    pub(super) hidden: String,
    /// "The headings are not in row 3?"
    pub(super) question: String,
}

pub(super) struct SheetFields {
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) is_read: bool,
    /// The rows that may hold the headings, with their words, and whether they are the ones.
    pub(super) rows: Vec<(String, String, bool)>,
}

impl SheetsForm {
    /// `None` for a list without sheets.
    pub(super) fn of(
        text: &Text,
        action: String,
        sheets: &[OfferedSheet],
        form_state: &FormState,
    ) -> Option<Self> {
        let shown: Vec<&OfferedSheet> = sheets.iter().filter(|sheet| !sheet.is_hidden).collect();
        let hidden: Vec<&str> = sheets
            .iter()
            .filter(|sheet| sheet.is_hidden)
            .map(|sheet| sheet.name.as_str())
            .collect();
        let read: Vec<&&OfferedSheet> = shown.iter().filter(|sheet| sheet.is_read).collect();
        let question = match read.as_slice() {
            [only] if shown.len() == 1 => match only.headings {
                Some(row) => {
                    let row = row.to_string();
                    text.with("host-import-not-in-row", [("row", row.into())])
                }
                None => text.say("host-import-has-headings").into_owned(),
            },
            _ => text.say("host-import-sheets-and-headings").into_owned(),
        };
        (!shown.is_empty()).then(|| Self {
            action,
            is_open: !form_state.is_fine(),
            has_ticks: shown.len() > 1,
            sheets: shown.iter().map(|sheet| fields(text, sheet)).collect(),
            hidden: hidden.join(&text.say("list-comma")),
            question,
        })
    }
}

/// How the commas of a list were read, with the button that reads them the other way.
/// `host/import_commas.html` shows it.
pub(super) struct CommasForm {
    pub(super) action: String,
    pub(super) words: String,
    pub(super) other: &'static str,
    pub(super) button: String,
}

impl CommasForm {
    pub(super) fn of(text: &Text, action: String, commas: Commas) -> Self {
        let (words, other, button) = match commas {
            Commas::People => (
                "host-import-commas-people",
                Commas::Columns,
                "host-import-commas-to-columns",
            ),
            Commas::Columns => (
                "host-import-commas-columns",
                Commas::People,
                "host-import-commas-to-people",
            ),
        };
        Self {
            action,
            words: text.say(words).into_owned(),
            other: other.word(),
            button: text.say(button).into_owned(),
        }
    }
}

fn fields(text: &Text, sheet: &OfferedSheet) -> SheetFields {
    let none = (
        NO_HEADINGS.to_owned(),
        text.say("host-import-no-headings").into_owned(),
        sheet.headings.is_none(),
    );
    let rows = sheet.rows.iter().map(|(number, words)| {
        let values = [
            ("row", number.to_string().into()),
            ("words", words.clone().into()),
        ];
        let words = text.with("host-import-heading-row", values);
        (number.to_string(), words, sheet.headings == Some(*number))
    });
    SheetFields {
        number: sheet.number,
        name: sheet.name.clone(),
        is_read: sheet.is_read,
        rows: rows.chain([none]).collect(),
    }
}

/// Handles `POST /admin/o/{slug}/import/{id}/sheets`.
pub(in crate::web) async fn save_sheets(posted: HostForm) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let id: ImportId = req.id();
    let mut choices: BTreeMap<String, Option<String>> = BTreeMap::new();
    if form.is_ticked("ticks") {
        let ticked: Vec<&str> = form.all("sheet").collect();
        if ticked.is_empty() {
            let mut form_state = FormState::of(Form::default());
            let words = req.text.say("host-import-no-sheet").into_owned();
            form_state.complain("sheets", words);
            return super::show_columns(req, id, &form_state).await;
        }
        choices.insert(SHEETS.to_owned(), Some(ticked.join(",")));
    }
    for (sheet, row) in form.under("headings.") {
        // What is as it was found stays so.
        let was = form.text(&format!("was.{sheet}"));
        if let Ok(sheet) = sheet.parse()
            && row != was
        {
            choices.insert(import::headings_key(sheet), Some(row.to_owned()));
        }
    }
    let commas = form.find("commas");
    choices.extend(commas.map(|word| (COMMAS.to_owned(), Some(word.to_owned()))));
    let change = Change {
        choices,
        ..Change::default()
    };
    // The press stands on the preview, which shows at once what it does.
    let to = match commas {
        Some(_) => req.at(&format!("/import/{id}")),
        None => req.at(&format!("/import/{id}/columns")),
    };
    let catalogue = req.site.catalogue.clone();
    req.write(move |tx, host| import::change(tx, host, &catalogue, &id, &change))
        .await?;
    Ok(Redirect::to(&to).into_response())
}
