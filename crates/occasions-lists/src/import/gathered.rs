//! What was read of a list: its households and what is said of them.

use std::collections::BTreeMap;

use super::finding::{Finding, MOST_FINDINGS};
use super::question::{Choice, Here};
use super::reading::Commas;
use crate::household_document::Record;
use crate::row_reference::RowReference;

/// A household in a list, with its row numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Gathered {
    pub(super) record: Record,
    /// The number of the household's first row.
    pub(super) row: usize,
    /// The row number of each guest in the household.
    pub(super) guest_rows: Vec<usize>,
    pub(super) findings: Vec<Finding>,
    /// The number of cells that are left out beyond those that `findings` names.
    pub(super) unnamed: usize,
    /// A hash of what the file says of it, by which its choices are found.
    pub(super) key: String,
    /// By what the same row is found again; `None` for a document.
    pub(super) reference: Option<RowReference>,
    /// What becomes of it if one like it is here; `None` if nobody has said it.
    pub(super) here: Option<Here>,
    /// By event, whether the list says that it is invited.
    pub(super) says_invited: BTreeMap<String, bool>,
    /// The events of a new household, if the list does not name them; `None` means all events.
    pub(super) invited: Option<Vec<String>>,
}

impl Gathered {
    /// Makes true for a household's events what the list says of them.
    pub(super) fn set_invited(&self, events: &mut Vec<String>) {
        for (event, is_invited) in &self.says_invited {
            if !is_invited {
                events.retain(|known| known != event);
            } else if !events.contains(event) {
                events.push(event.clone());
            }
        }
    }

    pub(super) fn tell(&mut self, finding: Finding) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(finding);
        } else {
            self.unnamed += 1;
        }
    }
}

/// The households of a list, and what is said about cells that belong to none of them.
#[derive(Default)]
pub(super) struct Gathering {
    pub(super) households: Vec<Gathered>,
    pub(super) findings: Vec<Finding>,
    pub(super) choices: Vec<Choice>,
    /// What the commas of the list part, if it is not certain.
    pub(super) commas: Option<Commas>,
    /// The number of people in all households.
    pub(super) people: i64,
}
