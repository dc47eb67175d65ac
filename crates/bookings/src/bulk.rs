//! Changes many slots of a provider at once.

use platform::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{FieldProblem, Findings, Problem};

use crate::provider::Provider;
use crate::slot::view::SlotView;
use crate::slot::{self, Place, SlotChange, SlotId};
use crate::{Refusal, meeting_link, request, settings};

const MOST: usize = 200;

web::words! {
    /// What is done with each slot.
    #[schema(as = SlotBulkAction)]
    Action {
        /// The slot gets a link to an online meeting.
        Link = "link" => "bulk-link",
        /// The slot is not offered any more.
        Hide = "hide" => "slot-hide",
        /// The slot is offered again.
        Show = "show" => "slot-show",
        /// The slot is deleted.
        Delete = "delete" => "slot-remove",
    }
}

/// A change of many slots.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SlotBulkChange)]
pub struct BulkChange {
    pub action: Action,
    /// The slots, 1 to 200.
    pub ids: Vec<SlotId>,
    /// The link, for the action `link`.
    #[serde(default)]
    pub link: String,
}

/// The result of the change for one slot.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SlotBulkResult)]
pub struct BulkResult {
    pub id: SlotId,
    /// The slot after the change; null if it was deleted.
    pub slot: Option<SlotView>,
}

/// Changes all of the slots or none. 422 `bulk_rejected` lists the reason for each slot that cannot
/// be changed, at `/ids/{id}`.
pub fn apply(
    tx: &mut Tx<'_>,
    provider: &Provider,
    sent: &BulkChange,
) -> Result<Vec<BulkResult>, Refusal> {
    let mut findings = Findings::default();
    if sent.ids.is_empty() {
        findings.add("/ids", "required", []);
    } else if sent.ids.len() > MOST {
        findings.add("/ids", "too_many", [("max", MOST.into())]);
    }
    let link = findings.line("/link", &sent.link, 0, 500);
    if sent.action == Action::Link {
        let hosts = settings::load(tx)?.meeting_hosts;
        meeting_link::check("/link", &link, &hosts, &mut findings);
    }
    findings.finish()?;
    // Slots are locked in the order of their ids.
    let mut ids = sent.ids.clone();
    ids.sort_by(|one, other| one.as_str().cmp(other.as_str()));
    ids.dedup();
    let mut results = Vec::new();
    let mut problem = Problem::from(crate::codes::BULK_REJECTED);
    for id in ids {
        match change(tx, provider, &id, sent.action, &link) {
            Ok(slot) => results.push(BulkResult { id, slot }),
            Err(Refusal::Store(error)) => return Err(error.into()),
            Err(refusal) => problem.errors.push(reason(&id, refusal)),
        }
    }
    if problem.errors.is_empty() {
        Ok(results)
    } else {
        Err(Refusal::Problem(problem))
    }
}

fn change(
    tx: &mut Tx<'_>,
    provider: &Provider,
    id: &SlotId,
    action: Action,
    link: &str,
) -> Result<Option<SlotView>, Refusal> {
    let slot = match action {
        Action::Link => {
            let change = SlotChange {
                location_kind: Some(Place::Online),
                location: Some(link.to_owned()),
                ..SlotChange::default()
            };
            request::change_slot_and_notify(tx, provider, id, None, &change)?
        }
        Action::Hide => slot::show(tx, provider, id, false)?,
        Action::Show => slot::show(tx, provider, id, true)?,
        Action::Delete => {
            request::remove_slot_and_notify(tx, provider, id)?;
            return Ok(None);
        }
    };
    Ok(Some(SlotView::of(tx, slot)?))
}

fn reason(id: &SlotId, refusal: Refusal) -> FieldProblem {
    let pointer = format!("/ids/{id}");
    let problem = Problem::from(refusal);
    match problem.errors.first() {
        Some(error) => FieldProblem {
            pointer,
            ..error.clone()
        },
        None => FieldProblem::new(pointer, problem.code, []),
    }
}
