//! Signing in, with a password or by a link, and signing out.
//!
//! What is opened by a link changes nothing until its button is pressed: mail
//! scanners and previews open every link they see.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use platform::audit::RequestFacts;
use platform::{Secret, StoreError, Tx};
use serde::Deserialize;
use web::form_state::{self, Control, Field, FormState};
use web::{Problem, Text};

use super::entrance::{Entrance, Entry};
use super::leaving;
use super::oauth::{self, Button};
use super::second_step;
use site::asking::Sender;
use site::call::see_other;
use site::cookies;

use crate::Accounts;
use crate::domain::SignInHint;
use identity::person::registration::Registration;
use identity::session::{self, Begun, Stay};
use identity::sign_in::{self, Attempt, SignInError};

/// Where people go who have signed in and came from nowhere in particular.
pub(super) const HOME: &str = "/me";

/// Where to go afterwards.
#[derive(Deserialize)]
pub(super) struct Onward {
    pub(super) redirect: Option<String>,
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    hints: Vec<&'a SignInHint>,
    text: &'a Text,
    csrf: &'a str,
    redirect: &'a str,
    /// Where a passkey leads.
    next: &'a str,
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
    State(accounts): State<Accounts>,
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
    State(accounts): State<Accounts>,
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
    let done = match sign_in::with_password(&accounts, attempt).await {
        Err(SignInError::Leaving(token)) => return Ok(leaving::to_offer(&token)),
        Err(SignInError::SecondStep(token)) => return Ok(second_step::lead(&accounts, &token)),
        done => done,
    };
    let done = done.map(|(_, begun)| begun_at(&accounts, &begun, target(&redirect)));
    form_state::answer(done, async |problem| {
        let form_state = FormState::refused(form, &problem, &entrance.text).at("email");
        Ok(login_page(&accounts, entrance, &redirect, &form_state))
    })
    .await
}

fn login_page(
    accounts: &Accounts,
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
    let csrf = entrance.csrf.clone();
    let page = LoginPage {
        text: &text,
        csrf: &csrf,
        redirect,
        next: target(redirect),
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
    oauth::allow_forms(accounts, response)
}

pub(super) async fn sign_out(
    State(accounts): State<Accounts>,
    headers: HeaderMap,
    sender: Result<Sender, Problem>,
) -> Result<Response, Problem> {
    match sender {
        Ok(sender) => end_session(&accounts, &headers, sender.request).await?,
        // Signed out already, in another tab: that is what was asked for.
        Err(problem) if problem.code == "unauthenticated" => {}
        Err(problem) => return Err(problem),
    }
    let mut response = see_other("/login");
    let gone = cookies::forget_session(accounts.site.url());
    let headers = response.headers_mut();
    headers.append(SET_COOKIE, gone);
    // Cookies stay: one marks the browser as known.
    let kept_pages = HeaderValue::from_static("\"cache\", \"storage\"");
    headers.insert("clear-site-data", kept_pages);
    Ok(response)
}

/// Ends the session that the browser shows.
pub async fn end_session(
    accounts: &Accounts,
    headers: &HeaderMap,
    request: RequestFacts,
) -> Result<(), StoreError> {
    let Some(secret) = cookies::session(headers, accounts.site.url()) else {
        return Ok(());
    };
    let change = move |tx: &mut Tx<'_>| session::sign_out(tx, &secret, &request);
    accounts.site.store.write(change).await
}

#[derive(Template)]
#[template(path = "link.html")]
struct LinkPage<'a> {
    text: &'a Text,
    csrf: &'a str,
}

pub(super) async fn link(
    State(accounts): State<Accounts>,
    Path(secret): Path<String>,
    entrance: Entrance,
) -> Result<Response, Problem> {
    let secret = Secret::new(secret);
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> { sign_in::is_link(tx, &secret) };
    if !accounts.site.store.read(look).await? {
        return Err(SignInError::LinkGone.into());
    }
    let (text, csrf) = (entrance.text.clone(), entrance.csrf.clone());
    let page = LinkPage {
        text: &text,
        csrf: &csrf,
    };
    Ok(entrance.show(&accounts.site, "account-link", page))
}

pub(super) async fn use_link(
    State(accounts): State<Accounts>,
    Path(secret): Path<String>,
    entry: Entry,
) -> Result<Response, Problem> {
    let client = entry.entrance.client;
    let arrived = match sign_in::with_link(&accounts, Secret::new(secret), client).await {
        Err(SignInError::SecondStep(token)) => return Ok(second_step::lead(&accounts, &token)),
        Err(SignInError::Leaving(token)) => return Ok(leaving::to_offer(&token)),
        arrived => arrived?,
    };
    Ok(begun_at(&accounts, &arrived.begun, target(&arrived.to)))
}

/// Onward, with the cookies of a session that has just begun.
pub(super) fn begun_at(accounts: &Accounts, begun: &Begun, path: &str) -> Response {
    let mut response = see_other(path);
    cookies::set_begun(response.headers_mut(), accounts.site.url(), begun);
    response
}

/// The longest address to go to after signing in.
const LONGEST: usize = 2_000;

/// Where to go after signing in: a path of ours, never somebody else's site.
pub(super) fn target(asked: &str) -> &str {
    let mut letters = asked.chars();
    match (letters.next(), letters.next()) {
        (None, _) => HOME,
        _ if asked.len() > LONGEST => HOME,
        (Some('/'), Some('/' | '\\')) => "/",
        (Some('/'), _) if !asked.chars().any(char::is_control) => asked,
        _ => "/",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_stays_on_the_site() {
        for (asked, path) in [
            ("", HOME),
            ("/", "/"),
            (
                "/admin/o/aisyah-daniel?page=2#x",
                "/admin/o/aisyah-daniel?page=2#x",
            ),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("javascript:alert(1)", "/"),
            ("/a\r\nSet-Cookie: x=1", "/"),
            ("/\t/evil.example", "/"),
            ("admin", "/"),
        ] {
            assert_eq!(target(asked), path, "{asked}");
        }
    }
}
