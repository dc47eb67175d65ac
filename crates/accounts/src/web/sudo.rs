//! The page on which signed-in people prove a credential again, which begins sudo mode. If the
//! person came to this page because a form was refused outside of sudo mode, the server then
//! processes that form.

use askama::Template;
use axum::Extension;
use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, COOKIE, TRANSFER_ENCODING};
use axum::http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use platform::{Secret, StoreError, Tx};
use serde::{Deserialize, Serialize};
use web::form_state::{self, Control, Field, FormState};
use web::{Facts, Form, Kept, Problem, Text, Wishes, csrf, media_type};

use super::after_sign_in_or_out::target;
use super::public_pages::Inside;
use super::sign_in::Onward;

use identity::credential::web_authn::{self, Asked, Assertion};
use identity::credential::{passkey, password, second_factor};
use identity::session::signed_in::SignedIn;
use identity::session::sudo::{self, Sudo};
use identity::session::{SessionId, Stay};
use identity::sign_in::sudo_proof::{self, SudoInput};
use identity::sign_in::with_passkey;
use site::asking::{Browser, PageUser, Reader, Sender};
use site::call::see_other;
use site::{Context, confirmation, cookies, frame};

#[derive(Template)]
#[template(path = "sudo.html")]
struct SudoPage<'a> {
    text: &'a Text,
    redirect: &'a str,
    email: &'a str,
    /// The password field; `None` if the account has no password.
    password: Option<Field>,
    /// The code field; `None` if the account has no second factor.
    code: Option<Field>,
    has_passkey: bool,
    back: &'a str,
    held: Option<&'a HeldForm>,
    /// What the held form does; `None` if nobody has said it.
    what: Option<&'a str>,
    form_state: &'a FormState,
}

impl SudoPage<'_> {
    fn button(&self) -> String {
        match self
            .held
            .and_then(|held| held.kept.form.find(confirmation::CONFIRM))
        {
            Some(words) => words.to_owned(),
            None => self.text.say("account-sudo-confirm").into_owned(),
        }
    }
}

#[derive(Template)]
#[template(path = "sudo_undone.html")]
struct UndonePage<'a> {
    text: &'a Text,
    back: &'a str,
    held: &'a HeldForm,
}

/// The query parameters with which a refused form is redirected to this page. `act` is the path to
/// which the form was sent before.
#[derive(Deserialize)]
pub(super) struct Act {
    act: Option<String>,
    redirect: Option<String>,
}

/// A form that was refused because the session was not in sudo mode. The page for proving a
/// credential contains this form, encrypted.
struct HeldForm {
    address: String,
    kept: Kept,
    at: Timestamp,
    sealed: String,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    address: String,
    form: String,
    at: Timestamp,
}

impl HeldForm {
    /// Encrypts a refused form that `who` has sent. Returns `None` if the form contains a password,
    /// because a page must not contain passwords. The person must then fill the form in again.
    fn new(
        accounts: &Context,
        who: &SignedIn,
        address: &str,
        form: Form,
    ) -> Result<Option<Self>, Problem> {
        let address = target(address).to_owned();
        let has_password = form.iter().any(|(name, _)| name.contains("password"));
        if has_password || address.starts_with("/sudo") {
            return Ok(None);
        }
        let site = &accounts.site;
        let (kept, at) = (Kept { form, csrf: None }, site.clock.now());
        let sealed = Sealed {
            address: address.clone(),
            form: kept.encoded(),
            at,
        };
        let plain = serde_json::to_vec(&sealed).map_err(Problem::internal)?;
        let key = site.keys.key(KEY);
        let sealed = key.seal(&site.random, &place(who), &plain);
        Ok(Some(Self {
            address,
            kept,
            at,
            sealed: URL_SAFE_NO_PAD.encode(sealed),
        }))
    }

    /// Decrypts the held form that the page has sent back. The form can only be decrypted in the
    /// session in which it was encrypted. Proving a credential gives the session a new id, so the
    /// form can be processed only once.
    fn find(accounts: &Context, who: &SignedIn, form: &Form) -> Result<Option<Self>, Problem> {
        let Some(sealed) = form.find("kept") else {
            return Ok(None);
        };
        let key = accounts.site.keys.key(KEY);
        let plain = URL_SAFE_NO_PAD.decode(sealed).ok();
        let plain = plain.and_then(|bytes| key.open(&place(who), &bytes));
        let found: Option<Sealed> = plain.and_then(|plain| serde_json::from_slice(&plain).ok());
        let refused = || Problem::new(StatusCode::BAD_REQUEST, "request_invalid");
        let found = found.ok_or_else(refused)?;
        let form = Form::parse(found.form.as_bytes())?;
        Ok(Some(Self {
            address: found.address,
            kept: Kept { form, csrf: None },
            at: found.at,
            sealed: sealed.to_owned(),
        }))
    }

    /// The short description of what the held form does; `None` if the form contains no
    /// description. A form with several buttons has a description for the value of each.
    fn what(&self) -> Option<&str> {
        let form = &self.kept.form;
        form.find(confirmation::WHAT).or_else(|| {
            // The button is the last field.
            form.iter()
                .filter_map(|(_, value)| form.find(&format!("{}.{value}", confirmation::WHAT)))
                .last()
        })
    }
}

const KEY: &str = "held form";

fn place(who: &SignedIn) -> [&str; 2] {
    ["session", who.session().map_or("", SessionId::as_str)]
}

pub(super) async fn show(
    State(accounts): State<Context>,
    Query(onward): Query<Onward>,
    wishes: Wishes,
    reader: Reader,
) -> Result<Response, Problem> {
    let redirect = onward.redirect.unwrap_or_default();
    if Sudo::check(reader.who.clone(), accounts.site.clock.now()).is_ok() {
        return Ok(see_other(target(&redirect)));
    }
    let text = accounts.site.speak(&wishes);
    let form_state = FormState::default();
    page(
        &accounts,
        &text,
        reader.user(),
        &redirect,
        None,
        &form_state,
    )
    .await
}

/// The parts of the request that the server needs to process the held form.
pub(super) struct Around {
    inside: Inside,
    headers: HeaderMap,
    extensions: Extensions,
}

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for Around {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        state: &S,
    ) -> Result<Self, Problem> {
        let inside = Extension::<Inside>::from_request_parts(parts, state).await;
        Ok(Self {
            inside: inside.map_err(Problem::internal)?.0,
            headers: parts.headers.clone(),
            extensions: parts.extensions.clone(),
        })
    }
}

pub(super) async fn prove(
    State(accounts): State<Context>,
    Query(act): Query<Act>,
    wishes: Wishes,
    Browser(client): Browser,
    facts: Facts,
    around: Around,
    sender: Sender,
) -> Result<Response, Problem> {
    let text = accounts.site.speak(&wishes);
    if let Some(address) = act.act {
        let redirect = act.redirect.unwrap_or_default();
        let held = HeldForm::new(&accounts, &sender.who, &address, sender.form.clone())?;
        let form_state = FormState::default();
        return page(
            &accounts,
            &text,
            sender.user(),
            &redirect,
            held.as_ref(),
            &form_state,
        )
        .await;
    }
    let redirect = sender.form.text("redirect");
    let held = HeldForm::find(&accounts, &sender.who, &sender.form)?;
    let proved = match sender.form.text("credential") {
        "" => {
            let shown = SudoInput {
                password: Secret::new(sender.form.text("password")),
                code: Secret::new(sender.form.text("code")),
                network: facts.network(),
                client,
            };
            let proved = sudo_proof::prove(&accounts, &sender.who, shown).await;
            proved.map_err(Problem::from)
        }
        credential => prove_with_passkey(&accounts, &sender.who, credential, client).await,
    };
    let done = match proved {
        Ok((secret, stay)) => {
            let onward = match &held {
                Some(held) => {
                    let renewed = Renewed {
                        secret: &secret,
                        // The session has a new secret, so the forms need a new CSRF token.
                        csrf: csrf::token(secret.reveal(), &accounts.site.random),
                    };
                    go_on(&accounts, &text, &sender, redirect, held, renewed, around).await?
                }
                None => see_other(target(redirect)),
            };
            let url = accounts.site.url();
            Ok(cookies::renewed_unless_set(onward, url, &secret, stay))
        }
        Err(error) => Err(error),
    };
    form_state::answer(done, async |problem| {
        // The form is shown again without the typed code, because the code is a secret.
        let form_state = FormState::refused(Form::default(), &problem, &text).at("password");
        page(
            &accounts,
            &text,
            sender.user(),
            redirect,
            held.as_ref(),
            &form_state,
        )
        .await
    })
    .await
}

async fn prove_with_passkey(
    accounts: &Context,
    who: &SignedIn,
    credential: &str,
    client: identity::client::Client,
) -> Result<(Secret, Stay), Problem> {
    let refused = |_| Problem::new(StatusCode::BAD_REQUEST, "request_invalid");
    let credential: Assertion = serde_json::from_str(credential).map_err(refused)?;
    let asked = Asked {
        url: accounts.site.url(),
        key: &accounts.site.keys.key(web_authn::KEY),
        now: accounts.site.clock.now(),
        browser: who.session().map_or("", SessionId::as_str),
    };
    Ok(with_passkey::prove(accounts, who, &credential, &asked, client).await?)
}

struct Renewed<'a> {
    secret: &'a Secret,
    csrf: String,
}

/// Processes the held form, or reports that it was held for too long.
async fn go_on(
    accounts: &Context,
    text: &Text,
    sender: &Sender,
    redirect: &str,
    held: &HeldForm,
    renewed: Renewed<'_>,
    around: Around,
) -> Result<Response, Problem> {
    let site = &accounts.site;
    if site.clock.now().duration_since(held.at) >= sudo::LIFETIME {
        let body = UndonePage {
            text,
            back: target(redirect),
            held,
        };
        let user = PageUser {
            who: &sender.who,
            csrf: &renewed.csrf,
        };
        let title = text.say("account-sudo-undone");
        return frame::show(site, text, user, "/sudo", &title, body).await;
    }
    let form = held
        .kept
        .fields()
        .chain([(csrf::FIELD, renewed.csrf.as_str())]);
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let mut request = Request::new(Body::from(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = held.address.parse().map_err(Problem::internal)?;
    *request.headers_mut() = around.headers;
    *request.extensions_mut() = around.extensions;
    let cookie = cookies::with_session(request.headers(), site.url(), renewed.secret);
    let cookie = HeaderValue::try_from(cookie).map_err(Problem::internal)?;
    let headers = request.headers_mut();
    headers.remove(CONTENT_LENGTH);
    headers.remove(TRANSFER_ENCODING);
    headers.insert(COOKIE, cookie);
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static(media_type::URLENCODED),
    );
    Ok(web::ask_inside(around.inside.0, request).await)
}

async fn page(
    accounts: &Context,
    text: &Text,
    user: PageUser<'_>,
    redirect: &str,
    held: Option<&HeldForm>,
    form_state: &FormState,
) -> Result<Response, Problem> {
    let id = user.who.account().id.clone();
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
        redirect,
        email: &user.who.account().email,
        password: has_password.then(|| password.required()),
        code: has_factor.then(|| code.required()),
        has_passkey: has_passkey && accounts.site.url().can_have_passkeys(),
        back: target(redirect),
        what: held.and_then(HeldForm::what),
        held,
        form_state,
    };
    let title = text.say("account-sudo");
    frame::show(&accounts.site, text, user, "/sudo", &title, body).await
}
