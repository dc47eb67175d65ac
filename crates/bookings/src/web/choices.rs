//! The fields in which providers and members choose session types, levels and entries of the
//! catalogue.

use std::collections::BTreeSet;

use web::form_state::{Field, FormState};
use web::{Form, Text};

use crate::choice::{Choice, Choices, Kind, Listed};

pub(super) fn read_sets(form: &Form) -> Choices {
    let all = |kind: Kind| form.all(kind.set().0).map(str::to_owned).collect();
    Choices {
        session_types: all(Kind::SessionType),
        levels: all(Kind::Level),
        entries: all(Kind::Entry),
    }
}

fn options(
    all: &[Listed],
    kind: Kind,
    is_meant: impl Fn(&Listed) -> bool,
) -> Vec<(String, String)> {
    let of_kind = all.iter().filter(|one| one.kind == kind && is_meant(one));
    of_kind
        .map(|one| (one.code.clone(), one.label.clone()))
        .collect()
}

fn active(all: &[Listed], kind: Kind) -> Vec<(String, String)> {
    options(all, kind, |one| one.active)
}

fn labels(all: &[Listed], kind: Kind, set: &[String]) -> Vec<(String, String)> {
    options(all, kind, |one| set.contains(&one.code))
}

fn lists(all: &[Listed]) -> impl Iterator<Item = (Kind, Vec<(String, String)>)> {
    let lists = Kind::ALL.iter().map(|kind| (*kind, active(all, *kind)));
    lists.filter(|(_, items)| !items.is_empty())
}

/// Checkboxes for the sets of a slot, one group for each list that has items.
pub(super) fn sets(text: &Text, form_state: &FormState, all: &[Listed]) -> Vec<Field> {
    let fields = lists(all).map(|(kind, items)| {
        let field = form_state.ticks(kind.set().0, text.say(kind.label()), items);
        field.hint(text.say("choice-set-hint"))
    });
    fields.collect()
}

/// One selection for each list that has items. The first option, `none`, stands for no choice.
pub(super) fn selects(
    text: &Text,
    form_state: &FormState,
    all: &[Listed],
    none: &'static str,
) -> Vec<Field> {
    let fields = lists(all).map(|(kind, items)| {
        let items = with_none(text, none, items);
        form_state.select(kind.word(), text.say(kind.label()), items)
    });
    fields.collect()
}

fn with_none(
    text: &Text,
    none: &'static str,
    items: Vec<(String, String)>,
) -> Vec<(String, String)> {
    let none = (String::new(), text.say(none).into_owned());
    std::iter::once(none).chain(items).collect()
}

/// The fields in which a member chooses from a slot's sets. A set of one item needs no field, a
/// larger set offers its items, and an empty set offers all active items or none.
pub(super) fn asked(
    text: &Text,
    form_state: &FormState,
    all: &[Listed],
    offered: &Choices,
) -> Vec<Field> {
    let mut fields = Vec::new();
    for kind in Kind::ALL {
        let set = offered.of(*kind);
        let items = match set {
            [] => active(all, *kind),
            [_] => continue,
            set => labels(all, *kind, set),
        };
        if items.is_empty() {
            continue;
        }
        let none = if set.is_empty() {
            "choice-none"
        } else {
            "choice-pick"
        };
        let items = with_none(text, none, items);
        let field = form_state.select(kind.word(), text.say(kind.label()), items);
        fields.push(if set.is_empty() {
            field
        } else {
            field.required()
        });
    }
    fields.extend(track(text, form_state, all, &offered.entries));
    fields
}

/// A selection of the tracks of these entries, or of all active entries if `entries` is empty.
/// `None` if there is nothing to choose.
pub(super) fn track(
    text: &Text,
    form_state: &FormState,
    all: &[Listed],
    entries: &[String],
) -> Option<Field> {
    let is_meant = |one: &&Listed| {
        let is_offered = match entries {
            [] => one.active,
            entries => entries.contains(&one.code),
        };
        one.kind == Kind::Entry && is_offered
    };
    let tracks = all.iter().filter(is_meant).flat_map(|one| &one.tracks);
    let tracks: BTreeSet<&String> = tracks.collect();
    // A single track of a single entry is implied.
    if tracks.is_empty() || tracks.len() == 1 && entries.len() == 1 {
        return None;
    }
    let tracks = tracks.into_iter();
    let tracks = tracks.map(|track| (track.clone(), track.clone()));
    let items = with_none(text, "choice-none", tracks.collect());
    Some(form_state.select("track", text.say("choice-track"), items))
}

/// For each set that is not empty, the message id of its label and the labels of its items.
pub(super) fn facts(all: &[Listed], sets: &Choices) -> Vec<(&'static str, String)> {
    let kinds = Kind::ALL.iter().filter(|kind| !sets.of(**kind).is_empty());
    let facts = kinds.map(|kind| {
        let labels = labels(all, *kind, sets.of(*kind)).into_iter();
        let labels: Vec<String> = labels.map(|(_, label)| label).collect();
        (kind.label(), labels.join(", "))
    });
    facts.collect()
}

/// Like [`facts`], for what a member chose.
pub(super) fn chosen(all: &[Listed], choice: &Choice) -> Vec<(&'static str, String)> {
    let set = |kind: Kind| choice.of(kind).cloned().into_iter().collect();
    let sets = Choices {
        session_types: set(Kind::SessionType),
        levels: set(Kind::Level),
        entries: set(Kind::Entry),
    };
    let mut facts = facts(all, &sets);
    facts.extend(choice.track.clone().map(|track| ("choice-track", track)));
    facts
}
