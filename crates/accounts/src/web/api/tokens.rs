//! Personal tokens.

use std::collections::BTreeMap;

use axum::extract::{FromRequest, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use platform::Tx;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use web::cursor::List;
use web::described::Routes;
use web::json::Members;
use web::{Json, Problem, routes};

use super::all;

use crate::web::tokens;
use identity::DomainAccounts;
use identity::grant::ScopeName;
use identity::session::token::{self, NewToken, Token, TokenId, TokenScope};
use site::Callers::People;
use site::Context;
use site::call::Call;
use site::proof::Requester;

pub(super) fn routes<R: Routes<Context>>() -> R {
    R::default()
        .routes(routes!(tokens: People, create_token: People))
        .routes(routes!(remove_token: People))
}

/// A personal token without its secret.
#[derive(Serialize, ToSchema)]
struct TokenView {
    /// The token's id.
    id: String,
    /// The name that the token's owner chose.
    name: String,
    /// The permissions of the token.
    #[schema(value_type = Vec<TokenScope>)]
    scopes: Vec<String>,
    /// For each kind of object, the id of the only object that the token can access; null if the
    /// token is not limited to an object of this kind.
    #[serde(flatten)]
    #[schema(ignore)]
    reaches: BTreeMap<&'static str, Option<String>>,
    /// The last four characters of the token.
    last4: String,
    /// The time at which the token was created (RFC 3339).
    created_at: String,
    /// The time at which the token expires (RFC 3339).
    expires_at: String,
    /// The time of the token's last use, accurate to five minutes (RFC 3339).
    last_used_at: Option<String>,
}

impl TokenView {
    fn of(token: Token, domains: &[DomainAccounts]) -> Self {
        let kinds = domains.iter().flat_map(|domain| domain.scope_kinds);
        let scope = token.scope.as_ref();
        let id_of = |kind: &str| scope.filter(|of| of.kind == kind).map(|of| of.id.clone());
        Self {
            reaches: kinds.map(|kind| (kind.name, id_of(kind.name))).collect(),
            id: token.id.to_string(),
            name: token.name,
            scopes: token.scopes,
            last4: token.last4,
            created_at: token.created_at.to_string(),
            expires_at: token.expires_at.to_string(),
            last_used_at: token.last_used_at.map(|at| at.to_string()),
        }
    }
}

/// The account's personal tokens.
#[utoipa::path(
    get, path = "/api/v1/me/tokens", tag = "accounts",
    responses(
        (status = 200, description = "The live tokens, newest first", body = List<TokenView>),
        (status = 403, description = "`token_not_permitted`"),
    ),
)]
async fn tokens(
    State(accounts): State<Context>,
    call: Call,
) -> Result<Json<List<TokenView>>, Problem> {
    let found = call.read(tokens::list).await?;
    let view = |token| TokenView::of(token, accounts.domain_accounts);
    Ok(Json(all(found.into_iter().map(view).collect())))
}

/// The properties of a new token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateToken {
    /// The name, 1–60 characters, unique among the owner's live tokens.
    name: String,
    /// The permissions of the token.
    #[schema(value_type = Vec<TokenScope>)]
    scopes: Vec<String>,
    /// The number of days for which the token is valid, 1–366; 90 if omitted.
    expires_in_days: Option<u16>,
}

/// The properties of a new token. `scope` is the only object that the token can access; `None` if
/// the token is not limited.
struct TokenCall {
    token: CreateToken,
    scope: Option<ScopeName>,
}

impl FromRequest<Context> for TokenCall {
    type Rejection = Problem;

    async fn from_request(request: Request, accounts: &Context) -> Result<Self, Problem> {
        let Json(Members(mut body)) = Json::from_request(request, accounts).await?;
        let mut scope = None;
        let kinds = accounts
            .domain_accounts
            .iter()
            .flat_map(|one| one.scope_kinds);
        for kind in kinds {
            let misfit = |code| Problem::fields().field(format!("/{}", kind.name), code, []);
            match body.remove(kind.name) {
                None | Some(Value::Null) => {}
                Some(Value::String(_)) if scope.is_some() => return Err(misfit("not_allowed")),
                Some(Value::String(id)) => scope = Some(kind.scope(id).name()),
                Some(_) => return Err(misfit("wrong_type")),
            }
        }
        let rest = Value::Object(body).to_string();
        let Json(token) = Json::parse(rest.as_bytes())?;
        Ok(Self { token, scope })
    }
}

/// A new token.
#[derive(Serialize, ToSchema)]
struct CreatedToken {
    /// The token's id.
    id: String,
    /// The token itself. The API never returns it again.
    token: String,
    /// The time at which the token expires (RFC 3339).
    expires_at: String,
}

/// Make a personal token.
#[utoipa::path(
    post, path = "/api/v1/me/tokens", tag = "accounts",
    request_body = CreateToken,
    responses(
        (status = 201, description = "Made; the token is shown this once", body = CreatedToken),
        (status = 403, description = "`sudo_required` or `token_not_permitted`"),
        (status = 409, description = "`limit_reached`: fifty are live"),
        (status = 422, description = "`validation_failed`"),
    ),
)]
async fn create_token(
    State(accounts): State<Context>,
    call: Call,
    TokenCall { token, scope }: TokenCall,
) -> Result<Response, Problem> {
    let new = NewToken {
        name: token.name,
        scopes: tokens::scopes(&accounts, &token.scopes)?,
        scope,
        days: token.expires_in_days.unwrap_or(token::DEFAULT_DAYS),
    };
    let site = accounts.site.clone();
    let change = move |tx: &mut Tx<'_>, me: &Requester| tokens::create(tx, &site, me, &new);
    let created = call.write(change).await?;
    let body = Json(CreatedToken {
        id: created.id.to_string(),
        token: created.secret.reveal().to_owned(),
        expires_at: created.expires_at.to_string(),
    });
    Ok((StatusCode::CREATED, body).into_response())
}

/// Revoke a personal token.
#[utoipa::path(
    delete, path = "/api/v1/me/tokens/{id}", tag = "accounts",
    params(("id" = String, Path, description = "The token's id")),
    responses(
        (status = 204, description = "It works no more"),
        (status = 404, description = "`not_found`: no token of this account"),
    ),
)]
async fn remove_token(call: Call) -> Result<StatusCode, Problem> {
    let id: TokenId = call.id("id")?;
    let site = call.site.clone();
    let change = move |tx: &mut Tx<'_>, me: &Requester| tokens::remove(tx, &site, me, &id);
    call.write(change).await?;
    Ok(StatusCode::NO_CONTENT)
}
