//! What is done to one invitation: answers heard on the telephone, opened and
//! closed, sent, given another code, put away.

use axum::response::Response;
use platform::Tx;
use web::{FieldProblem, Problem};

use super::desk::{Desk, Errand};
use super::sheet::{self, Sheet};
use super::{invite, invite_form, invite_people};
use crate::event::Seats;
use crate::guest::GuestId;
use crate::hosting::answers::{self, Manner};
use crate::hosting::codes;
use crate::hosting::guests;
use crate::hosting::invitations::{self, Change};
use crate::hosting::locks::{self, Opening};
use crate::hosting::open;
use crate::hosting::{Current, HostOf, Refusal, When};
use crate::invitation::InvitationId;
use crate::web::guest::fill;

/// `POST …/answers`: as a host heard them.
pub(super) async fn answer(errand: Errand) -> Result<Response, Problem> {
    let (desk, form) = (&errand.desk, &errand.form);
    let filled = fill::read(form);
    let (id, wish): (InvitationId, _) = (desk.id(), filled.wish.clone());
    let manner = Manner {
        may_exceed: form.is_ticked("exceed"),
        mail: form.is_ticked("mail"),
    };
    let to = desk.at(&format!("/invites/{id}?done=saved"));
    let done = errand
        .once("POST /admin/invites/answers", move |tx, host| {
            answers::save(tx, host, &id, &wish, manner)?;
            Ok(to.clone())
        })
        .await;
    let refusal = match done {
        Ok(response) => return Ok(response),
        Err(refusal) => refusal,
    };
    if !sheet::is_about_form(&refusal) {
        return Err(refusal.into());
    }
    let (scene, found) = invite::find(desk).await?;
    let is_clash = matches!(refusal, Refusal::VersionConflict(Current::Invitation(_)));
    let mut problem = Problem::from(refusal);
    for error in &mut problem.errors {
        error.pointer = filled.field(&error.pointer);
    }
    let sheet = if is_clash {
        Sheet::clashing(
            form,
            invite_people::stored(&found.portal),
            "host-save-phone",
            &desk.text,
        )
    } else {
        Sheet::refused(form.clone(), &problem, &desk.text)
    };
    Ok(invite::refused(
        desk,
        &scene,
        &found,
        &sheet,
        problem.status,
    ))
}

/// `POST …/lock`.
pub(super) async fn lock(errand: Errand) -> Result<Response, Problem> {
    let reason = errand.form.text("reason").to_owned();
    act(&errand, "locked", move |tx, host, id, version| {
        locks::lock(tx, host, id, version, &reason)?;
        Ok(())
    })
    .await
}

/// `POST …/unlock`: as the deadline says, or whatever it says.
pub(super) async fn unlock(errand: Errand) -> Result<Response, Problem> {
    let open = errand.form.is_ticked("open");
    let until = sheet::some(&errand.form, "until").map(When);
    act(&errand, "opened", move |tx, host, id, version| {
        let opening = Opening {
            version,
            open,
            until: until.clone().filter(|_| open),
        };
        locks::unlock(tx, host, id, &opening)?;
        Ok(())
    })
    .await
}

/// `POST …/deadline`: its own, or the occasion's.
pub(super) async fn deadline(errand: Errand) -> Result<Response, Problem> {
    let deadline = sheet::some(&errand.form, "deadline_override").map(When);
    act(&errand, "deadline", move |tx, host, id, version| {
        let change = Change {
            deadline_override: Some(deadline.clone()),
            ..Change::default()
        };
        let version = version.unwrap_or_default();
        invitations::change(tx, host, id, version, &change)?;
        Ok(())
    })
    .await
}

/// `POST …/sent`.
pub(super) async fn sent(errand: Errand) -> Result<Response, Problem> {
    let is_sent = errand.form.is_ticked("sent");
    act(&errand, "sent", move |tx, host, id, _| {
        invitations::mark_sent(tx, host, id, is_sent)
    })
    .await
}

/// `POST …/order`: one guest up or down by one.
pub(super) async fn order(errand: Errand) -> Result<Response, Problem> {
    let up = sheet::some(&errand.form, "up");
    let down = sheet::some(&errand.form, "down");
    act(&errand, "ordered", move |tx, host, id, version| {
        let portal = invitations::load(tx, host, id)?;
        let guests = &portal.household.guests;
        let mut wanted: Vec<GuestId> = guests.iter().map(|guest| guest.id.clone()).collect();
        let place = |named: &Option<String>| {
            let named = named.as_deref()?;
            wanted.iter().position(|id| id.as_str() == named)
        };
        let upper = match (place(&up), place(&down)) {
            (Some(place), _) => place.checked_sub(1),
            (None, place) => place,
        };
        if let Some(upper) = upper.filter(|upper| upper + 1 < wanted.len()) {
            wanted.swap(upper, upper + 1);
        }
        guests::order(tx, host, id, version, &wanted)?;
        Ok(())
    })
    .await
}

/// `POST …/archive`.
pub(super) async fn archive(errand: Errand) -> Result<Response, Problem> {
    act(&errand, "archived", |tx, host, id, version| {
        invitations::archive(tx, host, id, version)?;
        Ok(())
    })
    .await
}

/// `POST …/approve`: of an answer that came without a code.
pub(super) async fn approve(errand: Errand) -> Result<Response, Problem> {
    act(&errand, "approved", |tx, host, id, version| {
        open::approve(tx, host, id, version)?;
        Ok(())
    })
    .await
}

/// `POST …/merge`: its people go to the invitation with the code that is typed.
pub(super) async fn merge(errand: Errand) -> Result<Response, Problem> {
    let typed = errand.form.text("into").to_owned();
    let (id, version): (InvitationId, _) = (
        errand.desk.id(),
        errand.form.number("version").ok().flatten(),
    );
    let home = errand.desk.at("/invites/");
    let merged = errand
        .once("merged", move |tx, host| {
            let Some(into) = open::find_by_code(tx, host, &typed)? else {
                return Err(Refusal::Fields(vec![FieldProblem {
                    pointer: "/into".to_owned(),
                    code: "unknown_option",
                    values: Vec::new(),
                }]));
            };
            open::merge(tx, host, &id, &into, version)?;
            Ok(format!("{home}{into}?done=merged"))
        })
        .await;
    shown(&errand.desk, merged).await
}

/// `POST …/restore`.
pub(super) async fn restore(errand: Errand) -> Result<Response, Problem> {
    let seats = if errand.form.is_ticked("exceed") {
        Seats::Beyond
    } else {
        Seats::Free
    };
    act(&errand, "restored", move |tx, host, id, version| {
        invitations::restore(tx, host, id, version, seats)?;
        Ok(())
    })
    .await
}

/// `POST …/code`: another code, for which the present one is typed.
pub(super) async fn replace_code(errand: Errand) -> Result<Response, Problem> {
    let (desk, form) = (&errand.desk, &errand.form);
    let (scene, found) = invite::find(desk).await?;
    let present = &found.portal.household.invitation.code;
    if form.text("confirm").trim() != present {
        let problem = Problem::fields().field("/confirm", "confirmation_wrong", []);
        let sheet = Sheet::refused(invite_people::stored(&found.portal), &problem, &desk.text);
        return Ok(invite::refused(
            desk,
            &scene,
            &found,
            &sheet,
            problem.status,
        ));
    }
    let replaced = async {
        let chosen = invite_form::choose(&errand).await?;
        once(&errand, "code", move |tx, host, id, version| {
            codes::replace(tx, host, id, version, chosen.as_ref())?;
            Ok(())
        })
        .await
    };
    let typed = sheet::some(form, "code");
    let replaced = desk.by_hand(typed.as_deref(), replaced).await;
    shown(desk, replaced).await
}

/// Does it once and shows the invitation again.
async fn act<F>(errand: &Errand, done: &'static str, change: F) -> Result<Response, Problem>
where
    F: Fn(&mut Tx<'_>, &HostOf, &InvitationId, Option<i64>) -> Result<(), Refusal> + Send + 'static,
{
    let acted = once(errand, done, change).await;
    shown(&errand.desk, acted).await
}

async fn once<F>(errand: &Errand, done: &'static str, change: F) -> Result<Response, Refusal>
where
    F: Fn(&mut Tx<'_>, &HostOf, &InvitationId, Option<i64>) -> Result<(), Refusal> + Send + 'static,
{
    let id: InvitationId = errand.desk.id();
    let version = errand.form.number("version").ok().flatten();
    let to = errand.desk.at(&format!("/invites/{id}?done={done}"));
    errand
        .once(done, move |tx, host| {
            change(tx, host, &id, version)?;
            Ok(to.clone())
        })
        .await
}

/// What is about the form stands on the invitation's page.
async fn shown(desk: &Desk, acted: Result<Response, Refusal>) -> Result<Response, Problem> {
    match acted {
        Ok(response) => Ok(response),
        Err(refusal) if sheet::is_about_form(&refusal) => {
            invite::refuse(desk, &refusal.into()).await
        }
        Err(refusal) => Err(refusal.into()),
    }
}
