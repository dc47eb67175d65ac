//! The wish list of an occasion. Households can reserve its items.

use platform::money::{Currency, Money};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::picture_folder::{self, PictureFolder};
use web::uploaded_image::Cut;
use web::{I18n, Text};

use crate::id::{GiftId, OccasionId};
use crate::occasion::Occasion;

/// An item has at most this many pieces.
pub const MOST_PIECES: i64 = 999;
/// The maximum price or amount, in minor units such as cents.
pub const MOST_MONEY: i64 = 100_000_000_000;

/// An item of the wish list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
pub struct Gift {
    /// The item's id.
    pub id: GiftId,
    /// 1–120 characters.
    pub name: I18n,
    /// Up to 1,000 characters.
    pub description: I18n,
    /// The price in minor units of the occasion's currency, or null if no price is shown. It is for
    /// the whole gift if the gift is shared, and for one piece if it is not.
    pub price: Option<i64>,
    /// How many pieces can be reserved, 1–999.
    pub quantity: i64,
    /// Whether several households give this item together. Its pieces are then equal parts of one
    /// gift.
    pub shared: bool,
    /// An https address where the item can be bought; may be empty.
    pub url: String,
    /// The picture, which hosts upload on a page; empty if there is none. Its path is
    /// `/o/{slug}/gifts/{picture}-480x360.jpg`.
    pub picture: String,
    /// Whether guests are offered the item. An item that was reserved is deactivated instead of
    /// deleted.
    pub active: bool,
    /// Position in lists, 0–1,000.
    pub position: i64,
    /// Increased by every change. A change must name the version it is based on.
    pub version: i64,
}

impl Gift {
    /// Returns the price of one piece, or `None` if there is no price or the currency is unknown.
    /// The parts of a shared gift can differ by one minor unit; then this is the largest part.
    pub fn price_of_piece(&self, occasion: &Occasion) -> Option<Money> {
        let price = self.whole_price(occasion)?;
        if !self.shared {
            return Some(price);
        }
        let parts = u16::try_from(self.quantity).ok()?;
        price.shares(parts).first().copied()
    }

    /// Returns the stored price with the occasion's currency.
    pub fn whole_price(&self, occasion: &Occasion) -> Option<Money> {
        let currency: Currency = occasion.currency.parse().ok()?;
        Some(Money::new(self.price?, currency))
    }

    /// Returns the price as text, such as "RM 1,200.00, in 12 parts of RM 100.00".
    pub fn price_words(&self, text: &Text, occasion: &Occasion) -> Option<String> {
        let whole = text.money(self.whole_price(occasion)?);
        if !self.shared || self.quantity < 2 {
            return Some(whole);
        }
        let part = text.money(self.price_of_piece(occasion)?);
        let values = [
            ("price", whole.into()),
            ("n", self.quantity.into()),
            ("part", part.into()),
        ];
        Some(text.with("gift-price-shared", values))
    }

    /// Returns the picture's path; `None` if the item has no picture.
    pub fn picture_path(&self, slug: &str) -> Option<String> {
        let file = picture_folder::cut_file(&self.picture, PICTURE);
        (!self.picture.is_empty()).then(|| format!("/o/{slug}/gifts/{file}"))
    }
}

/// Lists all items of an occasion, in display order.
pub fn of(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Vec<Gift>, StoreError> {
    sql!(
        "SELECT {Gift} FROM gift WHERE occasion = :occasion ORDER BY position, id",
        occasion
    )
    .all(tx)
}

/// Finds an item and locks it. Reservations of the item are written only under this lock.
pub fn lock(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    id: &GiftId,
) -> Result<Option<Gift>, StoreError> {
    sql!(
        "SELECT {Gift} FROM gift WHERE id = :id AND occasion = :occasion FOR NO KEY UPDATE",
        id,
        occasion
    )
    .maybe(tx)
}

pub fn insert(tx: &mut Tx<'_>, occasion: &OccasionId, gift: &Gift) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO gift ({Gift}, occasion, created_at, updated_at)
         VALUES ({:Gift}, :occasion, :now, :now)",
        Gift = gift,
        occasion,
        now = tx.now()
    )
    .run(tx, Rows::Exactly(1))
    .map(drop)
}

/// The kind of the job that deletes a picture's file.
pub const PICTURE_JOB: &str = "occasions.gift_picture";

/// The folder of all items' pictures.
pub(crate) const FOLDER: PictureFolder = PictureFolder {
    name: "gifts",
    job_kind: PICTURE_JOB,
    is_used,
};

/// The size of the pictures on pages.
pub const PICTURE: Cut = Cut {
    width: 480,
    height: 360,
    bytes: 30 * 1024,
};
pub(crate) const CUTS: &[Cut] = &[PICTURE];

/// Returns the value of [`Gift::picture`] that belongs to a file name. Returns `None` if this is
/// not the file name of an item's picture.
pub fn picture_of(file: &str) -> Option<&str> {
    let stem = file.rsplit_once('-')?.0;
    (is_picture(stem) && picture_folder::cut_file(stem, PICTURE) == file).then_some(stem)
}

/// Whether `stem` looks like the name of an uploaded picture.
pub(crate) fn is_picture(stem: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !stem.is_empty() && stem.len() <= 64 && stem.bytes().all(is_part)
}

/// Schedules the deletion of a picture's file. When the job runs, it keeps the file if an item uses
/// the picture.
pub(crate) fn remove_picture(tx: &mut Tx<'_>, stem: &str) -> Result<(), StoreError> {
    if stem.is_empty() {
        return Ok(());
    }
    FOLDER.remove(tx, &picture_folder::cut_file(stem, PICTURE))
}

pub fn has_picture(tx: &mut Tx<'_>, occasion: &OccasionId, stem: &str) -> Result<bool, StoreError> {
    let found: Option<(i64,)> = sql!(
        "SELECT CAST(1 AS BIGINT) FROM gift WHERE picture = :stem AND occasion = :occasion LIMIT 1",
        stem,
        occasion
    )
    .maybe(tx)?;
    Ok(found.is_some())
}

fn is_used(tx: &mut Tx<'_>, file: &str) -> Result<bool, StoreError> {
    let Some(stem) = picture_of(file) else {
        return Ok(false);
    };
    let found: Option<(i64,)> = sql!(
        "SELECT CAST(1 AS BIGINT) FROM gift WHERE picture = :stem LIMIT 1",
        stem
    )
    .maybe(tx)?;
    Ok(found.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use platform::id::Id;

    fn gift(price: Option<i64>, quantity: i64, shared: bool) -> Gift {
        Gift {
            id: Id::from_text("g".to_owned()),
            name: I18n::default(),
            description: I18n::default(),
            price,
            quantity,
            shared,
            url: String::new(),
            picture: "a-b".to_owned(),
            active: true,
            position: 0,
            version: 1,
        }
    }

    #[test]
    fn a_part_of_a_shared_gift_costs_its_share() {
        let occasion = crate::sample::occasion();
        let price = |gift: Gift| gift.price_of_piece(&occasion).map(Money::decimal);
        assert_eq!(
            price(gift(Some(120_000), 12, true)).as_deref(),
            Some("100.00")
        );
        assert_eq!(price(gift(Some(10_000), 3, true)).as_deref(), Some("33.34"));
        assert_eq!(
            price(gift(Some(120_000), 12, false)).as_deref(),
            Some("1200.00")
        );
        assert_eq!(price(gift(None, 1, false)), None);
    }

    #[test]
    fn a_file_is_the_picture_of_an_item() {
        let path = gift(None, 1, false).picture_path("sample").unwrap();
        assert_eq!(path, "/o/sample/gifts/a-b-480x360.jpg");
        assert_eq!(picture_of("a-b-480x360.jpg"), Some("a-b"));
        for other in [
            "a-b-480x361.jpg",
            "-480x360.jpg",
            "../a-480x360.jpg",
            "",
            "A-480x360.jpg",
        ] {
            assert_eq!(picture_of(other), None, "{other}");
        }
    }
}
