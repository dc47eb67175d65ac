//! What the pages show of a list: its first households, whom a host may invite to what, and what is
//! left out.

use std::collections::BTreeMap;

use occasions::hosting::Refusal;
use occasions::hosting::permissions::HostOf;
use occasions::id::InvitationId;
use platform::store::IdSet;
use platform::text_cleaning::fold;
use platform::{Tx, sql};
use web::Catalogue;

use super::check::check_all;
use super::choice::{self, Choices};
use super::reading::Commas;
use super::stored::households;
use super::{Check, Finding, Import, ImportId, Outcome, draft, load};
use crate::household_document::{self, Ground, Record};

/// The most ticks that the page of columns offers for labels, and the most bytes of all these labels.
/// A form with more is refused.
const MOST_TICKS: usize = 1_500;
const MOST_LABEL_BYTES: usize = 24 * 1024;

/// What an import would do, and the first of its households.
pub(crate) struct Preview {
    pub(crate) import: Import,
    pub(crate) check: Check,
    pub(crate) ground: Ground,
    pub(crate) households: Vec<PreviewedHousehold>,
    /// What the commas of the list part, if it is not certain.
    pub(crate) commas: Option<Commas>,
}

/// A household as the import would write it.
pub(crate) struct PreviewedHousehold {
    pub(crate) row: usize,
    pub(crate) record: Record,
    /// The household as it is, if the import changes it.
    pub(crate) before: Option<Record>,
    /// How many people nobody names.
    pub(crate) places: i64,
    /// The keys of the events to which the household is invited.
    pub(crate) invited: Vec<String>,
    pub(crate) outcome: Outcome,
}

/// Returns what the import would do, with the first `most` households.
pub(crate) fn preview(
    tx: &mut Tx<'_>,
    host: &HostOf,
    catalogue: &Catalogue,
    id: &ImportId,
    most: usize,
) -> Result<Preview, Refusal> {
    let import = draft(tx, host, id)?;
    let ground = Ground::load(tx, host)?;
    let gathering = households(tx, catalogue, &ground, &import)?;
    let commas = gathering.commas;
    let (check, mut all) = check_all(tx, &ground, &import, gathering)?;
    all.sort_by_key(|(_, looked)| rank(looked.outcome));
    let shown = all.iter().take(most);
    let ids = shown.filter_map(|(_, looked)| looked.here.clone());
    let here = household_document::all(tx, &ground, ids)?;
    let mut here: BTreeMap<InvitationId, Record> = here.into_iter().collect();
    let mut households = Vec::new();
    for (one, mut looked) in all.into_iter().take(most) {
        // What stays is shown as it is here, which the list may not know.
        if let Some(record) = looked.here.as_ref().and_then(|id| here.remove(id)) {
            looked.after = record;
        }
        let every = || {
            ground
                .events
                .iter()
                .map(|event| event.key.clone())
                .collect()
        };
        households.push(PreviewedHousehold {
            row: one.row,
            places: choice::places(&looked.after),
            invited: looked.after.events.clone().unwrap_or_else(every),
            record: looked.after,
            before: looked.before,
            outcome: looked.outcome,
        });
    }
    Ok(Preview {
        import,
        check,
        ground,
        households,
        commas,
    })
}

/// What a list changes is looked at first, what stays last.
fn rank(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Changed => 0,
        Outcome::Made | Outcome::Undone | Outcome::Kept => 1,
        Outcome::Failed => 2,
        Outcome::Same => 3,
    }
}

/// The events to which new households of a list are invited.
pub(crate) struct InvitedTo {
    /// The number of people in the list.
    pub(crate) people: i64,
    /// The keys of the events that are ticked for the whole list.
    pub(crate) general: Vec<String>,
    /// The labels, the most frequent first, with the keys of the events that were chosen for them
    /// alone.
    pub(crate) labels: Vec<InvitedLabel>,
    /// How many labels are not among them.
    pub(crate) more_labels: usize,
}

pub(crate) struct InvitedLabel {
    pub(crate) label: String,
    pub(crate) events: Option<Vec<String>>,
}

pub(crate) fn invited_to(
    tx: &mut Tx<'_>,
    host: &HostOf,
    catalogue: &Catalogue,
    id: &ImportId,
) -> Result<InvitedTo, Refusal> {
    let import = draft(tx, host, id)?;
    let ground = Ground::load(tx, host)?;
    let gathering = households(tx, catalogue, &ground, &import)?;
    let choices = Choices::load(tx, id)?;
    let mut times: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for one in &gathering.households {
        for tag in one.record.tags.iter().flatten() {
            times.entry(fold(tag)).or_insert_with(|| (0, tag.clone())).0 += 1;
        }
    }
    let mut labels: Vec<(usize, String)> = times.into_values().collect();
    labels.sort_by_key(|(times, _)| std::cmp::Reverse(*times));
    let all_labels = labels.len();
    labels.truncate(MOST_TICKS / (ground.events.len() + 2));
    let mut bytes = 0;
    labels.retain(|(_, label)| {
        bytes += label.len();
        bytes <= MOST_LABEL_BYTES
    });
    let more_labels = all_labels - labels.len();
    let labels = labels.into_iter().map(|(_, label)| InvitedLabel {
        events: choices.events_of_label(&label),
        label,
    });
    Ok(InvitedTo {
        people: gathering.people,
        general: choices.general_events(&ground, gathering.people),
        labels: labels.collect(),
        more_labels,
    })
}

/// Returns what was left out of a list, as long as its rows are stored.
pub(crate) fn left_out(
    tx: &mut Tx<'_>,
    host: &HostOf,
    catalogue: &Catalogue,
    id: &ImportId,
) -> Result<Vec<Finding>, Refusal> {
    let import = load(tx, host, id)?;
    let ground = Ground::load(tx, host)?;
    let gathering = households(tx, catalogue, &ground, &import)?;
    let of_households = gathering.households.into_iter();
    let of_households = of_households.flat_map(|one| one.findings);
    let all = gathering.findings.into_iter().chain(of_households);
    let mut all: Vec<Finding> = all.filter(Finding::is_left_out).collect();
    all.sort_by_key(|finding| finding.row);
    Ok(all)
}

/// How many households of a list are here, with their people.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Imported {
    pub(crate) households: i64,
    pub(crate) people: i64,
    /// How many of the people nobody names.
    pub(crate) nameless: i64,
    /// How many households have neither a telephone number nor an email address.
    pub(crate) unreachable: i64,
}

pub(crate) fn imported(tx: &mut Tx<'_>, host: &HostOf, id: &ImportId) -> Result<Imported, Refusal> {
    load(tx, host, id)?;
    let all: Vec<(InvitationId,)> = sql!(
        "SELECT DISTINCT invitation FROM import_row
         WHERE import = :id AND outcome IN ('made', 'changed', 'same', 'kept')
           AND invitation IS NOT NULL",
        id
    )
    .all(tx)?;
    let mut sum = Imported::default();
    for set in IdSet::of(all.iter().map(|(id,)| id.as_str())) {
        let (households, places, unreachable): (i64, i64, i64) = sql!(
            "SELECT COUNT(*), COALESCE(CAST(SUM(plus_ones + children) AS BIGINT), 0),
                    COALESCE(CAST(SUM(CASE WHEN email IS NULL AND phone IS NULL THEN 1 ELSE 0 END)
                             AS BIGINT), 0)
             FROM invitation WHERE id IN ({:IdSet}) AND archived_at IS NULL",
            IdSet = set.clone()
        )
        .one(tx)?;
        let (named,): (i64,) = sql!(
            "SELECT COUNT(*) FROM guest
             JOIN invitation ON invitation.id = guest.invitation
             WHERE invitation.id IN ({:IdSet}) AND guest.name <> ''
               AND invitation.archived_at IS NULL",
            IdSet = set
        )
        .one(tx)?;
        sum.households += households;
        sum.people += named + places;
        sum.nameless += places;
        sum.unreachable += unreachable;
    }
    Ok(sum)
}
