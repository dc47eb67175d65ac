//! Occasions as they are stored: kind, hosts, languages, deadline, design and state.

use identity::grant::Scope;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use platform::id::Id as _;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{I18n, Language, Region, Theme};

use crate::id::OccasionId;
use crate::role;
use crate::words::{OccasionKind, OccasionStatus, ReplyStatus, Tone};

/// An occasion: what the hosts entered, and its state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
pub struct Occasion {
    /// The occasion's id.
    pub id: OccasionId,
    /// The occasion's name in URLs: 3–63 characters of `a-z0-9-`.
    pub slug: String,
    /// The kind of celebration.
    pub kind: OccasionKind,
    /// The occasion's state.
    pub status: OccasionStatus,
    /// 1–120 characters.
    pub title: I18n,
    /// Up to 200 characters.
    pub subtitle: I18n,
    /// The line above the names on the cover, up to 60 characters.
    pub kicker: I18n,
    /// Up to 4,000 characters.
    pub welcome: I18n,
    /// Up to 4,000 characters.
    pub farewell: I18n,
    /// The hosts' names as displayed, 1–160 characters.
    pub hosts: I18n,
    /// An IANA name, such as `Asia/Kuala_Lumpur`.
    pub time_zone: String,
    /// An ISO 4217 code.
    pub currency: String,
    /// The country in which hosts and most guests live, as a code of ISO 3166-1 such as `MY`; empty
    /// if it is the country of the time zone.
    pub country: String,
    /// 1–20 language tags (BCP 47), offered to guests in this order.
    #[row(json)]
    pub languages: Vec<String>,
    /// One of the languages.
    pub default_language: String,
    /// When answers close; null if they never close automatically.
    pub rsvp_deadline: Option<Timestamp>,
    /// How many additional people new invitations allow, 0–20.
    pub default_plus_ones: i64,
    /// How many additional children new invitations allow, 0–20.
    pub default_children: i64,
    /// The maximum number of people in one answer without a code, 1–20, including the person who
    /// answers.
    pub open_party_limit: i64,
    /// Whom guests can ask for help.
    #[row(flatten)]
    pub contact: Contact,
    /// The design of the guests' pages.
    #[row(json)]
    pub theme: Theme,
    /// The cover picture, which is set by an upload; empty if there is none. Its paths are
    /// `/o/{slug}/cover/{cover}-720x360.jpg` and `/o/{slug}/cover/{cover}-1200x630.jpg`.
    pub cover: String,
    /// A description of the cover picture, up to 200 characters.
    pub cover_alt: I18n,
    /// The tone of the built-in texts.
    pub tone: Tone,
    /// The features that are switched on.
    #[row(json)]
    pub switches: Switches,
    /// Whether hosts are told on which days a household opened its form without saving, and which
    /// field was missing if a save was refused. Switching it off deletes what there is.
    pub form_events: bool,
    /// The occasion is deleted this many days after its last event, 30–1,825.
    pub retention_days: i64,
    /// Increased by every change. A change must name the version it is based on.
    pub version: i64,
}

/// The person whom guests can ask for help.
#[derive(Clone, Debug, Default, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
pub struct Contact {
    /// Up to 100 characters.
    #[row(rename = "contact_name")]
    pub name: String,
    /// Up to 254 characters.
    #[row(rename = "contact_email")]
    pub email: String,
    /// Up to 32 characters.
    #[row(rename = "contact_phone")]
    pub phone: String,
}

/// Features that hosts can switch on. When a feature is switched off, it is hidden and changes are
/// refused. Stored data stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own on one page"
)]
pub struct Switches {
    /// Asks for dietary requirements.
    pub dietary: bool,
    /// Lets households write a note.
    pub notes: bool,
    /// Distinguishes children from adults.
    pub children: bool,
    /// Offers "Not sure" as an answer.
    pub undecided: bool,
    /// Requires a name for each plus-one.
    pub plus_one_name_required: bool,
    /// Shows the wish list, and lets households reserve gifts.
    pub gifts: bool,
    /// Shows ways to give money.
    pub cash_links: bool,
    /// Lets households upload pictures and documents, and shows the gallery.
    pub uploads: bool,
    /// Lets a household reserve gifts only if one of its guests comes.
    pub gifts_only_if_attending: bool,
    /// Even after answers have closed, lets households write notes, reserve gifts and upload files.
    pub late_gifts_notes: bool,
    /// Sends a confirmation mail with the saved answers.
    pub confirmation_mail: bool,
    /// Shows the number of days until the next event.
    pub days_left: bool,
    /// Puts households on a waiting list when an event has too few seats left.
    pub waitlist: bool,
    /// Lets anybody who knows the public page answer without a code.
    pub open_rsvp: bool,
    /// Shows the notes of answers without a code on the public page, once hosts have approved them.
    pub public_wishes: bool,
    /// Requires that somebody who types a code also enters a name that is on the invitation.
    pub ask_name: bool,
    /// Says at the bottom of guests' pages that the pages are made with Kenduri.
    pub made_with: bool,
    /// Keeps the server unchanged from 12 hours before an event until the event is over. During
    /// that time nothing is restarted or upgraded, unless the server's operator forces it.
    pub freeze: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            dietary: true,
            notes: true,
            children: true,
            undecided: true,
            plus_one_name_required: false,
            gifts: false,
            cash_links: false,
            uploads: false,
            gifts_only_if_attending: false,
            late_gifts_notes: true,
            confirmation_mail: true,
            days_left: true,
            waitlist: false,
            open_rsvp: false,
            public_wishes: false,
            ask_name: false,
            made_with: true,
            freeze: false,
        }
    }
}

/// Whether any occasion with working codes requires a guest's name together with a typed code.
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
    /// Returns the reply that counts for `status`. If the hosts do not offer "not sure", an
    /// undecided reply counts as pending.
    pub fn effective_status(&self, status: ReplyStatus) -> ReplyStatus {
        if status == ReplyStatus::Undecided && !self.switches.undecided {
            return ReplyStatus::Pending;
        }
        status
    }

    pub fn blank(id: OccasionId) -> Self {
        Self {
            id,
            time_zone: "UTC".to_owned(),
            currency: "EUR".to_owned(),
            languages: vec!["en".to_owned()],
            default_language: "en".to_owned(),
            open_party_limit: 6,
            form_events: true,
            retention_days: 180,
            version: 1,
            ..Self::default()
        }
    }

    /// Returns the country in which hosts and most guests live; `None` if none is set and the time
    /// zone belongs to none.
    pub fn home_country(&self) -> Option<Region> {
        country_of(&self.country, &self.time_zone)
    }

    /// Returns the occasion's time zone, in which its times are shown. Returns UTC if the bundled
    /// time zone data no longer contains the stored name.
    pub fn zone(&self) -> TimeZone {
        zone_named(&self.time_zone)
    }
}

/// See [`Occasion::home_country`].
pub(crate) fn country_of(country: &str, time_zone: &str) -> Option<Region> {
    Region::find(country).or_else(|| {
        let zone = web::zone::find(time_zone)?;
        Region::of_zone(web::zone::name(&zone))
    })
}

/// Returns the instant of a local time such as `08:00` on `day`; `None` if `hour` cannot be parsed.
/// If the clocks skip the time, the length of the skipped period is added to it. If the time occurs
/// twice, the first occurrence counts.
pub(crate) fn at_hour(day: Date, hour: &str, zone: &TimeZone) -> Option<Timestamp> {
    let hour: Time = hour.parse().ok()?;
    let local = day.to_datetime(hour).to_zoned(zone.clone()).ok()?;
    Some(local.timestamp())
}

pub(crate) fn zone_named(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// Serializes a simple struct for the store. This cannot fail.
pub fn to_json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// How much mail the site lets an occasion send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailPermission {
    /// The staff made the occasion or has taken it on.
    Unlimited,
    /// A member's occasion, which sends a limited number of mails a day.
    Limited,
    /// A member's occasion that may not send mail yet.
    Restricted,
}

pub(crate) fn mail_permission(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
) -> Result<MailPermission, StoreError> {
    let (by_staff, sends_mail): (bool, bool) = sql!(
        "SELECT by_staff, sends_mail FROM occasion WHERE id = :occasion",
        occasion
    )
    .one(tx)?;
    Ok(match (by_staff, sends_mail) {
        (true, _) => MailPermission::Unlimited,
        (false, true) => MailPermission::Limited,
        (false, false) => MailPermission::Restricted,
    })
}

/// Whether at least one occasion is published.
pub(crate) fn is_any_published(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let (count,): (i64,) = sql!(
        "SELECT COUNT(*) FROM occasion WHERE status = :published",
        published = OccasionStatus::Published
    )
    .one(tx)?;
    Ok(count > 0)
}

/// Returns the theme of the occasion that guests can open, if there is exactly one.
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

/// Returns the title of the occasion that `scope` stands for, in the occasion's default language.
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

pub fn find(tx: &mut Tx<'_>, id: &OccasionId) -> Result<Option<Occasion>, StoreError> {
    sql!("SELECT {Occasion} FROM occasion WHERE id = :id", id).maybe(tx)
}

/// Loads an occasion. It must exist, because a row refers to it.
pub fn load(tx: &mut Tx<'_>, id: &OccasionId) -> Result<Occasion, StoreError> {
    find(tx, id)?.ok_or(StoreError::Rows {
        expected: "one row",
        actual: 0,
        sql: "occasion::load",
    })
}

/// Returns the id of the occasion that has this slug or had it before.
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

/// Writes the fields that hosts can change, and raises the version. The caller must hold the
/// occasion's lock.
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

/// Sets the cover picture of an occasion, and raises its version. The caller must hold the
/// occasion's lock.
pub fn set_cover(tx: &mut Tx<'_>, id: &OccasionId, cover: &str) -> Result<(), StoreError> {
    sql!(
        "UPDATE occasion SET cover = :cover, version = version + 1, revision = revision + 1,
             updated_at = :now
         WHERE id = :id",
        cover,
        now = tx.now(),
        id
    )
    .run(tx, Rows::Exactly(1))
    .map(drop)
}

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

/// Takes the occasion's lock. Changing the occasion, its events or its dietary options requires
/// this lock. Locks must be taken in this order: occasion, event, invitation. Returns the version,
/// or `None` if the occasion does not exist.
pub fn lock(tx: &mut Tx<'_>, id: &OccasionId) -> Result<Option<i64>, StoreError> {
    let locked: Option<(i64,)> = sql!(
        "UPDATE occasion SET revision = revision + 1 WHERE id = :id RETURNING version",
        id
    )
    .maybe(tx)?;
    Ok(locked.map(|(version,)| version))
}

/// Locks the occasion's row without changing it. Numbers that the caller counts afterwards stay
/// correct until the transaction ends. Returns `None` if the occasion does not exist.
pub fn hold(tx: &mut Tx<'_>, id: &OccasionId) -> Result<Option<()>, StoreError> {
    let held: Option<(i64,)> = sql!(
        "SELECT revision FROM occasion WHERE id = :id FOR NO KEY UPDATE",
        id
    )
    .maybe(tx)?;
    Ok(held.map(|_| ()))
}
