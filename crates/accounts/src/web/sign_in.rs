//! Signing in, with a password or with a mailed link, and signing out.
//!
//! A link only opens a page with a button. Nothing happens before the button is pressed, because
//! mail scanners and previews open every link that they see.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use platform::{Secret, StoreError, Tx};
use serde::Deserialize;
use web::form_state::{self, Control, Field, FormState};
use web::{Problem, Text};

use super::after_sign_in_or_out::{self, target};
use super::providers::{self, Button};
use super::without_sign_in::{Entrance, Entry};

use identity::person::registration::Registration;
use identity::session::Stay;
use identity::sign_in::{self, Attempt, SignInError};
use site::asking::Sender;
use site::call::see_other;
use site::domain::SignInHint;
use site::{Context, cookies};

/// The query parameter with the path to which the sign-in redirects.
#[derive(Deserialize)]
pub(super) struct Onward {
    pub(super) redirect: Option<String>,
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    hints: Vec<&'a SignInHint>,
    text: &'a Text,
    redirect: &'a str,
    next: &'a str,
    /// Whether browsers offer passkeys at the site's address.
    has_passkeys: bool,
    remember: bool,
    can_register: bool,
    providers: Vec<Button>,
    fields: Vec<Field>,
    form_state: &'a FormState,
}

pub(super) async fn to_login() -> Response {
    see_other("/login")
}

pub(super) async fn login(
    State(accounts): State<Context>,
    Query(onward): Query<Onward>,
    entrance: Entrance,
) -> Response {
    let redirect = onward.redirect.unwrap_or_default();
    if entrance.who.is_some() {
        return see_other(target(&redirect));
    }
    login_page(&accounts, entrance, &redirect, &FormState::default())
}

pub(super) async fn sign_in(
    State(accounts): State<Context>,
    entry: Entry,
) -> Result<Response, Problem> {
    let Entry {
        entrance,
        form,
        network,
    } = entry;
    let stay = if form.is_ticked("remember") {
        Stay::Remembered
    } else {
        Stay::Visit
    };
    let attempt = Attempt {
        email: form.text("email").to_owned(),
        password: Secret::new(form.text("password")),
        stay,
        network,
        client: entrance.client.clone(),
        to: form.text("redirect").to_owned(),
    };
    let redirect = attempt.to.clone();
    let done = sign_in::with_password(&accounts, attempt).await;
    let done = done.map(|welcome| after_sign_in_or_out::lead(&accounts, &welcome));
    form_state::answer(done, async |problem| {
        let form_state = FormState::refused(form, &problem, &entrance.text).at("email");
        Ok(login_page(&accounts, entrance, &redirect, &form_state))
    })
    .await
}

fn login_page(
    accounts: &Context,
    entrance: Entrance,
    redirect: &str,
    form_state: &FormState,
) -> Response {
    let text = entrance.text.clone();
    let field = |name, control, label| {
        let field = form_state.field(name, text.say(label), control);
        field.required()
    };
    let fields = vec![
        field("email", Control::Line("email", "username"), "account-email"),
        field(
            "password",
            Control::Line("password", "current-password"),
            "account-password",
        ),
    ];
    let page = LoginPage {
        text: &text,
        redirect,
        next: target(redirect),
        has_passkeys: accounts.site.url().can_have_passkeys(),
        remember: form_state.form.is_ticked("remember"),
        providers: Button::all(accounts, &text, "account-provider-sign-in"),
        can_register: accounts.policy.registration == Registration::Open,
        fields,
        form_state,
        hints: accounts
            .domains
            .iter()
            .flat_map(|domain| domain.sign_in_hints)
            .collect(),
    };
    let response = entrance.show(&accounts.site, "account-sign-in", page);
    providers::allow_forms(accounts, response)
}

pub(super) async fn sign_out(
    State(accounts): State<Context>,
    headers: HeaderMap,
    sender: Result<Sender, Problem>,
) -> Result<Response, Problem> {
    match sender {
        Ok(sender) => {
            after_sign_in_or_out::end_session(&accounts, &headers, sender.request).await?;
        }
        // The person has already signed out, for example in another tab.
        Err(problem) if problem.code == "unauthenticated" => {}
        Err(problem) => return Err(problem),
    }
    let mut response = see_other("/login");
    let gone = cookies::forget_session(accounts.site.url());
    let headers = response.headers_mut();
    headers.append(SET_COOKIE, gone);
    // Cookies are kept, because one of them identifies the browser at the next sign-in.
    let kept_pages = HeaderValue::from_static("\"cache\", \"storage\"");
    headers.insert("clear-site-data", kept_pages);
    Ok(response)
}

#[derive(Template)]
#[template(path = "link.html")]
struct LinkPage<'a> {
    text: &'a Text,
}

pub(super) async fn link(
    State(accounts): State<Context>,
    Path(secret): Path<String>,
    entrance: Entrance,
) -> Result<Response, Problem> {
    let secret = Secret::new(secret);
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> { sign_in::is_link(tx, &secret) };
    if !accounts.site.store.read(look).await? {
        return Err(SignInError::LinkGone.into());
    }
    let text = entrance.text.clone();
    let page = LinkPage { text: &text };
    Ok(entrance.show(&accounts.site, "account-link", page))
}

pub(super) async fn use_link(
    State(accounts): State<Context>,
    Path(secret): Path<String>,
    entry: Entry,
) -> Result<Response, Problem> {
    let client = entry.entrance.client;
    let welcome = sign_in::with_link(&accounts, Secret::new(secret), client).await?;
    Ok(after_sign_in_or_out::lead(&accounts, &welcome))
}
