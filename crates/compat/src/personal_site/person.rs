//! A person in the format of the older personal site's API.

use std::collections::BTreeMap;

use identity::account::{Account, AccountId};
use identity::credential::password;
use identity::grant::{self, Scope, TRUSTED_CONTACT};
use identity::people;
use identity::person::profile::{self, Profile};
use identity::person::{registration, slug};
use jiff::Timestamp;
use platform::{StoreError, Tx, sql};
use serde::Serialize;
use site::Context;
use web::{Problem, Site};

use super::role::Role;
use super::{is_on, primary_countdown};

#[derive(Debug, Serialize)]
pub(super) struct Person {
    id: String,
    email: String,
    display_name: String,
    slug: String,
    roles: Vec<&'static str>,
    email_verified: bool,
    has_credentials: bool,
    created_at: Timestamp,
    profile: ProfileView,
    external_accounts: [(); 0],
    preferences: BTreeMap<&'static str, bool>,
}

/// A person's profile; fields without a value are null.
#[derive(Debug, Serialize)]
struct ProfileView {
    real_name: Option<String>,
    bio: Option<String>,
    /// Always null, because profiles have no pictures.
    avatar_url: Option<()>,
    location: Option<String>,
    website: Option<String>,
}

impl ProfileView {
    fn of(profile: Profile) -> Self {
        let said = |text: String| (!text.is_empty()).then_some(text);
        Self {
            real_name: said(profile.real_name),
            bio: said(profile.bio),
            avatar_url: None,
            location: said(profile.location),
            website: said(profile.website),
        }
    }
}

/// Loads a person's data, including their preferences.
pub(super) async fn person(accounts: &Context, account: &Account) -> Result<Person, Problem> {
    let (store, id) = (&accounts.site.store, account.id.clone());
    let found = store.read(move |tx| slug::find(tx, &id)).await?;
    let slug = if let Some(slug) = found {
        slug
    } else {
        let id = account.id.clone();
        let change = move |tx: &mut Tx<'_>| slug::of(tx, &id);
        store.write::<_, StoreError, _>(change).await?
    };
    let (account, site) = (account.clone(), accounts.site.clone());
    let look = move |tx: &mut Tx<'_>| Person::of(tx, &site, &account, slug.clone());
    Ok(store.read::<_, StoreError, _>(look).await?)
}

impl Person {
    fn of(
        tx: &mut Tx<'_>,
        site: &Site,
        account: &Account,
        slug: String,
    ) -> Result<Self, StoreError> {
        let id = &account.id;
        let (created_at,): (Timestamp,) =
            sql!("SELECT created_at FROM account WHERE id = :id", id).one(tx)?;
        let email_verified = !registration::is_pending(tx, id)?;
        let mut preferences = BTreeMap::new();
        if is_on(site, &countdowns::DOMAIN) {
            preferences.extend(primary_countdown::preferences(tx, id)?);
        }
        if is_on(site, &posts::DOMAIN) {
            let hears_of_posts = posts::mailing::NEWSLETTER.is_chosen(tx, id)?;
            preferences.insert("notify_blog_posts", hears_of_posts);
        }
        Ok(Self {
            id: id.to_string(),
            email: account.email.clone(),
            display_name: account.display_name.clone(),
            slug,
            roles: roles(tx, id, email_verified)?,
            email_verified,
            has_credentials: password::find(tx, id)?.is_some(),
            created_at,
            profile: ProfileView::of(profile::find(tx, id)?),
            external_accounts: [],
            preferences,
        })
    }
}

/// An account's roles, under the names that the older personal site uses. On that site, an owner of
/// the installation is an administrator.
pub(super) fn roles(
    tx: &mut Tx<'_>,
    id: &AccountId,
    is_verified: bool,
) -> Result<Vec<&'static str>, StoreError> {
    let site = Scope::site();
    let is_trusted = !people::duties_in_site(tx, id, &[TRUSTED_CONTACT])?.is_empty();
    let all = [
        ("user", true),
        ("email-verified", is_verified),
        (Role::TrustedContact.word(), is_trusted),
        (Role::Admin.word(), grant::rank_of(tx, id, &site)?.is_some()),
    ];
    let held = all.into_iter().filter(|(_, has)| *has);
    Ok(held.map(|(word, _)| word).collect())
}
