//! Profiles: the information that people publish about themselves, with their display name and
//! slug.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::audit::{Entity, Entry, RequestFacts};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql, text_cleaning};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::fields::{self, Field, Input, https, line, lines};
use web::findings::Findings;
use web::problem::FieldProblem;
use web::zone;

use crate::account::{self, AccountId, AccountZone, DisplayName};
use crate::person::slug;
use crate::person::slug_change::{self, SlugError};
use crate::session::signed_in::{self, SignedIn};

// The maximum lengths of the fields, in characters.

const LONGEST_NAME: usize = 100;
const LONGEST_BIO: usize = 500;
const LONGEST_LOCATION: usize = 100;
const LONGEST_WEBSITE: usize = 500;
const LONGEST_ZONE: usize = 64;

/// A person's own profile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
pub struct Profile {
    /// The display name, 2–50 characters.
    pub display_name: String,
    /// The real name, up to 100 characters; never public.
    pub real_name: String,
    /// A few sentences about the person, up to 500 characters; public.
    pub bio: String,
    /// The location, up to 100 characters; public.
    pub location: String,
    /// An https URL of up to 500 characters; public.
    pub website: String,
    /// The IANA time zone in which the person sees times; never public.
    pub time_zone: String,
}

/// The public part of a profile.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
pub struct PublicProfile {
    /// The display name.
    pub display_name: String,
    /// A few sentences about the person; several lines.
    pub bio: String,
    /// The location that the person entered.
    pub location: String,
    /// An https URL, or empty.
    pub website: String,
}

impl Profile {
    pub const FIELDS: &'static [Field] = web::fields! { Profile:
        display_name: line(DisplayName::LONGEST).label("account-name").secret().required(),
        bio: lines(LONGEST_BIO).label("profile-bio").secret(),
        location: line(LONGEST_LOCATION).label("profile-location").secret(),
        website: https().label("profile-website").hint("profile-website-hint").secret(),
        real_name: line(LONGEST_NAME).label("profile-real-name").hint("profile-real-name-hint")
            .section("profile-private").secret(),
        time_zone: line(LONGEST_ZONE).label("profile-zone").hint("profile-zone-hint")
            .section("profile-private"),
    };

    /// Applies the submitted values to the profile.
    pub(crate) fn with(&self, input: &Input, now: Timestamp) -> Result<Self, Vec<FieldProblem>> {
        let mut findings = Findings::default();
        let mut new = input.apply(Self::FIELDS, self, false, &TimeZone::UTC, &mut findings);
        findings.line("/website", &new.website, 0, LONGEST_WEBSITE);
        if let Some(found) = zone::read_field("/time_zone", &new.time_zone, now, &mut findings) {
            zone::name(&found).clone_into(&mut new.time_zone);
        }
        match new.display_name.parse::<DisplayName>() {
            Ok(name) => name.as_str().clone_into(&mut new.display_name),
            Err(_) if findings.has("/display_name") => {}
            Err(_) => {
                let limits = [("min", 2.into()), ("max", DisplayName::LONGEST.into())];
                findings.add("/display_name", "display_name_length", limits);
            }
        }
        findings.sort(Self::FIELDS);
        findings.finish().map(|()| new)
    }

    /// Makes a profile from another system valid by shortening long texts. Returns `false` if the
    /// website was omitted because it is not an https URL of valid length.
    pub(crate) fn clean_imported(&mut self) -> bool {
        let cut = |text: String, most| text.chars().take(most).collect::<String>();
        self.real_name = cut(text_cleaning::clean_line(&self.real_name), LONGEST_NAME);
        self.bio = cut(text_cleaning::clean(&self.bio), LONGEST_BIO);
        self.location = cut(text_cleaning::clean_line(&self.location), LONGEST_LOCATION);
        let mut findings = Findings::default();
        self.website = findings.https("/website", &self.website);
        findings.line("/website", &self.website, 0, LONGEST_WEBSITE);
        if !findings.is_empty() {
            self.website.clear();
        }
        findings.is_empty()
    }

    /// The public fields other than the name. Only a person with a confirmed email address may fill
    /// them in.
    fn public_fields(&self) -> [&str; 3] {
        [&self.bio, &self.location, &self.website]
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    #[error("not signed in")]
    NotSignedIn,
    #[error("the address is not confirmed")]
    Unconfirmed,
    #[error("{} fields are wrong", .0.len())]
    Fields(Vec<FieldProblem>),
    #[error(transparent)]
    Slug(#[from] SlugError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub fn find(tx: &mut Tx<'_>, id: &AccountId) -> Result<Profile, StoreError> {
    sql!("SELECT {Profile} FROM account WHERE id = :id", id).one(tx)
}

/// The public part of an active account's profile.
pub fn find_public(tx: &mut Tx<'_>, id: &AccountId) -> Result<Option<PublicProfile>, StoreError> {
    sql!(
        "SELECT {PublicProfile} FROM account WHERE id = :id AND state = 'active'",
        id
    )
    .maybe(tx)
}

/// Changes a person's profile. If the slug `wanted` differs from the current one, it becomes the
/// new slug.
pub fn change(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    input: &Input,
    wanted: Option<&str>,
    request: &RequestFacts,
) -> Result<(), ProfileError> {
    let id = &who.account().id;
    if !account::lock(tx, id)? {
        return Err(ProfileError::NotSignedIn);
    }
    let old = find(tx, id)?;
    let new = old.with(input, tx.now()).map_err(ProfileError::Fields)?;
    if new.display_name != old.display_name
        && text_cleaning::has_address(&new.display_name)
        && signed_in::confirmed(tx, who)?.is_none()
    {
        let mut findings = Findings::default();
        findings.add("/display_name", "display_name_address", []);
        findings.finish().map_err(ProfileError::Fields)?;
    }
    let present = slug::find(tx, id)?;
    let wanted = wanted.filter(|wanted| present.as_deref() != Some(wanted));
    if wanted.is_some() || new.public_fields() != old.public_fields() {
        let confirmed = signed_in::confirmed(tx, who)?.ok_or(ProfileError::Unconfirmed)?;
        if let Some(wanted) = wanted {
            slug_change::change(tx, &confirmed, wanted, request)?;
        }
    }
    let changes = fields::difference(Profile::FIELDS, &old, &new);
    if changes.is_empty() {
        return Ok(());
    }
    sql!(
        "UPDATE account SET {Profile = :Profile}, folded_name = :folded, updated_at = :now
         WHERE id = :id",
        folded = text_cleaning::fold(&new.display_name),
        Profile = new,
        now = tx.now(),
        id
    )
    .run(tx, Rows::Exactly(1))?;
    if new.time_zone != old.time_zone {
        account::set_zone(tx, id, &AccountZone::chosen(&new.time_zone))?;
    }
    tx.record(Entry {
        actor: who.actor(),
        action: "profile.changed",
        entity: Entity::new("account", id.to_string()),
        scope: None,
        changes: changes.into(),
        request: Some(request.clone()),
    })?;
    Ok(())
}

/// Stores the real name that an identity provider reported for a newly created account.
pub(crate) fn set_real_name(tx: &mut Tx<'_>, id: &AccountId, name: &str) -> Result<(), StoreError> {
    let name = text_cleaning::clean_line(name);
    let name: String = name.chars().take(LONGEST_NAME).collect();
    sql!(
        "UPDATE account SET real_name = :name WHERE id = :id",
        name,
        id
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}
