//! The pages on which people export their own data, erase their own account, and cancel the
//! erasure.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, SET_COOKIE};
use axum::response::{IntoResponse, Response};
use platform::audit::RequestFacts;
use platform::{Secret, StoreError, Tx};
use web::form_state::{self, FormState};
use web::{Problem, Text, Wishes};

use super::without_sign_in::{Entrance, Entry};

use identity::person::erasure::{self, EraseError, When};
use identity::person::export::{self, ExportError};
use identity::session::signed_in::SignedIn;
use identity::session::sudo::Sudo;
use identity::sign_in::{SignInError, restore};
use site::asking::{PageUser, Reader, Sender};
use site::call::see_other;
use site::confirmation::{self, Question, SentForm};
use site::{Context, cookies, frame};

pub(super) const HERE: &str = site::addresses::DATA;

const ERASE: Question = Question {
    title: "question-leave",
    facts: "question-leave-facts",
    undo: "question-leave-undo",
    button: "question-leave-do",
    confirm: "question-leave-confirm",
};

#[derive(Template)]
#[template(path = "data.html")]
struct DataPage<'a> {
    text: &'a Text,
    form_state: &'a FormState,
}

pub(super) async fn data(
    State(accounts): State<Context>,
    wishes: Wishes,
    reader: Reader,
) -> Result<Response, Problem> {
    let text = accounts.site.speak(&wishes);
    page(&accounts, &text, reader.user(), &FormState::default()).await
}

async fn page(
    accounts: &Context,
    text: &Text,
    user: PageUser<'_>,
    form_state: &FormState,
) -> Result<Response, Problem> {
    let body = DataPage { text, form_state };
    let title = text.say("account-data");
    frame::show(&accounts.site, text, user, HERE, &title, body).await
}

pub(super) async fn export(
    State(accounts): State<Context>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    let done = file(&accounts, sender.who.clone(), sender.request.clone()).await;
    again(&accounts, &wishes, sender, done).await
}

/// Returns the response with the zip file that contains a person's own data.
pub(super) async fn file(
    accounts: &Context,
    who: SignedIn,
    request: RequestFacts,
) -> Result<Response, Problem> {
    let sudo = Sudo::check(who, accounts.site.clock.now())?;
    let (domains, keys) = (accounts.domain_accounts, accounts.site.keys.clone());
    let change = move |tx: &mut Tx<'_>| -> Result<_, ExportError> {
        export::create(tx, domains, &keys, &sudo, &request)
    };
    Ok(download(accounts.site.store.write(change).await?))
}

/// Makes a response with which the browser downloads a zip file.
pub(super) fn download(zip: Vec<u8>) -> Response {
    let headers = [
        (CONTENT_TYPE, "application/zip"),
        (CONTENT_DISPOSITION, "attachment; filename=\"account.zip\""),
        (CACHE_CONTROL, "no-store, private"),
    ];
    (headers, zip).into_response()
}

pub(super) async fn erase(
    State(accounts): State<Context>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    if !confirmation::is_sure(&sender.form) {
        let text = accounts.site.speak(&wishes);
        let sent = SentForm {
            address: "/me/data/erase",
            here: HERE,
            menu: HERE,
            form: &sender.form,
        };
        let note = accounts.site.cache_note(&text).unwrap_or_default();
        let values = [("caches", note.as_str().into())];
        return confirmation::show(&accounts.site, &text, sender.user(), sent, ERASE, &values)
            .await;
    }
    let done = try_erase(&accounts, &sender).await;
    again(&accounts, &wishes, sender, done).await
}

async fn try_erase(accounts: &Context, sender: &Sender) -> Result<Response, Problem> {
    let sudo = Sudo::check(sender.who.clone(), accounts.site.clock.now())?;
    let request = sender.request.clone();
    let domains = accounts.domain_accounts;
    let change = move |tx: &mut Tx<'_>| -> Result<_, EraseError> {
        erasure::ask(tx, domains, &sudo, When::Later, &request)
    };
    accounts.site.store.write(change).await?;
    let mut response = see_other("/login");
    let gone = cookies::forget_session(accounts.site.url());
    response.headers_mut().append(SET_COOKIE, gone);
    Ok(response)
}

async fn again(
    accounts: &Context,
    wishes: &Wishes,
    sender: Sender,
    done: Result<Response, Problem>,
) -> Result<Response, Problem> {
    form_state::answer(done, async |problem| {
        let text = accounts.site.speak(wishes);
        let form_state = FormState::refused(sender.form.clone(), &problem, &text);
        page(accounts, &text, sender.user(), &form_state).await
    })
    .await
}

#[derive(Template)]
#[template(path = "restore.html")]
struct RestorePage<'a> {
    text: &'a Text,
}

pub(super) async fn offered(
    State(accounts): State<Context>,
    Path(secret): Path<String>,
    entrance: Entrance,
) -> Result<Response, Problem> {
    let secret = Secret::new(secret);
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> { restore::is_offered(tx, &secret) };
    if !accounts.site.store.read(look).await? {
        return Err(SignInError::LinkGone.into());
    }
    let text = entrance.text.clone();
    let page = RestorePage { text: &text };
    Ok(entrance.show(&accounts.site, "account-restore", page))
}

pub(super) async fn restore(
    State(accounts): State<Context>,
    Path(secret): Path<String>,
    entry: Entry,
) -> Result<Response, Problem> {
    keep(
        &accounts,
        Secret::new(secret),
        entry.entrance.client.request,
    )
    .await?;
    Ok(see_other("/login"))
}

/// Cancels the erasure of an account.
pub(super) async fn keep(
    accounts: &Context,
    secret: Secret,
    request: RequestFacts,
) -> Result<(), SignInError> {
    let change = move |tx: &mut Tx<'_>| restore::restore(tx, &secret, &request);
    if accounts.site.store.write(change).await? {
        Ok(())
    } else {
        Err(SignInError::LinkGone)
    }
}
