//! The JSON API for administering accounts.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use platform::{StoreError, Tx};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::cursor::{List, PageQuery};
use web::described::Routes;
use web::{Json, Problem, routes};

use super::SiteRole;

use crate::web::people::read_duties;
use identity::account::{AccountId, State as AccountState};
use identity::grant;
use identity::grant::administrator::{self, Acting, PeopleError};
use identity::people::{self, Details, Person, Search, factor_reset};
use identity::person::erasure::{self, When};
use identity::session::sudo::Sudo;
use site::Callers::People;
use site::asking::Caller;
use site::{Context, call};

pub(super) fn routes<R: Routes<Context>>() -> R {
    R::default()
        .routes(routes!(list: People))
        .routes(routes!(show: People, erase: People))
        .routes(routes!(deactivate: People))
        .routes(routes!(activate: People))
        .routes(routes!(sign_out: People))
        .routes(routes!(set_role: People))
        .routes(routes!(set_duties: People))
        .routes(routes!(reset_factors: People, keep_factors: People))
        .routes(routes!(export: People))
}

/// A person who has an account.
#[derive(Serialize, ToSchema)]
struct PersonView {
    /// The account's id.
    id: String,
    /// The name that the person chose.
    display_name: String,
    /// The email address with which the person signs in.
    email: String,
    /// Whether the person may sign in.
    state: AccountState,
    /// Whether the person's email address is unconfirmed. Such a person cannot have a role.
    unverified: bool,
    /// The person's role in the installation, if any.
    role: Option<SiteRole>,
    /// The time at which the account was created.
    created_at: Timestamp,
    /// The time of the last sign-in.
    last_login_at: Option<Timestamp>,
}

impl From<Person> for PersonView {
    fn from(person: Person) -> Self {
        Self {
            id: person.id.to_string(),
            display_name: person.display_name,
            email: person.email,
            state: person.state,
            unverified: person.is_unverified,
            role: person.rank.map(|word| {
                if word == grant::OWNER.word() {
                    SiteRole::Owner
                } else {
                    SiteRole::Admin
                }
            }),
            created_at: person.created_at,
            last_login_at: person.last_login_at,
        }
    }
}

/// A person, with details of their account.
#[derive(Serialize, ToSchema)]
struct PersonDetails {
    #[serde(flatten)]
    person: PersonView,
    /// The number of sessions.
    sessions: i64,
    /// The number of tokens.
    tokens: i64,
    /// The person's duties in the installation, in addition to the role.
    duties: Vec<&'static str>,
    /// The time at which the account is erased, if the person asked for it.
    erased_at: Option<Timestamp>,
    /// The time at which the person's second factors and passkeys are removed, if an administrator
    /// asked for it.
    factors_reset_at: Option<Timestamp>,
    /// The person's entries in the audit log, newest first.
    events: Vec<EventView>,
}

/// An action on an account.
#[derive(Serialize, ToSchema)]
struct EventView {
    /// The time of the action.
    at: Timestamp,
    /// The name of the action.
    action: String,
    /// The kind of actor.
    actor_kind: String,
    /// The actor's id.
    actor_id: Option<String>,
    /// The network from which the request came.
    network: Option<String>,
}

impl From<Details> for PersonDetails {
    fn from(details: Details) -> Self {
        let event = |line: platform::audit::Record| EventView {
            at: line.at,
            action: line.action,
            actor_kind: line.actor_kind,
            actor_id: line.actor_id,
            network: line.network,
        };
        Self {
            person: details.person.into(),
            sessions: details.sessions,
            tokens: details.tokens,
            duties: details.duties.iter().map(|duty| duty.word()).collect(),
            erased_at: details.erased_at,
            factors_reset_at: details.factors_reset_at,
            events: details.lines.into_iter().map(event).collect(),
        }
    }
}

/// The criteria of a search for people.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SearchQuery {
    /// A part of the name or of the email address.
    #[serde(default)]
    #[param(required = false)]
    query: String,
    /// Only accounts in this state.
    state: Option<AccountState>,
    /// Only people with this role in the installation: `owner` or `admin`.
    #[serde(default)]
    #[param(required = false)]
    role: String,
}

/// List people who have an account.
///
/// The newest accounts come first.
#[utoipa::path(
    get, path = "/api/v1/admin/users", tag = "people",
    params(SearchQuery, PageQuery),
    responses(
        (status = 200, description = "The people", body = List<PersonView>),
        (status = 400, description = "`cursor_invalid`"),
        (status = 403, description = "`role_required`: administrators of the installation"),
    ),
)]
async fn list(
    State(accounts): State<Context>,
    Query(query): Query<SearchQuery>,
    paging: PageQuery,
    caller: Caller,
) -> Result<Json<List<PersonView>>, Problem> {
    let search = Search {
        text: query.query,
        state: query.state,
        rank: query.role,
    };
    let before: Option<String> = paging.after()?;
    let rows = paging.rows();
    let look = move |tx: &mut Tx<'_>| {
        let by = administrator::administrator(tx, &caller.who, &caller.request)?;
        Ok::<_, PeopleError>(people::list(tx, &by, &search, before.as_deref(), rows)?)
    };
    let found = accounts.site.store.read(look).await?;
    let list = paging.list(found, |person| person.id.to_string());
    Ok(Json(list.map(PersonView::from)))
}

/// Get one person.
#[utoipa::path(
    get, path = "/api/v1/admin/users/{id}", tag = "people",
    params(("id" = String, Path, description = "The account's id")),
    responses(
        (status = 200, description = "The person", body = PersonDetails),
        (status = 403, description = "`role_required`: administrators of the installation"),
        (status = 404, description = "`not_found`"),
    ),
)]
async fn show(
    State(accounts): State<Context>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Json<PersonDetails>, Problem> {
    let id: AccountId = call::id(&id)?;
    let domains = accounts.domain_accounts;
    let look = move |tx: &mut Tx<'_>| {
        let by = administrator::administrator(tx, &caller.who, &caller.request)?;
        people::find(tx, domains, &by, &id)
    };
    Ok(Json(accounts.site.store.read(look).await?.into()))
}

/// The caller must be an administrator who has recently proved a credential.
async fn act<T, E>(
    accounts: &Context,
    caller: Caller,
    id: &str,
    change: impl Fn(&mut Tx<'_>, &Acting, &AccountId) -> Result<T, E> + Send + 'static,
) -> Result<T, Problem>
where
    T: Send + 'static,
    E: From<StoreError> + From<PeopleError> + Into<Problem> + Send + 'static,
{
    let id: AccountId = call::id(id)?;
    let sudo = Sudo::check(caller.who, accounts.site.clock.now())?;
    let change = move |tx: &mut Tx<'_>| {
        let by = administrator::acting(tx, &sudo, &caller.request)?;
        change(tx, &by, &id)
    };
    accounts.site.store.write(change).await.map_err(Into::into)
}

/// Deactivate an account.
///
/// The person cannot sign in, and no public page shows them.
#[utoipa::path(
    post, path = "/api/v1/admin/users/{id}/deactivate", tag = "people",
    params(("id" = String, Path, description = "The account's id")),
    responses(
        (status = 204, description = "They are kept out"),
        (status = 403, description = "`sudo_required`, `role_required` or `role_above_own`"),
        (status = 404, description = "`not_found`"),
        (status = 409, description = "`last_owner` or `account_leaving`"),
    ),
)]
async fn deactivate(
    State(accounts): State<Context>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<StatusCode, Problem> {
    act(&accounts, caller, &id, people::deactivate).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Activate an account again.
///
/// This also works for a person who asked for their account to be erased.
#[utoipa::path(
    post, path = "/api/v1/admin/users/{id}/activate", tag = "people",
    params(("id" = String, Path, description = "The account's id")),
    responses(
        (status = 204, description = "They may sign in"),
        (status = 403, description = "`sudo_required`, `role_required` or `role_above_own`"),
        (status = 404, description = "`not_found`"),
    ),
)]
async fn activate(
    State(accounts): State<Context>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<StatusCode, Problem> {
    act(&accounts, caller, &id, people::activate).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The number of sessions that ended.
#[derive(Serialize, ToSchema)]
pub(super) struct SignedOut {
    /// The number of sessions.
    pub(super) revoked: u64,
}

/// Sign a person out everywhere.
///
/// Their sessions end, and their personal tokens stop working.
#[utoipa::path(
    post, path = "/api/v1/admin/users/{id}/sign-out", tag = "people",
    params(("id" = String, Path, description = "The account's id")),
    responses(
        (status = 200, description = "How many sessions ended", body = SignedOut),
        (status = 403, description = "`sudo_required`, `role_required` or `role_above_own`"),
        (status = 404, description = "`not_found`"),
    ),
)]
async fn sign_out(
    State(accounts): State<Context>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Json<SignedOut>, Problem> {
    let revoked = act(&accounts, caller, &id, people::sign_out).await?;
    Ok(Json(SignedOut { revoked }))
}

/// A person's new role in the installation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RoleBody {
    /// The new role; null if the person is to have none.
    role: Option<SiteRole>,
}

/// Change a person's role in the installation.
///
/// Only owners may do this.
#[utoipa::path(
    put, path = "/api/v1/admin/users/{id}/role", tag = "people",
    params(("id" = String, Path, description = "The account's id")),
    request_body = RoleBody,
    responses(
        (status = 204, description = "They have it"),
        (status = 403, description = "`sudo_required`, or `role_required`: owners of the installation"),
        (status = 404, description = "`not_found`"),
        (status = 409, description = "`last_owner` or `account_unverified`"),
    ),
)]
async fn set_role(
    State(accounts): State<Context>,
    Path(id): Path<String>,
    caller: Caller,
    Json(body): Json<RoleBody>,
) -> Result<StatusCode, Problem> {
    let rank = body.role.map(|role| match role {
        SiteRole::Admin => grant::ADMIN,
        SiteRole::Owner => grant::OWNER,
    });
    let change =
        move |tx: &mut Tx<'_>, by: &Acting, id: &AccountId| people::set_rank(tx, by, id, rank);
    act(&accounts, caller, &id, change).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A person's duties in the installation, in addition to their role.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DutiesBody {
    /// The names of all duties that the person will have, such as `editor` or `moderator`.
    duties: Vec<String>,
}

/// Set a person's duties in the installation.
///
/// Duties that are not listed are removed.
#[utoipa::path(
    put, path = "/api/v1/admin/users/{id}/duties", tag = "people",
    params(("id" = String, Path, description = "The account's id")),
    request_body = DutiesBody,
    responses(
        (status = 204, description = "They have them"),
        (status = 403, description = "`sudo_required`, `role_required` or `role_above_own`"),
        (status = 404, description = "`not_found`"),
        (status = 409, description = "`account_unverified`"),
        (status = 422, description = "`validation_failed`: there is no such duty"),
    ),
)]
async fn set_duties(
    State(accounts): State<Context>,
    Path(id): Path<String>,
    caller: Caller,
    Json(body): Json<DutiesBody>,
) -> Result<StatusCode, Problem> {
    let all = grant::site_duties(accounts.domain_accounts);
    let duties = read_duties(&all, body.duties.iter().map(String::as_str))?;
    let change = move |tx: &mut Tx<'_>, by: &Acting, id: &AccountId| {
        people::set_duties(tx, by, id, &all, &duties)
    };
    act(&accounts, caller, &id, change).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A planned removal of second factors.
#[derive(Serialize, ToSchema)]
struct FactorReset {
    /// The time at which the factors are removed.
    due_at: Timestamp,
}

/// Reset the second factors of a person who lost them.
///
/// Passkeys, the authenticator app and recovery codes are removed in 24 hours, and all sessions
/// end. The person is notified by mail, and can prevent the removal until then.
#[utoipa::path(
    post, path = "/api/v1/admin/users/{id}/factor-reset", tag = "people",
    params(("id" = String, Path, description = "The account's id")),
    responses(
        (status = 202, description = "They are removed in 24 hours, or when they are already to be",
            body = FactorReset),
        (status = 403, description = "`sudo_required`, `role_required` or `role_above_own`"),
        (status = 404, description = "`not_found`"),
        (status = 409, description = "`account_without_factors`, `account_deactivated` or
            `account_leaving`"),
    ),
)]
async fn reset_factors(
    State(accounts): State<Context>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<(StatusCode, Json<FactorReset>), Problem> {
    let site = accounts.site.clone();
    let change =
        move |tx: &mut Tx<'_>, by: &Acting, id: &AccountId| factor_reset::ask(tx, &site, by, id);
    let due_at = act(&accounts, caller, &id, change).await?;
    Ok((StatusCode::ACCEPTED, Json(FactorReset { due_at })))
}

/// Cancel the removal of a person's second factors.
#[utoipa::path(
    delete, path = "/api/v1/admin/users/{id}/factor-reset", tag = "people",
    params(("id" = String, Path, description = "The account's id")),
    responses(
        (status = 204, description = "They stay"),
        (status = 403, description = "`sudo_required`, `role_required` or `role_above_own`"),
        (status = 404, description = "`not_found`: nobody wants them to be removed"),
    ),
)]
async fn keep_factors(
    State(accounts): State<Context>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<StatusCode, Problem> {
    if act(&accounts, caller, &id, factor_reset::withdraw).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}

/// Export all data that is stored about a person.
///
/// Only owners of the installation may do this, when the person has requested it. The person is
/// notified by mail.
#[utoipa::path(
    post, path = "/api/v1/admin/users/{id}/export", tag = "people",
    params(("id" = String, Path, description = "The account's id")),
    responses(
        (status = 200, description = "The zip", content_type = "application/zip"),
        (status = 403, description = "`sudo_required`, or `role_required`: owners of the installation"),
        (status = 404, description = "`not_found`"),
    ),
)]
async fn export(
    State(accounts): State<Context>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Response, Problem> {
    let id: AccountId = call::id(&id)?;
    let sudo = Sudo::check(caller.who, accounts.site.clock.now())?;
    crate::web::people::export(&accounts, sudo, caller.request, id).await
}

/// Have a person's account erased.
///
/// The person is signed out at once, and can cancel the erasure for 7 days.
#[utoipa::path(
    delete, path = "/api/v1/admin/users/{id}", tag = "people",
    params(("id" = String, Path, description = "The account's id")),
    responses(
        (status = 202, description = "It is erased in 7 days"),
        (status = 403, description = "`sudo_required`, `role_required` or `role_above_own`"),
        (status = 404, description = "`not_found`"),
        (status = 409, description = "`last_owner` or `active_obligations`"),
    ),
)]
async fn erase(
    State(accounts): State<Context>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<StatusCode, Problem> {
    let domains = accounts.domain_accounts;
    let change = move |tx: &mut Tx<'_>, by: &Acting, id: &AccountId| {
        erasure::order(tx, domains, by, id, When::Later)
    };
    act(&accounts, caller, &id, change).await?;
    Ok(StatusCode::ACCEPTED)
}
