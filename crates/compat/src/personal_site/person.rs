//! Accounts at the addresses of the older personal site, for its front end: the same rules in the
//! shapes that it knows.

#[path = "people.rs"]
mod admin;
#[path = "sign_in.rs"]
mod auth;
mod own;
#[path = "browser.rs"]
mod twins;

use std::collections::BTreeMap;

use axum::Router;
use jiff::Timestamp;
use platform::{StoreError, Tx, sql};
use serde::Serialize;
use web::{Json, Pages, Problem, Site};

use crate::account::{Account, AccountId};
use crate::domain::Domain;
use crate::grant::{self, Scope, TRUSTED_CONTACT};
use crate::profile::{self, Profile};
use crate::{Accounts, BackendPolicy, Callers};
use crate::{password, registration, slug};

/// The older word for [`TRUSTED_CONTACT`].
const TRUSTED: &str = "trusted-contact";

/// Every address.
pub(super) fn routes(accounts: &Accounts, policy: BackendPolicy) -> Router<Site> {
    let mut routes = pages(policy)
        .into_router()
        .merge(own::routes())
        .merge(admin::routes());
    if policy.has_auth {
        routes = routes.merge(twins::routes());
    }
    routes.with_state(accounts.clone())
}

/// Those that people sign in and out with.
pub fn pages(policy: BackendPolicy) -> Pages<Accounts, Callers> {
    let pages = auth::pages(policy);
    if policy.has_auth {
        pages.nest("", twins::pages(policy))
    } else {
        pages
    }
}

/// What is answered where there is nothing to tell.
#[derive(Debug, Serialize)]
pub struct Message {
    message: &'static str,
}

/// The answer to what was done.
pub fn done() -> Json<Message> {
    Json(Message { message: "done" })
}

/// Somebody with an account.
#[derive(Debug, Serialize)]
pub struct Person {
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

/// What they say of themselves; null where they say nothing.
#[derive(Debug, Serialize)]
struct ProfileView {
    real_name: Option<String>,
    bio: Option<String>,
    /// There are no pictures.
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

/// Somebody, with what the domains add to their preferences.
pub async fn person(accounts: &Accounts, account: &Account) -> Result<Person, Problem> {
    let (store, id) = (&accounts.site.store, account.id.clone());
    let found = store.read(move |tx| slug::find(tx, &id)).await?;
    let slug = if let Some(slug) = found {
        slug
    } else {
        let id = account.id.clone();
        let change = move |tx: &mut Tx<'_>| slug::of(tx, &id);
        store.write::<_, StoreError, _>(change).await?
    };
    let (account, domains) = (account.clone(), accounts.domains);
    let look = move |tx: &mut Tx<'_>| Person::of(tx, domains, &account, slug.clone());
    Ok(store.read::<_, StoreError, _>(look).await?)
}

impl Person {
    fn of(
        tx: &mut Tx<'_>,
        domains: &[Domain],
        account: &Account,
        slug: String,
    ) -> Result<Self, StoreError> {
        let id = &account.id;
        let (created_at,): (Timestamp,) =
            sql!("SELECT created_at FROM account WHERE id = :id", id).one(tx)?;
        let email_verified = !registration::is_pending(tx, id)?;
        let mut preferences = BTreeMap::new();
        for domain in domains {
            preferences.extend((domain.backend_preferences)(tx, id)?);
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

/// The words of the older personal site; who owns the installation is an administrator there.
fn roles(
    tx: &mut Tx<'_>,
    id: &AccountId,
    is_verified: bool,
) -> Result<Vec<&'static str>, StoreError> {
    let site = Scope::site();
    let is_trusted = grant::duties_of(tx, id, &site)?.contains(&TRUSTED_CONTACT);
    let all = [
        ("user", true),
        ("email-verified", is_verified),
        (TRUSTED, is_trusted),
        ("admin", grant::rank_of(tx, id, &site)?.is_some()),
    ];
    let held = all.into_iter().filter(|(_, has)| *has);
    Ok(held.map(|(word, _)| word).collect())
}
