//! Food needs that an occasion asks about.

mod web;

use ::web::fields::{flag, key, number, texts};
use ::web::{Field, Findings, I18n, Limits};
use platform::store::{FromRow, Row, Sql};
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::hosting::resource::{History, Resource, free_key};
use crate::occasion::OccasionId;

/// A food need that guests are asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DietaryOption {
    /// 1–40 of `a-z0-9-`, unique in the occasion; it never changes.
    pub key: String,
    /// Up to 80 characters; empty: the built-in words for this key.
    pub label: I18n,
    /// To be taken seriously.
    pub allergy: bool,
    /// Offered to guests. One that somebody has is deactivated, not deleted.
    pub active: bool,
    /// Order of showing, 0–1,000.
    pub position: i64,
    /// Raised by every change, which names the one that was seen.
    pub version: i64,
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

/// Whether this is one of the keys that come with words of ours.
pub fn is_built_in(key: &str) -> bool {
    BUILT_IN.iter().any(|(built_in, _)| *built_in == key)
}

/// All options of an occasion, in the order they are shown.
pub fn list(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Vec<DietaryOption>, StoreError> {
    tx.all(
        sql!(
            "SELECT key, label, allergy, active, position, version FROM dietary_option
             WHERE occasion = $1 ORDER BY position, key"
        ),
        &[occasion],
    )
}

/// Gives a new occasion the built-in options.
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

impl Resource for DietaryOption {
    const FIELDS: &'static [Field] = ::web::fields! { DietaryOption:
        label: texts(Limits::line(80)).label("host-field-label"),
        allergy: flag().label("host-allergy").hint("host-allergy-hint"),
        active: flag().label("host-field-active").hint("host-diet-active-hint"),
        position: number(0, 1_000).label("host-field-position"),
        key: key().label("host-field-key").hint("host-field-key-hint").fixed(),
    };
    const HISTORY: History = History {
        entity: "dietary_option",
        created: "dietary_option.created",
        changed: "dietary_option.changed",
        removed: "dietary_option.removed",
        named_by: "label",
    };
    const NEWS: &'static str = "diets";
    const LIMIT: usize = 40;

    fn key(&self) -> &str {
        &self.key
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn list(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Vec<Self>, StoreError> {
        list(tx, occasion)
    }

    fn blank(there: &[Self]) -> Self {
        let last = there.iter().map(|option| option.position + 1).max();
        Self {
            key: free_key("food", there),
            label: I18n::default(),
            allergy: false,
            active: true,
            position: last.unwrap_or(0),
            version: 1,
        }
    }

    fn validate(&self, findings: &mut Findings) {
        // Without words of the hosts, a need that comes with ours is called so.
        if self.label.is_empty() && !is_built_in(&self.key) {
            findings.add("/label", "required", []);
        }
    }

    fn insert(&self, tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError> {
        let insert = sql!(
            "INSERT INTO dietary_option (occasion, key, label, allergy, active, position,
                 version)
             VALUES ($1, $2, $3, $4, $5, $6, $7)"
        );
        self.write(tx, occasion, insert)
    }

    fn update(&self, tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError> {
        let update = sql!(
            "UPDATE dietary_option SET label = $3, allergy = $4, active = $5, position = $6,
                 version = version + 1
             WHERE occasion = $1 AND key = $2 AND version = $7"
        );
        self.write(tx, occasion, update)
    }

    fn delete(&self, tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError> {
        let delete = sql!("DELETE FROM dietary_option WHERE occasion = $1 AND key = $2");
        tx.run(delete, &[occasion, &self.key], Rows::Exactly(1))?;
        Ok(())
    }

    fn is_used(&self, tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<bool, StoreError> {
        // A list of keys is kept as JSON, so a key stands between quotes.
        let (used,): (i64,) = tx.one(
            sql!(
                "SELECT COUNT(*) FROM guest JOIN invitation ON invitation.id = guest.invitation
                 WHERE invitation.occasion = $1 AND replace(guest.diets, $2, '') <> guest.diets"
            ),
            &[occasion, &format!("\"{}\"", self.key)],
        )?;
        Ok(used > 0)
    }
}

impl DietaryOption {
    fn write(
        &self,
        tx: &mut Tx<'_>,
        occasion: &OccasionId,
        statement: Sql,
    ) -> Result<(), StoreError> {
        tx.run(
            statement,
            &[
                occasion,
                &self.key,
                &self.label.to_json(),
                &self.allergy,
                &self.active,
                &self.position,
                &self.version,
            ],
            Rows::Exactly(1),
        )?;
        Ok(())
    }
}

impl FromRow for DietaryOption {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            key: row.column(0)?,
            label: I18n::from_json(&row.column::<String>(1)?),
            allergy: row.column(2)?,
            active: row.column(3)?,
            position: row.column(4)?,
            version: row.column(5)?,
        })
    }
}
