//! The page on which a host chooses the notifications about answers.

use askama::Template;
use axum::response::Response;
use platform::Tx;
use web::form_state::{self, FormState, Group};
use web::{Form, Input, Problem, Text, fields};

use super::frame::Place;
use super::request::{HostForm, HostRequest, PageContext};
use super::wording::Wording;
use crate::answer_notification::{Choice, FIELDS};
use crate::hosting::{HostOf, answer_notifications, member_occasions};

#[derive(Template)]
#[template(path = "host/notifications.html")]
struct NotificationsPage<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    done: Option<String>,
    form_state: &'a FormState,
    groups: Vec<Group>,
    sends_mail: bool,
}

/// Handles `GET /admin/o/{slug}/notifications`.
pub(super) async fn show(req: HostRequest) -> Result<Response, Problem> {
    let (context, (choice, sends_mail)) = load(&req).await?;
    let form_state = FormState::of(stored(&context, &choice));
    Ok(page(&req, &context, &form_state, sends_mail))
}

/// Handles `POST /admin/o/{slug}/notifications`.
pub(super) async fn save(posted: HostForm) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let input = Input::Form(form.clone(), FIELDS.to_vec());
    let (keys, to) = (req.site.keys.clone(), req.at("/notifications?done=saved"));
    let done = posted
        .once(move |tx, host: &HostOf| {
            answer_notifications::change(tx, &keys, host, &input)?;
            Ok(to.clone())
        })
        .await;
    form_state::answer(done, async |problem| {
        let (context, (choice, sends_mail)) = load(req).await?;
        let stored = || stored(&context, &choice);
        let form_state = FormState::not_saved(form, stored, "host-save", &problem, &req.text);
        Ok(page(req, &context, &form_state, sends_mail))
    })
    .await
}

async fn load(req: &HostRequest) -> Result<(PageContext, (Choice, bool)), Problem> {
    let keys = req.site.keys.clone();
    let look = move |tx: &mut Tx<'_>, context: &PageContext| {
        let choice = answer_notifications::load(tx, &keys, &context.host)?;
        Ok((
            choice,
            member_occasions::sends_mail(tx, context.host.occasion())?,
        ))
    };
    Ok(req.read(look).await?)
}

fn stored(context: &PageContext, choice: &Choice) -> Form {
    fields::form(FIELDS, choice, 1, &context.occasion.zone())
}

fn page(
    req: &HostRequest,
    context: &PageContext,
    form_state: &FormState,
    sends_mail: bool,
) -> Response {
    let (text, wording) = (&req.text, req.wording(context));
    let mut groups = wording.table_form(form_state).groups(FIELDS, "host-hear");
    for field in groups.iter_mut().flat_map(|group| &mut group.fields) {
        if field.name == "hour" {
            field.hint = Some(format!(
                "{} {}",
                text.say("host-hear-hour-hint"),
                wording.zone_hint()
            ));
        }
    }
    let body = NotificationsPage {
        text,
        done: req.done(),
        form_state,
        groups,
        sends_mail,
        wording: wording.clone(),
    };
    req.page(context, Place::Notifications, &text.say("host-hear"), body)
}
