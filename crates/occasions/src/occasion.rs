//! An occasion: what is celebrated, by whom, in which languages, until when it
//! may be answered, and how it looks.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::store::{Bind, FromRow, Row};
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use web::{I18n, Theme};

use crate::words::{OccasionKind, OccasionStatus, Tone};

platform::id!(OccasionId, "One occasion.");

/// An occasion, as stored.
#[derive(Clone, Debug)]
pub struct Occasion {
    /// Its id.
    pub id: OccasionId,
    /// Its name in addresses.
    pub slug: String,
    /// What is celebrated.
    pub kind: OccasionKind,
    /// Where it is in its life.
    pub status: OccasionStatus,
    /// What hosts fill in.
    pub details: Details,
    /// Raised by every change.
    pub version: i64,
}

/// What hosts fill in about an occasion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
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
    /// Offered to guests, in this order.
    pub languages: Vec<String>,
    /// One of them.
    pub default_language: String,
    /// From this instant on answers are closed; `None`: never by themselves.
    pub rsvp_deadline: Option<Timestamp>,
    /// For new invitations, 0–20.
    pub default_plus_ones: i64,
    /// For new invitations, 0–20.
    pub default_children: i64,
    /// How many an answer without a code may bring, who answers included, 1–20.
    pub open_party_limit: i64,
    /// Whom guests ask.
    pub contact: Contact,
    /// The look.
    pub theme: Theme,
    /// How default wordings speak.
    pub tone: Tone,
    /// What is switched on.
    pub switches: Switches,
    /// Days after the last event until everything is deleted, 30–1,825.
    pub retention_days: i64,
}

/// Whom guests ask when they cannot help themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Contact {
    /// 0–100.
    pub name: String,
    /// 0–254.
    pub email: String,
    /// 0–32.
    pub phone: String,
}

/// What hosts have switched on. Off hides a part and refuses its writes; what
/// was stored stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
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
    /// The zone in which everything about it is shown. The name was checked
    /// when it was stored; should a zone vanish from the bundled data, UTC
    /// keeps pages alive.
    pub fn zone(&self) -> TimeZone {
        zone_named(&self.details.time_zone)
    }
}

/// The zone of this name, or UTC.
pub(crate) fn zone_named(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

impl FromRow for Occasion {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let text = |index| row.column::<String>(index);
        let i18n = |index| text(index).map(|json| I18n::from_json(&json));
        Ok(Self {
            id: row.column(0)?,
            slug: row.column(1)?,
            kind: row.column(2)?,
            status: row.column(3)?,
            details: Details {
                title: i18n(4)?,
                subtitle: i18n(5)?,
                kicker: i18n(6)?,
                welcome: i18n(7)?,
                farewell: i18n(8)?,
                hosts: i18n(9)?,
                time_zone: row.column(10)?,
                currency: row.column(11)?,
                languages: json(row, 12)?,
                default_language: row.column(13)?,
                rsvp_deadline: row.column(14)?,
                default_plus_ones: row.column(15)?,
                default_children: row.column(16)?,
                contact: Contact {
                    name: row.column(17)?,
                    email: row.column(18)?,
                    phone: row.column(19)?,
                },
                theme: json(row, 20)?,
                tone: row.column(21)?,
                switches: json(row, 22)?,
                retention_days: row.column(23)?,
                open_party_limit: row.column(25)?,
            },
            version: row.column(24)?,
        })
    }
}

/// Reads a column that holds JSON we wrote.
pub(crate) fn json<T: serde::de::DeserializeOwned>(
    row: &Row<'_>,
    index: usize,
) -> Result<T, StoreError> {
    serde_json::from_str(&row.column::<String>(index)?).map_err(|_| row.unreadable::<T>(index))
}

/// What we store as JSON: plain structs, which always can be written.
pub(crate) fn to_json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
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

/// The occasion with this id.
pub fn find(tx: &mut Tx<'_>, id: &OccasionId) -> Result<Option<Occasion>, StoreError> {
    tx.maybe(
        sql!(
            "SELECT id, slug, kind, status, title, subtitle, kicker, welcome, farewell, hosts,
                    time_zone, currency, languages, default_language, rsvp_deadline,
                    default_plus_ones, default_children, contact_name, contact_email,
                    contact_phone, theme, tone, switches, retention_days, version,
                    open_party_limit
             FROM occasion WHERE id = $1"
        ),
        &[id],
    )
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
    let found: Option<(OccasionId,)> = tx.maybe(
        sql!(
            "SELECT id FROM occasion WHERE slug = $1
             UNION ALL
             SELECT occasion FROM occasion_alias WHERE slug = $1
               AND NOT EXISTS (SELECT 1 FROM occasion WHERE slug = $1)"
        ),
        &[&slug],
    )?;
    Ok(found.map(|(id,)| id))
}

/// Writes a new occasion, in draft.
pub fn insert(
    tx: &mut Tx<'_>,
    slug: &str,
    kind: OccasionKind,
    details: &Details,
) -> Result<OccasionId, StoreError> {
    let id: OccasionId = tx.id();
    let now = tx.now();
    let columns = Columns::of(details);
    let mut arguments: Vec<&dyn Bind> = vec![&id, &slug, &kind];
    arguments.extend(columns.list(details));
    arguments.push(&now);
    tx.run(
        sql!(
            "INSERT INTO occasion (id, slug, kind, status, title, subtitle, kicker, welcome,
                 farewell, hosts, time_zone, currency, languages, default_language,
                 rsvp_deadline, default_plus_ones, default_children, contact_name,
                 contact_email, contact_phone, theme, tone, switches, retention_days,
                 open_party_limit, version, revision, created_at, updated_at)
             VALUES ($1, $2, $3, 'draft', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
                 $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, 1, 1, $25, $25)"
        ),
        &arguments,
        Rows::Exactly(1),
    )?;
    Ok(id)
}

/// Writes the details of an occasion whose row the caller has locked; raises
/// its version.
pub fn update(
    tx: &mut Tx<'_>,
    id: &OccasionId,
    slug: &str,
    kind: OccasionKind,
    details: &Details,
) -> Result<(), StoreError> {
    let now = tx.now();
    let columns = Columns::of(details);
    let mut arguments: Vec<&dyn Bind> = vec![id, &slug, &kind];
    arguments.extend(columns.list(details));
    arguments.push(&now);
    tx.run(
        sql!(
            "UPDATE occasion SET slug = $2, kind = $3, title = $4, subtitle = $5, kicker = $6,
                 welcome = $7, farewell = $8, hosts = $9, time_zone = $10, currency = $11,
                 languages = $12, default_language = $13, rsvp_deadline = $14,
                 default_plus_ones = $15, default_children = $16, contact_name = $17,
                 contact_email = $18, contact_phone = $19, theme = $20, tone = $21,
                 switches = $22, retention_days = $23, open_party_limit = $24,
                 version = version + 1, revision = revision + 1, updated_at = $25
             WHERE id = $1"
        ),
        &arguments,
        Rows::Exactly(1),
    )?;
    Ok(())
}

/// Moves an occasion from one state to another.
pub fn set_status(
    tx: &mut Tx<'_>,
    id: &OccasionId,
    status: OccasionStatus,
) -> Result<(), StoreError> {
    let now = tx.now();
    tx.run(
        sql!(
            "UPDATE occasion SET status = $2, version = version + 1, revision = revision + 1,
                 updated_at = $3
             WHERE id = $1"
        ),
        &[id, &status, &now],
        Rows::Exactly(1),
    )?;
    Ok(())
}

/// Takes the occasion's lock, to change it, its events or its food needs: the
/// first in the order occasion, event, invitation. Returns its version, or
/// `None` when it is gone.
pub fn lock(tx: &mut Tx<'_>, id: &OccasionId) -> Result<Option<i64>, StoreError> {
    let locked: Option<(i64,)> = tx.maybe(
        sql!("UPDATE occasion SET revision = revision + 1 WHERE id = $1 RETURNING version"),
        &[id],
    )?;
    Ok(locked.map(|(version,)| version))
}

/// Holds the occasion's row without changing anything about it: what is counted
/// under this lock stays so until the transaction ends. `None` when it is gone.
pub fn hold(tx: &mut Tx<'_>, id: &OccasionId) -> Result<Option<()>, StoreError> {
    let held: Option<(i64,)> = tx.maybe(
        sql!("SELECT revision FROM occasion WHERE id = $1 FOR NO KEY UPDATE"),
        &[id],
    )?;
    Ok(held.map(|_| ()))
}

/// Details in the form of columns, so that writing one and changing one bind
/// the same list.
struct Columns {
    texts: [String; 6],
    languages: String,
    theme: String,
    switches: String,
}

impl Columns {
    fn of(details: &Details) -> Self {
        Self {
            texts: [
                details.title.to_json(),
                details.subtitle.to_json(),
                details.kicker.to_json(),
                details.welcome.to_json(),
                details.farewell.to_json(),
                details.hosts.to_json(),
            ],
            languages: to_json(&details.languages),
            theme: to_json(&details.theme),
            switches: to_json(&details.switches),
        }
    }

    fn list<'a>(&'a self, details: &'a Details) -> Vec<&'a dyn Bind> {
        let mut list: Vec<&dyn Bind> = self.texts.iter().map(|text| text as &dyn Bind).collect();
        list.extend([
            &details.time_zone as &dyn Bind,
            &details.currency,
            &self.languages,
            &details.default_language,
            &details.rsvp_deadline,
            &details.default_plus_ones,
            &details.default_children,
            &details.contact.name,
            &details.contact.email,
            &details.contact.phone,
            &self.theme,
            &details.tone,
            &self.switches,
            &details.retention_days,
            &details.open_party_limit,
        ]);
        list
    }
}
