//! The caller's own account.

use axum::extract::{Query, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_DISPOSITION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, post, put};
use axum::{Extension, Router};
use platform::{Secret, StoreError, Tx};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use web::fields::Input;
use web::{Facts, Json, Problem, csrf};

use super::empty_response::{DONE, Message};
use super::person::{Person, person};
use super::sign_in::RefreshToken;

use accounts::web::front_end;
use identity::account;
use identity::client::Client;
use identity::credential::password;
use identity::person::erasure::{self, EraseError, When};
use identity::person::export::{self, ExportError};
use identity::person::profile::Profile;
use identity::person::slug::{self, Availability};
use identity::person::{slug_change, verification};
use identity::session::access_token::Given;
use identity::session::sudo::Sudo;
use identity::session::{self, refresh, signed_in};
use site::Context;
use site::asking::{Browser, Caller, ForConfirmation};
use site::cookies;

pub(super) fn routes() -> Router<Context> {
    let at = |path| format!("/backend/protected/auth/{path}");
    Router::new()
        .route(&at("me"), get(me))
        .route(&at("revoke"), post(revoke))
        .route(&at("revoke-all"), post(revoke_all))
        .route(&at("profile"), put(change_profile))
        .route(&at("change-password"), put(change_password))
        .route(&at("set-password"), put(set_password))
        .route(&at("validate-slug"), get(validate_slug))
        .route(
            &at("send-verification"),
            post(send_again).route_layer(Extension(ForConfirmation)),
        )
        .route(&at("delete-account"), delete(erase))
        .route(&at("export-data"), get(export_data))
}

pub(super) async fn me(
    State(accounts): State<Context>,
    caller: Caller,
) -> Result<Json<Person>, Problem> {
    Ok(Json(person(&accounts, caller.who.account()).await?))
}

async fn revoke(
    State(accounts): State<Context>,
    Browser(client): Browser,
    caller: Caller,
    Json(sent): Json<RefreshToken>,
) -> Result<Json<Message>, Problem> {
    let (shown, id) = (
        Secret::new(sent.refresh_token),
        caller.who.account().id.clone(),
    );
    let change = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let is_own = refresh::owner(tx, &shown)? == Some(id.clone());
        if is_own {
            refresh::end(tx, &shown, &client)?;
        }
        Ok(is_own)
    };
    if accounts.site.store.write(change).await? {
        Ok(DONE)
    } else {
        Err(Problem::not_found())
    }
}

#[derive(Serialize)]
struct Revoked {
    message: &'static str,
    revoked: u64,
}

async fn revoke_all(
    State(accounts): State<Context>,
    caller: Caller,
) -> Result<Json<Revoked>, Problem> {
    let Caller { who, request } = caller;
    Sudo::check_own(who.clone(), accounts.site.clock.now())?;
    let change = move |tx: &mut Tx<'_>| session::end_own(tx, &who, false, &request);
    Ok(Json(Revoked {
        message: "done",
        revoked: accounts.site.store.write(change).await?,
    }))
}

/// A change to the caller's profile. Fields that are omitted or null stay unchanged.
#[derive(Deserialize)]
pub(super) struct ProfileChange {
    slug: Option<String>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

pub(super) async fn change_profile(
    State(accounts): State<Context>,
    caller: Caller,
    Json(ProfileChange { slug, mut others }): Json<ProfileChange>,
) -> Result<Json<Person>, Problem> {
    let slug = slug.map(|slug| slug.trim().to_owned());
    others.retain(|name, _| Profile::FIELDS.iter().any(|field| field.name == name));
    front_end::save(
        &accounts,
        &caller.who,
        Input::Json(others),
        slug,
        &caller.request,
    )
    .await?;
    let (store, id) = (&accounts.site.store, caller.who.account().id.clone());
    let changed = store.read(move |tx| account::find(tx, &id)).await?;
    let gone = || Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated");
    Ok(Json(person(&accounts, &changed.ok_or_else(gone)?).await?))
}

#[derive(Deserialize)]
struct ChangePassword {
    current_password: String,
    new_password: String,
}

async fn change_password(
    State(accounts): State<Context>,
    headers: HeaderMap,
    Browser(client): Browser,
    caller: Caller,
    Json(sent): Json<ChangePassword>,
) -> Result<Response, Problem> {
    let passwords = front_end::TypedPasswords {
        current: Secret::new(sent.current_password),
        new: Secret::new(sent.new_password),
    };
    renew_password(&accounts, &headers, client, &caller, passwords).await
}

#[derive(Deserialize)]
struct SetPassword {
    new_password: String,
}

async fn set_password(
    State(accounts): State<Context>,
    headers: HeaderMap,
    Browser(client): Browser,
    caller: Caller,
    Json(sent): Json<SetPassword>,
) -> Result<Response, Problem> {
    let id = caller.who.account().id.clone();
    let look = move |tx: &mut Tx<'_>| password::find(tx, &id);
    if accounts.site.store.read(look).await?.is_some() {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "password_exists"));
    }
    let passwords = front_end::TypedPasswords {
        current: Secret::new(""),
        new: Secret::new(sent.new_password),
    };
    renew_password(&accounts, &headers, client, &caller, passwords).await
}

#[derive(Serialize)]
struct Renewed {
    message: &'static str,
    /// The new access token. All earlier access tokens stop working.
    token: String,
}

async fn renew_password(
    accounts: &Context,
    headers: &HeaderMap,
    client: Client,
    caller: &Caller,
    passwords: front_end::TypedPasswords,
) -> Result<Response, Problem> {
    let (site, account) = (&accounts.site, caller.who.account());
    let renewed =
        front_end::renew_password(accounts, &caller.who, client, passwords, "/new_password");
    let (secret, stay) = renewed.await?;
    let shown = secret.clone();
    let look = move |tx: &mut Tx<'_>| signed_in::by_session(tx, &shown);
    let visit = site.store.read::<_, StoreError, _>(look).await?;
    let gone = || Problem::new(StatusCode::UNAUTHORIZED, "session_revoked");
    let visit = visit.ok_or_else(gone)?;
    let session = visit.who.session().ok_or_else(gone)?;
    let response = front_end::unstored(Renewed {
        message: "done",
        token: front_end::sign(accounts, &account.id, session, Given::InSession)?,
    });
    if headers.contains_key(AUTHORIZATION) {
        return Ok(response);
    }
    Ok(cookies::renewed(response, site.url(), &secret, stay))
}

#[derive(Deserialize)]
struct SlugQuery {
    slug: String,
}

#[derive(Serialize)]
struct ValidatedSlug {
    slug: String,
    valid: bool,
    available: bool,
}

async fn validate_slug(
    State(accounts): State<Context>,
    caller: Caller,
    Query(query): Query<SlugQuery>,
) -> Result<Json<ValidatedSlug>, Problem> {
    let id = caller.who.account().id.clone();
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let slug = query.slug.clone();
        let availability = slug::availability(tx, &slug)?;
        let valid = slug::is_valid(&slug) && availability != Availability::Reserved;
        let own = slug_change::find(tx, &id)?;
        let is_own = own.present.as_ref() == Some(&slug)
            || own.aliases.iter().any(|alias| alias.slug == slug);
        Ok(ValidatedSlug {
            available: valid && (is_own || availability == Availability::Free),
            valid,
            slug,
        })
    };
    Ok(Json(accounts.site.store.read(look).await?))
}

pub(super) async fn send_again(
    State(accounts): State<Context>,
    facts: Facts,
    caller: Caller,
) -> Result<Json<Message>, Problem> {
    verification::send_again(&accounts, caller.who.account(), facts.network()).await?;
    Ok(DONE)
}

async fn erase(State(accounts): State<Context>, caller: Caller) -> Result<Json<Message>, Problem> {
    let domains = accounts.domain_accounts;
    let sudo = Sudo::check(caller.who, accounts.site.clock.now())?;
    let change = move |tx: &mut Tx<'_>| -> Result<_, EraseError> {
        erasure::ask(tx, domains, &sudo, When::Later, &caller.request)
    };
    accounts.site.store.write(change).await?;
    Ok(DONE)
}

async fn export_data(
    State(accounts): State<Context>,
    headers: HeaderMap,
    caller: Caller,
) -> Result<Response, Problem> {
    // Without this check, a link on another site could use up the person's exports.
    csrf::check_sender(&headers, accounts.site.url())?;
    let sudo = Sudo::check(caller.who, accounts.site.clock.now())?;
    let (domains, keys) = (accounts.domain_accounts, accounts.site.keys.clone());
    let change = move |tx: &mut Tx<'_>| -> Result<_, ExportError> {
        export::own_document(tx, domains, &keys, &sudo, &caller.request)
    };
    let document = accounts.site.store.write(change).await?;
    let headers = [
        (CONTENT_DISPOSITION, "attachment; filename=\"account.json\""),
        (CACHE_CONTROL, "no-store, private"),
    ];
    Ok((headers, Json(document)).into_response())
}
