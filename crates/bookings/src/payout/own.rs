//! The list of a provider's own payouts.

use jiff::Timestamp;
use platform::{StoreError, Tx, sql};

use super::{Payout, PayoutId, PayoutView};
use crate::provider::ProviderId;

impl PayoutView {
    pub(crate) fn key(&self) -> Before {
        let item = &self.item;
        (self.starts_at, item.created_at, item.id.clone())
    }
}

/// The sort key of a provider's own list: when the session starts, when the item was made, and its
/// id.
pub type Before = (Timestamp, Timestamp, PayoutId);

/// Lists at most `rows` of a provider's items before `before`, latest session first.
pub fn list_of(
    tx: &mut Tx<'_>,
    provider: &ProviderId,
    before: Option<&Before>,
    rows: i64,
) -> Result<Vec<PayoutView>, StoreError> {
    sql!(
        "SELECT {i: Payout}, p.display_name AS provider, b.title AS title,
             b.starts_at AS starts_at,
             (SELECT COUNT(*) FROM claim c WHERE c.booking_id = i.booking_id
              AND c.state IN ('open', 'disputed')) AS open_claims
         FROM payout_item i JOIN provider p ON p.id = i.provider_id
         JOIN booking b ON b.id = i.booking_id
         WHERE i.provider_id = :provider
           AND (b.starts_at, i.created_at, i.id) < (:starts_at, :at, :id)
         ORDER BY b.starts_at DESC, i.created_at DESC, i.id DESC LIMIT :rows",
        provider,
        starts_at = before.map_or(Timestamp::MAX, |(starts_at, ..)| *starts_at),
        at = before.map_or(Timestamp::MAX, |(_, at, _)| *at),
        id = before.map_or("", |(.., id)| id.as_str()),
        rows
    )
    .all(tx)
}
