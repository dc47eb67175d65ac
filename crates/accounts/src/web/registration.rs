//! Registering, and confirming the email address with a mailed link.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use platform::mail::Address;
use platform::{Secret, Tx};
use web::form_state::{self, Control, Field, FormState};
use web::{Form, Network, Problem, Site, Text};

use super::after_sign_in_or_out::{START, begun_at, target};
use super::message::Message;
use super::providers::{self, Button};
use super::without_sign_in::{Entrance, Entry};

use identity::account::{AccountZone, DisplayName, NewAccount};
use identity::credential::password::Password;
use identity::person::group_link;
use identity::person::registration::{self, Registrant, Registration};
use identity::person::slug;
use identity::person::verification::{self, ConfirmError, Confirmation, Proof};
use identity::problem;
use site::call::see_other;
use site::{Context, cookies};

/// The fields of a registration, from a form or from JSON.
pub struct Sent<'a> {
    pub email: &'a str,
    pub password: Secret,
    /// The name that other people will see.
    pub display_name: &'a str,
    /// The slug as typed; empty if the person typed none.
    pub slug: &'a str,
    /// The language for mails to the person.
    pub locale: &'a str,
    pub zone: AccountZone,
    /// The form's signed time stamp; `None` if the registration did not come from a form of this
    /// site.
    pub form_stamp: Option<&'a str>,
    /// A hidden field. People leave it empty, and bots fill it in.
    pub website: &'a str,
}

impl Sent<'_> {
    /// Validates all fields and reports all errors at once.
    pub fn read(&self, site: &Site) -> Result<Registrant, Problem> {
        let mut wrong = Problem::fields();
        let name = DisplayName::of_stranger(self.display_name);
        if let Err(error) = name {
            wrong = problem::name(wrong, "/display_name", error);
        }
        let email: Result<Address, _> = self.email.parse();
        if email.is_err() {
            wrong = wrong.field("/email", "email_invalid", []);
        }
        let known = [self.email, self.display_name, &site.settings.name];
        let password = Password::choose(&self.password, &known);
        if let Err(weakness) = password {
            wrong = problem::password(wrong, "/password", weakness);
        }
        let slug = Some(self.slug.trim()).filter(|slug| !slug.is_empty());
        if let Some(slug) = slug {
            if !slug::is_valid(slug) {
                wrong = wrong.field("/slug", "slug_invalid", []);
            } else if slug::is_reserved(slug) {
                wrong = wrong.field("/slug", "slug_reserved", []);
            }
        }
        if !site.settings.languages.iter().any(|tag| tag == self.locale) {
            wrong = wrong.field("/locale", "language_unknown", []);
        }
        let (Ok(name), Ok(email), Ok(password), true) =
            (name, email, password, wrong.errors.is_empty())
        else {
            return Err(wrong);
        };
        Ok(Registrant {
            account: NewAccount {
                name,
                email,
                locale: self.locale.to_owned(),
                zone: self.zone.clone(),
            },
            password,
            slug: slug.map(str::to_owned),
            form_stamp: self.form_stamp.map(str::to_owned),
            is_bot: !self.website.is_empty(),
            group: None,
            earlier: None,
        })
    }
}

#[derive(Template)]
#[template(path = "register.html")]
struct RegisterPage<'a> {
    text: &'a Text,
    form_stamp: &'a str,
    redirect: &'a str,
    providers: Vec<Button>,
    fields: Vec<Field>,
    /// The field for the slug. It is collapsed, because people can choose a slug later.
    slug: Field,
    form_state: &'a FormState,
}

pub(super) async fn register(
    State(accounts): State<Context>,
    entrance: Entrance,
) -> Result<Response, Problem> {
    check_open(&accounts)?;
    let stamp = registration::form_stamp(&accounts.site);
    Ok(register_page(
        &accounts,
        entrance,
        &stamp,
        &FormState::default(),
    ))
}

/// `GET /group/{secret}`: remembers the link in the browser, and goes on to the registration. Who
/// is signed in, or has confirmed their email address, is led to the page that the link names.
pub(super) async fn with_group(
    State(accounts): State<Context>,
    Path(token): Path<String>,
    entrance: Entrance,
) -> Result<Response, Problem> {
    let (site, given) = (accounts.site.clone(), token.clone());
    let look = move |tx: &mut Tx<'_>| group_link::find(tx, &site, &given);
    let link = accounts.site.store.read(look).await?;
    let link = link.ok_or_else(problem::gone)?;
    let onward = Some(link.path.as_str()).filter(|path| !path.is_empty());
    if entrance.who.is_some() {
        return Ok(see_other(onward.unwrap_or(START)));
    }
    check_open(&accounts)?;
    let url = accounts.site.url();
    let mut response = see_other("/register");
    let headers = response.headers_mut();
    headers.append(SET_COOKIE, cookies::set_group(url, &token));
    if let Some(path) = onward {
        headers.append(SET_COOKIE, cookies::set_onward(url, path));
    }
    Ok(response)
}

fn check_open(accounts: &Context) -> Result<(), Problem> {
    if accounts.policy.registration == Registration::Open {
        Ok(())
    } else {
        Err(registration::RegisterError::Closed.into())
    }
}

pub(super) async fn enter(
    State(accounts): State<Context>,
    headers: HeaderMap,
    entry: Entry,
) -> Result<Response, Problem> {
    check_open(&accounts)?;
    let Entry {
        entrance,
        form,
        network,
    } = entry;
    let earlier = cookies::registered(&headers, accounts.site.url());
    let group = cookies::group(&headers, accounts.site.url());
    let browser = FromBrowser { earlier, group };
    let done = try_register(&accounts, &entrance, &form, network, browser).await;
    match done {
        Ok(browser) => {
            let cookie = cookies::set_registered(accounts.site.url(), &browser);
            let mut response = check_mail(&accounts, entrance, &form, false);
            response.headers_mut().append(SET_COOKIE, cookie);
            Ok(response)
        }
        Err(problem) => {
            form_state::answer(Err(problem), async |problem: Problem| {
                let stamp = registration::renewed_stamp(&accounts.site, form.text("form_stamp"));
                let at = match problem.code {
                    "slug_taken" => "slug",
                    _ => "email",
                };
                let form_state = FormState::refused(form, &problem, &entrance.text).at(at);
                Ok(register_page(&accounts, entrance, &stamp, &form_state))
            })
            .await
        }
    }
}

/// What earlier visits left in the browser.
struct FromBrowser {
    earlier: Option<Secret>,
    group: Option<String>,
}

async fn try_register(
    accounts: &Context,
    entrance: &Entrance,
    form: &Form,
    network: Network,
    FromBrowser { earlier, group }: FromBrowser,
) -> Result<Secret, Problem> {
    let locale = entrance.locale.clone();
    let sent = Sent {
        email: form.text("email"),
        password: Secret::new(form.text("password")),
        display_name: form.text("display_name"),
        slug: form.text("slug"),
        locale: &locale,
        zone: entrance.zone(&accounts.site),
        form_stamp: Some(form.text("form_stamp")),
        website: form.text("website"),
    };
    let new = Registrant {
        earlier,
        group,
        ..sent.read(&accounts.site)?
    };
    let client = &entrance.client;
    let registered = registration::register(accounts, new, network, client).await?;
    Ok(registered.browser)
}

fn register_page(
    accounts: &Context,
    entrance: Entrance,
    form_stamp: &str,
    form_state: &FormState,
) -> Response {
    let text = entrance.text.clone();
    let field = |name, control, label| form_state.field(name, text.say(label), control);
    let fields = vec![
        field(
            "display_name",
            Control::Line("text", "name"),
            "account-name",
        )
        .required()
        .first(),
        field("email", Control::Line("email", "username"), "account-email").required(),
        field(
            "password",
            Control::Line("password", "new-password"),
            "account-password",
        )
        .required()
        .hint(text.say("account-password-hint")),
    ];
    let slug = field("slug", Control::Line("text", "off"), "account-slug");
    let page = RegisterPage {
        text: &text,
        form_stamp,
        redirect: "",
        providers: Button::all(accounts, &text, "account-provider-register"),
        fields,
        slug: slug.hint(text.say("account-slug-hint")),
        form_state,
    };
    let response = entrance.show(&accounts.site, "account-register", page);
    providers::allow_forms(accounts, response)
}

#[derive(Template)]
#[template(path = "check_mail.html")]
struct CheckMailPage<'a> {
    text: &'a Text,
    /// The email address as typed. The page looks the same whether or not the address already has
    /// an account.
    email: &'a str,
    display_name: &'a str,
    /// The text before the email address in the sentence, and the text after it.
    sentence: (&'a str, &'a str),
    was_sent_again: bool,
}

/// Renders the page that asks the person to read their mail. The page is the same for email
/// addresses with and without an account.
pub(super) fn check_mail(
    accounts: &Context,
    entrance: Entrance,
    form: &Form,
    was_sent_again: bool,
) -> Response {
    /// A character that stands for the email address, so that the template can mark up the address.
    const PLACE: &str = "\u{fffc}";
    let text = entrance.text.clone();
    let sentence = text.with("account-check-mail-to", [("email", PLACE.into())]);
    let page = CheckMailPage {
        text: &text,
        email: form.text("email"),
        display_name: form.text("display_name"),
        sentence: sentence.split_once(PLACE).unwrap_or((&sentence, "")),
        was_sent_again,
    };
    let mut response = entrance.show(&accounts.site, "account-check-mail", page);
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

/// `POST /register/again`: sends another mail for the account that was registered in this browser.
pub(super) async fn send_again(
    State(accounts): State<Context>,
    headers: HeaderMap,
    entry: Entry,
) -> Result<Response, Problem> {
    let Entry {
        entrance,
        form,
        network,
    } = entry;
    if let Some(browser) = cookies::registered(&headers, accounts.site.url()) {
        verification::send_again_to(&accounts, browser, network).await?;
    }
    Ok(check_mail(&accounts, entrance, &form, true))
}

/// `POST /register/change`: shows the registration form again, for another email address.
pub(super) async fn change_address(
    State(accounts): State<Context>,
    entry: Entry,
) -> Result<Response, Problem> {
    check_open(&accounts)?;
    let stamp = registration::form_stamp(&accounts.site);
    let form_state = FormState::of(entry.form);
    Ok(register_page(
        &accounts,
        entry.entrance,
        &stamp,
        &form_state,
    ))
}

#[derive(Template)]
#[template(path = "verify.html")]
struct VerifyPage<'a> {
    text: &'a Text,
    email: &'a str,
    /// The password fields with which people prove that the account is theirs. Empty if the link
    /// alone suffices.
    fields: Vec<Field>,
    form_state: &'a FormState,
}

impl VerifyPage<'_> {
    fn asks(&self) -> String {
        let values = [("email", self.email.into())];
        self.text.with("account-verify-text", values)
    }
}

pub(super) async fn verify(
    State(accounts): State<Context>,
    Path(link): Path<String>,
    headers: HeaderMap,
    entrance: Entrance,
) -> Result<Response, Problem> {
    let form_state = FormState::default();
    verify_page(&accounts, link, &headers, entrance, &form_state).await
}

pub(super) async fn confirm(
    State(accounts): State<Context>,
    Path(link): Path<String>,
    headers: HeaderMap,
    entry: Entry,
) -> Result<Response, Problem> {
    let Entry {
        entrance,
        form,
        network,
    } = entry;
    let proof = proof(form.text("current_password"), form.text("new_password"));
    let asked = Confirmation {
        link: Secret::new(link.clone()),
        browser: cookies::registered(&headers, accounts.site.url()),
        proof,
        network,
        client: entrance.client.clone(),
        begins_session: true,
    };
    match verification::confirm(&accounts, asked).await {
        Ok(Some(begun)) => {
            let url = accounts.site.url();
            let Some(onward) = cookies::onward(&headers, url) else {
                return Ok(begun_at(&accounts, &begun, "/me?done=confirmed"));
            };
            let mut response = begun_at(&accounts, &begun, target(&onward));
            let cookie = cookies::forget_onward(url);
            response.headers_mut().append(SET_COOKIE, cookie);
            Ok(response)
        }
        Ok(None) => {
            let onward = match entrance.who {
                Some(_) => (START, "account-verified-onward"),
                None => ("/login", "account-sign-in"),
            };
            let message = Message {
                title: "account-verified",
                words: "account-verified-text",
                onward: Some(onward),
            };
            Ok(message.show(&accounts.site, entrance))
        }
        Err(ConfirmError::LinkGone) => Err(problem::gone()),
        Err(error) => {
            form_state::answer(Err(error), async |problem: Problem| {
                let state = FormState::refused(form, &problem, &entrance.text);
                let state = state.at("current_password");
                verify_page(&accounts, link, &headers, entrance, &state).await
            })
            .await
        }
    }
}

/// Converts the typed passwords to the proof that the account belongs to the person.
pub(super) fn proof(current: &str, new: &str) -> Proof {
    match (current, new) {
        ("", "") => Proof::None,
        ("", new) => Proof::New(Secret::new(new)),
        (current, _) => Proof::Current(Secret::new(current)),
    }
}

async fn verify_page(
    accounts: &Context,
    link: String,
    headers: &HeaderMap,
    entrance: Entrance,
    form_state: &FormState,
) -> Result<Response, Problem> {
    let link = Secret::new(link);
    let browser = cookies::registered(headers, accounts.site.url());
    let look = move |tx: &mut Tx<'_>| verification::find(tx, &link, browser.as_ref());
    let shown = accounts.site.store.read(look).await?;
    let shown = shown.ok_or(ConfirmError::LinkGone)?;
    let text = entrance.text.clone();
    let field = |name, autocomplete, label| {
        let control = Control::Line("password", autocomplete);
        form_state.field(name, text.say(label), control)
    };
    let fields = if shown.is_proven {
        Vec::new()
    } else {
        vec![
            field(
                "current_password",
                "current-password",
                "account-password-current",
            ),
            field("new_password", "new-password", "account-verify-new")
                .hint(text.say("account-verify-new-hint")),
        ]
    };
    let page = VerifyPage {
        text: &text,
        email: &shown.account.email,
        fields,
        form_state,
    };
    Ok(entrance
        .show(&accounts.site, "account-verify", page)
        .into_response())
}
