//! The page of a countdown's owners.

use askama::Template;
use axum::response::Response;
use identity::account::AccountId;
use identity::grant::Member;
use identity::people::invite::Invite;
use platform::Tx;
use platform::id::Id as _;
use site::call::see_other;
use site::confirmation::{self, Question};
use site::domain;
use site::request::{FormPost, PageRequest};
use web::form_state::{self, FormState};
use web::{Problem, Text};

use super::{DONE, HERE};
use crate::Refusal;
use crate::co_owners;
use crate::countdown::{self, Countdown, OwnerOf};

const REMOVE: Question = Question {
    title: "countdown-owner-question",
    facts: "countdown-owner-question-facts",
    undo: "countdown-owner-question-undo",
    button: "countdown-owner-question-do",
    confirm: "countdown-owner-question-confirm",
};

#[derive(Template)]
#[template(path = "own/co_owners.html")]
struct OwnersPage<'a> {
    text: &'a Text,
    done: Option<&'static str>,
    form_state: &'a FormState,
    countdown: &'a Countdown,
    /// A new invite link, which the page shows only once.
    link: Option<&'a str>,
    owners: &'a [Member],
    named_after: &'a AccountId,
    invites: Vec<Open>,
}

struct Open {
    id: String,
    until: String,
}

struct Loaded {
    countdown: Countdown,
    named_after: AccountId,
    owners: Vec<Member>,
    invites: Vec<Invite>,
}

pub(in crate::web) async fn show(req: PageRequest) -> Result<Response, Problem> {
    page(&req, req.done(DONE), None, &FormState::default()).await
}

async fn page(
    req: &PageRequest,
    done: Option<&'static str>,
    link: Option<&str>,
    form_state: &FormState,
) -> Result<Response, Problem> {
    let text = &req.text;
    let look = |tx: &mut Tx<'_>, owner: &OwnerOf| {
        Ok(Loaded {
            countdown: owner.countdown().clone(),
            named_after: countdown::account_of(tx, &owner.countdown().id)?,
            owners: co_owners::list(tx, owner)?,
            invites: co_owners::list_invites(tx, owner)?,
        })
    };
    let loaded = req.read(look).await?;
    let zone = loaded.countdown.zone();
    let open = |invite: &Invite| Open {
        id: invite.id.clone(),
        until: text.moment_short_in(&zone, invite.expires_at),
    };
    let body = OwnersPage {
        text,
        done,
        form_state,
        link,
        owners: &loaded.owners,
        named_after: &loaded.named_after,
        invites: loaded.invites.iter().map(open).collect(),
        countdown: &loaded.countdown,
    };
    req.page(HERE, &text.say("countdown-owners"), body).await
}

/// `POST /me/countdowns/{id}/owners/invite`: creates an invite link, which only the response shows.
pub(in crate::web) async fn invite(posted: FormPost) -> Result<Response, Problem> {
    let req = &posted.req;
    match req.write(co_owners::invite).await {
        Ok(secret) => {
            let path = format!("/admin/join/{}", secret.reveal());
            let link = req.site.url().join(&path);
            page(req, None, Some(&link), &FormState::default()).await
        }
        Err(refusal) => answer(&posted, Err(refusal)).await,
    }
}

pub(in crate::web) async fn withdraw(posted: FormPost) -> Result<Response, Problem> {
    let invite = posted.form.text("invite").to_owned();
    let change = move |tx: &mut Tx<'_>, owner: &OwnerOf| co_owners::withdraw(tx, owner, &invite);
    answer(&posted, posted.req.write(change).await).await
}

/// `POST /me/countdowns/{id}/owners/remove`: removes another owner or the signed-in person.
pub(in crate::web) async fn remove(posted: FormPost) -> Result<Response, Problem> {
    if !confirmation::is_sure(&posted.form) {
        let page = format!("{HERE}/{}/owners", posted.req.piece("id"));
        return confirmation::ask(&posted, &format!("{page}/remove"), &page, REMOVE).await;
    }
    let account = AccountId::from_text(posted.form.text("account").to_owned());
    let change = move |tx: &mut Tx<'_>, owner: &OwnerOf| co_owners::remove(tx, owner, &account);
    answer(&posted, posted.req.write(change).await).await
}

async fn answer(posted: &FormPost, done: Result<(), Refusal>) -> Result<Response, Problem> {
    let req = &posted.req;
    // A person who has removed themselves is redirected to their other countdowns.
    let is_me = posted.form.text("account") == req.who.account().id.as_str();
    let page_of_one = format!("{HERE}/{}/owners", req.piece("id"));
    let onward = if is_me { HERE } else { &page_of_one };
    let onward = domain::after_ending(&posted.form, &format!("{onward}?done=saved"));
    form_state::answer(done.map(|()| see_other(&onward)), async |problem| {
        let form_state = FormState::refused(web::Form::default(), &problem, &req.text);
        page(req, None, None, &form_state).await
    })
    .await
}
