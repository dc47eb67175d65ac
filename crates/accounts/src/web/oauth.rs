//! The pages for identity providers: the redirect to a provider, the return from it, and a person's
//! own linked identities.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use platform::{Secret, Tx, outbound};
use serde::Deserialize;
use web::form_state::{self, Control, Field, FormState};
use web::{Problem, Text};

use super::after_sign_in_or_out::{self, target};
use super::message::Message;
use super::providers::Button;
use super::registration::check_mail;
use super::without_sign_in::{Entrance, Entry};
use super::{cookies, security};

use identity::account::NewAccount;
use identity::credential::linked_identity::{self, IdentityId};
use identity::credential::provider::Provider;
use identity::person::provider_sign_in::{self, Leaver, Outcome, Returned};
use identity::person::registration::{self, Newcomer, RegisterError};
use identity::session::Stay;
use identity::session::sudo::Sudo;
use identity::{opaque_secret, problem};
use site::Context;
use site::call::see_other;
use site::request::FormPost;

fn find<'a>(accounts: &'a Context, name: &str) -> Result<&'a Provider, Problem> {
    accounts.providers.find(name).ok_or_else(Problem::not_found)
}

/// A page with a link to the provider's sign-in page. It is needed if the provider's sign-in page
/// and issuer URL have different origins, because the content security policy then forbids the
/// redirect after a form was sent.
#[derive(Template)]
#[template(path = "oauth_onward.html")]
struct OnwardPage<'a> {
    text: &'a Text,
    url: &'a str,
    label: String,
}

pub(super) async fn start(
    State(accounts): State<Context>,
    Path(name): Path<String>,
    headers: HeaderMap,
    entry: Entry,
) -> Result<Response, Problem> {
    let Entry {
        entrance,
        form,
        network,
    } = entry;
    let (site, provider) = (&accounts.site, find(&accounts, &name)?);
    let link = if form.text("intent") == "link" {
        let who = entrance.who.clone();
        let who = who.ok_or_else(|| Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated"))?;
        Some(Sudo::check(who, site.clock.now())?)
    } else {
        None
    };
    let browser = cookies::provider(&headers, site.url());
    let browser = browser.unwrap_or_else(|| opaque_secret::create(&site.random));
    // Who came with a link to a page, such as a group link to a class, is led there.
    let onward = cookies::onward(&headers, site.url()).filter(|_| link.is_none());
    let to = match (form.text("redirect"), &onward) {
        ("", Some(onward)) => onward,
        (redirect, _) => redirect,
    };
    let leaver = Leaver {
        browser: browser.clone(),
        to: target(to).to_owned(),
        link,
        network,
    };
    let url = provider_sign_in::begin(&accounts, provider, leaver).await?;
    let mut response = if outbound::is_same_origin(&provider.settings.issuer, &url) {
        see_other(&url)
    } else {
        let text = entrance.text.clone();
        let page = OnwardPage {
            text: &text,
            url: &url,
            label: Button::of(provider, &text, "account-provider-onward").label,
        };
        entrance.show(site, "account-sign-in", page)
    };
    let cookie = cookies::set_provider(site.url(), &browser);
    response.headers_mut().append(SET_COOKIE, cookie);
    Ok(response)
}

/// The query parameters of a browser's return from a provider.
#[derive(Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    state: String,
    code: Option<String>,
    iss: Option<String>,
}

pub(super) async fn callback(
    State(accounts): State<Context>,
    Path(name): Path<String>,
    Query(answer): Query<Answer>,
    headers: HeaderMap,
    entrance: Entrance,
) -> Result<Response, Problem> {
    let (site, provider) = (&accounts.site, find(&accounts, &name)?);
    let now = site.clock.now();
    let sudo = entrance.who.clone();
    let returned = Returned {
        state: Secret::new(answer.state),
        browser: cookies::provider(&headers, site.url()),
        iss: answer.iss,
        code: answer.code,
        sudo: sudo.and_then(|who| Sudo::check(who, now).ok()),
        client: entrance.client.clone(),
        locale: entrance.locale.clone(),
        zone: entrance.zone(site),
        group: cookies::group(&headers, site.url()),
    };
    match provider_sign_in::finish(&accounts, provider, returned).await? {
        Outcome::Known(welcome) => {
            let mut response = after_sign_in_or_out::lead(&accounts, &welcome);
            if cookies::onward(&headers, site.url()).is_some() {
                let gone = cookies::forget_onward(site.url());
                response.headers_mut().append(SET_COOKIE, gone);
            }
            Ok(response)
        }
        Outcome::Linked => {
            let mut response = see_other("/me/security?done=identity");
            let gone = cookies::forget_provider(site.url());
            response.headers_mut().append(SET_COOKIE, gone);
            Ok(response)
        }
        Outcome::Newcomer(secret) => {
            let response = see_other(&format!("/oauth/{name}/address"));
            Ok(with_cookie(&accounts, response, &secret))
        }
        Outcome::SignInToLink(secret) => {
            let message = Message {
                title: "account-link-identity",
                words: "account-link-identity-text",
                onward: Some(("/login", "account-sign-in")),
            };
            let mut response = message.show(site, entrance);
            *response.status_mut() = StatusCode::CONFLICT;
            Ok(match secret {
                Some(secret) => with_cookie(&accounts, response, &secret),
                None => response,
            })
        }
    }
}

fn with_cookie(accounts: &Context, mut response: Response, secret: &Secret) -> Response {
    let cookie = cookies::set_provider(accounts.site.url(), secret);
    response.headers_mut().append(SET_COOKIE, cookie);
    response
}

#[derive(Template)]
#[template(path = "oauth_address.html")]
struct AddressPage<'a> {
    text: &'a Text,
    fields: Vec<Field>,
    form_state: &'a FormState,
}

/// The page on which a newcomer enters an email address after a provider has identified them.
pub(super) async fn address(
    State(accounts): State<Context>,
    Path(name): Path<String>,
    headers: HeaderMap,
    entrance: Entrance,
) -> Result<Response, Problem> {
    find(&accounts, &name)?;
    let Some(secret) = cookies::provider(&headers, accounts.site.url()) else {
        return Ok(see_other("/login"));
    };
    let look = move |tx: &mut Tx<'_>| registration::find_newcomer(tx, &secret);
    let Some(newcomer) = accounts.site.store.read(look).await? else {
        return Ok(see_other("/login"));
    };
    let Newcomer { name, email, .. } = newcomer;
    let form = form_state::form([("display_name", name), ("email", email)]);
    Ok(address_page(&accounts, entrance, &FormState::of(form)))
}

fn address_page(accounts: &Context, entrance: Entrance, form_state: &FormState) -> Response {
    let text = entrance.text.clone();
    let field = |name, kind, autocomplete, label| {
        let control = Control::Line(kind, autocomplete);
        form_state.field(name, text.say(label), control).required()
    };
    let page = AddressPage {
        text: &text,
        fields: vec![
            field("display_name", "text", "name", "account-name"),
            field("email", "email", "email", "account-email"),
        ],
        form_state,
    };
    entrance.show(&accounts.site, "account-register", page)
}

pub(super) async fn register(
    State(accounts): State<Context>,
    Path(name): Path<String>,
    headers: HeaderMap,
    entry: Entry,
) -> Result<Response, Problem> {
    find(&accounts, &name)?;
    let Entry {
        entrance,
        form,
        network,
    } = entry;
    let url = accounts.site.url();
    let secret = cookies::provider(&headers, url).ok_or(RegisterError::NewcomerGone)?;
    let done = match read_newcomer(&accounts, &entrance, &form) {
        Err(problem) => Err(problem),
        Ok(new) => {
            let (client, group) = (&entrance.client, cookies::group(&headers, url));
            let group = group.as_deref();
            registration::register_newcomer(&accounts, secret, new, group, network, client)
                .await
                .map_err(Problem::from)
        }
    };
    let browser = match done {
        Ok(browser) => browser,
        Err(problem) => {
            return form_state::answer(Err(problem), async |problem: Problem| {
                let state = FormState::refused(form, &problem, &entrance.text).at("email");
                Ok(address_page(&accounts, entrance, &state))
            })
            .await;
        }
    };
    let mut response = check_mail(&accounts, entrance, &form, false);
    for cookie in [
        cookies::set_registered(url, &browser),
        cookies::forget_provider(url),
    ] {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

fn read_newcomer(
    accounts: &Context,
    entrance: &Entrance,
    form: &web::Form,
) -> Result<NewAccount, Problem> {
    let mut wrong = Problem::fields();
    let name = form.text("display_name").parse();
    if let Err(error) = name {
        wrong = problem::name(wrong, "/display_name", error);
    }
    let email = form.text("email").parse();
    if email.is_err() {
        wrong = wrong.field("/email", "email_invalid", []);
    }
    let (Ok(name), Ok(email)) = (name, email) else {
        return Err(wrong);
    };
    Ok(NewAccount {
        name,
        email,
        locale: entrance.locale.clone(),
        zone: entrance.zone(&accounts.site),
    })
}

pub(super) async fn unlink(
    State(accounts): State<Context>,
    posted: FormPost,
) -> Result<Response, Problem> {
    let done = try_unlink(&accounts, &posted).await;
    let done = done.map(|(secret, stay)| {
        cookies::renewed(
            see_other("/me/security?done=identity"),
            accounts.site.url(),
            &secret,
            stay,
        )
    });
    form_state::answer(done, async |problem| {
        security::again(&accounts, &posted, &problem, "password").await
    })
    .await
}

async fn try_unlink(accounts: &Context, posted: &FormPost) -> Result<(Secret, Stay), Problem> {
    let id = posted.form.text("identity").parse();
    let id: IdentityId = id.map_err(|_| Problem::not_found())?;
    let sudo = Sudo::check(posted.req.who.clone(), accounts.site.clock.now())?;
    let request = posted.req.request.clone();
    let site = accounts.site.clone();
    let change = move |tx: &mut Tx<'_>| linked_identity::unlink(tx, &site, &sudo, &id, &request);
    Ok(accounts.site.store.write(change).await?)
}
