//! Session types and levels: two lists of codes with labels, which administrators keep. Members
//! choose from them when they book.

use platform::store::Row;
use platform::{StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use site::resource::{History, Removal, Resource, history_of, next_position, position};
use utoipa::ToSchema;
use web::fields::{flag, key, line};
use web::{Field, Input, List, PageQuery};

use crate::Refusal;
use crate::settings::Administrator;

platform::id!(SessionTypeId, random, "One kind of session.");
platform::id!(LevelId, random, "One level of sessions.");

/// A kind of session, such as a portrait or a mock interview.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
#[row(table = "session_type")]
#[schema(as = BookingSessionType)]
pub struct SessionType {
    /// The type's id.
    pub id: SessionTypeId,
    /// The name in URLs and in JSON, 1–40 characters of `a-z0-9-`. It never changes.
    pub code: String,
    /// The name, 1–80 characters.
    pub label: String,
    /// Whether the type can be chosen.
    pub active: bool,
    /// The position in the list of types.
    pub position: i64,
    /// The version, which increases with every change.
    pub version: i64,
}

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

/// The name of the session type with this code; `None` if there is no such type.
pub fn session_type_label(tx: &mut Tx<'_>, code: &str) -> Result<Option<String>, StoreError> {
    let found: Option<(String,)> =
        sql!("SELECT label FROM session_type WHERE code = :code", code).maybe(tx)?;
    Ok(found.map(|(label,)| label))
}

/// `all` selects the items; `uses` counts where the code `$1` was chosen.
macro_rules! list_of_codes {
    ($item:ident, $entity:literal, all: $all:expr, uses: $uses:expr $(,)?) => {
        impl $item {
            pub(crate) fn new(tx: &mut Tx<'_>, code: &str, label: &str, position: i64) -> Self {
                Self {
                    id: tx.id(),
                    code: code.to_owned(),
                    label: label.to_owned(),
                    active: true,
                    position,
                    version: 1,
                }
            }
        }

        impl Resource for $item {
            type Parent = Administrator;
            const FIELDS: &'static [Field] = web::fields! { $item:
                code: key(1, 40).label("choice-code").hint("choice-code-hint").required().fixed(),
                label: line(80).label("choice-label").required(),
                active: flag().label("choice-active"),
                position: position().label("plan-position"),
            };
            const HISTORY: History = history_of!($entity, named_by: "label");
            const LIMIT: Option<usize> = Some(100);

            site::stored_in_table!();

            fn list(
                tx: &mut Tx<'_>,
                _: &Administrator,
                _: &PageQuery,
            ) -> Result<List<Self>, Refusal> {
                Ok(List::whole(tx.all($all, &[])?))
            }

            fn blank(
                tx: &mut Tx<'_>,
                _: &Administrator,
                _: &Input,
                there: &[Self],
            ) -> Result<Self, Refusal> {
                let position = next_position(there.iter().map(|one| one.position));
                Ok(Self::new(tx, "", "", position))
            }

            fn removal(
                &self,
                tx: &mut Tx<'_>,
                _: &Administrator,
                _: &[Self],
            ) -> Result<Removal, Refusal> {
                let (used,): (i64,) = tx.one($uses, &[&self.code])?;
                Ok(Removal::of_uses(used))
            }
        }
    };
}

list_of_codes!(
    SessionType,
    "session_type",
    all: sql!("SELECT {SessionType} FROM session_type ORDER BY active DESC, position, id"),
    uses: sql!("SELECT (SELECT COUNT(*) FROM slot_session_type WHERE session_type = $1)
               + (SELECT COUNT(*) FROM offer WHERE session_types LIKE '%\"' || $1 || '\"%')
               + (SELECT COUNT(*) FROM booking WHERE session_type = $1)
               + (SELECT COUNT(*) FROM booking_request WHERE session_type = $1)"),
);
list_of_codes!(
    Level,
    "level",
    all: sql!("SELECT {Level} FROM level ORDER BY active DESC, position, id"),
    uses: sql!("SELECT (SELECT COUNT(*) FROM slot_level WHERE level = $1)
               + (SELECT COUNT(*) FROM offer WHERE levels LIKE '%\"' || $1 || '\"%')
               + (SELECT COUNT(*) FROM booking WHERE level = $1)
               + (SELECT COUNT(*) FROM booking_request WHERE level = $1)"),
);
