//! An occasion: what is celebrated, by whom, in which languages, until when it
//! may be answered, and how it looks.

use accounts::grant::Scope;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::id::Id as _;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{I18n, Language, Theme};

use crate::role;
use crate::words::{OccasionKind, OccasionStatus, Tone};

platform::id!(OccasionId, "One occasion.");

/// An occasion: what hosts fill in, and where it is in its life.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
pub struct Occasion {
    /// Its id.
    #[schema(value_type = String)]
    pub id: OccasionId,
    /// Its name in addresses: 3–63 of `a-z0-9-`.
    pub slug: String,
    /// What is celebrated.
    pub kind: OccasionKind,
    /// Where it is in its life.
    pub status: OccasionStatus,
    /// 1–120.
    pub title: I18n,
    /// 0–200.
    pub subtitle: I18n,
    /// One line above the names on the cover, 0–60.
    pub kicker: I18n,
    /// 0–4,000.
    pub welcome: I18n,
    /// 0–4,000.
    pub farewell: I18n,
    /// The hosts' names as shown, 1–160.
    pub hosts: I18n,
    /// IANA name.
    pub time_zone: String,
    /// ISO 4217.
    pub currency: String,
    /// 1–20 BCP 47 tags, offered to guests in this order.
    #[row(json)]
    pub languages: Vec<String>,
    /// One of them.
    pub default_language: String,
    /// From this instant on answers are closed; null: never by themselves.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub rsvp_deadline: Option<Timestamp>,
    /// For new invitations, 0–20.
    pub default_plus_ones: i64,
    /// For new invitations, 0–20.
    pub default_children: i64,
    /// How many an answer without a code may bring, who answers included, 1–20.
    pub open_party_limit: i64,
    /// Whom guests ask.
    #[row(flatten)]
    pub contact: Contact,
    /// The look.
    #[row(json)]
    pub theme: Theme,
    /// How default wordings speak.
    pub tone: Tone,
    /// What is switched on.
    #[row(json)]
    pub switches: Switches,
    /// Days after the last event until everything is deleted, 30–1,825.
    pub retention_days: i64,
    /// Raised by every change, which names the one that was seen.
    pub version: i64,
}

/// Whom guests ask when they cannot help themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
pub struct Contact {
    /// 0–100.
    #[row(rename = "contact_name")]
    pub name: String,
    /// 0–254.
    #[row(rename = "contact_email")]
    pub email: String,
    /// 0–32.
    #[row(rename = "contact_phone")]
    pub phone: String,
}

/// What hosts have switched on. Off hides a part and refuses its writes; what
/// was stored stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own on one page"
)]
pub struct Switches {
    /// Food needs are asked.
    pub dietary: bool,
    /// Households may write a note.
    pub notes: bool,
    /// Children are told apart.
    pub children: bool,
    /// "Not sure" is offered.
    pub undecided: bool,
    /// A plus-one must have a name.
    pub plus_one_name_required: bool,
    /// Notes stay open after answers closed.
    pub late_gifts_notes: bool,
    /// A mail confirms what was saved.
    pub confirmation_mail: bool,
    /// The invitation says how many days are left.
    pub days_left: bool,
    /// Whoever knows the public page may answer, without a code.
    pub open_rsvp: bool,
    /// What they wrote with it can be read there, once hosts have approved it.
    pub public_wishes: bool,
    /// A typed code needs a name on the invitation too.
    pub ask_name: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            dietary: true,
            notes: true,
            children: true,
            undecided: true,
            plus_one_name_required: false,
            late_gifts_notes: true,
            confirmation_mail: true,
            days_left: true,
            open_rsvp: false,
            public_wishes: false,
            ask_name: false,
        }
    }
}

/// Whether any occasion with living codes wants a name beside a typed one.
pub fn any_asks_name(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let switches: Vec<(String,)> = tx.all(
        sql!("SELECT switches FROM occasion WHERE status IN ('published', 'closed')"),
        &[],
    )?;
    let mut all = switches
        .iter()
        .filter_map(|(json,)| serde_json::from_str::<Switches>(json).ok());
    Ok(all.any(|switches| switches.ask_name))
}

impl Occasion {
    /// One before anybody said anything about it.
    pub fn blank(id: OccasionId) -> Self {
        Self {
            id,
            slug: String::new(),
            kind: OccasionKind::Wedding,
            status: OccasionStatus::Draft,
            title: I18n::default(),
            subtitle: I18n::default(),
            kicker: I18n::default(),
            welcome: I18n::default(),
            farewell: I18n::default(),
            hosts: I18n::default(),
            time_zone: "UTC".to_owned(),
            currency: "EUR".to_owned(),
            languages: vec!["en".to_owned()],
            default_language: "en".to_owned(),
            rsvp_deadline: None,
            default_plus_ones: 0,
            default_children: 0,
            open_party_limit: 6,
            contact: Contact::default(),
            theme: Theme::PLAIN,
            tone: Tone::Formal,
            switches: Switches::default(),
            retention_days: 180,
            version: 1,
        }
    }

    /// The zone in which everything about it is shown. The name was checked
    /// when it was stored; should a zone vanish from the bundled data, UTC
    /// keeps pages alive.
    pub fn zone(&self) -> TimeZone {
        zone_named(&self.time_zone)
    }
}

/// The zone of this name, or UTC.
pub(crate) fn zone_named(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// What we store as JSON: plain structs, which always can be written.
pub(crate) fn to_json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Whether there is an occasion that guests may look at.
pub(crate) fn is_any_published(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let (count,): (i64,) = sql!(
        "SELECT COUNT(*) FROM occasion WHERE status = :published",
        published = OccasionStatus::Published
    )
    .one(tx)?;
    Ok(count > 0)
}

/// The theme of the one occasion that guests can open; `None` where there are more.
pub fn find_only_theme(tx: &mut Tx<'_>) -> Result<Option<Theme>, StoreError> {
    let themes: Vec<(String,)> = tx.all(
        sql!("SELECT theme FROM occasion WHERE status IN ('published', 'closed') LIMIT 2"),
        &[],
    )?;
    Ok(match &themes[..] {
        [(theme,)] => serde_json::from_str(theme).ok(),
        _ => None,
    })
}

/// What the occasion of this scope is called, in its first language.
pub(crate) fn title_of(tx: &mut Tx<'_>, scope: &Scope) -> Result<Option<String>, StoreError> {
    if scope.kind().name != role::OCCASION.name {
        return Ok(None);
    }
    let found = find(tx, &OccasionId::from_text(scope.id().to_owned()))?;
    let title = found.map(|found| {
        let language = Language::of(&found.default_language);
        let title = found.title.pick(&language, &found.default_language);
        title.to_string()
    });
    Ok(title.filter(|title| !title.is_empty()))
}

/// The occasion with this id.
pub fn find(tx: &mut Tx<'_>, id: &OccasionId) -> Result<Option<Occasion>, StoreError> {
    sql!("SELECT {Occasion} FROM occasion WHERE id = :id", id).maybe(tx)
}

/// The occasion that must be there, because a row points to it.
pub fn load(tx: &mut Tx<'_>, id: &OccasionId) -> Result<Occasion, StoreError> {
    find(tx, id)?.ok_or(StoreError::Rows {
        expected: "one row",
        actual: 0,
        sql: "occasion::load",
    })
}

/// The id behind a slug, present or former.
pub fn find_by_slug(tx: &mut Tx<'_>, slug: &str) -> Result<Option<OccasionId>, StoreError> {
    let found: Option<(OccasionId,)> = sql!(
        "SELECT id FROM occasion WHERE slug = :slug
         UNION ALL
         SELECT occasion FROM occasion_alias WHERE slug = :slug
           AND NOT EXISTS (SELECT 1 FROM occasion WHERE slug = :slug)",
        slug
    )
    .maybe(tx)?;
    Ok(found.map(|(id,)| id))
}

/// Writes a new occasion.
pub fn insert(tx: &mut Tx<'_>, occasion: &Occasion) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO occasion ({Occasion}, revision, created_at, updated_at)
         VALUES ({:Occasion}, 1, :now, :now)",
        Occasion = occasion,
        now = tx.now()
    )
    .run(tx, Rows::Exactly(1))
    .map(drop)
}

/// Writes what hosts fill in about an occasion whose row the caller has locked; raises its
/// version.
pub fn update(tx: &mut Tx<'_>, occasion: &Occasion) -> Result<(), StoreError> {
    sql!(
        "UPDATE occasion SET {Occasion = :Occasion}, revision = revision + 1, updated_at = :now
         WHERE id = :id",
        Occasion = Occasion {
            version: occasion.version + 1,
            ..occasion.clone()
        },
        now = tx.now(),
        id = occasion.id
    )
    .run(tx, Rows::Exactly(1))
    .map(drop)
}

/// Moves an occasion from one state to another.
pub fn set_status(
    tx: &mut Tx<'_>,
    id: &OccasionId,
    status: OccasionStatus,
) -> Result<(), StoreError> {
    let now = tx.now();
    sql!(
        "UPDATE occasion SET status = :status, version = version + 1, revision = revision + 1,
             updated_at = :now
         WHERE id = :id",
        id,
        status,
        now
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// Takes the occasion's lock, to change it, its events or its food needs: the
/// first in the order occasion, event, invitation. Returns its version, or
/// `None` when it is gone.
pub fn lock(tx: &mut Tx<'_>, id: &OccasionId) -> Result<Option<i64>, StoreError> {
    let locked: Option<(i64,)> = sql!(
        "UPDATE occasion SET revision = revision + 1 WHERE id = :id RETURNING version",
        id
    )
    .maybe(tx)?;
    Ok(locked.map(|(version,)| version))
}

/// Holds the occasion's row without changing anything about it: what is counted
/// under this lock stays so until the transaction ends. `None` when it is gone.
pub fn hold(tx: &mut Tx<'_>, id: &OccasionId) -> Result<Option<()>, StoreError> {
    let held: Option<(i64,)> = sql!(
        "SELECT revision FROM occasion WHERE id = :id FOR NO KEY UPDATE",
        id
    )
    .maybe(tx)?;
    Ok(held.map(|_| ()))
}
