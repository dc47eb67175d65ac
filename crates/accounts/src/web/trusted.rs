//! The page with a person's own trusted contacts.

use askama::Template;
use axum::response::Response;
use platform::StoreError;
use platform::Tx;
use web::form_state::{self, Control, Field, FormState};
use web::{Problem, Text};

use identity::account::AccountId;
use identity::person::trusted::{self, Contact};
use identity::session::signed_in::Confirmed;
use site::call;
use site::domain::Share;
use site::domain::after_ending;
use site::proof::Requester;
use site::refusal::Refusal;
use site::request::{FormPost, PageRequest};

pub(super) const HERE: &str = site::addresses::TRUSTED;

/// By the query parameter `done`: the message that confirms the previous action.
const DONE: &[(&str, &str)] = &[("added", "trusted-added"), ("removed", "trusted-removed")];

#[derive(Template)]
#[template(path = "trusted.html")]
struct TrustedPage<'a> {
    text: &'a Text,
    done: Option<&'static str>,
    contacts: Vec<Contact>,
    field: Field,
    form_state: &'a FormState,
}

pub(super) async fn show(req: PageRequest) -> Result<Response, Problem> {
    page(&req, &FormState::default()).await
}

async fn page(req: &PageRequest, form_state: &FormState) -> Result<Response, Problem> {
    let text = &req.text;
    let control = Control::Line("text", "off");
    let field = form_state.field("slug", text.say("trusted-slug"), control);
    let body = TrustedPage {
        text,
        done: req.done(DONE),
        contacts: req.read(list).await?,
        field: field.hint(text.say("trusted-slug-hint")).required(),
        form_state,
    };
    req.page(HERE, &text.say("trusted-title"), body).await
}

pub(super) async fn add(posted: FormPost) -> Result<Response, Problem> {
    let slug = posted.form.text("slug").trim().to_owned();
    let change = move |tx: &mut Tx<'_>, who: &Confirmed| {
        add_contact(tx, who, &slug)?;
        Ok(format!("{HERE}?done=added"))
    };
    form_state::answer(posted.once(change).await, async |problem| {
        let (req, form) = (&posted.req, posted.form.clone());
        let form_state = FormState::refused(form, &problem, &req.text).at("slug");
        page(req, &form_state).await
    })
    .await
}

pub(super) async fn remove(posted: FormPost) -> Result<Response, Problem> {
    let contact: AccountId = call::id(posted.form.text("account"))?;
    let to = after_ending(&posted.form, &format!("{HERE}?done=removed"));
    let change = move |tx: &mut Tx<'_>, me: &Requester| {
        remove_contact(tx, me, &contact)?;
        Ok(to.clone())
    };
    Ok(posted.once(change).await?)
}

pub(super) fn list(tx: &mut Tx<'_>, me: &Requester) -> Result<Vec<Contact>, Refusal> {
    Ok(trusted::list(tx, &me.who.account().id)?)
}

pub(super) fn add_contact(tx: &mut Tx<'_>, who: &Confirmed, slug: &str) -> Result<(), Refusal> {
    Ok(trusted::add(tx, who, slug).map_err(Problem::from)?)
}

pub(super) fn remove_contact(
    tx: &mut Tx<'_>,
    me: &Requester,
    contact: &AccountId,
) -> Result<(), Refusal> {
    let removed = trusted::remove(tx, &me.who, contact, &me.request);
    Ok(removed.map_err(Problem::from)?)
}

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
