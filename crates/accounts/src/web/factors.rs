//! The pages on which people set up their second factor.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use platform::{Secret, Tx};
use web::form_state::{self, Control, Field, FormState};
use web::{Problem, Text};

use identity::credential::second_factor::totp::AppSecret;
use identity::credential::second_factor::{self, FactorError};
use identity::session::signed_in::SignedIn;
use identity::session::sudo::Sudo;
use site::asking::Browser;
use site::call::see_other;
use site::confirmation::{self, Question};
use site::request::{FormPost, PageRequest};
use site::{Context, cookies};

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
    /// The QR code: how many squares each side has, and an SVG path with the dark squares.
    picture: Option<(usize, String)>,
    link: &'a str,
    secret: &'a str,
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
    fn lines(&self) -> String {
        let codes = self.codes.iter().map(Secret::reveal);
        codes.collect::<Vec<_>>().join("\n")
    }

    /// A `data:` URL from which the recovery codes can be downloaded. The server does not store the
    /// codes.
    fn file(&self) -> String {
        let text = format!("{}\n{}\n", self.site, self.lines());
        let encoded: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
        format!(
            "data:text/plain;charset=utf-8,{}",
            encoded.replace('+', "%20")
        )
    }
}

fn check(accounts: &Context, who: &SignedIn) -> Result<Sudo, Problem> {
    Ok(Sudo::check(who.clone(), accounts.site.clock.now())?)
}

pub(super) async fn begin(
    State(accounts): State<Context>,
    posted: FormPost,
) -> Result<Response, Problem> {
    let (site, sudo) = (accounts.site.clone(), check(&accounts, &posted.req.who)?);
    let change = move |tx: &mut Tx<'_>| second_factor::begin(tx, &site, &sudo);
    accounts.site.store.write(change).await?;
    Ok(see_other(SETUP))
}

pub(super) async fn setup(
    State(accounts): State<Context>,
    req: PageRequest,
) -> Result<Response, Problem> {
    let sudo = check(&accounts, &req.who)?;
    setup_page(&req, &sudo, &FormState::default()).await
}

async fn setup_page(
    req: &PageRequest,
    sudo: &Sudo,
    form_state: &FormState,
) -> Result<Response, Problem> {
    let (site, asking) = (req.site.clone(), sudo.clone());
    let look = move |tx: &mut Tx<'_>| second_factor::pending(tx, &site, &asking);
    let Some(secret) = req.site.store.read(look).await? else {
        return Ok(see_other(ACCOUNT));
    };
    let text = &req.text;
    let uri = AppSecret::uri(&secret, &req.site, sudo.who().account());
    let control = Control::Line("text", "one-time-code");
    let code = form_state.field("code", text.say("account-mfa-code"), control);
    let secret = secret.text();
    let groups = secret.as_bytes().chunks(4).map(String::from_utf8_lossy);
    let grouped = groups.collect::<Vec<_>>().join(" ");
    let body = SetupPage {
        text,
        picture: web::qr_code::path(&uri),
        link: &uri,
        secret: &secret,
        grouped: &grouped,
        code: code.hint(text.say("account-totp-hint")).required().first(),
        form_state,
    };
    req.page(ACCOUNT, &text.say("account-totp"), body).await
}

pub(super) async fn confirm(
    State(accounts): State<Context>,
    Browser(client): Browser,
    posted: FormPost,
) -> Result<Response, Problem> {
    let sudo = check(&accounts, &posted.req.who)?;
    let (site, asking) = (accounts.site.clone(), sudo.clone());
    let code = posted.form.text("code").to_owned();
    let change = move |tx: &mut Tx<'_>| second_factor::confirm(tx, &site, &asking, &code, &client);
    match accounts.site.store.write(change).await {
        Ok(codes) => codes_page(&posted.req, &codes).await,
        Err(error) => {
            form_state::answer(Err(error), async |problem| {
                let (req, form) = (&posted.req, posted.form.clone());
                let form_state = FormState::refused(form, &problem, &req.text);
                setup_page(req, &sudo, &form_state.at("code")).await
            })
            .await
        }
    }
}

pub(super) async fn renew_recovery_codes(
    State(accounts): State<Context>,
    Browser(client): Browser,
    posted: FormPost,
) -> Result<Response, Problem> {
    if !confirmation::is_sure(&posted.form) {
        let address = "/me/security/recovery-codes";
        return confirmation::ask(&posted, address, ACCOUNT, RENEW_CODES).await;
    }
    let (site, sudo) = (accounts.site.clone(), check(&accounts, &posted.req.who)?);
    let change =
        move |tx: &mut Tx<'_>| second_factor::renew_recovery_codes(tx, &site, &sudo, &client);
    let codes = accounts.site.store.write(change).await?;
    codes_page(&posted.req, &codes).await
}

async fn codes_page(req: &PageRequest, codes: &[Secret]) -> Result<Response, Problem> {
    let text = &req.text;
    let body = CodesPage {
        text,
        codes,
        site: &req.site.settings.name,
    };
    req.page(ACCOUNT, &text.say("account-recovery-codes"), body)
        .await
}

pub(super) async fn remove(
    State(accounts): State<Context>,
    Browser(client): Browser,
    posted: FormPost,
) -> Result<Response, Problem> {
    if !confirmation::is_sure(&posted.form) {
        let address = "/me/security/totp/remove";
        return confirmation::ask(&posted, address, ACCOUNT, REMOVE).await;
    }
    let (site, sudo) = (accounts.site.clone(), check(&accounts, &posted.req.who)?);
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
