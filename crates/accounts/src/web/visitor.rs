//! Signing in, with a password or by a link, and signing out.
//!
//! What is opened by a link changes nothing until its button is pressed: mail
//! scanners and previews open every link they see.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use platform::{Secret, StoreError, Tx};
use serde::Deserialize;
use web::{Form, Problem, Text};

use super::asking::Sender;
use super::cookies;
use super::entrance::{Entrance, Entry};
use super::form::{Complaints, Field};
use crate::Accounts;
use crate::domain::SignInHint;
use crate::session::{self, Begun, Stay};
use crate::sign_in::{self, Attempt, SignInError};

/// Where people go who have signed in and came from nowhere in particular.
pub(super) const HOME: &str = "/admin";

/// Where to go afterwards.
#[derive(Deserialize)]
pub(super) struct Onward {
    redirect: Option<String>,
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    hints: Vec<&'a SignInHint>,
    text: &'a Text,
    csrf: &'a str,
    redirect: &'a str,
    remember: bool,
    fields: Vec<Field<'a>>,
    complaints: Complaints,
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
    let form = Form::default();
    login_page(&accounts, entrance, &form, &redirect, Complaints::default())
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
    };
    match sign_in::with_password(&accounts, attempt).await {
        Ok((_, begun)) => Ok(begun_at(&accounts, &begun, target(form.text("redirect")))),
        Err(SignInError::Store(error)) => Err(error.into()),
        Err(error) => {
            let problem = Problem::from(error);
            let complaints = Complaints::of(&problem, "email", &entrance.text);
            let redirect = form.text("redirect").to_owned();
            let page = login_page(&accounts, entrance, &form, &redirect, complaints);
            Ok(refused(&problem, page))
        }
    }
}

fn login_page(
    accounts: &Accounts,
    entrance: Entrance,
    form: &Form,
    redirect: &str,
    complaints: Complaints,
) -> Response {
    let text = entrance.text.clone();
    let field = |name, kind, autocomplete, label| Field {
        name,
        kind,
        autocomplete,
        label: text.say(label),
        hint: None,
        value: if kind == "password" {
            ""
        } else {
            form.text(name)
        },
        complaint: complaints.find(name),
    };
    let fields = vec![
        field("email", "email", "username", "account-email"),
        field(
            "password",
            "password",
            "current-password",
            "account-password",
        ),
    ];
    let csrf = entrance.csrf.clone();
    let page = LoginPage {
        text: &text,
        csrf: &csrf,
        redirect,
        remember: form.is_ticked("remember"),
        fields,
        complaints,
        hints: accounts
            .domains
            .iter()
            .flat_map(|domain| domain.sign_in_hints)
            .collect(),
    };
    entrance.show(&accounts.site, "account-sign-in", page)
}

pub(super) async fn sign_out(
    State(accounts): State<Accounts>,
    headers: HeaderMap,
    sender: Result<Sender, Problem>,
) -> Result<Response, Problem> {
    match sender {
        Ok(_) => end_session(&accounts, &headers).await?,
        // Signed out already, in another tab: that is what was asked for.
        Err(problem) if problem.code == "unauthenticated" => {}
        Err(problem) => return Err(problem),
    }
    let mut response = see_other("/login");
    let gone = cookies::forget_session(accounts.site.url());
    response.headers_mut().append(SET_COOKIE, gone);
    Ok(response)
}

/// Ends the session that the browser shows.
pub(super) async fn end_session(
    accounts: &Accounts,
    headers: &HeaderMap,
) -> Result<(), StoreError> {
    let Some(secret) = cookies::session(headers, accounts.site.url()) else {
        return Ok(());
    };
    let change = move |tx: &mut Tx<'_>| session::end_secret(tx, &secret);
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
    let arrived = sign_in::with_link(&accounts, Secret::new(secret), client).await?;
    Ok(begun_at(&accounts, &arrived.begun, target(&arrived.to)))
}

/// A page with the status of what it complains about.
pub(super) fn refused(problem: &Problem, page: Response) -> Response {
    let mut response = (problem.status, page).into_response();
    if let Some(seconds) = problem.retry_after {
        response.headers_mut().insert("retry-after", seconds.into());
    }
    response
}

/// Onward, with the cookies of a session that has just begun.
pub(super) fn begun_at(accounts: &Accounts, begun: &Begun, path: &str) -> Response {
    let mut response = see_other(path);
    cookies::set_begun(response.headers_mut(), accounts.site.url(), begun);
    response
}

/// 303 to a path of ours.
pub(super) fn see_other(path: &str) -> Response {
    let location = HeaderValue::try_from(path).unwrap_or(HeaderValue::from_static("/"));
    let mut response = StatusCode::SEE_OTHER.into_response();
    response.headers_mut().insert(LOCATION, location);
    response
}

/// Where to go after signing in: a path of ours, never somebody else's site.
fn target(asked: &str) -> &str {
    let mut letters = asked.chars();
    match (letters.next(), letters.next()) {
        (None, _) => HOME,
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
