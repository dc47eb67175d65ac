//! Food needs that an occasion asks about.

mod web;

use ::web::fields::{flag, key, number, texts};
use ::web::{Field, Findings, I18n, Input, Limits, List, Piece};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::hosting::resource::{
    Edit, History, Removal, Resource, free_key, history_of, next_position,
};
use crate::hosting::{HostOf, Refusal};
use crate::id::OccasionId;

/// A food need that guests are asked about.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
pub struct DietaryOption {
    /// 1–40 characters of `a-z0-9-`, unique in the occasion; never changes.
    pub key: String,
    /// Up to 80 characters; if empty, the built-in name for this key is shown.
    pub label: I18n,
    /// Whether it is an allergy rather than a preference.
    pub allergy: bool,
    /// Whether guests can choose it. An option that a guest has chosen is deactivated,
    /// not deleted.
    pub active: bool,
    /// Position in lists, 0–1,000.
    pub position: i64,
    /// Raised by every change. A change names the version it is based on.
    pub version: i64,
}

/// The options of every new occasion: the key, and whether it is an allergy.
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

/// Whether this key has a built-in name.
pub fn is_built_in(key: &str) -> bool {
    BUILT_IN.iter().any(|(built_in, _)| *built_in == key)
}

/// All options of an occasion, in the order they are shown.
pub fn list(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Vec<DietaryOption>, StoreError> {
    sql!(
        "SELECT {DietaryOption} FROM dietary_option WHERE occasion = :occasion
         ORDER BY position, key",
        occasion
    )
    .all(tx)
}

/// Gives a new occasion the built-in options.
pub fn insert_built_in(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError> {
    for (position, (key, allergy)) in (0..).zip(BUILT_IN) {
        let option = DietaryOption {
            key: key.to_owned(),
            allergy,
            position,
            ..DietaryOption::after(&[])
        };
        option.insert(tx, occasion)?;
    }
    Ok(())
}

impl DietaryOption {
    /// A blank option, placed after the existing ones.
    fn after(there: &[Self]) -> Self {
        Self {
            key: free_key("food", 1.., |key| there.iter().any(|one| one.key == key)),
            label: I18n::default(),
            allergy: false,
            active: true,
            position: next_position(there.iter().map(|option| option.position)),
            version: 1,
        }
    }

    fn insert(&self, tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError> {
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

impl Resource for DietaryOption {
    type Parent = HostOf;
    const FIELDS: &'static [Field] = ::web::fields! { DietaryOption:
        label: texts(Limits::line(80)).label("host-field-label"),
        allergy: flag().label("host-allergy").hint("host-allergy-hint"),
        active: flag().label("host-field-active").hint("host-diet-active-hint"),
        position: number(0, 1_000).label("host-field-position"),
        key: key(1, 40).label("host-field-key").hint("host-field-key-hint").fixed(),
    };
    const ADDRESS: &'static str = "key";
    const HISTORY: History = history_of!("dietary_option", named_by: "label");
    const NEWS: &'static str = "diets";
    const LIMIT: Option<usize> = Some(40);

    fn key(&self) -> &str {
        &self.key
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn list(tx: &mut Tx<'_>, host: &HostOf, _: &Piece) -> Result<List<Self>, Refusal> {
        Ok(List::whole(list(tx, host.occasion())?))
    }

    fn blank(_: &mut Tx<'_>, _: &HostOf, _: &Input, there: &[Self]) -> Result<Self, Refusal> {
        Ok(Self::after(there))
    }

    fn validate(
        &mut self,
        _: &mut Tx<'_>,
        _: &Edit<'_, Self>,
        findings: &mut Findings,
    ) -> Result<(), Refusal> {
        // Only a built-in key has a name to fall back on.
        if self.label.is_empty() && !is_built_in(&self.key) {
            findings.add("/label", "required", []);
        }
        Ok(())
    }

    fn insert(&mut self, tx: &mut Tx<'_>, edit: &Edit<'_, Self>) -> Result<(), Refusal> {
        Ok(Self::insert(self, tx, edit.parent.occasion())?)
    }

    fn update(&mut self, tx: &mut Tx<'_>, edit: &Edit<'_, Self>) -> Result<(), Refusal> {
        self.version += 1;
        sql!(
            "UPDATE dietary_option SET {DietaryOption = :DietaryOption}
             WHERE occasion = :occasion AND key = :key AND version = :version - 1",
            DietaryOption = self,
            occasion = edit.parent.occasion(),
            key = self.key,
            version = self.version
        )
        .run(tx, Rows::Exactly(1))?;
        Ok(())
    }

    fn delete(&self, tx: &mut Tx<'_>, host: &HostOf) -> Result<(), Refusal> {
        sql!(
            "DELETE FROM dietary_option WHERE occasion = :occasion AND key = :key",
            occasion = host.occasion(),
            key = self.key
        )
        .run(tx, Rows::Exactly(1))?;
        Ok(())
    }

    fn removal(&self, tx: &mut Tx<'_>, host: &HostOf, _: &[Self]) -> Result<Removal, Refusal> {
        // Keys are stored as a JSON list, where each stands between quotes.
        let (used,): (i64,) = sql!(
            "SELECT COUNT(*) FROM guest JOIN invitation ON invitation.id = guest.invitation
             WHERE invitation.occasion = :occasion AND replace(guest.diets, :key, '') <> guest.diets",
            occasion = host.occasion(),
            key = format!("\"{}\"", self.key)
        )
        .one(tx)?;
        Ok(if used > 0 {
            Removal::Deactivate
        } else {
            Removal::Delete
        })
    }
}
