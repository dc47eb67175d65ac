//! Invites to the installation. Owners and administrators create them.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::tz::TimeZone;
use platform::mail::Address;
use platform::{Secret, Tx};
use web::form_state::{self, Control, Field, FormState};
use web::{Problem, Text};

use identity::grant::Role;
use identity::people::invite::{self, Invite, Inviter, MEMBER};
use identity::person::registration::Registration;
use identity::session::signed_in::SignedIn;
use identity::session::sudo::Sudo;
use site::Context;
use site::call::see_other;
use site::refusal::Refusal;
use site::request::{FormPost, PageRequest};

pub(super) const HERE: &str = site::addresses::INVITES;

/// By the query parameter `done`: the message that confirms the previous action.
const DONE: &[(&str, &str)] = &[
    ("sent", "account-invites-sent"),
    ("removed", "account-invites-removed"),
];

#[derive(Template)]
#[template(path = "invites.html")]
struct InvitesPage<'a> {
    text: &'a Text,
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
        let until = self.text.moment_short_in(&self.zone, invite.expires_at);
        let values = [("until", until.into())];
        self.text.with("account-invites-until", values)
    }
}

pub(super) async fn show(
    State(accounts): State<Context>,
    req: PageRequest,
) -> Result<Response, Problem> {
    page(&accounts, &req, None, &FormState::default()).await
}

async fn page(
    accounts: &Context,
    req: &PageRequest,
    made: Option<Secret>,
    form_state: &FormState,
) -> Result<Response, Problem> {
    let text = &req.text;
    let look = |tx: &mut Tx<'_>, by: &Inviter| Ok((list(tx, by)?, by.roles()));
    let (invites, roles) = req.read(look).await?;
    let is_closed = accounts.policy.registration == Registration::Closed;
    let roles = roles.into_iter();
    let roles = roles.filter(|role| !(is_closed && *role == MEMBER));
    let roles = roles.map(|role| (role.word().to_owned(), text.say(role.label()).into_owned()));
    let control = Control::Line("email", "off");
    let email = form_state.field("email", text.say("account-email"), control);
    let zone = TimeZone::get(&req.who.account().time_zone);
    let body = InvitesPage {
        text,
        zone: zone.unwrap_or_else(|_| req.site.settings.time_zone.clone()),
        done: req.done(DONE),
        made: made.map(|link| {
            let path = format!("/admin/join/{}", link.reveal());
            req.site.url().join(&path)
        }),
        invites,
        email: email.required(),
        role: form_state.select("role", text.say("account-invites-role"), roles),
        form_state,
    };
    req.page(HERE, &text.say("account-invites"), body).await
}

pub(super) async fn create(
    State(accounts): State<Context>,
    posted: FormPost,
) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let done = async {
        let invite = invite(&accounts, &req.who, form.text("email"), form.text("role"))?;
        match req.write(invite).await? {
            None => Ok(see_other("/admin/invites?done=sent")),
            // The response shows the link instead of redirecting, because the link is not stored.
            made => page(&accounts, req, made, &FormState::default()).await,
        }
    };
    form_state::answer(done.await, async |problem: Problem| {
        let form_state = FormState::refused(form.clone(), &problem, &req.text).at("email");
        page(&accounts, req, None, &form_state).await
    })
    .await
}

pub(super) async fn remove(posted: FormPost) -> Result<Response, Problem> {
    let id = posted.form.text("invite").to_owned();
    let change = move |tx: &mut Tx<'_>, by: &Inviter| {
        withdraw(tx, by, &id)?;
        Ok("/admin/invites?done=removed".to_owned())
    };
    Ok(posted.once(change).await?)
}

pub(super) fn list(tx: &mut Tx<'_>, by: &Inviter) -> Result<Vec<Invite>, Refusal> {
    Ok(invite::list_for_site(tx, by)?)
}

/// Invites the owner of an email address to the installation. Returns the link if it is not mailed.
pub(super) fn invite(
    accounts: &Context,
    who: &SignedIn,
    email: &str,
    role: &str,
) -> Result<impl Fn(&mut Tx<'_>, &Inviter) -> Result<Option<Secret>, Refusal> + Send + use<>, Problem>
{
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
    Ok(move |tx: &mut Tx<'_>, by: &Inviter| {
        let made = invite::create_for(tx, &site, policy, by, &sudo, &email, role);
        Ok(made.map_err(Problem::from)?)
    })
}

fn role_named(word: &str) -> Option<Role> {
    if word == MEMBER.word() {
        return Some(MEMBER);
    }
    identity::grant::SITE.role(word)
}

pub(super) fn withdraw(tx: &mut Tx<'_>, by: &Inviter, id: &str) -> Result<(), Refusal> {
    let is_gone = invite::remove_for_site(tx, by, id)?;
    is_gone.then_some(()).ok_or(Refusal::NotFound)
}
