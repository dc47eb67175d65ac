//! The second factor of one's own account: a part of the page of the account, and the pages on
//! which it is set up.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::tz::TimeZone;
use platform::{Secret, Tx};
use web::form_state::{self, Control, Field, FormState};
use web::{Problem, Text, Wishes};

use super::{cookies, frame};
use site::asking::{Reader, Sender};
use site::call::see_other;

use crate::Accounts;
use identity::credential::second_factor::totp::AppSecret;
use identity::credential::second_factor::{self, FactorError, Factors};
use identity::session::signed_in::SignedIn;
use identity::session::sudo::Sudo;
use site::asking::Browser;

const ACCOUNT: &str = "/me/security";
const SETUP: &str = "/me/security/totp";

/// The part of the page of the account.
#[derive(Template)]
#[template(path = "factors.html")]
pub(super) struct Section<'a> {
    pub(super) text: &'a Text,
    pub(super) csrf: &'a str,
    pub(super) zone: &'a TimeZone,
    pub(super) factors: Factors,
    /// Whether the address has to be confirmed first.
    pub(super) is_pending: bool,
}

impl Section<'_> {
    /// Since when codes are asked for, and how many recovery codes are left.
    fn state(&self) -> Option<String> {
        let since = self.factors.totp_since?.to_zoned(self.zone.clone());
        let values = [
            ("since", self.text.moment_short(&since).into()),
            ("left", self.factors.recovery_codes.into()),
        ];
        Some(self.text.with("account-factors-on", values))
    }
}

#[derive(Template)]
#[template(path = "totp.html")]
struct SetupPage<'a> {
    text: &'a Text,
    csrf: &'a str,
    /// The modules of a side of the QR code, and the dark ones.
    picture: Option<(usize, String)>,
    secret: &'a str,
    code: Field,
    form_state: &'a FormState,
}

#[derive(Template)]
#[template(path = "recovery_codes.html")]
struct CodesPage<'a> {
    text: &'a Text,
    codes: &'a [Secret],
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
    let body = SetupPage {
        text,
        csrf,
        picture: web::qr_code::path(&uri),
        secret: &secret,
        code: code.hint(text.say("account-totp-hint")).required(),
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
    let body = CodesPage { text, codes };
    frame::show(&accounts.site, text, who, (ACCOUNT, &title), body).await
}

pub(super) async fn remove(
    State(accounts): State<Accounts>,
    Browser(client): Browser,
    sender: Sender,
) -> Result<Response, Problem> {
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
