//! The data of an occasion that all households share: the occasion, its events, dietary options and
//! questions. Hosts rarely change this data, so it is cached in memory.

use std::sync::Arc;

use platform::{StoreError, Tx, sql};

use crate::announcement::{self, Announcement};
use crate::diet::{self, DietaryOption};
use crate::event::time_and_place::{self, EventBefore};
use crate::event::{self, Event};
use crate::id::OccasionId;
use crate::link::LinkKey;
use crate::occasion::{self, MailPermission, Occasion};
use crate::occasion_page::{self, PageHead};
use crate::own_domain;
use crate::question::{self, Question};

/// An occasion with its events, dietary options, questions and pages.
#[derive(Clone, Debug)]
pub struct OccasionSnapshot {
    pub occasion: Arc<Occasion>,
    /// The events in display order.
    pub events: Arc<[Event]>,
    /// The cancelled events whose day is known.
    pub cancelled: Arc<[Event]>,
    /// What events were that have changed, unless hosts tell nobody.
    pub before: Arc<[EventBefore]>,
    /// The dietary options that guests can choose. Empty if the occasion does not ask for dietary
    /// requirements.
    pub diets: Arc<[DietaryOption]>,
    /// The hosts' questions.
    pub questions: Arc<[Question]>,
    /// The announcements that guests see.
    pub news: Arc<[Announcement]>,
    /// The pages that guests may see. Their texts are not included.
    pub pages: Arc<[PageHead]>,
    /// The occasion's own host name; `None` if it is not served.
    pub own_host: Option<String>,
    /// The key that signs links to invitations.
    pub links: LinkKey,
    pub mail_permission: MailPermission,
}

/// Loads the snapshot of an occasion. The occasion must exist, because a row refers to it.
pub fn load(tx: &mut Tx<'_>, id: &OccasionId) -> Result<OccasionSnapshot, StoreError> {
    let revision = revision(tx, id)?;
    load_at(tx, id, revision)
}

/// Returns the occasion's revision number. Each change to the occasion, its events, dietary
/// options, questions, pages, host name or mail permission raises it.
pub fn revision(tx: &mut Tx<'_>, id: &OccasionId) -> Result<i64, StoreError> {
    let (revision,): (i64,) = sql!("SELECT revision FROM occasion WHERE id = :id", id).one(tx)?;
    Ok(revision)
}

/// Like [`load`], but the caller has already read the revision in this transaction.
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
        let mut news = announcement::list(tx, id)?;
        news.retain(|one| one.published);
        Ok(OccasionSnapshot {
            events: event::list(tx, id)?.into(),
            cancelled: event::cancelled(tx, id)?.into(),
            before: time_and_place::before(tx, id)?.into(),
            diets: diets.into(),
            questions: question::of(tx, id)?.into(),
            news: news.into(),
            pages: occasion_page::heads(tx, id)?.into(),
            own_host: own_domain::served_host(tx, id)?,
            links: LinkKey::load(tx)?,
            mail_permission: occasion::mail_permission(tx, id)?,
            occasion: Arc::new(occasion),
        })
    })?;
    Ok(OccasionSnapshot::clone(&snapshot))
}
