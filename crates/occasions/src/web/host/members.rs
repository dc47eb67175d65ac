//! The members of an occasion. All hosts can see them, but only owners can change them.

use askama::Template;
use axum::response::Response;
use identity::account::AccountId;
use identity::grant::Member;
use identity::people::invite::Invite;
use platform::id::Id;
use site::call::see_other;
use site::domain;
use web::form_state::{self, FormState};
use web::{Problem, Text};

use super::frame::Place;
use super::request::{HostForm, HostRequest, PageContext};
use super::wording::Wording;
use crate::hosting::{Permission, Refusal, members};
use crate::role::Role;

#[derive(Template)]
#[template(path = "host/members.html")]
struct MembersPage<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    done: Option<String>,
    form_state: FormState,
    /// The URL of a link that was just created. It is shown only once.
    link: Option<&'a str>,
    rows: Vec<MemberItem<'a>>,
    invites: Vec<Open>,
    may_own: bool,
}

struct MemberItem<'a> {
    member: &'a Member,
    role: &'static str,
    since: String,
    is_me: bool,
}

/// A link that nobody has used yet.
struct Open {
    id: String,
    role: &'static str,
    until: String,
}

const ROLES: [(&str, &str, &str); 3] = [
    ("observer", "host-role-observer", "host-role-observer-may"),
    (
        "coordinator",
        "host-role-coordinator",
        "host-role-coordinator-may",
    ),
    ("occasion_owner", "host-role-owner", "host-role-owner-may"),
];

impl MemberItem<'_> {
    fn is(&self, word: &str) -> bool {
        self.member.role.word() == word
    }
}

/// Handles `GET /admin/o/{slug}/members`.
pub(super) async fn show(req: HostRequest) -> Result<Response, Problem> {
    page(&req, None, FormState::default()).await
}

async fn page(
    req: &HostRequest,
    link: Option<&str>,
    form_state: FormState,
) -> Result<Response, Problem> {
    let (context, (all, invites)) = req
        .read(|tx, context| {
            let all = members::list(tx, &context.host)?;
            let invites = if context.may(Permission::Own) {
                members::list_invites(tx, &context.host)?
            } else {
                Vec::new()
            };
            Ok((all, invites))
        })
        .await?;
    Ok(members_page(
        req, &context, &all, &invites, link, form_state,
    ))
}

fn members_page(
    req: &HostRequest,
    context: &PageContext,
    all: &[Member],
    invites: &[Invite],
    link: Option<&str>,
    form_state: FormState,
) -> Response {
    let (text, wording) = (&req.text, req.wording(context));
    let body = MembersPage {
        text,
        done: req.done(),
        form_state,
        link,
        rows: all
            .iter()
            .map(|member| MemberItem {
                role: Role::from(member.role).label(),
                since: wording.moment(member.granted_at),
                is_me: member.account == req.who.account().id,
                member,
            })
            .collect(),
        invites: invites
            .iter()
            .map(|invite| Open {
                id: invite.id.clone(),
                role: Role::from(invite.role).label(),
                until: wording.moment(invite.expires_at),
            })
            .collect(),
        may_own: context.may(Permission::Own),
        wording: wording.clone(),
    };
    req.page(context, Place::Members, &text.say("host-members"), body)
}

/// Handles `POST /admin/o/{slug}/members/invite`. Creates a link, and shows it only once.
pub(super) async fn invite(posted: HostForm) -> Result<Response, Problem> {
    let req = &posted.req;
    let role = read_role(&posted)?;
    match req
        .write(move |tx, host| members::invite(tx, host, role))
        .await
    {
        Ok(secret) => {
            let path = format!("/admin/join/{}", secret.reveal());
            let link = req.site.url().join(&path);
            page(req, Some(&link), FormState::default()).await
        }
        Err(refusal) => answer(&posted, Err(refusal)).await,
    }
}

/// Handles `POST /admin/o/{slug}/members/withdraw`.
pub(super) async fn withdraw(posted: HostForm) -> Result<Response, Problem> {
    let id = posted.form.text("invite").to_owned();
    let to = posted.req.at("/members?done=removed");
    answer(
        &posted,
        posted
            .req
            .write(move |tx, host| members::withdraw(tx, host, &id).map(|()| to.clone()))
            .await,
    )
    .await
}

/// Handles `POST /admin/o/{slug}/members/change`.
pub(super) async fn change(posted: HostForm) -> Result<Response, Problem> {
    let role = read_role(&posted)?;
    let account = account(&posted);
    let to = posted.req.at("/members?done=saved");
    answer(
        &posted,
        posted
            .req
            .write(move |tx, host| members::change(tx, host, &account, role).map(|()| to.clone()))
            .await,
    )
    .await
}

/// Handles `POST /admin/o/{slug}/members/remove`. An owner removes a member, or a host leaves the
/// occasion.
pub(super) async fn remove(posted: HostForm) -> Result<Response, Problem> {
    let account = account(&posted);
    let to = if account == posted.req.who.account().id {
        "/admin?done=left".to_owned()
    } else {
        posted.req.at("/members?done=removed")
    };
    let to = domain::after_ending(&posted.form, &to);
    answer(
        &posted,
        posted
            .req
            .write(move |tx, host| members::remove(tx, host, &account).map(|()| to.clone()))
            .await,
    )
    .await
}

fn account(posted: &HostForm) -> AccountId {
    AccountId::from_text(posted.form.text("account").to_owned())
}

fn read_role(posted: &HostForm) -> Result<Role, Problem> {
    Role::find(posted.form.text("role"))
        .ok_or_else(|| Problem::fields().field("/role", "unknown_option", []))
}

async fn answer(posted: &HostForm, done: Result<String, Refusal>) -> Result<Response, Problem> {
    let req = &posted.req;
    form_state::answer(done.map(|to| see_other(&to)), async |problem| {
        let form_state = FormState::refused(web::Form::default(), &problem, &req.text);
        page(req, None, form_state).await
    })
    .await
}
