//! The dietary options that an occasion offers its guests.

use ::web::I18n;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::OccasionId;

/// A dietary requirement that guests can choose.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
pub struct DietaryOption {
    /// 1–40 characters of `a-z0-9-`, unique in the occasion; never changes.
    pub key: String,
    /// Up to 80 characters. If empty, the built-in name of the option is shown.
    pub label: I18n,
    /// Whether the option is an allergy rather than a preference.
    pub allergy: bool,
    /// Whether guests can choose the option. An option that a guest has chosen is deactivated
    /// instead of deleted.
    pub active: bool,
    /// Position in lists, 0–1,000.
    pub position: i64,
    /// Increased by every change. A change must name the version it is based on.
    pub version: i64,
}

/// The dietary options of a new occasion. Each pair contains the key of an option, and whether the
/// option is an allergy.
pub const BUILT_IN: [(&str, bool); 11] = [
    ("nut-allergy", true),
    ("shellfish-allergy", true),
    ("gluten-free", true),
    ("dairy-free", true),
    ("halal", false),
    ("vegetarian", false),
    ("vegan", false),
    ("no-beef", false),
    ("no-pork", false),
    ("kosher", false),
    ("other", false),
];

pub fn is_built_in(key: &str) -> bool {
    BUILT_IN.iter().any(|(built_in, _)| *built_in == key)
}

/// Returns all dietary options of an occasion in display order.
pub fn list(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Vec<DietaryOption>, StoreError> {
    sql!(
        "SELECT {DietaryOption} FROM dietary_option WHERE occasion = :occasion
         ORDER BY position, key",
        occasion
    )
    .all(tx)
}

pub fn insert_built_in(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError> {
    for (position, (key, allergy)) in (0..).zip(BUILT_IN) {
        let option = DietaryOption {
            key: key.to_owned(),
            label: I18n::default(),
            allergy,
            active: true,
            position,
            version: 1,
        };
        option.insert(tx, occasion)?;
    }
    Ok(())
}

impl DietaryOption {
    pub(crate) fn insert(&self, tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError> {
        sql!(
            "INSERT INTO dietary_option (occasion, {DietaryOption})
             VALUES (:occasion, {:DietaryOption})",
            occasion,
            DietaryOption = self
        )
        .run(tx, Rows::Exactly(1))
        .map(drop)
    }
}
