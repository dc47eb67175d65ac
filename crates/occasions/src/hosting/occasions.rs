//! Occasions, as their hosts make, change, publish and end them.

use std::collections::BTreeMap;

use accounts::grant::{self, GrantError, SITE, Scope};
use accounts::signed_in::SignedIn;
use jiff::tz::TimeZone;
use platform::audit::RequestFacts;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use web::{Deadline, I18n, Theme};

use super::fields::nullable;
use super::history::{self, Changes};
use super::permissions::{self, HostOf, Permission};
use super::{Current, Refusal, When, events};
use crate::diet;
use crate::occasion::{self, Contact, Details, Occasion, OccasionId, Switches};
use crate::role::{self, Role};
use crate::words::{OccasionKind, OccasionStatus, Tone};
use web::{Findings, Limits};

/// How many occasions one installation holds.
pub const LIMIT: i64 = 1_000;

/// What hosts may set about an occasion; what is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = OccasionChange)]
pub struct OccasionChange {
    /// The version that was seen; `If-Match` says the same.
    pub version: Option<i64>,
    /// 3–63 of `a-z0-9-`.
    pub slug: Option<String>,
    /// What is celebrated.
    pub kind: Option<OccasionKind>,
    /// 1–120.
    pub title: Option<I18n>,
    /// 0–200.
    pub subtitle: Option<I18n>,
    /// 0–60, above the names on the cover.
    pub kicker: Option<I18n>,
    /// 0–4,000.
    pub welcome: Option<I18n>,
    /// 0–4,000.
    pub farewell: Option<I18n>,
    /// 1–160.
    pub hosts: Option<I18n>,
    /// IANA name.
    pub time_zone: Option<String>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// 1–20 BCP 47 tags.
    pub languages: Option<Vec<String>>,
    /// One of them.
    pub default_language: Option<String>,
    /// An instant, a date (its end), or null: never closes by itself.
    #[serde(deserialize_with = "nullable")]
    pub rsvp_deadline: Option<Option<When>>,
    /// 0–20, for new invitations.
    pub default_plus_ones: Option<i64>,
    /// 0–20, for new invitations.
    pub default_children: Option<i64>,
    /// 1–20, for answers without a code.
    pub open_party_limit: Option<i64>,
    /// Whom guests ask.
    pub contact: Option<Contact>,
    /// The look.
    pub theme: Option<Theme>,
    /// How default wordings speak.
    pub tone: Option<Tone>,
    /// Which to switch on or off, by name.
    pub switches: Option<BTreeMap<Switch, bool>>,
    /// 30–1,825.
    pub retention_days: Option<i64>,
}

/// The name of a switch.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// Food needs are asked.
    Dietary,
    /// Households may write a note.
    Notes,
    /// Children are told apart.
    Children,
    /// "Not sure" is offered.
    Undecided,
    /// A plus-one must have a name.
    PlusOneNameRequired,
    /// Notes stay open after answers closed.
    LateGiftsNotes,
    /// A mail confirms what was saved.
    ConfirmationMail,
    /// Whoever knows the public page may answer.
    OpenRsvp,
    /// Approved wishes can be read there.
    PublicWishes,
    /// A typed code needs a name on the invitation too.
    AskName,
}

impl Switch {
    fn of(self, switches: &mut Switches) -> &mut bool {
        match self {
            Self::Dietary => &mut switches.dietary,
            Self::Notes => &mut switches.notes,
            Self::Children => &mut switches.children,
            Self::Undecided => &mut switches.undecided,
            Self::PlusOneNameRequired => &mut switches.plus_one_name_required,
            Self::LateGiftsNotes => &mut switches.late_gifts_notes,
            Self::ConfirmationMail => &mut switches.confirmation_mail,
            Self::OpenRsvp => &mut switches.open_rsvp,
            Self::PublicWishes => &mut switches.public_wishes,
            Self::AskName => &mut switches.ask_name,
        }
    }
}

/// Makes an occasion, in draft, and its maker its owner. Permission comes from the
/// installation: its administrators create occasions.
pub fn create(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    new: &OccasionChange,
    request: Option<RequestFacts>,
) -> Result<OccasionId, Refusal> {
    if !may_create(tx, who)? {
        return Err(Refusal::Forbidden);
    }
    let mut details = blank();
    let mut fields = Findings::default();
    for (pointer, missing) in [
        ("/slug", new.slug.is_none()),
        ("/title", new.title.is_none()),
        ("/hosts", new.hosts.is_none()),
        ("/time_zone", new.time_zone.is_none()),
    ] {
        if missing {
            fields.add(pointer, "required", []);
        }
    }
    let slug = fields.slug("/slug", new.slug.as_deref().unwrap_or("---"), 3, 63);
    apply(new, &mut details, &mut fields);
    fields.finish()?;
    let (there,): (i64,) = tx.one(sql!("SELECT COUNT(*) FROM occasion"), &[])?;
    if there >= LIMIT {
        return Err(Refusal::LimitReached(LIMIT));
    }
    take_slug(tx, &slug)?;
    let kind = new.kind.unwrap_or(OccasionKind::Wedding);
    let id = occasion::insert(tx, &slug, kind, &details).map_err(slug_taken)?;
    diet::insert_built_in(tx, &id)?;
    let account = &who.account().id;
    let scope = role::scope(&id);
    match grant::give(
        tx,
        account,
        Role::OccasionOwner.into(),
        &scope,
        Some(account),
    ) {
        Ok(()) => {}
        Err(GrantError::Store(error)) => return Err(error.into()),
        Err(_) => return Err(Refusal::Forbidden),
    }
    let host = permissions::enter(tx, who, &id, request)?;
    let changes = json!([{"field": "slug", "old": null, "new": slug}]);
    history::record(
        tx,
        &host,
        "occasion.created",
        ("occasion", id.to_string()),
        changes,
    )?;
    Ok(id)
}

/// Whether `who` may make occasions here.
pub fn may_create(tx: &mut Tx<'_>, who: &SignedIn) -> Result<bool, StoreError> {
    let rank = grant::rank_in(tx, who, &Scope::site())?;
    Ok(rank.is_some_and(|rank| SITE.at_least(rank, grant::ADMIN)))
}

/// The occasions of `who`, newest first.
pub fn list(tx: &mut Tx<'_>, who: &SignedIn) -> Result<Vec<(Occasion, Role)>, StoreError> {
    let mut found = Vec::new();
    for (id, role) in permissions::occasions_of(tx, who)? {
        if let Some(occasion) = occasion::find(tx, &id)? {
            found.push((occasion, role));
        }
    }
    Ok(found)
}

/// The occasion that a host works on.
pub fn load(tx: &mut Tx<'_>, host: &HostOf) -> Result<Occasion, Refusal> {
    occasion::find(tx, host.occasion())?.ok_or(Refusal::NotFound)
}

/// As [`load`], holding its lock, the first in every order of locks.
pub(super) fn lock(tx: &mut Tx<'_>, host: &HostOf) -> Result<Occasion, Refusal> {
    occasion::lock(tx, host.occasion())?.ok_or(Refusal::NotFound)?;
    load(tx, host)
}

/// Changes an occasion. A coordinator may change its texts and nothing else.
pub fn change(
    tx: &mut Tx<'_>,
    host: &HostOf,
    version: i64,
    change: &OccasionChange,
) -> Result<Occasion, Refusal> {
    host.needs(Permission::Write)?;
    let old = lock(tx, host)?;
    check_version(&old, version)?;
    let mut new = old.clone();
    let mut fields = Findings::default();
    if let Some(slug) = &change.slug {
        new.slug = fields.slug("/slug", slug, 3, 63);
    }
    new.kind = change.kind.unwrap_or(old.kind);
    apply(change, &mut new.details, &mut fields);
    fields.finish()?;
    let changes = compare(&old, &new);
    if changes.is_empty() {
        return Ok(old);
    }
    if !host.may(Permission::Own)
        && (old.slug != new.slug || old.kind != new.kind || is_beyond_texts(&old, &new))
    {
        return Err(Refusal::Forbidden);
    }
    if new.slug != old.slug {
        take_slug(tx, &new.slug)?;
    }
    events::wait_for_answers(tx, &new.id)?;
    occasion::update(tx, &new.id, &new.slug, new.kind, &new.details).map_err(slug_taken)?;
    if new.slug != old.slug {
        leave_slug(tx, &old)?;
    }
    let entity = ("occasion", new.id.to_string());
    history::record(tx, host, "occasion.changed", entity, changes.into_json())?;
    history::tell_of_occasion(tx, host, "edited")?;
    load(tx, host)
}

/// Moves an occasion to another state: forward one by one, backward at will;
/// only from purged there is no way back.
pub fn set_status(
    tx: &mut Tx<'_>,
    host: &HostOf,
    version: Option<i64>,
    status: OccasionStatus,
) -> Result<Occasion, Refusal> {
    host.needs(Permission::Own)?;
    let old = lock(tx, host)?;
    if let Some(version) = version {
        check_version(&old, version)?;
    }
    if old.status == status {
        return Ok(old);
    }
    // What was never open cannot be closed.
    if (old.status, status) == (OccasionStatus::Draft, OccasionStatus::Closed) {
        return Err(Refusal::WrongState);
    }
    if status == OccasionStatus::Published {
        let (events,): (i64,) = tx.one(
            sql!("SELECT COUNT(*) FROM event WHERE occasion = $1"),
            &[host.occasion()],
        )?;
        if events == 0 {
            return Err(Refusal::WrongState);
        }
    }
    events::wait_for_answers(tx, host.occasion())?;
    occasion::set_status(tx, host.occasion(), status)?;
    let mut changes = Changes::default();
    changes.compare("status", &old.status, &status);
    let entity = ("occasion", old.id.to_string());
    history::record(tx, host, "occasion.moved", entity, changes.into_json())?;
    history::tell_of_occasion(tx, host, status.word())?;
    load(tx, host)
}

fn check_version(occasion: &Occasion, seen: i64) -> Result<(), Refusal> {
    if occasion.version == seen {
        return Ok(());
    }
    let current = Box::new(occasion.clone());
    Err(Refusal::VersionConflict(Current::Occasion(current)))
}

/// What an occasion is before anybody said anything.
fn blank() -> Details {
    Details {
        title: I18n::default(),
        subtitle: I18n::default(),
        kicker: I18n::default(),
        welcome: I18n::default(),
        farewell: I18n::default(),
        hosts: I18n::default(),
        time_zone: String::new(),
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
    }
}

/// Puts what is wanted into `details`, as far as it may be kept.
fn apply(change: &OccasionChange, details: &mut Details, fields: &mut Findings) {
    for (pointer, wanted, kept, limits) in [
        (
            "/title",
            &change.title,
            &mut details.title,
            Limits::required(120),
        ),
        (
            "/subtitle",
            &change.subtitle,
            &mut details.subtitle,
            Limits::line(200),
        ),
        (
            "/kicker",
            &change.kicker,
            &mut details.kicker,
            Limits::line(60),
        ),
        (
            "/welcome",
            &change.welcome,
            &mut details.welcome,
            Limits::lines(4_000),
        ),
        (
            "/farewell",
            &change.farewell,
            &mut details.farewell,
            Limits::lines(4_000),
        ),
        (
            "/hosts",
            &change.hosts,
            &mut details.hosts,
            Limits::required(160),
        ),
    ] {
        if let Some(text) = wanted {
            *kept = fields.i18n(pointer, text, limits);
        }
    }
    apply_place(change, details, fields);
    apply_languages(change, details, fields);
    for (pointer, wanted, kept, least, most) in [
        (
            "/default_plus_ones",
            change.default_plus_ones,
            &mut details.default_plus_ones,
            0,
            20,
        ),
        (
            "/default_children",
            change.default_children,
            &mut details.default_children,
            0,
            20,
        ),
        (
            "/open_party_limit",
            change.open_party_limit,
            &mut details.open_party_limit,
            1,
            crate::open_rsvp::PARTY_LIMIT,
        ),
        (
            "/retention_days",
            change.retention_days,
            &mut details.retention_days,
            30,
            1_825,
        ),
    ] {
        if let Some(number) = wanted {
            *kept = fields.number(pointer, number, least, most);
        }
    }
    if let Some(contact) = &change.contact {
        details.contact = Contact {
            name: fields.line("/contact/name", &contact.name, 0, 100),
            email: fields
                .email("/contact/email", Some(&contact.email))
                .unwrap_or_default(),
            phone: fields.line("/contact/phone", &contact.phone, 0, 32),
        };
    }
    details.theme = change.theme.unwrap_or(details.theme);
    details.tone = change.tone.unwrap_or(details.tone);
    for (switch, on) in change.switches.iter().flatten() {
        *switch.of(&mut details.switches) = *on;
    }
}

/// Where and when: the zone first, because a date means a day there.
fn apply_place(change: &OccasionChange, details: &mut Details, fields: &mut Findings) {
    if let Some(name) = &change.time_zone {
        match TimeZone::get(name.trim()) {
            Ok(zone) => {
                name.trim().clone_into(&mut details.time_zone);
                // Known to the data under its proper name, whatever case was typed.
                if let Some(proper) = zone.iana_name() {
                    proper.clone_into(&mut details.time_zone);
                }
            }
            Err(_) => fields.add("/time_zone", "time_zone_unknown", []),
        }
    }
    if let Some(currency) = &change.currency {
        let currency = currency.trim().to_uppercase();
        if platform::money::Currency::parse(&currency).is_none() {
            fields.add("/currency", "unknown_option", []);
        }
        details.currency = currency;
    }
    if let Some(deadline) = &change.rsvp_deadline {
        let zone = TimeZone::get(&details.time_zone).unwrap_or(TimeZone::UTC);
        details.rsvp_deadline = deadline
            .as_ref()
            .and_then(|when| fields.when("/rsvp_deadline", when, &zone));
    }
}

fn apply_languages(change: &OccasionChange, details: &mut Details, fields: &mut Findings) {
    if let Some(languages) = &change.languages {
        details.languages = fields.languages("/languages", languages);
    }
    if let Some(tag) = &change.default_language {
        tag.trim().clone_into(&mut details.default_language);
    }
    if change.languages.is_none() && change.default_language.is_none() {
        return;
    }
    let offered = &details.languages;
    if !offered.contains(&details.default_language) {
        match (&change.default_language, offered.first()) {
            // Nobody said which: the first of the new ones.
            (None, Some(first)) => details.default_language.clone_from(first),
            _ => fields.add("/default_language", "not_allowed", []),
        }
    }
}

/// Whether more differs than what coordinators may write.
fn is_beyond_texts(old: &Occasion, new: &Occasion) -> bool {
    let texts = &new.details;
    let with_texts = Details {
        title: texts.title.clone(),
        subtitle: texts.subtitle.clone(),
        kicker: texts.kicker.clone(),
        welcome: texts.welcome.clone(),
        farewell: texts.farewell.clone(),
        hosts: texts.hosts.clone(),
        ..old.details.clone()
    };
    with_texts != new.details
}

fn compare(old: &Occasion, new: &Occasion) -> Changes {
    let mut changes = Changes::default();
    let (was, is) = (&old.details, &new.details);
    changes
        .compare("slug", &old.slug, &new.slug)
        .compare("kind", &old.kind, &new.kind)
        .compare("title", &was.title, &is.title)
        .compare("subtitle", &was.subtitle, &is.subtitle)
        .compare("kicker", &was.kicker, &is.kicker)
        .compare("welcome", &was.welcome, &is.welcome)
        .compare("farewell", &was.farewell, &is.farewell)
        .compare("hosts", &was.hosts, &is.hosts)
        .compare("time_zone", &was.time_zone, &is.time_zone)
        .compare("currency", &was.currency, &is.currency)
        .compare("languages", &was.languages, &is.languages)
        .compare(
            "default_language",
            &was.default_language,
            &is.default_language,
        )
        .compare("rsvp_deadline", &was.rsvp_deadline, &is.rsvp_deadline)
        .compare(
            "default_plus_ones",
            &was.default_plus_ones,
            &is.default_plus_ones,
        )
        .compare(
            "default_children",
            &was.default_children,
            &is.default_children,
        )
        .compare(
            "open_party_limit",
            &was.open_party_limit,
            &is.open_party_limit,
        )
        .compare("contact", &was.contact, &is.contact)
        .compare("theme", &was.theme, &is.theme)
        .compare("tone", &was.tone, &is.tone)
        .compare("switches", &was.switches, &is.switches)
        .compare("retention_days", &was.retention_days, &is.retention_days);
    changes
}

/// A present slug is its occasion's alone; a former one may be taken.
fn take_slug(tx: &mut Tx<'_>, slug: &str) -> Result<(), Refusal> {
    let taken: Option<(OccasionId,)> =
        tx.maybe(sql!("SELECT id FROM occasion WHERE slug = $1"), &[&slug])?;
    if taken.is_some() {
        return Err(Refusal::SlugTaken);
    }
    tx.run(
        sql!("DELETE FROM occasion_alias WHERE slug = $1"),
        &[&slug],
        Rows::AtMostOne,
    )?;
    Ok(())
}

/// The old slug leads here until somebody takes it.
fn leave_slug(tx: &mut Tx<'_>, old: &Occasion) -> Result<(), StoreError> {
    tx.run(
        sql!(
            "INSERT INTO occasion_alias (slug, occasion) VALUES ($1, $2)
             ON CONFLICT (slug) DO UPDATE SET occasion = excluded.occasion"
        ),
        &[&old.slug, &old.id],
        Rows::Exactly(1),
    )?;
    Ok(())
}

/// Between the look and the write somebody may have taken the slug: the table's
/// own constraint has the last word.
fn slug_taken(error: StoreError) -> Refusal {
    match error.constraint() {
        Some("occasion_slug_taken") => Refusal::SlugTaken,
        _ => Refusal::Store(error),
    }
}

/// Whole calendar days from today to an instant, where the occasion is: today
/// is 0, what is past is negative.
pub fn days_until(occasion: &Occasion, now: jiff::Timestamp, instant: jiff::Timestamp) -> i32 {
    let zone = occasion.zone();
    let today = now.to_zoned(zone.clone()).date();
    web::dates::days_between(today, instant.to_zoned(zone).date())
}

/// As [`days_until`], for a deadline: one at midnight ends the day before.
pub fn days_until_deadline(
    occasion: &Occasion,
    now: jiff::Timestamp,
    deadline: jiff::Timestamp,
) -> i32 {
    let zone = occasion.zone();
    Deadline::of(&deadline.to_zoned(zone.clone())).days_left(&now.to_zoned(zone))
}
