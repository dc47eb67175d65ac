//! The security page of a person's own account: password, sessions, passkeys, API tokens and the
//! second factor.

use std::borrow::Cow;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::{Secret, StoreError, Tx};
use web::form_state::{self, Control, Field, FormState};
use web::{Problem, Text};

use super::factor_section;
use super::own_password::{TypedPasswords, renew_password};
use super::providers;

use identity::account::unconfirmed;
use identity::credential::passkey::{self, Passkey, PasskeyId};
use identity::credential::{linked_identity, password, second_factor};
use identity::session::signed_in::SignedIn;
use identity::session::sudo::Sudo;
use identity::session::token::{self, Token, TokenScope};
use identity::session::{self, Session, Stay};
use identity::{DomainAccounts, client};
use site::asking::{Browser, Reader};
use site::call::see_other;
use site::confirmation::{self, Question};
use site::request::{FormPost, PageRequest};
use site::{Context, cookies};

const HERE: &str = "/me/security";

const END_SESSIONS: Question = Question {
    title: "question-sessions",
    facts: "question-sessions-facts",
    undo: "question-sessions-undo",
    button: "question-sessions-do",
    confirm: "question-sessions-confirm",
};
const REMOVE_PASSKEY: Question = Question {
    title: "question-passkey",
    facts: "question-passkey-facts",
    undo: "question-passkey-undo",
    button: "question-passkey-do",
    confirm: "question-passkey-confirm",
};

/// `GET /.well-known/change-password`: redirects to the page for changing the password. Password
/// managers open this path.
pub(super) async fn change_password() -> Response {
    (
        axum::http::StatusCode::FOUND,
        [(axum::http::header::LOCATION, HERE)],
    )
        .into_response()
}

/// `GET /admin`: redirects to the page that people see after signing in. This route exists only if
/// no domain serves `/admin`.
pub(super) async fn admin(_: Reader) -> Response {
    see_other("/me")
}

/// By the query parameter `done`: the message that confirms the previous action.
const DONE: &[(&str, &str)] = &[
    ("password", "account-done-password"),
    ("session", "account-done-session"),
    ("token", "account-done-token"),
    ("identity", "account-done-identity"),
    ("passkey", "account-done-passkey"),
    ("factor", "account-done-factor"),
    ("kept", "account-factors-kept-text"),
];

#[derive(Template)]
#[template(path = "security.html")]
struct SecurityPage<'a> {
    text: &'a Text,
    zone: &'a TimeZone,
    done: Option<&'static str>,
    made: Option<&'a str>,
    /// The message id of the notice that the person must still set up a required second factor;
    /// `None` if they need not.
    lacks_factor: Option<&'static str>,
    has_password: bool,
    fields: Vec<Field>,
    factors: factor_section::Section<'a>,
    identities: providers::Section<'a>,
    current: &'a SignedIn,
    sessions: &'a [Session],
    passkeys: &'a [Passkey],
    passkey_name: Field,
    has_passkeys: bool,
    tokens: &'a [Token],
    domains: &'a [DomainAccounts],
    name: Field,
    scopes: Vec<Offered<'a>>,
    days: Field,
    form_state: &'a FormState,
}

struct Offered<'a> {
    word: &'static str,
    label: Cow<'a, str>,
    is_ticked: bool,
}

impl SecurityPage<'_> {
    fn history(&self, session: &Session) -> String {
        let values = [
            ("since", self.moment(session.authenticated_at).into()),
            ("seen", self.moment(session.last_seen_at).into()),
        ];
        self.text.with("account-session-history", values)
    }

    fn use_of(&self, passkey: &Passkey) -> String {
        let used = passkey.last_used_at.map(|at| self.moment(at));
        let values = [
            ("since", self.moment(passkey.created_at).into()),
            ("used", used.unwrap_or_else(|| "none".to_owned()).into()),
        ];
        self.text.with("account-passkey-use", values)
    }

    fn life(&self, token: &Token) -> String {
        let used = token.last_used_at.map(|at| self.moment(at));
        let values = [
            ("until", self.moment(token.expires_at).into()),
            ("used", used.unwrap_or_else(|| "none".to_owned()).into()),
        ];
        self.text.with("account-token-life", values)
    }

    /// `None` if the token is not limited.
    fn reach(&self, token: &Token) -> Option<Cow<'_, str>> {
        let scope = token.scope.as_ref()?.find(self.domains)?;
        Some(self.text.say(scope.kind().only))
    }

    fn moment(&self, at: Timestamp) -> String {
        self.text.moment_short_in(self.zone, at)
    }

    fn browser(&self, session: &Session) -> String {
        match client::describe(&session.user_agent) {
            name if name.is_empty() => self.text.say("account-session-unknown").into_owned(),
            name => name,
        }
    }

    fn is_current(&self, session: &Session) -> bool {
        self.current.session() == Some(&session.id)
    }
}

pub(super) async fn security(
    State(accounts): State<Context>,
    req: PageRequest,
) -> Result<Response, Problem> {
    page(&accounts, &req, None, &FormState::default()).await
}

/// Renders the security page. `made` is a new token to show once. After a refused submission, the
/// form contains what the person entered.
pub(super) async fn page(
    accounts: &Context,
    req: &PageRequest,
    made: Option<&Secret>,
    form_state: &FormState,
) -> Result<Response, Problem> {
    let (text, who) = (&req.text, &req.who);
    let site = &accounts.site;
    let (id, required) = (who.account().id.clone(), accounts.require_mfa_for);
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let is_pending = unconfirmed::is_pending(tx, &id)?;
        let missing = if is_pending {
            "account-factors-required-pending"
        } else {
            "account-factors-required"
        };
        let lacks_factor = required.is_unmet(tx, &id)?.then_some(missing);
        Ok((
            (lacks_factor, is_pending),
            password::find(tx, &id)?.is_some(),
            session::list(tx, &id)?,
            passkey::list(tx, &id)?,
            token::list(tx, &id)?,
            second_factor::find(tx, &id)?,
            linked_identity::list(tx, &id)?,
        ))
    };
    let found = site.store.read(look).await?;
    let ((lacks_factor, is_pending), has_password, sessions, passkeys, tokens, factors, identities) =
        found;
    let zone = TimeZone::get(&who.account().time_zone);
    let zone = zone.unwrap_or_else(|_| site.settings.time_zone.clone());
    let mut days = form_state.number("expires_in_days", text.say("account-token-days"));
    if days.value.is_empty() {
        days.value = token::DEFAULT_DAYS.to_string();
    }
    let name = form_state.line("name", text.say("account-token-name"));
    let mut passkey_name = form_state.line("passkey_name", text.say("account-passkey-name"));
    // The script comes back with it from the proof of who is asking.
    if let Some(typed) = req.query.find("passkey_name") {
        passkey_name.value = typed.to_owned();
    }
    let body = SecurityPage {
        text,
        zone: &zone,
        done: req.done(DONE),
        made: made.map(Secret::reveal),
        lacks_factor,
        has_password,
        fields: password_fields(text, has_password, form_state),
        factors: factor_section::Section {
            text,
            zone: &zone,
            factors,
            is_pending,
        },
        identities: providers::Section::of(accounts, text, &zone, identities),
        current: who,
        sessions: &sessions,
        passkeys: &passkeys,
        has_passkeys: accounts.site.url().can_have_passkeys(),
        passkey_name: passkey_name.required(),
        tokens: &tokens,
        domains: accounts.domain_accounts,
        scopes: TokenScope::all(accounts.domain_accounts)
            .map(|scope| offer(text, form_state, scope))
            .collect(),
        name: name.required(),
        days,
        form_state,
    };
    let response = req.page(HERE, &text.say("account-security"), body).await?;
    Ok(providers::allow_forms(accounts, response))
}

fn offer<'a>(text: &'a Text, form_state: &FormState, scope: TokenScope) -> Offered<'a> {
    let word = scope.word();
    Offered {
        word,
        label: text.say(scope.label()),
        is_ticked: form_state.form.all("scopes").any(|ticked| ticked == word),
    }
}

fn password_fields(text: &Text, has_password: bool, form_state: &FormState) -> Vec<Field> {
    let field = |name, autocomplete, label| {
        let control = Control::Line("password", autocomplete);
        form_state.field(name, text.say(label), control).required()
    };
    let current = has_password.then(|| {
        field(
            "current_password",
            "current-password",
            "account-password-current",
        )
    });
    let new = field("password", "new-password", "account-password-new");
    let new = new.hint(text.say("account-password-hint"));
    current.into_iter().chain([new]).collect()
}

pub(super) async fn set_password(
    State(accounts): State<Context>,
    Browser(client): Browser,
    posted: FormPost,
) -> Result<Response, Problem> {
    let passwords = TypedPasswords {
        current: Secret::new(posted.form.text("current_password")),
        new: Secret::new(posted.form.text("password")),
    };
    let done = renew_password(&accounts, &posted.req.who, client, passwords, "/password").await;
    let done = done.map(|(secret, stay)| {
        let onward = see_other("/me/security?done=password");
        cookies::renewed(onward, accounts.site.url(), &secret, stay)
    });
    form_state::answer(done, async |problem| {
        let first = if problem.code == "current_password_wrong" {
            "current_password"
        } else {
            "password"
        };
        again(&accounts, &posted, &problem, first).await
    })
    .await
}

pub(super) async fn end_sessions(
    State(accounts): State<Context>,
    posted: FormPost,
) -> Result<Response, Problem> {
    if posted.form.find("session").is_none() && !confirmation::is_sure(&posted.form) {
        let address = "/me/security/sessions";
        return confirmation::ask(&posted, address, HERE, END_SESSIONS).await;
    }
    let sudo = Sudo::check(posted.req.who.clone(), accounts.site.clock.now())?;
    let request = posted.req.request.clone();
    let one = match posted.form.find("session") {
        Some(id) => Some(id.parse().map_err(|_| Problem::not_found())?),
        None => None,
    };
    let change = move |tx: &mut Tx<'_>| -> Result<bool, StoreError> {
        let account = &sudo.who().account().id;
        match &one {
            Some(id) => session::end(tx, account, id, &request),
            None => session::end_own(tx, sudo.who(), true, &request).map(|_| true),
        }
    };
    if accounts.site.store.write(change).await? {
        Ok(see_other("/me/security?done=session"))
    } else {
        Err(Problem::not_found())
    }
}

pub(super) async fn remove_passkey(
    State(accounts): State<Context>,
    posted: FormPost,
) -> Result<Response, Problem> {
    if !confirmation::is_sure(&posted.form) {
        let address = "/me/security/passkeys/remove";
        return confirmation::ask(&posted, address, HERE, REMOVE_PASSKEY).await;
    }
    let done = try_remove_passkey(&accounts, &posted).await;
    let done = done.map(|(secret, stay)| {
        cookies::renewed(
            see_other("/me/security?done=passkey"),
            accounts.site.url(),
            &secret,
            stay,
        )
    });
    form_state::answer(done, async |problem| {
        again(&accounts, &posted, &problem, "passkey_name").await
    })
    .await
}

async fn try_remove_passkey(
    accounts: &Context,
    posted: &FormPost,
) -> Result<(Secret, Stay), Problem> {
    let id = posted.form.text("passkey").parse();
    let id: PasskeyId = id.map_err(|_| Problem::not_found())?;
    let sudo = Sudo::check(posted.req.who.clone(), accounts.site.clock.now())?;
    let request = posted.req.request.clone();
    let site = accounts.site.clone();
    let change = move |tx: &mut Tx<'_>| passkey::remove(tx, &site, &sudo, &id, &request);
    Ok(accounts.site.store.write(change).await?)
}

/// Renders the security page after a refused submission, with the error and the entered values.
pub(super) async fn again(
    accounts: &Context,
    posted: &FormPost,
    problem: &Problem,
    first: &str,
) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, posted.form.clone());
    let form_state = FormState::refused(form, problem, &req.text).at(first);
    page(accounts, req, None, &form_state).await
}
