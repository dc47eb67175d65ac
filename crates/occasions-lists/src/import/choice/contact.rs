//! Which contacts of a phone are imported. Nobody is until a host says so.

use std::collections::BTreeMap;

use web::sheet::read::Line;

use super::super::finding::Finding;
use super::super::warning::Warning;
use super::Choices;
use crate::household_document::table::Field;

/// Followed by the number of a contact: [`CHOSEN`], if it is imported.
const CONTACT: &str = "contact:";
const CHOSEN: &str = "import";

fn key(number: usize) -> String {
    format!("{CONTACT}{number}")
}

pub(super) fn is_known(key: &str, value: Option<&str>) -> bool {
    let number = key.strip_prefix(CONTACT).map(str::parse::<usize>);
    number.is_some_and(|number| number.is_ok()) && value.is_none_or(|value| value == CHOSEN)
}

/// Returns the choices about some contacts.
pub(crate) fn contact_choices(
    shown: impl Iterator<Item = usize>,
    is_ticked: impl Fn(usize) -> bool,
) -> BTreeMap<String, Option<String>> {
    shown
        .map(|number| (key(number), is_ticked(number).then(|| CHOSEN.to_owned())))
        .collect()
}

impl Choices {
    pub(in super::super) fn has_contact(&self, number: usize) -> bool {
        self.value(&key(number)).is_some()
    }
}

/// The name of a contact stands in the first cell. One without a name is shown by a number or an
/// address.
pub(in super::super) fn contact_name(cells: &[String]) -> &str {
    let mut filled = cells.iter().filter(|cell| !cell.is_empty());
    filled.next().map(String::as_str).unwrap_or_default()
}

/// Keeps the contacts that are chosen. Returns what is said of the others and of what is not read.
pub(in super::super) fn chosen_contacts(
    rows: Vec<Line>,
    unread: Vec<(String, usize)>,
    choices: &Choices,
) -> (Vec<Line>, Vec<Finding>) {
    let (chosen, others): (Vec<Line>, Vec<Line>) = rows
        .into_iter()
        .partition(|(number, _)| choices.has_contact(*number));
    let mut findings = Vec::new();
    if let Some((first, _)) = others.first() {
        let names: Vec<&str> = others
            .iter()
            .map(|(_, cells)| contact_name(cells))
            .collect();
        let value = format!("{}: {}", names.len(), names.join(", "));
        let warning = Warning::NotChosen;
        findings.push(Finding::warning(*first, Field::Guest, warning, &value));
    }
    for (property, times) in unread {
        let value = format!("{property}: {times}");
        findings.push(Finding::warning(1, Field::Guest, Warning::NotRead, &value));
    }
    (chosen, findings)
}
