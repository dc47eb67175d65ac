//! Signing in with a provider: the way there and back, and the linked identities of one's own
//! account.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::{Secret, Tx, outbound};
use serde::Deserialize;
use web::form_state::{self, Control, Field, FormState};
use web::{Problem, Text, Wishes};

use super::entrance::{Entrance, Entry};
use super::message::Message;
use super::visitor::{begun_at, target};
use super::{cookies, leaving, me, second_step};
use site::asking::Sender;
use site::call::see_other;

use crate::Accounts;
use identity::account::NewAccount;
use identity::credential::linked_identity::{self, IdentityId, Linked};
use identity::credential::provider::Provider;
use identity::opaque;
use identity::person::provider_sign_in::{self, Leaver, Outcome, ProviderSignInError, Returned};
use identity::person::registration::{self, Newcomer, RegisterError};
use identity::problem;
use identity::session::Stay;
use identity::session::sudo::Sudo;

/// A button that leads to a provider.
pub(super) struct Button {
    pub(super) action: String,
    pub(super) label: String,
}

impl Button {
    /// One for each provider, with the message `label`.
    pub(super) fn all(accounts: &Accounts, text: &Text, label: &str) -> Vec<Self> {
        let providers = accounts.providers.iter();
        providers
            .map(|provider| Self::of(provider, text, label))
            .collect()
    }

    fn of(provider: &Provider, text: &Text, label: &str) -> Self {
        let settings = &provider.settings;
        let values = [("provider", settings.label.as_str().into())];
        Self {
            action: format!("/oauth/{}/start", settings.name),
            label: text.with(label, values),
        }
    }
}

/// Lets the forms of a page lead to providers: browsers hold a redirect after a form against the
/// policy, too.
pub(super) fn allow_forms(accounts: &Accounts, mut response: Response) -> Response {
    let issuers = accounts.providers.iter();
    let origins: Vec<String> = issuers
        .filter_map(|provider| outbound::origin(&provider.settings.issuer))
        .collect();
    if !origins.is_empty() {
        let policy = web::policy_with_forms_to(&origins);
        response
            .headers_mut()
            .insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn find<'a>(accounts: &'a Accounts, name: &str) -> Result<&'a Provider, Problem> {
    accounts.providers.find(name).ok_or_else(Problem::not_found)
}

/// Leads on to a provider whose sign-in is not at its own address, which no policy names.
#[derive(Template)]
#[template(path = "oauth_onward.html")]
struct OnwardPage<'a> {
    text: &'a Text,
    url: &'a str,
    label: String,
}

pub(super) async fn start(
    State(accounts): State<Accounts>,
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
    let browser = browser.unwrap_or_else(|| opaque::create(&site.random));
    let leaver = Leaver {
        browser: browser.clone(),
        link,
        to: target(form.text("redirect")).to_owned(),
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

/// What a provider adds to the address where people come back.
#[derive(Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    state: String,
    code: Option<String>,
    iss: Option<String>,
}

pub(super) async fn callback(
    State(accounts): State<Accounts>,
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
    };
    match provider_sign_in::finish(&accounts, provider, returned).await {
        Ok(Outcome::Arrived(arrived)) => {
            Ok(begun_at(&accounts, &arrived.begun, target(&arrived.to)))
        }
        Ok(Outcome::Linked) => {
            let mut response = see_other("/me/security?done=identity");
            let gone = cookies::forget_provider(site.url());
            response.headers_mut().append(SET_COOKIE, gone);
            Ok(response)
        }
        Ok(Outcome::Newcomer(secret)) => {
            let response = see_other(&format!("/oauth/{name}/address"));
            Ok(with_cookie(&accounts, response, &secret))
        }
        Err(ProviderSignInError::SignInToLink(secret)) => {
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
        Err(ProviderSignInError::SecondStep(token)) => Ok(second_step::lead(&accounts, &token)),
        Err(ProviderSignInError::Leaving(token)) => Ok(leaving::to_offer(&token)),
        Err(error) => Err(error.into()),
    }
}

/// Gives the browser what the next step needs.
fn with_cookie(accounts: &Accounts, mut response: Response, secret: &Secret) -> Response {
    let cookie = cookies::set_provider(accounts.site.url(), secret);
    response.headers_mut().append(SET_COOKIE, cookie);
    response
}

#[derive(Template)]
#[template(path = "oauth_address.html")]
struct AddressPage<'a> {
    text: &'a Text,
    csrf: &'a str,
    fields: Vec<Field>,
    form_state: &'a FormState,
}

/// Asks somebody whom a provider has identified which address is theirs.
pub(super) async fn address(
    State(accounts): State<Accounts>,
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

fn address_page(accounts: &Accounts, entrance: Entrance, form_state: &FormState) -> Response {
    let (text, csrf) = (entrance.text.clone(), entrance.csrf.clone());
    let field = |name, kind, autocomplete, label| {
        let control = Control::Line(kind, autocomplete);
        form_state.field(name, text.say(label), control).required()
    };
    let page = AddressPage {
        text: &text,
        csrf: &csrf,
        fields: vec![
            field("display_name", "text", "name", "account-name"),
            field("email", "email", "email", "account-email"),
        ],
        form_state,
    };
    entrance.show(&accounts.site, "account-register", page)
}

pub(super) async fn register(
    State(accounts): State<Accounts>,
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
            let client = &entrance.client;
            registration::register_newcomer(&accounts, secret, new, network, client)
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
    let message = Message {
        title: "account-registered",
        words: "account-registered-text",
        onward: None,
    };
    let mut response = message.show(&accounts.site, entrance);
    *response.status_mut() = StatusCode::ACCEPTED;
    for cookie in [
        cookies::set_registered(url, &browser),
        cookies::forget_provider(url),
    ] {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

fn read_newcomer(
    accounts: &Accounts,
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
    let zone = accounts.site.settings.time_zone.iana_name();
    Ok(NewAccount {
        name,
        email,
        locale: entrance.locale.clone(),
        time_zone: zone.unwrap_or("UTC").to_owned(),
    })
}

/// The part of the page of the account.
#[derive(Template)]
#[template(path = "identities.html")]
pub(super) struct Section<'a> {
    pub(super) text: &'a Text,
    pub(super) csrf: &'a str,
    pub(super) zone: &'a TimeZone,
    pub(super) identities: Vec<(String, Linked)>,
    /// Of providers that the account has no identity of.
    pub(super) buttons: Vec<Button>,
}

impl<'a> Section<'a> {
    pub(super) fn of(
        accounts: &Accounts,
        (text, csrf, zone): (&'a Text, &'a str, &'a TimeZone),
        linked: Vec<Linked>,
    ) -> Self {
        let is_linked = |provider: &&Provider| {
            let issuer = &provider.settings.issuer;
            linked.iter().any(|one| one.issuer == *issuer)
        };
        let free = accounts.providers.iter().filter(|one| !is_linked(one));
        let buttons = free
            .map(|provider| Button::of(provider, text, "account-identity-link"))
            .collect();
        let named = |one: Linked| {
            let provider = accounts.providers.of_issuer(&one.issuer);
            let label = provider.map(|provider| provider.settings.label.clone());
            (label.unwrap_or_else(|| one.issuer.clone()), one)
        };
        Self {
            text,
            csrf,
            zone,
            identities: linked.into_iter().map(named).collect(),
            buttons,
        }
    }

    fn is_shown(&self) -> bool {
        !self.identities.is_empty() || !self.buttons.is_empty()
    }

    fn use_of(&self, linked: &Linked) -> String {
        let moment = |at: Timestamp| self.text.moment_short(&at.to_zoned(self.zone.clone()));
        let used = linked.last_used_at.map(moment);
        let values = [
            ("since", moment(linked.linked_at).into()),
            ("used", used.unwrap_or_else(|| "none".to_owned()).into()),
        ];
        self.text.with("account-identity-use", values)
    }
}

pub(super) async fn unlink(
    State(accounts): State<Accounts>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    let done = try_unlink(&accounts, &sender).await;
    let done = done.map(|(secret, stay)| {
        cookies::renewed(
            see_other("/me/security?done=identity"),
            accounts.site.url(),
            &secret,
            stay,
        )
    });
    form_state::answer(done, async |problem| {
        me::again(&accounts, &wishes, &sender, &problem, "password").await
    })
    .await
}

async fn try_unlink(accounts: &Accounts, sender: &Sender) -> Result<(Secret, Stay), Problem> {
    let id = sender.form.text("identity").parse();
    let id: IdentityId = id.map_err(|_| Problem::not_found())?;
    let sudo = Sudo::check(sender.who.clone(), accounts.site.clock.now())?;
    let request = sender.request.clone();
    let change = move |tx: &mut Tx<'_>| linked_identity::unlink(tx, &sudo, &id, &request);
    Ok(accounts.site.store.write(change).await?)
}
