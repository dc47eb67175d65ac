//! What members choose when they book: a session type, a level and an entry of the catalogue. Each
//! slot has three sets, from which members choose: of session types, of levels and of entries. If
//! an entry has tracks, members choose one of them.

use std::collections::BTreeMap;

use platform::store::{IdSet, Row};
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Findings, Form, Problem};

use crate::codes::CHOICE_NOT_OFFERED;
use crate::{Refusal, catalogue};

web::words! {
    /// One of the three lists from which members choose.
    #[schema(as = BookingChoiceKind)]
    Kind {
        /// The session types.
        SessionType = "session_type" => "choice-session-type",
        /// The levels.
        Level = "level" => "choice-level",
        /// The catalogue.
        Entry = "entry" => "choice-entry",
    }
}

impl Kind {
    /// The name of a slot's set of this kind, and the maximum number of its items.
    pub(crate) const fn set(self) -> (&'static str, usize) {
        match self {
            Self::SessionType => ("session_types", 10),
            Self::Level => ("levels", 10),
            Self::Entry => ("entries", 50),
        }
    }
}

/// The sets of a slot from which members choose, by code or slug. An empty set allows any item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SlotChoices)]
pub struct Choices {
    /// The codes of the session types, up to 10.
    pub session_types: Vec<String>,
    /// The codes of the levels, up to 10.
    pub levels: Vec<String>,
    /// The slugs of the catalogue's entries, up to 50.
    pub entries: Vec<String>,
}

impl Choices {
    pub fn of(&self, kind: Kind) -> &[String] {
        match kind {
            Kind::SessionType => &self.session_types,
            Kind::Level => &self.levels,
            Kind::Entry => &self.entries,
        }
    }

    fn of_mut(&mut self, kind: Kind) -> &mut Vec<String> {
        match kind {
            Kind::SessionType => &mut self.session_types,
            Kind::Level => &mut self.levels,
            Kind::Entry => &mut self.entries,
        }
    }
}

/// What a member chose, by code or slug.
#[derive(Clone, Debug, Default, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
#[schema(as = BookingChoice)]
pub struct Choice {
    /// The code of the session type.
    pub session_type: Option<String>,
    /// The code of the level.
    pub level: Option<String>,
    /// The slug of the catalogue's entry.
    pub entry: Option<String>,
    /// One of the entry's tracks.
    pub track: Option<String>,
}

impl Choice {
    /// Reads the form fields or query parameters `session_type`, `level`, `entry` and `track`. An
    /// empty value means no choice.
    pub(crate) fn read(form: &Form) -> Self {
        let read = |name| {
            let code = Some(form.text(name)).filter(|code| !code.is_empty());
            code.map(str::to_owned)
        };
        let mut choice = Self::default();
        for kind in Kind::ALL {
            choice.set(*kind, read(kind.word()));
        }
        choice.track = read("track");
        choice
    }

    pub fn of(&self, kind: Kind) -> Option<&String> {
        match kind {
            Kind::SessionType => self.session_type.as_ref(),
            Kind::Level => self.level.as_ref(),
            Kind::Entry => self.entry.as_ref(),
        }
    }

    pub(crate) fn set(&mut self, kind: Kind, code: Option<String>) {
        match kind {
            Kind::SessionType => self.session_type = code,
            Kind::Level => self.level = code,
            Kind::Entry => self.entry = code,
        }
    }
}

/// An item of one of the three lists.
#[derive(Clone, Debug, Row)]
pub(crate) struct Listed {
    pub(crate) kind: Kind,
    pub(crate) code: String,
    pub(crate) label: String,
    pub(crate) active: bool,
    /// The tracks of an entry.
    #[row(json)]
    pub(crate) tracks: Vec<String>,
}

/// All items of the three lists, in their order.
pub(crate) fn listed(tx: &mut Tx<'_>) -> Result<Vec<Listed>, StoreError> {
    let all = sql!(
        "SELECT {Listed} FROM
             (SELECT 'session_type' AS kind, code, label, active, '[]' AS tracks, position
              FROM session_type
              UNION ALL SELECT 'level', code, label, active, '[]', position FROM level
              UNION ALL SELECT 'entry', slug, name, active, tracks, 0 FROM catalogue_entry) l
         ORDER BY kind, position, label, code"
    );
    tx.all(all, &[])
}

fn contains(all: &[Listed], kind: Kind, code: &str) -> bool {
    all.iter().any(|one| one.kind == kind && one.code == code)
}

/// Validates the sets that a provider sent. New items must be active. If a slot is changed, the
/// items of its old sets, `kept`, are accepted even if they are no longer active.
pub(crate) fn read(
    tx: &mut Tx<'_>,
    sent: &Choices,
    kept: Option<&Choices>,
    findings: &mut Findings,
) -> Result<Choices, StoreError> {
    let mut choices = sent.clone();
    if choices == Choices::default() {
        return Ok(choices);
    }
    let mut all = listed(tx)?;
    let is_kept = |one: &Listed| kept.is_some_and(|kept| kept.of(one.kind).contains(&one.code));
    all.retain(|one| one.active || is_kept(one));
    for kind in Kind::ALL {
        let (name, most) = kind.set();
        let set = choices.of_mut(*kind);
        set.sort();
        set.dedup();
        if set.len() > most {
            findings.add(&format!("/{name}"), "too_many", [("max", most.into())]);
        } else if !set.iter().all(|code| contains(&all, *kind, code)) {
            findings.add(&format!("/{name}"), CHOICE_NOT_OFFERED.code, []);
        }
    }
    Ok(choices)
}

/// Deletes the sets of a slot.
pub(crate) fn clear(tx: &mut Tx<'_>, slot: &str) -> Result<(), StoreError> {
    for delete in [
        sql!("DELETE FROM slot_session_type WHERE slot_id = $1"),
        sql!("DELETE FROM slot_level WHERE slot_id = $1"),
        sql!("DELETE FROM slot_entry WHERE slot_id = $1"),
    ] {
        tx.run(delete, &[&slot], Rows::Any)?;
    }
    Ok(())
}

/// Stores the sets of a new slot.
pub(crate) fn insert(tx: &mut Tx<'_>, slot: &str, choices: &Choices) -> Result<(), StoreError> {
    for kind in Kind::ALL {
        let insert = match kind {
            Kind::SessionType => {
                sql!("INSERT INTO slot_session_type (slot_id, session_type) VALUES ($1, $2)")
            }
            Kind::Level => sql!("INSERT INTO slot_level (slot_id, level) VALUES ($1, $2)"),
            Kind::Entry => sql!("INSERT INTO slot_entry (slot_id, entry) VALUES ($1, $2)"),
        };
        for code in choices.of(*kind) {
            tx.run(insert, &[&slot, code], Rows::Exactly(1))?;
        }
    }
    Ok(())
}

/// Where the sets of a slot stand.
#[derive(Clone, Copy, Debug)]
pub struct SlotSets<'a> {
    pub id: &'a str,
    /// Those of a slot of an offer, which are part of the slot. Those of a single time are in tables of
    /// their own.
    pub of_offer: Option<&'a Choices>,
}

/// The sets of one slot.
pub fn of_slot(tx: &mut Tx<'_>, slot: SlotSets<'_>) -> Result<Choices, StoreError> {
    let mut all = of_slots(tx, [slot])?;
    Ok(all.remove(slot.id).unwrap_or_default())
}

/// The sets of slots, by their ids. Slots without sets are not in the result.
pub(crate) fn of_slots<'a>(
    tx: &mut Tx<'_>,
    slots: impl IntoIterator<Item = SlotSets<'a>>,
) -> Result<BTreeMap<String, Choices>, StoreError> {
    let (mut all, mut single): (BTreeMap<String, Choices>, Vec<&str>) = Default::default();
    for slot in slots {
        match slot.of_offer {
            Some(choices) => drop(all.insert(slot.id.to_owned(), choices.clone())),
            None => single.push(slot.id),
        }
    }
    for set in IdSet::of(single) {
        let rows: Vec<(String, Kind, String)> = sql!(
            "SELECT slot_id, kind, code FROM
                 (SELECT slot_id, 'session_type' AS kind, session_type AS code
                  FROM slot_session_type
                  UNION ALL SELECT slot_id, 'level', level FROM slot_level
                  UNION ALL SELECT slot_id, 'entry', entry FROM slot_entry) c
             WHERE slot_id IN ({:IdSet}) ORDER BY kind, code",
            IdSet = set
        )
        .all(tx)?;
        for (slot, kind, code) in rows {
            all.entry(slot).or_default().of_mut(kind).push(code);
        }
    }
    Ok(all)
}

/// Returns what a member chose from a slot's sets. A set of one item implies that item, a larger
/// set requires one of its items, and an empty set allows any active item or none. If the entry has
/// tracks, the member chooses one of them; a single track is implied. Items in `kept`, which the
/// member chose earlier, are accepted even if they are no longer active.
///
/// Refuses anything else with 422 `choice_not_offered`, and names the fields.
pub(crate) fn choose(
    tx: &mut Tx<'_>,
    slot: SlotSets<'_>,
    chosen: &Choice,
    kept: &Choice,
) -> Result<Choice, Refusal> {
    let offered = of_slot(tx, slot)?;
    let mut active = Vec::new();
    if *chosen != Choice::default() {
        active = listed(tx)?;
        active.retain(|one| one.active || kept.of(one.kind) == Some(&one.code));
    }
    let mut choice = Choice::default();
    let mut problem = Problem::from(CHOICE_NOT_OFFERED);
    for kind in Kind::ALL {
        match (offered.of(*kind), chosen.of(*kind)) {
            ([], None) => {}
            ([one], None) => choice.set(*kind, Some(one.clone())),
            ([], Some(code)) if contains(&active, *kind, code) => {
                choice.set(*kind, Some(code.clone()));
            }
            (set, Some(code)) if set.contains(code) => choice.set(*kind, Some(code.clone())),
            _ => {
                let pointer = format!("/{}", kind.word());
                problem = problem.field(pointer, CHOICE_NOT_OFFERED.code, []);
            }
        }
    }
    let tracks = match &choice.entry {
        Some(entry) => catalogue::tracks(tx, entry)?,
        None => Vec::new(),
    };
    let is_kept = kept.entry == choice.entry && kept.track == chosen.track;
    choice.track = match (tracks.as_slice(), &chosen.track) {
        ([one], None) => Some(one.clone()),
        (_, None) => None,
        (tracks, Some(track)) if is_kept || tracks.contains(track) => Some(track.clone()),
        _ => {
            problem = problem.field("/track", CHOICE_NOT_OFFERED.code, []);
            None
        }
    };
    if problem.errors.is_empty() {
        Ok(choice)
    } else {
        Err(Refusal::Problem(problem))
    }
}

/// Reports items of the filter that the lists do not contain.
pub(crate) fn check_filter(
    tx: &mut Tx<'_>,
    filter: &Choice,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    if *filter == Choice::default() {
        return Ok(());
    }
    let all = listed(tx)?;
    for kind in Kind::ALL {
        if let Some(code) = filter.of(*kind)
            && !contains(&all, *kind, code)
        {
            let pointer = format!("/{}", kind.word());
            findings.add(&pointer, CHOICE_NOT_OFFERED.code, []);
        }
    }
    Ok(())
}
