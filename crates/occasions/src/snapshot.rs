//! The data of an occasion that is the same for all households: the occasion, its events, dietary
//! options and questions. Hosts rarely change this data, so it is cached in memory.

use std::sync::Arc;

use platform::{StoreError, Tx, sql};

use crate::diet::{self, DietaryOption};
use crate::event::{self, Event};
use crate::id::OccasionId;
use crate::link::LinkKey;
use crate::occasion::{self, Occasion};
use crate::question::{self, Question};

/// An occasion with its events, dietary options and questions.
#[derive(Clone, Debug)]
pub struct OccasionSnapshot {
    pub occasion: Arc<Occasion>,
    /// In display order.
    pub events: Arc<[Event]>,
    /// The dietary options that guests can choose. Empty if the occasion does not ask for dietary
    /// requirements.
    pub diets: Arc<[DietaryOption]>,
    /// The hosts' questions.
    pub questions: Arc<[Question]>,
    /// The key with which the parameter `k` of invitation links is computed.
    pub links: LinkKey,
}

/// Loads the snapshot of an occasion that must exist, because a row refers to it.
pub fn load(tx: &mut Tx<'_>, id: &OccasionId) -> Result<OccasionSnapshot, StoreError> {
    let revision = revision(tx, id)?;
    load_at(tx, id, revision)
}

/// Returns the occasion's revision. Every change to the occasion, its events, dietary options or
/// questions raises this number.
pub fn revision(tx: &mut Tx<'_>, id: &OccasionId) -> Result<i64, StoreError> {
    let (revision,): (i64,) = sql!("SELECT revision FROM occasion WHERE id = :id", id).one(tx)?;
    Ok(revision)
}

/// Like [`load`], for a caller that has already read the revision in this transaction.
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
