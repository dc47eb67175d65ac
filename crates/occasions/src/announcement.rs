//! Announcements: news from the hosts, which every household reads on its invitation.

use ::web::I18n;
use jiff::Timestamp;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::OccasionId;

platform::id!(AnnouncementId, "News of the hosts.");

/// An announcement by the hosts to all households.
#[derive(Clone, Debug, Default, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
#[row(table = "announcement")]
pub struct Announcement {
    /// The announcement's id.
    pub id: AnnouncementId,
    /// 1–160 characters.
    pub title: I18n,
    /// Up to 8,000 characters, with line breaks.
    pub body: I18n,
    /// Whether the announcement is listed before all announcements that are not pinned.
    pub pinned: bool,
    /// Whether guests see the announcement.
    pub published: bool,
    /// Since when guests see the announcement; null if they do not see it.
    pub published_at: Option<Timestamp>,
    /// When the text changed while guests could see it; null if it did not change.
    pub changed_at: Option<Timestamp>,
    /// Increased by every change.
    pub version: i64,
}

impl Announcement {
    pub fn insert(&self, tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError> {
        sql!(
            "INSERT INTO announcement (occasion, {Announcement}, created_at)
             VALUES (:occasion, {:Announcement}, :now)",
            occasion,
            Announcement = self,
            now = tx.now()
        )
        .run(tx, Rows::Exactly(1))
        .map(drop)
    }
}

/// Lists an occasion's announcements: first the pinned ones, then the others. Within both groups
/// the newest comes first.
pub fn list(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Vec<Announcement>, StoreError> {
    sql!(
        "SELECT {Announcement} FROM announcement WHERE occasion = :occasion
         ORDER BY pinned DESC, COALESCE(published_at, created_at) DESC, id DESC",
        occasion
    )
    .all(tx)
}
