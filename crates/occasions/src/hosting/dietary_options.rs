//! Adds, changes and removes dietary options, on behalf of hosts. An option that a guest has chosen
//! can only be deactivated.

use ::web::fields::{flag, key, texts};
use ::web::{Field, Findings, I18n, Input, Limits, List, PageQuery};
use platform::{Rows, Tx, sql};

use super::resource::{
    Edit, History, Removal, Resource, free_key, history_of, next_position, position,
};
use super::{HostOf, Refusal};
use crate::diet::{DietaryOption, is_built_in, list};

impl Resource for DietaryOption {
    type Parent = HostOf;
    const FIELDS: &'static [Field] = ::web::fields! { DietaryOption:
        label: texts(Limits::line(80)).label("host-field-label"),
        allergy: flag().label("host-allergy").hint("host-allergy-hint"),
        active: flag().label("host-field-active").hint("host-diet-active-hint"),
        position: position().label("host-field-position"),
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

    fn list(tx: &mut Tx<'_>, host: &HostOf, _: &PageQuery) -> Result<List<Self>, Refusal> {
        Ok(List::whole(list(tx, host.occasion())?))
    }

    fn blank(_: &mut Tx<'_>, _: &HostOf, _: &Input, there: &[Self]) -> Result<Self, Refusal> {
        Ok(Self {
            key: free_key("food", 1.., |key| there.iter().any(|one| one.key == key)),
            label: I18n::default(),
            allergy: false,
            active: true,
            position: next_position(there.iter().map(|option| option.position)),
            version: 1,
        })
    }

    fn validate(
        &mut self,
        _: &mut Tx<'_>,
        _: &Edit<'_, Self>,
        findings: &mut Findings,
    ) -> Result<(), Refusal> {
        // Only built-in keys have a built-in name. Every other option needs its own name.
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
        // A guest's options are stored as a JSON list, so each key is in quotes there.
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
