//! The second factor of a person's own account.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use platform::{Secret, StoreError, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::described::Routes;
use web::{Json, Problem, routes};

use identity::credential::planned_reset;
use identity::credential::second_factor::{self, FactorError};
use identity::people::factor_reset;
use identity::session::signed_in::SignedIn;
use identity::session::sudo::Sudo;
use site::Callers::People;
use site::asking::{Browser, Caller};
use site::{Context, cookies};

pub(super) fn routes<R: Routes<Context>>() -> R {
    R::default()
        .routes(routes!(show: People, begin: People, remove: People))
        .routes(routes!(confirm: People))
        .routes(routes!(renew_recovery_codes: People))
        .routes(routes!(keep: People))
}

/// The second factor.
#[derive(Serialize, ToSchema)]
struct FactorView {
    /// The time since which codes from an authenticator app are required (RFC 3339); null if none
    /// are required.
    confirmed_at: Option<String>,
    /// How many recovery codes are left.
    recovery_codes: i64,
    /// The time at which the second factor and all passkeys are removed, if an administrator asked
    /// for it (RFC 3339).
    reset_at: Option<String>,
}

/// The secret for setting up an authenticator app. The API never returns it again.
#[derive(Serialize, ToSchema)]
struct NewSecret {
    /// The secret in base32.
    secret: String,
    /// The same secret as a URI for apps: `otpauth://totp/…`.
    uri: String,
}

/// A code from the authenticator app.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Confirmation {
    /// The code, six digits.
    code: String,
}

/// The recovery codes, for a person who loses the authenticator app.
#[derive(Serialize, ToSchema)]
struct RecoveryCodes {
    /// The codes, each of which works once. The API never returns them again.
    codes: Vec<String>,
}

impl RecoveryCodes {
    fn of(codes: &[Secret]) -> Json<Self> {
        let codes = codes.iter().map(|code| code.reveal().to_owned());
        Json(Self {
            codes: codes.collect(),
        })
    }
}

fn check(accounts: &Context, who: SignedIn) -> Result<Sudo, Problem> {
    Ok(Sudo::check(who, accounts.site.clock.now())?)
}

/// The second factor.
#[utoipa::path(
    get, path = "/api/v1/me/totp", tag = "second factors",
    responses(
        (status = 200, description = "What there is", body = FactorView),
        (status = 403, description = "`token_not_permitted`"),
    ),
)]
async fn show(
    State(accounts): State<Context>,
    caller: Caller,
) -> Result<Json<FactorView>, Problem> {
    let id = caller.who.account().id.clone();
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        Ok((second_factor::find(tx, &id)?, planned_reset::due(tx, &id)?))
    };
    let (factors, reset_at) = accounts.site.store.read(look).await?;
    Ok(Json(FactorView {
        confirmed_at: factors.totp_since.map(|at| at.to_string()),
        recovery_codes: factors.recovery_codes,
        reset_at: reset_at.map(|at| at.to_string()),
    }))
}

/// Keep second factors and passkeys although an administrator asked for their removal.
#[utoipa::path(
    delete, path = "/api/v1/me/factor-reset", tag = "second factors",
    responses(
        (status = 204, description = "They stay"),
        (status = 403, description = "`token_not_permitted`"),
        (status = 404, description = "`not_found`: nobody wants them to be removed"),
    ),
)]
async fn keep(State(accounts): State<Context>, caller: Caller) -> Result<StatusCode, Problem> {
    let change = move |tx: &mut Tx<'_>| factor_reset::keep(tx, &caller.who, &caller.request);
    if accounts.site.store.write(change).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}

/// Begin to set up an authenticator app.
///
/// Codes from the app are required after the first code is confirmed.
#[utoipa::path(
    post, path = "/api/v1/me/totp", tag = "second factors",
    responses(
        (status = 201, description = "The secret for the app", body = NewSecret),
        (status = 403, description = "`sudo_required`, `token_not_permitted` or
            `email_unverified`"),
        (status = 409, description = "`mfa_enrolled`: remove it first"),
    ),
)]
async fn begin(State(accounts): State<Context>, caller: Caller) -> Result<Response, Problem> {
    let (site, sudo) = (accounts.site.clone(), check(&accounts, caller.who)?);
    let account = sudo.who().account().clone();
    let change = move |tx: &mut Tx<'_>| -> Result<_, FactorError> {
        second_factor::begin(tx, &site, &sudo)?;
        Ok(second_factor::pending(tx, &site, &sudo)?)
    };
    let secret = accounts.site.store.write(change).await?;
    let secret = secret.ok_or_else(|| Problem::internal("a secret that was just made is gone"))?;
    let body = Json(NewSecret {
        secret: secret.text(),
        uri: secret.uri(&accounts.site, &account),
    });
    Ok((StatusCode::CREATED, body).into_response())
}

/// Confirm the first code from an authenticator app.
#[utoipa::path(
    post, path = "/api/v1/me/totp/confirm", tag = "second factors",
    request_body = Confirmation,
    responses(
        (status = 200, description = "A code is asked for from now on", body = RecoveryCodes),
        (status = 401, description = "`mfa_code_invalid`"),
        (status = 403, description = "`sudo_required`, `token_not_permitted` or
            `email_unverified`"),
        (status = 409, description = "`mfa_enrolled`: a code was confirmed before"),
    ),
)]
async fn confirm(
    State(accounts): State<Context>,
    Browser(client): Browser,
    caller: Caller,
    Json(Confirmation { code }): Json<Confirmation>,
) -> Result<Json<RecoveryCodes>, Problem> {
    let (site, sudo) = (accounts.site.clone(), check(&accounts, caller.who)?);
    let change = move |tx: &mut Tx<'_>| second_factor::confirm(tx, &site, &sudo, &code, &client);
    let codes = accounts.site.store.write(change).await?;
    Ok(RecoveryCodes::of(&codes))
}

/// Remove the second factor.
///
/// Every other session ends. The response sets a new cookie of this session.
#[utoipa::path(
    delete, path = "/api/v1/me/totp", tag = "second factors",
    responses(
        (status = 204, description = "Removed, with the recovery codes"),
        (status = 403, description = "`sudo_required` or `token_not_permitted`"),
        (status = 409, description = "`mfa_not_enrolled`"),
    ),
)]
async fn remove(
    State(accounts): State<Context>,
    Browser(client): Browser,
    caller: Caller,
) -> Result<Response, Problem> {
    let (site, sudo) = (accounts.site.clone(), check(&accounts, caller.who)?);
    let change = move |tx: &mut Tx<'_>| second_factor::remove(tx, &site, &sudo, &client);
    let (secret, stay) = accounts.site.store.write(change).await?;
    Ok(cookies::renewed(
        StatusCode::NO_CONTENT.into_response(),
        accounts.site.url(),
        &secret,
        stay,
    ))
}

/// Make new recovery codes.
///
/// The previous codes stop working.
#[utoipa::path(
    post, path = "/api/v1/me/recovery-codes", tag = "second factors",
    responses(
        (status = 201, description = "The codes, shown this once", body = RecoveryCodes),
        (status = 403, description = "`sudo_required` or `token_not_permitted`"),
        (status = 409, description = "`mfa_not_enrolled`"),
    ),
)]
async fn renew_recovery_codes(
    State(accounts): State<Context>,
    Browser(client): Browser,
    caller: Caller,
) -> Result<Response, Problem> {
    let (site, sudo) = (accounts.site.clone(), check(&accounts, caller.who)?);
    let change =
        move |tx: &mut Tx<'_>| second_factor::renew_recovery_codes(tx, &site, &sudo, &client);
    let codes = accounts.site.store.write(change).await?;
    Ok((StatusCode::CREATED, RecoveryCodes::of(&codes)).into_response())
}
