//! What every household of an occasion reads: the occasion, its events, dietary options
//! and questions. Hosts change it rarely, so it stays in memory until they do.

use std::sync::Arc;

use platform::{StoreError, Tx, sql};

use crate::diet::{self, DietaryOption};
use crate::event::{self, Event};
use crate::id::OccasionId;
use crate::link::LinkKey;
use crate::occasion::{self, Occasion};
use crate::question::{self, Question};

/// An occasion with everything that its hosts planned.
#[derive(Clone, Debug)]
pub struct OccasionSnapshot {
    /// The occasion.
    pub occasion: Arc<Occasion>,
    /// The occasion's events, in the order they are shown.
    pub events: Arc<[Event]>,
    /// The food needs that can be chosen; none if the occasion does not ask for them.
    pub diets: Arc<[DietaryOption]>,
    /// The hosts' questions.
    pub questions: Arc<[Question]>,
    /// Makes the `k` of links to invitations.
    pub links: LinkKey,
}

/// The snapshot of the occasion with this id, which exists because a row refers to it.
pub fn load(tx: &mut Tx<'_>, id: &OccasionId) -> Result<OccasionSnapshot, StoreError> {
    let revision = revision(tx, id)?;
    load_at(tx, id, revision)
}

/// A number that every change of an occasion, its events, food needs or questions raises.
pub fn revision(tx: &mut Tx<'_>, id: &OccasionId) -> Result<i64, StoreError> {
    let (revision,): (i64,) = sql!("SELECT revision FROM occasion WHERE id = :id", id).one(tx)?;
    Ok(revision)
}

/// Like [`load`], for a caller who has read the revision in this transaction.
pub fn load_at(
    tx: &mut Tx<'_>,
    id: &OccasionId,
    revision: i64,
) -> Result<OccasionSnapshot, StoreError> {
    let snapshot = tx.recall(id.as_str(), revision, |tx| {
        let occasion = occasion::load(tx, id)?;
        let diets = if occasion.switches.dietary {
            diet::list(tx, id)?
        } else {
            Vec::new()
        };
        Ok(OccasionSnapshot {
            events: event::list(tx, id)?.into(),
            diets: diets.into(),
            questions: question::of(tx, id)?.into(),
            links: LinkKey::load(tx)?,
            occasion: Arc::new(occasion),
        })
    })?;
    Ok(OccasionSnapshot::clone(&snapshot))
}
