//! Invites to the installation: owners and administrators make them.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::tz::TimeZone;
use platform::audit::RequestFacts;
use platform::mail::Address;
use platform::{Secret, StoreError, Tx};
use serde::Deserialize;
use web::form_state::{self, Control, Field, FormState};
use web::{Problem, Text, Wishes};

use super::asking::{Reader, Sender};
use super::call::see_other;
use super::frame;

use crate::Accounts;
use identity::grant::Role;
use identity::people::invite::{self, Invite, InviteError, Inviter, MEMBER};
use identity::person::registration::Registration;
use identity::session::signed_in::SignedIn;
use identity::session::sudo::Sudo;

pub(super) const HERE: &str = "/admin/invites";

/// What was done on the page before.
#[derive(Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "invites.html")]
struct InvitesPage<'a> {
    text: &'a Text,
    csrf: &'a str,
    zone: TimeZone,
    done: Option<&'static str>,
    made: Option<String>,
    invites: Vec<Invite>,
    email: Field,
    role: Field,
    form_state: &'a FormState,
}

impl InvitesPage<'_> {
    fn until(&self, invite: &Invite) -> String {
        let until = invite.expires_at.to_zoned(self.zone.clone());
        let values = [("until", self.text.moment_short(&until).into())];
        self.text.with("account-invites-until", values)
    }
}

/// Somebody who looks at the page, or sends its form.
struct Asking<'a> {
    text: &'a Text,
    who: &'a SignedIn,
    csrf: &'a str,
    request: RequestFacts,
}

pub(super) async fn show(
    State(accounts): State<Accounts>,
    Query(done): Query<Done>,
    wishes: Wishes,
    reader: Reader,
) -> Result<Response, Problem> {
    let done = match done.done.as_deref() {
        Some("sent") => Some("account-invites-sent"),
        Some("removed") => Some("account-invites-removed"),
        _ => None,
    };
    let asking = Asking {
        text: &accounts.site.speak(&wishes),
        who: &reader.who,
        csrf: &reader.csrf,
        request: reader.request.clone(),
    };
    page(&accounts, asking, (done, None), &FormState::default()).await
}

async fn page(
    accounts: &Accounts,
    asking: Asking<'_>,
    (done, made): (Option<&'static str>, Option<Secret>),
    form_state: &FormState,
) -> Result<Response, Problem> {
    let Asking {
        text, who, csrf, ..
    } = asking;
    let (of, request) = (who.clone(), asking.request);
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let Some(by) = invite::inviter(tx, &of, request.clone())? else {
            return Ok(None);
        };
        Ok(Some((invite::list_for_site(tx, &by)?, by)))
    };
    let found = accounts.site.store.read(look).await?;
    let (invites, by) = found.ok_or_else(forbidden)?;
    let is_closed = accounts.policy.registration == Registration::Closed;
    let roles = by.roles().into_iter();
    let roles = roles.filter(|role| !(is_closed && *role == MEMBER));
    let roles = roles.map(|role| (role.word().to_owned(), text.say(role.label()).into_owned()));
    let control = Control::Line("email", "off");
    let email = form_state.field("email", text.say("account-email"), control);
    let zone = TimeZone::get(&who.account().time_zone);
    let body = InvitesPage {
        text,
        csrf,
        zone: zone.unwrap_or_else(|_| accounts.site.settings.time_zone.clone()),
        done,
        made: made.map(|link| {
            let path = format!("/admin/join/{}", link.reveal());
            accounts.site.url().join(&path)
        }),
        invites,
        email: email.required(),
        role: form_state.select("role", text.say("account-invites-role"), roles),
        form_state,
    };
    let title = text.say("account-invites");
    frame::show(&accounts.site, text, (who, csrf), (HERE, &title), body).await
}

pub(super) fn forbidden() -> Problem {
    Problem::new(axum::http::StatusCode::FORBIDDEN, "forbidden")
}

pub(super) async fn create(
    State(accounts): State<Accounts>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    let text = accounts.site.speak(&wishes);
    let asking = || Asking {
        text: &text,
        who: &sender.who,
        csrf: &sender.csrf,
        request: sender.request.clone(),
    };
    let (email, role) = (sender.form.text("email"), sender.form.text("role"));
    let (who, request) = (&sender.who, sender.request.clone());
    let done = match invite(&accounts, who, request, (email, role)).await {
        Ok(None) => Ok(see_other("/admin/invites?done=sent")),
        // Shown in the answer itself: it is kept nowhere, so there is no page to lead to.
        Ok(made) => page(&accounts, asking(), (None, made), &FormState::default()).await,
        Err(problem) => Err(problem),
    };
    form_state::answer(done, async |problem| {
        let form_state = FormState::refused(sender.form.clone(), &problem, &text).at("email");
        page(&accounts, asking(), (None, None), &form_state).await
    })
    .await
}

/// Invites an address; the link is returned where it is not mailed.
pub(super) async fn invite(
    accounts: &Accounts,
    who: &SignedIn,
    request: RequestFacts,
    (email, role): (&str, &str),
) -> Result<Option<Secret>, Problem> {
    let sudo = Sudo::check(who.clone(), accounts.site.clock.now())?;
    let mut wrong = Problem::fields();
    let email: Result<Address, _> = email.parse();
    if email.is_err() {
        wrong = wrong.field("/email", "email_invalid", []);
    }
    let role = role_named(role);
    if role.is_none() {
        wrong = wrong.field("/role", "unknown_option", []);
    }
    let (Ok(email), Some(role)) = (email, role) else {
        return Err(wrong);
    };
    let (site, policy) = (accounts.site.clone(), accounts.policy);
    let change = move |tx: &mut Tx<'_>| -> Result<_, InviteError> {
        let Some(by) = invite::inviter(tx, sudo.who(), request.clone())? else {
            return Ok(None);
        };
        invite::create_for(tx, &site, policy, (&by, &sudo), (&email, role)).map(Some)
    };
    let made = accounts.site.store.write(change).await?;
    made.ok_or_else(forbidden)
}

fn role_named(word: &str) -> Option<Role> {
    if word == MEMBER.word() {
        return Some(MEMBER);
    }
    identity::grant::SITE.role(word)
}

pub(super) async fn remove(
    State(accounts): State<Accounts>,
    sender: Sender,
) -> Result<Response, Problem> {
    let id = sender.form.text("invite").to_owned();
    withdraw(&accounts, &sender.who, sender.request.clone(), id).await?;
    Ok(see_other("/admin/invites?done=removed"))
}

/// Withdraws an invite.
pub(super) async fn withdraw(
    accounts: &Accounts,
    who: &SignedIn,
    request: RequestFacts,
    id: String,
) -> Result<(), Problem> {
    let change = as_inviter(who, request, move |tx, by| {
        invite::remove_for_site(tx, by, &id)
    });
    let removed = accounts.site.store.write(change).await?;
    if removed.ok_or_else(forbidden)? {
        Ok(())
    } else {
        Err(Problem::not_found())
    }
}

/// What is done by somebody who may invite; `None`: they may not.
pub(super) fn as_inviter<T>(
    who: &SignedIn,
    request: RequestFacts,
    act: impl Fn(&mut Tx<'_>, &Inviter) -> Result<T, StoreError> + Send + 'static,
) -> impl Fn(&mut Tx<'_>) -> Result<Option<T>, StoreError> + Send + 'static {
    let who = who.clone();
    move |tx| match invite::inviter(tx, &who, request.clone())? {
        Some(by) => act(tx, &by).map(Some),
        None => Ok(None),
    }
}
