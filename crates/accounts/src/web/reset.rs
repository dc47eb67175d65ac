//! Mailed links for people who cannot sign in. With such a link, they set a new password or sign in
//! once.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use platform::mail::Address;
use platform::{Secret, Tx};
use web::form_state::{self, Control, Field, FormState};
use web::{Network, Problem, Text};

use super::message::Message;
use super::shared;
use super::without_sign_in::{Entrance, Entry};

use identity::person::reset::{self, ResetError, ResetLink, Tokens, Wanted};
use site::Context;

#[derive(Template)]
#[template(path = "forgot.html")]
struct ForgotPage<'a> {
    text: &'a Text,
    email: Field,
    form_state: &'a FormState,
}

pub(super) async fn forgot(State(accounts): State<Context>, entrance: Entrance) -> Response {
    forgot_page(&accounts, entrance, &FormState::default())
}

pub(super) async fn ask(
    State(accounts): State<Context>,
    entry: Entry,
) -> Result<Response, Problem> {
    let Entry {
        entrance,
        form,
        network,
    } = entry;
    let wanted = match form.text("wanted") {
        "sign_in" => Wanted::SignIn,
        _ => Wanted::Reset,
    };
    match mail_link(&accounts, form.text("email"), wanted, network).await {
        Ok(()) => {
            let message = Message {
                title: "account-forgot-sent",
                words: "account-forgot-sent-text",
                onward: None,
            };
            let mut response = message.show(&accounts.site, entrance);
            *response.status_mut() = StatusCode::ACCEPTED;
            Ok(response)
        }
        Err(problem) => {
            form_state::answer(Err(problem), async |problem: Problem| {
                let form_state = FormState::refused(form, &problem, &entrance.text).at("email");
                Ok(forgot_page(&accounts, entrance, &form_state))
            })
            .await
        }
    }
}

/// Schedules the mail with a link. Nothing is mailed if the email address has no account.
pub async fn mail_link(
    accounts: &Context,
    email: &str,
    wanted: Wanted,
    network: Network,
) -> Result<(), Problem> {
    let email: Address = email
        .parse()
        .map_err(|_| Problem::fields().field("/email", "email_invalid", []))?;
    Ok(reset::ask(accounts, &email, wanted, network).await?)
}

fn forgot_page(accounts: &Context, entrance: Entrance, form_state: &FormState) -> Response {
    let text = entrance.text.clone();
    let control = Control::Line("email", "username");
    let page = ForgotPage {
        text: &text,
        email: form_state
            .field("email", text.say("account-email"), control)
            .required(),
        form_state,
    };
    entrance.show(&accounts.site, "account-forgot", page)
}

#[derive(Template)]
#[template(path = "reset.html")]
struct ResetPage<'a> {
    text: &'a Text,
    email: &'a str,
    password: Field,
    has_tokens: bool,
    erases: bool,
    revokes_tokens: bool,
    form_state: &'a FormState,
}

pub(super) async fn reset(
    State(accounts): State<Context>,
    Path(link): Path<String>,
    entrance: Entrance,
) -> Result<Response, Problem> {
    let shown = load(&accounts, link).await?;
    let form_state = FormState::default();
    Ok(reset_page(&accounts, entrance, &shown, &form_state, true))
}

async fn load(accounts: &Context, link: String) -> Result<ResetLink, Problem> {
    let link = Secret::new(link);
    let look = move |tx: &mut Tx<'_>| reset::find(tx, &link);
    let shown = accounts.site.store.read(look).await?;
    Ok(shown.ok_or(ResetError::LinkGone)?)
}

pub(super) async fn finish(
    State(accounts): State<Context>,
    Path(link): Path<String>,
    entry: Entry,
) -> Result<Response, Problem> {
    let shown = load(&accounts, link.clone()).await?;
    let Entry { entrance, form, .. } = entry;
    let revokes_tokens = form.is_ticked("revoke_tokens");
    let tokens = if revokes_tokens {
        Tokens::Revoked
    } else {
        Tokens::Kept
    };
    let typed = Secret::new(form.text("password"));
    let client = entrance.client.clone();
    match reset::finish(&accounts, Secret::new(link), &typed, tokens, client).await {
        Ok(()) => {
            let message = Message {
                title: "account-reset-done",
                words: "account-reset-done-text",
                onward: Some((shared::LOGIN, "account-sign-in")),
            };
            Ok(message.show(&accounts.site, entrance))
        }
        Err(ResetError::LinkGone) => Err(ResetError::LinkGone.into()),
        Err(error) => {
            form_state::answer(Err(error), async |problem: Problem| {
                let state = FormState::refused(form, &problem, &entrance.text).at("password");
                Ok(reset_page(
                    &accounts,
                    entrance,
                    &shown,
                    &state,
                    revokes_tokens,
                ))
            })
            .await
        }
    }
}

fn reset_page(
    accounts: &Context,
    entrance: Entrance,
    shown: &ResetLink,
    form_state: &FormState,
    revokes_tokens: bool,
) -> Response {
    let text = entrance.text.clone();
    let control = Control::Line("password", "new-password");
    let password = form_state.field("password", text.say("account-password-new"), control);
    let page = ResetPage {
        text: &text,
        email: &shown.account.email,
        password: password.required().hint(text.say("account-password-hint")),
        has_tokens: shown.has_tokens,
        erases: shown.erases,
        revokes_tokens,
        form_state,
    };
    entrance.show(&accounts.site, "account-reset", page)
}
