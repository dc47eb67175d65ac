//! Registering, confirming an email address, and setting a new password, for API clients and
//! scripts.

use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use platform::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::described::Routes;
use web::{Facts, Json, Problem, Wishes, csrf, routes};

use crate::web::registration::{Sent, proof};
use crate::web::reset::mail_link;
use crate::web::{cookies, without_sign_in};
use identity::account::AccountZone;
use identity::client::Client;
use identity::person::registration;
use identity::person::reset::{self, Tokens, Wanted};
use identity::person::verification::{self, Confirmation};
use site::Callers::{Anybody, People};
use site::Context;
use site::asking::{Browser, Caller};

pub(super) fn routes<R: Routes<Context>>() -> R {
    R::default()
        .routes(routes!(register: Anybody))
        .routes(routes!(verify: Anybody))
        .routes(routes!(resend: People))
        .routes(routes!(forgot: Anybody))
        .routes(routes!(reset: Anybody))
}

/// A response that is the same whatever the result.
#[derive(Serialize, ToSchema)]
pub(super) struct Accepted {
    /// Always `accepted`.
    status: &'static str,
}

pub(super) fn accepted() -> Response {
    let body = Json(Accepted { status: "accepted" });
    (StatusCode::ACCEPTED, body).into_response()
}

/// A person who wants an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Register {
    /// The email address with which to sign in.
    email: String,
    /// The password, 10–256 characters.
    #[schema(format = Password)]
    password: String,
    /// The display name, 2–50 characters.
    display_name: String,
    /// The slug for public URLs, 2–50 characters of `a-z0-9-`; empty if the person chooses none.
    #[serde(default)]
    slug: String,
    /// The language of mails to the person; if omitted, the language of the request.
    locale: Option<String>,
    /// The value of the field `form_stamp` in the form of the page `/register`, at most 24 hours
    /// old.
    form_stamp: String,
    /// Must be omitted or empty.
    #[serde(default)]
    website: String,
}

/// A registration by a script. The extractor has verified that a page of this site sent it.
struct RegisterCall {
    sent: Register,
    facts: Facts,
    client: Client,
    wishes: Wishes,
}

impl FromRequest<Context> for RegisterCall {
    type Rejection = Problem;

    async fn from_request(request: Request, accounts: &Context) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let facts = Facts::from_request_parts(&mut parts, accounts).await?;
        let client = Browser::from_request_parts(&mut parts, accounts).await?.0;
        let url = accounts.site.url();
        without_sign_in::check_connection(url)?;
        let wishes = Wishes::read(&parts.uri, &parts.headers);
        let before = cookies::before(&parts.headers, url).unwrap_or_else(|| Secret::new(""));
        let headers = parts.headers.clone();
        let Json(sent) = Json::from_request(Request::from_parts(parts, body), accounts).await?;
        csrf::check(&headers, url, before.reveal(), None)?;
        Ok(Self {
            sent,
            facts,
            client,
            wishes,
        })
    }
}

/// Register.
///
/// The response is the same whether the email address is new or known; in both cases a mail is sent
/// to it. The request needs the cookie of the page `/register`, and the values of its form.
#[utoipa::path(
    post, path = "/api/v1/auth/register", tag = "accounts", request_body = Register,
    responses(
        (status = 202, description = "A mail is on its way", body = Accepted),
        (status = 400, description = "`form_stale`"),
        (status = 403, description = "`registration_closed` or `csrf_failed`"),
        (status = 409, description = "`slug_taken`"),
        (status = 422, description = "`validation_failed`"),
        (status = 429, description = "`registrations_used_up`, with `Retry-After`"),
        (status = 503, description = "`busy`, with `Retry-After`"),
    ),
)]
async fn register(
    State(accounts): State<Context>,
    call: RegisterCall,
) -> Result<Response, Problem> {
    let (site, sent) = (&accounts.site, call.sent);
    let spoken = site.speak_public(&call.wishes).language().tag.to_string();
    let read = Sent {
        email: &sent.email,
        password: Secret::new(sent.password),
        display_name: &sent.display_name,
        slug: &sent.slug,
        locale: sent.locale.as_deref().unwrap_or(&spoken),
        zone: AccountZone::guess(site, None),
        form_stamp: Some(&sent.form_stamp),
        website: &sent.website,
    };
    let new = read.read(site)?;
    let network = call.facts.network();
    let registered = registration::register(&accounts, new, network, &call.client).await?;
    let mut response = accepted();
    let cookie = cookies::set_registered(site.url(), &registered.browser);
    response.headers_mut().append(SET_COOKIE, cookie);
    Ok(response)
}

/// The token of a link, and a proof that the account is the caller's own.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Verify {
    /// The last segment of the link's path.
    token: String,
    /// The account's password; not needed in the browser in which the account was registered.
    #[serde(default)]
    #[schema(format = Password)]
    current_password: String,
    /// A new password, instead of the current one. It ends all existing sessions and tokens.
    #[serde(default)]
    #[schema(format = Password)]
    new_password: String,
}

/// Confirm an email address.
///
/// A repeat within ten minutes gets the same response as the first request.
#[utoipa::path(
    post, path = "/api/v1/auth/verify", tag = "accounts", request_body = Verify,
    responses(
        (status = 204, description = "Confirmed"),
        (status = 400, description = "`token_expired_or_used` or `current_password_wrong`"),
        (status = 403, description = "`password_required`: send one of the passwords too"),
        (status = 422, description = "`validation_failed`"),
        (status = 429, description = "`rate_limited`, with `Retry-After`"),
        (status = 503, description = "`busy`, with `Retry-After`"),
    ),
)]
async fn verify(
    State(accounts): State<Context>,
    facts: Facts,
    Browser(client): Browser,
    headers: HeaderMap,
    Json(sent): Json<Verify>,
) -> Result<StatusCode, Problem> {
    let asked = Confirmation {
        link: Secret::new(sent.token),
        browser: cookies::registered(&headers, accounts.site.url()),
        proof: proof(&sent.current_password, &sent.new_password),
        network: facts.network(),
        client,
        begins_session: false,
    };
    verification::confirm(&accounts, asked).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Request another link to confirm your email address.
#[utoipa::path(
    post, path = "/api/v1/auth/verify/resend", tag = "accounts",
    responses(
        (status = 202, description = "A mail is on its way", body = Accepted),
        (status = 429, description = "`rate_limited`, with `Retry-After`"),
    ),
)]
async fn resend(
    State(accounts): State<Context>,
    facts: Facts,
    caller: Caller,
) -> Result<Response, Problem> {
    verification::send_again(&accounts, caller.who.account(), facts.network()).await?;
    Ok(accepted())
}

/// An email address that a link is mailed to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Forgot {
    /// The email address of an account.
    email: String,
    /// The purpose of the link.
    #[serde(default)]
    #[schema(inline)]
    wanted: WantedLink,
}

/// The purpose of a link.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WantedLink {
    /// To set a new password.
    #[default]
    Reset,
    /// To sign in once.
    SignIn,
}

/// Request a link for a person who cannot sign in.
///
/// The response is the same whether the email address is known or not.
#[utoipa::path(
    post, path = "/api/v1/auth/forgot", tag = "accounts", request_body = Forgot,
    responses(
        (status = 202, description = "If there is an account, a mail is on its way", body = Accepted),
        (status = 422, description = "`validation_failed`"),
        (status = 429, description = "`rate_limited`, with `Retry-After`"),
    ),
)]
async fn forgot(
    State(accounts): State<Context>,
    facts: Facts,
    Json(sent): Json<Forgot>,
) -> Result<Response, Problem> {
    let wanted = match sent.wanted {
        WantedLink::Reset => Wanted::Reset,
        WantedLink::SignIn => Wanted::SignIn,
    };
    mail_link(&accounts, &sent.email, wanted, facts.network()).await?;
    Ok(accepted())
}

/// The token of a link, and the new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ResetPassword {
    /// The last segment of the link's path.
    token: String,
    /// The password, 10–256 characters.
    #[schema(format = Password)]
    password: String,
    /// Whether to remove personal tokens, passkeys and linked identities.
    #[serde(default = "yes")]
    revoke_tokens: bool,
}

fn yes() -> bool {
    true
}

/// Set a new password with a link.
///
/// Every session ends, and the response signs nobody in.
#[utoipa::path(
    post, path = "/api/v1/auth/reset", tag = "accounts", request_body = ResetPassword,
    responses(
        (status = 204, description = "The new password is in force"),
        (status = 400, description = "`token_expired_or_used`"),
        (status = 422, description = "`validation_failed`"),
        (status = 503, description = "`busy`, with `Retry-After`"),
    ),
)]
async fn reset(
    State(accounts): State<Context>,
    Browser(client): Browser,
    Json(sent): Json<ResetPassword>,
) -> Result<StatusCode, Problem> {
    let tokens = if sent.revoke_tokens {
        Tokens::Revoked
    } else {
        Tokens::Kept
    };
    let (link, typed) = (Secret::new(sent.token), Secret::new(sent.password));
    reset::finish(&accounts, link, &typed, tokens, client).await?;
    Ok(StatusCode::NO_CONTENT)
}
