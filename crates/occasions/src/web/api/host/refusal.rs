//! Converts refusals to error responses. After a version conflict, the response contains the parts
//! of the stored record that the host may see.

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

/// Converts a refusal to an error response. After a version conflict, the response contains those
/// parts of the stored record that the caller may see.
pub(crate) fn problem(refusal: Refusal, sees: Sees) -> Problem {
    let current = match &refusal {
        Refusal::VersionConflict(current) => Some(stored(current, sees)),
        _ => None,
    };
    let mut problem = refusal.problem();
    problem.current = current;
    problem
}

fn stored(current: &Current, sees: Sees) -> Value {
    let shown = match current {
        Current::Occasion(occasion) => Saved::of(Occasion::clone(occasion), sees).to_json(),
        Current::Resource { whole, receipt } => {
            return if sees.occasion { whole } else { receipt }.clone();
        }
        Current::Invitation(snapshot) => {
            Saved::of(view::invitation(snapshot, sees), sees).to_json()
        }
    };
    shown.unwrap_or_default()
}
