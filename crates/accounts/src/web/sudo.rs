//! The page where people who are signed in prove once more who they are.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use platform::{Secret, StoreError, Tx};
use web::form_state::{self, Control, Field, FormState};
use web::{Facts, Problem, Text, Wishes};

use super::asking::{Reader, Sender};
use super::call::see_other;
use super::visitor::{Onward, target};
use super::{cookies, frame};
use crate::Accounts;
use crate::client::Client;
use crate::passkey;
use crate::password;
use crate::second_factor;
use crate::signed_in::SignedIn;
use crate::sudo::{self, Shown, Sudo};

#[derive(Template)]
#[template(path = "sudo.html")]
struct SudoPage<'a> {
    text: &'a Text,
    csrf: &'a str,
    redirect: &'a str,
    email: &'a str,
    /// Where there is a password.
    password: Option<Field>,
    /// Where there is a second factor.
    code: Option<Field>,
    has_passkey: bool,
    /// Where a passkey leads.
    next: &'a str,
    form_state: &'a FormState,
}

pub(super) async fn show(
    State(accounts): State<Accounts>,
    Query(onward): Query<Onward>,
    wishes: Wishes,
    reader: Reader,
) -> Result<Response, Problem> {
    let redirect = onward.redirect.unwrap_or_default();
    if Sudo::check(reader.who.clone(), accounts.site.clock.now()).is_ok() {
        return Ok(see_other(target(&redirect)));
    }
    let text = accounts.site.speak(&wishes);
    let who = (&reader.who, reader.csrf.as_str());
    page(&accounts, &text, who, &redirect, &FormState::default()).await
}

pub(super) async fn prove(
    State(accounts): State<Accounts>,
    wishes: Wishes,
    client: Client,
    facts: Facts,
    sender: Sender,
) -> Result<Response, Problem> {
    let redirect = sender.form.text("redirect");
    let shown = Shown {
        password: Secret::new(sender.form.text("password")),
        code: Secret::new(sender.form.text("code")),
        network: facts.network(),
        client,
    };
    let proved = sudo::prove(&accounts, &sender.who, shown).await;
    let done = proved.map(|(secret, stay)| {
        cookies::renewed(
            see_other(target(redirect)),
            accounts.site.url(),
            &secret,
            stay,
        )
    });
    form_state::answer(done, async |problem| {
        let text = accounts.site.speak(&wishes);
        // A code is not shown again: it changes, or is a secret.
        let form_state = FormState::refused(web::Form::default(), &problem, &text).at("password");
        let who = (&sender.who, sender.csrf.as_str());
        page(&accounts, &text, who, redirect, &form_state).await
    })
    .await
}

async fn page(
    accounts: &Accounts,
    text: &Text,
    (who, csrf): (&SignedIn, &str),
    redirect: &str,
    form_state: &FormState,
) -> Result<Response, Problem> {
    let id = who.account().id.clone();
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let has_passkey = !passkey::list(tx, &id)?.is_empty();
        let has_factor = second_factor::is_enrolled(tx, &id)?;
        Ok((password::find(tx, &id)?.is_some(), has_factor, has_passkey))
    };
    let (has_password, has_factor, has_passkey) = accounts.site.store.read(look).await?;
    let control = Control::Line("password", "current-password");
    let password = form_state.field("password", text.say("account-password"), control);
    let control = Control::Line("text", "one-time-code");
    let code = form_state.field("code", text.say("account-mfa-code"), control);
    let code = code.hint(text.say("account-mfa-hint"));
    let body = SudoPage {
        text,
        csrf,
        redirect,
        email: &who.account().email,
        password: has_password.then(|| password.required()),
        code: has_factor.then(|| code.required()),
        has_passkey,
        next: target(redirect),
        form_state,
    };
    let title = text.say("account-sudo");
    frame::show(&accounts.site, text, (who, csrf), ("/sudo", &title), body).await
}
