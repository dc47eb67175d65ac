//! Food needs that an occasion asks about.

use platform::store::{FromRow, Row};
use platform::{Rows, StoreError, Tx, sql};
use web::I18n;

use crate::occasion::OccasionId;

/// One need that can be ticked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DietaryOption {
    /// `a-z0-9-`, 1–40, unique in the occasion.
    pub key: String,
    /// 1–80. Empty: the built-in words for this key.
    pub label: I18n,
    /// To be taken seriously.
    pub allergy: bool,
    /// Offered. One that somebody uses is deactivated, not deleted.
    pub active: bool,
    /// Order of showing.
    pub position: i64,
}

/// What every occasion starts with: key, and whether it is an allergy.
pub const BUILT_IN: [(&str, bool); 10] = [
    ("nut-allergy", true),
    ("shellfish-allergy", true),
    ("gluten-free", true),
    ("dairy-free", true),
    ("halal", false),
    ("vegetarian", false),
    ("vegan", false),
    ("no-beef", false),
    ("kosher", false),
    ("other", false),
];

impl FromRow for DietaryOption {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            key: row.column(0)?,
            label: I18n::from_json(&row.column::<String>(1)?),
            allergy: row.column(2)?,
            active: row.column(3)?,
            position: row.column(4)?,
        })
    }
}

/// Whether this is one of the keys that come with words of ours.
pub fn is_built_in(key: &str) -> bool {
    BUILT_IN.iter().any(|(built_in, _)| *built_in == key)
}

/// All options of an occasion, allergies first as they were placed.
pub fn list(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Vec<DietaryOption>, StoreError> {
    tx.all(
        sql!(
            "SELECT key, label, allergy, active, position FROM dietary_option
             WHERE occasion = $1 ORDER BY position, key"
        ),
        &[occasion],
    )
}

/// Gives a new occasion the built-in options.
pub fn insert_built_in(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError> {
    for (position, (key, allergy)) in (0_i64..).zip(BUILT_IN) {
        tx.run(
            sql!(
                "INSERT INTO dietary_option (occasion, key, label, allergy, active, position)
                 VALUES ($1, $2, '{}', $3, 1, $4)"
            ),
            &[occasion, &key, &allergy, &position],
            Rows::Exactly(1),
        )?;
    }
    Ok(())
}
