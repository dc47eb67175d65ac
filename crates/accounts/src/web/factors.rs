//! The second factor of one's own account: the pages on which it is set up.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use platform::{Secret, Tx};
use web::form_state::{self, Control, Field, FormState};
use web::{Problem, Text, Wishes};

use super::me;
use site::asking::{Browser, Reader, Sender};
use site::call::see_other;
use site::question::{self, Question};
use site::{cookies, frame};

use crate::Accounts;
use identity::credential::second_factor::totp::AppSecret;
use identity::credential::second_factor::{self, FactorError};
use identity::session::signed_in::SignedIn;
use identity::session::sudo::Sudo;

const ACCOUNT: &str = "/me/security";
const SETUP: &str = "/me/security/totp";

const RENEW_CODES: Question = Question {
    title: "question-codes",
    facts: "question-codes-facts",
    undo: "question-codes-undo",
    button: "question-codes-do",
    confirm: "question-codes-confirm",
};
const REMOVE: Question = Question {
    title: "question-factor",
    facts: "question-factor-facts",
    undo: "question-factor-undo",
    button: "question-factor-do",
    confirm: "question-factor-confirm",
};

#[derive(Template)]
#[template(path = "totp.html")]
struct SetupPage<'a> {
    text: &'a Text,
    csrf: &'a str,
    /// The modules of a side of the QR code, and the dark ones.
    picture: Option<(usize, String)>,
    /// For the app on the same device.
    link: &'a str,
    secret: &'a str,
    /// The same in groups of four letters.
    grouped: &'a str,
    code: Field,
    form_state: &'a FormState,
}

#[derive(Template)]
#[template(path = "recovery_codes.html")]
struct CodesPage<'a> {
    text: &'a Text,
    codes: &'a [Secret],
    site: &'a str,
}

impl CodesPage<'_> {
    /// All of them, a line each.
    fn lines(&self) -> String {
        let codes = self.codes.iter().map(Secret::reveal);
        codes.collect::<Vec<_>>().join("\n")
    }

    /// A file with them, which the page itself holds: they are kept nowhere.
    fn file(&self) -> String {
        let text = format!("{}\n{}\n", self.site, self.lines());
        let encoded: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
        format!(
            "data:text/plain;charset=utf-8,{}",
            encoded.replace('+', "%20")
        )
    }
}

fn check(accounts: &Accounts, who: &SignedIn) -> Result<Sudo, Problem> {
    Ok(Sudo::check(who.clone(), accounts.site.clock.now())?)
}

pub(super) async fn begin(
    State(accounts): State<Accounts>,
    sender: Sender,
) -> Result<Response, Problem> {
    let (site, sudo) = (accounts.site.clone(), check(&accounts, &sender.who)?);
    let change = move |tx: &mut Tx<'_>| second_factor::begin(tx, &site, &sudo);
    accounts.site.store.write(change).await?;
    Ok(see_other(SETUP))
}

pub(super) async fn setup(
    State(accounts): State<Accounts>,
    wishes: Wishes,
    reader: Reader,
) -> Result<Response, Problem> {
    let text = accounts.site.speak(&wishes);
    let sudo = check(&accounts, &reader.who)?;
    setup_page(&accounts, &text, &sudo, &reader.csrf, &FormState::default()).await
}

async fn setup_page(
    accounts: &Accounts,
    text: &Text,
    sudo: &Sudo,
    csrf: &str,
    form_state: &FormState,
) -> Result<Response, Problem> {
    let (site, asking) = (accounts.site.clone(), sudo.clone());
    let look = move |tx: &mut Tx<'_>| second_factor::pending(tx, &site, &asking);
    let Some(secret) = accounts.site.store.read(look).await? else {
        return Ok(see_other(ACCOUNT));
    };
    let uri = AppSecret::uri(&secret, &accounts.site, sudo.who().account());
    let control = Control::Line("text", "one-time-code");
    let code = form_state.field("code", text.say("account-mfa-code"), control);
    let secret = secret.text();
    let groups = secret.as_bytes().chunks(4).map(String::from_utf8_lossy);
    let grouped = groups.collect::<Vec<_>>().join(" ");
    let body = SetupPage {
        text,
        csrf,
        picture: web::qr_code::path(&uri),
        link: &uri,
        secret: &secret,
        grouped: &grouped,
        code: code.hint(text.say("account-totp-hint")).required().first(),
        form_state,
    };
    let title = text.say("account-totp");
    frame::show(
        &accounts.site,
        text,
        (sudo.who(), csrf),
        (ACCOUNT, &title),
        body,
    )
    .await
}

pub(super) async fn confirm(
    State(accounts): State<Accounts>,
    wishes: Wishes,
    Browser(client): Browser,
    sender: Sender,
) -> Result<Response, Problem> {
    let text = accounts.site.speak(&wishes);
    let sudo = check(&accounts, &sender.who)?;
    let (site, asking) = (accounts.site.clone(), sudo.clone());
    let code = sender.form.text("code").to_owned();
    let change = move |tx: &mut Tx<'_>| second_factor::confirm(tx, &site, &asking, &code, &client);
    match accounts.site.store.write(change).await {
        Ok(codes) => codes_page(&accounts, &text, &sender, &codes).await,
        Err(error) => {
            form_state::answer(Err(error), async |problem| {
                let form_state = FormState::refused(sender.form.clone(), &problem, &text);
                setup_page(
                    &accounts,
                    &text,
                    &sudo,
                    &sender.csrf,
                    &form_state.at("code"),
                )
                .await
            })
            .await
        }
    }
}

pub(super) async fn renew_recovery_codes(
    State(accounts): State<Accounts>,
    wishes: Wishes,
    Browser(client): Browser,
    sender: Sender,
) -> Result<Response, Problem> {
    if !question::is_sure(&sender.form) {
        let sent = ("/me/security/recovery-codes", RENEW_CODES);
        return me::ask(&accounts, &wishes, &sender, sent).await;
    }
    let text = accounts.site.speak(&wishes);
    let (site, sudo) = (accounts.site.clone(), check(&accounts, &sender.who)?);
    let change =
        move |tx: &mut Tx<'_>| second_factor::renew_recovery_codes(tx, &site, &sudo, &client);
    let codes = accounts.site.store.write(change).await?;
    codes_page(&accounts, &text, &sender, &codes).await
}

async fn codes_page(
    accounts: &Accounts,
    text: &Text,
    sender: &Sender,
    codes: &[Secret],
) -> Result<Response, Problem> {
    let title = text.say("account-recovery-codes");
    let who = (&sender.who, sender.csrf.as_str());
    let body = CodesPage {
        text,
        codes,
        site: &accounts.site.settings.name,
    };
    frame::show(&accounts.site, text, who, (ACCOUNT, &title), body).await
}

pub(super) async fn remove(
    State(accounts): State<Accounts>,
    wishes: Wishes,
    Browser(client): Browser,
    sender: Sender,
) -> Result<Response, Problem> {
    if !question::is_sure(&sender.form) {
        let sent = ("/me/security/totp/remove", REMOVE);
        return me::ask(&accounts, &wishes, &sender, sent).await;
    }
    let (site, sudo) = (accounts.site.clone(), check(&accounts, &sender.who)?);
    let change = move |tx: &mut Tx<'_>| -> Result<_, FactorError> {
        second_factor::remove(tx, &site, &sudo, &client)
    };
    let (secret, stay) = accounts.site.store.write(change).await?;
    Ok(cookies::renewed(
        see_other("/me/security?done=factor"),
        accounts.site.url(),
        &secret,
        stay,
    ))
}
