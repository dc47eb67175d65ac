//! Presets: the session types, levels and plans with which a site can begin.

use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;
use site::resource::create;
use web::Input;

use crate::level::Level;
use crate::plan::Plan;
use crate::session_type::SessionType;
use crate::settings::{self, Administrator};
use crate::{PRESET_USED, Refusal};

web::words! {
    /// A kind of site.
    #[schema(as = BookingPreset)]
    Preset {
        /// Mentors who advise members.
        Mentoring = "mentoring" => "preset-mentoring",
        /// Studios such as those of photographers.
        Studio = "studio" => "preset-studio",
    }
}

/// The code of an item, and the message id of its label.
type Item = (&'static str, &'static str);

impl Preset {
    const fn types(self) -> [Item; 3] {
        match self {
            Self::Mentoring => [
                ("mock-interview", "preset-mock-interview"),
                ("career-talk", "preset-career-talk"),
                ("document-review", "preset-document-review"),
            ],
            Self::Studio => [
                ("portrait", "preset-portrait"),
                ("wedding", "preset-wedding"),
                ("product", "preset-product"),
            ],
        }
    }

    const fn levels(self) -> [Item; 3] {
        match self {
            Self::Mentoring => [
                ("entry", "preset-entry"),
                ("middle", "preset-middle"),
                ("senior", "preset-senior"),
            ],
            Self::Studio => [
                ("small", "preset-small"),
                ("medium", "preset-medium"),
                ("large", "preset-large"),
            ],
        }
    }

    /// The message id of a plan's name, its tier, credits and months, and an example price in minor
    /// units.
    const fn plans(self) -> &'static [(&'static str, i64, i64, i64, i64)] {
        match self {
            Self::Mentoring => &[
                ("preset-plan-1", 1, 1, 1, 10_000),
                ("preset-plan-3", 1, 3, 3, 27_000),
                ("preset-plan-6", 1, 6, 6, 48_000),
                ("preset-add-on-1", 0, 1, 12, 11_000),
                ("preset-add-on-3", 0, 3, 12, 30_000),
                ("preset-add-on-5", 0, 5, 12, 45_000),
            ],
            Self::Studio => &[],
        }
    }
}

/// Whether there are session types or levels, so that no preset can be applied any more.
pub(crate) fn is_used(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let count = sql!("SELECT (SELECT COUNT(*) FROM session_type) + (SELECT COUNT(*) FROM level)");
    let (count,): (i64,) = tx.one(count, &[])?;
    Ok(count > 0)
}

/// Adds the rows of a preset, with labels in the language of `say`. Plans are only added where there
/// are none. Refuses to do so with 409 `preset_used` if there are session types or levels already.
pub fn apply(
    tx: &mut Tx<'_>,
    by: &Administrator,
    preset: Preset,
    say: impl Fn(&'static str) -> String,
) -> Result<(), Refusal> {
    // Two administrators could otherwise add the same rows at once.
    settings::lock(tx)?;
    if is_used(tx)? {
        return Err(PRESET_USED.into());
    }
    for (code, label) in preset.types() {
        let row = json!({"code": code, "label": say(label)});
        create::<SessionType>(tx, by, &Input::from(row))?;
    }
    for (code, label) in preset.levels() {
        let row = json!({"code": code, "label": say(label)});
        create::<Level>(tx, by, &Input::from(row))?;
    }
    if preset == Preset::Studio {
        let on = sql!("UPDATE booking_setting SET newcomers = 1, version = version + 1");
        tx.run(on, &[], Rows::Exactly(1))?;
    }
    let (plans,): (i64,) = tx.one(sql!("SELECT COUNT(*) FROM plan"), &[])?;
    for (name, tier, credits, months, price) in preset.plans().iter().filter(|_| plans == 0) {
        let row = json!({
            "name": say(name), "tier": tier, "credits": credits, "months": months, "price_minor": price,
        });
        create::<Plan>(tx, by, &Input::from(row))?;
    }
    Ok(())
}
