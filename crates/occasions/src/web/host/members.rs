//! Who works on the occasion: seen by all its hosts, decided by its owners.

use accounts::AccountId;
use accounts::grant::Member;
use accounts::invite::Invite;
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use platform::id::Id;
use web::{Problem, Text};

use super::desk::{Desk, Errand, Scene, see_other};
use super::frame::Place;
use super::say::{self, Says};
use super::sheet::{self, Sheet};
use crate::hosting::{Leave, Refusal, members};
use crate::role::Role;

#[derive(Template)]
#[template(path = "host/members.html")]
struct MembersPage<'a> {
    text: &'a Text,
    says: Says<'a>,
    csrf: &'a str,
    done: Option<String>,
    sheet: Sheet,
    /// The link that was just made; shown this once.
    link: Option<&'a str>,
    rows: Vec<Row<'a>>,
    invites: Vec<Open>,
    may_own: bool,
}

struct Row<'a> {
    member: &'a Member,
    role: &'static str,
    since: String,
    is_me: bool,
}

/// An invitation nobody has taken yet.
struct Open {
    id: String,
    role: &'static str,
    until: String,
}

/// The roles, as their choice names them: word, name, what it may do.
const ROLES: [(&str, &str, &str); 3] = [
    ("observer", "host-role-observer", "host-role-observer-may"),
    (
        "coordinator",
        "host-role-coordinator",
        "host-role-coordinator-may",
    ),
    ("occasion_owner", "host-role-owner", "host-role-owner-may"),
];

impl Row<'_> {
    fn is(&self, word: &str) -> bool {
        self.member.role.word() == word
    }
}

/// `GET /admin/o/{slug}/members`.
pub(super) async fn show(desk: Desk) -> Result<Response, Problem> {
    page(&desk, None, Sheet::default()).await
}

async fn page(desk: &Desk, link: Option<&str>, sheet: Sheet) -> Result<Response, Problem> {
    let (scene, (all, invites)) = desk
        .read(|tx, scene| {
            let all = members::list(tx, &scene.host)?;
            let invites = if scene.may(Leave::Own) {
                members::list_invites(tx, &scene.host)?
            } else {
                Vec::new()
            };
            Ok((all, invites))
        })
        .await?;
    Ok(shown(desk, &scene, &all, &invites, link, sheet))
}

fn shown(
    desk: &Desk,
    scene: &Scene,
    all: &[Member],
    invites: &[Invite],
    link: Option<&str>,
    sheet: Sheet,
) -> Response {
    let (text, says) = (&desk.text, desk.says(scene));
    let body = MembersPage {
        text,
        csrf: &desk.csrf,
        done: desk.done(),
        sheet,
        link,
        rows: all
            .iter()
            .map(|member| Row {
                role: say::role(member.role.into()),
                since: says.moment(member.granted_at),
                is_me: member.account == desk.who.account().id,
                member,
            })
            .collect(),
        invites: invites
            .iter()
            .map(|invite| Open {
                id: invite.id.clone(),
                role: say::role(invite.role.into()),
                until: says.moment(invite.expires_at),
            })
            .collect(),
        may_own: scene.may(Leave::Own),
        says: says.clone(),
    };
    desk.page(scene, Place::Members, &text.say("host-members"), body)
}

/// `POST /admin/o/{slug}/members/invite`: a link, shown this once.
pub(super) async fn invite(errand: Errand) -> Result<Response, Problem> {
    let desk = &errand.desk;
    let role = read_role(&errand)?;
    match desk
        .write(move |tx, host| members::invite(tx, host, role))
        .await
    {
        Ok(secret) => {
            let path = format!("/admin/join/{}", secret.reveal());
            let link = desk.site.url().join(&path);
            page(desk, Some(&link), Sheet::default()).await
        }
        Err(refusal) => refuse(desk, refusal).await,
    }
}

/// `POST /admin/o/{slug}/members/withdraw`.
pub(super) async fn withdraw(errand: Errand) -> Result<Response, Problem> {
    let id = errand.form.text("invite").to_owned();
    let to = errand.desk.at("/members?done=removed");
    answer(
        &errand,
        errand
            .desk
            .write(move |tx, host| members::withdraw(tx, host, &id).map(|()| to.clone()))
            .await,
    )
    .await
}

/// `POST /admin/o/{slug}/members/change`.
pub(super) async fn change(errand: Errand) -> Result<Response, Problem> {
    let role = read_role(&errand)?;
    let account = account(&errand);
    let to = errand.desk.at("/members?done=saved");
    answer(
        &errand,
        errand
            .desk
            .write(move |tx, host| members::change(tx, host, &account, role).map(|()| to.clone()))
            .await,
    )
    .await
}

/// `POST /admin/o/{slug}/members/remove`: somebody else, or oneself.
pub(super) async fn remove(errand: Errand) -> Result<Response, Problem> {
    let account = account(&errand);
    let to = if account == errand.desk.who.account().id {
        "/admin?done=left".to_owned()
    } else {
        errand.desk.at("/members?done=removed")
    };
    answer(
        &errand,
        errand
            .desk
            .write(move |tx, host| members::remove(tx, host, &account).map(|()| to.clone()))
            .await,
    )
    .await
}

fn account(errand: &Errand) -> AccountId {
    AccountId::from_text(errand.form.text("account").to_owned())
}

fn read_role(errand: &Errand) -> Result<Role, Problem> {
    Role::find(errand.form.text("role"))
        .ok_or_else(|| Problem::fields().field("/role", "unknown_option", []))
}

async fn answer(errand: &Errand, done: Result<String, Refusal>) -> Result<Response, Problem> {
    match done {
        Ok(to) => Ok(see_other(&to)),
        Err(refusal) => refuse(&errand.desk, refusal).await,
    }
}

/// The page again, with the reason.
async fn refuse(desk: &Desk, refusal: Refusal) -> Result<Response, Problem> {
    if !sheet::is_about_form(&refusal) {
        return Err(refusal.into());
    }
    let problem = Problem::from(refusal);
    let sheet = Sheet::refused(web::Form::default(), &problem, &desk.text);
    let status: StatusCode = problem.status;
    Ok((status, page(desk, None, sheet).await?).into_response())
}
