//! The page of one's trusted contacts.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use platform::StoreError;
use platform::Tx;
use platform::audit::RequestFacts;
use serde::Deserialize;
use web::form_state::{self, Control, Field, FormState};
use web::{Problem, Text, Wishes};

use super::asking::{Reader, Sender};
use super::call::{self, see_other};
use super::frame;
use super::shared;

use crate::Accounts;
use crate::domain::Share;
use identity::account::AccountId;
use identity::person::trusted::{self, Contact};
use identity::problem::email_unverified;
use identity::session::signed_in::{self, SignedIn};

/// Where the page is.
pub(super) const HERE: &str = "/me/trusted";

/// What was done on the page before.
#[derive(Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "trusted.html")]
struct TrustedPage<'a> {
    text: &'a Text,
    csrf: &'a str,
    done: Option<&'static str>,
    contacts: Vec<Contact>,
    field: Field,
    form_state: &'a FormState,
}

pub(super) async fn show(
    State(accounts): State<Accounts>,
    Query(done): Query<Done>,
    wishes: Wishes,
    reader: Reader,
) -> Result<Response, Problem> {
    let text = accounts.site.speak(&wishes);
    let who = (&reader.who, reader.csrf.as_str());
    let done = match done.done.as_deref() {
        Some("added") => Some("trusted-added"),
        Some("removed") => Some("trusted-removed"),
        _ => None,
    };
    page(&accounts, &text, who, (done, &FormState::default())).await
}

async fn page(
    accounts: &Accounts,
    text: &Text,
    (who, csrf): (&SignedIn, &str),
    (done, form_state): (Option<&'static str>, &FormState),
) -> Result<Response, Problem> {
    let id = who.account().id.clone();
    let look = move |tx: &mut Tx<'_>| trusted::list(tx, &id);
    let contacts = accounts.site.store.read(look).await?;
    let control = Control::Line("text", "off");
    let field = form_state.field("slug", text.say("trusted-slug"), control);
    let body = TrustedPage {
        text,
        csrf,
        done,
        contacts,
        field: field.hint(text.say("trusted-slug-hint")).required(),
        form_state,
    };
    let title = text.say("trusted-title");
    frame::show(&accounts.site, text, (who, csrf), (HERE, &title), body).await
}

pub(super) async fn add(
    State(accounts): State<Accounts>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    let slug = sender.form.text("slug").trim().to_owned();
    let done = add_contact(&accounts, &sender.who, slug).await;
    let done = done.map(|()| see_other("/me/trusted?done=added"));
    form_state::answer(done, async |problem| {
        let text = accounts.site.speak(&wishes);
        let form_state = FormState::refused(sender.form.clone(), &problem, &text).at("slug");
        let who = (&sender.who, sender.csrf.as_str());
        page(&accounts, &text, who, (None, &form_state)).await
    })
    .await
}

pub(super) async fn remove(
    State(accounts): State<Accounts>,
    sender: Sender,
) -> Result<Response, Problem> {
    let contact = sender.form.text("account");
    remove_contact(&accounts, sender.who.clone(), contact, &sender.request).await?;
    Ok(see_other(&shared::after(
        &sender.form,
        "/me/trusted?done=removed",
    )))
}

/// Makes the person with this slug a trusted contact of `who`.
pub(super) async fn add_contact(
    accounts: &Accounts,
    who: &SignedIn,
    slug: String,
) -> Result<(), Problem> {
    let who = who.clone();
    let change = move |tx: &mut Tx<'_>| -> Result<(), Problem> {
        let confirmed = signed_in::confirmed(tx, &who)?.ok_or_else(email_unverified)?;
        Ok(trusted::add(tx, &confirmed, &slug)?)
    };
    accounts.site.store.write(change).await
}

/// Removes a trusted contact of `who`.
pub(super) async fn remove_contact(
    accounts: &Accounts,
    who: SignedIn,
    contact: &str,
    request: &RequestFacts,
) -> Result<(), Problem> {
    let (contact, request): (AccountId, _) = (call::id(contact)?, request.clone());
    let change = move |tx: &mut Tx<'_>| trusted::remove(tx, &who, &contact, &request);
    Ok(accounts.site.store.write(change).await?)
}

/// Each of them, as what the account shares.
pub(crate) fn shared(tx: &mut Tx<'_>, account: &AccountId) -> Result<Vec<Share>, StoreError> {
    let contacts = trusted::list(tx, account)?.into_iter();
    let shared = contacts.map(|contact| Share {
        kind: "shared-trusted",
        label: contact.name,
        end: "/me/trusted/remove".to_owned(),
        fields: vec![("account", contact.account.to_string())],
    });
    Ok(shared.collect())
}
