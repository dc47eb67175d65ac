//! Actions on an invitation's page. Hosts record answers, lock answers, change the deadline or the
//! code, mark the invitation as sent, and archive it.

use axum::response::Response;
use platform::Tx;
use platform::mail::suppression;
use site::resource::is_one_of;
use web::form_state::{self, FormState};
use web::{FieldProblem, Input, Problem};

use super::request::{HostForm, HostRequest};
use super::{invite, invite_form, invite_people};
use crate::event::Seats;
use crate::hosting::answers::{self, Overrides};
use crate::hosting::codes;
use crate::hosting::duplicates;
use crate::hosting::guests;
use crate::hosting::handed::{self, Channel};
use crate::hosting::invitations::{self, FIELDS};
use crate::hosting::locks::{self, Opening};
use crate::hosting::mail_text::MailKind;
use crate::hosting::open_rsvp;
use crate::hosting::portals;
use crate::hosting::suppressions;
use crate::hosting::{HostOf, Refusal, When};
use crate::id::{GuestId, InvitationId};
use crate::web::guest::parse_form;

/// Handles `POST /admin/o/{slug}/invites/{id}/answers`. Saves the answers that a household gave to
/// a host, for example by telephone.
pub(super) async fn answer(posted: HostForm) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let parsed = parse_form::read(form);
    let (id, change): (InvitationId, _) = (req.id(), parsed.change.clone());
    let overrides = Overrides {
        may_exceed: form.is_ticked("exceed"),
        mail: form.is_ticked("mail"),
    };
    let to = req.at(&format!("/invites/{id}?done=saved"));
    let done = posted
        .once(move |tx, host: &HostOf| {
            answers::save(tx, host, &id, &change, overrides)?;
            Ok(to.clone())
        })
        .await;
    form_state::answer(done, async |mut problem| {
        let (context, found) = invite::find(req).await?;
        for error in &mut problem.errors {
            error.pointer = parsed.field(&error.pointer);
        }
        let stored = || invite_people::stored(&found.snapshot);
        let form_state = FormState::not_saved(form, stored, "host-save-phone", &problem, &req.text);
        let status = problem.status;
        Ok(invite::refused(req, &context, &found, &form_state, status))
    })
    .await
}

/// Handles `POST /admin/o/{slug}/invites/{id}/lock`.
pub(super) async fn lock(posted: HostForm) -> Result<Response, Problem> {
    let reason = posted.form.text("reason").to_owned();
    act(&posted, "locked", move |tx, host, id, version| {
        locks::lock(tx, host, id, version, &reason)?;
        Ok(())
    })
    .await
}

/// Handles `POST /admin/o/{slug}/invites/{id}/unlock`. Lets the household answer again. If the box
/// `open` is ticked, answers stay open regardless of the deadline. Otherwise the deadline decides
/// when they close.
pub(super) async fn unlock(posted: HostForm) -> Result<Response, Problem> {
    let open = posted.form.is_ticked("open");
    let until = form_state::some(&posted.form, "until").map(When);
    act(&posted, "opened", move |tx, host, id, version| {
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

/// Handles `POST /admin/o/{slug}/invites/{id}/deadline`. Sets the invitation's own deadline, or
/// removes it. An invitation without its own deadline has the occasion's deadline.
pub(super) async fn deadline(posted: HostForm) -> Result<Response, Problem> {
    let form = posted.form.clone();
    act(&posted, "deadline", move |tx, host, id, version| {
        let deadline = FIELDS
            .iter()
            .filter(|field| field.name == "deadline_override");
        let change = Input::Form(form.clone(), deadline.copied().collect()).into();
        let version = version.unwrap_or_default();
        invitations::change(tx, host, id, version, &change)?;
        Ok(())
    })
    .await
}

/// Handles `POST /admin/o/{slug}/invites/{id}/sent`. Marks the invitation as sent or unsent.
pub(super) async fn sent(posted: HostForm) -> Result<Response, Problem> {
    let is_sent = posted.form.is_ticked("sent");
    let channel = Channel::find(posted.form.text("channel")).unwrap_or(Channel::Other);
    act(&posted, "sent", move |tx, host, id, _| {
        if is_sent {
            handed::record(tx, host, id, MailKind::Invitation, "", channel)
        } else {
            handed::withdraw(tx, host, id, MailKind::Invitation, "")
        }
    })
    .await
}

/// Handles `POST /admin/o/{slug}/invites/{id}/bounce`. Lifts the suppression that bounces have
/// caused, so that mail is sent to the household's address again.
pub(super) async fn lift_bounce(posted: HostForm) -> Result<Response, Problem> {
    let key = posted.req.site.keys.key(suppression::PURPOSE);
    act(&posted, "mail", move |tx, host, id, version| {
        suppressions::lift_bounce(tx, &key, host, id, version)
    })
    .await
}

/// Handles `POST /admin/o/{slug}/invites/{id}/order`. Moves a guest up or down by one position.
pub(super) async fn order(posted: HostForm) -> Result<Response, Problem> {
    let up = form_state::some(&posted.form, "up");
    let down = form_state::some(&posted.form, "down");
    act(&posted, "ordered", move |tx, host, id, version| {
        let snapshot = portals::load(tx, host, id)?;
        let guests = &snapshot.household.guests;
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

/// Handles `POST /admin/o/{slug}/invites/{id}/archive`.
pub(super) async fn archive(posted: HostForm) -> Result<Response, Problem> {
    act(&posted, "archived", |tx, host, id, version| {
        invitations::archive(tx, host, id, version)?;
        Ok(())
    })
    .await
}

/// Handles `POST /admin/o/{slug}/invites/{id}/approve`. Approves an answer without a code.
pub(super) async fn approve(posted: HostForm) -> Result<Response, Problem> {
    act(&posted, "approved", |tx, host, id, version| {
        open_rsvp::approve(tx, host, id, version)?;
        Ok(())
    })
    .await
}

/// Handles `POST /admin/o/{slug}/invites/{id}/merge`. Moves the invitation's guests to another
/// invitation. The host types the code of that invitation.
pub(super) async fn merge(posted: HostForm) -> Result<Response, Problem> {
    let typed = posted.form.text("into").to_owned();
    let (id, version): (InvitationId, _) = (
        posted.req.id(),
        posted.form.number("version").ok().flatten(),
    );
    let home = posted.req.at("/invites/");
    let merged = posted
        .once(move |tx, host: &HostOf| {
            let Some(into) = open_rsvp::find_by_code(tx, host, &typed)? else {
                let field = FieldProblem::new("/into", "unknown_option", []);
                return Err(Refusal::Fields(vec![field]));
            };
            open_rsvp::merge(tx, host, &id, &into, version)?;
            Ok(format!("{home}{into}?done=merged"))
        })
        .await;
    show_form_errors(&posted.req, merged).await
}

/// Handles `POST /admin/o/{slug}/invites/{id}/apart`. Says that this invitation and another one are two
/// households.
pub(super) async fn keep_apart(posted: HostForm) -> Result<Response, Problem> {
    let from = posted.form.text("from").to_owned();
    act(&posted, "apart", move |tx, host, id, _| {
        let from: InvitationId = from.parse().map_err(|_| Refusal::NotFound)?;
        duplicates::keep_apart(tx, host, id, &from)
    })
    .await
}

/// Handles `POST /admin/o/{slug}/invites/{id}/restore`.
pub(super) async fn restore(posted: HostForm) -> Result<Response, Problem> {
    let seats = if posted.form.is_ticked("exceed") {
        Seats::Beyond
    } else {
        Seats::Free
    };
    act(&posted, "restored", move |tx, host, id, version| {
        invitations::restore(tx, host, id, version, seats)?;
        Ok(())
    })
    .await
}

/// Handles `POST /admin/o/{slug}/invites/{id}/code`. Replaces the invitation's code. To confirm,
/// the host types the current code.
pub(super) async fn replace_code(posted: HostForm) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let (context, found) = invite::find(req).await?;
    let invitation = &found.snapshot.household.invitation;
    let names = [
        invitation.code.as_str(),
        invitation.details.household.as_str(),
    ];
    if !is_one_of(form.text("confirm"), names.into_iter()) {
        let problem = Problem::fields().field("/confirm", "confirmation_wrong", []);
        let form_state =
            FormState::refused(invite_people::stored(&found.snapshot), &problem, &req.text);
        return Ok(invite::refused(
            req,
            &context,
            &found,
            &form_state,
            problem.status,
        ));
    }
    let replaced = async {
        let chosen = invite_form::choose(&posted).await?;
        once(&posted, "code", move |tx, host, id, version| {
            codes::replace(tx, host, id, version, chosen.as_ref())?;
            Ok(())
        })
        .await
    };
    let typed = form_state::some(form, "code");
    let replaced = req.by_hand(typed.as_deref(), replaced).await;
    show_form_errors(req, replaced).await
}

/// Only once if the form is sent repeatedly.
async fn act<F>(posted: &HostForm, done: &'static str, change: F) -> Result<Response, Problem>
where
    F: Fn(&mut Tx<'_>, &HostOf, &InvitationId, Option<i64>) -> Result<(), Refusal> + Send + 'static,
{
    let acted = once(posted, done, change).await;
    show_form_errors(&posted.req, acted).await
}

async fn once<F>(posted: &HostForm, done: &'static str, change: F) -> Result<Response, Refusal>
where
    F: Fn(&mut Tx<'_>, &HostOf, &InvitationId, Option<i64>) -> Result<(), Refusal> + Send + 'static,
{
    let id: InvitationId = posted.req.id();
    let version = posted.form.number("version").ok().flatten();
    let to = posted.req.at(&format!("/invites/{id}?done={done}"));
    posted
        .once(move |tx, host: &HostOf| {
            change(tx, host, &id, version)?;
            Ok(to.clone())
        })
        .await
}

async fn show_form_errors(
    req: &HostRequest,
    acted: Result<Response, Refusal>,
) -> Result<Response, Problem> {
    form_state::answer(acted, async |problem| invite::refuse(req, &problem).await).await
}
