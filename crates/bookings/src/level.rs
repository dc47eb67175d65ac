//! Levels, such as the seniority of members or the number of guests. Administrators maintain them
//! as a list.

use platform::store::Row;
use platform::{Tx, sql};
use serde::{Deserialize, Serialize};
use site::resource::{History, Removal, Resource, history_of};
use utoipa::ToSchema;
use web::fields::{flag, key, line, number};
use web::{Field, Input, List, PageQuery};

use crate::Refusal;
use crate::settings::Administrator;

platform::id!(LevelId, random, "One level of sessions.");

/// A level of sessions, such as the seniority of the member or the number of guests.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
#[row(table = "level")]
#[schema(as = BookingLevel)]
pub struct Level {
    /// The level's id.
    pub id: LevelId,
    /// The name in URLs and in JSON, 1–40 characters of `a-z0-9-`. It never changes.
    pub code: String,
    /// The name, 1–80 characters.
    pub label: String,
    /// Whether the level can be chosen.
    pub active: bool,
    /// The position in the list of levels.
    pub position: i64,
    /// The version, which increases with every change.
    pub version: i64,
}

impl Resource for Level {
    type Parent = Administrator;
    const FIELDS: &'static [Field] = web::fields! { Level:
        code: key(1, 40).label("choice-code").hint("choice-code-hint").required().fixed(),
        label: line(80).label("choice-label").required(),
        active: flag().label("choice-active"),
        position: number(0, 1_000).label("plan-position"),
    };
    const HISTORY: History = history_of!("level", named_by: "label");
    const LIMIT: Option<usize> = Some(100);

    site::stored_in_table!();

    fn list(tx: &mut Tx<'_>, _: &Administrator, _: &PageQuery) -> Result<List<Self>, Refusal> {
        let all = sql!("SELECT {Level} FROM level ORDER BY active DESC, position, id");
        Ok(List::whole(tx.all(all, &[])?))
    }

    fn blank(
        tx: &mut Tx<'_>,
        _: &Administrator,
        _: &Input,
        there: &[Self],
    ) -> Result<Self, Refusal> {
        Ok(Self {
            id: tx.id(),
            code: String::new(),
            label: String::new(),
            active: true,
            position: crate::position::next_position(there.iter().map(|one| one.position)),
            version: 1,
        })
    }

    fn removal(&self, tx: &mut Tx<'_>, _: &Administrator, _: &[Self]) -> Result<Removal, Refusal> {
        let (used,): (i64,) = sql!(
            "SELECT (SELECT COUNT(*) FROM slot_level WHERE level = :code)
                  + (SELECT COUNT(*) FROM booking WHERE level = :code)
                  + (SELECT COUNT(*) FROM booking_request WHERE level = :code)",
            code = self.code
        )
        .one(tx)?;
        Ok(Removal::of_uses(used))
    }
}
