//! What every household of an occasion reads: the occasion, its events, dietary
//! options and questions. Every page reads it and hosts change it seldom, so it
//! stays in memory until one does.

use std::sync::Arc;

use platform::{StoreError, Tx, sql};

use crate::diet::{self, DietaryOption};
use crate::event::{self, Event};
use crate::link::LinkKey;
use crate::occasion::{self, Occasion, OccasionId};
use crate::question::{self, Question};

/// An occasion with all that hosts planned for it.
#[derive(Clone, Debug)]
pub struct OccasionSnapshot {
    /// The occasion.
    pub occasion: Arc<Occasion>,
    /// Its events, in the order they are shown.
    pub events: Arc<[Event]>,
    /// What food needs can be ticked; none where they are not asked.
    pub diets: Arc<[DietaryOption]>,
    /// What hosts ask besides who comes.
    pub questions: Arc<[Question]>,
    /// What links to its invitations are made with.
    pub links: LinkKey,
}

/// The programme of the occasion with this id, which must be there, because a
/// row points to it.
pub fn load(tx: &mut Tx<'_>, id: &OccasionId) -> Result<OccasionSnapshot, StoreError> {
    let revision = revision(tx, id)?;
    load_at(tx, id, revision)
}

/// The number that every change of an occasion, its events, food needs and questions raises.
pub fn revision(tx: &mut Tx<'_>, id: &OccasionId) -> Result<i64, StoreError> {
    let (revision,): (i64,) = sql!("SELECT revision FROM occasion WHERE id = :id", id).one(tx)?;
    Ok(revision)
}

/// As [`load`], where the occasion's revision was read in this transaction.
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
