//! Registering and signing in. Both responses contain a token, which the front end stores itself.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use bookings::provider::PROVIDER;
use platform::{Secret, StoreError, Tx};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use web::{Facts, Json, Pages, Problem, Wishes};

use super::{Policy, session};

use accounts::web::front_end::{self, Sent};
use identity::account::{self, Account, AccountZone};
use identity::client::Client;
use identity::grant::{self, Scope};
use identity::people;
use identity::person::registration;
use identity::person::verification::{self, ResendError};
use identity::session::{Begun, Method};
use identity::sign_in::{self, Attempt, Welcome};
use site::Callers::{self, Anybody};
use site::Context;
use site::asking::{Browser, Caller};

pub(super) fn pages(policy: Policy) -> Pages<Context, Callers> {
    let pages = Pages::default().post("/api/auth/login", Anybody, login);
    ["/api/auth/register", "/api/auth/register-free"]
        .into_iter()
        .fold(pages, |pages, path| {
            if policy.register_tokens {
                pages.post(path, Anybody, register_and_enter)
            } else {
                pages.post(path, Anybody, register)
            }
        })
}

pub(super) fn routes() -> Router<Context> {
    Router::new().route("/api/auth/me", get(me))
}

#[derive(Debug, Serialize)]
struct User {
    id: String,
    email: String,
    name: String,
    /// `admin`, `mentor` or `mentee`.
    role: &'static str,
    email_verified: bool,
}

impl User {
    fn of(tx: &mut Tx<'_>, account: &Account) -> Result<Self, StoreError> {
        let id = &account.id;
        let role = if grant::rank_of(tx, id, &Scope::site())?.is_some() {
            "admin"
        } else if people::duties_in_site(tx, id, &[PROVIDER])?.is_empty() {
            "mentee"
        } else {
            "mentor"
        };
        Ok(Self {
            email_verified: !registration::is_pending(tx, id)?,
            id: id.to_string(),
            email: account.email.clone(),
            name: account.display_name.clone(),
            role,
        })
    }
}

async fn user(accounts: &Context, account: &Account) -> Result<User, Problem> {
    let account = account.clone();
    let look = move |tx: &mut Tx<'_>| User::of(tx, &account);
    Ok(accounts.site.store.read(look).await?)
}

#[derive(Serialize)]
struct Entered {
    success: bool,
    access_token: String,
    token_type: &'static str,
    user: User,
}

async fn entered(
    accounts: &Context,
    status: StatusCode,
    account: &Account,
    begun: &Begun,
) -> Result<Response, Problem> {
    let body = Entered {
        success: true,
        access_token: session::token(&accounts.site, begun).await?,
        token_type: "bearer",
        user: user(accounts, account).await?,
    };
    Ok((status, front_end::unstored(body)).into_response())
}

#[derive(Deserialize)]
struct Login {
    email: String,
    password: String,
}

async fn login(
    State(accounts): State<Context>,
    facts: Facts,
    Browser(mut client): Browser,
    Json(login): Json<Login>,
) -> Result<Response, Problem> {
    front_end::check_connection(accounts.site.url())?;
    // The new session must not end the session that this browser already has.
    client.session = None;
    let attempt = Attempt {
        email: login.email,
        password: Secret::new(login.password),
        stay: session::STAY,
        network: facts.network(),
        client,
        to: String::new(),
    };
    match sign_in::with_password(&accounts, attempt).await? {
        Welcome::Arrived(arrived) => {
            // The front end has no page that asks for this mail.
            match verification::send_again(&accounts, &arrived.account, facts.network()).await {
                Ok(()) | Err(ResendError::UsedUp(_)) => {}
                Err(error) => return Err(error.into()),
            }
            entered(&accounts, StatusCode::OK, &arrived.account, &arrived.begun).await
        }
        // The front end has no page for a second factor or for a pending erasure.
        Welcome::Leaving(_) | Welcome::SecondStep(_) => {
            Err(Problem::new(StatusCode::FORBIDDEN, "sign_in_page_required"))
        }
    }
}

#[derive(Deserialize)]
struct Registration {
    email: String,
    password: String,
    name: String,
    /// The role that the person requests. On the older site everybody chose a role; on this site
    /// roles are granted, so a request with this field is refused.
    role: Option<Value>,
}

async fn try_register(
    accounts: &Context,
    facts: &Facts,
    client: &Client,
    wishes: &Wishes,
    sent: Registration,
) -> Result<registration::Registered, Problem> {
    let site = &accounts.site;
    front_end::check_connection(site.url())?;
    if sent.role.is_some() {
        return Err(Problem::fields().field("/role", "unknown_field", []));
    }
    let text = site.speak_public(wishes);
    let new = Sent {
        email: &sent.email,
        password: Secret::new(sent.password),
        display_name: &sent.name,
        slug: "",
        locale: &text.language().tag,
        zone: AccountZone::guess(site, None),
        form_stamp: None,
        website: "",
    };
    let new = new.read(site).map_err(renamed)?;
    Ok(registration::register(accounts, new, facts.network(), client).await?)
}

fn renamed(mut problem: Problem) -> Problem {
    for error in &mut problem.errors {
        if error.pointer == "/display_name" {
            "/name".clone_into(&mut error.pointer);
        }
    }
    problem
}

#[derive(Serialize)]
struct Accepted {
    success: bool,
}

async fn register(
    State(accounts): State<Context>,
    facts: Facts,
    Browser(client): Browser,
    wishes: Wishes,
    Json(sent): Json<Registration>,
) -> Result<Response, Problem> {
    try_register(&accounts, &facts, &client, &wishes, sent).await?;
    Ok((StatusCode::ACCEPTED, Json(Accepted { success: true })).into_response())
}

async fn register_and_enter(
    State(accounts): State<Context>,
    facts: Facts,
    Browser(mut client): Browser,
    wishes: Wishes,
    Json(sent): Json<Registration>,
) -> Result<Response, Problem> {
    client.session = None;
    let registered = try_register(&accounts, &facts, &client, &wishes, sent).await?;
    let taken = || Problem::new(StatusCode::CONFLICT, "email_taken");
    let id = registered.account.ok_or_else(taken)?;
    let change = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let (method, stay) = (Method::Password, session::STAY);
        let begun = identity::session::begin(tx, &id, method, stay, &client)?;
        Ok(account::find(tx, &id)?.zip(begun))
    };
    let begun = accounts.site.store.write(change).await?;
    let gone = || Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated");
    let (account, begun) = begun.ok_or_else(gone)?;
    entered(&accounts, StatusCode::CREATED, &account, &begun).await
}

async fn me(State(accounts): State<Context>, caller: Caller) -> Result<Response, Problem> {
    Ok(Json(user(&accounts, caller.who.account()).await?).into_response())
}
