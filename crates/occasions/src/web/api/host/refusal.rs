//! The stored data that a refusal shows a host.

use serde_json::Value;
use web::Problem;

use super::change_response::{Saved, Sees};
use super::view;
use crate::occasion::Occasion;
use crate::refusal::{Current, Refusal};

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        problem(refusal, Sees::default())
    }
}

/// Converts the refusal to a problem, with the stored data that the caller may see.
pub(crate) fn problem(refusal: Refusal, sees: Sees) -> Problem {
    let current = match &refusal {
        Refusal::VersionConflict(current) => Some(stored(current, sees)),
        _ => None,
    };
    let mut problem = refusal.problem();
    problem.current = current;
    problem
}

/// Serialises the stored record in the form that the record's own path returns to this caller.
fn stored(current: &Current, sees: Sees) -> Value {
    let shown = match current {
        Current::Occasion(occasion) => Saved::of(Occasion::clone(occasion), sees).to_json(),
        Current::Resource { whole, receipt } => {
            return if sees.occasion { whole } else { receipt }.clone();
        }
        Current::Invitation(portal) => Saved::of(view::invitation(portal, sees), sees).to_json(),
    };
    shown.unwrap_or_default()
}
