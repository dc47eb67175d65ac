//! Registering and signing in, for a front end that stores tokens itself.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use platform::{Secret, StoreError, Tx};
use serde::{Deserialize, Serialize};
use web::{Facts, Json, Pages, Problem, Wishes};

use super::Policy;
use super::empty_response::{ACCEPTED, DONE, Message};
use super::person::{Person, person};

use accounts::web::front_end::{self, Sent};
use identity::account::{self, Account, AccountId, AccountZone, DisplayName};
use identity::client::Client;
use identity::person::registration::{self, Registered};
use identity::person::reset::{self, ResetError, Tokens as ResetTokens, Wanted};
use identity::person::slug;
use identity::person::verification::{self, Confirmation, Proof};
use identity::problem;
use identity::session::access_token::Given;
use identity::session::refresh::Refreshed;
use identity::session::{self, Begun, Method, Stay};
use identity::sign_in::{self, Attempt, Welcome};
use site::Callers::{self, Anybody};
use site::Context;
use site::asking::Browser;
use site::cookies;

pub(super) fn pages(policy: Policy) -> Pages<Context, Callers> {
    let pages = Pages::default();
    let pages = if policy.register_tokens {
        pages.post("/register", Anybody, register_with_tokens)
    } else {
        pages.post("/register", Anybody, register)
    };
    let pages = pages
        .post("/login", Anybody, login)
        .post("/refresh", Anybody, go_on)
        .post("/preview-slug", Anybody, preview_slug)
        .get("/verify-email", Anybody, verify)
        .post("/forgot-password", Anybody, forgot)
        .post("/reset-password", Anybody, reset);
    Pages::default().nest("/backend/public/auth", pages)
}

#[derive(Serialize)]
struct Tokens {
    token: String,
    refresh_token: String,
    user: Person,
}

async fn tokens(
    accounts: &Context,
    refreshed: Refreshed,
    status: StatusCode,
    given: Given,
) -> Result<Response, Problem> {
    let Refreshed {
        account,
        session,
        token,
    } = refreshed;
    let body = Tokens {
        token: front_end::sign(accounts, &account.id, &session, given)?,
        refresh_token: token.reveal().to_owned(),
        user: person(accounts, &account).await?,
    };
    Ok((status, front_end::unstored(body)).into_response())
}

#[derive(Deserialize)]
pub(super) struct Registration {
    email: String,
    password: String,
    display_name: String,
    /// A hidden field. People leave it empty, and bots fill it in.
    honeypot: Option<String>,
}

/// Registers a person. Unlike a form of this site, the request has no signed time stamp.
pub(super) async fn try_register(
    accounts: &Context,
    facts: &Facts,
    client: &Client,
    wishes: &Wishes,
    sent: Registration,
) -> Result<Registered, Problem> {
    let site = &accounts.site;
    front_end::check_connection(site.url())?;
    let text = site.speak_public(wishes);
    let new = Sent {
        email: &sent.email,
        password: Secret::new(sent.password),
        display_name: &sent.display_name,
        slug: "",
        locale: &text.language().tag,
        zone: AccountZone::guess(site, None),
        form_stamp: None,
        website: sent.honeypot.as_deref().unwrap_or_default(),
    };
    let new = new.read(site)?;
    Ok(registration::register(accounts, new, facts.network(), client).await?)
}

/// Signs in the person who has just registered. The configuration must allow the response to reveal
/// that the email address was new.
pub(super) async fn enter(
    accounts: &Context,
    registered: Registered,
    client: Client,
) -> Result<(Account, Begun), Problem> {
    let taken = || Problem::new(StatusCode::CONFLICT, "email_taken");
    let id: AccountId = registered.account.ok_or_else(taken)?;
    let change = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let begun = session::begin(tx, &id, Method::Password, Stay::Remembered, &client)?;
        Ok(account::find(tx, &id)?.zip(begun))
    };
    let begun = accounts.site.store.write(change).await?;
    begun.ok_or_else(|| Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated"))
}

async fn register(
    State(accounts): State<Context>,
    facts: Facts,
    Browser(client): Browser,
    wishes: Wishes,
    Json(sent): Json<Registration>,
) -> Result<Response, Problem> {
    try_register(&accounts, &facts, &client, &wishes, sent).await?;
    Ok((StatusCode::ACCEPTED, ACCEPTED).into_response())
}

async fn register_with_tokens(
    State(accounts): State<Context>,
    facts: Facts,
    Browser(mut client): Browser,
    wishes: Wishes,
    Json(sent): Json<Registration>,
) -> Result<Response, Problem> {
    // The new session must not end the session that this browser already has.
    client.session = None;
    let registered = try_register(&accounts, &facts, &client, &wishes, sent).await?;
    let (account, begun) = enter(&accounts, registered, client).await?;
    let first = front_end::first(&accounts, account, &begun).await?;
    tokens(&accounts, first, StatusCode::CREATED, Given::InSession).await
}

#[derive(Deserialize)]
pub(super) struct Login {
    email: String,
    password: String,
}

pub(super) async fn try_sign_in(
    accounts: &Context,
    facts: &Facts,
    client: Client,
    login: Login,
) -> Result<(Account, Begun), Problem> {
    front_end::check_connection(accounts.site.url())?;
    let attempt = Attempt {
        email: login.email,
        password: Secret::new(login.password),
        stay: Stay::Remembered,
        network: facts.network(),
        client,
        to: String::new(),
    };
    match sign_in::with_password(accounts, attempt).await? {
        Welcome::Arrived(arrived) => Ok((arrived.account, arrived.begun)),
        // The front end has no page for a second factor or for a pending erasure.
        Welcome::Leaving(_) | Welcome::SecondStep(_) => {
            Err(Problem::new(StatusCode::FORBIDDEN, "sign_in_page_required"))
        }
    }
}

async fn login(
    State(accounts): State<Context>,
    facts: Facts,
    Browser(mut client): Browser,
    Json(login): Json<Login>,
) -> Result<Response, Problem> {
    client.session = None;
    let (account, begun) = try_sign_in(&accounts, &facts, client, login).await?;
    let first = front_end::first(&accounts, account, &begun).await?;
    tokens(&accounts, first, StatusCode::OK, Given::AtSignIn).await
}

#[derive(Deserialize)]
pub(super) struct RefreshToken {
    pub(super) refresh_token: String,
}

async fn go_on(
    State(accounts): State<Context>,
    Browser(client): Browser,
    facts: Facts,
    Json(sent): Json<RefreshToken>,
) -> Result<Response, Problem> {
    let shown = Secret::new(sent.refresh_token);
    let refreshed = front_end::go_on(&accounts, shown, client, facts.network()).await?;
    tokens(&accounts, refreshed, StatusCode::OK, Given::InSession).await
}

#[derive(Deserialize)]
struct Named {
    display_name: String,
}

#[derive(Serialize)]
struct PreviewedSlug {
    slug: String,
    available: bool,
    /// The slug that a new account would get: `slug` or, if that is taken, a variant of it.
    final_slug: String,
}

async fn preview_slug(
    State(accounts): State<Context>,
    facts: Facts,
    Json(sent): Json<Named>,
) -> Result<Json<PreviewedSlug>, Problem> {
    let now = accounts.site.clock.now();
    let looked = accounts.limits.look_at_slug(facts.network(), now);
    looked.map_err(problem::too_often)?;
    let name: String = sent
        .display_name
        .chars()
        .take(DisplayName::LONGEST)
        .collect();
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let (slug, final_slug) = (slug::from_name(&name), slug::propose(tx, &name)?);
        Ok(PreviewedSlug {
            available: slug == final_slug,
            slug,
            final_slug,
        })
    };
    Ok(Json(accounts.site.store.read(look).await?))
}

#[derive(Deserialize)]
struct Link {
    token: String,
}

#[derive(Serialize)]
struct Verified {
    message: &'static str,
    email_verified: bool,
}

/// Confirms an email address without a further click. This is safe, because mail scanners only open
/// the links in a mail, and only scripts call this route.
async fn verify(
    State(accounts): State<Context>,
    facts: Facts,
    Browser(client): Browser,
    headers: HeaderMap,
    Query(link): Query<Link>,
) -> Result<Json<Verified>, Problem> {
    let asked = Confirmation {
        link: Secret::new(link.token),
        browser: cookies::registered(&headers, accounts.site.url()),
        proof: Proof::None,
        network: facts.network(),
        client,
        begins_session: false,
    };
    verification::confirm(&accounts, asked).await?;
    Ok(Json(Verified {
        message: "done",
        email_verified: true,
    }))
}

#[derive(Deserialize)]
struct Forgot {
    email: String,
}

async fn forgot(
    State(accounts): State<Context>,
    facts: Facts,
    Json(sent): Json<Forgot>,
) -> Result<Json<Message>, Problem> {
    front_end::mail_link(&accounts, &sent.email, Wanted::Reset, facts.network()).await?;
    Ok(ACCEPTED)
}

#[derive(Deserialize)]
struct ResetPassword {
    token: String,
    new_password: String,
}

async fn reset(
    State(accounts): State<Context>,
    Browser(client): Browser,
    Json(sent): Json<ResetPassword>,
) -> Result<Json<Message>, Problem> {
    let (link, typed) = (Secret::new(sent.token), Secret::new(sent.new_password));
    match reset::finish(&accounts, link, &typed, ResetTokens::Revoked, client).await {
        Ok(()) => Ok(DONE),
        // The older personal site's API has another name for the field.
        Err(ResetError::Weak(weakness)) => Err(problem::password(
            Problem::fields(),
            "/new_password",
            weakness,
        )),
        Err(error) => Err(error.into()),
    }
}
