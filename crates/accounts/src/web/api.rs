//! The JSON API for signing in and out, and for a person's own account with its sessions and
//! tokens.

mod credentials;
mod email_change;
mod factors;
mod group_links;
mod identities;
mod invites;
mod notices;
mod overview;
mod own_data;
mod passkeys;
mod people;
mod profile;
pub(in crate::web) mod refresh;
mod registering;
mod second_step;
mod slug;
mod sudo;
mod suppressed;
mod tokens;
mod trusted;
mod webhooks;

use axum::extract::{FromRequest, FromRequestParts, Path, Request, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use platform::{Secret, StoreError, Tx};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::cursor::List;
use web::described::{Description, Routes};
use web::{Facts, Json, Problem, csrf, routes};

use super::{after_sign_in_or_out, cookies, without_sign_in};
use identity::account::{Account, unconfirmed};
use identity::client::Client;
use identity::grant::{self, Role, Scope};
use identity::person::profile::Profile;
use identity::session::sudo::Sudo;
use identity::session::token::PROFILE_READ;
use identity::session::{self, Session, SessionId, Stay};
use identity::sign_in::begin_session::Arrived;
use identity::sign_in::{self, Attempt, Welcome};
use site::Callers::{Anybody, People, Tokens};
use site::Context;
use site::asking::{Browser, Caller};

pub fn routes<R: Routes<Context>>() -> R {
    R::default()
        .routes(routes!(me: Tokens(&[PROFILE_READ])))
        .routes(routes!(sessions: People))
        .routes(routes!(end_session: People))
        .merge(tokens::routes())
        .routes(routes!(login: Anybody))
        .routes(routes!(logout: People))
        .merge(passkeys::routes())
        .merge(identities::routes())
        .merge(refresh::routes())
        .merge(sudo::routes())
        .merge(people::routes())
        .merge(suppressed::routes())
        .merge(overview::routes())
        .merge(profile::routes())
        .merge(slug::routes())
        .merge(trusted::routes())
        .merge(notices::routes())
        .merge(own_data::routes())
        .merge(registering::routes())
        .merge(email_change::routes())
        .merge(invites::routes())
        .merge(group_links::routes())
        .merge(second_step::routes())
        .merge(factors::routes())
        .merge(credentials::routes())
        .merge(webhooks::routes())
}

pub(crate) fn describe() -> utoipa::openapi::OpenApi {
    routes::<Description<Context>>().into_openapi()
}

/// A person's own account.
#[derive(Serialize, ToSchema)]
struct Me {
    /// The account's id.
    id: String,
    #[serde(flatten)]
    profile: Profile,
    /// The email address with which the person signs in.
    email: String,
    /// The language of mails to the person.
    locale: String,
    /// The IANA zone in which times are shown.
    time_zone: String,
    /// The person's role in the installation, if any.
    role: Option<SiteRole>,
    /// Whether the email address has to be confirmed before the person can create anything.
    unverified: bool,
}

/// A person's role in the installation.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SiteRole {
    /// Manages people and settings.
    Admin,
    /// May do everything.
    Owner,
}

impl Me {
    fn load(tx: &mut Tx<'_>, account: Account, rank: Option<Role>) -> Result<Self, StoreError> {
        Ok(Self {
            unverified: unconfirmed::is_pending(tx, &account.id)?,
            id: account.id.to_string(),
            profile: identity::person::profile::find(tx, &account.id)?,
            email: account.email,
            locale: account.locale,
            time_zone: account.time_zone,
            role: rank.map(|rank| match rank {
                grant::OWNER => SiteRole::Owner,
                _ => SiteRole::Admin,
            }),
        })
    }

    async fn of(accounts: &Context, account: Account) -> Result<Self, StoreError> {
        let look = move |tx: &mut Tx<'_>| {
            let rank = grant::rank_of(tx, &account.id, &Scope::site())?;
            Self::load(tx, account.clone(), rank)
        };
        accounts.site.store.read(look).await
    }
}

/// An email address and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Login {
    /// The email address as typed.
    email: String,
    /// The password as typed.
    #[schema(format = Password)]
    password: String,
    /// Whether to stay signed in after the browser is closed: up to a week without use, and half a
    /// year in total.
    #[serde(default)]
    remember: bool,
    /// How the response delivers the session: as a cookie or as tokens.
    #[serde(default)]
    want: Want,
}

/// How the response to a sign-in delivers the session.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Want {
    /// A session, whose secret is in a cookie.
    #[default]
    Cookie,
    /// An access token and a refresh token, for API clients.
    Tokens,
}

impl Want {
    fn stay(self, remember: bool) -> Stay {
        match self {
            Self::Cookie if !remember => Stay::Visit,
            Self::Cookie | Self::Tokens => Stay::Remembered,
        }
    }
}

trait Step: DeserializeOwned {
    fn want(&self) -> Want;
}

impl Step for Login {
    fn want(&self) -> Want {
        self.want
    }
}

/// A sign-in by a script or an API client. If the response sets a session cookie, the extractor has
/// verified that a page of this site sent the request.
struct LoginCall<T> {
    login: T,
    attempt: (Facts, Client),
    /// The secret that identifies the browser before anybody signs in.
    browser: Secret,
}

impl<T: Step> FromRequest<Context> for LoginCall<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, accounts: &Context) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let facts = Facts::from_request_parts(&mut parts, accounts).await?;
        let mut client = Browser::from_request_parts(&mut parts, accounts).await?.0;
        let url = accounts.site.url();
        without_sign_in::check_connection(url)?;
        let browser = passkeys::browser(&accounts.site, &parts.headers);
        let headers = parts.headers.clone();
        let Json(login): Json<T> =
            Json::from_request(Request::from_parts(parts, body), accounts).await?;
        // A request for tokens in the response needs no CSRF check, because pages of other sites
        // cannot read the response.
        match login.want() {
            Want::Cookie => csrf::check(&headers, url, browser.reveal(), None)?,
            // The new session must not end the session that this browser already has.
            Want::Tokens => client.session = None,
        }
        Ok(Self {
            login,
            attempt: (facts, client),
            browser,
        })
    }
}

/// Sign in.
///
/// Sets the session's cookie. The request needs the cookie of the sign-in page, and the CSRF value
/// of its form in the header `X-CSRF-Token`. With `"want": "tokens"`, the response sets no cookie,
/// and its body contains tokens instead.
#[utoipa::path(
    post, path = "/api/v1/auth/login", tag = "accounts",
    request_body = Login,
    responses(
        (status = 200, description = "Signed in: who it is, or `Tokens`; or `SecondStepRequired`, or \
            `RestoreOffered` where the account is about to be erased", body = Me),
        (status = 401, description = "`credentials_invalid`, whatever is wrong"),
        (status = 403, description = "`csrf_failed` or `secure_connection_required`"),
        (status = 429, description = "`rate_limited`, with `Retry-After`"),
        (status = 503, description = "`busy`, with `Retry-After`"),
    ),
)]
async fn login(
    State(accounts): State<Context>,
    call: LoginCall<Login>,
) -> Result<Response, Problem> {
    let LoginCall {
        login,
        attempt: (facts, client),
        ..
    } = call;
    let stay = login.want.stay(login.remember);
    let attempt = Attempt {
        email: login.email,
        password: Secret::new(login.password),
        stay,
        network: facts.network(),
        client,
        to: String::new(),
    };
    let welcome = sign_in::with_password(&accounts, attempt).await?;
    signed_in(&accounts, welcome, login.want).await
}

async fn signed_in(accounts: &Context, welcome: Welcome, want: Want) -> Result<Response, Problem> {
    let Arrived { account, begun, .. } = match welcome {
        Welcome::Arrived(arrived) => arrived,
        Welcome::SecondStep(token) => return Ok(second_step::required(&token)),
        Welcome::Leaving(token) => return Ok(own_data::offered(&token)),
    };
    if let Want::Tokens = want {
        return refresh::begin(accounts, account, &begun).await;
    }
    let mut response = Json(Me::of(accounts, account).await?).into_response();
    cookies::set_begun(response.headers_mut(), accounts.site.url(), &begun);
    Ok(response)
}

/// Sign out.
///
/// Ends the session that the cookie identifies. The request also succeeds without a session.
#[utoipa::path(
    post, path = "/api/v1/auth/logout", tag = "accounts",
    responses(
        (status = 204, description = "Signed out"),
        (status = 401, description = "`token_invalid`"),
        (status = 403, description = "`csrf_failed` or `token_not_permitted`"),
        (status = 429, description = "`rate_limited`, with `Retry-After`"),
    ),
)]
async fn logout(
    State(accounts): State<Context>,
    headers: HeaderMap,
    caller: Result<Caller, Problem>,
) -> Result<Response, Problem> {
    match caller {
        Ok(caller) => {
            after_sign_in_or_out::end_session(&accounts, &headers, caller.request).await?;
        }
        Err(problem) if problem.code == "unauthenticated" => {}
        Err(problem) => return Err(problem),
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    let gone = cookies::forget_session(accounts.site.url());
    response.headers_mut().append(SET_COOKIE, gone);
    Ok(response)
}

/// Get your own account.
#[utoipa::path(
    get, path = "/api/v1/me", tag = "accounts",
    responses(
        (status = 200, description = "The account", body = Me),
        (status = 401, description = "`unauthenticated` or `token_invalid`"),
        (status = 403, description = "`scope_required`: needs `profile:read`"),
    ),
)]
async fn me(State(accounts): State<Context>, caller: Caller) -> Result<Json<Me>, Problem> {
    let who = caller.who;
    let look = move |tx: &mut Tx<'_>| {
        let rank = grant::rank_in(tx, &who, &Scope::site())?;
        Me::load(tx, who.account().clone(), rank)
    };
    Ok(Json(accounts.site.store.read(look).await?))
}

/// One sign-in in one browser.
#[derive(Serialize, ToSchema)]
struct SessionView {
    /// The session's id.
    id: String,
    /// Whether this request belongs to the session.
    current: bool,
    /// The browser's description of itself, from its `User-Agent` header.
    user_agent: String,
    /// The network from which the person signed in.
    network: String,
    /// The time at which the person last proved who they are: at the sign-in, or later (RFC 3339).
    authenticated_at: String,
    /// The time of the session's last use, accurate to five minutes (RFC 3339).
    last_seen_at: String,
}

impl SessionView {
    fn of(session: Session, current: Option<&SessionId>) -> Self {
        Self {
            current: Some(&session.id) == current,
            id: session.id.to_string(),
            user_agent: session.user_agent,
            network: session.network,
            authenticated_at: session.authenticated_at.to_string(),
            last_seen_at: session.last_seen_at.to_string(),
        }
    }
}

/// The account's sessions.
#[utoipa::path(
    get, path = "/api/v1/me/sessions", tag = "accounts",
    responses(
        (status = 200, description = "The live sessions, last used first", body = List<SessionView>),
        (status = 403, description = "`token_not_permitted`"),
    ),
)]
async fn sessions(
    State(accounts): State<Context>,
    caller: Caller,
) -> Result<Json<List<SessionView>>, Problem> {
    let who = caller.who;
    let id = who.account().id.clone();
    let look = move |tx: &mut Tx<'_>| session::list(tx, &id);
    let sessions = accounts.site.store.read(look).await?;
    let view = |session| SessionView::of(session, who.session());
    Ok(Json(all(sessions.into_iter().map(view).collect())))
}

/// End one session.
#[utoipa::path(
    delete, path = "/api/v1/me/sessions/{id}", tag = "accounts",
    params(("id" = String, Path, description = "The session's id")),
    responses(
        (status = 204, description = "Ended"),
        (status = 403, description = "`csrf_failed`, `sudo_required` or `token_not_permitted`"),
        (status = 404, description = "`not_found`: no session of this account"),
    ),
)]
async fn end_session(
    State(accounts): State<Context>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<StatusCode, Problem> {
    let Caller { who, request } = caller;
    let id: SessionId = id.parse().map_err(|_| Problem::not_found())?;
    Sudo::check(who.clone(), accounts.site.clock.now())?;
    let change = move |tx: &mut Tx<'_>| session::end(tx, &who.account().id, &id, &request);
    gone(accounts.site.store.write(change).await?)
}

/// For lists that never have more than 50 items.
fn all<T>(items: Vec<T>) -> List<T> {
    List {
        items,
        next_cursor: None,
        previous_cursor: None,
        total: None,
    }
}

fn gone(was_there: bool) -> Result<StatusCode, Problem> {
    if was_there {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}
