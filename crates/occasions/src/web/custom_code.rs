//! Checks the invitation codes that hosts choose, on pages and through the API. The error "taken"
//! reveals that another invitation has the code. So the code gate must permit each attempt, and an
//! attempt with a taken code counts as a guess.

use axum::http::request::Parts;
use web::{Facts, Problem, Site};

use crate::hosting::Refusal;
use crate::web::guest::CodeGate;

/// The code gate, and the facts about the request. The gate uses these facts to count attempts.
#[derive(Clone)]
pub(crate) struct ByHand {
    gate: CodeGate,
    facts: Facts,
}

/// An error that may say that another invitation already has the code.
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
    pub(crate) fn of(parts: &Parts) -> Result<Self, Problem> {
        let extensions = &parts.extensions;
        let (gate, facts) = (extensions.get::<CodeGate>(), extensions.get::<Facts>());
        match (gate, facts) {
            (Some(gate), Some(facts)) => Ok(Self {
                gate: gate.clone(),
                facts: facts.clone(),
            }),
            _ => Err(Problem::internal(
                "a host's handler is outside the code gate",
            )),
        }
    }

    /// Runs `set`, which sets the code that the host typed. If another invitation has this code,
    /// the attempt counts as a guess. Without a typed code, nothing is counted.
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
