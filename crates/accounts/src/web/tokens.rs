//! Personal tokens: people's operations on their own tokens, and the forms on the security page.

use axum::extract::State;
use axum::response::Response;
use platform::Tx;
use web::form_state::{self, FormState};
use web::{Problem, Site};

use super::security;

use identity::session::sudo::Sudo;
use identity::session::token::{self, Created, NewToken, Token, TokenId, TokenScope};
use site::Context;
use site::addresses::SECURITY;
use site::confirmation::{self, Question};
use site::proof::Requester;
use site::refusal::Refusal;
use site::request::FormPost;

const REMOVE: Question = Question {
    title: "question-token",
    facts: "question-token-facts",
    undo: "question-token-undo",
    button: "question-token-do",
    confirm: "question-token-confirm",
};

pub(super) fn list(tx: &mut Tx<'_>, me: &Requester) -> Result<Vec<Token>, Refusal> {
    Ok(token::list(tx, &me.who.account().id)?)
}

/// Finds the token scopes with these names.
pub(super) fn scopes<S: AsRef<str>>(
    accounts: &Context,
    words: &[S],
) -> Result<Vec<TokenScope>, Problem> {
    TokenScope::find_all(accounts.domain_accounts, words)
        .map_err(|index| Problem::fields().field(format!("/scopes/{index}"), "unknown_option", []))
}

/// Creates a token. The person must have proved a credential recently.
pub(super) fn create(
    tx: &mut Tx<'_>,
    site: &Site,
    me: &Requester,
    new: &NewToken,
) -> Result<Created, Refusal> {
    let sudo = Sudo::check(me.who.clone(), tx.now())?;
    Ok(token::create_own(tx, site, &sudo, new, &me.request).map_err(Problem::from)?)
}

pub(super) fn remove(
    tx: &mut Tx<'_>,
    site: &Site,
    me: &Requester,
    id: &TokenId,
) -> Result<(), Refusal> {
    let was_there = token::remove_own(tx, site, me.who.account(), id, &me.request)?;
    was_there.then_some(()).ok_or(Refusal::NotFound)
}

/// Creates a token. The response shows the token instead of redirecting, because the token is not
/// stored.
pub(super) async fn create_token(
    State(accounts): State<Context>,
    posted: FormPost,
) -> Result<Response, Problem> {
    let done = match try_create(&accounts, &posted).await {
        Ok(made) => {
            let (secret, nothing) = (Some(&made.secret), FormState::default());
            security::page(&accounts, &posted.req, secret, &nothing).await
        }
        Err(problem) => Err(problem),
    };
    form_state::answer(done, async |problem| {
        security::again(&accounts, &posted, &problem, "name").await
    })
    .await
}

async fn try_create(accounts: &Context, posted: &FormPost) -> Result<Created, Problem> {
    let form = &posted.form;
    let days = match form.number("expires_in_days") {
        Ok(days) => days.map_or(Ok(token::DEFAULT_DAYS), u16::try_from),
        Err(_) => Ok(0),
    };
    let new = NewToken {
        name: form.text("name").to_owned(),
        scopes: scopes(accounts, &form.all("scopes").collect::<Vec<_>>())?,
        scope: None,
        days: days.unwrap_or(0),
    };
    let site = accounts.site.clone();
    let change = move |tx: &mut Tx<'_>, me: &Requester| create(tx, &site, me, &new);
    Ok(posted.req.write(change).await?)
}

pub(super) async fn remove_token(posted: FormPost) -> Result<Response, Problem> {
    if !confirmation::is_sure(&posted.form) {
        let address = "/me/security/tokens/remove";
        return confirmation::ask(&posted, address, SECURITY, REMOVE).await;
    }
    let id: TokenId = site::call::id(posted.form.text("token"))?;
    let site = posted.req.site.clone();
    let change = move |tx: &mut Tx<'_>, me: &Requester| {
        remove(tx, &site, me, &id)?;
        Ok(format!("{SECURITY}?done=token"))
    };
    Ok(posted.once(change).await?)
}
