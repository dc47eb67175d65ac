//! The second step of a sign-in to an account with a second factor.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use platform::{Secret, StoreError, Tx};
use web::form_state::{self, Control, Field, FormState};
use web::{Problem, Text};

use super::after_sign_in_or_out::{begun_at, target};
use super::without_sign_in::{Entrance, Entry};

use identity::credential::second_factor::Method;
use identity::sign_in::second_step::{self, SecondStepError, SecondStepInput};
use site::call::see_other;
use site::{Context, cookies};

#[derive(Template)]
#[template(path = "second_step.html")]
struct SecondStepPage<'a> {
    text: &'a Text,
    code: Field,
    form_state: &'a FormState,
}

pub(super) async fn show(
    State(accounts): State<Context>,
    headers: HeaderMap,
    entrance: Entrance,
) -> Result<Response, Problem> {
    let Some(token) = cookies::second_step(&headers, accounts.site.url()) else {
        return Ok(see_other("/login"));
    };
    let look =
        move |tx: &mut Tx<'_>| -> Result<_, StoreError> { second_step::is_token(tx, &token) };
    if !accounts.site.store.read(look).await? {
        return Ok(see_other("/login"));
    }
    Ok(page(&accounts, entrance, &FormState::default()))
}

pub(super) async fn prove(
    State(accounts): State<Context>,
    headers: HeaderMap,
    entry: Entry,
) -> Result<Response, Problem> {
    let Entry {
        entrance,
        form,
        network,
    } = entry;
    let url = accounts.site.url();
    let token = cookies::second_step(&headers, url).ok_or(SecondStepError::TokenGone)?;
    let code = Secret::new(form.text("code"));
    let shown = SecondStepInput {
        token,
        method: Method::of(code.reveal()),
        code,
        network,
        client: entrance.client.clone(),
    };
    let done = match second_step::finish(&accounts, shown).await {
        Err(error @ SecondStepError::TokenGone) => return Err(error.into()),
        done => done,
    };
    let done = done.map(|arrived| {
        let mut response = begun_at(&accounts, &arrived.begun, target(&arrived.to));
        let gone = cookies::forget_second_step(url);
        response.headers_mut().append(SET_COOKIE, gone);
        response
    });
    form_state::answer(done, async |problem| {
        // The form is shown again without the typed code, because the code is a secret.
        let form_state = FormState::refused(web::Form::default(), &problem, &entrance.text);
        Ok(page(&accounts, entrance, &form_state.at("code")))
    })
    .await
}

fn page(accounts: &Context, entrance: Entrance, form_state: &FormState) -> Response {
    let text = entrance.text.clone();
    let control = Control::Line("text", "one-time-code");
    let code = form_state.field("code", text.say("account-mfa-code"), control);
    let body = SecondStepPage {
        text: &text,
        code: code.hint(text.say("account-mfa-hint")).required(),
        form_state,
    };
    entrance.show(&accounts.site, "account-mfa", body)
}
