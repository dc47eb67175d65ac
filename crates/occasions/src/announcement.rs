//! News of the hosts, which every household reads on its invitation.

use ::web::I18n;
use jiff::Timestamp;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::OccasionId;

platform::id!(AnnouncementId, "News of the hosts.");

/// News of the hosts.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
pub struct Announcement {
    /// The announcement's id.
    #[schema(value_type = String)]
    pub id: AnnouncementId,
    /// 1–160 characters.
    pub title: I18n,
    /// Up to 8,000 characters, with line breaks.
    pub body: I18n,
    /// Whether it stands before newer announcements.
    pub pinned: bool,
    /// Whether guests see it.
    pub published: bool,
    /// Since when guests see it; null if they do not.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub published_at: Option<Timestamp>,
    /// When its text changed after guests could see it; null if it did not.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub changed_at: Option<Timestamp>,
    /// Raised by every change.
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

/// Lists an occasion's announcements: pinned ones first, then by date, newest first.
pub fn list(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Vec<Announcement>, StoreError> {
    sql!(
        "SELECT {Announcement} FROM announcement WHERE occasion = :occasion
         ORDER BY pinned DESC, COALESCE(published_at, created_at) DESC, id DESC",
        occasion
    )
    .all(tx)
}
