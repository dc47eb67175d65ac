//! Codes that hosts set by hand, on pages and by JSON: the answer "taken" tells
//! as much as a guess, so every such try needs leave of the code gate and
//! draws on its budget.

use axum::http::request::Parts;
use web::{Facts, Problem, Site};

use crate::hosting::Refusal;
use crate::web::guest::CodeGate;

/// Where tries are counted, and who tries.
#[derive(Clone)]
pub(crate) struct ByHand {
    gate: CodeGate,
    facts: Facts,
}

/// A refusal of which one kind says that a code is another household's.
pub(crate) trait MayBeTaken: From<Refusal> {
    fn is_taken(&self) -> bool;
}

impl MayBeTaken for Refusal {
    fn is_taken(&self) -> bool {
        matches!(self, Self::CodeTaken)
    }
}

impl MayBeTaken for Problem {
    fn is_taken(&self) -> bool {
        self.code == "code_taken"
    }
}

impl ByHand {
    /// Reads who tries from a request.
    pub(crate) fn of(parts: &Parts) -> Result<Self, Problem> {
        let extensions = &parts.extensions;
        let (gate, facts) = (extensions.get::<CodeGate>(), extensions.get::<Facts>());
        match (gate, facts) {
            (Some(gate), Some(facts)) => Ok(Self {
                gate: gate.clone(),
                facts: facts.clone(),
            }),
            _ => Err(Problem::internal("a host's handler stands beside the door")),
        }
    }

    /// Does what sets the code that was typed, if any, and counts a taken one.
    pub(crate) async fn set<T, E: MayBeTaken>(
        &self,
        site: &Site,
        typed: Option<&str>,
        set: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let admitted = match typed {
            Some(typed) => self.gate.admit_by_hand(site, &self.facts, typed),
            None => Ok(None),
        };
        let admitted = admitted.map_err(|wait| Refusal::Guessing(wait.seconds))?;
        let outcome = set.await;
        if let (Some(admitted), Err(refusal)) = (admitted, &outcome)
            && refusal.is_taken()
        {
            admitted.failed(site);
        }
        outcome
    }
}
