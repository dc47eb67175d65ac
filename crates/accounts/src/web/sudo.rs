//! The page where people who are signed in prove once more who they are.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use platform::{Secret, StoreError, Tx};
use serde::Deserialize;
use web::form_state::{self, Control, Field, FormState};
use web::{Facts, Form, Kept, Problem, Text, Wishes, csrf};

use super::visitor::{Onward, target};
use site::asking::{Reader, Sender};
use site::call::see_other;
use site::cookies;
use site::frame;

use crate::Accounts;
use identity::credential::{passkey, password, second_factor};
use identity::session::signed_in::SignedIn;
use identity::session::sudo::Sudo;
use identity::sign_in::sudo_proof::{self, Shown};
use site::asking::Browser;

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
    undone: Option<&'a Undone>,
    form_state: &'a FormState,
}

#[derive(Template)]
#[template(path = "sudo_undone.html")]
struct UndonePage<'a> {
    text: &'a Text,
    csrf: &'a str,
    redirect: &'a str,
    undone: &'a Undone,
}

/// Which form asked for the proof.
#[derive(Deserialize)]
pub(super) struct Act {
    act: Option<String>,
    redirect: Option<String>,
}

/// A form that was refused for want of a proof. The page of the proof carries it along, so that it
/// can be sent again afterwards.
struct Undone {
    /// The path that it was sent to.
    address: String,
    kept: Kept,
}

impl Undone {
    /// `None` where a password was typed: it is carried nowhere, so the page leads back to its form.
    fn new(address: &str, form: Form) -> Option<Self> {
        if form.iter().any(|(name, _)| name.contains("password")) {
            return None;
        }
        let address = target(address).to_owned();
        let kept = Kept { form, csrf: None };
        Some(Self { address, kept })
    }

    /// What the form of the proof carries.
    fn find(form: &Form) -> Result<Option<Self>, Problem> {
        let Some(address) = form.find("act") else {
            return Ok(None);
        };
        let kept = Form::parse(form.text("kept").as_bytes())?;
        Ok(Self::new(address, kept))
    }
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
    let form_state = FormState::default();
    page(&accounts, &text, who, (&redirect, None), &form_state).await
}

pub(super) async fn prove(
    State(accounts): State<Accounts>,
    Query(act): Query<Act>,
    wishes: Wishes,
    Browser(client): Browser,
    facts: Facts,
    sender: Sender,
) -> Result<Response, Problem> {
    let text = accounts.site.speak(&wishes);
    let who = (&sender.who, sender.csrf.as_str());
    if let Some(address) = act.act {
        let redirect = act.redirect.unwrap_or_default();
        let undone = Undone::new(&address, sender.form.clone());
        let form_state = FormState::default();
        return page(
            &accounts,
            &text,
            who,
            (&redirect, undone.as_ref()),
            &form_state,
        )
        .await;
    }
    let redirect = sender.form.text("redirect");
    let undone = Undone::find(&sender.form)?;
    let shown = Shown {
        password: Secret::new(sender.form.text("password")),
        code: Secret::new(sender.form.text("code")),
        network: facts.network(),
        client,
    };
    let done = match sudo_proof::prove(&accounts, &sender.who, shown).await {
        Ok((secret, stay)) => {
            let onward = match &undone {
                Some(undone) => {
                    // The session has a new secret, and so have its forms.
                    let csrf = csrf::token(secret.reveal(), &accounts.site.random);
                    undone_page(&accounts, &text, (&sender.who, &csrf), redirect, undone).await?
                }
                None => see_other(target(redirect)),
            };
            let url = accounts.site.url();
            Ok(cookies::renewed(onward, url, &secret, stay))
        }
        Err(error) => Err(error),
    };
    form_state::answer(done, async |problem| {
        // A code is not shown again: it changes, or is a secret.
        let form_state = FormState::refused(Form::default(), &problem, &text).at("password");
        page(
            &accounts,
            &text,
            who,
            (redirect, undone.as_ref()),
            &form_state,
        )
        .await
    })
    .await
}

/// Says that the proof was given and the form not yet carried out, with a button that sends it.
async fn undone_page(
    accounts: &Accounts,
    text: &Text,
    (who, csrf): (&SignedIn, &str),
    redirect: &str,
    undone: &Undone,
) -> Result<Response, Problem> {
    let body = UndonePage {
        text,
        csrf,
        redirect: target(redirect),
        undone,
    };
    let title = text.say("account-sudo-undone");
    frame::show(&accounts.site, text, (who, csrf), ("/sudo", &title), body).await
}

async fn page(
    accounts: &Accounts,
    text: &Text,
    (who, csrf): (&SignedIn, &str),
    (redirect, undone): (&str, Option<&Undone>),
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
        undone,
        form_state,
    };
    let title = text.say("account-sudo");
    frame::show(&accounts.site, text, (who, csrf), ("/sudo", &title), body).await
}
