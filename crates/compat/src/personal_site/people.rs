//! The administration of accounts.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use identity::account::AccountId;
use identity::people::{self, Acting, PeopleError, Search, State as AccountState};
use identity::session::sudo::Sudo;
use jiff::Timestamp;
use platform::store::Row;
use platform::{StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use site::asking::Caller;
use site::{Context, call};
use web::{Json, Problem};

use super::empty_response::{DONE, Message};
use super::person::roles;
use super::role::Role;

/// The maximum number of accounts in a response, and the largest offset.
const ROWS: i64 = 100;
const OFFSET: i64 = 10_000;

pub(super) fn routes() -> Router<Context> {
    let at = |path| format!("/backend/protected/admin/users{path}");
    Router::new()
        .route(&at(""), get(list))
        .route(&at("/{id}/deactivate"), post(deactivate))
        .route(&at("/{id}/activate"), post(activate))
        .route(&at("/{id}/reset-password"), post(send_reset))
        .route(&at("/{id}/promote"), post(promote))
        .route(
            &at("/{id}/roles/{role}"),
            post(add_role).delete(remove_role),
        )
}

#[derive(Deserialize)]
struct SearchQuery {
    #[serde(default)]
    search: String,
    limit: Option<i64>,
    offset: Option<i64>,
}

#[derive(Serialize)]
struct PersonView {
    id: String,
    email: String,
    display_name: String,
    slug: String,
    active: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
    roles: Vec<&'static str>,
    email_verified: bool,
    has_credentials: bool,
    external_accounts: [(); 0],
}

#[derive(Row)]
struct More {
    updated_at: Timestamp,
    slug: Option<String>,
    passwords: i64,
}

impl PersonView {
    fn of(tx: &mut Tx<'_>, person: people::Person) -> Result<Self, StoreError> {
        let more: More = sql!(
            "SELECT a.updated_at, s.slug, (SELECT COUNT(*) FROM password p
                 WHERE p.account_id = a.id) AS passwords
             FROM account a
             LEFT JOIN account_slug s ON s.account_id = a.id AND s.until IS NULL
             WHERE a.id = :id",
            id = person.id
        )
        .one(tx)?;
        Ok(Self {
            active: person.state == AccountState::Active,
            roles: roles(tx, &person.id, !person.is_unverified)?,
            email_verified: !person.is_unverified,
            id: person.id.to_string(),
            email: person.email,
            display_name: person.display_name,
            slug: more.slug.unwrap_or_default(),
            created_at: person.created_at,
            updated_at: more.updated_at,
            has_credentials: more.passwords > 0,
            external_accounts: [],
        })
    }
}

async fn list(
    State(accounts): State<Context>,
    Query(query): Query<SearchQuery>,
    caller: Caller,
) -> Result<Json<Vec<PersonView>>, Problem> {
    let search = Search {
        text: query.search,
        ..Search::default()
    };
    let limit = query.limit.unwrap_or(ROWS).clamp(1, ROWS);
    let offset = query.offset.unwrap_or(0).clamp(0, OFFSET);
    let skipped = usize::try_from(offset).unwrap_or(0);
    let look = move |tx: &mut Tx<'_>| -> Result<_, PeopleError> {
        let by = people::administrator(tx, &caller.who, &caller.request)?;
        let found = people::list(tx, &by, &search, None, offset + limit)?;
        let shown = found.into_iter().skip(skipped);
        let views = shown.map(|person| PersonView::of(tx, person));
        Ok(views.collect::<Result<Vec<_>, _>>()?)
    };
    Ok(Json(accounts.site.store.read(look).await?))
}

/// Makes a change to other accounts. The caller must be an administrator who has recently confirmed
/// their identity.
pub(super) async fn act<E>(
    accounts: &Context,
    caller: Caller,
    change: impl Fn(&mut Tx<'_>, &Acting) -> Result<(), E> + Send + 'static,
) -> Result<Json<Message>, Problem>
where
    E: From<PeopleError> + From<StoreError> + Into<Problem> + Send + 'static,
{
    let Caller { who, request } = caller;
    let sudo = Sudo::check(who, accounts.site.clock.now())?;
    let whole = move |tx: &mut Tx<'_>| -> Result<(), E> {
        let by = people::acting(tx, &sudo, &request)?;
        change(tx, &by)
    };
    accounts.site.store.write(whole).await.map_err(E::into)?;
    Ok(DONE)
}

async fn change(
    accounts: &Context,
    caller: Caller,
    id: &str,
    change: impl Fn(&mut Tx<'_>, &Acting, &AccountId) -> Result<(), PeopleError> + Send + 'static,
) -> Result<Json<Message>, Problem> {
    let id: AccountId = call::id(id)?;
    act(accounts, caller, move |tx, by| change(tx, by, &id)).await
}

async fn deactivate(
    State(accounts): State<Context>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Json<Message>, Problem> {
    change(&accounts, caller, &id, people::deactivate).await
}

async fn activate(
    State(accounts): State<Context>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Json<Message>, Problem> {
    change(&accounts, caller, &id, people::activate).await
}

/// The response after an administrator has reset a password. The account's owner gets a mail with a
/// link, so nobody else learns the password.
#[derive(Serialize)]
struct ResetSent {
    message: &'static str,
    new_password: Option<()>,
    reset_link_sent: bool,
}

async fn send_reset(
    State(accounts): State<Context>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Json<ResetSent>, Problem> {
    change(&accounts, caller, &id, people::send_reset).await?;
    Ok(Json(ResetSent {
        message: "done",
        new_password: None,
        reset_link_sent: true,
    }))
}

async fn promote(
    State(accounts): State<Context>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Json<Message>, Problem> {
    set_role(&accounts, caller, &id, Role::Admin, true).await
}

async fn add_role(
    State(accounts): State<Context>,
    Path((id, role)): Path<(String, String)>,
    caller: Caller,
) -> Result<Json<Message>, Problem> {
    set_role(&accounts, caller, &id, Role::read(&role)?, true).await
}

async fn remove_role(
    State(accounts): State<Context>,
    Path((id, role)): Path<(String, String)>,
    caller: Caller,
) -> Result<Json<Message>, Problem> {
    set_role(&accounts, caller, &id, Role::read(&role)?, false).await
}

async fn set_role(
    accounts: &Context,
    caller: Caller,
    id: &str,
    role: Role,
    is_given: bool,
) -> Result<Json<Message>, Problem> {
    change(accounts, caller, id, move |tx, by, id| {
        role.set(tx, by, id, is_given)
    })
    .await
}
