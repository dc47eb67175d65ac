//! The dates of classes, as the calendar of a session shows them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use platform::money::{Currency, Money};
use platform::store::{IdSet, Row};
use platform::{StoreError, Tx, sql};

use crate::offer::OfferId;
use crate::slot::SlotId;

/// How many seats a date of a class has, and how many of them can be booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Seats {
    pub(crate) left: i64,
    pub(crate) all: i64,
}

/// A date of a class that members see, perhaps a full one. If somebody booked it before the offer was
/// changed, it has its length and price from then.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub(crate) struct ListedDate {
    pub(crate) id: SlotId,
    pub(super) offer_id: OfferId,
    pub(crate) starts_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    seats: i64,
    seats_taken: i64,
    price_minor: i64,
    currency: Currency,
    pub(super) credit_kind: Option<String>,
}

impl ListedDate {
    pub(crate) fn seats(&self) -> Seats {
        Seats {
            left: self.seats - self.seats_taken,
            all: self.seats,
        }
    }

    /// The price of one seat.
    pub(crate) fn price(&self) -> Money {
        Money::new(self.price_minor, self.currency)
    }

    pub(crate) fn takes_credit(&self) -> bool {
        self.credit_kind.is_some()
    }

    pub(crate) fn minutes(&self) -> i64 {
        self.ends_at.duration_since(self.starts_at).as_mins()
    }
}

/// Finds the dates of these classes that members see, in the order of time. The offers are such that
/// members can book them.
pub(super) fn class_dates<'a>(
    tx: &mut Tx<'_>,
    offers: impl IntoIterator<Item = &'a OfferId>,
) -> Result<BTreeMap<OfferId, Vec<ListedDate>>, StoreError> {
    let mut all: BTreeMap<OfferId, Vec<ListedDate>> = BTreeMap::new();
    for set in IdSet::of(offers.into_iter().map(OfferId::as_str)) {
        let found: Vec<ListedDate> = sql!(
            "SELECT {s: ListedDate} FROM slot s JOIN offer o ON o.id = s.offer_id
             WHERE s.offer_id IN ({:IdSet}) AND s.seats > 1
               AND s.state = 'available' AND s.deleted_at IS NULL
               AND s.starts_at > CAST(:now AS BIGINT) + o.min_notice * 60000
               AND NOT EXISTS (SELECT 1 FROM provider_busy y WHERE y.provider_id = s.provider_id
                               AND y.starts_at < s.ends_at AND y.ends_at > s.starts_at)
             ORDER BY s.starts_at, s.id",
            IdSet = set,
            now = tx.roughly_now()
        )
        .all(tx)?;
        for one in found {
            all.entry(one.offer_id.clone()).or_default().push(one);
        }
    }
    Ok(all)
}
