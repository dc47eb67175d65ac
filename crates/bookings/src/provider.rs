//! Providers, who offer slots, and how to find them.

use identity::account::AccountId;
use identity::grant::{self, Role};
use identity::person::slug;
use jiff::tz::TimeZone;
use platform::audit::Entity;
use platform::id::Id as _;
use platform::jobs::NewJob;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use site::proof::{Proof, Requester};
use utoipa::ToSchema;
use web::fields::Unit::Minutes;
use web::fields::{duration, flag, line, lines};
use web::{Field, Findings, Input, Site};

use crate::Refusal;
use crate::settings::{self, BookingSettings};

platform::id!(ProviderId, random, "One provider.");

/// The role of people who offer slots. Administrators and owners of the site can offer slots
/// without it.
pub const PROVIDER: Role = Role::new("provider", "booking-role-provider");

/// A provider's public profile, and the rules of their slots.
#[derive(Clone, Debug, Default, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
#[row(table = "provider")]
pub struct ProviderProfile {
    /// The provider's id.
    pub id: ProviderId,
    /// The public name, 1–80 characters.
    pub display_name: String,
    /// The public description, up to 2,000 characters.
    pub bio: String,
    /// Minutes that stay free before a session.
    pub buffer_before: i64,
    /// Minutes that stay free after a session.
    pub buffer_after: i64,
    /// The minimum time between a booking and its session, in minutes.
    pub min_notice: i64,
    /// Whether members who have booked a session see the provider's email address.
    pub shows_email: bool,
    /// Whether the provider is paused. The slots of a paused provider are not offered.
    pub is_paused: bool,
    /// The version, which increases with every change.
    pub version: i64,
}

/// The fields that a provider can set.
pub const FIELDS: &[Field] = web::fields! { ProviderProfile:
    display_name: line(80).label("booking-profile-name").required(),
    bio: lines(2_000).label("booking-profile-bio"),
    buffer_before: duration(0, 240, Minutes).label("booking-profile-before"),
    buffer_after: duration(0, 240, Minutes).label("booking-profile-after"),
    min_notice: duration(0, 43_200, Minutes).label("booking-profile-notice"),
    shows_email: flag().label("booking-profile-email").hint("booking-profile-email-hint"),
    is_paused: flag().label("booking-profile-paused"),
};

impl ProviderProfile {
    /// A profile with the site's rules and no description.
    pub fn new(id: ProviderId, name: &str, rules: &BookingSettings) -> Self {
        Self {
            id,
            display_name: name.to_owned(),
            min_notice: rules.notice_minutes,
            version: 1,
            ..Self::default()
        }
    }
}

/// The proof that a person may offer slots. For a change, the provider's profile is locked, so that
/// concurrent changes cannot create overlapping slots.
#[derive(Clone, Debug)]
pub struct Provider {
    requester: Requester,
    /// The provider's profile. Its id is empty until the profile is saved for the first time.
    pub profile: ProviderProfile,
}

impl Provider {
    pub(crate) fn requester(&self) -> &Requester {
        &self.requester
    }

    /// The IANA name of the zone of the provider's account, in which new slots are.
    pub(crate) fn time_zone(&self) -> &str {
        &self.requester.who.account().time_zone
    }

    pub(crate) fn zone(&self) -> TimeZone {
        TimeZone::get(self.time_zone()).unwrap_or(TimeZone::UTC)
    }

    /// Gives the provider's account a slug, if it has none, so that `/book/{slug}` lists their slots.
    pub(crate) fn take_slug(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        slug::of(tx, &self.requester.who.account().id).map(drop)
    }

    fn of(tx: &mut Tx<'_>, requester: &Requester) -> Result<Self, Refusal> {
        if !grant::may_in_site(tx, &requester.who, PROVIDER)? {
            return Err(crate::codes::ROLE_REQUIRED.into());
        }
        let account = requester.who.account();
        let found: Option<ProviderProfile> = sql!(
            "SELECT {ProviderProfile} FROM provider WHERE account_id = :account",
            account = account.id
        )
        .maybe(tx)?;
        let profile = if let Some(profile) = found {
            profile
        } else {
            let (none, rules) = (ProviderId::from_text(String::new()), settings::load(tx)?);
            ProviderProfile::new(none, &account.display_name, &rules)
        };
        Ok(Self {
            requester: requester.clone(),
            profile,
        })
    }
}

impl Proof for Provider {
    type Refusal = Refusal;

    fn enter(tx: &mut Tx<'_>, requester: &Requester) -> Result<Self, Refusal> {
        Self::of(tx, requester)
    }

    fn enter_to_change(tx: &mut Tx<'_>, requester: &Requester) -> Result<Self, Refusal> {
        let mut provider = Self::of(tx, requester)?;
        let account = &requester.who.account().id;
        if provider.profile.id.as_str().is_empty() {
            begin(tx, account, &provider.profile.display_name)?;
        }
        provider.profile = sql!(
            "SELECT {ProviderProfile} FROM provider WHERE account_id = :account FOR NO KEY UPDATE",
            account
        )
        .one(tx)?;
        Ok(provider)
    }
}

/// Stores a first profile for the account, unless it has one.
pub(crate) fn begin(tx: &mut Tx<'_>, account: &AccountId, name: &str) -> Result<(), StoreError> {
    let profile = ProviderProfile::new(tx.id(), name, &settings::load(tx)?);
    sql!(
        "INSERT INTO provider (account_id, {ProviderProfile}) VALUES (:account, {:ProviderProfile})
         ON CONFLICT (account_id) DO NOTHING",
        account,
        ProviderProfile = profile
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}

/// Changes the profile. The caller holds the profile's lock.
pub fn change(
    tx: &mut Tx<'_>,
    provider: &Provider,
    version: Option<i64>,
    input: &Input,
) -> Result<ProviderProfile, Refusal> {
    let old = &provider.profile;
    if version.is_some_and(|version| version != old.version) {
        return Err(crate::refusal::conflict(old));
    }
    let mut findings = Findings::default();
    let mut new = input.apply(FIELDS, old, false, &provider.zone(), &mut findings);
    findings.finish()?;
    new.version += 1;
    tx.update(&new)?;
    // Seats of classes that became free meanwhile are for those who wait.
    if old.is_paused && !new.is_paused && has_classes(tx, &new.id)? {
        enqueue_dates(tx, &new.id)?;
    }
    let entity = Entity::new("provider", new.id.to_string());
    let changes = json!([{"field": "profile", "old": old.version, "new": new.version}]);
    provider
        .requester
        .record(tx, entity, "provider.changed", changes)?;
    Ok(new)
}

fn has_classes(tx: &mut Tx<'_>, id: &ProviderId) -> Result<bool, StoreError> {
    let (classes,): (i64,) = sql!(
        "SELECT COUNT(*) FROM offer WHERE provider_id = :id AND seats > 1",
        id
    )
    .one(tx)?;
    Ok(classes > 0)
}

pub(crate) fn find(tx: &mut Tx<'_>, id: &ProviderId) -> Result<ProviderProfile, StoreError> {
    tx.load(id)
}

/// Locks the provider, whose times are about to change.
pub(crate) fn lock(tx: &mut Tx<'_>, id: &ProviderId) -> Result<(), StoreError> {
    let _: (ProviderId,) = sql!(
        "SELECT id FROM provider WHERE id = :id FOR NO KEY UPDATE",
        id
    )
    .one(tx)?;
    Ok(())
}

/// The job kind of the job that makes the dates of a provider's classes.
pub(crate) const DATES: &str = "booking.class_dates";

/// Plans the job that makes the dates of the provider's classes, because an offer or hours have
/// changed.
pub(crate) fn plan_dates(tx: &mut Tx<'_>, id: &ProviderId) -> Result<(), StoreError> {
    let classes = sql!(
        "UPDATE offer SET filled_until = NULL
         WHERE provider_id = :id AND (seats > 1 OR filled_until IS NOT NULL)",
        id
    )
    .run(tx, Rows::Any)?;
    if classes > 0 {
        enqueue_dates(tx, id)?;
    }
    Ok(())
}

pub(crate) fn enqueue_dates(tx: &mut Tx<'_>, id: &ProviderId) -> Result<(), StoreError> {
    tx.enqueue(NewJob {
        key: Some(format!("{DATES} {id}")),
        ..NewJob::new(DATES, json!(id))
    })
}

/// The provider's account; `None` if it was erased.
pub(crate) fn account_of(
    tx: &mut Tx<'_>,
    id: &ProviderId,
) -> Result<Option<AccountId>, StoreError> {
    let (account,) = sql!("SELECT account_id FROM provider WHERE id = :id", id).one(tx)?;
    Ok(account)
}

/// Whether the account with this id may offer slots.
pub(crate) fn is_for(tx: &mut Tx<'_>, _: &Site, account: &str) -> Result<bool, StoreError> {
    grant::account_may_in_site(tx, account, PROVIDER)
}
