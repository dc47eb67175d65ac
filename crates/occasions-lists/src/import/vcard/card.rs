//! What a card says of a contact.

use std::collections::BTreeMap;

use platform::text_cleaning::{clean, clean_line};

use super::line::{self, Property};
use crate::household_document::field::folded;

/// The most properties of one card that are read.
const MOST: usize = 2_000;
/// The most characters of a label that somebody typed.
const LONGEST_LABEL: usize = 40;
/// Labels that programs give to every contact.
const OF_PROGRAMS: [&str; 2] = ["mycontacts", "starred"];
/// Properties that only programs read. They say nothing about the contact.
const TECHNICAL: [&str; 12] = [
    "BEGIN",
    "END",
    "VERSION",
    "PRODID",
    "REV",
    "UID",
    "CLIENTPIDMAP",
    "X-ABADR",
    "X-ABLABEL",
    "X-ABSHOWAS",
    "X-ABUID",
    "X-IMAGEHASH",
];

/// A number, an email address or an address, with what it is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Labelled {
    /// "mobile", "work" or what somebody typed; empty if nothing is known.
    pub(super) label: String,
    pub(super) value: String,
    group: String,
    is_preferred: bool,
}

/// A card, as far as it is read.
#[derive(Clone, Debug, Default)]
pub(super) struct Card {
    full_name: String,
    name: Vec<String>,
    pub(super) organisation: String,
    pub(super) phones: Vec<Labelled>,
    pub(super) emails: Vec<Labelled>,
    pub(super) addresses: Vec<Labelled>,
    pub(super) tags: Vec<String>,
    pub(super) notes: Vec<String>,
    labels: BTreeMap<String, String>,
    read: usize,
}

impl Card {
    /// Takes over a property. Returns false if it is not read.
    pub(super) fn add(&mut self, property: &Property) -> bool {
        let value = property.value.trim();
        if property.types.iter().any(|one| one == line::DATA) {
            return false;
        }
        if value.is_empty() || TECHNICAL.contains(&property.name.as_str()) {
            if property.name == "X-ABLABEL" {
                let label = line::text(value);
                let label = label.trim_start_matches("_$!<").trim_end_matches(">!$_");
                let label = clean_line(label).chars().take(LONGEST_LABEL).collect();
                self.labels.insert(property.group.clone(), label);
            }
            return true;
        }
        self.read += 1;
        if self.read > MOST {
            return false;
        }
        match property.name.as_str() {
            "FN" if self.full_name.is_empty() => self.full_name = clean_line(&line::text(value)),
            "N" if self.name.is_empty() => {
                let parts = line::parts(value, Some(';')).into_iter();
                self.name = parts.map(|part| clean_line(&part)).collect();
            }
            "ORG" if self.organisation.is_empty() => {
                let parts = line::parts(value, Some(';')).into_iter();
                let parts = parts.map(|part| clean_line(&part));
                let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
                self.organisation = parts.join(", ");
            }
            "TEL" => {
                let number = line::text(value);
                let number = number.strip_prefix("tel:").unwrap_or(&number);
                self.phones
                    .push(labelled(property, clean_line(number), of_phone));
            }
            "EMAIL" => {
                let email = clean_line(&line::text(value));
                self.emails.push(labelled(property, email, of_place));
            }
            "ADR" => {
                let parts = line::parts(value, Some(';')).into_iter();
                let parts = parts.map(|part| part.trim().to_owned());
                let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
                let address = clean(&parts.join(", "));
                if !address.is_empty() {
                    self.addresses.push(labelled(property, address, of_place));
                }
            }
            "CATEGORIES" => {
                for tag in line::parts(value, Some(',')) {
                    let tag = clean_line(&tag);
                    if !OF_PROGRAMS.contains(&folded(&tag).as_str()) {
                        self.tags.push(tag);
                    }
                }
            }
            "NOTE" => self.notes.push(clean(&line::text(value))),
            _ => return false,
        }
        true
    }

    /// Gives each value the label that its group has, and moves what is preferred to the front.
    pub(super) fn finish(&mut self) {
        for all in [&mut self.phones, &mut self.emails, &mut self.addresses] {
            for one in all.iter_mut() {
                let typed = self.labels.get(&one.group);
                let typed = typed.filter(|typed| !one.group.is_empty() && !typed.is_empty());
                if let Some(typed) = typed {
                    typed.clone_into(&mut one.label);
                }
                if is_mobile(&one.label) {
                    "mobile".clone_into(&mut one.label);
                }
            }
            all.retain(|one| !one.value.is_empty());
            all.sort_by_key(|one| !one.is_preferred);
        }
    }

    /// The contact's name, or else that of its organisation.
    pub(super) fn name(&self) -> String {
        let typed = self.typed_name();
        [&self.full_name, &typed, &self.organisation]
            .into_iter()
            .find(|name| !name.is_empty())
            .cloned()
            .unwrap_or_default()
    }

    /// The name by its parts, if they say more than the whole name.
    pub(super) fn other_name(&self) -> Option<String> {
        let whole = folded(&self.full_name);
        let typed = self.typed_name();
        let plain = folded(&typed);
        let is_said = |word: &str| whole.contains(word);
        let is_more = !whole.is_empty() && !plain.split(' ').all(is_said);
        is_more.then_some(typed)
    }

    fn typed_name(&self) -> String {
        let part = |at: usize| self.name.get(at).map(String::as_str).unwrap_or_default();
        let (family, given) = (part(0), part(1));
        let is_han = |text: &str| {
            let mut signs = text.chars();
            !text.is_empty() && signs.all(|sign| matches!(sign, '\u{4e00}'..='\u{9fff}'))
        };
        if is_han(family) && is_han(given) {
            return format!("{family}{given}");
        }
        let all = [part(3), given, part(2), family, part(4)];
        let all = all.into_iter().filter(|part| !part.is_empty());
        all.collect::<Vec<_>>().join(" ")
    }
}

fn labelled(property: &Property, value: String, label: fn(&[String]) -> &'static str) -> Labelled {
    let typed = clean_line(&property.label);
    Labelled {
        label: match typed.as_str() {
            "" => label(&property.types).to_owned(),
            typed => typed.chars().take(LONGEST_LABEL).collect(),
        },
        value,
        group: property.group.clone(),
        is_preferred: property.types.iter().any(|one| one == "PREF"),
    }
}

fn of_phone(types: &[String]) -> &'static str {
    let has = |word: &str| types.iter().any(|one| one == word);
    if has("FAX") {
        "fax"
    } else if has("PAGER") {
        "pager"
    } else if has("CELL") || has("MOBILE") || has("IPHONE") || has("X-MOBILE") {
        "mobile"
    } else if has("MAIN") {
        "main"
    } else {
        of_place(types)
    }
}

fn of_place(types: &[String]) -> &'static str {
    let has = |word: &str| types.iter().any(|one| one == word);
    if has("HOME") {
        "home"
    } else if has("WORK") {
        "work"
    } else if has("OTHER") {
        "other"
    } else {
        ""
    }
}

/// Whether somebody's word for a number says that it is a mobile one.
fn is_mobile(label: &str) -> bool {
    let plain = folded(label);
    matches!(
        plain.as_str(),
        "mobile"
            | "cell"
            | "cellphone"
            | "handphone"
            | "hp"
            | "iphone"
            | "whatsapp"
            | "wa"
            | "bimbit"
    )
}
