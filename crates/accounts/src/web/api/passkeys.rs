//! Passkeys: signing in with a passkey, adding and removing passkeys. The options for browsers and
//! the browsers' responses have the shapes of Web Authentication Level 3, §5.1.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use platform::{Secret, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::cursor::List;
use web::described::Routes;
use web::{Json, Problem, Site, routes};

use super::LoginCall;
use super::Step;
use super::Want;
use super::all;
use super::signed_in;

use identity::credential::passkey::{self, Passkey, PasskeyError, PasskeyId};
use identity::credential::web_authn::{self, Asked, Assertion, Registration};
use identity::session::sudo::Sudo;
use identity::sign_in::with_passkey;
use site::Callers::{Anybody, People};
use site::asking::Caller;
use site::{Context, cookies};

pub(super) fn routes<R: Routes<Context>>() -> R {
    R::default()
        .routes(routes!(ask: Anybody))
        .routes(routes!(sign_in: Anybody))
        .routes(routes!(list: People, add: People))
        .routes(routes!(ask_new: People))
        .routes(routes!(remove: People))
}

/// The signature request for a browser: `PublicKeyCredentialRequestOptionsJSON`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RequestOptions {
    /// Random bytes, base64url; the passkey signs them.
    challenge: String,
    /// How long the browser waits, in milliseconds.
    timeout: i64,
    /// The host name that the passkey belongs to.
    rp_id: String,
    /// The acceptable passkeys; empty if any passkey of the site is acceptable.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    allow_credentials: Vec<Descriptor>,
    /// Always `required`: a fingerprint, face or PIN.
    user_verification: &'static str,
}

impl RequestOptions {
    /// Options with a challenge that only `browser` can use. The browser offers only the passkeys
    /// in `allow_credentials`, or all of them if the list is empty.
    pub(super) fn new(site: &Site, browser: &str, allow_credentials: Vec<Descriptor>) -> Self {
        Self {
            challenge: challenge(site, browser),
            timeout: web_authn::LIFETIME.as_secs() * 1000,
            rp_id: site.url().host().to_owned(),
            allow_credentials,
            user_verification: "required",
        }
    }
}

/// Request a challenge for a sign-in with a passkey.
///
/// Any passkey of the site is acceptable. The challenge is valid for five minutes, in this browser.
#[utoipa::path(
    post, path = "/api/v1/auth/passkey/options", tag = "passkeys",
    responses((status = 200, description = "For `navigator.credentials.get`", body = RequestOptions)),
)]
async fn ask(State(accounts): State<Context>, headers: HeaderMap) -> Json<RequestOptions> {
    let site = &accounts.site;
    let browser = browser(site, &headers);
    Json(RequestOptions::new(site, browser.reveal(), Vec::new()))
}

/// The secret in the browser's cookies: the secret from before the sign-in if there is one,
/// otherwise the session's secret.
pub(super) fn browser(site: &Site, headers: &HeaderMap) -> Secret {
    let before = cookies::before(headers, site.url());
    let secret = before.or_else(|| cookies::session(headers, site.url()));
    secret.unwrap_or_else(|| Secret::new(""))
}

fn challenge(site: &Site, browser: &str) -> String {
    let key = site.keys.key(web_authn::KEY);
    let text = web_authn::challenge(&key, &site.random, site.clock.now(), browser);
    URL_SAFE_NO_PAD.encode(text)
}

/// A sign-in with a passkey.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasskeyLogin {
    /// The result of `navigator.credentials.get`: `AuthenticationResponseJSON`.
    credential: Assertion,
    /// Whether to stay signed in after the browser is closed: up to a week without use, and half a
    /// year in total.
    #[serde(default)]
    remember: bool,
    /// How the response delivers the session: as a cookie or as tokens.
    #[serde(default)]
    want: Want,
}

impl Step for PasskeyLogin {
    fn want(&self) -> Want {
        self.want
    }
}

/// Sign in with a passkey.
///
/// No second factor is needed. Otherwise, this is like signing in with a password.
#[utoipa::path(
    post, path = "/api/v1/auth/passkey/verify", tag = "passkeys", request_body = PasskeyLogin,
    responses(
        (status = 200, description = "Signed in: who it is, or `Tokens`; or `RestoreOffered` where \
            the account is about to be erased", body = super::Me),
        (status = 401, description = "`passkey_invalid`, whatever is wrong"),
        (status = 403, description = "`csrf_failed` or `secure_connection_required`"),
    ),
)]
async fn sign_in(
    State(accounts): State<Context>,
    call: LoginCall<PasskeyLogin>,
) -> Result<Response, Problem> {
    let LoginCall {
        login,
        attempt: (_, client),
        browser,
    } = call;
    let stay = login.want.stay(login.remember);
    let asked = Asked {
        url: accounts.site.url(),
        key: &accounts.site.keys.key(web_authn::KEY),
        now: accounts.site.clock.now(),
        browser: browser.reveal(),
    };
    let welcome = with_passkey::sign_in(&accounts, &login.credential, &asked, stay, client).await?;
    signed_in(&accounts, welcome, login.want).await
}

/// A passkey.
#[derive(Serialize, ToSchema)]
struct PasskeyView {
    /// The passkey's id.
    id: String,
    /// The name that the passkey's owner chose.
    name: String,
    /// The time at which the passkey was created (RFC 3339).
    created_at: String,
    /// The time of the last sign-in with the passkey (RFC 3339).
    last_used_at: Option<String>,
}

impl From<Passkey> for PasskeyView {
    fn from(passkey: Passkey) -> Self {
        Self {
            id: passkey.id.to_string(),
            name: passkey.name,
            created_at: passkey.created_at.to_string(),
            last_used_at: passkey.last_used_at.map(|at| at.to_string()),
        }
    }
}

/// The account's passkeys.
#[utoipa::path(
    get, path = "/api/v1/me/passkeys", tag = "passkeys",
    responses(
        (status = 200, description = "The passkeys, oldest first", body = List<PasskeyView>),
        (status = 403, description = "`token_not_permitted`"),
    ),
)]
async fn list(
    State(accounts): State<Context>,
    caller: Caller,
) -> Result<Json<List<PasskeyView>>, Problem> {
    let id = caller.who.account().id.clone();
    let look = move |tx: &mut Tx<'_>| passkey::list(tx, &id);
    let found = accounts.site.store.read(look).await?;
    Ok(Json(all(found
        .into_iter()
        .map(PasskeyView::from)
        .collect())))
}

/// The registration request for a browser: `PublicKeyCredentialCreationOptionsJSON`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CreationOptions {
    /// Random bytes, base64url; the browser sends them back.
    challenge: String,
    /// How long the browser waits, in milliseconds.
    timeout: i64,
    /// The site that the passkey is for.
    rp: RelyingParty,
    /// The account that the passkey is for.
    user: User,
    /// The accepted kinds of keys, the preferred one first.
    pub_key_cred_params: Vec<Parameters>,
    /// The passkeys that the account has already.
    exclude_credentials: Vec<Descriptor>,
    /// The capabilities that the authenticator must have.
    authenticator_selection: Selection,
    /// Always `none`: the site does not ask who made the authenticator.
    attestation: &'static str,
}

#[derive(Serialize, ToSchema)]
struct RelyingParty {
    /// The host name of the site.
    id: String,
    /// The name of the site.
    name: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct User {
    /// The id of the account, base64url.
    id: String,
    /// The email address.
    name: String,
    /// The display name.
    display_name: String,
}

#[derive(Serialize, ToSchema)]
struct Parameters {
    /// Always `public-key`.
    r#type: &'static str,
    /// The COSE number of the algorithm (RFC 9053).
    alg: i64,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Descriptor {
    /// Always `public-key`.
    r#type: &'static str,
    /// The id of the passkey, base64url.
    id: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Selection {
    /// Whether the authenticator must store the passkey itself.
    resident_key: &'static str,
    /// Always `required`: a fingerprint, face or PIN.
    user_verification: &'static str,
}

const PUBLIC_KEY: &str = "public-key";

impl Descriptor {
    pub(super) fn new(id: String) -> Self {
        Self {
            r#type: PUBLIC_KEY,
            id,
        }
    }
}

/// Request a challenge for a new passkey.
#[utoipa::path(
    post, path = "/api/v1/me/passkeys/options", tag = "passkeys",
    responses(
        (status = 200, description = "For `navigator.credentials.create`", body = CreationOptions),
        (status = 403, description = "`token_not_permitted` or `sudo_required`"),
    ),
)]
async fn ask_new(
    State(accounts): State<Context>,
    caller: Caller,
) -> Result<Json<CreationOptions>, Problem> {
    let site = &accounts.site;
    let sudo = Sudo::check(caller.who, site.clock.now())?;
    let account = sudo.who().account();
    let id = account.id.clone();
    let look = move |tx: &mut Tx<'_>| passkey::credentials(tx, &id);
    let known = site.store.read(look).await?;
    let parameters = |alg| Parameters {
        r#type: PUBLIC_KEY,
        alg,
    };
    Ok(Json(CreationOptions {
        challenge: challenge(site, sudo.session().as_str()),
        timeout: web_authn::LIFETIME.as_secs() * 1000,
        rp: RelyingParty {
            id: site.url().host().to_owned(),
            name: site.settings.name.clone(),
        },
        user: User {
            id: URL_SAFE_NO_PAD.encode(account.id.as_str()),
            name: account.email.clone(),
            display_name: account.display_name.clone(),
        },
        pub_key_cred_params: web_authn::ALGORITHMS.map(parameters).into(),
        exclude_credentials: known.into_iter().map(Descriptor::new).collect(),
        authenticator_selection: Selection {
            resident_key: "required",
            user_verification: "required",
        },
        attestation: "none",
    }))
}

/// A new passkey.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPasskey {
    /// The name that the passkey's owner chooses, 1–50 characters.
    name: String,
    /// The result of `navigator.credentials.create`: `RegistrationResponseJSON`.
    credential: Registration,
}

/// Add a passkey.
#[utoipa::path(
    post, path = "/api/v1/me/passkeys", tag = "passkeys", request_body = NewPasskey,
    responses(
        (status = 201, description = "Added", body = PasskeyView),
        (status = 401, description = "`passkey_invalid`, whatever is wrong"),
        (status = 403, description = "`token_not_permitted`, `sudo_required` or
            `email_unverified`"),
        (status = 409, description = "`limit_reached`: there are twenty"),
        (status = 422, description = "`validation_failed`"),
    ),
)]
async fn add(
    State(accounts): State<Context>,
    caller: Caller,
    Json(new): Json<NewPasskey>,
) -> Result<Response, Problem> {
    let (site, request) = (&accounts.site, caller.request);
    let sudo = Sudo::check(caller.who, site.clock.now())?;
    let asked = Asked {
        url: site.url(),
        key: &site.keys.key(web_authn::KEY),
        now: site.clock.now(),
        browser: sudo.session().as_str(),
    };
    let (key, answered) = new.credential.check(&asked).map_err(PasskeyError::from)?;
    let name = new.name;
    let own = site.clone();
    let change =
        move |tx: &mut Tx<'_>| passkey::add(tx, &own, &sudo, &name, &key, &answered, &request);
    let passkey = site.store.write(change).await?;
    Ok((StatusCode::CREATED, Json(PasskeyView::from(passkey))).into_response())
}

/// Remove a passkey.
///
/// Every other session of the account ends; this session continues with a new cookie.
#[utoipa::path(
    delete, path = "/api/v1/me/passkeys/{id}", tag = "passkeys",
    params(("id" = String, Path, description = "The passkey's id")),
    responses(
        (status = 204, description = "It signs nobody in any more"),
        (status = 403, description = "`token_not_permitted` or `sudo_required`"),
        (status = 404, description = "`not_found`: no passkey of this account"),
        (status = 409, description = "`last_credential`: there is no other way to sign in"),
    ),
)]
async fn remove(
    State(accounts): State<Context>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Response, Problem> {
    let id: PasskeyId = id.parse().map_err(|_| Problem::not_found())?;
    let request = caller.request;
    let sudo = Sudo::check(caller.who, accounts.site.clock.now())?;
    let site = accounts.site.clone();
    let change = move |tx: &mut Tx<'_>| -> Result<_, PasskeyError> {
        passkey::remove(tx, &site, &sudo, &id, &request)
    };
    let (secret, stay) = accounts.site.store.write(change).await?;
    Ok(cookies::renewed(
        StatusCode::NO_CONTENT.into_response(),
        accounts.site.url(),
        &secret,
        stay,
    ))
}
